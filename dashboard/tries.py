"""How often a password may be tried: by name and address, by address, and by name."""

from __future__ import annotations

import hmac
import logging
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field

from omniq_core import REDIS_ERRORS, Attempt, Link, attempt_wait, explain_redis_error, forgive_attempt, take_attempt

from .formatting import duration

WINDOW_MS = 300_000
PAIR, ADDRESS, NAME = 5, 20, 100
"""Tries in a window: of one name from one address, of any name from one address, of one name from anywhere."""
_BUCKETS = 4_096
"""Of each kind: more names share them, so that nobody can fill Redis, or a process."""
AWAY_MS = 10_000
"""So long Redis is left alone after it did not answer."""
_log = logging.getLogger(__name__)
_Buckets = Sequence[tuple[str, int]]


@dataclass(slots=True)
class Tries:
    """Counts in Redis for all processes; where that is away, or `link` is None, in this process. For many threads."""

    link: Link | None
    _away_until: int = 0
    _here: dict[str, tuple[int, int]] = field(default_factory=dict[str, tuple[int, int]])
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, key: bytes, name: str, address: str, now_ms: int) -> Attempt:
        """Counts a try of `name` from `address`, or says how long none may be made. `key` hides both in Redis."""
        buckets = _buckets(key, name, address)
        if self.link is not None and not self.away(now_ms):
            try:
                return take_attempt(self.link, buckets, now_ms=now_ms, window_ms=WINDOW_MS)
            except REDIS_ERRORS as error:
                self._alone(now_ms, error)
        with self._lock:
            if wait := self._wait(buckets, now_ms):
                return Attempt(wait, 0)
            found = [self._of(bucket, now_ms) for bucket, _ in buckets]
            for (bucket, limit), (n, ends) in zip(buckets, found, strict=True):
                self._here[bucket] = (n + 1, now_ms + WINDOW_MS if n + 1 >= limit else ends)
            return Attempt(0, PAIR - found[0][0] - 1)

    def wait(self, key: bytes, name: str, address: str, now_ms: int, *, anywhere: bool = True) -> int:
        """How long `name` may not be tried from `address`, in ms; 0: it may. Counts nothing.

        Without `anywhere` by what was tried from that address alone.
        """
        buckets = _buckets(key, name, address)[: None if anywhere else 2]
        if self.link is not None and not self.away(now_ms):
            try:
                return attempt_wait(self.link, buckets, now_ms=now_ms, window_ms=WINDOW_MS)
            except REDIS_ERRORS as error:
                self._alone(now_ms, error)
        with self._lock:
            return self._wait(buckets, now_ms)

    def forgive(self, key: bytes, name: str, address: str, now_ms: int) -> None:
        """The last try of `name` from `address` was a good one."""
        buckets = _buckets(key, name, address)
        if self.link is not None and not self.away(now_ms):
            try:
                forgive_attempt(self.link, buckets, now_ms=now_ms, window_ms=WINDOW_MS)
            except REDIS_ERRORS as error:
                _log.warning("omniq: a sign-in stays counted: %s", explain_redis_error(error))
        with self._lock:
            self._here.pop(buckets[0][0], None)
            for bucket, _ in buckets[1:]:
                n, ends = self._of(bucket, now_ms)
                self._here[bucket] = (max(n - 1, 0), ends)

    def away(self, now_ms: int) -> bool:
        """Did Redis not answer a moment ago? Whoever waited for it once must not wait a second time."""
        return 0 < self._away_until - now_ms <= AWAY_MS

    def _alone(self, now_ms: int, error: Exception) -> None:
        self._away_until = now_ms + AWAY_MS
        _log.warning("omniq: tries to sign in are counted per process: %s", explain_redis_error(error))

    def _wait(self, buckets: _Buckets, now_ms: int) -> int:
        found = ((self._of(bucket, now_ms), limit) for bucket, limit in buckets)
        return max((ends - now_ms for (n, ends), limit in found if n >= limit), default=0)

    def _of(self, bucket: str, now_ms: int) -> tuple[int, int]:
        n, ends = self._here.get(bucket, (0, 0))
        return (n, ends) if 0 < ends - now_ms <= WINDOW_MS else (0, now_ms + WINDOW_MS)


def _buckets(key: bytes, name: str, address: str) -> _Buckets:
    told = (("b", f"{name}\n{address}", PAIR), ("a", address, ADDRESS), ("n", name, NAME))
    return [(f"{kind}{_number(key, kind + text)}", limit) for kind, text, limit in told]


def _number(key: bytes, text: str) -> int:
    return int.from_bytes(hmac.digest(key, text.encode("utf-8", "replace"), "sha256")[:4], "big") % _BUCKETS


def too_many(wait_ms: int) -> str:
    """What is said to whoever may not try now: the pause in whole seconds, rounded up."""
    return f"Too many tries. The next one is possible in {duration(-(-wait_ms // 1_000) * 1_000)}."
