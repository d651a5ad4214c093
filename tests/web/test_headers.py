"""What every answer says about itself, and the files that come with it."""

from __future__ import annotations

import gzip
import hashlib
import re
from pathlib import Path

import pytest

import dashboard
from tests.web.trial import trial_app

ROOT = Path(dashboard.__file__).parent
STATIC = ROOT / "static"
MARKUP = [*ROOT.glob("templates/**/*.html"), *STATIC.glob("*.svg")]


@pytest.mark.parametrize("path", ["/", "/nowhere", "/healthz", "/bug"])
def test_every_answer(path: str) -> None:
    headers = trial_app().test_client().get(path).headers
    csp = dict(part.split(" ", 1) for part in headers["Content-Security-Policy"].split("; "))
    assert csp["default-src"] == csp["base-uri"] == csp["frame-ancestors"] == "'none'"
    assert {csp[name] for name in csp if name not in ("default-src", "base-uri", "frame-ancestors")} == {"'self'"}
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Robots-Tag"] == "noindex"


def test_files_are_kept_for_a_year_and_their_address_changes_with_them() -> None:
    client = trial_app().test_client()
    for path in re.findall(r'(?:href|src)="(/assets/[^"]+)"', client.get("/").text):
        with client.get(path) as response:
            assert response.status_code == 200
            assert response.headers["Cache-Control"] == "public, max-age=31536000, immutable"
            assert response.headers["X-Content-Type-Options"] == "nosniff"


def test_the_pages_load_four_files_of_ours_and_nothing_else() -> None:
    page = trial_app().test_client().get("/").text
    names = [
        path.partition("/assets/")[2].split("/", 1)[1] for path in re.findall(r'(?:href|src)="(/assets/[^"]+)"', page)
    ]
    assert names == ["favicon.svg", "css/omniq.css", "vendor/htmx.min.js", "js/omniq.js"]
    assert not re.search(r'(?:href|src)="(?:https?:)?//', page)


def test_vendored_files_are_what_versions_says() -> None:
    lines = (STATIC / "vendor" / "VERSIONS").read_text().splitlines()[1:]
    assert [line.split()[:2] for line in lines] == [["htmx.org", "4.0.1"]]
    assert lines[0].split()[2] == hashlib.sha256((STATIC / "vendor" / "htmx.min.js").read_bytes()).hexdigest()
    assert (STATIC / "vendor" / "htmx.LICENSE").read_text().startswith("Zero-Clause BSD")


@pytest.mark.parametrize("path", MARKUP, ids=lambda p: p.name)
def test_no_template_needs_what_the_policy_forbids(path: Path) -> None:
    text = path.read_text("utf-8")
    assert not re.search(r"\sstyle=|\son[a-z]+=|javascript:|hx-on|<style|\|\s*safe\b|autoescape", text)
    assert not re.search(r"<script(?![^>]*\ssrc=)", text)


@pytest.mark.parametrize("path", sorted(STATIC.glob("js/*.js")), ids=lambda p: p.name)
def test_no_script_evaluates_text(path: Path) -> None:
    assert not re.search(
        r"\beval\(|new Function|innerHTML|insertAdjacentHTML|\.style\b|document\.write", path.read_text()
    )


def test_our_scripts_stay_small() -> None:
    # With live refresh, display and keys they are some 800 lines; what they weigh packed is what a reader waits for.
    assert sum(len(gzip.compress(path.read_bytes())) for path in STATIC.glob("js/*.js")) < 20_000


def test_every_icon_that_is_used_exists() -> None:
    known = set(re.findall(r'id="i-([\w-]+)"', (STATIC / "icons.svg").read_text()))
    used: set[str] = set()
    for path in ROOT.glob("templates/**/*.html"):
        text = path.read_text("utf-8")
        used |= set(re.findall(r'\bicon\("([\w-]+)"', text)) | set(re.findall(r'href="#i-([\w-]+)"', text))
    assert used <= known and "close" in used
