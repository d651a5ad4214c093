"""What operators did, as a page: its words, filter, pages, ticks, one entry of it, and the file."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from omniq_core import Activity, OmniqClient, note_activity
from tests.web.pages_support import NOW, QUEUE, SCRIPT, Browser, Page, browser, words
from tests.web.trial import UNREACHABLE

MINUTE, HOUR = 60_000, 3_600_000


def note(client: OmniqClient, action: str = "retry", state: Any = "done", ago: int = 0, **more: Any) -> str:
    values = {"who": "oncall", "address": "10.0.0.7", "queue": QUEUE, **more}
    return note_activity(client.link, Activity(NOW - ago, action, state, **values))


def shown(page: Page) -> list[str]:
    """The Did column."""
    return [row[2] for row in page.rows("activity")]


@pytest.fixture
def visitor(client: OmniqClient, redis: Any) -> Browser:
    del redis
    return browser(client)


def test_as_drawn(visitor: Browser, client: OmniqClient) -> None:
    note(client, "remove", ago=17 * HOUR, who="support", jobs=12_480, done=12_480, filter={"q": "BadToken"})
    note(client, "publish", ago=3 * HOUR, facts={"copy_of": "01KKAK2M9Q0BETBK4K3Y0RVX5W", "job": "x"}, done=1)
    note(client, "pause", ago=2 * HOUR, facts={"reason": "digest template is wrong"}, done=1)
    until = str(NOW - HOUR + 61 * MINUTE)
    note(client, "pause", ago=HOUR, who="support", facts={"until_ms": until}, done=1)
    note(
        client,
        ago=31 * MINUTE,
        state="ended",
        lane="failed",
        jobs=402,
        done=390,
        skipped={"LEFT_LANE": 12},
        facts={"task": "a" * 16},
    )
    note(client, "limit", ago=15 * MINUTE, facts={"gid": "tenant-1198", "limit": "8", "before": "5"}, done=1)
    note(client, "remove", ago=10 * MINUTE, lane="failed", jobs=1, ids=("01KKAV7T3C0BETBK4K3Y0RVX5W",), done=1)
    note(
        client, "remove", "refused", ago=2 * MINUTE, who="ops-eu", lane="failed", jobs=4_213, why="You may not remove.",
        filter={"q": "ConnectionError", "since_ms": str(NOW - 24 * HOUR - 3 * MINUTE)},
    )  # fmt: skip
    tags = "Error contains ConnectionError Failed in last 24 h"
    client.link.call("HSET", f"{{{QUEUE}}}:x:task:{'a' * 16}", "state", "finished")
    page = visitor.get("/activity?since=24h")
    assert page.heads() == ["When", "Who", "Did", "Queue", "Filter", "Result", "Undo"]
    assert page.rows("activity") == [
        ["2 min ago", "ops-eu", "Remove 4,213 failed jobs", QUEUE, tags, "Refused", ""],
        ["10 min ago", "oncall", "Removed job 01KKAV7T3C…", QUEUE, "–", "1 removed, final", ""],
        ["15 min ago", "oncall", "Set the limit of tenant-1198 from 5 to 8", QUEUE, "–", "Saved", ""],
        ["31 min ago", "oncall", "Retried 390 jobs", QUEUE, "–", "390 retried, 12 skipped", ""],
        ["1 h ago", "support", "Paused, until 15:07", QUEUE, "–", "Paused 1 h 01 min", ""],
        ["2 h ago", "oncall", "Paused: digest template is wrong", QUEUE, "–", "Paused", ""],
        ["3 h ago", "oncall", "Published a copy of 01KKAK2M9Q…", QUEUE, "–", "1 published", ""],
        ["17 h ago", "support", "Removed 12,480 jobs", QUEUE, "Error contains BadToken", "12,480 removed, final", ""],
    ]  # fmt: skip
    assert page.words("#pager").startswith("1–8 of 8 Rows 25 50 100")
    assert page.one("#activity [data-tone=danger]")["title"] == "You may not remove."
    assert page.one("title").text == "Activity · OmniQ"
    assert [words(a) for a in page.soup.select(".topnav a")] == ["Overview", "Child counters", "Health", "Activity"]
    assert page.one(".topnav a[aria-current=page]").get_text() == "Activity"
    assert page.one(f'#activity a[href="/queues/{QUEUE}/tasks/{"a" * 16}"]').get_text() == "390 retried, 12 skipped"


def test_filters(visitor: Browser, client: OmniqClient) -> None:
    note(client, "retry", ago=3 * HOUR, jobs=1, done=1, who="", address="10.9.9.9")
    note(client, "pause", ago=2 * HOUR, done=1, who="Ana", queue="billing")
    note(client, "resume", ago=HOUR - 1, done=1, who="ben", queue="billing")
    note(client, "remove-counter", who="ben", queue="", done=1, facts={"key": "k"})

    def found(query: str) -> list[str]:
        return shown(visitor.get(f"/activity?{query}"))

    every = ["Deleted counter k", "Resumed", "Paused", "Retried 1 job"]
    assert found("") == found("since=7d") == every
    assert found("who=ANA") == ["Paused"]
    assert found("who=10.9") == ["Retried 1 job"]
    assert found("action=pause") == ["Resumed", "Paused"]
    assert found("action=remove") == ["Deleted counter k"]
    assert found("queue=BILL") == ["Resumed", "Paused"]
    assert found("since=1h") == ["Deleted counter k", "Resumed"]
    assert found("who=b&action=pause&queue=billing&since=24h") == ["Resumed"]
    page = visitor.get("/activity?who=nobody&action=pause")
    assert "No entry matches" in page.words("#activity")
    assert shown(visitor.follow(page, "#activity a")) == every
    assert page.one("input[name=who]")["value"] == "nobody"
    assert page.one("select[name=action] option[selected]").get_text() == "Pause and resume"
    for bad in ("action=all", "since=1y", "size=7", "cursor=x", "cursor=o1.1", f"who={'x' * 501}"):
        visitor.get(f"/activity?{bad}", 400)


def test_pages(visitor: Browser, client: OmniqClient) -> None:
    for n in range(60):
        note(client, "publish" if n % 2 else "pause", done=1, queue=f"q{n:02}")

    def at(page: Page) -> tuple[str, str, str]:
        rows = page.rows("activity")
        return page.words("#pager span").split(" ")[0], rows[0][3], rows[-1][3]

    first = visitor.get("/activity")
    assert at(first) == ("1–25", "q59", "q35")
    assert not first.soup.select("#pager a[rel=prev]")
    second = visitor.follow(first, "#pager a[rel=next]")
    assert at(second) == ("26–50", "q34", "q10")
    last = visitor.follow(second, "#pager a[rel=next]")
    assert at(last) == ("51–60", "q09", "q00")
    assert "51–60 of 60" in last.words("#pager")
    assert not last.soup.select("#pager a[rel=next]")
    note(client, "pause", done=1, queue="late")
    back = visitor.follow(last, "#pager a[rel=prev]")
    assert at(back) == ("26–50", "q34", "q10")
    assert visitor.follow(back, "#pager a[rel=prev]").path == "/activity?cursor=" + back_cursor(back)
    front = visitor.follow(visitor.follow(back, "#pager a[rel=prev]"), "#pager a[rel=prev]")
    assert (front.path, at(front)) == ("/activity", ("1–25", "late", "q36"))  # the newest are always the first page
    filtered = visitor.follow(visitor.get("/activity?action=pause&size=25"), "#pager a[rel=next]")
    assert at(filtered) == ("26–31", "q10", "q00")
    assert parse_qs(urlsplit(filtered.path).query)["action"] == ["pause"]


def back_cursor(page: Page) -> str:
    return parse_qs(urlsplit(page.one("#pager a[rel=prev]")["href"]).query)["cursor"][0]


def test_two_round_trips_at_most(visitor: Browser, client: OmniqClient) -> None:
    for _ in range(30):
        note(client)
    page = visitor.get("/activity")
    before = client.link.round_trips
    visitor.get("/activity")
    assert client.link.round_trips - before == 2
    tick = f"/activity?live=1&mark={page.one('#newer')['data-mark']}"
    visitor.http.get(tick, headers=SCRIPT)
    before = client.link.round_trips
    visitor.http.get(tick, headers=SCRIPT)
    assert client.link.round_trips - before == 1


def tick(visitor: Browser, page: Page, **more: str) -> Page:
    asked = {"live": "1", "mark": page.one("#newer")["data-mark"], "v": page.one("main")["data-version"], **more}
    query = page.path.partition("?")[2]
    joined = "&".join([*([query] if query else []), *(f"{name}={value}" for name, value in asked.items())])
    return Page(page.path, visitor.http.get(f"/activity?{joined}", headers=SCRIPT))


def test_ticks(visitor: Browser, client: OmniqClient) -> None:
    for n in range(30):
        note(client, queue=f"q{n:02}", jobs=1, done=1)
    first = visitor.get("/activity")
    second = visitor.follow(first, "#pager a[rel=next]")
    filtered = visitor.get("/activity?who=ben")
    assert [tick(visitor, page).status for page in (first, second, filtered)] == [204, 204, 204]
    note(client, queue="new", jobs=1, done=1)
    grown = tick(visitor, first)
    assert grown.targets() == ["newer", "activity", "pager"]
    assert grown.soup.select("tr")[0].select("td")[2].get_text(strip=True) == "new"
    assert grown.words("a#newer") == ""
    held = tick(visitor, first, hold="1")
    assert (held.targets(), held.words("a#newer")) == (["newer"], "1 newer entry. Show it.")
    assert held.one("a#newer")["data-mark"] == first.one("#newer")["data-mark"]
    below = tick(visitor, second)
    assert (below.targets(), below.words("a#newer")) == (["newer"], "1 newer entry. Show it.")
    assert below.one("a#newer")["href"] == "/activity"
    assert tick(visitor, below_version(second, below)).status == 204
    assert tick(visitor, filtered).status == 204
    for _ in range(101):
        note(client)
    assert tick(visitor, second).words("a#newer") == "At least 100 newer entries. Show them."
    known = visitor.get("/activity").one("main")["data-version"]
    typed = f"/activity?who=onc&live=1&hold=1&v={known}"  # another filter was typed: the page is drawn anew
    anew = Page(typed, visitor.http.get(typed, headers=SCRIPT))
    assert anew.targets() == ["newer", "activity", "pager"]


def below_version(page: Page, answer: Page) -> Page:
    """The page once it has that answer."""
    page.one("main")["data-version"] = answer.headers["X-Omniq-Version"]
    return page


def test_an_empty_record_and_its_first_entry(visitor: Browser, client: OmniqClient) -> None:
    page = visitor.get("/activity")
    assert "Nothing was done here yet" in page.words("#activity")
    assert page.one("#newer")["data-mark"] == "0-0"
    assert tick(visitor, page).status == 204
    note(client)
    assert tick(visitor, page).targets() == ["newer", "activity", "pager"]


def test_one_entry(visitor: Browser, client: OmniqClient) -> None:
    note(
        client, lane="failed", jobs=4, ids=("a", "b", "c"), done=2, skipped={"NOT_FAILED": 1, "NO_JOB": 1},
        filter={"payload": "user.email:zoe@…"},
    )  # fmt: skip
    page = visitor.follow(visitor.get("/activity"), "#activity th a")
    facts = {
        words.dt.get_text(): " ".join(words.dd.get_text(" ").split()) for words in page.soup.select("dl.facts > div")
    }
    assert facts == {
        "When": "now 2025-06-15 15:06:40.000 UTC",
        "Who": "oncall",
        "From": "10.0.0.7",
        "Queue": QUEUE,
        "Lane": "Failed",
        "Filter": "Payload user.email:zoe@…",
        "Result": "2 retried, 2 skipped",
        "Jobs meant": "4",
        "Among them": "c",
        "Done": "2",
        "Skipped: no longer failed": "1",
        "Skipped: no longer in the queue": "1",
    }
    assert page.words("h1") == "Retried 2 jobs"
    assert page.one(".topnav a[aria-current=true]").get_text() == "Activity"
    for nothing in ("1-1", "x", "~IQ"):
        assert "No such entry" in visitor.get(f"/activity/{nothing}", 404).words()


def test_the_file(visitor: Browser, client: OmniqClient) -> None:
    note(client, ago=HOUR, who="ana", jobs=2, done=1, skipped={"NO_JOB": 1}, ids=("a\u202e",), filter={"q": "\u202e"})
    note(client, "pause", "refused", who="ben", why="no")
    page = visitor.get("/activity")
    response = visitor.http.get(page.one("#pager a[download]")["href"])
    lines = [json.loads(line) for line in response.text.splitlines()]
    assert [line.pop("id", "")[-2:] for line in lines] != ["", ""]
    assert lines == [
        {"at": "2025-06-15T15:06:40.000Z", "at_ms": NOW, "who": "ben", "address": "10.0.0.7", "action": "pause",
         "state": "refused", "queue": QUEUE, "why": "no"},
        {"at": "2025-06-15T14:06:40.000Z", "at_ms": NOW - HOUR, "who": "ana", "address": "10.0.0.7", "action": "retry",
         "state": "done", "queue": QUEUE, "jobs": 2, "ids": ["a‹U+202E›"], "filter": {"q": "‹U+202E›"}, "done": 1,
         "skipped": {"NO_JOB": 1}},
    ]  # fmt: skip
    assert response.headers["Content-Disposition"] == 'attachment; filename="activity-2025-06-15-1506.jsonl"'
    assert response.headers["Content-Type"] == "application/jsonl"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert len(visitor.http.get("/activity/export?who=ana").text.splitlines()) == 1
    assert visitor.http.get("/activity/export?who=nobody").text == ""
    assert browser(UNREACHABLE).http.get("/activity/export").status_code == 503


def test_the_file_is_read_as_it_is_sent(visitor: Browser, client: OmniqClient) -> None:
    for _ in range(1_200):
        note(client)
    before = client.link.round_trips
    response = visitor.http.get("/activity/export", buffered=False)
    assert client.link.round_trips - before == 2  # the first piece, and the entry of this file
    assert response.text.count("\n") == 1_200
    assert client.link.round_trips - before == 4


def test_redis_away() -> None:
    page = browser(UNREACHABLE).get("/activity", 503)
    assert page.words("h1") == "Redis does not answer"
    assert Page("/activity", browser(UNREACHABLE).http.get("/activity?live=1&mark=1-1", headers=SCRIPT)).status == 503
