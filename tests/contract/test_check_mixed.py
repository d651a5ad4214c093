"""Checks of a sound queue on which our client and the reference work all the while find nothing."""

from __future__ import annotations

from typing import Any

import pytest

from omniq_core import CheckRunner, Link, OmniqClient, read_health, start_check
from tests.contract.mixed import QUEUE, Mixed
from tests.contract.walk import Walk
from tests.support.clock import Clock
from tests.support.factories import publish_jobs
from tests.support.invariants import check_invariants

CASES = [
    pytest.param(4, 2_000, 20, 200, 2, id="2,000"),
    *(pytest.param(seed, 20_000, 5, 2_000, 10, id=f"20,000 of seed {seed}", marks=pytest.mark.long) for seed in (4, 8)),
]


class Together(Mixed):
    """Steps are not looked at one by one: the check does that. The removals of the reference are a fault of its own."""

    steps = 0

    def _known(self, name: str, arguments: dict[str, Any]) -> bool:
        return super()._known(name, arguments) or name.startswith("remove_")

    def _sound(self, name: str, answer: Any) -> Any:
        self.steps += 1
        return answer


class BusyLink(Link):
    """Before each call of the check others have come."""

    walk: Walk
    between: int

    def run(self, *arguments: Any, **options: Any) -> Any:
        self.walk.run(self.between)
        return super().run(*arguments, **options)

    def run_timed(self, *arguments: Any, **options: Any) -> Any:
        self.walk.run(self.between)
        return super().run_timed(*arguments, **options)

    def pipeline(self, *arguments: Any, **options: Any) -> Any:
        self.walk.run(self.between)
        return super().pipeline(*arguments, **options)


@pytest.mark.parametrize(("seed", "transitions", "between", "jobs", "checks"), CASES)
def test_nothing_is_found_while_both_work(
    client: OmniqClient,
    reference: Any,
    redis: Any,
    seed: int,
    transitions: int,
    between: int,
    jobs: int,
    checks: int,
) -> None:
    mixed = Together(client, reference, redis, Clock(), seed)
    for gid in (None, "A", "b c"):
        publish_jobs(client, QUEUE, [f"first-{gid}-{n}" for n in range(jobs)], now_ms=mixed.clock.now_ms, gid=gid)
    link = BusyLink(client.ops.r, owned=False)
    link.walk, link.between = Walk(mixed, seed), between
    check = CheckRunner(link, mixed.clock, timer=lambda: mixed.clock.now_ms / 1000)
    done = 0
    while done < checks or mixed.steps < transitions:
        start_check(client.link, f"c{done}", [QUEUE], by="", now_ms=mixed.clock.now_ms)
        check.look_now()
        while (health := read_health(client.link)).check.state == "running":  # type: ignore[union-attr]
            mixed.clock.advance(int(check.tick() * 1000))
        (report,) = health.reports
        assert (report.found, report.rows, report.notes, report.broken) == ({}, (), (), ""), (
            f"check {done}, seed {seed}"
        )
        done += 1
    check_invariants(redis, QUEUE)
