"""Acks of several workers at one time: one round trip takes all of them, and brings each worker's next job back."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from . import clock
from .keys import QueueKeys, encode_id
from .leasing import read_acked
from .models import ReserveResult
from .scripts import script

if TYPE_CHECKING:
    from .connection import Link

MOST = 8
"""So many scripts of 50 µs hold nobody else up."""


class NotNow(Exception):
    """No job is to be reserved just now, so the ack was not sent either."""


class _Ack:
    __slots__ = ("error", "job_id", "lease_token", "next_token", "reply", "turn")

    def __init__(self, job_id: str, lease_token: str) -> None:
        self.job_id, self.lease_token, self.next_token = job_id, lease_token, secrets.token_hex(16)
        self.reply: list[bytes] | None = None
        self.error: BaseException | None = None
        self.turn = threading.Lock()
        self.turn.acquire()


class Trips:
    """`ack_and_reserve` for all workers of one consume().

    While a trip is under way the workers that finish wait, and the first of them takes the others along. Many short
    jobs so cost fewer round trips than each worker's own would, and threads do not crowd each other out; a worker that
    ends alone goes alone and at once.
    """

    def __init__(self, link: Link, queue: str, *, may_reserve: Callable[[], bool]) -> None:
        self._may_reserve = may_reserve
        self._link, self._queue, self._anchor = link, queue, QueueKeys(queue).anchor
        self._lock = threading.Lock()
        self._waiting: list[_Ack] = []
        self._under_way = False

    def ack_and_reserve(self, *, job_id: str, lease_token: str) -> ReserveResult:
        """As `OmniqClient.ack_and_reserve`. Raises NotNow when `may_reserve` says no at the moment of sending.

        What a lost answer raises is raised in each worker that was on the trip.
        """
        mine = _Ack(job_id, lease_token)
        with self._lock:
            waits = self._under_way
            if waits:
                self._waiting.append(mine)
            self._under_way = True
        if waits:
            mine.turn.acquire()
        if mine.reply is None and mine.error is None:
            self._travel(mine)
        if mine.error is not None:
            raise mine.error
        return read_acked(mine.reply or [], mine.next_token, queue=self._queue, job_id=job_id)

    def _travel(self, mine: _Ack) -> None:
        with self._lock:
            party = [mine, *self._waiting[: MOST - 1]]
            del self._waiting[: MOST - 1]
        try:
            if not self._may_reserve():
                raise NotNow
            now = clock.now_ms()
            replies = self._link.run_each(
                script("ack_reserve"),
                self._anchor,
                [(now, encode_id(one.job_id), encode_id(one.lease_token), one.next_token) for one in party],
            )
            for one, reply in zip(party, replies, strict=True):
                if isinstance(reply, BaseException):
                    one.error = reply
                else:
                    one.reply = reply
        except BaseException as error:
            for one in party:
                one.error = error
        with self._lock:
            if self._waiting:
                self._waiting.pop(0).turn.release()
            else:
                self._under_way = False
        for one in party[1:]:
            one.turn.release()
