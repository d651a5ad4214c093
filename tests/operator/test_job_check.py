"""What is wrong with a job is found, named once and by the right name, and nothing else is."""

from __future__ import annotations

from typing import Any

import pytest

from omniq_core import OmniqClient
from omniq_core.operator import job_check
from omniq_core.operator.job_check import OrphanSearch
from omniq_core.operator.job_look import JobLook
from tests.operator.job_checks import find, first_look, kinds, second_look
from tests.operator.job_states import BROKEN, HOSTILE, Spoiler, T, make_one_of_each
from tests.support.factories import publish_jobs

pytestmark = pytest.mark.broken_data


@pytest.fixture
def one_of_each(client: OmniqClient) -> OmniqClient:
    return make_one_of_each(client)


@pytest.mark.parametrize("name", BROKEN)
def test_each_trouble_has_its_name(one_of_each: OmniqClient, redis: Any, name: str) -> None:
    broken = BROKEN[name]
    broken.spoil(redis)
    found = find(one_of_each.link, redis)
    assert kinds(found) == {broken.job: broken.kind}
    assert found[broken.job].facts["keep"] == broken.after


def test_a_sound_queue_has_none(one_of_each: OmniqClient, redis: Any) -> None:
    check = first_look(one_of_each.link, redis)
    assert (check.found, check.looked, check.fault) == ([], 10, "")


def test_an_empty_queue_has_none(client: OmniqClient, redis: Any) -> None:
    check = first_look(client.link, redis)
    assert (check.found, check.looked, check.fault) == ([], 0, "")


def test_what_is_told_of_a_job(one_of_each: OmniqClient, redis: Any) -> None:
    Spoiler(redis).into("failed", "a2").into("delayed", "a2").into("idx:failed", "a2")
    facts = dict(find(one_of_each.link, redis)["a2"].facts)
    assert len(facts.pop("print")) == 16
    assert facts == {
        "state": "wait",
        "gid": "A",
        "lanes": [["delayed", None], ["failed", 2], ["g:A:wait", 1]],
        "idx": ["wait", "failed"],
        "updated": str(T + 41),
        "keep": "g:A:wait",
    }


def test_a_record_that_names_no_lane_cannot_go_back(one_of_each: OmniqClient, redis: Any) -> None:
    redis.hset("{q}:job:half", "state", "active")
    redis.hset("{q}:job:odd", mapping={"id": "odd", "state": "running"})
    found = find(one_of_each.link, redis)
    assert kinds(found) == {"half": "orphans", "odd": "orphans"}
    assert [one.facts["keep"] for one in found.values()] == ["", ""]


def test_a_queue_of_an_old_sdk_lacks_no_entries_of_indexes(one_of_each: OmniqClient, redis: Any) -> None:
    redis.delete(*(f"{{q}}:idx:{lane}" for lane in ("wait", "active", "delayed", "failed", "completed")))
    Spoiler(redis).lost("w1").into("failed", "a1").out_of("delayed", "d1")
    expected = {"w1": "ghosts", "a1": "two_lanes", "d1": "orphans"}
    assert kinds(find(one_of_each.link, redis, old_index=True)) == expected
    without = find(one_of_each.link, redis)
    assert {job for job, one in without.items() if one.kind == "idx"} == {"w2", "a2", "b1", "r1", "f1", "f2", "c1"}


@pytest.mark.parametrize("name", ["failed", "active", "idx:wait"])
def test_where_a_key_has_another_type_no_job_is_judged(one_of_each: OmniqClient, redis: Any, name: str) -> None:
    Spoiler(redis).lost("w1")
    redis.delete("{q}:" + name)
    redis.set("{q}:" + name, "x")
    check = first_look(one_of_each.link, redis)
    assert check.found == []
    assert f"{{q}}:{name} is a string" in check.fault


def test_jobs_of_a_list_that_is_none_are_not_lost(one_of_each: OmniqClient, redis: Any) -> None:
    redis.delete("{q}:g:B:wait")
    redis.set("{q}:g:B:wait", "x")
    assert find(one_of_each.link, redis) == {}


def test_the_group_of_a_job_need_not_be_known(one_of_each: OmniqClient, redis: Any) -> None:
    publish_jobs(one_of_each, "q", ["n1", "n2"], now_ms=T + 100, gid="new")
    redis.zrem("{q}:idx:wait", "n2")
    assert kinds(find(one_of_each.link, redis)) == {"n2": "idx"}


def test_what_is_gone_at_the_second_look_is_no_finding(one_of_each: OmniqClient, redis: Any) -> None:
    Spoiler(redis).lost("w1").into("failed", "a1").says("f1", state="wait").out_of("idx:wait", "a2")
    first = first_look(one_of_each.link, redis).found
    assert len(first) == 4
    # A worker drops the ghost and takes a1; somebody puts f1 right.
    one_of_each.reserve(queue="q", now_ms_override=T + 500)
    one_of_each.reserve(queue="q", now_ms_override=T + 501)
    redis.hset("{q}:job:f1", "state", "failed")
    assert [one.subject for one in second_look(one_of_each.link, first)] == ["a2"]


def test_a_job_that_moves_during_a_look_is_not_judged(one_of_each: OmniqClient, redis: Any) -> None:
    """It was in no list that was read, because it went from one to the other meanwhile."""
    Spoiler(redis).out_of("idx:failed", "f1").out_of("idx:wait", "w1")
    first = first_look(one_of_each.link, redis).found
    assert {one.subject for one in first} == {"f1", "w1"}
    look = JobLook(one_of_each.link, "q", (), first)
    assert not look.step()  # the records
    one_of_each.retry_failed(queue="q", job_id="f1", now_ms_override=T + 500)
    while not look.step():
        pass
    assert [one.subject for one in look.found] == ["w1"]


def test_a_heartbeat_is_no_move(one_of_each: OmniqClient, redis: Any) -> None:
    Spoiler(redis).out_of("idx:active", "r1")
    first = first_look(one_of_each.link, redis).found
    token = redis.hget("{q}:job:r1", "lease_token").decode()
    one_of_each.heartbeat(queue="q", job_id="r1", lease_token=token, now_ms_override=T + 700_000)
    assert [one.kind for one in second_look(one_of_each.link, first)] == ["idx"]


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_ids_and_groups(client: OmniqClient, redis: Any, name: str) -> None:
    text = HOSTILE[name]
    gid = text.strip() or "g"
    publish_jobs(client, "q", [text], now_ms=T, gid=gid)
    publish_jobs(client, "q", ["plain"], now_ms=T + 1)
    assert find(client.link, redis, [gid]) == {}
    raw = text.encode("utf-8", "surrogateescape")
    redis.lpush("{q}:failed", raw)
    redis.zrem("{q}:idx:wait", "plain")
    found = find(client.link, redis, [gid])
    assert kinds(found) == {text: "two_lanes", "plain": "idx"}
    assert found[text].facts["lanes"] == [["failed", 0], [f"g:{gid}:wait", 0]]


def test_so_many_suspects_are_kept(client: OmniqClient, redis: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job_check, "MOST_SUSPECTS", 3)
    ids = [b"o%d" % n for n in range(5)]
    for job_id in ids:
        redis.hset(b"{q}:job:" + job_id, "id", job_id)
    search = OrphanSearch(client.link)
    search.meet("q", ids[:2])
    search.meet("q", [])
    search.meet("q", ids[1:])
    assert search.suspects("q") == ids[:3]
    assert search.suspects("other") == []
    search.forget("q")
    assert search.suspects("q") == []


def test_more_suspects_than_are_kept_are_looked_at_in_turns(
    client: OmniqClient, redis: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job_check, "MOST_SUSPECTS", 4)
    ids = publish_jobs(client, "q", 30, now_ms=T)
    redis.zrem("{q}:idx:wait", *ids[::2])
    assert kinds(find(client.link, redis)) == dict.fromkeys(ids[::2], "idx")
