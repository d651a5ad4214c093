"""What is measured and how good it has to be: a floor that must hold, and an aim."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from dataclasses import dataclass


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


@dataclass(frozen=True, slots=True)
class Result:
    """One measured value, and the two figures behind it as text."""

    key: str
    value: float
    ours: str
    theirs: str

    def line(self) -> str:
        """A row of the table."""
        limit = LIMITS[self.key]
        verdict = "PASS" if limit.holds(self.value, limit.floor) else "BELOW"
        reached = "aim reached" if limit.holds(self.value, limit.aim) else ""
        return (
            f"{limit.name:<50} {self.value:>8.2f} {limit.unit:<5} {limit.floor:>6g} {limit.aim:>6g}  "
            f"{verdict:<5} {reached:<11}  {self.ours} | {self.theirs}"
        )


HEADING = f"{'measure':<50} {'value':>8} {'':<5} {'floor':>6} {'aim':>6}  {'':<5} {'':<11}  ours | reference"


def in_turn(
    rounds: int, ours: Callable[[], float], theirs: Callable[[], float]
) -> tuple[list[float], list[float], float]:
    """Both figures of each round, and the median of the rounds' ratios theirs / ours.

    The two run right after each other, the first in turn, so that a busy machine slows both alike.
    """
    mine: list[float] = []
    other: list[float] = []
    for turn in range(rounds):
        if turn % 2:
            other.append(theirs())
        mine.append(ours())
        if not turn % 2:
            other.append(theirs())
    return mine, other, statistics.median(b / a for a, b in zip(mine, other, strict=True))


def median_us(seconds: list[float]) -> str:
    """The median of times in s, as text in µs."""
    return f"{statistics.median(seconds) * 1e6:,.1f} µs"
