"""Pages and jobs whose texts are long, odd or of the wrong type: bounded, verbatim, never an exception."""

from __future__ import annotations

import time
from typing import Any

import pytest

from omniq_core import OmniqClient
from omniq_core.keys import decode_id
from omniq_core.operator import job_detail, job_payload, lane_page
from tests.operator.lanes_by_hand import FIRST_MS, job_hash, push_failed

pytestmark = pytest.mark.broken_data

IDS = ["user/234", "..", "/a", "a:b", "..%2f", "a\nb", "🔥", decode_id(b"\x00\x9c\xff"), "{q}", "ERR"]
BIG = "x" * 5_000_000


def write(redis: Any, job: str | bytes, at: int = FIRST_MS, **fields: Any) -> None:
    raw = job if isinstance(job, bytes) else job.encode("utf-8", "surrogateescape")
    redis.lpush("{q}:failed", raw)
    redis.zadd("{q}:idx:failed", {raw: at})
    redis.hset(b"{q}:job:" + raw, mapping=job_hash("", at) | {"id": raw} | fields)


@pytest.mark.parametrize("job", IDS)
def test_an_odd_id_comes_back_whole_and_finds_its_job(client: OmniqClient, redis: Any, job: str) -> None:
    write(redis, job, last_error=b"half \xc3", payload=b"\x00\x9c\xff")
    row = lane_page(client.link, "q", "failed", now_ms=1).rows[0]
    assert (row.job_id, row.error, row.payload_bytes) == (job, "half \ufffd", 3)
    detail = job_detail(client.link, "q", row.job_id, now_ms=1, payload_limit=100)
    assert detail is not None
    assert (detail.job_id, detail.payload, detail.in_lanes) == (job, b"\x00\x9c\xff", ("failed",))


def test_cursors_between_odd_ids_of_one_moment(client: OmniqClient, redis: Any) -> None:
    for job in IDS:
        write(redis, job)
    seen: list[str] = []
    cursor = None
    for _ in range(len(IDS) + 1):
        found = lane_page(client.link, "q", "failed", now_ms=1, size=1, cursor=cursor)
        seen += [row.job_id for row in found.rows]
        redis.zrem("{q}:idx:failed", seen[-1].encode("utf-8", "surrogateescape"))
        redis.lrem("{q}:failed", 1, seen[-1].encode("utf-8", "surrogateescape"))
        cursor = found.older
        if cursor is None:
            break
    assert sorted(seen) == sorted(IDS)
    assert seen == sorted(IDS, key=lambda job: job.encode("utf-8", "surrogateescape"), reverse=True)


def test_long_texts_stay_in_redis(client: OmniqClient, redis: Any) -> None:
    write(redis, "a", payload=BIG, last_error=BIG, gid=BIG, attempt=BIG, state=BIG)
    before = redis.info("stats")["total_net_output_bytes"]
    row = lane_page(client.link, "q", "failed", now_ms=1).rows[0]
    assert redis.info("stats")["total_net_output_bytes"] - before < 20_000
    assert (row.payload_bytes, row.error_bytes, row.payload_excerpt, row.error) == (len(BIG), len(BIG), "", "")
    assert (row.gid, row.attempt, row.state, row.missing) == ("", 0, "", False)


def test_texts_are_cut_between_characters(client: OmniqClient, redis: Any) -> None:
    write(redis, "a", payload="é" * 2_000, last_error="a" + "é" * 2_000)
    row = lane_page(client.link, "q", "failed", now_ms=1).rows[0]
    assert (row.payload_excerpt, row.payload_bytes) == ("é" * 100, 4_000)
    assert (row.error, row.error_bytes) == ("a" + "é" * 499, 4_001)


def test_twenty_five_payloads_of_5_mb_are_no_weight(client: OmniqClient, redis: Any) -> None:
    for n in range(100):
        write(redis, f"job-{n}", FIRST_MS + n, payload=BIG if n < 25 else "{}", last_error="e" * 4_096)
    took: list[float] = []
    for _ in range(9):
        start = time.perf_counter()
        assert len(lane_page(client.link, "q", "failed", now_ms=1, size=100).rows) == 100
        took.append(time.perf_counter() - start)
    assert sorted(took)[4] < 0.020


def test_an_id_of_a_megabyte_is_shown_cut_and_paged_past(client: OmniqClient, redis: Any) -> None:
    long_ids = [b"i" * 1_000_000 + b"%d" % n for n in range(3)]
    for job in long_ids:
        write(redis, job)
    first = lane_page(client.link, "q", "failed", now_ms=1, size=1)
    assert (first.rows[0].id_cut, len(first.rows[0].job_id), first.first) == (True, 1_024, 1)
    assert first.older is not None and len(first.older) < 600
    assert [lane_page(client.link, "q", "failed", now_ms=1, size=1, cursor=first.older).first] == [2]


def test_ids_without_a_job_are_rows_that_say_so(client: OmniqClient, redis: Any) -> None:
    push_failed(redis, "q", ["gone", "text", "half"], FIRST_MS)
    redis.delete("{q}:job:gone", "{q}:job:text")
    redis.set("{q}:job:text", "no hash")
    redis.hdel("{q}:job:half", "id")
    rows = lane_page(client.link, "q", "failed", now_ms=1).rows
    assert [(row.job_id, row.missing) for row in rows] == [("text", True), ("half", True), ("gone", True)]
    assert job_detail(client.link, "q", "gone", now_ms=1, payload_limit=1) is None
    assert job_detail(client.link, "q", "text", now_ms=1, payload_limit=1) is None
    assert job_payload(client.link, "q", "text") is None


@pytest.mark.parametrize("key", ["failed", "idx:failed", "stats"])
def test_keys_of_the_wrong_type_raise_nothing(client: OmniqClient, redis: Any, key: str) -> None:
    write(redis, "a")
    redis.delete(f"{{q}}:{key}")
    redis.set(f"{{q}}:{key}", "rubbish")
    assert [row.job_id for row in lane_page(client.link, "q", "failed", now_ms=1).rows] == ["a"]
    assert job_detail(client.link, "q", "a", now_ms=1, payload_limit=1) is not None
