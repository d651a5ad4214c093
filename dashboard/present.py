"""The one way of a job's text to a page, an answer or a log."""

from __future__ import annotations

import re
from dataclasses import dataclass

_BIDI_AND_INVISIBLE = (
    "\u00ad\u061c\u180e\u200b\u200e\u200f\u2028\u2029\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff\ufff9-\ufffb"
    "\U000e0000-\U000e007f"
)
_MARKED = re.compile(f"[\x00-\x1f\x7f-\x9f\ud800-\udfff{_BIDI_AND_INVISIBLE}]")


@dataclass(frozen=True, slots=True)
class _Rule:
    lossless: bool
    keep: frozenset[str]


_NAME = _Rule(lossless=True, keep=frozenset())
_LINE = _Rule(lossless=False, keep=frozenset())
_BLOCK = _Rule(lossless=False, keep=frozenset("\n\t"))

RULES: dict[str, _Rule] = {
    "id": _NAME,
    "gid": _NAME,
    "queue": _NAME,
    "key": _NAME,
    "field": _NAME,
    "error": _LINE,
    "value": _LINE,
    "excerpt": _LINE,
    "reason": _LINE,
    "payload": _BLOCK,
    "trace": _BLOCK,
    "cell": _Rule(lossless=True, keep=frozenset("\n\t\r")),
}


def present(field: str, value: str | bytes | None, limit: int | None = None) -> str:
    """A printable copy of `value`, for people; never the value itself.

    `field` says what it is (a key of `RULES`; KeyError for any other). Control, bidi and invisible characters print as
    ‹U+202E›, bytes that are no UTF-8 as ‹0xFF› in names and cells of CSV and as � elsewhere; `payload`, `trace` and
    `cell` keep line ends and tabs. With `limit` (characters of the copy) a longer text ends in … and says how many
    characters are missing.
    The result is plain text: templates escape it as any other.
    """
    rule = RULES[field]
    if value is None:
        return ""
    if isinstance(value, bytes):
        value = value.decode("utf-8", "surrogateescape" if rule.lossless else "replace")
    more = 0
    if limit is not None and len(value) > limit:
        more = len(value) - limit
        value = value[:limit]
    if not rule.lossless:
        value = re.sub("[\udc80-\udcff]", "�", value)
    if field in ("payload", "trace"):
        value = value.replace("\r\n", "\n")
    text = _MARKED.sub(lambda m: m[0] if m[0] in rule.keep else _mark(m[0]), value)
    return f"{text}… ({more:,} more characters)" if more else text


def _mark(char: str) -> str:
    code = ord(char)
    return f"‹0x{code - 0xDC00:02X}›" if 0xDC80 <= code <= 0xDCFF else f"‹U+{code:04X}›"


def first_line(text: str, limit: int = 300) -> str:
    """What a list shows of an error: its first line that is not blank, presented and cut at `limit` characters."""
    line = next((line.strip() for line in text.splitlines() if line.strip()), "")
    return present("error", line[:limit]) + ("…" if len(line) > limit else "")
