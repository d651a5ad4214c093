"""Numbers, durations, moments, sizes and DOM ids as pages show them. Figures are always rounded down."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime

NONE = "–"
_ULID = re.compile(r"[0-7][0-9A-HJKMNP-TV-Z]{25}")
_LAST_MS = 253_402_300_799_999  # the end of year 9999, the last that datetime knows

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

SECOND, MINUTE, HOUR, DAY = 1000, 60_000, 3_600_000, 86_400_000


def number(n: int | None) -> str:
    """Exact, with separators: 4,213. No value is –."""
    return NONE if n is None else f"{n:,}"


def compact(n: int | None) -> str:
    """For tiles, tabs, tags and cells: exact below 10,000,000, from there three digits (12.3 M, 123 bn)."""
    if n is None or abs(n) < 10_000_000:
        return number(n)
    sign, n = ("-", -n) if n < 0 else ("", n)
    unit, scale = next((u, s) for u, s in (("tn", 10**12), ("bn", 10**9), ("M", 10**6)) if n >= s)
    whole = n // scale
    if whole >= 100:
        return f"{sign}{whole:,} {unit}"
    digits = 1 if whole >= 10 else 2
    rest = n % scale * 10**digits // scale
    return f"{sign}{whole}.{rest:0{digits}} {unit}"


def rate(per_second: float | None) -> str:
    """Jobs a second, without the unit: 182, one decimal under 10 (3.1), <0.1 for what is less and not zero."""
    if per_second is None:
        return NONE
    tenths = int(per_second * 10 + 1e-6)
    if tenths == 0:
        return "<0.1" if per_second > 0 else "0"
    return f"{tenths // 10}.{tenths % 10}" if tenths < 100 else compact(tenths // 10)


def duration(ms: int | None) -> str:
    """A length of time in at most two units: 707 ms, 10.3 s, 6 min 12 s, 2 h 04 min, 31 d. Tenths are rounded."""
    if ms is None:
        return NONE
    if ms < 0:
        return "-" + duration(-ms)
    if ms < SECOND:
        return f"{ms} ms"
    tenths = (ms + 50) // 100
    if tenths < 600:
        return f"{tenths // 10} s" if tenths % 10 == 0 else f"{tenths // 10}.{tenths % 10} s"
    if ms < HOUR:
        ms = max(ms, MINUTE)  # 59.95 s and more would read 60.0 s
        seconds = ms % MINUTE // SECOND
        return f"{ms // MINUTE} min {seconds:02} s" if seconds else f"{ms // MINUTE} min"
    if ms < DAY:
        return f"{ms // HOUR} h {ms % HOUR // MINUTE:02} min"
    hours = ms % DAY // HOUR
    return f"{ms // DAY} d {hours:02} h" if hours and ms < 10 * DAY else f"{ms // DAY} d"


def age(ms: int | None) -> str:
    """A time that still grows: 0.4 s, 41 s, from a minute on as `duration`. Tenths of more would only flicker."""
    if ms is None or not 0 <= ms < MINUTE:
        return duration(ms)
    return f"0.{ms // 100} s" if 100 <= ms < SECOND else f"{ms // SECOND} s"


def relative(ms: int, now_ms: int) -> str:
    """A moment seen from now, one unit: 6 min ago, in 4 min, now."""
    gap = abs(now_ms - ms)
    if gap < SECOND:
        return "now"
    for unit, size in (("d", DAY), ("h", HOUR), ("min", MINUTE), ("s", SECOND)):
        if gap >= size:
            text = f"{gap // size:,} {unit}"
            return f"{text} ago" if ms <= now_ms else f"in {text}"
    raise AssertionError("unreachable")


def size(count: int | None) -> str:
    """Bytes for people, in steps of 1,024: 812 B, 1.8 MB, 256 KB."""
    if count is None:
        return NONE
    if count < 1024:
        return f"{count} B"
    unit, scale = next((u, s) for u, s in (("GB", 1024**3), ("MB", 1024**2), ("KB", 1024)) if count >= s)
    tenths = count * 10 // scale
    return f"{tenths // 10}.{tenths % 10} {unit}" if tenths < 100 and tenths % 10 else f"{tenths // 10:,} {unit}"


def plural(n: int, one: str, many: str | None = None) -> str:
    """1 job, 3 jobs, 4,213 jobs."""
    return f"{n:,} {one if n == 1 else many or one + 's'}"


@dataclass(frozen=True, slots=True)
class Moment:
    """What a `<time>` needs: `iso` for datetime=, `title`, the texts. A number that is no time has an empty `iso`."""

    iso: str
    title: str
    ago: str
    clock: str


def moment(ms: int, now_ms: int) -> Moment:
    """A moment (ms since the epoch). Numbers that no calendar holds are shown as the number they are."""
    if not 0 < ms <= _LAST_MS:
        return Moment("", "not a time", f"{ms:,}", f"{ms:,}")
    at = datetime.fromtimestamp(ms // 1000, UTC)
    rest = f"{ms % 1000:03}"
    return Moment(
        iso=iso(ms),
        title=f"{at:%Y-%m-%d %H:%M:%S}.{rest} UTC",
        ago=relative(ms, now_ms),
        clock=f"{at:%H:%M:%S}.{rest}",
    )


def iso(ms: int) -> str:
    """A moment as machines read it, in UTC: 2026-03-10T03:12:18.391Z. "" for a number that no calendar holds."""
    if not 0 < ms <= _LAST_MS:
        return ""
    return f"{datetime.fromtimestamp(ms // 1000, UTC).isoformat()[:19]}.{ms % 1000:03}Z"


def stamp(ms: int) -> str:
    """A moment within the name of a file, in UTC: 20260310-031422."""
    return f"{datetime.fromtimestamp(ms // 1000, UTC):%Y%m%d-%H%M%S}"


def read_moment(text: str) -> int | None:
    """The ms since the epoch of a date and a time as a form sends them, in UTC unless they name a zone; else None."""
    try:
        at = datetime.fromisoformat(text.strip())
        return int((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() * 1_000)
    except (ValueError, OverflowError):
        return None


def day(ms: int) -> str:
    """The day of a moment in UTC: 10 Mar 2026. "" for a number that no calendar holds."""
    if not 0 < ms <= _LAST_MS:
        return ""
    at = datetime.fromtimestamp(ms // 1000, UTC)
    return f"{at.day} {_MONTHS[at.month - 1]} {at.year}"


def row_id(kind: str, raw: str) -> str:
    """The DOM id of a row: `job-` and 16 hex digits of the SHA-1 of the raw bytes, never the id itself."""
    digest = hashlib.sha1(raw.encode("utf-8", "surrogateescape"), usedforsecurity=False)
    return f"{kind}-{digest.hexdigest()[:16]}"


@dataclass(slots=True)
class RowIds:
    """Row ids of one list: an id that stands in it again gets -2, -3."""

    _seen: Counter[str] = field(default_factory=Counter[str])

    def __call__(self, kind: str, raw: str) -> str:
        name = row_id(kind, raw)
        self._seen[name] += 1
        return name if self._seen[name] == 1 else f"{name}-{self._seen[name]}"


def split_ulid(text: str) -> tuple[str, str]:
    """The ten time characters of a ULID (drawn dim) and the rest; ("", text) for any other id."""
    return (text[:10], text[10:]) if _ULID.fullmatch(text) else ("", text)
