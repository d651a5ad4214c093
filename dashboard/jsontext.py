"""A payload's text, laid out for reading without parsing it into values: no number loses a digit, no key goes."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import groupby

from .present import present

_TOKEN = re.compile(
    r"""[ \t\n\r]*(?:"""
    r"""(?P<string>"(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9A-Fa-f]{4}))*")|"""
    r"""(?P<number>-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)|"""
    r"""(?P<word>true|false|null|NaN|-?Infinity)|(?P<mark>[{}\[\]:,])|(?P<end>\Z))"""
)
_CLASS = {"string": "s", "number": "n", "word": "b", "mark": "p"}
_CLOSES = {"{": "}", "[": "]"}
_BLANKS = " \t\n\r"
_NO_JSON = frozenset({"NaN", "Infinity", "-Infinity"})
HIGHLIGHT_UP_TO = 65_536
"""Characters. A larger text would make a page of a hundred thousand spans."""
LAID_OUT_UP_TO = 1_000_000
"""Characters with the indents: a short text of deep lists would otherwise fill a page with blanks."""
INDENTED_UP_TO = 40
"""Levels. Whatever is deeper stands at the same indent, so that a page of 2,000 levels is no page of blanks."""

Token = tuple[str, str]
"""What it is (a group of the pattern; `key` for the name of a value), and its text."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of text and its class in the stylesheet ("" has none)."""

    kind: str
    text: str


def laid_out(text: str) -> tuple[Piece, ...] | None:
    """The pieces of a JSON text, indented by two spaces; None when it is no JSON, or too large."""
    if len(text) > HIGHLIGHT_UP_TO:
        return None
    tokens = read_tokens(text)
    if isinstance(tokens, Fault):
        return None
    pieces: list[Piece] = []
    length = 0
    for piece in indented(tokens, _visible):
        length += len(piece.text)
        if length > LAID_OUT_UP_TO:
            return None
        pieces.append(piece)
    return tuple(_merged(pieces))


@dataclass(frozen=True, slots=True)
class Fault:
    """Where a text stops to be JSON: what may stand there (marks, `key`, `value`, `end`), and what stands before."""

    at: int
    wanted: frozenset[str]
    before: Token | None


def read_tokens(text: str, *, strict: bool = False) -> list[Token] | Fault:
    """The tokens of one JSON value, or why the text is not exactly that. No depth is too deep for it.

    `strict` refuses NaN and Infinity, which are no JSON though some programs write them.
    """
    found: list[Token] = []
    opened: list[str] = []
    wanted, at = {"value"}, 0

    def fault() -> Fault:
        return Fault(len(text) - len(text[at:].lstrip(_BLANKS)), frozenset(wanted), found[-1] if found else None)

    while match := _TOKEN.match(text, at):
        kind, token = str(match.lastgroup), str(match[str(match.lastgroup)])
        if kind == "end":
            return found if "end" in wanted else fault()
        if kind == "mark" and token in "}],:":
            if token not in wanted:
                return fault()
            if token in "}]":
                opened.pop()
        elif kind == "string" and "key" in wanted:
            kind = "key"
        elif "value" not in wanted or (strict and token in _NO_JSON):
            return fault()
        elif kind == "mark":
            opened.append(token)
        found.append((kind, token))
        at = match.end()
        wanted = _after(kind, token, opened)
    return fault()


def _after(kind: str, token: str, opened: list[str]) -> set[str]:
    """What may stand behind a token inside of what is `opened`."""
    if kind == "key":
        return {":"}
    if kind == "mark" and token in "{[:,":
        named = token == "{" or (token == "," and opened[-1] == "{")
        return {"key" if named else "value"} | ({_CLOSES[token]} if token in _CLOSES else set())
    return {",", _CLOSES[opened[-1]]} if opened else {"end"}


def indented(tokens: list[Token], show: Callable[[str], str] = str) -> Iterator[Piece]:
    """The tokens with line breaks and indents; `show` makes what is read out of a token's text."""
    depth = 0
    for at, (kind, token) in enumerate(tokens):
        closes = kind == "mark" and token in "}]"
        if closes:
            depth -= 1
            if tokens[at - 1] not in (("mark", "{"), ("mark", "[")):
                yield _line(depth)
        yield Piece("k" if kind == "key" else _CLASS[kind], show(token))
        if kind != "mark" or closes:
            continue
        if token == ":":
            yield Piece("", " ")
            continue
        depth += token in "{["
        if token == "," or tokens[at + 1] not in (("mark", "}"), ("mark", "]")):
            yield _line(depth)


def _visible(token: str) -> str:
    """What people cannot see stands as JSON escapes: the text that is copied from the page is still the same JSON."""
    if present("payload", token) == token:
        return token
    return "".join(char if present("payload", char) == char else json.dumps(char)[1:-1] for char in token)


def _line(depth: int) -> Piece:
    return Piece("", "\n" + "  " * min(depth, INDENTED_UP_TO))


def _merged(pieces: list[Piece]) -> list[Piece]:
    return [Piece(kind, "".join(p.text for p in run)) for kind, run in groupby(pieces, key=lambda p: p.kind)]
