"""The errors of the last hour in all queues: each failure is counted once, and what was not read is said."""

from __future__ import annotations

import json
from typing import Any

import pytest

from omniq_core import OmniqClient, read_overview
from omniq_core.operator.failure_index import RULES_VERSION
from omniq_core.operator.fingerprint import OTHER, fingerprint
from omniq_core.operator.top_errors import MOST_KEPT, MOST_UNREAD, TOP, TopError, TopErrors, pack_top, read_top
from omniq_core.operator.top_watch import MOST_KINDS, PUBLISH_MS, ROUND_MS, TopWatch
from tests.operator.failing import fail_by_hand
from tests.operator.noticing import Rounds
from tests.support.clock import Clock
from tests.support.factories import fail_jobs

MINUTE, HOUR = 60_000, 3_600_000
NO_ROUTE, NO_KEY = "ConnectionError: no route to 10.0.0.{}", "KeyError: 'a'"


def read_all(watch: TopWatch, clock: Clock, *queues: str) -> TopErrors:
    """A whole round, and the list after it."""
    clock.advance(max(ROUND_MS, PUBLISH_MS))
    for _ in range(500):
        watch.step(clock.now_ms, queues)
        if not watch._left:
            break
    found = read_top(watch.news(clock.now_ms))
    assert found is not None
    return found


@pytest.fixture
def watch(client: OmniqClient) -> TopWatch:
    return TopWatch(client.link, timer=lambda: 0.0)


def counted(found: TopErrors) -> list[tuple[str, str, int]]:
    return [(one.queue, one.name, one.jobs) for one in found.errors]


def test_the_most_first_with_when_they_failed(watch: TopWatch, client: OmniqClient, clock: Clock) -> None:
    now = clock.now_ms = 1_750_000_200_000 - PUBLISH_MS  # the list is made at 15:10:00
    fail_jobs(client, "hooks", [f"a{n}" for n in range(7)], now_ms=now - 2 * MINUTE, error=lambda n: NO_ROUTE.format(n))
    fail_jobs(client, "hooks", ["b1", "b2"], now_ms=now - 20 * MINUTE, error=NO_KEY)
    fail_jobs(client, "crm", ["c1", "c2", "c3"], now_ms=now - 50 * MINUTE, error=NO_KEY)
    fail_jobs(client, "crm", ["old"], now_ms=now - 61 * MINUTE, error=NO_KEY)
    found = read_all(watch, clock, "hooks", "crm")
    assert counted(found) == [("hooks", "ConnectionError", 7), ("crm", "KeyError", 3), ("hooks", "KeyError", 2)]
    assert (found.unread, found.beyond, found.at_ms) == ((), 0, clock.now_ms)
    first, second, third = (one.spans for one in found.errors)
    # 20 spans of 3 min, the last one is of this minute and the two before: these are 2.5, 50.5 and 20.5 min old
    assert [at for at, jobs in enumerate(first) if jobs] == [18]
    assert [at for at, jobs in enumerate(second) if jobs] == [2]
    assert [at for at, jobs in enumerate(third) if jobs] == [12]
    assert found.errors[0].digest == fingerprint(NO_ROUTE.format(1)).digest


def test_each_failure_once_whatever_becomes_of_it(watch: TopWatch, client: OmniqClient, clock: Clock) -> None:
    fail_jobs(client, "q", ["a", "b", "c"], now_ms=clock.now_ms, step_ms=0, error=NO_KEY)
    assert counted(read_all(watch, clock, "q")) == [("q", "KeyError", 3)]
    assert counted(read_all(watch, clock, "q")) == [("q", "KeyError", 3)]
    client.retry_failed(queue="q", job_id="a", now_ms_override=clock.now_ms)
    job: Any = client.reserve(queue="q", now_ms_override=clock.now_ms)
    client.ack_fail(queue="q", job_id="a", lease_token=job.lease_token, error=NO_KEY, now_ms_override=clock.now_ms)
    client.remove_job(queue="q", job_id="b", lane="failed")
    assert counted(read_all(watch, clock, "q")) == [("q", "KeyError", 4)]
    clock.advance(HOUR)
    assert counted(read_all(watch, clock)) == []


def test_what_is_new_waits_for_clocks_that_are_behind(watch: TopWatch, client: OmniqClient, clock: Clock) -> None:
    later = clock.now_ms + PUBLISH_MS
    fail_jobs(client, "q", ["new"], now_ms=later - 10_000, error=NO_KEY)
    assert counted(read_all(watch, clock, "q")) == []
    fail_jobs(client, "q", ["behind"], now_ms=later - 15_000, error=NO_KEY)  # it came after one that was later
    assert counted(read_all(watch, clock, "q")) == [("q", "KeyError", 2)]


@pytest.mark.broken_data
def test_of_queues_that_cannot_be_read_it_says_so(
    watch: TopWatch, client: OmniqClient, redis: Any, clock: Clock
) -> None:
    fail_jobs(client, "good", 1, now_ms=clock.now_ms, error=NO_KEY)
    redis.rpush("{old}:failed", "a", "b")  # an SDK without an index
    redis.set("{wrong}:idx:failed", "text")
    found = read_all(watch, clock, "good", "old", "wrong")
    assert counted(found) == [("good", "KeyError", 1)]
    assert found.unread == ("old", "wrong")


@pytest.mark.broken_data
def test_thousands_are_read_in_pieces_and_kinds_are_bounded(watch: TopWatch, redis: Any, clock: Clock) -> None:
    words = ["".join(chr(97 + int(digit)) for digit in f"{n:04d}") for n in range(MOST_KINDS + 50)]
    many = [(f"job-{n}", f"{word.title()}Error: broken") for n, word in enumerate(words)]
    fail_by_hand(redis, many + [(f"more-{n}", NO_KEY) for n in range(2_000)], now_ms=clock.now_ms)
    found = read_all(watch, clock, "q")
    assert counted(found)[0] == ("q", OTHER.name, 2_050)
    assert len(found.errors) == MOST_KEPT
    lately = watch.lately("q", clock.now_ms)
    assert lately and (lately.failed, lately.before, lately.of_kind) == (MOST_KINDS + 2_050, 0, 2_050)


def test_it_reaches_every_page_and_does_not_change_each_round(client: OmniqClient, redis: Any, clock: Clock) -> None:
    fail_jobs(client, "q", 2, now_ms=clock.now_ms - MINUTE, error=NO_KEY)
    rounds = Rounds(client, clock)
    rounds.go(2)
    top = read_overview(client.link, clock.now_ms).top
    assert top and counted(top) == [("q", "KeyError", 2)]
    assert 0 < redis.pttl(TOP) <= 60_000
    rounds.go(3)
    assert read_overview(client.link, clock.now_ms).top == top
    rounds.go(14)
    assert read_overview(client.link, clock.now_ms).top != top
    assert redis.keys(f"{{q}}:x:fp:{RULES_VERSION}:*") == []  # it needs no index, and makes none


def test_what_is_kept_is_bounded_and_believed_only_when_sound() -> None:
    spans = (1,) * 20
    errors = [TopError("q" * 128, f"{n:016x}", "‮<b>" * 50, 20, spans) for n in range(500)]
    raw = pack_top(5, errors, [f"q{n}" for n in range(500)])
    assert len(raw) < 64 * 1024
    found = read_top(raw)
    assert found and (len(found.errors), len(found.unread), found.beyond) == (MOST_KEPT, MOST_UNREAD, 400)
    sound = json.loads(raw)
    for wrong in (
        {"v": 2},
        {"e": [[]]},
        {"e": 1},
        {"u": ["a b"]},
        {"b": -1},
        {"at": True},
        {"e": [["q", "d", "n", 1, [1]]]},
    ):
        assert read_top(json.dumps(sound | wrong).encode()) is None
    for nothing in (None, b"", b"[", b"{}", b"[" * 20_000, b"x" * 70_000, ValueError("WRONGTYPE")):
        assert read_top(nothing) is None
