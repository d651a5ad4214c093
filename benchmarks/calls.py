"""Single calls: publish, publish_many, reserve and ack, and how long Redis is in their scripts."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator
from typing import Any

from .judged import Cost, Result, compared, in_turn, median_us
from .sides import Bench


class Blocks:
    """Blocks of calls on queues of their own; keeps Redis's share of each."""

    def __init__(self, bench: Bench, calls: int) -> None:
        self.bench, self.calls = bench, calls
        self.lua: dict[str, list[float]] = {"ours": [], "theirs": []}

    def publish(self, client: Any, side: str) -> Cost:
        """One publish."""

        def work() -> None:
            for n in range(self.calls):
                client.publish(queue=side, payload={"n": n})

        return self._timed(work, side)

    def publish_many(self) -> Cost:
        """One job in batches of 100."""
        batches = [[{"payload": {"n": n}} for n in range(100)] for _ in range(max(1, self.calls // 50))]

        def work() -> None:
            for jobs in batches:
                self.bench.ours.publish_many(queue="many", jobs=jobs)  # type: ignore[arg-type]

        cost, _ = self.bench.timed(work)
        return Cost(*(seconds / (100 * len(batches)) for seconds in cost))

    def lease(self, client: Any, side: str) -> Cost:
        """One reserve and its ack. The jobs are published before."""
        for n in range(self.calls):
            client.publish(queue=side, payload={"n": n})

        def work() -> None:
            for _ in range(self.calls):
                job = client.reserve(queue=side)
                client.ack_success(queue=side, job_id=job.job_id, lease_token=job.lease_token)

        return self._timed(work, side)

    def _timed(self, work: Callable[[], None], side: str) -> Cost:
        cost, in_scripts = self.bench.timed(work)
        self.lua[side].append(in_scripts / self.calls)
        return Cost(*(seconds / self.calls for seconds in cost))

    def compare(self, measure: Callable[[Any, str], Cost], key: str) -> Iterator[Result]:
        """Our calls and the reference's in turn: the ratio, and Redis's share."""
        measure(self.bench.ours, "ours")
        measure(self.bench.reference, "theirs")
        self.lua = {"ours": [], "theirs": []}
        mine, other = in_turn(
            self.bench.rounds,
            lambda: measure(self.bench.ours, "ours"),
            lambda: measure(self.bench.reference, "theirs"),
        )
        yield compared(key, mine, other)
        ours, theirs = self.lua["ours"], self.lua["theirs"]
        yield Result(f"lua_{key}", statistics.median(ours) * 1e6, median_us(ours), median_us(theirs))


def publish(bench: Bench) -> Iterator[Result]:
    """publish and publish_many, beside single publishes of the reference."""
    blocks = Blocks(bench, bench.size(400, 20))
    yield from blocks.compare(blocks.publish, "publish")
    blocks.publish_many()
    mine, other = in_turn(bench.rounds, blocks.publish_many, lambda: blocks.publish(bench.reference, "theirs"))
    yield compared("publish_many", mine, other)
    bench.server.flush()


def lease(bench: Bench) -> Iterator[Result]:
    """reserve and ack_success by hand."""
    blocks = Blocks(bench, bench.size(300, 10))
    yield from blocks.compare(blocks.lease, "lease")
    bench.server.flush()
