"""Finds the Lua files, splices the shared parts in, and knows each script's digest."""

from __future__ import annotations

import functools
import hashlib
import re
from collections import Counter
from importlib import resources

_INCLUDE = re.compile(r"^-- @include (\w+)$", re.MULTILINE)
_COMMENT_LINE = re.compile(r"^\s*--[^\n]*\n", re.MULTILINE)
# Of one line, or from its head to the first line that begins with `end`.
_FUNCTION = re.compile(r"^local function (\w+)\((?:[^\n]* end\n|[^\n]*\n(?:[ ][^\n]*\n|\n)*end\n)", re.MULTILINE)
_WORD = re.compile(r"\w+")


class Script:
    """One operation: its source with all includes in place, and the SHA-1 that EVALSHA wants."""

    __slots__ = ("name", "sha", "source")

    def __init__(self, name: str, source: bytes, sha: bytes) -> None:
        self.name, self.source, self.sha = name, source, sha


def _read(path: str) -> str:
    return resources.files("omniq_core").joinpath(path).read_text("utf-8")


def _splice(text: str, seen: set[str]) -> str:
    def put(match: re.Match[str]) -> str:
        name = match[1]
        if name in seen:
            return ""
        seen.add(name)
        return _splice(_read(f"lua/lib/{name}.lua"), seen)

    return _INCLUDE.sub(put, text)


def _without_unused(text: str) -> str:
    """Leaves out the functions that nobody calls: Lua makes each of the others anew at every run of the script."""
    while True:
        words = Counter(_WORD.findall(text))
        shorter = _FUNCTION.sub(lambda found: "" if words[found[1]] == 1 else found[0], text)  # noqa: B023 (used at once)
        if shorter == text:
            return text
        text = shorter


@functools.cache
def script(name: str) -> Script:
    """The script of that name: `reserve` is lua/reserve.lua, `operator/snapshot` is operator/lua/snapshot.lua.

    A shared part that is included twice stands in the result once. Raises FileNotFoundError for an unknown name.
    """
    folder, _, stem = name.rpartition("/")
    path = f"{folder}/lua/{stem}.lua" if folder else f"lua/{stem}.lua"
    source = _without_unused(_COMMENT_LINE.sub("", _splice(_read(path), set()))).encode()
    return Script(name, source, hashlib.sha1(source, usedforsecurity=False).hexdigest().encode())
