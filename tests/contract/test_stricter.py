"""Where we are stricter or saner than the reference, as the tables of the protocol document say."""

from __future__ import annotations

from typing import Any

import pytest

from omniq_core import OmniqClient
from tests.support.factories import fail_jobs, publish_jobs

T = 1_750_000_000_000
NUMBERS = ["max_attempts", "timeout_ms", "backoff_ms", "due_ms", "group_limit", "now_ms_override"]


@pytest.mark.broken_data
def test_a_batch_that_begins_with_the_id_ERR(client: OmniqClient, reference: Any, redis: Any) -> None:
    """The reference moves the jobs and then takes the first id of the answer for a refusal."""
    for sdk, queue in ((client, "ours"), (reference, "theirs")):
        fail_jobs(sdk, queue, ["ERR"], now_ms=T)
    answer = client.retry_failed_batch(queue="ours", job_ids=["ERR", "x"], now_ms_override=T)
    assert [tuple(item) for item in answer] == [("ERR", "OK", None), ("x", "ERR", "NO_JOB")]
    with pytest.raises(RuntimeError):
        reference.retry_failed_batch(queue="theirs", job_ids=["ERR", "x"], now_ms_override=T)


@pytest.mark.parametrize("limit", ["0", "-3", "abc", ""])
def test_a_stored_limit_that_is_none_counts_as_one(client: OmniqClient, redis: Any, limit: str) -> None:
    redis.set("{q}:g:A:limit", limit)
    publish_jobs(client, "q", ["g1", "g2"], now_ms=T, gid="A", group_limit=5)
    assert client.reserve(queue="q", now_ms_override=T).job_id == "g1"  # type: ignore[union-attr]
    assert client.reserve(queue="q", now_ms_override=T) is None
    redis.delete("{q}:g:A:limit")


@pytest.mark.parametrize(
    "name", ["max_attempts", "timeout_ms", "backoff_ms", "due_ms", "group_limit", "now_ms_override"]
)
@pytest.mark.parametrize("value", [10**14, -(10**14)])
def test_numbers_that_lua_cannot_print_are_refused(client: OmniqClient, redis: Any, name: str, value: int) -> None:
    options: dict[str, Any] = {"gid": "A", name: value}
    with pytest.raises(ValueError, match=name):
        client.publish(queue="q", payload={}, **options)
    assert redis.dbsize() == 0


@pytest.mark.parametrize("value", [float("nan"), float("inf"), [float("-inf")]])
def test_payloads_that_are_no_json_are_refused(client: OmniqClient, redis: Any, value: Any) -> None:
    with pytest.raises(ValueError):
        client.publish(queue="q", payload={"a": value})
    assert redis.dbsize() == 0


@pytest.mark.parametrize("gid", [5, b"x", ["a"], 0], ids=repr)
def test_a_gid_is_a_string(client: OmniqClient, redis: Any, gid: Any) -> None:
    with pytest.raises(TypeError):
        client.publish(queue="q", payload={}, gid=gid)
    assert redis.dbsize() == 0
