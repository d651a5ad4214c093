"""All queues: figures, states, filters, sorts, pages, and what the reader may not see."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Request

from dashboard import Allow, Deny
from dashboard.access import Decision
from omniq_core import OmniqClient
from tests.support.factories import complete_jobs, delay_jobs, fail_jobs, lease_jobs, publish_jobs
from tests.web.pages_support import NOW, Browser, Page, browser

MINUTE = 60_000


@pytest.fixture
def queues(client: OmniqClient, redis: Any) -> OmniqClient:
    """Six queues, one fact each:

    charge   3 failed, 2 delayed (next due in 30 s), last change 5 min ago     idle
    images   2 active (one past its lease), 1 waiting since 10 s               running
    mail     4 waiting for 20 min (1 grouped), nobody took any                 stalled, attention
    news     2 waiting for 40 min, paused                                      paused, attention
    quiet    1 completed, paused                                               paused
    zero     1 failed                                                          idle
    """
    fail_jobs(client, "charge", 3, now_ms=NOW - 10 * MINUTE)
    delay_jobs(client, "charge", ["d1", "d2"], now_ms=NOW - 5 * MINUTE, step_ms=0, due_ms=NOW + 30_000)
    lease_jobs(client, "images", ["old"], now_ms=NOW - 40_000, timeout_ms=30_000)
    lease_jobs(client, "images", ["new"], now_ms=NOW - 20_000, timeout_ms=30_000)
    publish_jobs(client, "images", ["next"], now_ms=NOW - 10_000)
    publish_jobs(client, "mail", 3, now_ms=NOW - 20 * MINUTE, step_ms=0)
    publish_jobs(client, "mail", ["g1"], now_ms=NOW - 20 * MINUTE, gid="acct")
    publish_jobs(client, "news", 2, now_ms=NOW - 40 * MINUTE, step_ms=0)
    client.pause(queue="news")
    complete_jobs(client, "quiet", 1, now_ms=NOW - 7_200_000)
    client.pause(queue="quiet")
    fail_jobs(client, "zero", 1, now_ms=NOW - 3 * 86_400_000)
    return client


@pytest.fixture
def visitor(queues: OmniqClient) -> Browser:
    return browser(queues)


def names(page: Page) -> list[str]:
    return [link.get_text() for link in page.soup.select("tbody#queues th a")]


def counts(page: Page) -> list[str]:
    return [" ".join(link.get_text().split()) for link in page.soup.select("#queue-states a")]


def test_totals(visitor: Browser) -> None:
    tiles = [" ".join(tile.get_text(" ").split()) for tile in visitor.get("/").soup.select("#totals .tile")]
    assert tiles == [
        "Waiting 7 1 grouped",
        "Active 2 1 past its lease",
        "Delayed 2 Next due in 30 s",
        "Failed 4 In 2 queues",
        "Started – Not known yet",
        "Oldest waiting 20 min mail",  # news waits for longer, but because somebody paused it
    ]


def test_states_add_up(visitor: Browser) -> None:
    page = visitor.get("/")
    assert counts(page) == ["All 6", "Attention 2", "Running 1", "Paused 2", "Stalled 1", "Idle 2"]
    assert [a.get("aria-current") for a in page.soup.select("#queue-states a")] == ["true"] + [None] * 5


def test_a_row(visitor: Browser) -> None:
    page = visitor.get("/")
    assert page.heads() == [
        "Queue", "State", "Started, 1 h", "Waiting", "Ungrouped", "Grouped", "Active", "Delayed", "Failed",
        "Oldest waiting", "Last activity", "Actions",
    ]  # fmt: skip
    rows = {row[0]: row[1:] for row in page.rows("queues")}
    assert rows["charge"] == ["Idle", "–", "0", "0", "0", "0", "2", "3", "–", "5 min ago", ""]
    assert rows["images"] == ["Running", "–", "1", "1", "0", "2", "0", "0", "10 s", "10 s ago", ""]
    assert rows["mail"] == ["Stalled", "–", "4", "3", "1", "0", "0", "0", "20 min", "20 min ago", ""]
    assert rows["news"] == ["Paused", "–", "2", "2", "0", "0", "0", "0", "40 min", "40 min ago", "Resume"]
    assert rows["quiet"] == ["Paused", "–", "0", "0", "0", "0", "0", "0", "–", "2 h ago", "Resume"]
    assert rows["zero"] == ["Idle", "–", "0", "0", "0", "0", "0", "1", "–", "3 d ago", ""]


@pytest.mark.parametrize(
    ("sort", "order"),
    [
        ("failed", "charge zero images mail news quiet"),
        ("name", "charge images mail news quiet zero"),
        ("state", "mail news quiet images charge zero"),
        ("waiting", "mail news images charge quiet zero"),
        ("ungrouped", "mail news images charge quiet zero"),
        ("grouped", "mail charge images news quiet zero"),
        ("active", "images charge mail news quiet zero"),
        ("delayed", "charge images mail news quiet zero"),
        ("oldest", "news mail images charge quiet zero"),
        ("activity", "images charge mail news quiet zero"),
    ],
)
def test_every_column_sorts_both_ways(visitor: Browser, sort: str, order: str) -> None:
    assert names(visitor.get(f"/?sort={sort}")) == order.split()
    turned = visitor.get(f"/?sort=-{sort}")
    assert names(turned) == (
        order.split()[::-1] if sort != "oldest" else ["images", "mail", "news", "zero", "quiet", "charge"]
    )
    head = turned.one("th[aria-sort]")
    ascends = sort not in ("name", "state")
    assert head["aria-sort"] == ("ascending" if ascends else "descending")
    # A press on the sorted head turns it back.
    back = visitor.follow(turned, "th[aria-sort] a")
    assert names(back) == order.split()
    assert back.one("th[aria-sort]")["aria-sort"] != head["aria-sort"]


def test_queues_without_a_value_stand_last_both_ways(client: OmniqClient, redis: Any) -> None:
    publish_jobs(client, "waits", 1, now_ms=NOW - MINUTE)
    redis.rpush("{silent}:failed", "a")  # an old SDK: no stats, so no moment is known
    redis.sadd("{omniq:x}:queues", "silent")
    for sort in ("oldest", "-oldest", "activity", "-activity"):
        assert names(browser(client).get(f"/?sort={sort}")) == ["waits", "silent"]


def test_filters_are_in_the_address_and_in_every_link(visitor: Browser) -> None:
    page = visitor.get("/?q=E&sort=-name")
    assert names(page) == ["zero", "quiet", "news", "images", "charge"]
    assert page.one("input[name=q]")["value"] == "E"
    assert page.one("form#filters input[name=sort]")["value"] == "-name"
    paused = visitor.follow(page, "#queue-states a:-soup-contains(Paused)")
    assert names(paused) == ["quiet", "news"]
    assert paused.path == "/?q=E&state=paused&sort=-name"
    assert paused.one("form#filters input[name=state]")["value"] == "paused"
    assert names(visitor.follow(paused, "th a.sort:-soup-contains(Queue)")) == ["news", "quiet"]


@pytest.mark.parametrize(
    ("state", "found"),
    [
        ("attention", ["mail", "news"]),
        ("running", ["images"]),
        ("paused", ["news", "quiet"]),
        ("stalled", ["mail"]),
        ("idle", ["charge", "zero"]),
    ],
)
def test_filter_by_state(visitor: Browser, state: str, found: list[str]) -> None:
    page = visitor.get(f"/?state={state}")
    assert names(page) == found
    # The counts stay those of all queues: they say what the other filters would show.
    assert counts(page)[0] == "All 6"


def test_no_queue_matches(visitor: Browser) -> None:
    page = visitor.get("/?q=nothing")
    assert "None of the 6 queues matches the filter." in page.words("#queues")
    assert len(names(visitor.follow(page, "#queues a"))) == 6


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("state=broken", "state"),
        ("sort=size", "sort"),
        ("sort=--failed", "sort"),
        ("page=0", "page"),
        ("page=x", "page"),
        ("page=-1", "page"),
        ("page=100001", "page"),
        ("page=%C2%B2", "page"),
        ("q=" + "x" * 501, "q"),
    ],
)
def test_bad_input_keeps_what_was_typed(visitor: Browser, query: str, field: str) -> None:
    typed = '<b>"typed"'
    page = visitor.get(f"/?{query}&other={typed}", 400)
    assert page.one("input[aria-invalid=true]")["name"] == field
    assert page.one("input[name=other]")["value"] == typed
    assert "Nothing was changed" in page.words()


def test_no_queue_yet(client: OmniqClient, redis: Any) -> None:
    redis.set("{omniq:x}:scan", '{"v":1,"cursor":0,"done":true,"seen":0,"total":0}')
    page = browser(client).get("/")
    assert "No queues yet" in page.words("#queues")
    assert page.words("#notices") == ""


def test_the_search_for_queues_goes_on(client: OmniqClient, redis: Any) -> None:
    publish_jobs(client, "mail", 1, now_ms=NOW)
    redis.set("{omniq:x}:scan", '{"v":1,"cursor":7,"done":false,"seen":410,"total":1000}')
    redis.hset("{omniq:x}:now", ":at", NOW - 2_000)
    page = browser(client).get("/")
    assert page.words("#notices") == "Looking for queues: 41% of the keys seen"
    assert names(page) == ["mail"]
    redis.delete("{omniq:x}:queues")
    first = browser(client).get("/")
    assert first.words("#notices") == "Looking for queues: 41% of the keys seen"
    assert first.words("#totals") == "Waiting Active Delayed Failed Started Oldest waiting"  # and no zeros
    assert first.words("#queues") == ""
    assert len(first.soup.select("#queues .skeleton")) == 3 * (len(first.heads()) - 1)


def test_pages_of_a_hundred(client: OmniqClient) -> None:
    expected = [f"q{n:03}" for n in range(230)]
    for name in expected:
        publish_jobs(client, name, 1, now_ms=NOW)
    visitor = browser(client)
    first = visitor.get("/?sort=name")
    assert names(first) == expected[:100]
    assert first.words("#pager").startswith("1–100 of 230")
    second = visitor.follow(first, "#pager a[rel=next]")
    assert names(second) == expected[100:200]
    third = visitor.follow(second, "#pager a[rel=next]")
    assert names(third) == expected[200:]
    assert third.words("#pager").startswith("201–230 of 230")
    assert not third.soup.select("#pager a[rel=next]")
    assert names(visitor.follow(third, "#pager a[rel=prev]")) == expected[100:200]
    # A change of filter starts at page 1.
    assert "page=" not in third.one("#queue-states a:-soup-contains(Running)")["href"]
    assert [words for words in counts(third) if words.startswith("All")] == ["All 230"]


def test_a_page_behind_the_last(client: OmniqClient) -> None:
    publish_jobs(client, "mail", 1, now_ms=NOW)
    page = browser(client).get("/?page=9&sort=name")
    assert "matches the filter" not in page.words("#queues")
    assert names(browser(client).follow(page, "#queues a")) == ["mail"]


def test_queues_called_dot_and_dots(client: OmniqClient) -> None:
    for name in (".", ".."):
        fail_jobs(client, name, [f"job of {name}"], now_ms=NOW)
    visitor = browser(client)
    page = visitor.get("/?sort=name")
    assert names(page) == [".", ".."]
    for name, link in zip((".", ".."), page.soup.select("tbody#queues th a"), strict=True):
        opened = visitor.get(link["href"])
        assert (opened.words("h1"), opened.job_ids()) == (name, [f"job of {name}"])
        assert visitor.get(page.soup.select(f"td a[href$='{link['href']}failed']")[0]["href"]).words("h1") == name


def test_what_may_not_be_read_is_in_no_row_total_or_count(queues: OmniqClient) -> None:
    hidden = {"mail", "news", "charge"}

    def access(_request: Request, _action: str, queue: str | None) -> Decision:
        return Deny() if queue in hidden else Allow()

    visitor = browser(queues, access=access)
    page = visitor.get("/")
    assert names(page) == ["zero", "images", "quiet"]
    assert counts(page) == ["All 3", "Attention 0", "Running 1", "Paused 1", "Stalled 0", "Idle 1"]
    tiles = [" ".join(tile.get_text(" ").split()) for tile in page.soup.select("#totals .tile")]
    assert tiles == [
        "Waiting 1 0 grouped",
        "Active 2 1 past its lease",
        "Delayed 0 Nothing is delayed",
        "Failed 1 In 1 queue",
        "Started – Not known yet",
        "Oldest waiting 10 s images",
    ]
    for name in hidden:
        assert name not in page.words()
        visitor.get(f"/queues/{name}/failed", 403)
        assert name not in visitor.get("/queues/zero/failed").text.replace("email", "")  # a filter's example


def test_only_the_queues_of_the_setting(queues: OmniqClient) -> None:
    visitor = browser(queues, queues="zero,quiet")
    page = visitor.get("/")
    assert (names(page), counts(page)[0]) == (["zero", "quiet"], "All 2")
    visitor.get("/queues/mail/failed", 404)


def test_what_counts_as_stalled_and_old_are_settings(client: OmniqClient) -> None:
    publish_jobs(client, "mail", 1, now_ms=NOW - 120_000)
    assert browser(client).get("/").rows("queues")[0][1] == "Stalled"
    patient = browser(client, stalled_after=300, old_after=100).get("/")
    assert patient.rows("queues")[0][1] == "Running"
    assert patient.one("#queues [data-label='Oldest waiting'] [data-tone]")["data-tone"] == "warn"
    assert browser(client, stalled_after=300).get("/queues/mail/waiting").words("#queue-state") == "Running"
