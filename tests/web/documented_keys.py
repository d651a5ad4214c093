"""The table of docs/operations.md that says which keys there are, as patterns."""

from __future__ import annotations

import re
from collections.abc import Iterable

from tests.support.sources import ROOT

_NAME = re.compile(r"`(\{omniq:x\}:|\{queue\}:x:)?([^`]+)`")


def _patterns() -> list[str]:
    page = (ROOT / "docs/operations.md").read_text("utf-8")
    rows = page.partition("| key | holds | bounded by |")[2].partition("\n\n")[0].splitlines()[2:]
    found: list[str] = []
    for row in rows:
        base = ""
        for given, name in _NAME.findall(row.split("|")[1]):
            base = given or base
            inner = re.sub(r"<\w+>", "[^:]+", re.escape(name).replace(r"\*", ".+"))
            found.append((r"\{omniq:x\}:" if "omniq" in base else r"\{[^}]+\}:x:") + inner)
    return found


def undocumented(keys: Iterable[str]) -> set[str]:
    """Those of our own keys that no row of the table names."""
    known = re.compile("|".join(_patterns()))
    own = re.compile(r"\{omniq:x\}:|\{[^}]+\}:x:")
    return {key for key in keys if own.match(key) and not known.fullmatch(key)}
