"""Hostile texts in a real browser: nothing runs, everything is shown, each button acts on exactly its job."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from omniq_core import OmniqClient
from tests.browser.desk import Desk, OpenDesk
from tests.browser.hostile import NAMES, TEXTS, fail_hostile_jobs, nothing_of_it_runs, raw_bytes
from tests.support.clock import Clock
from tests.support.factories import fail_jobs
from tests.support.invariants import check_invariants

MB = 1024 * 1024
SCRIPT_OR_PLAIN = (True, pytest.param(False, marks=pytest.mark.long))


@pytest.fixture
def nothing_runs(page: Page) -> Iterator[None]:
    """Fails when a script opened a dialog, or a text of a job made the browser ask for something."""
    with nothing_of_it_runs(page, lambda url: url.endswith("/x")):
        yield


def failed(redis: Any) -> list[bytes]:
    return redis.lrange("{mail}:failed", 0, -1)


def shown_payload(d: Desk) -> str:
    return d.page.locator("#payload").evaluate("pre => pre.textContent")


@pytest.mark.usefixtures("nothing_runs")
def test_lane_and_job_pages_show_each_text_as_it_is(
    desk: OpenDesk, client: OmniqClient, redis: Any, clock: Clock
) -> None:
    ids = fail_hostile_jobs(client, redis, "mail", now_ms=clock.now_ms)
    d = desk()
    d.open("/queues/mail/failed")
    d.page.wait_for_load_state("networkidle")
    d.shows([NAMES[job_id] for job_id in reversed(ids)])
    for job_id in ids:
        row = d.row(NAMES[job_id])
        group = row.get_by_role("cell").nth(3)
        assert group.inner_text() == NAMES[job_id]
        first_line = TEXTS[job_id].split("‹U+000A›")[0]
        assert row.get_by_role("cell").nth(2).inner_text() == first_line
    for job_id in ids:
        d.open("/queues/mail/failed")
        d.row(NAMES[job_id]).get_by_role("link", name=NAMES[job_id], exact=True).click()
        expect(d.page.get_by_role("heading", level=1)).to_have_text(NAMES[job_id])
        assert d.page.title() == f"Job {NAMES[job_id]} · OmniQ"
        expect(d.page.locator("#facts")).to_contain_text(NAMES[job_id])
        lines = TEXTS[job_id].split("‹U+000A›")
        for line in lines:
            expect(d.page.locator("section", has=d.page.locator("#error-h"))).to_contain_text(line)
        assert shown_payload(d) == "\n".join(lines)
        d.page.locator("summary").filter(has_text="Raw fields").click()
        head = d.page.get_by_role("rowheader", name="last_error", exact=True)
        assert d.page.get_by_role("row").filter(has=head).get_by_role("cell").inner_text() == TEXTS[job_id]


@pytest.mark.parametrize("script", SCRIPT_OR_PLAIN, ids=["script", "plain"])
def test_the_retry_of_each_row_takes_exactly_that_job(
    request: pytest.FixtureRequest, desk: OpenDesk, client: OmniqClient, redis: Any, clock: Clock, script: bool
) -> None:
    ids = fail_hostile_jobs(client, redis, "mail", now_ms=clock.now_ms)
    left = failed(redis)
    d = desk(request.getfixturevalue("page" if script else "plain_page"))
    d.open("/queues/mail/failed")
    for job_id in ids[1::2] + ids[::2]:
        d.press(f"Retry {NAMES[job_id]}")
        expect(d.row(NAMES[job_id])).to_have_count(0)
        left.remove(raw_bytes(job_id))
        assert failed(redis) == left
        assert redis.lrange(b"{mail}:g:" + raw_bytes(job_id) + b":wait", 0, -1) == [raw_bytes(job_id)]
    check_invariants(redis, "mail")


@pytest.mark.usefixtures("nothing_runs")
@pytest.mark.parametrize("script", SCRIPT_OR_PLAIN, ids=["script", "plain"])
def test_row_bulk_and_job_page_remove_exactly_theirs(
    request: pytest.FixtureRequest, desk: OpenDesk, client: OmniqClient, redis: Any, clock: Clock, script: bool
) -> None:
    ids = fail_hostile_jobs(client, redis, "mail", now_ms=clock.now_ms)
    left = failed(redis)
    d = desk(request.getfixturevalue("page" if script else "plain_page"))
    d.open("/queues/mail/failed")
    for job_id in ids[:5]:
        d.press(f"Remove {NAMES[job_id]}")
        expect(d.dialog.locator(".quote > *").first).to_have_text(NAMES[job_id])
        d.confirm("Remove this job?", "Remove job")
        expect(d.row(NAMES[job_id])).to_have_count(0)
        left.remove(raw_bytes(job_id))
        assert failed(redis) == left
    d.check(*(NAMES[job_id] for job_id in ids[5:9]))
    d.bulk("Remove 4" if script else "Remove selected").click()
    d.confirm("Remove 4 failed jobs?", "Remove 4 jobs")
    d.told("Removed 4 jobs")
    left = [job_id for job_id in left if job_id not in [raw_bytes(name) for name in ids[5:9]]]
    assert failed(redis) == left
    for job_id in ids[9:]:
        d.open("/queues/mail/failed")
        d.row(NAMES[job_id]).get_by_role("link", name=NAMES[job_id], exact=True).click()
        d.press("Remove")
        d.confirm("Remove this job?", "Remove job")
        d.page.wait_for_url("**/queues/mail/failed")
        left.remove(raw_bytes(job_id))
        assert failed(redis) == left
    check_invariants(redis, "mail")


@pytest.mark.usefixtures("nothing_runs")
def test_five_megabytes_stay_in_redis_and_the_buttons_still_work(
    desk: OpenDesk, client: OmniqClient, redis: Any, clock: Clock
) -> None:
    fail_jobs(client, "mail", ["big"], now_ms=clock.now_ms, payload={"t": "<b>" + "x" * 5 * MB})
    redis.hset("{mail}:job:big", "last_error", b"<i>" + b"e" * 5 * MB)
    d = desk()
    d.open("/queues/mail/failed")
    expect(d.row("big")).to_contain_text("An error of 5 MB, too large to list")
    d.page.get_by_role("link", name="big", exact=True).click()
    expect(d.page.get_by_text("5 MB, too large to show unasked.")).to_be_visible()
    d.press("Retry")
    d.told("Retried 1 job")
    assert redis.lrange("{mail}:wait", 0, -1) == [b"big"]


@pytest.mark.parametrize("queue", [".", "..", "a.b"])
def test_queues_with_names_that_addresses_rewrite(
    desk: OpenDesk, client: OmniqClient, redis: Any, clock: Clock, queue: str
) -> None:
    fail_jobs(client, queue, 2, now_ms=clock.now_ms)
    d = desk(queues=(queue, "other"))
    d.open("/")
    d.page.get_by_role("link", name=queue, exact=True).click()
    expect(d.page.get_by_role("heading", level=1)).to_have_text(queue)
    d.press("Retry job-1")
    d.told("Retried 1 job")
    assert redis.lrange(f"{{{queue}}}:wait", 0, -1) == [b"job-1"]
    d.press("Pause")
    d.confirm(f"Pause {queue}?", "Pause queue")
    d.told(f"Paused {queue}")
    assert client.is_paused(queue=queue)
