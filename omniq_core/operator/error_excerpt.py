"""What is read of an error to tell its kind: where it begins, and its cause. `lua/lib/excerpts.lua` does the same."""

from __future__ import annotations

import re
from typing import NamedTuple

HEAD, CAUSE = 300, 150
LARGEST_READ = 16 * 1024
"""Bytes. SDKs write at most 4 KB; a longer text is not read at all."""

TRACEBACK = "Traceback (most recent call last):"
DIRECT_CAUSE = "\nThe above exception was the direct cause of the following exception:"
CAUSES = ("\nCaused by: ", "[cause]: ", "\nNext ")
"""What stands before the cause in Java, in Node, and before the outer error in PHP."""
_NOT_INDENTED = re.compile(r"\n[^ \t\n]")


class Excerpt(NamedTuple):
    """The first 300 characters of an error, from its exception line on when a traceback stands before that, and at
    most 150 of the line that names its cause. `cut`: the error goes on after `head`."""

    head: str
    cause: str
    cut: bool


def excerpt(text: str) -> Excerpt:
    """The part of an error that its kind is made of. Takes time in proportion to the text."""
    begin = _after_traceback(text)
    head = text[begin : begin + HEAD]
    return Excerpt(head, _cause(text)[:CAUSE], len(text) > begin + HEAD)


def _after_traceback(text: str) -> int:
    """Where the exception line stands: the first line after the last traceback that is not indented."""
    if not text.startswith(TRACEBACK):
        return 0
    found = _NOT_INDENTED.search(text, text.rfind(TRACEBACK))
    return found.start() + 1 if found else 0


def _cause(text: str) -> str:
    for marker in CAUSES:
        at = text.rfind(marker)
        if at >= 0:
            return text[at + len(marker) :].partition("\n")[0]
    at = text.find(DIRECT_CAUSE)
    return text[:at].rstrip("\n").rpartition("\n")[2] if at >= 0 else ""
