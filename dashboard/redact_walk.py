"""Takes hidden values out of a JSON text, and out of JSON within its strings, without a change to the rest of it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, cast

from .redact_paths import Patterns, States, Step

DEEPEST = 8
"""JSON in strings of JSON in strings: what is deeper is hidden as it is."""
HIDDEN = "‹hidden›"
_BLANKS = " \t\n\r\f\v\ufeff\0"
"""What may stand before JSON that was put into a string, a byte order mark among it."""
_TOKEN = re.compile(
    r'(?P<string>"[^"\\]*(?:\\.[^"\\]*)*")(?P<key>[ \t\n\r]*:)?|(?P<mark>[{}\[\],])|(?P<scalar>[^\s{}\[\],:"]+)'
)


class NoJson(ValueError):
    """A text whose values cannot be told apart."""


@dataclass(frozen=True, slots=True)
class Found:
    """A hidden value: its path, in how many strings of JSON it stands, and its JSON text.

    `vague`: a text that is hidden because nobody can tell which part of it is the value.
    """

    path: tuple[Step, ...]
    depth: int
    token: str
    vague: bool = False


Put = Callable[[Found], str | None]
"""What takes the place of a hidden value, as JSON; None leaves it."""


class Key(str):
    """A key in a hidden value. It is hidden as a word only: with a key `value` no ValueError has another name."""


@dataclass(slots=True)
class _Open:
    """An object or array that is walked through: its states, and where the walk is in it."""

    states: States
    array: bool
    at: Step = 0


def rewrite(text: str, patterns: Patterns, put: Put) -> str:
    """The text with another one in the place of each hidden value. Raises NoJson. Time in proportion to the text."""
    return _rewrite(text, patterns, put, frozenset(), (), 0)


def _rewrite(text: str, patterns: Patterns, put: Put, states: States, above: tuple[Step, ...], depth: int) -> str:
    _check(text)
    pieces: list[str] = []
    kept = 0
    opened: list[_Open] = []
    here, begin, level = states, -1, 0

    def path() -> tuple[Step, ...]:
        return (*above, *(one.at for one in opened))

    for match in _TOKEN.finditer(text):
        string, key, mark, _ = match.groups()
        if begin >= 0:
            # Within a hidden object or array: to its end.
            level += 1 if mark in ("{", "[") else -1 if mark in ("}", "]") else 0
            if not level:
                found = put(Found(path(), depth, text[begin : match.end()]))
                if found is not None:
                    pieces += [text[kept:begin], found]
                    kept = match.end()
                begin = -1
            continue
        if mark == ",":
            inner = opened[-1]
            if inner.array:
                inner.at = int(inner.at) + 1
                here = patterns.after(inner.states, inner.at)
            continue
        if mark in ("}", "]"):
            opened.pop()
            continue
        if key:
            inner = opened[-1]
            inner.at = _said(string)
            here = patterns.after(inner.states, inner.at)
            continue
        found = None
        if patterns.hides(here):
            if mark:
                begin, level = match.start(), 1
                continue
            found = put(Found(path(), depth, match[0]))
        elif mark:
            opened.append(_Open(here, mark == "["))
            if mark == "[":
                here = patterns.after(here, 0)
            continue
        elif string and patterns.may_hide(string):
            found = _inside(string, patterns, put, here, path(), depth)
        if found is not None:
            pieces += [text[kept : match.start()], found]
            kept = match.end()
    return "".join([*pieces, text[kept:]])


def _said(token: str) -> str:
    """What a JSON string says."""
    return json.loads(token) if "\\" in token else token[1:-1]


def _inside(token: str, patterns: Patterns, put: Put, states: States, path: tuple[Step, ...], depth: int) -> str | None:
    """A string that holds JSON itself, with what is hidden in it put away; None when nothing changes."""
    text = _said(token)
    if not text.lstrip(_BLANKS).startswith(("{", "[", '"')):
        # Of what is no JSON nobody can say where a value ends: `user=zoe&password=…` is hidden as it is.
        return put(Found(path, depth, token, vague=True)) if patterns.names_in(text) else None
    if depth >= DEEPEST:
        return put(Found(path, depth, token, vague=True))
    try:
        changed = _rewrite(text, patterns, put, states, path, depth + 1)
    except NoJson:
        # It begins like JSON and has such a key, but nobody can say where its value ends.
        return put(Found(path, depth, token, vague=True))
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
    """The texts, numbers and keys of a JSON value, as an error may say them. Raises NoJson where it is too deep."""
    found: list[str] = []
    left: list[Any] = [_loaded(token)]
    while left:
        one: Any = left.pop()
        if isinstance(one, list):
            left += cast(list[Any], one)
        elif isinstance(one, str) and one.strip():
            found.append(one)
            with suppress(ValueError):
                left += [_loaded(one)] if one.lstrip().startswith(("{", "[", '"')) else []
    return found


def is_key(leaf: str) -> bool:
    """Is this one of `leaves` a key?"""
    return isinstance(leaf, Key)


def _values(pairs: list[tuple[str, Any]]) -> list[Any]:
    # A dict would forget the first value of a key that stands twice.
    return [one for key, value in pairs for one in (Key(key), value)]


def _loaded(text: str) -> Any:
    try:
        # Numbers stay texts: one of five thousand digits is no fault, and no value is needed.
        return json.loads(text, parse_int=str, parse_float=str, object_pairs_hook=_values)
    except (ValueError, RecursionError):
        raise NoJson("its values cannot be told apart") from None
