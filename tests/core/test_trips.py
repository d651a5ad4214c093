"""Acks of several workers in one round trip: who travels together, and what each gets back."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from redis.exceptions import ConnectionError as RedisConnectionError

from omniq_core import OmniqClient, TokenMismatch
from omniq_core.trips import MOST, NotNow, Trips
from tests.support.clock import wait_until
from tests.support.factories import lease_jobs, publish_jobs

T = 1_750_000_000_000


class SlowLink:
    """Answers each ack with the job `after-<id>`; the first trip waits until `go` is set."""

    def __init__(self) -> None:
        self.go = threading.Event()
        self.parties: list[list[bytes]] = []
        self.fails: Exception | None = None

    def run_each(self, _script: Any, _anchor: bytes, each: list[Any]) -> list[Any]:
        self.parties.append([job_id for _, job_id, _, _ in each])
        if len(self.parties) == 1:
            assert self.go.wait(timeout=10)
        elif self.fails:
            raise self.fails
        return [[b"OK", b"JOB", b"after-" + job_id, b"{}", b"1", b"1", b"3", b""] for _, job_id, _, _ in each]


@pytest.fixture
def link() -> SlowLink:
    return SlowLink()


def _ack_in_threads(trips: Trips, link: SlowLink, ids: list[str]) -> dict[str, Any]:
    """Acks the first of the ids, the others one after the other while that is under way; each one's answer."""
    answers: dict[str, Any] = {}

    def ack(job_id: str) -> None:
        try:
            answers[job_id] = trips.ack_and_reserve(job_id=job_id, lease_token="t").job_id  # type: ignore[union-attr]
        except Exception as error:
            answers[job_id] = error

    threads = [threading.Thread(target=ack, args=(job_id,)) for job_id in ids]
    for n, thread in enumerate(threads):
        thread.start()
        wait_until((lambda: link.parties) if n == 0 else (lambda n=n: len(trips._waiting) == n))
    link.go.set()
    for thread in threads:
        thread.join(timeout=10)
    return answers


def _always() -> bool:
    return True


def test_who_ends_during_a_trip_goes_with_the_next_one_and_each_gets_a_job_of_its_own(link: SlowLink) -> None:
    trips = Trips(link, "q", may_reserve=_always)  # type: ignore[arg-type]
    answers = _ack_in_threads(trips, link, ["a", "b", "c", "d"])
    assert link.parties == [[b"a"], [b"b", b"c", b"d"]]
    assert answers == {"a": "after-a", "b": "after-b", "c": "after-c", "d": "after-d"}
    assert trips.ack_and_reserve(job_id="e", lease_token="t").job_id == "after-e"  # type: ignore[union-attr]


def test_a_trip_takes_so_many_at_most(link: SlowLink) -> None:
    trips = Trips(link, "q", may_reserve=_always)  # type: ignore[arg-type]
    answers = _ack_in_threads(trips, link, [f"j{n}" for n in range(MOST + 4)])
    assert [len(party) for party in link.parties] == [1, MOST, 3]
    assert sorted(answers.values()) == sorted(f"after-j{n}" for n in range(MOST + 4))


def test_a_lost_answer_is_told_to_each_that_was_on_the_trip(link: SlowLink) -> None:
    link.fails = RedisConnectionError("gone")
    trips = Trips(link, "q", may_reserve=_always)  # type: ignore[arg-type]
    answers = _ack_in_threads(trips, link, ["a", "b", "c"])
    assert answers == {"a": "after-a", "b": link.fails, "c": link.fails}
    link.fails = None
    assert trips.ack_and_reserve(job_id="d", lease_token="t").job_id == "after-d"  # type: ignore[union-attr]


def test_who_waited_for_the_next_trip_does_not_reserve_when_it_is_time_to_stop(link: SlowLink) -> None:
    trips = Trips(link, "q", may_reserve=lambda: not link.parties)  # type: ignore[arg-type]
    answers = _ack_in_threads(trips, link, ["a", "b", "c"])
    assert link.parties == [[b"a"]]
    assert answers["a"] == "after-a"
    assert isinstance(answers["b"], NotNow)
    assert isinstance(answers["c"], NotNow)


def test_the_refusal_of_one_ack_is_that_workers_alone(client: OmniqClient, redis: Any, link: SlowLink) -> None:
    tokens = lease_jobs(client, "q", ["a", "b"], now_ms=T)
    publish_jobs(client, "q", ["c", "d"], now_ms=T)
    redis.script_flush()  # each entry of the trip meets a server without the script
    real: Callable[..., list[Any]] = client.link.run_each
    link.run_each = lambda *args: (SlowLink.run_each(link, *args), real(*args))[1]  # type: ignore[method-assign]
    trips = Trips(link, "q", may_reserve=_always)  # type: ignore[arg-type]
    got: dict[str, Any] = {}

    def ack(job_id: str, token: str) -> None:
        try:
            got[job_id] = trips.ack_and_reserve(job_id=job_id, lease_token=token)
        except TokenMismatch as refused:
            got[job_id] = refused

    leads = threading.Thread(target=ack, args=("nobody", "t"))
    leads.start()
    wait_until(lambda: link.parties)
    others = [threading.Thread(target=ack, args=(i, t)) for i, t in (("a", tokens["a"]), ("b", "another"))]
    for n, one in enumerate(others, 1):
        one.start()
        wait_until(lambda n=n: len(trips._waiting) == n)
    link.go.set()
    for one in (leads, *others):
        one.join(timeout=10)
    assert isinstance(got["nobody"], TokenMismatch)
    assert got["a"].job_id == "c"
    assert isinstance(got["b"], TokenMismatch)
    assert redis.lrange("{q}:completed", 0, -1) == [b"a"]
    assert redis.zrange("{q}:active", 0, -1) == [b"b", b"c"]
