"""The index of failed jobs by the kind of their error: built and kept up to date in the background, piece by piece."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from ..connection import Link
from ..keys import QueueKeys, decode_text, global_key
from ..numbers import read_count, read_int
from ..scripts import script
from .cuts import cut_text
from .error_excerpt import CAUSE, HEAD, Excerpt
from .fingerprint import (
    NO_RECORD,
    RULES_VERSION,
    STANDING_KINDS,
    TOO_LARGE,
    ErrorKind,
    kind_of_excerpt,
    without_message,
)
from .looks import Looks
from .overview import state_of
from .turns import PIECE_S, ROUND_MS, Turns, next_size

LOOKED_AT = global_key("errors")
"""Zset of queues: when somebody last looked at their failures. Whoever leads keeps the indexes of these."""

AGAIN_MS = 5_000
"""So much of the lane is read again at each look: the clocks of workers are apart, and one may come late."""

SWEEP_MS, REREAD_MS = 5_000, 600_000
RENEW_BELOW_MS = 23 * 3_600_000
"""An index lives for a day: every hour somebody who looks at it lets it live for another."""

_MOST, _LEAST = 200, 10
_END = b"\xff\xff"


@dataclass(slots=True)
class _Queue:
    """What this process knows of one queue's index."""

    size: int = 50
    round_at: int = 0
    swept_at: int = 0
    reread_at: int = 0
    in_vain: int = 0
    stale: int = 0
    reading: bool = False
    sweep: list[str] = field(default_factory=list[str])
    sweep_cursor: tuple[bytes, bytes] = (b"", b"")
    sweep_size: int = 200


class FailureIndex:
    """Keeps the indexes of the queues that somebody looks at. Not for more than one thread at once."""

    def __init__(self, link: Link) -> None:
        self.link = link
        self._looks = Looks(link, LOOKED_AT, lambda: state_of(link).failures_looked)
        self._turns = Turns(self._looks, _Queue, self._work)

    def tell(self, now_ms: int) -> None:
        """Somebody looked at failures in a process that does not lead: the leader learns of it."""
        self._looks.tell(now_ms)

    def step(self, now_ms: int) -> float:
        """One piece of work on one queue; how many seconds to leave Redis alone now. Raises what Redis raised.

        A piece is one script that reads and one that writes it down, each about 3 ms of Redis's time.
        """
        return self._turns.step(now_ms)

    def _work(self, name: str, queue: _Queue, now: int) -> float | None:
        """The seconds that Redis was busy with a piece; None when there is nothing to do yet."""
        if now >= queue.round_at or queue.reading:
            return self._read(name, queue, now)
        if queue.sweep:
            return self._sweep(name, queue)
        return None

    def _read(self, name: str, queue: _Queue, now: int) -> float:
        again = 0 if queue.reading else AGAIN_MS
        anchor = QueueKeys(name).anchor
        reply, took = self.link.run_timed(script("operator/failures_read"), anchor, RULES_VERSION, queue.size, again)
        indexed, lives_ms, score, last_id, rows, ended = reply
        if len(rows) >= queue.size:
            queue.size = next_size(queue.size, took, _LEAST, _MOST)
        queue.reading = not ended
        if not indexed or (not rows and not score):  # nothing to read, and nothing written down
            queue.round_at = now + ROUND_MS
            return took
        texts, jobs = _kinds_of(rows)
        cursor = (rows[-1][2], whole_id(rows[-1])) if rows else (score, last_id)
        head = [RULES_VERSION, now, score, last_id, *cursor, ended, len(texts)]
        flat = [part for pair in texts.items() for part in pair]
        kept, wrote = self.link.run_timed(script("operator/failures_note"), anchor, *head, *flat, *jobs)
        if ended or not kept:
            queue.reading = False
            queue.round_at = now + ROUND_MS
            if kept:
                self._end_round(name, queue, now, lives_ms)
        return took + wrote

    def _end_round(self, name: str, queue: _Queue, now: int, lives_ms: int) -> None:
        """The lane was read to its end. Do the kinds together have as many jobs?"""
        anchor = QueueKeys(name).anchor
        _, total, read, *_, kinds = self.link.run(script("operator/failures_list"), anchor, RULES_VERSION, read=True)
        held = sum(kind[1] for kind in kinds)
        if not total:
            self.link.run(script("operator/failures_keep"), anchor, RULES_VERSION, 0)
            return
        if lives_ms < RENEW_BELOW_MS:
            self.link.run(script("operator/failures_keep"), anchor, RULES_VERSION, 1)
        if held == read or queue.sweep:
            queue.in_vain = 0 if held == read else queue.in_vain
        elif held < read and queue.in_vain and now - queue.reread_at >= REREAD_MS:
            # Some came in before the place that was read already: clocks were far apart, or a lane was restored.
            queue.reread_at, queue.reading, queue.in_vain = now, True, 0
            self.link.call("HDEL", QueueKeys(name).of(f"x:fp:{RULES_VERSION}:state"), "score", "id")
        elif now - queue.swept_at >= SWEEP_MS * 2**queue.in_vain:
            queue.sweep, queue.swept_at, queue.stale = [decode_text(kind[0]) for kind in kinds], now, 0
            queue.sweep_cursor = (b"", b"")

    def _sweep(self, name: str, queue: _Queue) -> float:
        args = (RULES_VERSION, queue.sweep[-1], *queue.sweep_cursor, queue.sweep_size)
        reply, took = self.link.run_timed(script("operator/failures_sweep"), QueueKeys(name).anchor, *args)
        queue.sweep_cursor, queue.stale = (reply[0], reply[1]), queue.stale + reply[2]
        if not reply[0]:
            queue.sweep.pop()
            if not queue.sweep:
                queue.in_vain = 0 if queue.stale else min(queue.in_vain + 1, 6)
        else:
            queue.sweep_size = min(max(int(queue.sweep_size * PIECE_S / max(took, 1e-4)), 50), 3000)
        return took


def whole_id(row: Any) -> bytes:
    """The id of a row for a cursor. One over 1 KB is here in part: then what comes behind it."""
    return row[0] if row[1] == len(row[0]) else row[0] + _END


def _kinds_of(rows: Any) -> tuple[dict[str, str], list[str | bytes]]:
    """The texts of the kinds in a piece, and digest, score and id of each job; ids over 1 KB are left out."""
    texts: dict[str, str] = {}
    jobs: list[str | bytes] = []
    for row in rows:
        if row[1] != len(row[0]):
            continue
        kind = kind_of_row(row)
        if kind.digest not in STANDING_KINDS:
            texts[kind.digest] = pack_kind(kind)
        jobs += (kind.digest, row[2], row[0])
    return texts, jobs


def kind_of_row(row: Any) -> ErrorKind:
    """The kind of a job as the script answers it. An error of an earlier attempt is not that of the failure."""
    if len(row) == 3:
        return NO_RECORD
    size, head, cause, behind, errored, started, failed, timeout = row[3:11]
    started_ms = read_count(started)
    if not size or read_count(errored) < started_ms:
        return without_message(started_ms, read_count(failed), read_int(timeout) or 0)
    if not head:
        return TOO_LARGE
    text = cut_text(head, len(head) + behind)
    cut = behind > 0 or len(text) > HEAD
    return kind_of_excerpt(Excerpt(text[:HEAD], cut_text(cause, len(cause) + 1)[:CAUSE], cut))


def pack_kind(kind: ErrorKind) -> str:
    """A kind's name and text as the index keeps them."""
    return json.dumps({"v": 1, "n": kind.name, "t": kind.text}, separators=(",", ":"))
