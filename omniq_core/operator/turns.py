"""Work on the queues that somebody looks at, a piece on one of them at a time, which leaves Redis time for others."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

from ..connection import REDIS_ERRORS
from .looks import Looks
from .rights import Denied, keeps_out

PIECE_S = 0.003
"""How long one script may hold Redis."""

SHARE = 0.2
"""The most of Redis's time that this takes."""

ROUND_MS = 2_000


class Rounds(Protocol):
    """What a process knows of one queue. `round_at`: when there is something to do again (ms)."""

    round_at: int


QueueT = TypeVar("QueueT", bound=Rounds)


class Turns(Generic[QueueT]):
    """The queues take turns. `new` is what is known of a queue at first; `work` does a piece and gives the seconds that
    Redis was busy with it, None when there is nothing to do yet. Not for more than one thread at once."""

    def __init__(
        self, looks: Looks, new: Callable[[], QueueT], work: Callable[[str, QueueT, int], float | None]
    ) -> None:
        self._looks, self._new, self._work = looks, new, work
        self.queues: dict[str, QueueT] = {}
        self._turn = 0
        self._denied = Denied[str]()

    def step(self, now_ms: int) -> float:
        """One piece of work on one queue; how many seconds to leave Redis alone now. Raises what Redis raised."""
        denied = self._denied.now(now_ms)  # somebody else may look at them
        names = [name for name in self._looks.wanted(now_ms) if name not in denied]
        self.queues = {name: self.queues.get(name) or self._new() for name in names}
        for offset in range(len(names)):
            name = names[(self._turn + offset) % len(names)]
            began = time.perf_counter()
            try:
                busy_s = self._work(name, self.queues[name], now_ms)
            except REDIS_ERRORS as error:
                if not keeps_out(error):
                    raise
                self._denied.note([name], now_ms)
                busy_s = 0.0
            if busy_s is not None:
                self._turn += offset + 1
                return min(max(busy_s / SHARE - (time.perf_counter() - began), 0.0), 1.0)
        return min([1.0, *(max(queue.round_at - now_ms, 0) / 1000 for queue in self.queues.values())])


def next_size(size: int, took_s: float, least: int, most: int) -> int:
    """How many the next piece takes, so that it holds Redis for about 3 ms; at most twice as many as this one."""
    return int(min(max(size * PIECE_S / max(took_s, 1e-4), least), size * 2, most))
