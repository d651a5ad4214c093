"""One look at every queue in each 10 s, so that there is a history: by the leader, in small pieces."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from ..connection import Link
from ..keys import QueueKeys, global_key
from ..scripts import script
from .history_record import BUCKET_MS, LATER, ended_bucket
from .overview import MOST_SAMPLED, NOW, RATES, pack_rates
from .rights import keeps_out, refuses_writes

PIECE = 20
"""So many looks are sent at once: about 1 ms of Redis's time."""

ROUND_MS = 8_000
"""The pieces of a round are spread over so long."""

_TENTHS_OF_MINUTE = 600
_ANCHOR = global_key("meta")


class HistorySampler:
    """The rounds of one process. What it knows stands in Redis alone, and a look that another process took is not taken
    again, so it may start, stop, and run twice. Not for more than one thread at once."""

    def __init__(self, link: Link) -> None:
        self.link = link
        self._round = _Round(0, ())
        self._ready_ms = 0

    def step(self, now_ms: int, names: Sequence[str]) -> float:
        """A piece of the round, or nothing; the seconds until the next. Raises what Redis raised, also for a write that
        it refused."""
        if ended_bucket(now_ms) != self._round.bucket:
            self._round = _Round(ended_bucket(now_ms), names[:MOST_SAMPLED])
            self._ready_ms = now_ms
        round_ = self._round
        if not round_.left:
            return min((BUCKET_MS - now_ms % BUCKET_MS) / 1000, 1.0)
        if now_ms < self._ready_ms:
            return min((self._ready_ms - now_ms) / 1000, 1.0)
        part = round_.left[:PIECE]
        look = script("operator/history_sample")
        replies = self.link.run_many([(look, QueueKeys(name).anchor, (now_ms,)) for name in part])
        for name, reply in zip(part, replies, strict=True):
            if refuses_writes(reply) and not keeps_out(reply):  # of one queue alone: a gap
                raise reply
            round_.take(name, reply)
        round_.left = round_.left[PIECE:]
        if not round_.left and round_.tells:
            self.link.run(script("operator/history_sum"), _ANCHOR, round_.bucket - LATER, *round_.figures())
            self.link.call("HSET", NOW, RATES, pack_rates(round_.started))
        rest = min(ROUND_MS // math.ceil(round_.size / PIECE), 1_000)
        self._ready_ms = now_ms + rest
        return rest / 1000


class _Round:
    """What the looks at all queues add up to: of the bucket that has become final, and of the last minute."""

    def __init__(self, bucket: int, names: Sequence[str]) -> None:
        self.bucket = bucket
        self.left = names
        self.size = len(names)
        self.tells = False
        self.started: dict[str, int] = {}
        self._known = 0
        self._gap = self._gap_now = self._unseen = self._unclosed = False
        self._seen = self._started = self._ended = self._failed = self._waiting = self._oldest = 0
        self._rates = [0.0, 0.0, 0.0]

    def take(self, name: str, reply: Any) -> None:
        """Adds the answer of one look. A sum without a queue that was there is no sum, so it is a gap."""
        if isinstance(reply, Exception) or not reply:
            self._gap = self._gap_now = self._unseen = self._unclosed = True
            return
        blind, since, seen, started, ended, failed, waiting, oldest, lately, begun, done, closed, lost = reply
        final = self.bucket - LATER
        if since < final:  # else its record has only just begun
            self._gap |= not seen and not blind
            self._unseen |= not waiting and not blind
            self._unclosed |= not closed and not blind
        self._gap_now |= not lately and not blind and since < self.bucket
        self.tells |= seen > 0 or lately > 0
        if lately:
            self.started[name] = round(begun * _TENTHS_OF_MINUTE / lately)
        self._known += 1 if seen else 0
        self._seen += seen
        self._started += started
        self._ended += ended
        self._failed += failed
        self._waiting += max(waiting - 1, 0)
        self._oldest = max(self._oldest, oldest)
        for at, (count, time) in enumerate(((begun, lately), (done, lately), (lost, closed))):
            self._rates[at] += count / time if time else 0.0

    def figures(self) -> tuple[int, ...]:
        """The arguments of the script that writes the sum down, after the bucket."""
        entry, waited, lately, closed = (0, 0, 0, 0), (0, 0), (0, 0, 0), (0, 0)
        started, ended, failed = (round(rate * _TENTHS_OF_MINUTE) for rate in self._rates)
        if self._known and not self._gap:
            entry = (round(self._seen / self._known), self._started, self._ended, self._failed)
        if not self._unseen:
            waited = (self._waiting + 1, self._oldest)
        if not self._gap_now:
            lately = (_TENTHS_OF_MINUTE, started, ended)
        if not self._unclosed:
            closed = (_TENTHS_OF_MINUTE, failed)
        return (*entry, *waited, *lately, *closed)
