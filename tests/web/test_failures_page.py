"""Failed jobs by error: what the page says, and what it does not say while it does not know."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from dashboard.formatting import row_id
from dashboard.queries.failures import is_rising, share
from omniq_core import OmniqClient, want_failures
from omniq_core.operator.failure_index import FailureIndex
from omniq_core.operator.fingerprint import fingerprint
from tests.operator.failing import fail_by_hand, index_all
from tests.support.clock import Clock
from tests.support.factories import fail_jobs, publish_jobs
from tests.web.pages_support import NOW, QUEUE, SCRIPT, Browser, browser, job_url, pages_app

HOUR = 3_600_000
PATH = f"/queues/{QUEUE}/failures"
KEY = fingerprint("KeyError: 'a'").digest


@pytest.fixture
def clock() -> Clock:
    """The moment of the pages."""
    moment = Clock()
    moment.now_ms = NOW
    return moment


@pytest.fixture
def visitor(client: OmniqClient, clock: Clock) -> Browser:
    """Somebody who looks at the clock's time."""
    return browser(client, clock=clock)


@pytest.fixture
def three_kinds(client: OmniqClient, clock: Clock) -> FailureIndex:
    """400 KeyErrors since 31 days, 100 of them in the last 15 min; 99 ValueErrors of 2 h ago; 1 of 8 h ago."""
    fail_jobs(client, QUEUE, [f"old-{n}" for n in range(300)], now_ms=NOW - 31 * 24 * HOUR, error="KeyError: 'a'")
    fail_jobs(client, QUEUE, ["alone"], now_ms=NOW - 8 * HOUR, error='PaymentError: no "x" for <b> 10.0.0.7:99 </b>')
    fail_jobs(client, QUEUE, [f"new-{n}" for n in range(99)], now_ms=NOW - 2 * HOUR, error="ValueError: x 1")
    fail_jobs(client, QUEUE, [f"now-{n}" for n in range(100)], now_ms=NOW - 60_000, error="KeyError: 'a'")
    index = FailureIndex(client.link)
    index_all(client, clock, index, queue=QUEUE)
    clock.now_ms = NOW
    return index


@pytest.mark.usefixtures("three_kinds")
def test_the_figures_of_each_kind(visitor: Browser) -> None:
    page = visitor.get(PATH)
    assert page.heads()[:6] == ["Error", "Per 15 min, 6 h", "Jobs", "Share", "First seen", "Last seen"]
    cells = [row[:1] + row[2:6] for row in page.rows("errors")]
    assert cells == [
        ["KeyError Rising 'a'", "400", "80%", "31 d ago", "59 s ago"],
        ["ValueError New x ‹n›", "99", "19%", "2 h ago", "1 h ago"],
        ["PaymentError no ‹text› for <b> ‹host› </b>", "1", "<1%", "8 h ago", "8 h ago"],
    ]
    assert not page.soup.select("#errors b"), "what is in an error is text"
    assert page.words("#errors-count") == "3"
    assert page.words("#errors-note").startswith("500 failed jobs, grouped")
    assert page.words("nav.tabs [aria-current]") == "Failed 500"
    assert page.words(".segmented [aria-current]") == "By error 3"


@pytest.mark.usefixtures("three_kinds")
def test_bars(visitor: Browser) -> None:
    # 24 spans of 15 min: the 100 of a minute ago are in the last one, the 300 of a month ago in none.
    bars = visitor.get(PATH).soup.select("#errors svg.histo")
    assert [bar["viewbox"] for bar in bars] == ["0 0 119 28"] * 3
    assert [path["d"] for path in bars[0].select("path:not(.none)")] == ["M115 28v-28h4v28z"]
    # The first of those of 2 h ago is the last moment of its span, the other 98 are in the next one. Of 28 px one is 6,
    # and 98 are 6 + 22 × log 98 / log 100.
    assert [path["d"] for path in bars[1].select("path:not(.none)")] == ["M75 28v-6h4v6zM80 28v-28h4v28z"]
    assert bars[2].select("path:not(.none)") == []
    week = visitor.get(f"{PATH}?range=7d").soup.select("#errors svg.histo")
    assert week[0]["viewbox"] == "0 0 139 28"


@pytest.mark.usefixtures("three_kinds")
@pytest.mark.parametrize(
    ("sort", "order"),
    [
        ("jobs", ["400", "99", "1"]),
        ("-jobs", ["1", "99", "400"]),
        ("first", ["99", "1", "400"]),
        ("-first", ["400", "1", "99"]),
        ("last", ["400", "99", "1"]),
        ("-last", ["1", "99", "400"]),
    ],
)
def test_sorts(visitor: Browser, sort: str, order: list[str]) -> None:
    page = visitor.get(f"{PATH}?sort={sort}")
    assert [row[2] for row in page.rows("errors")] == order
    head = page.one("thead [aria-sort]")
    assert head["aria-sort"] == ("ascending" if sort.startswith("-") else "descending")


def test_a_bad_wish_is_a_400(visitor: Browser, client: OmniqClient) -> None:
    fail_jobs(client, QUEUE, 1, now_ms=NOW)
    for query in ("sort=size", "range=1h", "page=0", "page=21"):
        visitor.get(f"{PATH}?{query}", status=400)
    visitor.get(f"{PATH}/<script>", status=404)
    visitor.get("/queues/none/failures", status=404)
    visitor.get("/queues/none/failures/no-message", status=404)


@pytest.mark.usefixtures("three_kinds")
def test_two_round_trips(visitor: Browser, client: OmniqClient) -> None:
    for path, trips in ((PATH, 2), (f"{PATH}?sort=last&range=7d", 2), (f"{PATH}/{KEY}", 3)):
        visitor.get(path)
        before = client.link.round_trips
        visitor.get(path)
        assert client.link.round_trips - before == trips, path


def test_no_failed_jobs(visitor: Browser, client: OmniqClient) -> None:
    publish_jobs(client, QUEUE, 1, now_ms=NOW)
    assert "No failed jobs" in visitor.get(PATH).words("#errors")


def test_while_they_are_read_it_says_how_far(visitor: Browser, client: OmniqClient, redis: Any, clock: Clock) -> None:
    fail_by_hand(redis, [(f"job-{n:05}", "KeyError: 'a'") for n in range(1_000)], now_ms=NOW - 5_000, queue=QUEUE)
    redis.set("{omniq:x}:leader", "somebody", px=15_000)
    assert "Reading errors: 0%" in visitor.get(PATH).words("#errors")
    index = FailureIndex(client.link)
    want_failures(client.link, QUEUE, NOW)
    index.step(NOW)  # the first piece: 50 jobs
    page = visitor.get(PATH)
    assert page.words("#errors-note") == "Reading errors: 5%"
    assert [row[2] for row in page.rows("errors")] == ["50"]
    assert page.words("#foot").startswith(
        "50 of 1,000 failed jobs are read, the oldest first: the figures are of those."
    )
    assert not page.soup.select("#errors button"), "nothing acts on a figure of a part"
    mark = page.one("#newer")["data-mark"]
    index_all(client, clock, index, queue=QUEUE)
    clock.now_ms = NOW
    tick = visitor.get(f"{PATH}?live=1&mark={mark}", headers=SCRIPT)
    assert {"errors", "errors-count", "errors-note", "foot", "newer"} <= set(tick.targets())
    assert "1,000" in tick.region("errors").get_text()


def test_the_background_of_the_dashboard_reads_them(
    client: OmniqClient, redis: Any, wait_until: Callable[..., None]
) -> None:
    fail_by_hand(redis, [(f"job-{n}", f"ValueError: x {n}") for n in range(300)], now_ms=NOW - 5_000, queue=QUEUE)
    app = pages_app(client, background=True)
    visitor = Browser(app)
    try:
        visitor.get(f"/queues/{QUEUE}/failed")  # a look at the lane is enough
        wait_until(lambda: visitor.get(PATH).words("#errors-note").startswith("300 failed jobs, grouped"), timeout=20.0)
        assert [row[2] for row in visitor.get(PATH).rows("errors")] == ["300"]
    finally:
        for mount in app.extensions["omniq_dashboard"].values():
            mount.background.stop()


def test_where_nobody_reads_them(visitor: Browser, client: OmniqClient) -> None:
    fail_jobs(client, QUEUE, 3, now_ms=NOW)
    page = visitor.get(PATH)
    assert "Nobody reads the errors" in page.words("#errors")
    assert "3 failed jobs" in page.words("#errors")


@pytest.mark.broken_data
def test_a_lane_of_an_old_sdk(visitor: Browser, redis: Any) -> None:
    redis.rpush(f"{{{QUEUE}}}:failed", "a", "b")
    assert "These jobs cannot be grouped" in visitor.get(PATH).words("#errors")


def test_a_tick_changes_no_row_and_says_that_there_are_new_figures(
    visitor: Browser, client: OmniqClient, clock: Clock, three_kinds: FailureIndex
) -> None:
    mark = visitor.get(PATH).one("#newer")["data-mark"]
    tick = visitor.get(f"{PATH}?live=1&mark={mark}", headers=SCRIPT)
    assert "errors" not in tick.targets()
    assert tick.region("newer").get_text(strip=True) == ""
    fail_jobs(client, QUEUE, ["later"], now_ms=NOW, error="KeyError: 'a'")
    clock.advance(60_000)
    index_all(client, clock, three_kinds, queue=QUEUE)
    tick = visitor.get(f"{PATH}?live=1&mark={mark}", headers=SCRIPT)
    assert "errors" not in tick.targets()
    assert "Show the new figures" in tick.region("newer").get_text()
    assert tick.region("newer").a["data-mark"] == mark
    assert visitor.get(PATH).words("#newer") == ""


@pytest.mark.usefixtures("three_kinds")
def test_the_jobs_of_one_kind(visitor: Browser, client: OmniqClient) -> None:
    page = visitor.follow(visitor.get(f"{PATH}?sort=-first"), "#errors tr:nth-of-type(3) a")
    assert page.words("#kind-h") == "ValueError"
    assert page.job_ids() == [f"new-{n}" for n in range(98, 48, -1)]
    assert page.words("#pager").startswith("1–50 of 99")
    older = visitor.follow(page, "#pager a[rel=next]")
    assert older.job_ids() == [f"new-{n}" for n in range(48, -1, -1)]
    assert visitor.follow(older, "#pager a[rel=prev]").job_ids() == page.job_ids()
    turned = visitor.get(f"{page.path}?sort=-failed&size=25")
    assert turned.job_ids() == [f"new-{n}" for n in range(25)]
    client.retry_failed(queue=QUEUE, job_id="new-0", now_ms_override=NOW)
    turned = visitor.get(f"{page.path}?sort=-failed&size=25")
    assert "No longer failed" in turned.words("tr[data-gone]")
    assert "new-0" in turned.words("tr[data-gone]")


@pytest.mark.usefixtures("three_kinds")
def test_ticks_of_the_jobs_of_a_kind(visitor: Browser, client: OmniqClient) -> None:
    path = f"{PATH}/{KEY}"
    tick = visitor.get(f"{path}?live=1", headers=SCRIPT)
    assert {"queue-tiles", "jobs", "pager", "kind-count"} <= set(tick.targets())
    client.retry_failed(queue=QUEUE, job_id="now-99", now_ms_override=NOW)
    held = visitor.get(f"{path}?live=1&hold=1", headers=SCRIPT)
    assert "jobs" not in held.targets()
    assert "No longer failed" in held.region(row_id("job", "now-99")).get_text()
    assert "No longer failed" not in held.region(row_id("job", "now-98")).get_text()
    # A selected row that is on another page by now is asked for by its id.
    asked = visitor.get(f"{path}?live=1&sel=old-1&sel=now-99", headers=SCRIPT)
    assert "No longer failed" not in asked.region(row_id("job", "old-1")).get_text()
    assert "No longer failed" in asked.soup.select(f"hx-partial[id='{row_id('job', 'now-99')}']")[-1].get_text()


@pytest.mark.usefixtures("three_kinds")
def test_a_kind_that_is_gone(visitor: Browser) -> None:
    assert "No failed jobs of this kind" in visitor.get(f"{PATH}/0123456789abcdef").words("#jobs")


@pytest.mark.usefixtures("three_kinds")
def test_others_with_the_error_of_a_job(visitor: Browser) -> None:
    page = visitor.get(job_url(QUEUE, "now-7"))
    assert page.words("#job-error footer") == "399 other failed jobs in this queue have this error. Show them"
    assert visitor.follow(page, "#job-error footer a").words("#pager").startswith("1–50 of 400")
    assert not visitor.get(job_url(QUEUE, "alone")).soup.select("#job-error footer")


def test_others_that_left_no_message(visitor: Browser, client: OmniqClient, clock: Clock) -> None:
    fail_jobs(client, QUEUE, 2, now_ms=NOW, error="")
    assert not visitor.get(job_url(QUEUE, "job-1")).soup.select("#job-error footer"), "nobody counted them yet"
    index_all(client, clock, queue=QUEUE)
    page = visitor.get(job_url(QUEUE, "job-1"))
    assert page.words("#job-error footer") == "1 other failed job in this queue failed the same way. Show both"


@pytest.mark.parametrize(
    ("spans", "rising"),
    [((1, 1, 1, 3), False), ((1, 1, 1, 4), True), ((0, 0, 0, 1), True), ((0, 0, 0, 0), False), ((9, 0, 0, 9), False)],
)
def test_rising_is_more_than_three_times_the_mean_of_the_others(spans: tuple[int, ...], rising: bool) -> None:
    assert is_rising(spans) is rising


@pytest.mark.parametrize(
    ("part", "whole", "shown"),
    [(4_213, 4_871, "86%"), (22, 4_871, "<1%"), (49, 4_871, "1%"), (5, 5, "100%"), (0, 5, "0%"), (0, 0, "0%")],
)
def test_shares_are_rounded_down(part: int, whole: int, shown: str) -> None:
    assert share(part, whole) == shown


@pytest.mark.broken_data
@pytest.mark.parametrize("key", ["failed", "idx:failed"])
def test_a_lane_of_another_type(visitor: Browser, client: OmniqClient, redis: Any, clock: Clock, key: str) -> None:
    fail_jobs(client, QUEUE, 3, now_ms=NOW)
    redis.delete(f"{{{QUEUE}}}:{key}")
    redis.set(f"{{{QUEUE}}}:{key}", "no lane")
    index_all(client, clock, queue=QUEUE)
    clock.now_ms = NOW
    assert "This lane is broken" in visitor.get(PATH).words("#errors")
    visitor.get(f"{PATH}/no-message")
    visitor.get(job_url(QUEUE, "job-1"))
