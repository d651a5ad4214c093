"""Retry or remove everything that is in a lane now, batch by batch, without holding Redis up."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator, Sequence
from typing import cast

from . import clock
from .batches import LANES, batch_results
from .connection import Arg, Link
from .errors import BadLane
from .keys import QueueKeys, decode_id, decode_text
from .models import BatchResultItem
from .numbers import checked_number
from .pacing import Pace
from .scripts import Script, script
from .trash import Keep, keep_args

LOOK = 10
"""A batch looks at this many times more jobs than it takes: some are of another kind (grouped, already retried)."""

Results = Iterator[list[BatchResultItem]]


class WholeLanes:
    """The part of OmniqClient that works through a whole lane."""

    link: Link

    def retry_all(self, *, queue: str, now_ms_override: int = 0) -> Results:
        """Retries every job that is in the failed lane at this call, the oldest first; yields each batch's results.

        Nothing moves before the first `next()`. Jobs that fail later, or fail again meanwhile, are left alone. A batch
        has at most 100 jobs and as many as Redis does in about 8 ms; after a slower one the generator waits. A batch
        whose answer is lost raises redis-py's exception and is never sent again: call `retry_all` anew for the rest.
        """
        keys = QueueKeys(queue)
        now = _now(now_ms_override)
        return self._through(keys, script("retry_walk"), secrets.token_hex(16), self._mark(keys, "failed"), now)

    def remove_all(self, *, queue: str, lane: str, now_ms_override: int = 0, keep: Keep | None = None) -> Results:
        """Removes every job that is in a lane (wait gwait delayed failed completed) at this call, as `retry_all` goes.

        Jobs that workers lease meanwhile are theirs. For `gwait` the queue must be written by SDKs from 3.0.0 on.
        `keep` as for `remove_jobs_batch`: each job is kept from its own removal on. Raises BadLane.
        """
        keys = QueueKeys(queue)
        if lane not in LANES:
            raise BadLane("REMOVE_ALL", queue=queue)
        now = _now(now_ms_override)
        mark = self._mark(keys, "wait" if lane == "gwait" else lane)
        return self._through(keys, script("remove_walk"), lane, mark, now, keep_args(keep))

    def _mark(self, keys: QueueKeys, lane: str) -> list[bytes]:
        return cast(list[bytes], self.link.run(script("lane_mark"), keys.anchor, lane, read=True))

    def _through(
        self, keys: QueueKeys, walk: Script, kind: str, mark: list[bytes], now: int, more: Sequence[Arg] = ()
    ) -> Results:
        if not mark:
            return
        by_places, mark_score, mark_id = mark
        score, last_id = b"0" if by_places == b"1" else b"", b""
        pace = Pace()
        finished = 0
        while not finished:
            reply, took = self.link.run_timed(
                walk,
                keys.anchor,
                *(now or clock.now_ms(), secrets.token_hex(16), kind, by_places),
                *(score, last_id, mark_score, mark_id, pace.size, LOOK * pace.size, *more),
            )
            finished, score, last_id, mark_score, ids, answers = reply
            ended, rest = time.perf_counter(), pace.after(took)
            if ids:
                yield batch_results([decode_id(one) for one in ids], [decode_text(answer) for answer in answers])
            if not finished and (wait := rest - (time.perf_counter() - ended)) > 0:
                time.sleep(wait)


def _now(override: int) -> int:
    return checked_number("now_ms_override", override) if override else 0
