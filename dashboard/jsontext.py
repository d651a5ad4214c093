"""A payload's text, laid out for reading without parsing it into values: no number loses a digit, no key goes."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from itertools import groupby

from .present import present

_TOKEN = re.compile(
    r"""(?P<string>"(?:[^"\\]|\\.)*")|(?P<number>-?[0-9][0-9.eE+-]*)|(?P<word>true|false|null)|(?P<mark>[{}\[\]:,])""",
    re.DOTALL,
)
_CLASS = {"string": "s", "number": "n", "word": "b", "mark": "p"}
HIGHLIGHT_UP_TO = 65_536
"""Characters. A larger text would make a page of a hundred thousand spans."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of text and its class in the stylesheet ("" has none)."""

    kind: str
    text: str


def laid_out(text: str) -> tuple[Piece, ...] | None:
    """The pieces of a JSON text, indented by two spaces, or None when it is no JSON or too large to colour."""
    if len(text) > HIGHLIGHT_UP_TO:
        return None
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return None
    return tuple(_merged(_indented(text)))


def _indented(text: str) -> list[Piece]:
    pieces: list[Piece] = []
    tokens = [(str(match.lastgroup), match[0]) for match in _TOKEN.finditer(text)]
    depth = 0
    for at, (kind, token) in enumerate(tokens):
        following = tokens[at + 1][1] if at + 1 < len(tokens) else ""
        if token in "}]" and kind == "mark":
            depth -= 1
            if tokens[at - 1][1] not in "{[" or tokens[at - 1][0] != "mark":
                pieces.append(Piece("", "\n" + "  " * depth))
        name = "k" if kind == "string" and following == ":" else _CLASS[kind]
        pieces.append(Piece(name, present("payload", token)))
        if kind != "mark":
            continue
        if token in "{[":
            depth += 1
            if following not in ("}", "]"):
                pieces.append(Piece("", "\n" + "  " * depth))
        elif token == ",":
            pieces.append(Piece("", "\n" + "  " * depth))
        elif token == ":":
            pieces.append(Piece("", " "))
    return pieces


def _merged(pieces: list[Piece]) -> list[Piece]:
    return [Piece(kind, "".join(p.text for p in run)) for kind, run in groupby(pieces, key=lambda p: p.kind)]
