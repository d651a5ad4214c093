"""The record of what happened as bytes: `lua/lib/history.lua` writes it and says what stands where."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

BUCKET_MS = 10_000
LATER = 2
"""A bucket is final when two more have ended: failures are counted when it closed 20 s ago."""

_HEAD = struct.Struct(">IIIIddHIIHId")
_HEAD_SIZE = 64
_ENTRY = struct.Struct(">HIIIII")
_ROW_ENTRY = struct.Struct(">HI4xI8x")
_TENTH_MS = 100


@dataclass(frozen=True, slots=True)
class Ring:
    """`buckets` of 10 s to an entry, `size` entries, the first one at `start`."""

    buckets: int
    size: int
    start: int

    @property
    def end(self) -> int:
        """The place behind its last entry."""
        return self.start + self.size * _ENTRY.size


SPARK = Ring(9, 40, _HEAD_SIZE)
FINE = Ring(1, 360, SPARK.end)
MINUTES = Ring(6, 1440, FINE.end)
HOURS = Ring(360, 720, MINUTES.end)


@dataclass(frozen=True, slots=True)
class Head:
    """The `newest` bucket, the last `final` one and the first one ever (`since`); how long was seen in the last minute
    and what happened then, `closed_ms` and `failed` in the last one that is final. `blind`: the last look could
    not tell. `failed_total`: failures since the record began that were not retried or removed before they were counted.
    """

    newest: int
    final: int
    since: int
    seen_ms: int
    started: int
    ended: int
    closed_ms: int
    failed: int
    blind: bool
    failed_total: int


@dataclass(frozen=True, slots=True)
class Entry:
    """What one entry says. `seen_ms` 0 is a gap; `waiting` is None where nobody looked."""

    seen_ms: int
    started: int
    ended: int
    failed: int
    waiting: int | None
    oldest_ms: int | None


def read_head(raw: object) -> Head | None:
    """The head of a record, or None where there is none."""
    if not isinstance(raw, bytes) or len(raw) < _HEAD_SIZE:
        return None
    newest, final, since, _, leased, _, seen, started, ended, closed, failed, total = _HEAD.unpack_from(raw)
    # What another hand wrote there is no number, perhaps.
    kept = int(total) if 0 <= total < 2**53 else 0
    return Head(newest, final, since, seen * _TENTH_MS, started, ended, closed * _TENTH_MS, failed, leased < 0, kept)


def read_entries(raw: bytes, ring: Ring, first: int, last: int) -> Iterator[Entry]:
    """The entries from the first to the last, by their numbers (bucket // ring.buckets); at most as many as fit."""
    for number in range(first, last + 1):
        seen, started, ended, failed, waiting, oldest = _ENTRY.unpack_from(
            raw, ring.start + number % ring.size * _ENTRY.size
        )
        yield Entry(
            seen * _TENTH_MS,
            started,
            ended,
            failed,
            waiting - 1 if waiting else None,
            (oldest - 1) * _TENTH_MS if oldest else None,
        )


def row_entries(raw: bytes) -> list[tuple[int, int, int]]:
    """All entries of the ring of a row, as they stand: seen (ms), started, failed."""
    ring = raw[SPARK.start : SPARK.end]
    return [(seen * _TENTH_MS, started, failed) for seen, started, failed in _ROW_ENTRY.iter_unpack(ring)]


def ended_bucket(now_ms: int) -> int:
    """The bucket that ended last: a look at `now_ms` tells what happened in it."""
    return now_ms // BUCKET_MS - 1
