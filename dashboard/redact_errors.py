"""What an error says without the hidden values that it may repeat."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from urllib.parse import quote, quote_plus

from .redact_walk import HIDDEN

_KNOWN = 4
"""Characters. A shorter value is hidden only where it stands alone: `7` is in many an error."""
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
    """The error without these values, however they are usually spelled, and without what follows a hidden name."""
    forms = {form for value in values for form in _spelled(value)}
    folded = text.casefold()
    for form in sorted(forms, key=len, reverse=True):
        # Most values are in no error, and a pattern is slow to make.
        if form.casefold() not in folded:
            continue
        spelled = re.escape(form)
        if len(form) < _KNOWN:
            spelled = rf"(?<!\w){spelled}(?!\w)"
        text = re.sub(spelled, HIDDEN, text, flags=re.IGNORECASE)
        folded = text.casefold()
    for form in forms:
        text = _without_begun(text, form)
    return names.sub(lambda found: f"{found[1]}{HIDDEN}", text) if names else text


def _spelled(value: str) -> set[str]:
    forms = {value, value.strip(), json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1]}
    forms |= {repr(value)[1:-1], *(line for line in value.splitlines() if len(line.strip()) >= _KNOWN)}
    plain = value.encode("utf-8", "replace")
    forms |= {quote(plain, safe=""), quote(plain), quote_plus(plain)}
    return {form for form in forms if form.strip()}


def _without_begun(text: str, form: str) -> str:
    """An error that was cut in the middle of a value."""
    low = form.lower()
    for at in range(max(len(text) - len(form), 0), len(text) - _KNOWN + 1):
        if text[at].lower() == low[0] and low.startswith(text[at:].lower()):
            return text[:at] + HIDDEN
    return text
