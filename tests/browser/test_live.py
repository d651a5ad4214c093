"""The live refresh in Chromium: what moves, what stays, what an outage looks like."""

from __future__ import annotations

import itertools
import re
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from dashboard import create_app
from dashboard.access import allow_all
from omniq_core import OmniqClient
from tests.support.factories import fail_jobs, publish_jobs

FAILED = "/queues/mail/failed"


@pytest.fixture
def url(client: OmniqClient, live_server: Callable[[Any], Any]) -> str:
    return live_server(create_app(redis=client, access=allow_all, background=False)).url


@pytest.fixture
def fast(page: Page, url: str) -> Iterator[Page]:
    """A page that ticks every second, the quickest there is."""
    page.context.add_cookies([{"name": "omniq_display", "value": "auto.1.utc.on.on", "url": url}])
    yield page


def publish(client: OmniqClient, queue: str, jobs: int | list[str]) -> None:
    publish_jobs(client, queue, jobs, now_ms=time.time_ns() // 1_000_000)


def fail(client: OmniqClient, queue: str, jobs: int | list[str]) -> list[str]:
    return fail_jobs(client, queue, jobs, now_ms=time.time_ns() // 1_000_000)


def ticks(page: Page) -> list[str]:
    """The URLs of the ticks from here on."""
    found: list[str] = []
    page.on("request", lambda request: found.append(request.url) if "live=1" in request.url else None)
    return found


def ids_of(page: Page) -> list[str]:
    return page.locator("#jobs a.job-id").all_inner_texts()


def test_figures_and_rows_come_by_themselves(fast: Page, url: str, client: OmniqClient) -> None:
    publish(client, "mail", 2)
    fast.goto(url)
    fast.mouse.move(5, 5)
    expect(fast.locator("#totals .tile-value").first).to_have_text("2")
    publish(client, "mail", ["x", "y", "z"])
    publish(client, "post", 1)
    expect(fast.locator("#totals .tile-value").first).to_have_text("6")
    expect(fast.locator("#queues tr")).to_have_count(2)
    expect(fast.locator("#live")).to_contain_text("Live")


def test_three_selected_rows_stay_the_three_that_are_retried(fast: Page, url: str, client: OmniqClient) -> None:
    fail(client, "mail", [f"old-{n}" for n in range(6)])
    fast.goto(f"{url}{FAILED}")
    for n in (1, 3, 5):
        fast.get_by_role("checkbox", name=f"Select old-{n}", exact=True).check()
    seen = ticks(fast)
    for n in itertools.count():
        fail(client, "mail", [f"new-{n}"])
        expect(fast.locator("#newer")).to_have_text(
            f"{n + 1} newer failure{'s' if n else ''}. Show {'them' if n else 'it'}."
        )
        if len(seen) >= 5:
            break
    assert ids_of(fast) == [f"old-{n}" for n in (5, 4, 3, 2, 1, 0)]
    expect(fast.locator("#live")).to_contain_text("Held")
    expect(fast.locator("#live")).to_have_attribute("title", re.compile("rows stay while you point, focus or select"))
    fast.get_by_role("button", name="Retry 3").click()
    fast.get_by_role("button", name="Retry 3 jobs").click()
    expect(fast.locator(".toast")).to_contain_text("Retried 3 jobs")
    left = client.link.r.lrange("{mail}:failed", 0, -1)
    assert {raw.decode() for raw in left if raw.startswith(b"old")} == {"old-0", "old-2", "old-4"}


def test_a_selected_row_whose_job_left_is_dim_and_skipped(fast: Page, url: str, client: OmniqClient) -> None:
    fail(client, "mail", ["a", "b", "c"])
    fast.goto(f"{url}{FAILED}")
    for job_id in ("a", "b"):
        fast.get_by_role("checkbox", name=f"Select {job_id}", exact=True).check()
    client.retry_failed(queue="mail", job_id="a")
    expect(fast.locator("tr[data-gone]")).to_contain_text("No longer failed")
    assert ids_of(fast) == ["c", "b", "a"]
    expect(fast.get_by_role("checkbox", name="Select a", exact=True)).to_be_checked()


def test_the_row_under_the_pointer_stays_while_the_order_changes(fast: Page, url: str, client: OmniqClient) -> None:
    for queue, failed in (("a", 3), ("b", 2), ("c", 1)):
        fail(client, queue, failed)
    fast.goto(url)
    row = fast.locator("#queues tr").nth(1)
    expect(row).to_contain_text("b")
    row.hover()
    before = row.bounding_box()
    fail(client, "c", [f"more-{n}" for n in range(9)])
    expect(fast.locator("#queues tr").nth(2)).to_contain_text("10")
    assert row.bounding_box() == before
    expect(row.locator("th")).to_have_text("b")
    fast.mouse.move(5, 5)
    expect(fast.locator("#queues tr").first.locator("th")).to_have_text("c")


def test_focus_and_text_selection_survive_ticks(fast: Page, url: str, client: OmniqClient) -> None:
    fail(client, "mail", ["a", "b"])
    fast.goto(f"{url}{FAILED}")
    link = fast.locator("#jobs a.job-id").first
    link.focus()
    fast.evaluate("getSelection().selectAllChildren(document.querySelectorAll('#jobs a.job-id')[1])")
    fail(client, "mail", ["c"])
    expect(fast.locator("#newer")).to_contain_text("1 newer failure")
    expect(link).to_be_focused()
    assert fast.evaluate("getSelection().toString()") == "a"


def test_no_tick_in_a_dialog_a_menu_or_with_updates_off(fast: Page, url: str, client: OmniqClient) -> None:
    publish(client, "mail", 1)
    fast.clock.install()
    fast.goto(url)
    seen = ticks(fast)
    fast.get_by_role("link", name="Pause mail").click()
    expect(fast.get_by_role("dialog")).to_be_visible()
    seen.clear()
    fast.clock.run_for(5_000)
    assert seen == []
    fast.keyboard.press("Escape")
    expect(fast.get_by_role("dialog")).to_be_hidden()
    fast.get_by_label("Display settings").click()
    seen.clear()
    fast.clock.run_for(5_000)
    assert seen == []
    fast.keyboard.press("Escape")
    with fast.expect_request(lambda request: "live=1" in request.url):
        fast.clock.run_for(2_000)
    fast.locator("#live").click()
    expect(fast.locator("#live")).to_contain_text("Updates off")
    seen.clear()
    fast.clock.run_for(5_000)
    assert seen == []


def test_a_tick_while_a_button_is_pressed_leaves_it_busy(fast: Page, url: str, client: OmniqClient) -> None:
    fail(client, "mail", ["a", "b"])
    fast.goto(f"{url}{FAILED}")
    seen = ticks(fast)
    held: list[Any] = []
    fast.route("**/jobs/retry", lambda route: held.append(route))
    fast.get_by_role("button", name="Retry a").click()
    expect(fast.get_by_role("button", name="Retry a")).to_have_attribute("aria-busy", "true")
    seen.clear()
    fast.wait_for_function("new Promise((done) => setTimeout(() => done(true), 2500))")
    assert seen == []
    held[0].continue_()
    expect(fast.locator(".toast")).to_contain_text("Retried 1 job")


def test_the_last_row_of_the_last_page_leads_to_the_page_before(fast: Page, url: str, client: OmniqClient) -> None:
    ids = fail(client, "mail", 101)
    fast.goto(f"{url}{FAILED}")
    fast.get_by_role("link", name="Older").click()
    fast.get_by_role("link", name="Older").click()
    expect(fast.locator("#jobs tr")).to_have_count(1)
    fast.get_by_role("button", name=f"Remove {ids[0]}").click()
    fast.get_by_role("dialog").get_by_role("button", name="Remove job").click()
    expect(fast.locator("#jobs tr")).to_have_count(50)
    expect(fast.locator("#pager")).to_contain_text("51–100 of 100")
    fast.reload()
    expect(fast.locator("#jobs tr")).to_have_count(50)


def test_back_restores_filter_page_and_scroll(fast: Page, url: str, client: OmniqClient) -> None:
    fail(client, "mail", 120)
    fast.goto(f"{url}{FAILED}?size=50&sort=-failed")
    fast.get_by_role("link", name="Newer").click()
    expect(fast.locator("#pager")).to_contain_text("51–100")
    address = fast.url
    row = fast.locator("#jobs a.job-id").nth(40)
    row.scroll_into_view_if_needed()
    name, scroll = row.inner_text(), fast.evaluate("scrollY")
    assert scroll > 200
    row.click()
    expect(fast.locator("#job-id")).to_contain_text(name)
    fast.go_back()
    assert fast.url == address
    expect(fast.locator("#jobs a.job-id").nth(40)).to_have_text(name)
    fast.wait_for_function(f"Math.abs(scrollY - {scroll}) < 60")


def test_a_filter_is_kept_through_ticks_and_typed_ones_apply_by_themselves(
    fast: Page, url: str, client: OmniqClient
) -> None:
    for queue in ("mail-a", "mail-b", "other"):
        publish(client, queue, 1)
    fast.goto(url)
    fast.get_by_label("Filter queues by name").press_sequentially("mail")
    expect(fast.locator("#queues tr")).to_have_count(2)
    assert fast.url.endswith("?q=mail")
    publish(client, "mail-c", 1)
    fast.mouse.move(5, 5)
    expect(fast.locator("#queues tr")).to_have_count(3)
    expect(fast.get_by_label("Filter queues by name")).to_have_value("mail")


def test_a_held_queue_shows_its_own_new_figures_wherever_it_belongs_now(
    fast: Page, url: str, client: OmniqClient
) -> None:
    publish(client, "pay", 1)
    client.remove_job(queue="pay", job_id="job-1", lane="wait")
    fast.goto(f"{url}/?state=idle")
    row = fast.locator("#queues tr", has_text="pay")
    row.hover()
    publish(client, "pay", 7)
    expect(row).to_contain_text("Running")
    expect(row).to_contain_text("7")
    fast.mouse.move(5, 5)
    expect(row).to_have_count(0)


def test_a_dim_row_is_not_counted_and_comes_back_with_its_job(fast: Page, url: str, client: OmniqClient) -> None:
    fail(client, "mail", ["a", "b"])
    fast.goto(f"{url}{FAILED}")
    for job_id in ("a", "b"):
        fast.get_by_role("checkbox", name=f"Select {job_id}", exact=True).check()
    client.retry_failed(queue="mail", job_id="a")
    expect(fast.locator("tr[data-gone]")).to_contain_text("a")
    expect(fast.locator("#bulk-bar strong")).to_have_text("1 selected")
    job = client.reserve(queue="mail")
    assert job is not None
    assert job.status == "JOB"
    answer = client.ack_fail(queue="mail", job_id="a", lease_token=job.lease_token, error="again")
    assert answer == ("FAILED", None)
    expect(fast.locator("tr[data-gone]")).to_have_count(0)
    expect(fast.locator("#bulk-bar strong")).to_have_text("2 selected")


def test_an_answer_that_is_not_ours_is_an_outage(fast: Page, url: str, client: OmniqClient) -> None:
    publish(client, "mail", 1)
    fast.goto(url)
    fast.route("**/?live=1*", lambda route: route.fulfill(status=200, body="<html>sign in</html>"))
    expect(fast.locator(".banner")).to_contain_text("The dashboard does not answer.")
    expect(fast.locator("#live")).to_contain_text("Offline")
    fast.unroute("**/?live=1*")
    expect(fast.locator(".banner")).to_have_count(0)


def test_r_leaves_the_focus_on_a_link(fast: Page, url: str, client: OmniqClient) -> None:
    fail(client, "mail", ["a", "b", "c"])
    fast.goto(f"{url}{FAILED}")
    fast.keyboard.press("j")
    fast.keyboard.press("r")
    expect(fast.locator("#jobs tr")).to_have_count(2)
    expect(fast.locator("#jobs a.job-id").first).to_be_focused()
