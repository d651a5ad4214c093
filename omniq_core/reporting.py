"""What a consumer says: each kind of trouble once, however long it lasts, and once more when it is over."""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Callable
from typing import Any

from .explaining import explain_redis_error

log = logging.getLogger(__name__)

# An outage shows as one of these after the other; to people it is one thing.
_AWAY = frozenset(
    {
        "connection refused",
        "connection lost",
        "no answer in time",
        "host not found",
        "its host cannot be reached",
        "its socket is not there",
        "its socket may not be opened",
        "a file of certificates is not there",
        "a file of certificates may not be opened",
        "it hung up before its first answer, as one does that wants TLS (rediss://)",
        "it takes no more connections",
        "it is loading its data",
        "it is busy with a script",
        "it is a read-only replica",
        "it is a replica that has lost its master",
        "it has too few replicas to write",
        "no sentinel answers",
        "the sentinels name no master",
        "its keys are moving to another node",
        "its cluster is down",
        "its cluster has slots that no node serves",
    }
)


def is_away(error: BaseException) -> bool:
    """Whether the error says that this Redis cannot be worked with now, so that trying again makes sense."""
    return explain_redis_error(error) in _AWAY


class Reporter:
    """Lines about one consumer, from any of its threads: to `say` when it is given, else to the module's logger."""

    def __init__(self, queue: str, say: Callable[[str], Any] | None) -> None:
        self._queue, self._say = queue, say
        self._lock = threading.Lock()
        self._away_since: float | None = None
        self._back_at = -math.inf
        self._said: set[tuple[str, str]] = set()

    def event(self, text: str, *args: object) -> None:
        """Something ordinary: a debug line."""
        if self._say is not None or log.isEnabledFor(logging.DEBUG):
            self._line(logging.DEBUG, text % args)

    def warn(self, text: str, *args: object) -> None:
        """Something that somebody should know, each time it happens."""
        self._line(logging.WARNING, f"{self._queue}: {text % args}")

    def failed(self, what: str, error: BaseException, began: float | None = None) -> None:
        """A call to Redis failed. Said once per kind until `worked` says that it is over.

        `began`: when the call did, as time.monotonic() counts. One that an outage swallowed ends after another thread
        has seen that Redis is back: that is no new outage.
        """
        words = explain_redis_error(error)
        with self._lock:
            if words in _AWAY:
                if self._away_since is not None or (began is not None and began < self._back_at):
                    return
                self._away_since = time.monotonic()
                text = f"Redis is away ({words}); going on when it is back"
            else:
                if (what, words) in self._said:
                    return
                self._said.add((what, words))
                text = f"{what} failed, said once until it works: {error}"
        self._line(logging.WARNING, f"{self._queue}: {text}")

    def worked(self, what: str, began: float | None = None) -> None:
        """The same call did not fail: what was wrong with it may be said again.

        `began` as with `failed`: what was answered before Redis went away does not say that it is back.
        """
        if self._away_since is None and not self._said:
            return
        with self._lock:
            since = self._away_since
            if since is not None and began is not None and began < since:
                return
            if since is not None:
                self._away_since, self._back_at = None, time.monotonic()
            self._said = {(told, words) for told, words in self._said if told != what}
        if since is not None:
            self._line(logging.INFO, f"{self._queue}: Redis is back after {time.monotonic() - since:.1f} s")

    def raised(self, what: str) -> None:
        """Somebody's own function raised. Its traceback is logged the first time, then it is passed over."""
        with self._lock:
            if (what, "raised") in self._said:
                return
            self._said.add((what, "raised"))
        log.exception("%s: %s raised, said once", self._queue, what)

    def _line(self, level: int, line: str) -> None:
        if self._say is None:
            log.log(level, "%s", line)
            return
        try:
            self._say(f"[omniq] {line}")
        except Exception:
            self.raised("the logger given to consume")
