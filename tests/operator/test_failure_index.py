"""The index of failed jobs by kind: complete, never a figure of a part as the whole, and gone with the jobs."""

from __future__ import annotations

from typing import Any

import pytest

from omniq_core import OmniqClient, failure_kinds, kind_rows, want_failures
from omniq_core.operator.error_excerpt import CAUSE, HEAD, excerpt
from omniq_core.operator.failure_index import FailureIndex
from omniq_core.operator.fingerprint import (
    LEASE,
    NO_MESSAGE,
    NO_RECORD,
    OTHER,
    RULES_VERSION,
    TOO_LARGE,
    fingerprint,
)
from omniq_core.operator.overview import state_of
from omniq_core.scripts import script
from tests.operator.error_texts import LANGUAGES
from tests.operator.failing import QUEUE, fail_by_hand, figures, index_all
from tests.support.clock import Clock
from tests.support.factories import fail_jobs, lease_jobs

TEXTS = [text for table in LANGUAGES.values() for texts in table.values() for text in texts]
VALUE, KEY = fingerprint("ValueError: x 1").digest, fingerprint("KeyError: 'a'").digest
INDEX = f"{{q}}:x:fp:{RULES_VERSION}"
STATE = f"{INDEX}:state"


def fail_two_kinds(client: OmniqClient, clock: Clock) -> None:
    """30 ValueErrors and 70 KeyErrors, a millisecond apart."""
    errors = [f"ValueError: x {n}" if n % 10 < 3 else "KeyError: 'a'" for n in range(100)]
    fail_jobs(client, QUEUE, 100, now_ms=clock.now_ms, error=lambda at: errors[at])


def test_what_leaves_redis_is_what_python_would_read(client: OmniqClient, redis: Any, clock: Clock) -> None:
    more = [
        "é" * 5_000,
        "x" * 301,
        "x" * 300,
        "a🔥" * 700,
        "\nCaused by: " + "ü" * 400,
        "Traceback (most recent call last):",
    ]
    more += ["Traceback (most recent call last):\n " + "é" * 2_000 + "\nKeyError: 'x'\n" + "z" * 500, "[cause]: ", " "]
    texts = TEXTS + more
    fail_by_hand(redis, [(f"job-{n:03}", text) for n, text in enumerate(texts)], now_ms=clock.now_ms)
    rows = client.link.run(script("operator/failures_read"), b"{q}:meta", 1, 200, 0)[4]
    assert len(rows) == len(texts) <= 200
    for row, text in zip(rows, texts, strict=True):
        head, cause = row[4].decode("utf-8", "ignore"), row[5].decode("utf-8", "ignore")
        assert (head[:HEAD], cause[:CAUSE], row[6] > 0 or len(head) > HEAD) == excerpt(text), text[:80]
        assert len(row[4]) <= 4 * HEAD
        if text.isascii():
            assert len(row[4]) <= HEAD


def test_the_figures_of_two_kinds(client: OmniqClient, clock: Clock) -> None:
    begin = clock.now_ms
    fail_two_kinds(client, clock)
    found = index_all(client, clock)
    assert figures(found) == {VALUE: 30, KEY: 70}
    assert [kind.digest for kind in found.kinds] == [KEY, VALUE], "most jobs first"
    assert (found.total, found.read, found.grouped) == (100, 100, 100)
    assert (found.complete, found.as_of_ms, found.indexed) == (True, clock.now_ms, True)
    by_digest = {kind.digest: kind for kind in found.kinds}
    assert (by_digest[VALUE].first_ms, by_digest[VALUE].last_ms) == (begin, begin + 92)
    assert (by_digest[KEY].first_ms, by_digest[KEY].last_ms) == (begin + 3, begin + 99)


def test_spans_of_time_and_texts(client: OmniqClient, clock: Clock) -> None:
    begin = clock.now_ms
    fail_two_kinds(client, clock)
    index_all(client, clock)
    rows = kind_rows(client.link, QUEUE, [VALUE, KEY, "nope"], begin_ms=begin - 1, span_ms=50, spans=3)
    # (begin-1, begin+49] holds the first 50 jobs, (begin+49, begin+99] the others
    assert rows[VALUE].spans == (15, 15, 0)
    assert rows[KEY].spans == (35, 35, 0)
    assert (rows[VALUE].kind.name, rows[VALUE].kind.text) == ("ValueError", "x ‹n›")
    assert (rows["nope"].kind.name, rows["nope"].spans) == ("nope", (0, 0, 0))
    late = kind_rows(client.link, QUEUE, [KEY], begin_ms=begin + 98, span_ms=1, spans=1)
    assert late[KEY].spans == (1,), "the begin of a span is not in it, its end is"


def test_a_failure_that_comes_later_is_counted_once(client: OmniqClient, clock: Clock) -> None:
    fail_two_kinds(client, clock)
    index = FailureIndex(client.link)
    index_all(client, clock, index)
    fail_jobs(client, QUEUE, ["new-1", "new-2"], now_ms=clock.now_ms, error="KeyError: 'a'")
    assert figures(failure_kinds(client.link, QUEUE, now_ms=clock.now_ms)) == {VALUE: 30, KEY: 70}, (
        "as of the last look"
    )
    assert figures(index_all(client, clock, index)) == {VALUE: 30, KEY: 72}
    assert figures(index_all(client, clock, index)) == {VALUE: 30, KEY: 72}


def test_a_worker_whose_clock_is_behind_is_not_missed(client: OmniqClient, clock: Clock) -> None:
    fail_two_kinds(client, clock)
    index = FailureIndex(client.link)
    index_all(client, clock, index)
    late = clock.now_ms - 30_000  # the lane ends 100 ms after this
    fail_jobs(client, QUEUE, ["behind"], now_ms=late - 3_000, error="KeyError: 'a'")
    assert figures(index_all(client, clock, index)) == {VALUE: 30, KEY: 71}
    # An hour behind: noticed because the kinds together have fewer jobs than the lane, which is then read again.
    fail_jobs(client, QUEUE, ["far-behind"], now_ms=late - 3_600_000, error="KeyError: 'a'")
    clock.advance(600_000)
    index_all(client, clock, index)
    assert figures(index_all(client, clock, index)) == {VALUE: 30, KEY: 72}


def test_what_others_retried_or_removed_leaves(client: OmniqClient, clock: Clock) -> None:
    fail_two_kinds(client, clock)
    index = FailureIndex(client.link)
    index_all(client, clock, index)
    client.retry_failed_batch(queue=QUEUE, job_ids=["job-1", "job-2", "job-4"], now_ms_override=clock.now_ms)
    client.remove_jobs_batch(queue=QUEUE, lane="failed", job_ids=["job-3", "job-5"])
    found = index_all(client, clock, index)
    assert figures(found) == {VALUE: 28 - 1, KEY: 70 - 2}
    assert found.grouped == found.total == 95


def test_one_that_failed_again_is_of_its_new_kind(client: OmniqClient, clock: Clock) -> None:
    fail_two_kinds(client, clock)
    index = FailureIndex(client.link)
    index_all(client, clock, index)
    client.retry_failed(queue=QUEUE, job_id="job-1", now_ms_override=clock.now_ms)
    got = client.reserve(queue=QUEUE, now_ms_override=clock.now_ms)
    answer = client.ack_fail(
        queue=QUEUE, job_id="job-1", lease_token=getattr(got, "lease_token", ""), error="KeyError: 'a'",
        now_ms_override=clock.now_ms,
    )  # fmt: skip
    assert answer[0] == "FAILED"
    assert figures(index_all(client, clock, index)) == {VALUE: 29, KEY: 71}


def test_the_index_dies_with_the_jobs(client: OmniqClient, redis: Any, clock: Clock) -> None:
    fail_two_kinds(client, clock)
    index = FailureIndex(client.link)
    index_all(client, clock, index)
    keys = list(redis.scan_iter("{q}:x:fp:*"))
    assert len(keys) == 5  # state, kinds, texts, and the two kinds
    deaths = [redis.pexpiretime(key) for key in keys]
    # Each round counts anew from the milliseconds that are left.
    assert min(deaths) > 0 and max(deaths) - min(deaths) < 1_000, "together, not a day apart"
    for batch in client.remove_all(queue=QUEUE, lane="failed"):
        assert batch
    index_all(client, clock, index)
    found = index_all(client, clock, index)
    assert (found.kinds, found.total) == ((), 0)
    assert not list(redis.scan_iter("{q}:x:fp:*"))


def test_without_a_message(client: OmniqClient, redis: Any, clock: Clock) -> None:
    at = clock.now_ms
    fail_jobs(client, QUEUE, ["silent"], now_ms=at, error="")
    lease_jobs(client, QUEUE, ["lost"], now_ms=at, max_attempts=1, timeout_ms=30_000)
    client.reap_expired(queue=QUEUE, now_ms_override=at + 30_000)
    # An error of the attempt before says nothing about the last one.
    token = lease_jobs(client, QUEUE, ["older"], now_ms=at, max_attempts=2, backoff_ms=0)["older"]
    client.ack_fail(queue=QUEUE, job_id="older", lease_token=token, error="KeyError: 'a'", now_ms_override=at + 10)
    client.promote_delayed(queue=QUEUE, now_ms_override=at + 20)
    client.reserve(queue=QUEUE, now_ms_override=at + 20)
    client.reap_expired(queue=QUEUE, now_ms_override=at + 60_000)
    assert figures(index_all(client, clock)) == {NO_MESSAGE.digest: 1, LEASE.digest: 2}
    assert redis.hlen(f"{INDEX}:texts") == 0, "their texts are ours"


@pytest.mark.broken_data
def test_broken_rows_are_counted_and_hold_nothing_up(client: OmniqClient, redis: Any, clock: Clock) -> None:
    fail_jobs(client, QUEUE, 3, now_ms=clock.now_ms, error="KeyError: 'a'")
    for at, job_id in enumerate((b"ghost", b"", b"\xff\n", b"text", b"huge", b"i" * 2_000)):
        redis.zadd("{q}:idx:failed", {job_id: clock.now_ms + 10 + at})
        redis.lpush("{q}:failed", job_id)
    redis.set("{q}:job:text", "no hash")
    redis.hset(
        "{q}:job:huge", mapping={"id": "huge", "last_error": "x" * 5_000_000, "last_started_ms": "9" * 5_000_000}
    )
    found = index_all(client, clock)
    assert figures(found) == {fingerprint("KeyError: 'a'").digest: 3, NO_RECORD.digest: 4, TOO_LARGE.digest: 1}
    assert (found.total, found.read, found.grouped) == (9, 9, 8), "an id over 1 KB is read and belongs to no kind"


@pytest.mark.broken_data
def test_our_keys_of_another_type_are_put_right(client: OmniqClient, redis: Any, clock: Clock) -> None:
    fail_two_kinds(client, clock)
    redis.set(STATE, "rubbish")
    redis.set(f"{INDEX}:kinds", "rubbish")
    redis.rpush(f"{INDEX}:texts", "rubbish")
    redis.set(f"{INDEX}:{KEY}", "rubbish")
    redis.set("{omniq:x}:errors", "rubbish")
    assert failure_kinds(client.link, QUEUE, now_ms=clock.now_ms).kinds == ()
    assert figures(index_all(client, clock)) == {VALUE: 30, KEY: 70}


@pytest.mark.broken_data
def test_a_lane_without_index_cannot_be_read(client: OmniqClient, redis: Any, clock: Clock) -> None:
    redis.rpush("{q}:failed", "a", "b")
    found = index_all(client, clock)
    assert (found.indexed, found.complete, found.kinds, found.total) == (False, False, (), 2)


def test_at_most_500_kinds(client: OmniqClient, redis: Any, clock: Clock) -> None:
    def word(n: int) -> str:
        return "".join(chr(97 + n // 26**i % 26) for i in range(3))

    errors = [(f"job-{n:04}", f"ValueError: fault {word(n)}") for n in range(510)]
    fail_by_hand(redis, errors, now_ms=clock.now_ms)
    index = FailureIndex(client.link)
    found = index_all(client, clock, index)
    assert len(found.kinds) == 501
    assert figures(found)[OTHER.digest] == 10
    assert found.grouped == 510
    # A kind whose jobs are gone makes room for another.
    client.remove_jobs_batch(queue=QUEUE, lane="failed", job_ids=[job_id for job_id, _ in errors[:2]])
    index_all(client, clock, index)
    fail_by_hand(redis, [("new-1", "IndexError: quite new")], now_ms=clock.now_ms)
    found = index_all(client, clock, index)
    # The lane's last 5 s are read again: two of the others are first in the two places, the new one joins the rest.
    assert (len(found.kinds), figures(found)[OTHER.digest], found.grouped, found.total) == (501, 9, 509, 509)


def test_until_it_is_through_it_says_how_far_it_is(client: OmniqClient, redis: Any, clock: Clock) -> None:
    fail_by_hand(redis, [(f"job-{n:05}", "KeyError: 'a'") for n in range(3_000)], now_ms=clock.now_ms)
    index = FailureIndex(client.link)
    want_failures(client.link, QUEUE, clock.now_ms)
    index.step(clock.now_ms)
    found = failure_kinds(client.link, QUEUE, now_ms=clock.now_ms)
    assert (found.total, found.read, found.grouped, found.complete) == (3_000, 50, 50, False)
    # Another process goes on where the first one stopped.
    with connect_again(client) as other:
        assert figures(index_all(other, clock)) == {KEY: 3_000}
    assert failure_kinds(client.link, QUEUE, now_ms=clock.now_ms).complete


def test_two_that_write_at_once_write_nothing_twice(client: OmniqClient, redis: Any, clock: Clock) -> None:
    fail_by_hand(redis, [(f"job-{n:03}", "KeyError: 'a'") for n in range(120)], now_ms=clock.now_ms)
    at = str(clock.now_ms)
    args = [1, clock.now_ms, "", "", at, "job-000", 0, 0, "x", at, "job-000"]
    assert client.link.run(script("operator/failures_note"), b"{q}:meta", *args) == 1
    assert client.link.run(script("operator/failures_note"), b"{q}:meta", *args) == 0
    assert redis.zcard("{q}:x:fp:1:x") == 1


def test_a_look_at_nothing_leaves_nothing_behind(client: OmniqClient, redis: Any, clock: Clock) -> None:
    found = index_all(client, clock)
    assert (found.kinds, found.total) == ((), 0)
    assert redis.dbsize() == 0


def test_nobody_looks_so_nobody_reads(client: OmniqClient, redis: Any, clock: Clock) -> None:
    fail_two_kinds(client, clock)
    index = FailureIndex(client.link)
    want_failures(client.link, QUEUE, clock.now_ms)
    clock.advance(60_001)
    assert index.step(clock.now_ms) == 1.0
    assert not redis.exists(STATE)


def test_a_hundred_queues_at_once_at_most(client: OmniqClient, redis: Any, clock: Clock) -> None:
    for n in range(250):
        want_failures(client.link, f"q{n}", clock.now_ms + n)
    want_failures(client.link, "q150", clock.now_ms + 250)
    looked = state_of(client.link).failures_looked
    assert list(looked) == [f"q{n}" for n in range(151, 250)] + ["q150"]
    FailureIndex(client.link).tell(clock.now_ms + 300)
    assert redis.zcard("{omniq:x}:errors") == 100
    assert redis.zscore("{omniq:x}:errors", "q150") == clock.now_ms + 250


def connect_again(client: OmniqClient) -> OmniqClient:
    """A client of another process, so to say."""
    kwargs = client.link.r.connection_pool.connection_kwargs
    return OmniqClient(host=kwargs["host"], port=kwargs["port"])


def test_the_leader_learns_of_a_look_elsewhere(client: OmniqClient, redis: Any, clock: Clock) -> None:
    fail_two_kinds(client, clock)
    with connect_again(client) as other:
        want_failures(other.link, QUEUE, clock.now_ms)
        FailureIndex(other.link).tell(clock.now_ms)
    assert 0 < redis.pttl("{omniq:x}:errors") <= 60_000
    index = FailureIndex(client.link)
    index.step(clock.now_ms)
    assert redis.exists(STATE)
