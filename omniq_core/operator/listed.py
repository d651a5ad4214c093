"""Which queues the lists of other processes name: told to whoever leads, whose own list may be another."""

from __future__ import annotations

from collections.abc import Sequence

from ..connection import Link
from ..keys import global_key
from .overview import MOST_SAMPLED, queue_name
from .rights import is_forbidden

LISTED = global_key("listed")
"""Zset of queues: when a process last told that its list names it."""

TELL_MS, KEPT_MS = 20_000, 60_000
WANTED_MS = 600_000
"""Longer than the key lives by itself: the clocks of processes are apart."""


class Lists:
    """What a process tells of its own list, and reads of those of others. Not for more than one thread at once."""

    def __init__(self, link: Link, own: Sequence[str]) -> None:
        self.link = link
        self._own = own[:MOST_SAMPLED]
        self._tell_at = 0

    def tell(self, now_ms: int) -> None:
        """Another process leads: it looks after the queues of this one's list, too. Raises what Redis raised."""
        if not self._own or now_ms < self._tell_at:
            return
        self._tell_at = now_ms + TELL_MS
        pairs = [part for name in self._own for part in (now_ms, name)]
        for reply in self.link.pipeline(
            [
                ("ZADD", LISTED, *pairs),
                ("ZREMRANGEBYSCORE", LISTED, "-inf", now_ms - WANTED_MS),
                ("ZREMRANGEBYRANK", LISTED, 0, -MOST_SAMPLED - 1),
                ("PEXPIRE", LISTED, KEPT_MS),
            ]
        ):
            if isinstance(reply, Exception):
                raise reply

    def told(self, now_ms: int) -> frozenset[str]:
        """The queues that the lists of others name. Raises what Redis raised when it did not answer."""
        reply = self.link.pipeline([("ZRANGEBYSCORE", LISTED, now_ms - WANTED_MS, "+inf")])[0]
        if isinstance(reply, Exception):
            if is_forbidden(reply):
                return frozenset()
            if "WRONGTYPE" not in str(reply):
                raise reply
            self.link.pipeline([("DEL", LISTED)])  # the key is ours: what another type holds there is rubbish
            return frozenset()
        return frozenset(name for raw in reply if (name := queue_name(raw)))
