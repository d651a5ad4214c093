"""Rules about templates and scripts that a Content-Security-Policy alone would only show in a browser."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.support.sources import DASHBOARD, TEMPLATES, files, where

FORBIDDEN = {
    "the safe filter": r"\|\s*safe\b",
    "autoescape turned off": r"autoescape\s+false",
    "an inline style attribute": r"<[^>]*\sstyle\s*=",
    "a style element": r"<style\b",
    "a script without src": r"<script\b(?![^>]*\ssrc=)",
    "an event attribute": r"<[^>]*\son[a-z]+\s*=",
    "an hx-on attribute": r"\shx-on[:-]",
    "a javascript: address": r"javascript:",
    "js: values of htmx": r"hx-(vals|headers)\s*=\s*[\"']js:",
    "a lease token": r"lease_token",
}
# One line for each rule that the rule must catch: a pattern that matches nothing would pass everything.
PLANTED = {
    "the safe filter": "{{ error |safe }}",
    "autoescape turned off": "{% autoescape false %}",
    "an inline style attribute": '<p class="a" style="color: red">',
    "a style element": "<style>p {}</style>",
    "a script without src": "<script type=module>alert(1)</script>",
    "an event attribute": '<button type="button" onclick="go()">',
    "an hx-on attribute": '<form hx-on:submit="go()">',
    "a javascript: address": '<a href="javascript:go()">',
    "js: values of htmx": "<form hx-vals='js:{a: 1}'>",
    "a lease token": "{{ job.lease_token }}",
}


def findings(text: str) -> list[str]:
    return [name for name, pattern in FORBIDDEN.items() if re.search(pattern, text, re.IGNORECASE)]


@pytest.mark.parametrize("name", FORBIDDEN)
def test_the_rule_catches_what_it_is_for(name: str) -> None:
    assert name in findings(PLANTED[name])
    assert findings('<script src="/a.js" defer></script><p class="b">{{ error }}</p>') == []


@pytest.mark.parametrize("path", files("*.html", TEMPLATES), ids=where)
def test_a_template_keeps_to_the_policy(path: Path) -> None:
    assert findings(path.read_text("utf-8")) == []


@pytest.mark.parametrize("path", files("*.js", DASHBOARD / "static" / "js"), ids=where)
def test_a_script_builds_no_code_and_no_markup_from_text(path: Path) -> None:
    text = path.read_text("utf-8")
    assert (
        re.findall(r"\beval\(|new Function\(|\.(?:inner|outer)HTML\s*=|insertAdjacentHTML|document\.write", text) == []
    )
    assert len(text.splitlines()) <= 300
