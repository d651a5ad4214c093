"""Scripts: shared parts spliced in once, digests, and a server that forgot them."""

from __future__ import annotations

import hashlib
import re
from importlib import resources
from typing import Any

import pytest

from omniq_core import OmniqClient
from omniq_core.keys import QueueKeys
from omniq_core.scripts import script

NAMES = sorted(
    path.name.removesuffix(".lua")
    for path in resources.files("omniq_core").joinpath("lua").iterdir()
    if path.name.endswith(".lua")
)


def test_there_is_a_script_for_every_transition() -> None:
    assert set(NAMES) >= {
        *("publish", "reserve", "heartbeat", "ack_success", "ack_fail", "promote_delayed", "reap_expired"),
        *("pause", "resume", "retry_failed", "remove_jobs", "childs_init", "child_ack"),
    }


@pytest.mark.parametrize("name", NAMES)
def test_each_loads_and_its_digest_is_the_servers(redis: Any, name: str) -> None:
    loaded = script(name)
    assert redis.script_load(loaded.source) == loaded.sha.decode()
    assert hashlib.sha1(loaded.source).hexdigest().encode() == loaded.sha


@pytest.mark.parametrize("name", NAMES)
def test_a_shared_part_stands_in_it_once(name: str) -> None:
    source = script(name).source.decode()
    assert "@include" not in source
    defined = re.findall(r"local function (\w+)", source)
    assert len(defined) == len(set(defined))
    assert source.count("local base = ") <= 1


@pytest.mark.parametrize("name", NAMES)
def test_a_script_holds_no_function_that_nobody_calls(name: str) -> None:
    """Lua makes every function of a script anew at each run, so an unused one costs each job something."""
    source = script(name).source.decode()
    assert [one for one in re.findall(r"function (\w+)", source) if len(re.findall(rf"\b{one}\b", source)) == 1] == []


def test_a_script_is_made_once() -> None:
    assert script("reserve") is script("reserve")


def test_an_unknown_name_is_an_error() -> None:
    with pytest.raises(FileNotFoundError):
        script("no_such_script")


def test_a_server_that_forgot_the_scripts_gets_them_again(client: OmniqClient, redis: Any) -> None:
    client.publish(queue="q", payload={}, job_id="a")
    redis.script_flush()
    before = client.link.round_trips
    client.publish(queue="q", payload={}, job_id="b")
    assert client.link.round_trips == before + 2
    client.publish(queue="q", payload={}, job_id="c")
    assert client.link.round_trips == before + 3
    assert redis.lrange("{q}:wait", 0, -1) == [b"a", b"b", b"c"]


def test_many_read_scripts_are_one_trip_and_two_after_a_flush(client: OmniqClient, redis: Any) -> None:
    calls = [(script("child_ack"), b"{cc:none}:meta", ["x"])] * 3
    for flushed, trips in ((True, 1), (False, 1), (True, 2), (False, 1)):
        if flushed:
            redis.script_flush()
        before = client.link.round_trips
        assert client.link.run_many(calls) == [-1, -1, -1]
        assert client.link.round_trips == before + trips


def test_a_script_that_fails_in_a_pipeline_is_an_answer_in_its_place(client: OmniqClient, redis: Any) -> None:
    redis.hset("{cc:bad}:count", "x", "1")
    good, bad = (script("child_ack"), b"{cc:none}:meta", ["x"]), (script("child_ack"), b"{cc:bad}:meta", ["x"])
    answers = client.link.run_many([good, bad, good])
    assert (answers[0], answers[2]) == (-1, -1)
    assert "WRONGTYPE" in str(answers[1])


def test_arguments_of_any_bytes_arrive_as_they_are(client: OmniqClient, redis: Any) -> None:
    client.link.run(script("childs_init"), b"{cc:\x00\xff}:meta", 2)
    assert client.link.run(script("child_ack"), b"{cc:\x00\xff}:meta", b"\xffchild") == 1
    assert redis.smembers(b"{cc:\x00\xff}:done") == {b"\xffchild"}
    assert QueueKeys("q").job("j\udcff") == b"{q}:job:j\xff"
