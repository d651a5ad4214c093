"""A payload's text, laid out for reading without parsing it into values: no number loses a digit, no key goes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

from .present import present

_TOKEN = re.compile(
    r"""(?P<string>"(?:[^"\\]|\\.)*")|(?P<number>-?[0-9][0-9.eE+-]*)|"""
    r"""(?P<word>true|false|null|NaN|-?Infinity)|(?P<mark>[{}\[\]:,])""",
    re.DOTALL,
)
_CLASS = {"string": "s", "number": "n", "word": "b", "mark": "p"}
HIGHLIGHT_UP_TO = 65_536
"""Characters. A larger text would make a page of a hundred thousand spans."""
LAID_OUT_UP_TO = 1_000_000
"""Characters with the indents: a short text of deep lists would otherwise fill a page with blanks."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of text and its class in the stylesheet ("" has none)."""

    kind: str
    text: str


def laid_out(text: str) -> tuple[Piece, ...] | None:
    """The pieces of a JSON text, indented by two spaces; None when it is no JSON, too large or too deep."""
    if len(text) > HIGHLIGHT_UP_TO:
        return None
    try:
        # Only whether it is JSON is asked, so numbers stay texts: Python refuses to read very long ones.
        json.loads(text, parse_int=str, parse_float=str)
    except (ValueError, RecursionError):
        return None
    pieces: list[Piece] = []
    length = 0
    for piece in _indented(text):
        length += len(piece.text)
        if length > LAID_OUT_UP_TO:
            return None
        pieces.append(piece)
    return tuple(_merged(pieces))


def _indented(text: str) -> Iterator[Piece]:
    tokens = [(str(match.lastgroup), match[0]) for match in _TOKEN.finditer(text)]
    depth = 0
    for at, (kind, token) in enumerate(tokens):
        following = tokens[at + 1][1] if at + 1 < len(tokens) else ""
        if token in "}]" and kind == "mark":
            depth -= 1
            if tokens[at - 1][1] not in "{[" or tokens[at - 1][0] != "mark":
                yield Piece("", "\n" + "  " * depth)
        name = "k" if kind == "string" and following == ":" else _CLASS[kind]
        yield Piece(name, present("payload", token))
        if kind != "mark":
            continue
        if token in "{[":
            depth += 1
            if following not in ("}", "]"):
                yield Piece("", "\n" + "  " * depth)
        elif token == ",":
            yield Piece("", "\n" + "  " * depth)
        elif token == ":":
            yield Piece("", " ")


def _merged(pieces: list[Piece]) -> list[Piece]:
    return [Piece(kind, "".join(p.text for p in run)) for kind, run in groupby(pieces, key=lambda p: p.kind)]
