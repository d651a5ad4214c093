"""A search of a lane that takes more than one answer, and lanes that are not as they should be."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from dashboard.queries import filtered
from omniq_core import OmniqClient
from tests.operator.lanes_by_hand import push_failed, write_failed
from tests.web.pages_support import NOW, QUEUE, SCRIPT, Browser, browser, everything

pytestmark = pytest.mark.broken_data
FAILED = f"/queues/{QUEUE}/failed"
MINUTE = 60_000


@pytest.fixture
def visitor(client: OmniqClient) -> Browser:
    return browser(client)


@pytest.fixture(autouse=True)
def time_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that is busy with other things does not make an answer end earlier."""
    monkeypatch.setattr(filtered, "PAGE_MS", 60_000)


@pytest.fixture
def no_time(monkeypatch: pytest.MonkeyPatch, time_enough: None) -> None:
    """Each answer has the time for one chunk only."""
    monkeypatch.setattr(filtered, "PAGE_MS", 0)


@pytest.mark.usefixtures("no_time")
def test_a_search_that_takes_longer_says_how_far_it_is_and_goes_on(redis: Any, visitor: Browser) -> None:
    write_failed(redis, QUEUE, 2_000)
    for n in (1_500, 700, 3):
        redis.hset(f"{{{QUEUE}}}:job:job-{n:07d}", "last_error", "E: needle")
    before = everything(redis)
    page = visitor.get(f"{FAILED}?q=needle")
    assert "No match so far" in page.words("#jobs") and "scanned" in page.words("#match-count")
    meter = page.one("#match-count progress")
    assert int(meter["max"]) == 2_000 and 0 < int(meter["value"]) <= 320
    assert page.words("#match-count noscript a") == "Go on"
    seen, swaps, answer = [], [], page
    for _ in range(40):
        again = answer.soup.select_one("[data-counting]")
        if again is None:
            break
        # The first part waits for the script that repeats it.
        assert again["hx-trigger"] == ("omniq:again" if answer is page else "load delay:20ms, omniq:again")
        answer = visitor.get(str(again["hx-get"]), headers=SCRIPT)
        for part in answer.soup.select("hx-partial[id=jobs]"):
            seen += [str(link["title"]) for link in part.select("a.job-id")]
            swaps.append(part["hx-swap"])
    assert seen == ["job-0001500", "job-0000700", "job-0000003"]
    assert swaps[-3:] == ["innerHTML", "beforeend", "beforeend"]
    assert answer.region("match-count").get_text(" ", strip=True) == "3 of 2,000 match"
    assert answer.region("pager").select_one("span").get_text() == "1–3 of 3"
    assert everything(redis) == before, "a search changes nothing"


@pytest.mark.usefixtures("no_time")
def test_without_script_a_count_goes_on_beside_its_rows(redis: Any, visitor: Browser) -> None:
    ids = write_failed(redis, QUEUE, 1_000, error="E: needle")
    page = visitor.get(f"{FAILED}?q=needle&size=25")
    shown = [page.job_ids()]
    for _ in range(20):
        if not page.soup.select("#match-count noscript a"):
            break
        page = visitor.follow(page, "#match-count noscript a")
        shown.append(page.job_ids())
    assert page.words("#match-count") == "1,000 of 1,000 match"
    # 400 units of work are 18 rows: the rest of the page comes next, then nothing but the count moves.
    assert shown[0] + shown[1] == ids[:974:-1]
    assert all(some == shown[-1] and some == ids[: 999 - len(some) : -1] for some in shown[2:]) and len(shown) > 3


def test_how_long_the_rest_takes_is_told_by_what_was_seen(
    redis: Any, visitor: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_failed(redis, QUEUE, 1_000)
    real = filtered.filtered_page

    def long_lane(*args: Any, **options: Any) -> Any:
        found = real(*args, **options)
        return replace(found, count=None, going_on="0", matched=37, looked=61_000, scanned=61_000, left=153_000)

    moments = iter([10.0, 11.6])
    monkeypatch.setattr(filtered, "filtered_page", long_lane)
    monkeypatch.setattr(filtered, "perf_counter", lambda: next(moments))
    page = visitor.get(f"{FAILED}?q=needle")
    # 61,000 in 1.6 s are 153,000 in 4.01 s
    assert page.words("#match-count").startswith("37 of 61,000 scanned 153,000 left, about 4 s Stop")
    assert (page.one("progress")["max"], page.one("progress")["value"]) == ("214000", "61000")


@pytest.mark.usefixtures("no_time")
def test_a_search_can_be_stopped_and_taken_up_again(redis: Any, visitor: Browser) -> None:
    write_failed(redis, QUEUE, 2_000)
    page = visitor.get(f"{FAILED}?q=needle")
    stopped = visitor.get(str(page.one("#scan-stop")["hx-get"]), headers=SCRIPT)
    assert stopped.soup.select("[data-counting]") == []
    assert stopped.region("match-count").select_one("#scan-on").get_text() == "Go on"
    going = visitor.get(str(stopped.one("#scan-on")["hx-get"]), headers=SCRIPT)
    values = [int(answer.one("progress")["value"]) for answer in (page, stopped, going)]
    assert values == sorted(values) and len(set(values)) == 3


@pytest.mark.usefixtures("no_time")
def test_without_script_a_search_goes_on_by_a_link(redis: Any, visitor: Browser) -> None:
    write_failed(redis, QUEUE, 1_000)
    redis.hset(f"{{{QUEUE}}}:job:job-0000003", "last_error", "E: needle")
    page = visitor.get(f"{FAILED}?q=needle")
    for _ in range(20):
        if not page.soup.select("#match-count noscript a"):
            break
        page = visitor.follow(page, "#match-count noscript a")
    assert (page.job_ids(), page.words("#match-count")) == (["job-0000003"], "1 of 1,000 matches")


def test_what_is_too_large_to_search_is_said(redis: Any, visitor: Browser) -> None:
    write_failed(redis, QUEUE, 3)
    redis.hset(f"{{{QUEUE}}}:job:job-0000001", "payload", '{"k":"' + "x" * 70_000 + '"}')
    assert visitor.get(f"{FAILED}?payload=k:x").words("#match-count") == "0 of 3 match 1 too large to search"


def test_a_lane_without_index_is_filtered_by_place(redis: Any, visitor: Browser) -> None:
    write_failed(redis, QUEUE, 40, error="E: odd")
    redis.delete(f"{{{QUEUE}}}:idx:failed")
    page = visitor.get(f"{FAILED}?q=odd&size=25")
    assert (len(page.job_ids()), page.words("#match-count")) == (25, "40 of 40 match")
    assert len(visitor.follow(page, "#pager a[rel=next]").job_ids()) == 15


@pytest.mark.parametrize("asked", ["", "?since=7d", "?prefix=b"])
def test_each_broken_row_says_what_is_wrong_with_it(redis: Any, visitor: Browser, asked: str) -> None:
    push_failed(redis, QUEUE, ["b-gone", "b-text", "b-bare", "b-done", "b-void", "b-odd"], NOW - MINUTE)
    job = f"{{{QUEUE}}}:job:"
    redis.delete(f"{job}b-gone", f"{job}b-text")
    redis.set(f"{job}b-text", "text")
    redis.hdel(f"{job}b-bare", "id")
    redis.hset(f"{job}b-done", "state", "completed")
    redis.hdel(f"{job}b-void", "state")
    redis.hset(f"{job}b-odd", "state", "<i>")
    redis.hset(f"{{{QUEUE}}}:stats", "failed", 6)
    found = {row[1]: row[2] for row in visitor.get(f"{FAILED}{asked}").rows("jobs")}
    assert found == {
        "b-gone": "This id has no job behind it any more",
        "b-text": "The key of this job is of type string, so there is no job in it",
        "b-bare": "The record behind this id has no id, so workers drop it",
        "b-done": "Its record says that it is completed, but it stands in this lane",
        "b-void": "Its record has no state, but it stands in this lane",
        "b-odd": "Its record says that it is <i>, but it stands in this lane",
    }


def test_an_empty_id_is_a_row_like_any_other(redis: Any, visitor: Browser) -> None:
    push_failed(redis, QUEUE, [""], NOW - MINUTE)
    redis.hset(f"{{{QUEUE}}}:job:", mapping={"state": "failed", "last_error": "E: no"})
    for asked in ("", "?since=1h"):
        assert len(visitor.get(f"{FAILED}{asked}").rows("jobs")) == 1


@pytest.mark.parametrize("key", ["failed", "idx:failed"])
@pytest.mark.parametrize("asked", ["q=x", "since=1h", "prefix=x&sort=-failed"])
def test_a_lane_whose_key_is_of_another_type_has_no_count(redis: Any, visitor: Browser, key: str, asked: str) -> None:
    write_failed(redis, QUEUE, 3)
    redis.delete(f"{{{QUEUE}}}:{key}")
    redis.set(f"{{{QUEUE}}}:{key}", "text")
    page = visitor.get(f"{FAILED}?{asked}")
    assert "This lane is broken" in page.words("#jobs")
    assert page.words("#match-count") == "Not known how many match"
