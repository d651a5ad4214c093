"""A certificate authority of the test run, with a certificate for 127.0.0.1, made by openssl."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

_EXTENSIONS = "subjectAltName=IP:127.0.0.1,DNS:localhost"


@dataclass(frozen=True)
class Certificates:
    """Paths of PEM files. `other_ca` signed nothing here."""

    ca: Path
    other_ca: Path
    certificate: Path
    key: Path


def make_certificates(folder: Path) -> Certificates:
    """Two authorities, and a certificate of the first that server and client both use."""
    for name in ("ca", "other"):
        _openssl(folder, "req", "-x509", *_new_key(name), "-out", f"{name}.pem", "-days", "2", "-subj", f"/CN={name}")
    _openssl(folder, "req", *_new_key("peer"), "-out", "peer.csr", "-subj", "/CN=localhost")
    (folder / "extensions").write_text(_EXTENSIONS)
    signing = ("-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-extfile", "extensions")
    _openssl(folder, "x509", "-req", "-in", "peer.csr", *signing, "-out", "peer.pem", "-days", "2")
    return Certificates(folder / "ca.pem", folder / "other.pem", folder / "peer.pem", folder / "peer.key")


def _new_key(name: str) -> tuple[str, ...]:
    return ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", f"{name}.key")


def _openssl(folder: Path, *arguments: str) -> None:
    ran = subprocess.run(["openssl", *arguments], cwd=folder, capture_output=True, text=True, timeout=30)
    assert ran.returncode == 0, ran.stderr
