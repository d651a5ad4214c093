"""Whether a payload matches, decided on its text: for what cjson cannot decide without losing something.

No value is built, so no number loses a digit, no depth is too deep, and a text that is no JSON raises nothing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from decimal import Decimal, InvalidOperation

from .filters import fold, payload_test

_TOKEN = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[{}\[\]:,]|[^\s{}\[\]:,"]+', re.DOTALL)
_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_NOTHING: frozenset[int] = frozenset()


def payload_matches(raw: bytes, wanted: str) -> bool:
    """Whether the payload `raw` passes the payload filter `wanted` (see `payload_test`). Raises BadFilter."""
    parts, value = payload_test(wanted)
    value, end = fold(value), len(parts)
    # How many keys of the path lead to the value that comes next: several, for a key may hold dots.
    here = frozenset({0, 1}) if parts[0] == "payload" and end > 1 else frozenset({0})
    within: list[tuple[bool, frozenset[int]]] = []
    key_next = False
    for match in _TOKEN.finditer(raw.decode("utf-8", "surrogateescape")):
        token = match[0]
        if token in "{[":
            if end in here and not value:
                return True
            within.append((token == "{", here))
            key_next = token == "{"
        elif token in "}]":
            if within:
                within.pop()
            key_next = False
        elif token == ",":
            in_object, above = within[-1] if within else (False, _NOTHING)
            key_next, here = in_object, above
        elif token == ":":
            continue
        elif key_next and within:
            key_next, here = False, _after_key(parts, within[-1][1], _text(token))
        elif end in here and (not value or _equal(token, value)):
            return True
    return False


def _after_key(parts: tuple[str, ...], places: Iterable[int], key: str) -> frozenset[int]:
    return frozenset(upto for at in places for upto in range(at + 1, len(parts) + 1) if ".".join(parts[at:upto]) == key)


def _text(token: str) -> str:
    try:
        text = json.loads(token, strict=False)
    except ValueError:
        return token.strip('"')
    return text if isinstance(text, str) else token


def _equal(token: str, value: str) -> bool:
    if token.startswith('"'):
        return value in fold(_text(token))
    if fold(token) == value:
        return True
    if not (_NUMBER.fullmatch(token) and _NUMBER.fullmatch(value)):
        return False
    try:
        return Decimal(token) == Decimal(value)
    except InvalidOperation:  # an exponent of twenty digits
        return False
