"""Walks along a lane: what matches is found, all of it, once, as of the mark, in bounded chunks."""

from __future__ import annotations

from typing import Any

import pytest

from omniq_core import OmniqClient
from omniq_core.operator.filters import Filter
from omniq_core.operator.lane_scan import Scan, mark, scan_lane
from tests.operator.lanes_by_hand import FIRST_MS, drop_failed, job_hash, push_failed, write_failed
from tests.support.clock import Clock
from tests.support.factories import delay_jobs, fail_jobs, lease_jobs, publish_jobs

EVERY = Filter()


def scan(client: OmniqClient, lane: str = "failed", asked: Filter = EVERY, **options: Any) -> Scan:
    return scan_lane(client.link, "q", lane, asked, **options)


def ids(found: Scan) -> list[str]:
    return [match.job_id for match in found.matches]


def test_each_part_of_a_filter_and_all_together(client: OmniqClient, clock: Clock) -> None:
    t = clock.now_ms
    fail_jobs(client, "q", ["a1"], now_ms=t, error="ValueError: BAD thing", payload={"k": "x"}, gid="G")
    fail_jobs(client, "q", ["a2"], now_ms=t + 100, error="KeyError: bad", payload={"k": "y"}, gid="H")
    fail_jobs(client, "q", ["b1"], now_ms=t + 200, error="ValueError: bad", payload={"k": "x"})
    assert ids(scan(client)) == ["b1", "a2", "a1"]
    assert ids(scan(client, asked=Filter(q="bad"), newest_first=False)) == ["a1", "a2", "b1"]
    assert ids(scan(client, asked=Filter(q="valueERROR"))) == ["b1", "a1"]
    assert ids(scan(client, asked=Filter(prefix="a"))) == ["a2", "a1"]
    assert ids(scan(client, asked=Filter(group="G"))) == ["a1"]
    assert ids(scan(client, asked=Filter(group="g"))) == []
    assert ids(scan(client, asked=Filter(payload="k:x"))) == ["b1", "a1"]
    assert ids(scan(client, asked=Filter(since_ms=t + 100))) == ["b1", "a2"]
    assert ids(scan(client, asked=Filter(q="bad", payload="k:x", since_ms=t + 1))) == ["b1"]
    whole = scan(client, asked=Filter(group="G"))
    assert (whole.matched, whole.scanned, whole.left, whole.total, whole.cursor) == (1, 3, 0, 3, None)
    row = whole.matches[0].row
    assert row is not None and (row.job_id, row.error, row.score_ms) == ("a1", "ValueError: BAD thing", t)


def test_an_error_of_that_type_is_no_error_that_says_its_name(client: OmniqClient, clock: Clock) -> None:
    traceback = 'Traceback (most recent call last):\n  File "a.py", line 1, in f\n    raise ValueError\n'
    errors = {
        "plain": "ValueError: no",
        "bare": "  valueerror",
        "module": "my.app.ValueError: no",
        "php": "App\\ValueError: no",
        "raised": f"{traceback}KeyError: 1\n\nDuring handling of it:\n\n{traceback}lib.ValueError: no\nTimeout",
        "node": "TypeError [ERR_VALUE]: no",
        "said": "KeyError: ValueError: no",
        "end": "KeyError: no\nValueError: no",
        "part": "MyValueError: no",
        "longer": "ValueErrors: no",
        "dash": "ValueError-x: no",
        "accent": "\u00e9ValueError: no",
        "source": f"{traceback}KeyError: no",
        "none": "",
    }
    fail_jobs(client, "q", list(errors), now_ms=clock.now_ms, error=lambda n: list(errors.values())[n])
    for q, wanted in {
        "VALUEerror": ["plain", "bare", "module", "php", "raised"],
        "app.ValueError": ["module"],
        "p.ValueError": [],
        "TypeError": ["node"],
        "TypeError [ERR_VALUE]": ["node"],
        "Timeout": [],
        "KeyError": ["said", "end", "source"],
    }.items():
        assert ids(scan(client, asked=Filter(q=q, by_type=True), newest_first=False)) == wanted, q


def test_pages_of_matches_are_taken_up_where_they_end(client: OmniqClient, clock: Clock) -> None:
    fail_jobs(client, "q", 20, now_ms=clock.now_ms, error=lambda n: "odd" if n % 2 else "even")
    seen, cursor, pages = [], None, 0
    while True:
        found = scan(client, asked=Filter(q="odd"), cursor=cursor, limit=3)
        seen, pages = seen + ids(found), pages + 1
        if not (cursor := found.cursor):
            break
    # position 0 is job-1, so every even number is odd
    assert seen == [f"job-{n}" for n in range(20, 0, -2)] and pages == 4
    first = scan(client, asked=Filter(q="odd"), limit=3)
    assert (first.scanned, first.left, first.matched) == (5, 15, 3)
    back = scan(client, asked=Filter(q="odd"), cursor=first.matches[2].position, newest_first=False, limit=5)
    assert ids(back) == ["job-18", "job-20"]


@pytest.mark.broken_data
def test_a_walk_neither_repeats_nor_skips_while_jobs_come_and_go(client: OmniqClient, redis: Any) -> None:
    all_ids = write_failed(redis, "q", 40)
    upto = mark(client.link, "q", "failed")
    first = scan(client, upto=upto, limit=10)
    assert ids(first) == all_ids[:29:-1]
    push_failed(redis, "q", ["new-1", "new-2"], FIRST_MS + 100)
    drop_failed(redis, "q", [all_ids[30], all_ids[12], all_ids[39]])
    rest = scan(client, upto=upto, limit=100, cursor=first.cursor)
    assert ids(rest) == [job for job in all_ids[29::-1] if job != all_ids[12]]
    assert set(ids(scan(client, upto=upto, limit=100))) == set(all_ids) - {all_ids[30], all_ids[12], all_ids[39]}
    upwards = scan(client, upto=upto, limit=100, newest_first=False)
    assert ids(upwards)[-1] == all_ids[38] and "new-1" not in ids(upwards)
    assert ids(scan(client, cursor=upto, newest_first=False)) == ["new-1", "new-2"]


@pytest.mark.broken_data
@pytest.mark.parametrize("newest_first", [True, False])
def test_jobs_of_one_millisecond_are_told_apart_by_their_id(
    client: OmniqClient, redis: Any, newest_first: bool
) -> None:
    all_ids = write_failed(redis, "q", 30, same_ms=True)
    upto = mark(client.link, "q", "failed")
    assert upto is not None and upto.job_id == b"job-0000029"
    push_failed(redis, "q", ["job-0000030", "job-0000004x"], FIRST_MS)
    seen, cursor = [], None
    while True:
        found = scan(client, upto=upto, cursor=cursor, limit=7, newest_first=newest_first)
        seen += ids(found)
        if not (cursor := found.cursor):
            break
    ordered = sorted([*all_ids, "job-0000004x"])
    assert seen == (ordered[::-1] if newest_first else ordered)


@pytest.mark.broken_data
def test_long_ids_are_found_again(client: OmniqClient, redis: Any) -> None:
    names = ["x" * 600 + f"{n:02d}" for n in range(9)] + ["x" * 1500]
    push_failed(redis, "q", names, FIRST_MS)
    seen, cursor = [], None
    while True:
        found = scan(client, cursor=cursor, limit=2, newest_first=False, rows=False)
        seen += found.matches
        if not (cursor := found.cursor):
            break
    assert [match.job_id for match in seen] == [*names[:9], "x" * 1024]
    assert [match.id_cut for match in seen] == [False] * 9 + [True] and seen[0].row is None


@pytest.mark.broken_data
def test_counting_to_the_end_collects_nothing(client: OmniqClient, redis: Any) -> None:
    write_failed(redis, "q", 5_000)
    found = scan(client, asked=Filter(prefix="job-00001"), limit=0, budget_ms=60_000)
    assert (found.matched, found.matches, found.scanned, found.cursor) == (100, (), 5_000, None)


@pytest.mark.broken_data
def test_a_walk_stops_when_its_time_is_over_and_goes_on_later(client: OmniqClient, redis: Any) -> None:
    write_failed(redis, "q", 5_000, error="E: needle")
    counted, scanned, cursor, walks = 0, 0, None, 0
    while True:
        found = scan(client, asked=Filter(q="needle"), cursor=cursor, limit=0, budget_ms=0)
        counted, scanned, walks = counted + found.matched, scanned + found.scanned, walks + 1
        assert scanned + found.left == 5_000
        if not (cursor := found.cursor):
            break
    # A walk without time is one chunk of at most 400 units of work, and an entry costs at least one.
    assert counted == scanned == 5_000 and walks >= 13


@pytest.mark.broken_data
def test_long_texts_are_counted_as_not_searched(client: OmniqClient, redis: Any) -> None:
    for n, (payload, error) in enumerate(
        [('{"k":"' + "x" * 70_000 + '"}', "E: x"), ('{"k":"x"}', "E: x" * 20_000), ('{"k":"x"}', "E: x")]
    ):
        push_failed(redis, "q", [f"j{n}"], FIRST_MS + n)
        redis.hset(
            f"{{q}}:job:j{n}", mapping=job_hash(f"j{n}", FIRST_MS + n) | {"payload": payload, "last_error": error}
        )
    found = scan(client, asked=Filter(payload="k:x"))
    assert (ids(found), found.unsearched) == (["j2", "j1"], 1)
    found = scan(client, asked=Filter(q="e: x"))
    assert (ids(found), found.unsearched) == (["j2", "j0"], 1)
    assert scan(client, asked=Filter(q="other")).unsearched == 1, "what might match is said, nothing else"
    assert scan(client, asked=Filter(payload="k:x", prefix="j2")).unsearched == 0


@pytest.mark.broken_data
def test_one_chunk_holds_a_bounded_share_of_costly_payloads(client: OmniqClient, redis: Any) -> None:
    for n in range(60):
        push_failed(redis, "q", [f"j{n:02d}"], FIRST_MS + n)
        redis.hset(f"{{q}}:job:j{n:02d}", "payload", '{"k":[' + "[]," * 21_000 + '"end"]}')
    one = scan(client, asked=Filter(payload="k:end"), limit=0, budget_ms=0)
    # 63 KB to parse count as 630 units of the first chunk's 400.
    assert (one.scanned, one.matched, one.left) == (1, 1, 59)
    redis.hset("{q}:job:j59", "payload", "[" * 65_000)
    kept = scan(client, asked=Filter(payload="k:end"), budget_ms=60_000, rows=False, limit=100)
    assert kept.matched == 59 and kept.matches[0].job_id == "j58"


@pytest.mark.broken_data
def test_broken_rows_raise_nothing(client: OmniqClient, redis: Any) -> None:
    write_failed(redis, "q", 1)
    push_failed(redis, "q", ["gone", "string", "", "elsewhere"], FIRST_MS + 5)
    redis.delete("{q}:job:gone", "{q}:job:string")
    redis.set("{q}:job:string", "text")
    redis.hset("{q}:job:elsewhere", "state", "wait")
    found = scan(client, asked=Filter(since_ms=FIRST_MS + 5))
    rows = {match.job_id: match.row for match in found.matches}
    assert set(rows) == {"gone", "string", "", "elsewhere"}
    assert rows["gone"] and rows["gone"].missing and rows["string"] and rows["string"].missing
    assert (rows["gone"].key_type, rows["string"].key_type) == ("none", "string")
    assert rows["elsewhere"] and rows["elsewhere"].state == "wait"
    assert set(ids(scan(client, asked=Filter(q="e: no")))) == {"job-0000000", "", "elsewhere"}
    assert set(ids(scan(client, asked=Filter(prefix="g")))) == {"gone"}


@pytest.mark.broken_data
def test_a_lane_without_index_is_walked_by_place(client: OmniqClient, redis: Any) -> None:
    all_ids = write_failed(redis, "q", 50)
    for n, job in enumerate(all_ids):
        redis.hset(f"{{q}}:job:{job}", "updated_ms", FIRST_MS + n)
    redis.delete("{q}:idx:failed")
    upto = mark(client.link, "q", "failed")
    redis.lpush("{q}:failed", "later")
    first = scan(client, upto=upto, limit=20)
    assert ids(first) == all_ids[:29:-1] and not first.indexed
    rest = scan(client, upto=upto, limit=100, cursor=first.cursor)
    assert ids(rest) == all_ids[29::-1]
    assert ids(scan(client, asked=Filter(since_ms=FIRST_MS + 48), newest_first=False)) == all_ids[48:]


def test_the_other_lanes_and_their_orders(client: OmniqClient, clock: Clock) -> None:
    t = clock.now_ms
    lease_jobs(client, "q", ["a1"], now_ms=t, timeout_ms=900)
    lease_jobs(client, "q", ["a2"], now_ms=t + 5, timeout_ms=100)
    delay_jobs(client, "q", ["d1"], now_ms=t, due_ms=t + 900)
    delay_jobs(client, "q", ["d2"], now_ms=t + 1, due_ms=t + 100)
    delay_jobs(client, "q", ["d3"], now_ms=t + 2, due_ms=t + 500)
    upto = mark(client.link, "q", "delayed")
    delay_jobs(client, "q", ["d4"], now_ms=t + 3, due_ms=t + 50)
    publish_jobs(client, "q", ["w1"], now_ms=t)
    publish_jobs(client, "q", ["g1"], now_ms=t + 1, gid="G", payload={"k": 1})
    assert ids(scan(client, "active", order="lease", newest_first=False)) == ["a2", "a1"]
    assert ids(scan(client, "active", Filter(since_ms=t + 5), order="lease")) == ["a2"]
    assert ids(scan(client, "delayed", order="due", newest_first=False)) == ["d4", "d2", "d3", "d1"]
    assert ids(scan(client, "delayed", order="due", newest_first=False, upto=upto)) == ["d2", "d3", "d1"]
    soon = Filter(due_by_ms=t + 500)
    assert ids(scan(client, "delayed", soon, order="due", newest_first=False)) == ["d4", "d2", "d3"]
    assert ids(scan(client, "delayed", soon, upto=upto)) == ["d3", "d2"]
    assert ids(scan(client, "waiting", Filter(group="G"))) == ["g1"]
    row = scan(client, "delayed", Filter(prefix="d1"), order="due").matches[0].row
    assert row is not None and row.due_ms == t + 900
    with pytest.raises(ValueError, match="no order"):
        scan(client, "failed", order="due")


def test_an_empty_lane_is_through_at_once(client: OmniqClient) -> None:
    assert mark(client.link, "q", "failed") is None
    assert scan(client, asked=Filter(q="x")) == Scan((), 0, 0, 0, 0, 0, 0, None, True)
