"""What Hypothesis may do to a queue, each step on our client and on the model, every key compared after it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any, cast

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from omniq_core import Keep, OmniqClient, OmniqError
from tests.core.queue_model import QueueModel
from tests.core.trash_model import restore, throw_away
from tests.support.invariants import check_invariants
from tests.support.one_trip import read_keys
from tests.support.snapshot import keys_of

LANES = ("wait", "gwait", "delayed", "failed", "completed")
ids = st.sampled_from([f"j{n}" for n in range(8)])
some_ids = st.lists(st.one_of(ids, ids, ids, st.sampled_from(["", "nope"])), max_size=6)
picks = st.integers(0, 99)
waits = st.sampled_from([0, 30, 40, 200, 60_000])
mosts = st.sampled_from([-1, 0, 1, 2, 1000])
jobs = st.fixed_dictionaries(
    {
        "job_id": ids,
        "gid": st.sampled_from(["", "", "A", "B"]),
        "group_limit": st.sampled_from([0, 0, -1, 1, 2]),
        "delay": st.sampled_from([0, 0, 0, -5, 50]),
        "max_attempts": st.integers(0, 3),
        "timeout_ms": st.sampled_from([0, 40, 200]),
        "backoff_ms": st.sampled_from([0, 30]),
    }
)


class QueueMachine(RuleBasedStateMachine):
    """`client` and `redis` are set by a subclass; the Redis is emptied for each run."""

    client: OmniqClient
    redis: Any

    def __init__(self) -> None:
        super().__init__()
        self.redis.flushall()
        self.model = QueueModel()
        self.spent: list[tuple[str, str, Any]] = []
        self.counter: tuple[int, set[str]] = (0, set())

    @initialize(jobs=st.lists(jobs, min_size=4, max_size=8), leases=st.integers(0, 4))
    def begin(self, jobs: list[dict[str, Any]], leases: int) -> None:
        self.publish(jobs, True)
        self.reserve(leases)

    @rule(jobs=st.lists(jobs, min_size=1, max_size=4), many=st.booleans())
    def publish(self, jobs: list[dict[str, Any]], many: bool) -> None:
        wanted = [self._publish_model(job) for job in jobs]
        given = [self._as_published(job) for job in jobs]
        if many:
            made = self.client.publish_many(queue="q", jobs=cast(Any, given), now_ms_override=self.model.now)
        else:
            made = [self.client.publish(queue="q", **job, now_ms_override=self.model.now) for job in given]
        assert [one.created for one in made] == wanted

    @rule(times=st.integers(1, 4))
    def reserve(self, times: int) -> None:
        for _ in range(times):
            self._leased(self.client.reserve(queue="q", now_ms_override=self.model.now))

    @precondition(lambda self: self.model.active)
    @rule(pick=picks)
    def succeed(self, pick: int) -> None:
        job_id, token = self._held(pick)
        assert self._timed("ack_success", job_id=job_id, lease_token=token) is None
        self.model.succeed(job_id)
        self.spent.append((job_id, token, None))

    @precondition(lambda self: self.model.active)
    @rule(pick=picks)
    def succeed_and_reserve(self, pick: int) -> None:
        job_id, token = self._held(pick)
        got = self._timed("ack_and_reserve", job_id=job_id, lease_token=token)
        self.model.succeed(job_id)
        self.spent.append((job_id, token, None))
        self._leased(got)

    @precondition(lambda self: self.model.active)
    @rule(pick=picks, error=st.sampled_from(["", " ", "E: x"]))
    def fail(self, pick: int, error: str) -> None:
        job_id, token = self._held(pick)
        answer = self._timed("ack_fail", job_id=job_id, lease_token=token, error=error)
        assert answer == self.model.fail(job_id, error)
        self.spent.append((job_id, token, answer))

    @precondition(lambda self: self.model.active)
    @rule(pick=picks)
    def beat(self, pick: int) -> None:
        job_id, token = self._held(pick)
        lock = self._timed("heartbeat", job_id=job_id, lease_token=token)
        assert lock == self.model.heartbeat(job_id)

    @precondition(lambda self: self.spent)
    @rule(pick=picks)
    def ack_again(self, pick: int) -> None:
        """The same answer as long as the job remembers it, and nothing is changed."""
        job_id, token, answer = self.spent[pick % len(self.spent)]
        name = "ack_fail" if answer else "ack_success"
        remembered = self.model.acks.get(job_id) == (token, answer)
        assert self._timed(name, job_id=job_id, lease_token=token) == (answer if remembered else "TOKEN_MISMATCH")

    @precondition(lambda self: self.model.active)
    @rule(job_id=ids, token=st.sampled_from(["", "wrong"]), name=st.sampled_from(["heartbeat", "ack_success"]))
    def wrong_token(self, job_id: str, token: str, name: str) -> None:
        assert self._timed(name, job_id=job_id, lease_token=token) == self.model.refusal(job_id, token)

    @precondition(lambda self: self.model.delayed)
    @rule(most=mosts, later=waits)
    def promote(self, most: int, later: int) -> None:
        self.model.now += later
        assert self._timed("promote_delayed", max_promote=most) == self.model.promote(most)

    @precondition(lambda self: self.model.active)
    @rule(most=mosts, later=waits)
    def reap(self, most: int, later: int) -> None:
        self.model.now += later
        assert self._timed("reap_expired", max_reap=most) == self.model.reap(most)

    @precondition(lambda self: self.model.delayed)
    @rule(chosen=some_ids, pick=picks)
    def run_now(self, chosen: list[str], pick: int) -> None:
        chosen = _with_one_of(chosen, self.model.delayed, pick)
        assert _answers(self._timed("run_now_batch", job_ids=chosen)) == self.model.run_now(chosen)

    @precondition(lambda self: self.model.failed)
    @rule(chosen=some_ids, pick=picks)
    def retry(self, chosen: list[str], pick: int) -> None:
        chosen = _with_one_of(chosen, self.model.failed, pick)
        assert _answers(self._timed("retry_failed_batch", job_ids=chosen)) == self.model.retry(chosen)

    @precondition(lambda self: self.model.jobs)
    @rule(chosen=some_ids, lane=st.sampled_from(LANES))
    def remove(self, chosen: list[str], lane: str) -> None:
        assert _answers(self._timed("remove_jobs_batch", lane=lane, job_ids=chosen)) == self.model.remove(lane, chosen)

    @precondition(lambda self: self.model.jobs)
    @rule(chosen=some_ids, lane=st.sampled_from(LANES), pick=picks)
    def throw_away(self, chosen: list[str], lane: str, pick: int) -> None:
        chosen = _with_one_of(chosen, self.model.oldest_first(lane) or ["nope"], pick)
        answers = _answers(self._timed("remove_jobs_batch", lane=lane, job_ids=chosen, keep=Keep(lane)))
        assert answers == throw_away(self.model, lane, chosen)

    @precondition(lambda self: self.model.trash)
    @rule(pick=picks)
    def restore(self, pick: int) -> None:
        lane = sorted(self.model.trash)[pick % len(self.model.trash)]
        done = [one for step in self._timed("restore", batch=lane) for one in step]
        assert [(one.job_id, one.reason or one.status) for one in done] == restore(self.model, lane)

    @precondition(lambda self: self.model.failed)
    @rule()
    def retry_all(self) -> None:
        oldest = self.model.oldest_first("failed")
        done = [one for batch in self._timed("retry_all") for one in batch]
        assert (_answers(done), [one.job_id for one in done]) == (self.model.retry(oldest), oldest)

    @precondition(lambda self: len(self.model.jobs) > 6)
    @rule(lane=st.sampled_from(LANES))
    def remove_all(self, lane: str) -> None:
        oldest = self.model.oldest_first(lane)
        done = [one for batch in self._timed("remove_all", lane=lane) for one in batch]
        assert (_answers(done), [one.job_id for one in done]) == (self.model.remove(lane, oldest), oldest)

    @rule(name=st.sampled_from(["pause", "resume", "resume"]))
    def pause_or_resume(self, name: str) -> None:
        before, self.model.paused = self.model.paused, name == "pause"
        assert getattr(self.client, name)(queue="q") == ("OK" if name == "pause" else int(before))
        assert self.client.is_paused(queue="q") is self.model.paused

    @rule(expected=st.integers(0, 3), children=st.lists(st.sampled_from(["1", "2", "3"]), max_size=4))
    def count_children(self, expected: int, children: list[str]) -> None:
        counting, done = self.counter
        wanted = "BAD_EXPECTED" if not expected else "ALREADY_INIT" if counting else None
        assert self._call(self.client.childs_init, key="k", expected=expected) == wanted
        if wanted is None:
            counting, done = expected, set[str]()
        for child in children:
            done.add(child)
            left = counting - len(done) if counting else -1
            assert self.client.child_ack(key="k", child_id=child) == left
            if left == 0:
                counting = 0
        self.counter = counting, done

    @rule(ms=st.sampled_from([1, 7, 60, 60_000]))
    def time_passes(self, ms: int) -> None:
        self.model.now += ms

    @invariant()
    def every_key_is_as_the_model_says(self) -> None:
        assert _stored(self.redis) == self.model.keys()

    def teardown(self) -> None:
        check_invariants(self.redis)

    def _publish_model(self, job: dict[str, Any]) -> bool:
        return self.model.publish(
            job["job_id"],
            json.dumps({"n": job["delay"]}, separators=(",", ":")),
            gid=job["gid"],
            limit=job["group_limit"],
            due=self.model.now + job["delay"],
            attempts=job["max_attempts"],
            timeout=job["timeout_ms"],
            backoff=job["backoff_ms"],
        )

    def _as_published(self, job: dict[str, Any]) -> dict[str, Any]:
        options = {name: value for name, value in job.items() if name != "delay"}
        return {**options, "payload": {"n": job["delay"]}, "due_ms": self.model.now + job["delay"]}

    def _held(self, pick: int) -> tuple[str, str]:
        held = sorted(self.model.active)
        job_id = held[pick % len(held)]
        return job_id, self.model.jobs[job_id]["lease_token"]

    def _leased(self, got: Any) -> None:
        wanted = self.model.reserve(getattr(got, "lease_token", ""))
        assert (getattr(got, "job_id", None) or getattr(got, "status", None)) == wanted
        if wanted not in (None, "PAUSED"):
            job = self.model.jobs[wanted]
            told = (got.payload, str(got.attempt), str(got.max_attempts), str(got.lock_until_ms), got.gid)
            names = ("payload", "attempt", "max_attempts", "lock_until_ms")
            assert told == (*(job[name] for name in names), job.get("gid", ""))

    def _timed(self, name: str, **arguments: Any) -> Any:
        return self._call(getattr(self.client, name), queue="q", now_ms_override=self.model.now, **arguments)

    def _call(self, call: Callable[..., Any], **arguments: Any) -> Any:
        try:
            return call(**arguments)
        except OmniqError as refused:
            return refused.code


def run_queue_machine(client: OmniqClient, redis: Any, examples: int) -> None:
    """So many sequences of at most 50 steps, the same ones each time. Raises AssertionError for the first that fails.

    It is shown as it was found: to look for a shorter one takes minutes (add Phase.shrink for that).
    """
    run_state_machine_as_test(
        type("Machine", (QueueMachine,), {"client": client, "redis": redis}),
        settings=settings(
            max_examples=examples,
            stateful_step_count=50,
            derandomize=True,
            deadline=None,
            database=None,
            phases=[Phase.generate],
            report_multiple_bugs=False,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
        ),
    )


def _with_one_of(chosen: list[str], lane: Iterable[str], pick: int) -> list[str]:
    ids = sorted(lane)
    return [*chosen, ids[pick % len(ids)]]


def _answers(results: Any) -> list[str]:
    return [one.reason or one.status for one in results]


def _stored(redis: Any) -> dict[str, Any]:
    """The queue as QueueModel.keys() has it."""
    names = list(keys_of(redis, "q"))
    found: dict[str, Any] = {}
    for name, (kind, _, value) in zip(names, read_keys(redis, names), strict=True):
        short = name.decode().removeprefix("{q}:")
        if short.startswith("x:"):
            continue
        texts = [one.decode() for one in value] if isinstance(value, list) else value.decode()
        if kind == "hash":
            record = dict(zip(texts[::2], texts[1::2], strict=True))
            texts = {at: text for at, text in record.items() if not at.startswith("x_")}
            if short == "stats":
                texts = {at: text for at, text in texts.items() if text != "0"}
        elif kind == "zset":
            texts = {member: int(float(score)) for member, score in zip(texts[::2], texts[1::2], strict=True)}
        found[short] = texts
    return found
