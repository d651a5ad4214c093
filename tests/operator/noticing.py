"""A leader that looks in rounds, by the clock of the test."""

from __future__ import annotations

from typing import Any

from omniq_core import Background, OmniqClient, read_overview
from omniq_core.operator.notices import NOTICES, Notice, NoticeLimits, read_board
from tests.support.clock import Clock

BUSY_MS = 2_000


class Rounds:
    """A background and the rounds that it makes while somebody looks; `client` is its process's."""

    def __init__(self, client: OmniqClient, clock: Clock, limits: NoticeLimits | None = None, **options: Any) -> None:
        self.client, self.clock = client, clock
        self.background = Background(client.link, clock, timer=lambda: 0.0, limits=limits, **options)

    def go(self, times: int = 1) -> tuple[Notice, ...]:
        """So many rounds, 2 s from one to the next; the notices after the last one."""
        for _ in range(times):
            self.clock.advance(BUSY_MS)
            read_overview(self.client.link, self.clock.now_ms)
            for _ in range(12):  # the walks through groups, counters and failures go on in between
                self.background.tick()
        return self.shown()

    def shown(self) -> tuple[Notice, ...]:
        """What a page reads."""
        return read_board(self.client.link.call("GET", NOTICES)).shown

    def kinds(self, times: int = 1) -> list[str]:
        """The kinds after so many rounds, the worst first."""
        return [one.kind for one in self.go(times)]
