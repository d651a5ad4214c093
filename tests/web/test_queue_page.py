"""A queue's page: the columns of each lane, pages by cursor while jobs come and go, bad addresses."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Request

from dashboard import Allow, Deny
from dashboard.access import Decision
from omniq_core import OmniqClient
from tests.operator.failing import index_all
from tests.support.clock import Clock
from tests.support.factories import complete_jobs, delay_jobs, fail_jobs, lease_jobs, publish_jobs
from tests.web.pages_support import NOW, QUEUE, Browser, browser

MINUTE = 60_000
FAILED = f"/queues/{QUEUE}/failed"


@pytest.fixture
def visitor(client: OmniqClient) -> Browser:
    return browser(client)


def test_failed_lane(client: OmniqClient, visitor: Browser) -> None:
    fail_jobs(client, QUEUE, ["first"], now_ms=NOW - 3 * MINUTE, error="ValueError: bad\n  File x\nValueError: bad")
    leases = lease_jobs(client, QUEUE, ["second"], now_ms=NOW - 2 * MINUTE, max_attempts=1, gid="acct_1")
    client.ack_fail(
        queue=QUEUE, job_id="second", lease_token=leases["second"], error=None, now_ms_override=NOW - MINUTE
    )
    page = visitor.get(f"/queues/{QUEUE}/")
    assert page.path == FAILED  # there are failures, so the lane that needs a look is this one
    assert page.soup.title.get_text() == "Failed in mail · OmniQ"
    assert page.heads() == [
        "Select", "Job", "Error", "Group", "Attempts", "Ran for", "Failed", "Actions",
    ]  # fmt: skip
    assert page.rows("jobs") == [
        ["", "second", "No message was recorded", "acct_1", "1 of 1", "1 min", "1 min ago", ""],
        ["", "first", "ValueError: bad", "–", "1 of 1", "0 ms", "3 min ago", ""],
    ]
    assert page.soup.select("#jobs .fill span")[1]["title"].startswith("ValueError: bad‹U+000A›")
    assert page.words("#pager").startswith("1–2 of 2")
    assert page.one("th[aria-sort]")["aria-sort"] == "descending"
    assert page.words("caption") == "Failed jobs, newest first"


def test_waiting_lane(client: OmniqClient, visitor: Browser) -> None:
    publish_jobs(client, QUEUE, ["b"], now_ms=NOW - 2 * MINUTE, payload={"to": "zoë@example.com"})
    publish_jobs(client, QUEUE, ["a"], now_ms=NOW - MINUTE, payload=[1], gid="acct_1")
    page = visitor.get(f"/queues/{QUEUE}/")
    assert page.path == f"/queues/{QUEUE}/waiting"
    assert page.heads()[1:] == ["Job", "Payload", "Group", "Position", "Queued", "Actions"]
    assert page.rows("jobs") == [
        ["", "b", '{"to":"zoë@example.com"}', "–", "1", "2 min ago", ""],
        ["", "a", "[1]", "acct_1", "1", "1 min ago", ""],
    ]
    assert not page.soup.select("button[formaction*=retry]")


def test_a_cut_payload_says_so(client: OmniqClient, visitor: Browser) -> None:
    publish_jobs(client, QUEUE, ["whole"], now_ms=NOW, payload=["x" * 196])  # 200 bytes
    publish_jobs(client, QUEUE, ["cut"], now_ms=NOW + 1, payload=["x" * 197])
    whole, cut = (row[2] for row in visitor.get(f"/queues/{QUEUE}/waiting").rows("jobs"))
    assert (whole, cut) == ('["' + "x" * 196 + '"]', '["' + "x" * 197 + '"…')


def test_active_lane(client: OmniqClient, visitor: Browser) -> None:
    lease_jobs(client, QUEUE, ["late"], now_ms=NOW - 90_000, timeout_ms=60_000)
    lease_jobs(client, QUEUE, ["fine"], now_ms=NOW - 10_000, timeout_ms=60_000)
    page = visitor.get(f"/queues/{QUEUE}/active")
    assert page.heads() == ["Job", "Payload", "Group", "Attempt", "Lease", "Started"]
    assert page.rows("jobs") == [
        ["late", '{"n":1}', "–", "1 of 3", "Lease ran out", "1 min ago"],
        ["fine", '{"n":1}', "–", "1 of 3", "50 s", "10 s ago"],
    ]
    assert not page.soup.select("#jobs input, #jobs button")


def test_delayed_lane(client: OmniqClient, visitor: Browser) -> None:
    delay_jobs(client, QUEUE, ["later"], now_ms=NOW - 2 * MINUTE, due_ms=NOW + 3 * MINUTE)
    leases = lease_jobs(client, QUEUE, ["again"], now_ms=NOW - MINUTE, backoff_ms=90_000)
    client.ack_fail(queue=QUEUE, job_id="again", lease_token=leases["again"], error="E: no", now_ms_override=NOW - 1000)
    page = visitor.get(f"/queues/{QUEUE}/delayed")
    assert page.heads()[1:] == ["Job", "Payload or last error", "Group", "Attempt", "Due", "Actions"]
    assert page.rows("jobs") == [
        ["", "again", "E: no", "–", "1 of 3", "in 1 min", "Run now"],
        ["", "later", '{"n":1}', "–", "0 of 3", "in 3 min", "Run now"],
    ]


def test_completed_lane(client: OmniqClient, visitor: Browser) -> None:
    leases = lease_jobs(client, QUEUE, ["done"], now_ms=NOW - 10_000)
    client.ack_success(queue=QUEUE, job_id="done", lease_token=leases["done"], now_ms_override=NOW - 2_500)
    page = visitor.get(f"/queues/{QUEUE}/completed")
    assert page.heads()[1:] == ["Job", "Payload", "Group", "Ran for", "Completed", "Actions"]
    assert page.rows("jobs") == [["", "done", '{"n":1}', "–", "7.5 s", "2 s ago", ""]]


@pytest.mark.parametrize(
    ("lane", "title"),
    [
        ("waiting", "Nothing waits"),
        ("active", "Nothing runs"),
        ("delayed", "Nothing is delayed"),
        ("failed", "No failed jobs"),
        ("completed", "No completed jobs"),
    ],
)
def test_an_empty_lane_says_what_comes_here(client: OmniqClient, visitor: Browser, lane: str, title: str) -> None:
    client.pause(queue=QUEUE)
    page = visitor.get(f"/queues/{QUEUE}/{lane}")
    assert title in page.words("#jobs")
    assert page.words("#pager").startswith("0 of 0")


def test_head_tiles_and_tabs(client: OmniqClient, visitor: Browser) -> None:
    complete_jobs(client, QUEUE, 2, now_ms=NOW - 10 * MINUTE)
    fail_jobs(client, QUEUE, [f"f{n}" for n in range(3)], now_ms=NOW - 9 * MINUTE, step_ms=0)
    lease_jobs(client, QUEUE, ["late", "too late"], now_ms=NOW - 8 * MINUTE, timeout_ms=1)
    publish_jobs(client, QUEUE, ["w1", "w2"], now_ms=NOW - 7 * MINUTE, step_ms=0)
    publish_jobs(client, QUEUE, ["g1"], now_ms=NOW - 6 * MINUTE, gid="acct")
    page = visitor.get(FAILED)
    tiles = [" ".join(tile.get_text(" ").split()) for tile in page.soup.select("#queue-tiles .tile")]
    assert tiles == [
        "Started – 2 past their lease",
        "Failed – Not known an hour ago",
        "Waiting 3 1 grouped",
        "Oldest waiting 7 min Since 14:59:40",
        "Groups ready 1 With jobs and a free slot",
        "Last finish 9 min ago Last publish 6 min ago",
    ]
    client.remove_jobs_batch(queue=QUEUE, lane="wait", job_ids=["w1", "w2"], now_ms_override=NOW)
    assert "Oldest waiting 6 min Group acct" in visitor.get(FAILED).words("#queue-tiles")
    tabs = [" ".join(tab.get_text(" ").split()) for tab in page.soup.select("#queue-tabs a")]
    assert tabs == ["Waiting 3", "Groups", "Active 2", "Delayed 0", "Failed 3", "Completed last 100"]
    assert page.words("#queue-tabs [aria-current]") == "Failed 3"
    assert page.words("#queue-state") == "Stalled"


def test_ready_groups_are_a_part_of_the_known_ones(client: OmniqClient, redis: Any, visitor: Browser) -> None:
    publish_jobs(client, QUEUE, 1, now_ms=NOW, gid="acct")
    redis.zadd(f"{{{QUEUE}}}:x:groups", {"acct": NOW, "idle": NOW, "busy": NOW})
    page = visitor.get(FAILED)
    assert "Groups ready 1 of 3 With jobs and a free slot" in page.words("#queue-tiles")
    assert "Groups 3" in page.words("#queue-tabs")


def test_groups_at_their_limit_and_kinds_of_errors_are_counted(client: OmniqClient, visitor: Browser) -> None:
    fail_jobs(client, QUEUE, 2, now_ms=NOW, error=lambda n: f"{'AB'[n]}: e")
    lease_jobs(client, QUEUE, ["holds"], now_ms=NOW, gid="acct")
    publish_jobs(client, QUEUE, ["waits"], now_ms=NOW, gid="acct")
    page = visitor.get(FAILED)
    assert "Groups ready 0 1 at its limit" in page.words("#queue-tiles")
    assert page.words("nav.segmented") == "Jobs By error"
    index_all(client, Clock(NOW), queue=QUEUE)
    assert visitor.get(FAILED).words("nav.segmented") == "Jobs By error 2"


def test_other_queues_are_one_press_away(client: OmniqClient, redis: Any, visitor: Browser) -> None:
    from omniq_core import Background

    publish_jobs(client, QUEUE, 1, now_ms=NOW)
    fail_jobs(client, "b", 2, now_ms=NOW)
    fail_jobs(client, "secret", 9, now_ms=NOW)
    background = Background(client.link, lambda: NOW)
    while not redis.exists("{omniq:x}:now"):
        background.tick()
    page = visitor.get(f"/queues/{QUEUE}/waiting")
    assert [" ".join(a.get_text(" ").split()) for a in page.soup.select(".page-head a.menu-item")] == [
        "secret 9", "b 2", "All 3 queues g o",
    ]  # fmt: skip

    def access(_request: Request, _action: str, queue: str | None) -> Decision:
        return Deny() if queue == "secret" else Allow()

    page = browser(client, access=access).get(f"/queues/{QUEUE}/waiting")
    assert [" ".join(a.get_text(" ").split()) for a in page.soup.select(".page-head a.menu-item")] == [
        "b 2",
        "All 2 queues g o",
    ]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("size=10", "size"),
        ("size=x", "size"),
        ("sort=queued", "sort"),
        ("sort=x", "sort"),
        ("cursor=x", "cursor"),
        ("cursor=" + "A" * 40, "cursor"),
        ("cursor=" + "A" * 5000, "cursor"),
        ("cursor=%00", "cursor"),
    ],
)
def test_bad_input(client: OmniqClient, visitor: Browser, query: str, field: str) -> None:
    fail_jobs(client, QUEUE, 1, now_ms=NOW)
    page = visitor.get(f"{FAILED}?other=typed&{query}", 400)
    assert page.one("input[aria-invalid=true]")["name"] == field
    assert page.one("input[name=other]")["value"] == "typed"


@pytest.mark.parametrize("path", ["/queues/nope/", "/queues/nope/failed", "/queues/nope/pause/confirm"])
def test_an_unknown_queue(client: OmniqClient, visitor: Browser, path: str) -> None:
    fail_jobs(client, QUEUE, 1, now_ms=NOW)
    page = visitor.get(path, 404)
    assert "No such queue No queue is called nope." in page.words()


def test_an_unknown_lane(client: OmniqClient, visitor: Browser) -> None:
    fail_jobs(client, QUEUE, 1, now_ms=NOW)
    assert "No such page" in visitor.get(f"/queues/{QUEUE}/lost", 404).words()


def test_ghosts(client: OmniqClient, redis: Any, visitor: Browser) -> None:
    fail_jobs(client, QUEUE, ["alive", "ghost"], now_ms=NOW - MINUTE)
    redis.delete("{mail}:job:ghost")
    rows = visitor.get(FAILED).rows("jobs")
    assert [row[1:3] for row in rows] == [
        ["ghost", "This id has no job behind it any more"],
        ["alive", "ValueError: no such account"],
    ]
    visitor.get("/queues/mail/jobs/ghost", 404)


def test_an_id_too_long_for_a_button_has_none(client: OmniqClient, visitor: Browser) -> None:
    """Its row shows the first bytes only; a button with these would act on another job."""
    long = "x" * 1500
    fail_jobs(client, QUEUE, [long, long[:1024]], now_ms=NOW - MINUTE)
    page = visitor.get(FAILED)
    rows = page.soup.select("tbody#jobs > tr")
    assert len(rows) == 2
    assert rows[0].select("button, input")  # 1,024 bytes is a whole id
    assert not rows[1].select("button, input, a[href]")
    assert "too long" in rows[1].get_text()


def test_ids_of_rows_are_unique(client: OmniqClient, redis: Any, visitor: Browser) -> None:
    fail_jobs(client, QUEUE, ["twice", "once"], now_ms=NOW - MINUTE)
    redis.delete("{mail}:idx:failed")
    redis.lpush("{mail}:failed", "twice")
    ids = [row["id"] for row in visitor.get(FAILED).soup.select("tbody#jobs > tr")]
    assert len(ids) == len(set(ids)) == 3
    assert ids[0] + "-2" == ids[2]
