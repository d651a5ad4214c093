"""How far a check says that it is: odd jobs are looked at four times, and that is part of the way."""

from __future__ import annotations

from typing import Any

import pytest

from omniq_core import CheckRunner, OmniqClient, read_health, start_check
from tests.operator.bulk import Timer
from tests.operator.test_check_runner import NOW, runner
from tests.support.factories import publish_jobs

pytestmark = pytest.mark.broken_data


def begun(client: OmniqClient, redis: Any) -> tuple[CheckRunner, Timer]:
    """A check of 100 jobs that wait and 2,000 in no lane: 2,100 keys, 100 entries, and four looks at each of 2,000."""
    publish_jobs(client, "a", 100, now_ms=NOW)
    pipe = redis.pipeline()
    for n in range(2_000):
        pipe.hset(f"{{a}}:job:lost-{n}", mapping={"id": f"lost-{n}", "state": "failed", "failed_ms": NOW})
    pipe.execute()
    start_check(client.link, "c1", ["a"], by="", now_ms=NOW)
    return runner(client)


def progress(client: OmniqClient, check: CheckRunner, timer: Timer, until: str | None = None) -> list[tuple[str, int]]:
    """Each phase and percentage that a reader can see, up to that phase or the end."""
    seen: list[tuple[str, int]] = []
    for _ in range(2_000):
        timer.now += max(check.tick(), 0.3)
        now = read_health(client.link).check
        assert now is not None
        if not seen or seen[-1] != (now.phase, now.percent):
            seen.append((now.phase, now.percent))
        if now.state == "finished" or now.phase == until:
            return seen
    raise AssertionError(f"it does not come to its end: {seen[-3:]}")


def test_half_of_the_way_is_left_when_the_second_look_begins(client: OmniqClient, redis: Any) -> None:
    seen = progress(client, *begun(client, redis))
    percents = [percent for _, percent in seen]
    assert percents == sorted(percents)
    # 2,106 keys, 100 entries and 4,000 of 8,000 are about 6,200 of 10,200.
    assert 58 <= next(percent for phase, percent in seen if phase == "again") <= 63
    assert percents[-1] == 100
    assert len({percent for phase, percent in seen if phase == "again"}) > 20


def test_another_process_that_goes_on_does_not_turn_it_back(client: OmniqClient, redis: Any) -> None:
    first, timer = begun(client, redis)
    before = progress(client, first, timer, until="again")[-1][1]
    redis.hset("{omniq:x}:check", "owner_until", 1)
    after = [percent for _, percent in progress(client, *runner(client, timer))]
    assert after[0] >= before
    assert after == sorted(after)
