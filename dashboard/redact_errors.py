"""What an error says without the hidden values that it may repeat."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from omniq_core import MAX_ERROR_BYTES

from .redact_spellings import (
    GRAM,
    Reading,
    Span,
    digits_in,
    grams_of,
    may_stand,
    number_of,
    numbers_in,
    read_all,
    readings,
    stands_alone,
    texts_in,
    without_half,
    without_quotes,
)
from .redact_walk import HIDDEN, is_key

_KNOWN = 4
"""Characters. A shorter value is hidden only where it stands alone: `7` is in many an error."""
KEPT = MAX_ERROR_BYTES
"""Bytes that an acknowledgement keeps of an error. Nothing of ours cuts it before it is masked."""
_LONGEST_CHARACTER = 4
"""Bytes: an error is cut between two characters."""
MOST_VALUES = 100
"""Of a payload with more of them, only the error's type is shown: each is looked for."""
MOST_PARTS = 500
"""The same of values and the lines in them."""
_TYPE = re.compile(
    r"[A-Za-z_][\w.$\\]{0,100}(?:Error|Exception|Timeout|Fault|Failure|Warning|Interrupt|Exit|Expired|Refused)"
    r"(?: \[[A-Z][A-Z0-9_]{2,60}\])?"
)
_BEGINS = re.compile(rf"({_TYPE.pattern})(?=:|\Z|\s)")


def is_type(text: str) -> bool:
    """Is this no more than the name of an error's type?"""
    return _TYPE.fullmatch(text) is not None


def type_only(text: str) -> str:
    """An error of which nothing may be shown but its type."""
    found = _BEGINS.match(text.lstrip())
    return f"{found[1]}: {HIDDEN}" if found else HIDDEN


def masked(text: str, values: Sequence[str], names: re.Pattern[str] | None) -> str | None:
    """The text without these values, however they are usually spelled, and without what follows a hidden name.

    None where there are more of them, or lines in them, than are looked for.
    """
    # Whether there are too many must not depend on the text: what somebody wrote into it would tell of the values.
    if len(values) > MOST_VALUES or len(parts := _parts(values)) > MOST_PARTS:
        return None
    # All is looked for in the text as it came: what is put in the place of one could hide where another begins.
    spans = [found.span("value") for found in names.finditer(text)] if names else []
    spans += [*_stands(text, parts), *_numbers(text, values)]
    return _without(text, spans)


def _numbers(text: str, values: Sequence[str]) -> Iterator[Span]:
    yield from digits_in(text, values)
    for at, end in numbers_in(text, (n for n in map(number_of, values) if n is not None)):
        if end - at >= _KNOWN or stands_alone(text, at, end):
            yield at, end


def _stands(text: str, parts: dict[str, bool]) -> Iterator[Span]:
    # Where a letter has another length in lower case, only what it reads as tells where it stands.
    low = text.lower() if len(text.lower()) == len(text) else text
    read_as = readings(text)
    ends: list[Reading] = []
    if _may_be_cut(text):
        whole = without_half(text)
        ends = read_as if whole == text else [*read_as, *readings(whole)]
    bare = [reading.bare for reading in ends or read_as]
    grams: frozenset[str] | None = None
    if sum(map(len, parts)) > len(text):
        # Most lines share nothing with an error, which is quicker to see than to read them.
        grams = grams_of({low, *(reading.text for reading in [*(ends or read_as), *bare])})
        parts = {part: alone for part, alone in parts.items() if may_stand(part, grams, begun=bool(ends))}
    for part, alone in parts.items():
        yield from texts_in(low, part.lower(), alone=alone)
    for part, value in read_all(parts):
        if grams is None or len(value) < GRAM or value[:GRAM] in grams:
            yield from _in_readings(text, value, read_as, ends, alone=parts[part])
        if "'" in value or '"' in value or "`" in value:
            value = without_quotes(value).strip()
            yield from _in_readings(text, value, bare, bare if ends else (), alone=parts[part])


def _in_readings(
    text: str, value: str, read_as: Sequence[Reading], ends: Sequence[Reading], *, alone: bool
) -> Iterator[Span]:
    if not value:
        return
    for reading in read_as:
        found = texts_in(reading.text, value, alone=alone or len(value) < _KNOWN)
        yield from (reading.stands(*span) for span in found)
    for end in ends:
        begun = _begun(end.text, value)
        if begun is not None:
            yield end.stands(begun, len(end.text))[0], len(text)


def _parts(values: Sequence[str]) -> dict[str, bool]:
    """What is looked for, and whether it is hidden only where it stands alone."""
    found: dict[str, bool] = {}
    for value in values:
        lines = [line.strip() for line in value.splitlines()]
        for text in (value.strip(), *(line for line in lines if len(line) >= _KNOWN)):
            if text:
                found.setdefault(text, is_key(value) or len(text) < _KNOWN)
    return found


def _may_be_cut(text: str) -> bool:
    """May more have followed? Elsewhere what only begins a value is a guess: to hide it would say that it is right."""
    return len(text.encode("utf-8", "replace")) > KEPT - _LONGEST_CHARACTER


def _begun(text: str, value: str) -> int | None:
    """Where a text that was cut in the middle of a value begins with it."""
    at = text.find(value[:_KNOWN], max(len(text) - len(value), 0)) if len(value) > _KNOWN else -1
    while at >= 0 and not value.startswith(text[at:]):
        at = text.find(value[:_KNOWN], at + 1)
    return at if at >= 0 else None


def _without(text: str, spans: list[Span]) -> str:
    pieces: list[str] = []
    kept = 0
    for at, end in sorted(spans):
        if at > kept or not pieces:
            pieces += [text[kept:at], HIDDEN]
        kept = max(kept, end)
    return "".join([*pieces, text[kept:]])
