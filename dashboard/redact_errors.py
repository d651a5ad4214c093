"""What an error says without the hidden values that it may repeat."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from .redact_spellings import (
    Reading,
    Span,
    digits_in,
    number_of,
    numbers_in,
    read,
    readings,
    stands_alone,
    texts_in,
    without_half,
    without_quotes,
)
from .redact_walk import HIDDEN, is_key

_KNOWN = 4
"""Characters. A shorter value is hidden only where it stands alone: `7` is in many an error."""
KEPT = 4_096
"""Bytes that an acknowledgement keeps of an error. Nothing of ours cuts it before it is masked."""
_LONGEST_CHARACTER = 4
"""Bytes: an error is cut between two characters."""
MOST_VALUES = 100
"""Of a payload with more of them, only the error's type is shown: each is looked for."""
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


def masked(text: str, values: Sequence[str], names: re.Pattern[str] | None) -> str:
    """The text without these values, however they are usually spelled, and without what follows a hidden name."""
    # All is looked for in the text as it came: what is put in the place of one could hide where another begins.
    spans = [found.span("value") for found in names.finditer(text)] if names else []
    parts = _parts(values)
    spans += [*_as_they_are(text, parts), *_as_they_read(text, parts), *_numbers(text, values)]
    return _without(text, spans)


def _as_they_are(text: str, parts: dict[str, bool]) -> Iterator[Span]:
    # Where a letter has another length in lower case, only what it reads as tells where it stands.
    low = text.lower() if len(text.lower()) == len(text) else text
    for value, alone in parts.items():
        yield from texts_in(low, value.lower(), alone=alone)


def _numbers(text: str, values: Sequence[str]) -> Iterator[Span]:
    yield from digits_in(text, values)
    for at, end in numbers_in(text, (n for n in map(number_of, values) if n is not None)):
        if end - at >= _KNOWN or stands_alone(text, at, end):
            yield at, end


def _as_they_read(text: str, parts: dict[str, bool]) -> Iterator[Span]:
    read_as = readings(text)
    ends: list[Reading] = []
    if _may_be_cut(text):
        whole = without_half(text)
        ends = read_as if whole == text else [*read_as, *readings(whole)]
    bare: list[Reading] | None = None
    for part, alone in parts.items():
        for value in read(part):
            yield from _in_readings(text, value.strip(), read_as, ends, alone=alone)
            if "'" in value or '"' in value or "`" in value:
                bare = [reading.bare for reading in ends or read_as] if bare is None else bare
                yield from _in_readings(text, without_quotes(value).strip(), bare, bare if ends else (), alone=alone)


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
