"""What is measured and how good it has to be: a floor that must hold, and an aim."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple


@dataclass(frozen=True, slots=True)
class Limit:
    """A measure. Ratios ("x": how many times as fast as the reference) must be high, everything else low."""

    name: str
    unit: str
    floor: float
    aim: float

    def holds(self, value: float, limit: float) -> bool:
        """Whether a value is on the right side of a limit."""
        return value >= limit if self.unit == "x" else value <= limit


LIMITS = {
    "publish": Limit("publish, one by one", "x", 1.10, 1.4),
    "publish_many": Limit("publish_many, batches of 100, per job", "x", 5.0, 7.0),
    "lease": Limit("reserve + ack by hand", "x", 1.10, 1.4),
    "lua_publish": Limit("Lua time of a publish", "us", 23.0, 23.0),
    "lua_lease": Limit("Lua time of a reserve and an ack", "us", 48.0, 48.0),
    "drain_1": Limit("drain of trivial jobs, 1 worker", "x", 3.0, 4.5),
    "drain_8": Limit("drain of trivial jobs, 8 workers", "x", 3.0, 6.0),
    "drain_8_to_1": Limit("8 workers beside 1 worker, both ours", "x", 1.0, 1.0),
    "drain_16": Limit("drain of 5 ms handlers, 16 workers", "x", 10.0, 14.0),
    "cpu": Limit("client CPU per drained job", "us", 250.0, 130.0),
    "retry_ends": Limit("retry 100 of 200,000 failed, 1,000,000 wait: ends", "ms", 8.0, 1.5),
    "retry_middle": Limit("the same from the middle", "ms", 20.0, 1.5),
    "remove_middle": Limit("remove 100 from the middle of 1,000,000", "ms", 30.0, 12.0),
    "retry_small": Limit("retry 100 of 200 failed", "x", 0.9, 1.2),
    "remove_small": Limit("remove 100 of 200 waiting", "x", 0.9, 1.2),
    "import": Limit("import omniq_core beside import redis", "of it", 1.15, 1.15),
}


class Cost(NamedTuple):
    """Seconds of one call, and the CPU seconds of this process and of Redis together."""

    wall: float
    cpu: float = 0.0


@dataclass(frozen=True, slots=True)
class Result:
    """One measured value, the two figures behind it as text, and the ratio of the CPU times where it was taken."""

    key: str
    value: float
    ours: str
    theirs: str
    by_cpu: float | None = None

    def line(self) -> str:
        """A row of the table."""
        limit = LIMITS[self.key]
        verdict = "PASS" if limit.holds(self.value, limit.floor) else "BELOW"
        reached = "aim reached" if limit.holds(self.value, limit.aim) else ""
        by_cpu = "" if self.by_cpu is None else f"{self.by_cpu:.2f}"
        return (
            f"{limit.name:<50} {self.value:>8.2f} {limit.unit:<5} {limit.floor:>6g} {limit.aim:>6g}  "
            f"{verdict:<5} {reached:<11}  {by_cpu:>6}  {self.ours} | {self.theirs}"
        )


HEADING = f"{'measure':<50} {'value':>8} {'':<5} {'floor':>6} {'aim':>6}  {'':<5} {'':<11}  by CPU  ours | reference"


def in_turn(rounds: int, ours: Callable[[], Cost], theirs: Callable[[], Cost]) -> tuple[list[Cost], list[Cost]]:
    """Both costs of each round. The two run right after each other, the first in turn, so that a busy machine slows
    both alike."""
    mine: list[Cost] = []
    other: list[Cost] = []
    for turn in range(rounds):
        if turn % 2:
            other.append(theirs())
        mine.append(ours())
        if not turn % 2:
            other.append(theirs())
    return mine, other


def compared(key: str, mine: list[Cost], other: list[Cost]) -> Result:
    """How many times as fast ours is: the median of the rounds' own ratios."""
    pairs = list(zip(mine, other, strict=True))
    by_cpu = statistics.median(b.cpu / a.cpu for a, b in pairs) if all(a.cpu for a in mine) else None
    ratio = statistics.median(b.wall / a.wall for a, b in pairs)
    return Result(key, ratio, median_us([a.wall for a in mine]), median_us([b.wall for b in other]), by_cpu)


def median_us(seconds: list[float]) -> str:
    """The median of times in s, as text in µs."""
    return f"{statistics.median(seconds) * 1e6:,.1f} µs"
