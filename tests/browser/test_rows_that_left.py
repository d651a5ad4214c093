"""A row whose job left the lane while it is held: dim at the tick that finds it gone, and nothing else moves."""

from __future__ import annotations

import pytest
from playwright.sync_api import Route, expect

from omniq_core import OmniqClient
from tests.browser.desk import Desk, OpenDesk
from tests.support.clock import Clock
from tests.support.factories import delay_jobs, fail_jobs, lease_jobs

# Heads, rows, and the cells of the rows whose jobs stay.
_PLACES = """selector => [...document.querySelectorAll(selector)].map((part) => {
  const {x, y, width, height} = part.getBoundingClientRect();
  return [x, y, width, height].join(" ");
})"""
_PARTS = ".table > thead th, #jobs > tr, #jobs > tr:not(:has([title=job-1])) > *"


def paced(d: Desk, seconds: int) -> None:
    """Ticks come every so many seconds from the next page on."""
    cookie = {"name": "omniq_display", "value": f"auto.{seconds}.utc.on.on", "url": d.url}
    d.page.context.add_cookies([cookie])  # pyright: ignore[reportArgumentType]


def test_the_tick_that_finds_a_row_gone_dims_it(desk: OpenDesk, client: OmniqClient, clock: Clock) -> None:
    fail_jobs(client, "mail", ["a", "b", "c"], now_ms=clock.now_ms)
    d = desk()
    d.page.clock.install()
    d.open("/queues/mail/failed")
    d.page.clock.pause_at(d.page.evaluate("Date.now()") / 1_000 + 0.2)
    d.check("b")
    client.retry_failed(queue="mail", job_id="a", now_ms_override=clock.now_ms)
    with d.page.expect_response(lambda response: "live=1" in response.url):
        d.page.clock.run_for(2_000)
    for _ in range(190):  # of 10 ms each: the next tick would come after 2 s
        if d.row("a").get_attribute("data-gone") is not None:
            break
        d.page.clock.run_for(10)
    assert d.row("a").locator(".gone-words").inner_text() == "No longer failed"


def test_rows_that_stay_cost_no_second_request(desk: OpenDesk, client: OmniqClient, clock: Clock) -> None:
    fail_jobs(client, "mail", 30, now_ms=clock.now_ms)
    d = desk()
    paced(d, 1)
    d.open("/queues/mail/failed?size=25")
    d.check("job-30", "job-6")  # the first and the last of the page
    asked: list[str] = []
    d.page.on("request", lambda request: asked.append(request.url) if "live=1" in request.url else None)
    for n in range(3):
        fail_jobs(client, "mail", [f"new-{n}"], now_ms=clock.advance(1_000))
        expect(d.page.locator("#newer")).to_contain_text(f"{n + 1} newer")
    assert asked and not any("sel=" in url for url in asked)
    expect(d.page.locator("tr[data-gone]")).to_have_count(0)
    expect(d.page.locator("#pager")).to_contain_text("4–28 of 33")  # what the rows are


def test_an_answer_that_the_focus_overtook_moves_no_row(desk: OpenDesk, client: OmniqClient, clock: Clock) -> None:
    fail_jobs(client, "mail", ["a", "b", "c"], now_ms=clock.now_ms)
    d = desk()
    paced(d, 1)
    under_way: list[Route] = []
    d.page.route("**/*live=1*", lambda route: route.continue_() if under_way else under_way.append(route))
    with d.page.expect_request("**/*live=1*"):
        d.open("/queues/mail/failed")
    client.retry_failed(queue="mail", job_id="a", now_ms_override=clock.now_ms)
    d.row("b").get_by_role("link", name="b").focus()
    under_way[0].continue_()
    expect(d.row("a")).to_have_attribute("data-gone", "")
    d.shows(["c", "b", "a"])
    assert d.focused == "b"


@pytest.mark.parametrize(
    ("lane", "width"),
    [
        *(("failed", width) for width in (1440, 1024, 390)),
        *(pytest.param("delayed", width, marks=[pytest.mark.long] * (width != 390)) for width in (1440, 1024, 390)),
        *(pytest.param("active", width, marks=[pytest.mark.long] * (width != 1440)) for width in (1440, 1024, 390)),
    ],
)
def test_nothing_moves_when_a_row_goes_dim(
    desk: OpenDesk, client: OmniqClient, clock: Clock, lane: str, width: int
) -> None:
    now, ids = clock.now_ms, ["job-1", "job-2", "job-3"]
    tokens: dict[str, str] = {}
    if lane == "failed":
        fail_jobs(client, "mail", ids, now_ms=now, max_attempts=1)
    elif lane == "delayed":
        delay_jobs(client, "mail", ids, now_ms=now, due_ms=now + 600_000)
    else:
        tokens = lease_jobs(client, "mail", ids, now_ms=now, timeout_ms=600_000)
    clock.advance(125_000)
    d = desk()
    paced(d, 1)
    d.page.set_viewport_size({"width": width, "height": 900})
    d.open(f"/queues/mail/{lane}")
    d.row("job-2").get_by_role("link", name="job-2").focus()
    expect(d.page.locator("#live")).to_contain_text("Held")
    before = d.page.evaluate(_PLACES, _PARTS)
    if lane == "failed":
        client.retry_failed(queue="mail", job_id="job-1", now_ms_override=clock.now_ms)
    elif lane == "delayed":
        client.run_now(queue="mail", job_id="job-1", now_ms_override=clock.now_ms)
    else:
        client.ack_success(queue="mail", job_id="job-1", lease_token=tokens["job-1"], now_ms_override=clock.now_ms)
    gone = d.row("job-1")
    expect(gone.locator(".gone-words")).to_be_visible()
    assert d.page.evaluate(_PLACES, _PARTS) == before
    words, row = gone.locator(".gone-words").bounding_box(), gone.bounding_box()
    assert words is not None and row is not None
    assert row["x"] < words["x"] and words["x"] + words["width"] <= row["x"] + row["width"]
    assert row["y"] <= words["y"] and words["y"] + words["height"] <= row["y"] + row["height"]
    assert gone.locator(".side > *").evaluate("cell => getComputedStyle(cell).visibility") == "hidden"
