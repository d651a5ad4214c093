"""The page of a queue's groups: figures, states, filter, sort and pages in the address, without script and by ticks."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import pytest

from dashboard.formatting import row_id
from dashboard.tokens import to_token
from omniq_core import Background, OmniqClient
from tests.support.factories import publish_jobs
from tests.web.groups_support import GROUPS, four_states, many_groups
from tests.web.pages_support import NOW, QUEUE, SCRIPT, Browser, Page, browser, words

HOSTILE = {
    "<script>alert(1)</script>": "<script>alert(1)</script>",
    "a:wait": "a:wait",
    "a/b": "a/b",
    "100%": "100%",
    "\udcff": "‹0xFF›",
    "..": "..",
    "a\nb": "a‹U+000A›b",
    "limit": "limit",
    "x" * 200: "x" * 200,
    "\u202eevil": "‹U+202E›evil",
}


def shown(page: Page) -> list[str]:
    return [row[0] for row in page.rows("groups")]


@pytest.fixture
def visitor(client: OmniqClient, redis: Any) -> Browser:
    del redis
    return browser(client)


def test_figures_as_drawn(visitor: Browser, client: OmniqClient, redis: Any) -> None:
    four_states(client, redis)
    page = visitor.get(GROUPS)
    heads = ["Group", "State", "Waiting", "Oldest waiting", "In flight", "Limit", "Ready since", "Actions"]
    assert page.heads() == heads
    assert page.rows("groups") == [
        ["lost", "Stuck", "3", "14 min", "2 of 2", "2", "–", "Jobs"],
        ["hidden", "Stuck", "1", "30 s", "0 of 1", "1", "–", "Jobs"],
        ["ready", "Ready", "2", "1 s", "0 of 40", "40", "1 s", "Jobs"],
        ["busy", "Busy", "1", "1 min", "2 of 2", "2", "–", "Jobs"],
        ["idle", "Idle", "0", "–", "0 of 3", "3", "–", "Jobs"],
    ]
    assert page.words("#group-states") == "All 5 Stuck 2 Busy 1 Ready 1 Idle 1"
    assert page.words("#queue-tabs [aria-current]") == "Groups 5"
    assert page.words("#stuck") == (
        "2 groups are stuck. lost counts 2 jobs in flight that no worker holds; "
        "hidden has room but is missing from the ready set. Repair 2 groups"
    )
    tiles = [words(tile) for tile in page.soup.select("#queue-tiles .tile")]
    assert tiles[:5] == [
        "Started – Not known yet",
        "Waiting 7 All of them grouped",
        "Oldest waiting 14 min Group lost",
        "Groups ready 1 of 5 1 at its limit",
        "In flight 4 of 48 Sum of all limits",
    ]
    slots = [len(svg.select("rect.on")) for svg in page.soup.select("svg.slots")]
    assert (slots, page.one("progress.meter")["max"]) == ([2, 0, 2, 0], "40")


def test_50_jobs_wait_everywhere(visitor: Browser, client: OmniqClient) -> None:
    publish_jobs(client, QUEUE, [f"u{n}" for n in range(5)], now_ms=NOW - 900)
    for gid in "ABC":
        publish_jobs(client, QUEUE, [f"{gid}{n}" for n in range(15)], now_ms=NOW - 800, gid=gid)
    page = visitor.get(GROUPS)
    assert [row[2] for row in page.rows("groups")] == ["15", "15", "15"]
    for path in (GROUPS, f"/queues/{QUEUE}/waiting", f"{GROUPS}/A"):
        there = visitor.get(path)
        assert words(there.soup.select("#queue-tabs a")[0]) == "Waiting 50"
        assert "Waiting 50 45 grouped" in words(there.one("#queue-tiles"))
    assert visitor.get(f"/queues/{QUEUE}/waiting?size=25").words("#pager").startswith("1–25 of 50")
    background = Background(client.link, lambda: NOW, (QUEUE,))
    background.tick()
    assert visitor.get("/").rows("queues")[0][3] == "50"


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("?sort=group", ["busy", "hidden", "idle", "lost", "ready"]),
        ("?sort=-group", ["ready", "lost", "idle", "hidden", "busy"]),
        ("?sort=waiting", ["lost", "ready", "busy", "hidden", "idle"]),
        ("?sort=inflight", ["busy", "lost", "hidden", "idle", "ready"]),
        ("?sort=-state", ["idle", "busy", "ready", "hidden", "lost"]),
        ("?state=stuck", ["lost", "hidden"]),
        ("?state=busy", ["busy"]),
        ("?group=x", []),
        ("?group=ID", ["hidden", "idle"]),
        ("?group=id&state=idle", ["idle"]),
    ],
)
def test_sort_and_filter(visitor: Browser, client: OmniqClient, redis: Any, query: str, names: list[str]) -> None:
    four_states(client, redis)
    page = visitor.get(GROUPS + query)
    assert shown(page) == (names or ["No group matches None of the 5 groups of this queue. All groups"])
    sort = query.partition("sort=")[2]
    if sort:
        head = page.one("thead th[aria-sort]")
        assert head["aria-sort"] == ("ascending" if sort in ("group", "-state") else "descending")


def test_pages_keep_what_was_asked(visitor: Browser, client: OmniqClient) -> None:
    for nth in range(30):
        publish_jobs(client, QUEUE, [f"j{nth}"], now_ms=NOW, gid=f"g{nth:02}")
    first = visitor.get(f"{GROUPS}?sort=group&size=25")
    assert (shown(first)[0], len(shown(first))) == ("g00", 25)
    second = visitor.follow(first, "#pager a[rel=next]")
    assert shown(second) == ["g25", "g26", "g27", "g28", "g29"]
    assert second.words("#pager").startswith("26–30 of 30")
    beyond = visitor.get(f"{GROUPS}?sort=group&size=25&page=9")
    assert urlsplit(beyond.path).query == "sort=group&size=25&page=2"
    assert visitor.get(f"{GROUPS}?size=7", 400).status == 400


@pytest.mark.parametrize("gid", list(HOSTILE), ids=ascii)
def test_any_name_is_shown_and_leads_to_its_own_jobs(visitor: Browser, client: OmniqClient, gid: str) -> None:
    publish_jobs(client, QUEUE, ["mine"], now_ms=NOW, gid=gid)
    publish_jobs(client, QUEUE, ["foreign"], now_ms=NOW, gid="other")
    page = visitor.get(f"{GROUPS}?sort=waiting")
    row = page.one(f"tr#{row_id('group', gid)}")
    link = row.select_one("th a")
    assert (link["title"], row["data-token"]) == (HOSTILE[gid], to_token(gid))
    jobs = visitor.get(link["href"])
    assert jobs.job_ids() == ["mine"]
    assert jobs.words("h2") == HOSTILE[gid]
    assert not page.soup.select("main script")


def test_no_groups(visitor: Browser, client: OmniqClient) -> None:
    publish_jobs(client, QUEUE, ["u"], now_ms=NOW)
    page = visitor.get(GROUPS)
    assert "No groups" in page.words("#groups")
    assert page.one("#stuck").get_text(strip=True) == ""
    assert visitor.get("/queues/nobody/groups", 404).status == 404


def test_where_nobody_looks_for_groups_it_says_so(visitor: Browser, client: OmniqClient, redis: Any) -> None:
    four_states(client, redis)
    words = "Groups are not searched for here"
    assert words not in visitor.get(GROUPS).text, "the process that found them is there"
    redis.delete("{omniq:x}:scan")
    assert words in visitor.get(GROUPS).text
    assert words not in browser(client, background=True).get(GROUPS).text, "its first pass comes"


def test_a_tick_brings_what_changed_and_nothing_twice(visitor: Browser, client: OmniqClient, redis: Any) -> None:
    four_states(client, redis)
    live = f"{GROUPS}?sort=group&live=1"
    first = visitor.get(live, headers=SCRIPT)
    assert {"queue-tiles", "queue-tabs", "group-states", "groups", "groups-head", "pager", "stuck"} <= set(
        first.targets()
    )
    version = first.headers["X-Omniq-Version"]
    assert visitor.get(f"{live}&v={version}", 204, SCRIPT).text == ""
    publish_jobs(client, QUEUE, ["r3"], now_ms=NOW, gid="ready")
    held = visitor.get(f"{live}&v={version}&hold=1", headers=SCRIPT)
    assert "groups" not in held.targets()
    assert words(held.region(row_id("group", "ready")).select("td")[1]) == "3"


def test_rows_that_a_page_holds_are_told_by_name(visitor: Browser, client: OmniqClient, redis: Any) -> None:
    four_states(client, redis)
    asked = f"{GROUPS}?state=busy&live=1&hold=1&sel=idle&sel=gone"
    answer = visitor.get(asked, headers=SCRIPT)
    assert words(answer.region(row_id("group", "idle")).select_one("td")) == "Idle"
    assert answer.region(row_id("group", "gone")).select_one("tr").has_attr("data-gone")


def test_no_more_groups_are_ready_than_there_are(visitor: Browser, redis: Any) -> None:
    """While the search of the keyspace is under way, the ready ones can be more than those that are known by name."""
    many_groups(redis, 1_100)
    redis.delete(f"{{{QUEUE}}}:x:groups")
    redis.hset(f"{{{QUEUE}}}:stats", "groups_ready", 1_100)
    page = visitor.get(f"{GROUPS}?size=25")
    assert page.words("#group-states") == "All 1,000"
    assert page.words("#queue-tiles > :nth-child(4)").startswith("Groups ready 1,100 of 1,100 ")
    assert "Groups 1,100" in page.words("#queue-tabs")


def test_many_groups_are_sorted_by_figures_that_the_background_takes(
    visitor: Browser, client: OmniqClient, redis: Any
) -> None:
    many_groups(redis, 600)
    page = visitor.get(f"{GROUPS}?size=25&sort=waiting&state=ready")
    assert shown(page)[:3] == ["t-00000", "t-00001", "t-00002"]  # by name, and none is left out
    assert (page.words("#group-states"), page.one("thead th[aria-sort] a").get_text(strip=True)) == ("All 600", "Group")
    assert "the background that reads their figures does not run" in page.words("#pager")
    background = Background(client.link, lambda: NOW, (QUEUE,))
    for _ in range(40):
        background.tick()
    page = visitor.get(f"{GROUPS}?size=25&sort=waiting")
    assert [row[2] for row in page.rows("groups")[:3]] == ["7", "7", "7"]
    assert page.words("#group-states") == "All 600 Stuck 0 Busy 0 Ready 600 Idle 0"
    assert "Sorted and summed by figures taken now" in page.words("#pager")
    # The rows themselves are read now.
    redis.rpush(f"{{{QUEUE}}}:g:t-00006:wait", "more")
    assert visitor.get(f"{GROUPS}?size=25&sort=waiting").rows("groups")[0][2] == "8"


def test_where_too_many_jobs_run_it_says_what_it_cannot_see(visitor: Browser, client: OmniqClient, redis: Any) -> None:
    publish_jobs(client, QUEUE, ["a"], now_ms=NOW, gid="G")
    assert "nobody counts" not in visitor.get(GROUPS).words("#pager")
    redis.zadd(f"{{{QUEUE}}}:active", {f"run-{n}": NOW for n in range(1_001)})
    assert "So many jobs run that nobody counts them" in visitor.get(GROUPS).words("#pager")


@pytest.mark.parametrize("count", [20, 600])
def test_round_trips(client: OmniqClient, redis: Any, count: int) -> None:
    many_groups(redis, count)
    visitor = browser(client)
    for path in (f"{GROUPS}?size=100", f"{GROUPS}/t-00001"):
        visitor.get(path)
        before = client.link.round_trips
        visitor.get(path)
        assert client.link.round_trips - before <= 2, path
