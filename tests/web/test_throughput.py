"""What happened in all queues: the chart, its legend and the tile, by figures that were worked out."""

from __future__ import annotations

import gzip
from typing import Any

import pytest
from flask import Request

from benchmarks.page_bytes import fill_history, fill_notices
from dashboard import Allow, Deny
from dashboard.access import Decision
from omniq_core import HistorySampler, OmniqClient
from tests.support.factories import complete_jobs, fail_jobs, lease_jobs, publish_jobs
from tests.web.pages_support import NOW, SCRIPT, Page, browser

NAMES = ("charge", "mail")


@pytest.fixture
def watched(client: OmniqClient, redis: Any) -> OmniqClient:
    """Two queues, seen ten times up to NOW. In each 10 s charge completes 6 jobs, mail fails 2 for good."""
    for nth in range(10):
        at = NOW - (9 - nth) * 10_000
        HistorySampler(client.link).step(at, NAMES)
        if nth < 9:
            complete_jobs(client, "charge", [f"c{nth}-{n}" for n in range(6)], now_ms=at + 1_000)
            fail_jobs(client, "mail", [f"m{nth}-{n}" for n in range(2)], now_ms=at + 1_000)
    redis.sadd("{omniq:x}:queues", *NAMES)
    return client


def text(page: Page, selector: str) -> list[str]:
    return [" ".join(one.get_text(" ").split()) for one in page.soup.select(selector)]


def test_rates_and_chart(watched: OmniqClient) -> None:
    page = browser(watched).get("/?range=15m")
    # 8 jobs in 10 s; mail fails 2 of them
    assert text(page, "#legend > span") == ["Started 0.8/s", "Ended 0.8/s", "Failed 0.2/s", "Collecting since 15:05"]
    tiles = text(page, "#totals .tile")
    assert tiles[3] == "Failed 18 +14 in 1 min 10 s"  # 9 intervals were seen, of which 7 are final
    assert tiles[4] == "Started 0.8 /s Ended 0.8/s"
    chart = page.one("#throughput")
    assert chart["role"] == "img"
    assert chart["aria-label"] == (
        "Jobs per second over the last 15 min. Started always 0.8, at last 0.8. Ended always 0.8, at last 0.8. "
        "Failed always 0.2, at last 0.2. Nothing is known of 83 points of 90."
    )
    points = chart["data-figures"].split(";")
    assert (points[80:], set(points[:81])) == (["", *["0.8 0.8 0.2"] * 7, "", ""], {""})
    assert text(page, "#throughput .chart-x span") == ["14:51", "14:54", "14:57", "15:00", "15:03", "15:06"]


def test_a_row_has_its_own_rate(watched: OmniqClient) -> None:
    page = browser(watched).get("/?sort=rate")
    assert [(row[0], row[2]) for row in page.rows("queues")] == [("charge", "0.6 /s"), ("mail", "0.2 /s")]
    assert [(row[0], row[2]) for row in browser(watched).get("/?sort=-rate").rows("queues")] == [
        ("mail", "0.2 /s"),
        ("charge", "0.6 /s"),
    ]
    lines = [spark["d"] for spark in page.soup.select("#queues .spark path:not(.bad)")]
    # 90 s are a point: the last but one has 5 of the 10 s, the newest has 2
    assert lines == ["M38 5l1 0", "M38 5l1 0"]
    assert [spark["d"] for spark in page.soup.select("#queues .spark .bad")] == ["M38 20v-5m1 5v-5"]  # 18 in 90 s


def test_before_the_first_figures_it_says_so(client: OmniqClient) -> None:
    publish_jobs(client, "q", 1, now_ms=NOW)
    page = browser(client).get("/")
    assert "No figures yet" in page.words("#throughput")
    assert text(page, "#legend > span") == ["Started –", "Ended –", "Failed –"]
    assert page.rows("queues")[0][2] == "–"


def test_the_range_stays_with_filters_sorts_and_pages(watched: OmniqClient) -> None:
    page = browser(watched).get("/?range=6h&state=idle&sort=name")
    assert text(page, "nav[aria-label='Time range'] a[aria-current]") == ["6 h"]
    links = {link.get_text(): link["href"] for link in page.soup.select("nav[aria-label='Time range'] a")}
    assert links["24 h"] == "/?state=idle&sort=name&range=24h"
    assert links["1 h"] == "/?state=idle&sort=name"
    assert page.soup.select("#queue-states a")[0]["href"] == "/?sort=name&range=6h"
    assert page.one("#filters input[name=range]")["value"] == "6h"
    browser(watched).get("/?range=7h", 400)


@pytest.mark.parametrize("range_", ["15m", "1h", "6h", "24h", "30d"])
def test_every_range_is_drawn(watched: OmniqClient, range_: str) -> None:
    page = browser(watched).get(f"/?range={range_}")
    assert len(page.soup.select("#throughput svg")) == 2
    assert text(page, "#legend > span")[0] == "Started 0.8/s"


def test_a_tick_brings_the_chart_when_it_changed(watched: OmniqClient) -> None:
    visitor = browser(watched)
    version = visitor.get("/").one("#main")["data-version"]
    fail_jobs(watched, "mail", ["now"], now_ms=NOW)
    tick = visitor.get(f"/?live=1&v={version}", headers=SCRIPT)
    assert "queues" in tick.targets()
    assert "throughput" not in tick.targets()
    HistorySampler(watched.link).step(NOW + 10_000, NAMES)
    version = tick.headers["X-Omniq-Version"]
    tick = visitor.get(f"/?live=1&v={version}", headers=SCRIPT)
    assert {"legend", "throughput"} <= set(tick.targets())
    assert tick.region("throughput")["hx-swap"] == "outerMorph"
    again = visitor.http.get(f"/?live=1&v={tick.headers['X-Omniq-Version']}", headers=SCRIPT)
    assert "queues" in Page("/", again).targets()
    same = visitor.http.get(f"/?live=1&v={again.headers['X-Omniq-Version']}", headers=SCRIPT)
    assert same.status_code == 204


def test_the_tiles_of_a_queue(watched: OmniqClient) -> None:
    visitor = browser(watched)
    tiles = text(visitor.get("/queues/mail/failed"), "#queue-tiles .tile")
    assert tiles[:3] == ["Started 0.2 /s Ended 0.2/s", "Failed 0.2 /s Seen since 15:05", "Waiting 0 0 grouped"]
    lines = [path["d"] for path in visitor.get("/queues/mail/failed").soup.select("#queue-tiles .spark path")]
    assert lines == ["M38 5l1 0", "M38 2l1 0"]  # the newest point has had 20 s of its 90, and the same rate
    tiles = text(visitor.get("/queues/mail/groups"), "#queue-tiles .tile")
    assert tiles[:2] == ["Started 0.2 /s Ended 0.2/s", "Waiting 0 0 grouped"]
    lease_jobs(watched, "mail", ["late"], now_ms=NOW - 2, timeout_ms=1)
    tiles = text(visitor.get("/queues/mail/active"), "#queue-tiles .tile")
    assert tiles[0] == "Started 0.2 /s Ended 0.2/s, 1 past its lease"


def test_a_retry_says_what_it_will_take(watched: OmniqClient) -> None:
    publish_jobs(watched, "mail", ["w1", "w2", "w3"], now_ms=NOW)
    page = browser(watched).press(
        browser(watched).get("/queues/mail/failed"), "#lane-actions [formaction$='retry/confirm']"
    )
    # 18 failed and 3 wait, and 0.2 start in a second
    assert "3 wait before them. At 0.2/s they start within about 1 min 45 s." in page.words(".dialog-body")


def hide(*hidden: str) -> Any:
    def access(_request: Request, _action: str, queue: str | None) -> Decision:
        return Deny() if queue in hidden else Allow()

    return access


def test_whoever_may_not_read_all_queues_gets_the_figures_of_his_own(watched: OmniqClient) -> None:
    page = browser(watched, access=hide("charge")).get("/?range=15m")
    assert text(page, "#legend > span")[:3] == ["Started 0.2/s", "Ended 0.2/s", "Failed 0.2/s"]
    assert page.one("#throughput")["data-figures"].split(";")[80:83] == ["", "0.2 0.2 0.2", "0.2 0.2 0.2"]
    assert text(page, "#totals .tile")[3] == "Failed 18 +14 in 1 min 10 s"
    assert text(browser(watched, queues="charge").get("/"), "#legend > span")[0] == "Started 0.6/s"


def test_many_of_them_are_not_added_up(watched: OmniqClient) -> None:
    for n in range(21):
        publish_jobs(watched, f"more-{n}", 1, now_ms=NOW)
        watched.link.call("SADD", "{omniq:x}:queues", f"more-{n}")
    page = browser(watched, access=hide("charge")).get("/")
    assert "more than 20" in page.words("#throughput")
    assert text(page, "#legend > span") == ["Started –", "Ended –", "Failed –"]


def test_ticks_of_50_rows_are_small_with_everything_on(client: OmniqClient, redis: Any) -> None:
    names = [f"queue-number-{n}" for n in range(50)]
    for n, name in enumerate(names):
        publish_jobs(client, name, n % 5 + 1, now_ms=NOW - n * 1_000)
    redis.sadd("{omniq:x}:queues", *names)
    fill_history(client, names, NOW)
    fill_notices(client, names, NOW)
    http = browser(client).http
    for hold in ("", "&hold=1"):
        first = http.get(f"/?live=1&v=old.old.old.old{hold}", headers=SCRIPT)
        # The chart, and what else is large; then the rows, with the notices once more.
        then = http.get(f"/?live=1&v={first.headers['X-Omniq-Version'].replace('.', '.old', 1)}{hold}", headers=SCRIPT)
        assert Page("/", first).targets()[:5] == ["totals", "notices", "legend", "throughput", "top-errors"]
        assert (first.text.count("<tr id"), first.headers["X-Omniq-More"]) == (0, "rows")
        assert Page("/", then).targets()[:3] == ["totals", "notices", "queue-states"]
        assert then.text.count('class="spark"') == 50 and then.text.count('class="notice"') == 6  # and the search
        assert "X-Omniq-More" not in then.headers
        assert max(len(gzip.compress(tick.data)) for tick in (first, then)) <= 6_144
