"""Which queues somebody looks at in a way that gives the background work: told to whoever leads."""

from __future__ import annotations

from collections.abc import Callable

from ..connection import Link
from ..numbers import read_int
from ..replies import scored
from .overview import MOST_WANTED, queue_name

WANTED_MS = 60_000
ASK_MS = 2_000


def note_look(looked: dict[str, int], queue: str, now_ms: int) -> None:
    """Somebody looks at this queue now."""
    looked.pop(queue, None)  # to stand last
    looked[queue] = now_ms
    for oldest in list(looked)[:-MOST_WANTED]:
        looked.pop(oldest, None)


class Looks:
    """The looks that a process noted (`looked`: queue to ms), and the zset `key` in which processes share theirs."""

    def __init__(self, link: Link, key: bytes, looked: Callable[[], dict[str, int]]) -> None:
        self.link = link
        self._key = key
        self._looked = looked
        self._asked_at = self._told_at = 0

    def tell(self, now_ms: int) -> None:
        """Somebody looked in a process that does not lead: the leader learns of it. Raises what Redis raised."""
        fresh = {name: at for name, at in dict(self._looked()).items() if at > self._told_at}
        if not fresh:
            return
        self._told_at = now_ms
        pairs = [part for name, at in fresh.items() for part in (at, name)]
        for reply in self.link.pipeline(
            [
                ("ZADD", self._key, "GT", *pairs),
                ("ZREMRANGEBYRANK", self._key, 0, -MOST_WANTED - 1),
                ("PEXPIRE", self._key, WANTED_MS),
            ]
        ):
            if isinstance(reply, Exception):
                raise reply

    def wanted(self, now_ms: int) -> tuple[str, ...]:
        """The queues that somebody looked at in the last minute, at most 100. Raises what Redis raised."""
        looked = self._looked()
        if now_ms - self._asked_at >= ASK_MS:
            self._asked_at = now_ms
            for name, at in self._shared(now_ms).items():
                looked[name] = max(looked.get(name, 0), at)
        known = dict(looked)  # other threads look meanwhile
        latest = sorted(known, key=lambda name: -known[name])[:MOST_WANTED]
        wanted = sorted(name for name in latest if now_ms - known[name] <= WANTED_MS)
        for name in known.keys() - set(wanted):
            looked.pop(name, None)
        return tuple(wanted)

    def _shared(self, now_ms: int) -> dict[str, int]:
        span = ("+inf", now_ms - WANTED_MS, "WITHSCORES", "LIMIT", 0, MOST_WANTED)
        reply = self.link.pipeline([("ZREVRANGEBYSCORE", self._key, *span)])[0]
        if isinstance(reply, Exception):
            if "WRONGTYPE" not in str(reply):
                raise reply
            self.link.pipeline([("DEL", self._key)])  # the key is ours: what another type holds there is rubbish
            return {}
        return {name: read_int(score) or 0 for raw, score in scored(reply) if (name := queue_name(raw))}
