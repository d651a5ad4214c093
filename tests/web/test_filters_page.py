"""The filters of the lanes: fields, tags and counts."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Request

from dashboard import Allow, Deny
from dashboard.access import Decision
from dashboard.queries import filtered
from omniq_core import OmniqClient
from tests.support.factories import complete_jobs, delay_jobs, fail_jobs, lease_jobs, publish_jobs
from tests.web.pages_support import NOW, QUEUE, Browser, browser, row_button

FAILED = f"/queues/{QUEUE}/failed"
MINUTE = 60_000
FIELDS = "#filters input[type=search], #filters select"


@pytest.fixture
def visitor(client: OmniqClient) -> Browser:
    return browser(client)


@pytest.fixture(autouse=True)
def time_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that is busy with other things does not make an answer end earlier."""
    for name in ("PAGE_MS", "TICK_MS", "NEWER_MS"):
        monkeypatch.setattr(filtered, name, 60_000)


def five_failures(client: OmniqClient) -> None:
    fail_jobs(client, QUEUE, ["a1"], now_ms=NOW - 90 * MINUTE, error="ValueError: bad", payload={"user": {"id": 10}})
    fail_jobs(client, QUEUE, ["a2"], now_ms=NOW - 50 * MINUTE, error="KeyError: 'bad'", gid="G")
    fail_jobs(client, QUEUE, ["b1"], now_ms=NOW - 20 * MINUTE, error="valueerror", payload={"user": {"id": 10.0}})
    fail_jobs(client, QUEUE, ["b2"], now_ms=NOW - 10 * MINUTE, error="Timeout", gid="G")
    fail_jobs(client, QUEUE, ["b3"], now_ms=NOW - MINUTE, error="ValueError: good", gid="GG")


def query(url: str) -> dict[str, list[str]]:
    return parse_qs(urlsplit(url).query)


@pytest.mark.parametrize(
    ("asked", "ids"),
    [
        ("q=ValueError", ["b3", "b1", "a1"]),
        ("group=G", ["b2", "a2"]),
        ("prefix=b", ["b3", "b2", "b1"]),
        ("payload=user.id:10", ["b1", "a1"]),
        ("payload=user.id", ["b1", "a1"]),
        ("since=15m", ["b3", "b2"]),
        ("since=1h", ["b3", "b2", "b1", "a2"]),
        ("q=ValueError&since=1h&prefix=b", ["b3", "b1"]),
        ("q=valueerror&sort=-failed", ["a1", "b1", "b3"]),
    ],
)
def test_what_the_address_asks_for_is_what_the_page_lists(
    client: OmniqClient, visitor: Browser, asked: str, ids: list[str]
) -> None:
    five_failures(client)
    page = visitor.get(f"{FAILED}?{asked}")
    assert page.job_ids() == ids
    assert page.words("#match-count") == f"{len(ids)} of 5 match"
    assert page.words("#pager span") == f"1–{len(ids)} of {len(ids)}"
    typed = {field["name"]: field.get("value") for field in page.soup.select("#filters input[type=search]")}
    assert typed == {name: query(f"?{asked}").get(name, [""])[0] for name in ("q", "group", "prefix", "payload")}
    assert [option["value"] for option in page.soup.select("#filters option[selected]")] == [
        query(f"?{asked}").get("since", [""])[0]
    ]


def test_without_a_filter_nothing_speaks_of_one(client: OmniqClient, visitor: Browser) -> None:
    five_failures(client)
    page = visitor.get(FAILED)
    assert page.one("#filter-tags").decode_contents() == ""
    assert page.soup.select("#match-count") == []


def test_each_filter_has_a_tag_that_takes_it_away(client: OmniqClient, visitor: Browser) -> None:
    five_failures(client)
    page = visitor.get(f"{FAILED}?q=ValueError&group=GG&prefix=b&payload=n:1&since=24h&size=25&sort=-failed")
    tags = page.soup.select("#filter-tags .tag")
    assert [" ".join(tag.get_text(" ", strip=True).split()) for tag in tags] == [
        "Error contains ValueError", "Group GG", "Job id starts with b", "Payload n:1", "Failed in last 24 h",
    ]  # fmt: skip
    crosses = [tag.select_one("a") for tag in tags]
    assert [cross and cross["aria-label"] for cross in crosses] == [
        "Clear error filter", "Clear group filter", "Clear id filter", "Clear payload filter", "Clear time filter",
    ]  # fmt: skip
    assert query(str(crosses[1]["href"])) == {  # type: ignore[index]
        "q": ["ValueError"], "prefix": ["b"], "payload": ["n:1"], "since": ["24h"], "size": ["25"], "sort": ["-failed"],
    }  # fmt: skip
    assert query(page.one("#filter-tags > a.text-button")["href"]) == {"size": ["25"], "sort": ["-failed"]}
    sort = page.one("th[aria-sort] a")["href"]
    assert query(sort)["payload"] == ["n:1"] and "sort" not in query(sort)


def test_a_field_alone_is_said_to_be_there(client: OmniqClient, visitor: Browser) -> None:
    five_failures(client)
    assert visitor.get(f"{FAILED}?payload=user.id").words("#filter-tags .tag") == "Payload has user.id"


def test_pages_of_matches_keep_the_filter_and_the_count(client: OmniqClient, visitor: Browser) -> None:
    fail_jobs(client, QUEUE, 120, now_ms=NOW - MINUTE, error=lambda n: "odd" if n % 2 else "even")
    first = visitor.get(f"{FAILED}?q=odd&size=25")
    second = visitor.follow(first, "#pager a[rel=next]")
    third = visitor.follow(second, "#pager a[rel=next]")
    # position 119 is job-120, the newest, and odd
    assert first.job_ids()[0] == "job-120" and second.job_ids()[0] == "job-70"
    assert third.job_ids() == [f"job-{n}" for n in range(20, 0, -2)]
    assert [page.words("#pager span") for page in (first, second, third)] == [
        "1–25 of 60", "26–50 of 60", "51–60 of 60",
    ]  # fmt: skip
    assert {page.words("#match-count") for page in (first, second, third)} == {"60 of 120 match"}
    assert third.soup.select("#pager a[rel=next]") == []
    assert third.one("#filters input[name=q]")["value"] == "odd"
    back = visitor.follow(visitor.follow(third, "#pager a[rel=prev]"), "#pager a[rel=prev]")
    assert back.job_ids() == first.job_ids() and back.soup.select("#pager a[rel=prev]") == []


def test_a_short_lane_is_filtered_in_three_round_trips(client: OmniqClient, visitor: Browser) -> None:
    five_failures(client)
    visitor.get(f"{FAILED}?q=ValueError")  # the first use of a script carries its source
    before = client.link.round_trips
    visitor.get(f"{FAILED}?q=ValueError")
    assert client.link.round_trips - before == 3


def test_the_other_lanes_have_their_own_fields(client: OmniqClient, visitor: Browser) -> None:
    publish_jobs(client, QUEUE, ["w1"], now_ms=NOW - 2 * MINUTE, gid="G", payload={"k": "x"})
    publish_jobs(client, QUEUE, ["w2"], now_ms=NOW - MINUTE, gid="H")
    delay_jobs(client, QUEUE, ["d1"], now_ms=NOW, due_ms=NOW + 10 * MINUTE)
    delay_jobs(client, QUEUE, ["d2"], now_ms=NOW + 1, due_ms=NOW + 20 * MINUTE)
    lanes = {name: visitor.get(f"/queues/{QUEUE}/{name}") for name in ("waiting", "active", "delayed", "completed")}
    names = ["group", "prefix", "payload", "since"]
    for name, page in lanes.items():
        found = [field["name"] for field in page.soup.select(FIELDS)]
        assert found == (["q", *names] if name == "delayed" else names)
    assert lanes["delayed"].one("#filters input[name=q]")["aria-label"] == "Last error contains"
    assert visitor.get(f"/queues/{QUEUE}/waiting?group=G").job_ids() == ["w1"]
    assert visitor.get(f"/queues/{QUEUE}/waiting?payload=k:X").job_ids() == ["w1"]
    soon = visitor.get(f"/queues/{QUEUE}/delayed?since=15m")
    assert (soon.job_ids(), soon.words("#filter-tags .tag")) == (["d1"], "Due in next 15 min")


def test_the_running_and_the_completed_are_filtered_too(client: OmniqClient, visitor: Browser) -> None:
    complete_jobs(client, QUEUE, ["c1", "c2"], now_ms=NOW - MINUTE)
    lease_jobs(client, QUEUE, ["r1"], now_ms=NOW - 30 * MINUTE, gid="G", timeout_ms=90 * MINUTE)
    lease_jobs(client, QUEUE, ["r2"], now_ms=NOW - MINUTE, gid="H", timeout_ms=MINUTE)
    assert visitor.get(f"/queues/{QUEUE}/completed?prefix=c1").job_ids() == ["c1"]
    assert visitor.get(f"/queues/{QUEUE}/active?since=15m").job_ids() == ["r2"]
    assert visitor.get(f"/queues/{QUEUE}/active?sort=-lease&prefix=r").job_ids() == ["r1", "r2"]


@pytest.mark.parametrize(
    ("asked", "field", "why"),
    [
        (f"{FAILED}?payload=:zoe&q=kept", "payload", "Begin with the path"),
        (f"{FAILED}?since=2h&q=kept", "since", "Use one of 15m, 1h, 24h, 7d."),
        (f"{FAILED}?group={'x' * 501}&q=kept", "group", "at most 500 bytes"),
        (f"/queues/{QUEUE}/waiting?q=kept", "q", "Waiting jobs have no error to search."),
    ],
)
def test_what_cannot_be_asked_is_a_400_that_keeps_what_was_typed(
    client: OmniqClient, visitor: Browser, asked: str, field: str, why: str
) -> None:
    five_failures(client)
    page = visitor.get(asked, status=400)
    assert page.one("[aria-invalid]")["name"] == field and why in page.words(".error")
    assert page.one("input[name=q]")["value"] == "kept"


@pytest.mark.parametrize(
    "asked", ["cursor=x", "cursor=0.....~1", "scan=x", "scan=x~1", "cursor=0...0.~x", "cursor=" + "a" * 60]
)
def test_an_address_that_was_changed_is_a_400(client: OmniqClient, visitor: Browser, asked: str) -> None:
    five_failures(client)
    assert "Start at its first page." in visitor.get(f"{FAILED}?q=x&{asked}", status=400).words()


def test_nothing_matches(client: OmniqClient, visitor: Browser) -> None:
    five_failures(client)
    page = visitor.get(f"{FAILED}?q=SocketError")
    assert "No job matches None of the 5 failed jobs contains “SocketError”. Clear filters" in page.words("#jobs")
    assert visitor.follow(page, "#jobs .empty a").job_ids() == ["b3", "b2", "b1", "a2", "a1"]
    other = visitor.get(f"{FAILED}?q=SocketError&since=1h")
    assert "None of the 5 failed jobs matches." in other.words("#jobs")
    assert (other.words("#match-count"), other.words("#pager span")) == ("0 of 5 match", "0 of 0")


def test_hostile_texts_stay_texts(client: OmniqClient, visitor: Browser) -> None:
    fail_jobs(client, QUEUE, ["x"], now_ms=NOW, error="<b>\u202e bad", gid="<i>")
    page = visitor.get(f"{FAILED}?q=%3Cb%3E%E2%80%AE&group=%3Ci%3E")
    assert page.job_ids() == ["x"]
    assert page.soup.select("#filter-tags b b, #filter-tags i") == []
    assert page.one("#filters input[name=q]")["value"] == "<b>\u202e"
    assert [tag.get_text() for tag in page.soup.select("#filter-tags .tag b")] == ["<b>‹U+202E›", "<i>"]


def test_a_retry_on_a_filtered_page_brings_that_page_again(client: OmniqClient, visitor: Browser) -> None:
    five_failures(client)
    page = visitor.get(f"{FAILED}?q=valueerror")
    answer = visitor.press(page, row_button(page, "b1", "retry"), script=True)
    ids = [link["title"] for link in answer.region("jobs").select("a.job-id")]
    assert ids == ["b3", "a1"]
    assert answer.region("filter-tags").select_one("#match-count").get_text(" ", strip=True) == "2 of 4 match"


def test_who_may_not_look_learns_nothing_by_asking_to_retry_what_matches(client: OmniqClient) -> None:
    def rule(_request: Request, action: str, _queue: str | None) -> Decision:
        return Allow() if action == "retry" else Deny()

    fail_jobs(client, QUEUE, ["f1"], now_ms=NOW - MINUTE, error="ValueError: s3cr3t")
    asks = browser(client, access=rule)
    path = f"/queues/{QUEUE}/jobs/retry/confirm"
    for query in ("?q=s3cr3t", "?q=other", "?prefix=f"):
        assert asks.post(f"{path}{query}", {"scope": "filter"}).status == 403, query
    assert asks.post(path, {"scope": "filter"}).status == 200, "all of a lane may be retried unseen"
