"""Hidden values in a payload that is edited: a mark stands for each, and only where it stood does its value return."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from .redact_paths import Patterns, Step
from .redact_walk import Found, NoJson, quoted, rewrite

_MARK = re.compile(r"‹hidden (\d{1,9})›")
_TRACE = re.compile(r"‹\s*hidden|\\+u2039", re.IGNORECASE)
"""What a mark leaves in a text, whoever cut it, or spelled it with an escape."""


class BadMark(ValueError):
    """A mark that stands where its value may not go. Its text is a sentence."""


@dataclass(frozen=True, slots=True)
class Marked:
    """A payload with marks, and the values that they stand for, the first mark's first."""

    text: str
    values: tuple[Found, ...]


def holds_marks(text: str) -> bool:
    """May this text hold a mark, or what is left of one?"""
    return _TRACE.search(text) is not None


def with_marks(text: str, patterns: Patterns) -> Marked | None:
    """The payload with a mark for each hidden value; None where that cannot be told, or it holds such marks itself."""
    if holds_marks(text):
        return None
    values: list[Found] = []

    def put(found: Found) -> str:
        values.append(found)
        return quoted(f"‹hidden {len(values)}›")

    try:
        return Marked(rewrite(text, patterns, put), tuple(values))
    except NoJson:
        return None


def without_marks(text: str, values: tuple[Found, ...], patterns: Patterns) -> str:
    """The payload that somebody typed, with the values in the place of their marks.

    A value returns once, and only to its own path (the places in arrays may differ), as long as that is hidden. Raises
    BadMark for a mark anywhere else: it would be published as it is, or show what it stands for.
    """
    left = dict(enumerate(values, 1))

    def put(found: Found) -> str | None:
        mark = _mark(found.token)
        if mark is None:
            return None
        value = left.get(mark)
        if value is None or (_keys(value.path), value.depth) != (_keys(found.path), found.depth):
            raise BadMark(
                f"‹hidden {mark}› stands for a value of another place. Leave it where it was, or type a value."
            )
        del left[mark]
        return value.token

    try:
        without = rewrite(text, patterns, lambda found: "null" if _mark(found.token) else None)
        if holds_marks(without):
            raise BadMark(
                "A mark like ‹hidden 1› stands where no value is hidden. Leave it where it was, or type a value."
            )
        return rewrite(text, patterns, put)
    except NoJson:
        raise BadMark("It is no JSON whose hidden values could be put back.") from None


def _mark(token: str) -> int | None:
    if not token.startswith('"'):
        return None
    text: str = json.loads(token)
    found = _MARK.fullmatch(text)
    return int(found[1]) if found else None


def _keys(path: tuple[Step, ...]) -> tuple[Step, ...]:
    return tuple("" if isinstance(step, int) else step for step in path)
