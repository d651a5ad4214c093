"""axe (WCAG 2.2, A and AA) on every page, dialog and error page, light and dark; and nothing wider than the window."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from omniq_core import OmniqClient
from tests.browser.axe import both_themes
from tests.browser.desk import Desk, OpenDesk
from tests.browser.hostile import fail_hostile_jobs
from tests.support.clock import Clock
from tests.support.factories import complete_jobs, delay_jobs, fail_jobs, lease_jobs, publish_jobs
from tests.support.redis_server import RedisServer
from tests.support.watched_page import Complaints

LONG_QUEUE = "q" * 128
LONG_GROUP = "g" * 200
LONG_ERROR = "E" * 4096
WIDTHS = (390, 320)
TRACE = """Traceback (most recent call last):
  File "/srv/app/mail.py", line 7, in send
    raise KeyError("to")
KeyError: 'to'"""


def in_every_lane(client: OmniqClient, queue: str, clock: Clock) -> None:
    """Jobs in each lane, some grouped; one lease has run out; the failed ones carry a traceback or a plain text."""
    now = clock.now_ms
    complete_jobs(client, queue, ["done-1", "done-2"], now_ms=now)
    fail_jobs(client, queue, ["bad-1", "bad-2"], now_ms=now + 10, error=TRACE)
    fail_jobs(client, queue, ["bad-3"], now_ms=now + 20, gid="acme")
    lease_jobs(client, queue, ["run-1"], now_ms=now + 30, timeout_ms=1_000)
    lease_jobs(client, queue, ["run-2"], now_ms=now + 31, timeout_ms=900_000, gid="acme")
    delay_jobs(client, queue, ["later-1", "later-2"], now_ms=now + 40, due_ms=now + 600_000)
    publish_jobs(client, queue, ["wait-1"], now_ms=now + 50)
    publish_jobs(client, queue, ["wait-2"], now_ms=now + 51, gid="acme")
    clock.advance(60_000)


@pytest.fixture
def full(desk: OpenDesk, client: OmniqClient, clock: Clock) -> Desk:
    """A dashboard with queues in several states; `mail` has jobs in every lane."""
    in_every_lane(client, "mail", clock)
    publish_jobs(client, "paused", 2, now_ms=clock.now_ms - 3_600_000)
    client.pause(queue="paused")
    publish_jobs(client, "stalled", 2, now_ms=clock.now_ms - 3_600_000)
    complete_jobs(client, "idle", 1, now_ms=clock.now_ms - 3_600_000)
    return desk(queues=("mail", "paused", "stalled", "idle"), env="production")


def test_health(full: Desk, redis: Any) -> None:
    redis.config_set("maxmemory-policy", "allkeys-lru")
    redis.config_set("maxmemory", 1 << 40)
    try:
        full.open("/health")
        expect(full.page.locator("#findings h2")).to_have_text(["Redis may remove jobs"])
        expect(full.page.locator("#nav-health")).to_have_text("1 finding")
        both_themes(full.page, "health")
    finally:
        redis.config_set("maxmemory", 0)
        redis.config_set("maxmemory-policy", "noeviction")


def test_overview(full: Desk) -> None:
    full.open("/")
    expect(full.page.locator("#queues tr")).to_have_count(4)
    both_themes(full.page, "overview")
    full.open("/?q=nothing")
    both_themes(full.page, "overview without a match")


@pytest.mark.parametrize("lane", ["waiting", "active", "delayed", "failed", "completed"])
def test_lanes(full: Desk, lane: str) -> None:
    full.open(f"/queues/mail/{lane}")
    expect(full.page.locator("#jobs a.job-id").first).to_be_visible()
    both_themes(full.page, lane)
    full.open(f"/queues/idle/{lane}")
    both_themes(full.page, f"{lane}, empty or nearly")


def test_job_pages(full: Desk) -> None:
    for job_id in ("bad-1", "bad-3", "run-1", "later-1", "done-1", "wait-2"):
        full.open(f"/queues/mail/jobs/{job_id}")
        for fold in full.page.locator("main summary").all():
            fold.click()
        both_themes(full.page, job_id)


def test_selection_dialogs_and_messages(full: Desk) -> None:
    def seen(title: str, safe: str) -> None:
        expect(full.dialog.get_by_role("heading", name=title)).to_be_visible()
        both_themes(full.page, title)
        full.dialog.get_by_role("button", name=safe, exact=True).click()
        expect(full.dialog).to_have_count(0)

    full.open("/queues/mail/failed")
    full.press("Remove bad-1")
    seen("Remove this job?", "Keep job")
    full.press("Pause")
    seen("Pause mail?", "Keep running")
    full.check("bad-1", "bad-2", "bad-3")
    both_themes(full.page, "bulk bar")
    full.bulk("Retry 3").click()
    seen("Retry 3 failed jobs?", "Not now")
    full.bulk("Remove 3").click()
    seen("Remove 3 failed jobs?", "Keep jobs")
    full.press("Retry bad-2")
    full.told("Retried 1 job")
    both_themes(full.page, "message")


def test_confirm_pages_without_script(plain_page: Page, page: Page, full: Desk) -> None:
    # axe is script, so the pages come from the scriptless browser and are judged in the other one.
    plain = Desk(plain_page, full.url)
    plain.open("/queues/mail/failed")
    plain.check("bad-1", "bad-2")
    plain.bulk("Remove selected").click()
    expect(plain.dialog).to_be_visible()
    full.open("/queues/mail/failed")  # the same styles and origin
    page.evaluate("html => { document.documentElement.innerHTML = html }", plain_page.locator("html").inner_html())
    page.wait_for_load_state("networkidle")
    both_themes(page, "confirm page")


def test_error_pages(full: Desk, complaints: Complaints) -> None:
    complaints.allow_status(400, 404, 405)
    for path in (
        "/nowhere",
        "/queues/none/",
        "/queues/mail/jobs/none",
        "/queues/mail/failed?size=7",
        "/?sort=colour",
        "/queues/mail/pause",
    ):
        full.open(path)
        both_themes(full.page, path)


def test_redis_away(desk: OpenDesk, throwaway_redis: RedisServer, complaints: Complaints) -> None:
    complaints.allow_status(503)
    with OmniqClient(redis_url=throwaway_redis.url) as own:
        d = desk(redis=own)
        throwaway_redis.stop()
        d.open("/")
        expect(d.page.get_by_role("heading", name="Redis does not answer")).to_be_visible()
        both_themes(d.page, "503")


# The room between a name that is cut and the state beside it, in px.
_BETWEEN = """(row) => {
  const name = row.querySelector(".head");
  const end = name.getBoundingClientRect().right - parseFloat(getComputedStyle(name).paddingRight);
  return row.querySelector(".side .state").getBoundingClientRect().left - end;
}"""


@pytest.fixture
def wide(desk: OpenDesk, client: OmniqClient, redis: Any, clock: Clock) -> Desk:
    """As long as it may be: queue names of 128 characters, groups of 200, errors of 4,096, counts of 12 digits."""
    fail_jobs(client, LONG_QUEUE, ["i" * 128, "short"], now_ms=clock.now_ms, error=LONG_ERROR, gid=LONG_GROUP)
    publish_jobs(client, LONG_QUEUE, ["w" * 128], now_ms=clock.now_ms, gid=LONG_GROUP, payload={"k" * 300: "v" * 3_000})
    fail_hostile_jobs(client, redis, "mail", now_ms=clock.now_ms)
    # No test can make so many jobs; the counters say it.
    redis.hset("{big}:stats", mapping=dict.fromkeys(("waiting", "active", "failed", "waiting_total"), 123_456_789_012))
    redis.hset("{mail}:stats", mapping={"last_activity_ms": 10**14})
    return desk(queues=(LONG_QUEUE, "mail", "big"), env="x" * 60)


def never_wider(d: Desk, paths: list[str], then: Callable[[], None] = lambda: None) -> None:
    """Fails when a page, as `then` leaves it, can be scrolled sideways in a narrow window."""
    for width in WIDTHS:
        d.page.set_viewport_size({"width": width, "height": 800})
        for path in paths:
            d.open(path)
            then()
            assert d.overflow <= 0, f"{path[:60]} at {width} px is {d.overflow} px too wide"


@pytest.mark.broken_data
def test_no_page_scrolls_sideways(wide: Desk) -> None:
    q = f"/queues/{LONG_QUEUE}"
    never_wider(wide, ["/", "/?q=zzz", f"{q}/failed", f"{q}/waiting", f"{q}/active", "/queues/mail/failed"])


@pytest.mark.broken_data
def test_a_long_name_ends_before_its_state(wide: Desk) -> None:
    for width in (320, 390):
        wide.page.set_viewport_size({"width": width, "height": 800})
        wide.open("/")
        assert wide.page.locator("#queues tr", has_text=LONG_QUEUE).evaluate(_BETWEEN) >= 4


@pytest.mark.broken_data
def test_no_job_page_scrolls_sideways(wide: Desk) -> None:
    def unfold() -> None:
        for fold in wide.page.locator("main summary").all():
            fold.click()

    q = f"/queues/{LONG_QUEUE}"
    never_wider(wide, [f"{q}/jobs/{'i' * 128}", f"{q}/jobs/{'w' * 128}"], unfold)


@pytest.mark.broken_data
def test_no_dialog_bar_or_message_scrolls_sideways(wide: Desk) -> None:
    d = wide
    for width in WIDTHS:
        d.page.set_viewport_size({"width": width, "height": 800})
        d.open(f"/queues/{LONG_QUEUE}/failed")
        d.check("short")
        assert d.overflow <= 0, f"bulk bar at {width}"
        d.bulk("Remove 1").click()
        expect(d.dialog).to_be_visible()
        assert d.overflow <= 0, f"dialog at {width}"
        box = d.dialog.bounding_box()
        assert box and box["x"] >= 0 and box["x"] + box["width"] <= width
        assert d.dialog.evaluate("e => e.scrollWidth - e.clientWidth") <= 0
        d.page.keyboard.press("Escape")
        d.press("Pause")
        expect(d.dialog).to_be_visible()
        assert d.dialog.evaluate("e => e.scrollWidth - e.clientWidth") <= 0
        d.dialog.get_by_role("button", name="Pause queue").click()
        toast = d.told("Paused")
        box = toast.bounding_box()
        assert box and box["x"] >= 0 and box["x"] + box["width"] <= width
        d.page.locator("#queue-actions").get_by_role("button", name="Resume").click()
        d.told("Resumed")


def test_no_error_page_scrolls_sideways(wide: Desk, complaints: Complaints) -> None:
    complaints.allow_status(400, 404)
    never_wider(
        wide,
        [f"/queues/{'z' * 128}/", f"/queues/{LONG_QUEUE}/jobs/{'z' * 128}", f"/?sort={'s' * 400}", f"/?q={'s' * 900}"],
    )
