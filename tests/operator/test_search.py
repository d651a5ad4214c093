"""Jobs by their id across queues, in few round trips; ids that begin with a text, in bounded parts."""

from __future__ import annotations

from itertools import count, pairwise
from typing import Any

import pytest

from omniq_core import FoundJob, FoundPart, OmniqClient, find_jobs_by_id, find_jobs_by_prefix
from tests.support.factories import fail_jobs, publish_jobs

NOW = 1_750_000_000_000


def everything(queue: str) -> bool:
    return bool(queue)


def all_parts(client: OmniqClient, prefix: str, **options: Any) -> tuple[set[FoundJob], list[FoundPart]]:
    parts = [find_jobs_by_prefix(client.link, prefix, may_see=everything, **options)]
    while parts[-1].cursor:
        last = parts[-1]
        assert len(parts) < 1_000
        parts.append(
            find_jobs_by_prefix(client.link, prefix, may_see=everything, cursor=last.cursor, seen=last.seen, **options)
        )
    return {job for part in parts for job in part.jobs}, parts


def test_an_id_is_looked_for_in_a_thousand_queues_at_once(client: OmniqClient) -> None:
    publish_jobs(client, "q0007", ["a"], now_ms=NOW)
    fail_jobs(client, "q0999", ["a", "b"], now_ms=NOW)
    queues = [f"q{n:04}" for n in range(1_000)]
    before = client.link.round_trips
    assert find_jobs_by_id(client.link, ["a"], queues) == (
        FoundJob("q0007", "a", "wait"),
        FoundJob("q0999", "a", "failed"),
    )
    assert client.link.round_trips - before == 2
    before = client.link.round_trips
    assert [job.queue for job in find_jobs_by_id(client.link, ["b"], queues)] == ["q0999"]
    assert find_jobs_by_id(client.link, ["c"], queues) == ()
    assert client.link.round_trips - before == 2


@pytest.mark.parametrize("prefix", ["a*", "a[b]", "a?", "\\", "^a", "a\nb", "🔥", "\udcff", "x}:job:y"], ids=ascii)
def test_a_prefix_is_taken_as_it_is(client: OmniqClient, prefix: str) -> None:
    ids = [prefix, f"{prefix}-1"]
    publish_jobs(client, "mail", [*ids, "abc", "ab", "a", "other"], now_ms=NOW)
    found, _ = all_parts(client, prefix)
    assert {job.job_id for job in found} == set(ids)


@pytest.mark.broken_data
def test_other_keys_are_no_jobs(client: OmniqClient, redis: Any) -> None:
    publish_jobs(client, "mail", ["abc"], now_ms=NOW)
    redis.mset({"{b ad}:job:abc": "x", "{}:job:abc": "x", "mail:job:abc": "x", "x{q}:job:abc": "x"})
    redis.set("{text}:job:abc", "of another type")
    assert all_parts(client, "ab")[0] == {FoundJob("mail", "abc", "wait")}
    assert find_jobs_by_prefix(client.link, "ab", may_see=lambda queue: queue != "mail").jobs == ()


def test_a_part_ends_after_its_time_or_fifty_jobs(client: OmniqClient, redis: Any) -> None:
    redis.mset({f"other:{n}": "x" for n in range(20_000)})
    publish_jobs(client, "mail", [f"job-{n:04}" for n in range(400)], now_ms=NOW)
    time_s = count(step=0.06)  # three steps of a part at most
    found, parts = all_parts(client, "job-0", timer=lambda: next(time_s))
    assert {job.job_id for job in found} == {f"job-{n:04}" for n in range(400)}
    assert all(part.seen < later.seen <= part.total for part, later in pairwise(parts))
    assert len(parts) >= 5
    client.publish_many(queue="crm", jobs=[{"payload": {}, "job_id": f"z{n:05}"} for n in range(3_000)])
    _, parts = all_parts(client, "z")
    assert all(len(part.jobs) < 350 for part in parts)
