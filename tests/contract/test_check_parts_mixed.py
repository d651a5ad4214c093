"""What a check would find on a queue that our client and the reference work on together: nothing."""

from __future__ import annotations

from typing import Any

from omniq_core import Link, OmniqClient
from omniq_core.operator.group_check import GroupCheck
from omniq_core.operator.queue_check import QueueCheck
from tests.contract.mixed import Mixed
from tests.contract.walk import Walk
from tests.support.clock import Clock


def test_nothing_is_found_between_the_transitions_of_both(client: OmniqClient, reference: Any, redis: Any) -> None:
    mixed, link = Mixed(client, reference, redis, Clock(), seed=3), Link(client.ops.r, owned=False)
    walk, groups = Walk(mixed, seed=3), 0
    for _ in range(60):
        walk.run(5)
        now = mixed.clock.now_ms
        for check in (QueueCheck(link, mixed.queue, now, 60_000), GroupCheck(link, mixed.queue, now)):
            while not check.step():
                pass
            assert (check.found, check.notes) == ([], [])
            groups = max(groups, check.looked)
    assert groups == 4
