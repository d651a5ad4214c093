"""Operations that are ours alone: other SDKs have no word for them and see an ordinary queue afterwards."""

from __future__ import annotations

import secrets
from collections.abc import Iterable

from . import clock
from .batches import batch_ids, batch_results
from .connection import Link
from .errors import LimitChanged, error_for
from .keys import QueueKeys, decode_text, encode_id
from .leasing import read_acked
from .models import BatchResultItem, ReserveResult
from .numbers import checked_number
from .scripts import script


class OwnOperations:
    """The part of OmniqClient that the reference SDK does not have."""

    link: Link

    def run_now(self, *, queue: str, job_id: str, now_ms_override: int = 0) -> None:
        """Puts a delayed job at the tail of its lane, whatever its due time. Raises NoJob, NotDelayed."""
        answer = self._run_now(QueueKeys(queue), [job_id], now_ms_override)[0]
        if answer != "OK":
            code = "NO_JOB" if answer == "BAD_JOB_ID" else answer
            raise error_for("RUN_NOW", code, queue=queue, job_id=job_id)

    def run_now_batch(self, *, queue: str, job_ids: Iterable[str], now_ms_override: int = 0) -> list[BatchResultItem]:
        """The same for up to 100 ids, atomically; one result per id. Raises ValueError for more."""
        ids = batch_ids(job_ids)
        keys = QueueKeys(queue)
        return batch_results(ids, self._run_now(keys, ids, now_ms_override)) if ids else []

    def _run_now(self, keys: QueueKeys, ids: list[str], override: int) -> list[str]:
        now = checked_number("now_ms_override", override) if override else clock.now_ms()
        return [decode_text(a) for a in self.link.run(script("run_now"), keys.anchor, now, *map(encode_id, ids))]

    def set_group_limit(
        self, *, queue: str, gid: str, limit: int, seen: int | None = None, now_ms_override: int = 0
    ) -> int:
        """Lets `limit` jobs of a group run at once, from now on, and returns the limit before. Jobs that run go on.

        `gid` is taken as it stands. With `seen`, the limit that the caller knew, one that somebody else has set since
        stays: that raises LimitChanged. ValueError for an empty gid and a limit below 1.
        """
        if not gid:
            raise ValueError("ungrouped jobs have no limit")
        if limit < 1:
            raise ValueError(f"a limit is at least 1, not {limit}")
        now = checked_number("now_ms_override", now_ms_override) if now_ms_override else clock.now_ms()
        args = (now, encode_id(gid), checked_number("limit", limit), "" if seen is None else seen)
        code, before = self.link.run(script("set_group_limit"), QueueKeys(queue).anchor, *args)
        if code != b"OK":
            raise LimitChanged("SET_GROUP_LIMIT", queue=queue, limit=int(before))
        return int(before)

    def ack_and_reserve(self, *, queue: str, job_id: str, lease_token: str, now_ms_override: int = 0) -> ReserveResult:
        """`ack_success` of one job and `reserve` of the next in one step: half the round trips of a busy worker.

        Raises TokenRequired, TokenMismatch, NotActive; then nothing was leased. Never call it again when its answer was
        lost: repeat `ack_success(..., repeated=True)` alone, and leave a lease that nobody saw to the reaper.
        """
        token = secrets.token_hex(16)
        now = checked_number("now_ms_override", now_ms_override) if now_ms_override else clock.now_ms()
        args = (now, encode_id(job_id), encode_id(lease_token or ""), token)
        reply = self.link.run(script("ack_reserve"), QueueKeys(queue).anchor, *args)
        return read_acked(reply, token, queue=queue, job_id=job_id)
