"""A bulk task over one kind of error: exactly those that were counted, the oldest failure first."""

from __future__ import annotations

import json

import pytest

from omniq_core import KindSelection, OmniqClient, read_selection
from omniq_core.operator.failure_index import FailureIndex
from omniq_core.operator.fingerprint import fingerprint
from tests.operator.failing import QUEUE, index_all
from tests.support.clock import Clock
from tests.support.factories import fail_jobs

VALUE = KindSelection(fingerprint("ValueError: no such account 1").digest)
NOW = 1_750_000_000_000


@pytest.fixture
def thousand(client: OmniqClient, clock: Clock) -> FailureIndex:
    """300 ValueErrors (the ids with even numbers up to 600) among 700 KeyErrors, a millisecond apart."""

    def error(at: int) -> str:
        n = at + 1
        return f"ValueError: no such account {n}" if n <= 600 and n % 2 == 0 else "KeyError: 'a'"

    fail_jobs(client, QUEUE, 1_000, now_ms=clock.now_ms, error=error)
    index = FailureIndex(client.link)
    index_all(client, clock, index)
    return index


def all_of(client: OmniqClient, selection: KindSelection, mark: bytes, limit: int) -> list[tuple[bytes, bytes]]:
    """Every job of the selection, some at a time."""
    found: list[tuple[bytes, bytes]] = []
    cursor = b""
    for _ in range(1_000):
        part = selection.find(client.link, QUEUE, "failed", mark, cursor, limit, len(found))
        assert len(part.jobs) <= limit
        found += part.jobs
        cursor = part.cursor
        if part.finished:
            return found
    raise AssertionError("it never ends")


@pytest.mark.usefixtures("thousand")
@pytest.mark.parametrize("limit", [7, 100, 300, 1_000])
def test_all_of_one_kind_and_no_others(client: OmniqClient, limit: int) -> None:
    counted = VALUE.count(client.link, QUEUE, "failed")
    assert (counted.count, counted.finished, counted.mark) == (300, True, b"%d job-600" % (NOW + 599))
    found = all_of(client, VALUE, counted.mark, limit)
    assert found == [(b"job-%d" % n, b"%d" % (NOW + n - 1)) for n in range(2, 602, 2)]


def test_what_fails_after_the_count_is_not_in_it(client: OmniqClient, clock: Clock, thousand: FailureIndex) -> None:
    counted = VALUE.count(client.link, QUEUE, "failed")
    fail_jobs(client, QUEUE, ["later"], now_ms=clock.now_ms, error="ValueError: no such account 9")
    index_all(client, clock, thousand)
    assert VALUE.count(client.link, QUEUE, "failed").count == 301
    assert VALUE.count(client.link, QUEUE, "failed", counted) is counted
    found = all_of(client, VALUE, counted.mark, 100)
    assert len(found) == 300
    assert b"later" not in dict(found)


def test_those_that_left_meanwhile_do_not_shift_the_rest(
    client: OmniqClient, clock: Clock, thousand: FailureIndex
) -> None:
    counted = VALUE.count(client.link, QUEUE, "failed")
    first = VALUE.find(client.link, QUEUE, "failed", counted.mark, b"", 100, 0)
    client.remove_jobs_batch(queue=QUEUE, lane="failed", job_ids=[job_id.decode() for job_id, _ in first.jobs])
    index_all(client, clock, thousand)
    second = VALUE.find(client.link, QUEUE, "failed", counted.mark, first.cursor, 100, 100)
    assert [job_id for job_id, _ in second.jobs] == [b"job-%d" % n for n in range(202, 402, 2)]


def test_a_kind_that_is_not_there(client: OmniqClient) -> None:
    counted = KindSelection("0123456789abcdef").count(client.link, QUEUE, "failed")
    assert (counted.count, counted.finished) == (0, True)
    assert KindSelection("x").find(client.link, QUEUE, "failed", counted.mark, b"", 10, 0).jobs == ()


def test_it_is_read_back_as_it_was_written() -> None:
    assert read_selection(VALUE.text()) == VALUE
    for wrong in ({"fp": 1, "rules": 1}, {"fp": "a"}, {}):
        with pytest.raises(ValueError, match="not a kind"):
            read_selection(json.dumps({"v": 1, "kind": "fingerprint"} | wrong))
