"""docs/operations.md names every key that the code writes besides those of the protocol."""

from __future__ import annotations

import re
from pathlib import Path

from dashboard import outage_words
from omniq_core import explaining
from tests.support.sources import ROOT
from tests.web.documented_keys import undocumented

PLACES = ("omniq_core", "dashboard")
PYTHON = re.compile(r"""global_key\("([a-z:]+)"|"\{omniq:x\}:([a-z:]+)"|\.of\(f?"(x:[^"]+)\"""")
LUA = re.compile(r"""\bkey\("([a-z:]+)"(?: \.\.)?""")
OF_ALL = re.compile(r"^-- KEYS\[1\] \{omniq:x\}|at \{omniq:x\}:", re.MULTILINE)
"""What a script says that works on the keys of no queue."""


def written(path: Path) -> set[str]:
    """The keys that a file spells, each with something where it puts a name or a number in."""
    text = path.read_text("utf-8")
    if path.suffix == ".py":
        found = PYTHON.findall(text)
        named = {f"{{omniq:x}}:{one or other}" for one, other, _ in found if one or other}
        return named | {"{q}:" + re.sub(r"\{[^}]*\}", "1", own) for *_, own in found if own}
    base = "{omniq:x}:" if OF_ALL.search(text) else "{q}:"
    keys = {base + re.sub(r":$", ":1", name) for name in LUA.findall(text)}
    return {one for one in keys if one.startswith(("{omniq:x}:", "{q}:x:"))}


def test_each_key_that_the_code_spells_is_in_the_table() -> None:
    spelled: set[str] = set()
    for place in PLACES:
        for path in (ROOT / place).rglob("*"):
            if path.suffix in (".py", ".lua"):
                spelled |= written(path)
    assert {"{omniq:x}:signin", "{q}:x:pub:1", "{q}:x:aside:1", "{q}:x:pause", "{omniq:x}:secret"} <= spelled
    # anchors are never written, and the history has its version from elsewhere
    assert undocumented(spelled - {"{omniq:x}:meta", "{q}:x:1"}) == set()


def test_a_key_that_is_not_in_the_table_is_noticed() -> None:
    assert undocumented({"{q}:x:hist:1", "{q}:x:task:1:groups", "{omniq:x}:hist:1", "{q}:wait"}) == set()
    assert undocumented({"{q}:x:hist:2", "{q}:x:signin", "{omniq:x}:pause"}) == {
        *("{q}:x:hist:2", "{q}:x:signin", "{omniq:x}:pause")
    }


def test_what_is_said_of_a_redis_stands_in_the_table_of_what_to_do() -> None:
    docs = (ROOT / "docs/operations.md").read_text("utf-8").partition("What it says, and what to do")[2]
    rows = docs.partition("\n## ")[0].split("\n| ")[2:]
    told = [words.strip(" …") for row in rows for words in row.partition(" | ")[0].split("; ")]
    tables = (*explaining._UNREACHABLE, *explaining._REFUSED, *explaining._TYPES)
    said = {words for _, words in tables} - {"TLS with it failed"} | {"connection lost", "no answer in time"}
    said |= {f"{what} {why}" for what in ("its socket", "a file of certificates") for why in ("is not there",)}
    assert [words for words in sorted(said) if not words.startswith(tuple(told))] == []
    assert [words for words in told if not any(one.startswith(words) for one in said | {explaining._BUSY})] == []
    assert set(outage_words._KINDS) <= said | {explaining._BUSY}
