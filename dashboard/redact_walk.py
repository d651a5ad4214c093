"""Takes hidden values out of a JSON text, and out of JSON within its strings, without a change to the rest of it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from .redact_paths import Patterns, States, Step

DEEPEST = 8
"""JSON in strings of JSON in strings: what is deeper is hidden as it is."""
HIDDEN = "‹hidden›"
_TOKEN = re.compile(
    r'(?P<string>"[^"\\]*(?:\\.[^"\\]*)*")(?P<key>[ \t\n\r]*:)?|(?P<mark>[{}\[\],])|(?P<scalar>[^\s{}\[\],:"]+)'
)


class NoJson(ValueError):
    """A text whose values cannot be told apart."""


@dataclass(frozen=True, slots=True)
class Found:
    """A hidden value: its path, in how many strings of JSON it stands, and its JSON text."""

    path: tuple[Step, ...]
    depth: int
    token: str


Put = Callable[[Found], str | None]
"""What takes the place of a hidden value, as JSON; None leaves it."""


@dataclass(slots=True)
class _Open:
    """An object or array that is walked through: its states, its own path, and where the walk is in it."""

    states: States
    path: tuple[Step, ...]
    array: bool
    at: Step = 0


def rewrite(text: str, patterns: Patterns, put: Put) -> str:
    """The text with another one in the place of each hidden value. Raises NoJson. Time in proportion to the text."""
    return _rewrite(text, patterns, put, frozenset(), (), 0)


def _rewrite(text: str, patterns: Patterns, put: Put, states: States, path: tuple[Step, ...], depth: int) -> str:
    _check(text)
    pieces: list[str] = []
    kept = 0
    opened: list[_Open] = []
    here, begin, level = states, -1, 0
    for match in _TOKEN.finditer(text):
        mark = match["mark"]
        if begin >= 0:
            # Within a hidden object or array: to its end.
            level += 1 if mark in ("{", "[") else -1 if mark in ("}", "]") else 0
            if not level:
                found = put(Found(_path(opened, path), depth, text[begin : match.end()]))
                if found is not None:
                    pieces += [text[kept:begin], found]
                    kept = match.end()
                begin = -1
            continue
        if mark == ",":
            if opened[-1].array:
                opened[-1].at = int(opened[-1].at) + 1
                here = patterns.after(opened[-1].states, opened[-1].at)
            continue
        if mark in ("}", "]"):
            opened.pop()
            continue
        if match["key"]:
            opened[-1].at = json.loads(match["string"])
            here = patterns.after(opened[-1].states, opened[-1].at)
            continue
        if patterns.hides(here):
            if mark:
                begin, level = match.start(), 1
                continue
            found = put(Found(_path(opened, path), depth, match[0]))
        elif mark:
            opened.append(_Open(here, _path(opened, path), mark == "["))
            if mark == "[":
                here = patterns.after(here, 0)
            continue
        else:
            found = (
                _inside(match["string"], patterns, put, here, _path(opened, path), depth) if match["string"] else None
            )
        if found is not None:
            pieces += [text[kept : match.start()], found]
            kept = match.end()
    return "".join([*pieces, text[kept:]])


def _path(opened: list[_Open], above: tuple[Step, ...]) -> tuple[Step, ...]:
    return (*opened[-1].path, opened[-1].at) if opened else above


def _inside(token: str, patterns: Patterns, put: Put, states: States, path: tuple[Step, ...], depth: int) -> str | None:
    """A string that holds JSON itself, with what is hidden in it put away; None when nothing changes."""
    text: str = json.loads(token)
    if not text.lstrip().startswith(("{", "[", '"')) or not patterns.may_hide(text):
        return None
    if depth >= DEEPEST:
        return put(Found(path, depth, token))
    try:
        changed = _rewrite(text, patterns, put, states, path, depth + 1)
    except NoJson:
        # It begins like JSON and has such a key, but nobody can say where its value ends.
        return put(Found(path, depth, token))
    return None if changed == text else quoted(changed)


def _check(text: str) -> None:
    try:
        # Numbers stay texts: one of five thousand digits is no fault, and no value is needed.
        json.loads(text, parse_int=str, parse_float=str)
    except (ValueError, RecursionError):
        raise NoJson("its values cannot be told apart") from None


def quoted(text: str) -> str:
    """A text as a JSON string."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return json.dumps(text)
    return json.dumps(text, ensure_ascii=False)


def leaves(token: str) -> list[str]:
    """The texts and numbers of a JSON value, as they may stand in an error."""
    found: list[str] = []

    def look(value: object) -> None:
        if isinstance(value, str):
            found.append(value)
        elif isinstance(value, dict | list):
            for one in value.values() if isinstance(value, dict) else value:  # pyright: ignore
                look(one)  # pyright: ignore[reportUnknownArgumentType]

    with suppress(ValueError, RecursionError):
        look(json.loads(token, parse_int=str, parse_float=str))
    return [text for text in found if text.strip()]
