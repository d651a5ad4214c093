"""Ticks of the lanes that are not in the order of their index, and of a lane without check boxes."""

from __future__ import annotations

import pytest

from omniq_core import OmniqClient
from tests.support.factories import delay_jobs, lease_jobs, publish_jobs
from tests.web.test_live import NOW, Page, part, targets

ACTIVE, DELAYED, WAITING = (f"/queues/mail/{lane}" for lane in ("active", "delayed", "waiting"))


@pytest.mark.parametrize("path", [ACTIVE, f"{ACTIVE}?sort=started", DELAYED, f"{DELAYED}?sort=-due", WAITING])
def test_leases_that_shrink_and_dues_that_come_near_are_no_news(client: OmniqClient, path: str) -> None:
    lease_jobs(client, "mail", 3, now_ms=NOW - 1_000, timeout_ms=30_000)
    delay_jobs(client, "mail", 3, now_ms=NOW - 1_000, due_ms=NOW + 30_000)
    publish_jobs(client, "mail", ["w"], now_ms=NOW - 1_000)
    page = Page(client, path)
    page.now += 5_000
    assert page.tick().status_code == 204
    assert page.tick(hold=True).status_code == 200  # held and not held differ in form
    assert page.tick(hold=True).status_code == 204


def test_a_lease_that_runs_out_is_news_also_where_rows_are_held(client: OmniqClient) -> None:
    lease_jobs(client, "mail", ["a"], now_ms=NOW - 25_000, timeout_ms=30_000)
    page = Page(client, ACTIVE)
    page.now += 4_999
    assert page.tick().status_code == 204
    page.now += 1
    answer = page.tick(hold=True)
    assert "jobs" not in targets(answer)
    assert b"Lease ran out" in answer.data


def test_a_heartbeat_brings_the_new_end_of_its_lease(client: OmniqClient) -> None:
    tokens = lease_jobs(client, "mail", ["a", "b"], now_ms=NOW - 10_000, timeout_ms=30_000)
    page = Page(client, ACTIVE)
    client.heartbeat(queue="mail", job_id="a", lease_token=tokens["a"], now_ms_override=NOW)
    answer = page.tick()
    assert [a.get_text() for a in part(answer, "jobs").select("a.job-id")] == ["b", "a"]
    assert [m["data-until"] for m in part(answer, "jobs").select("progress")] == [str(NOW + 20_001), str(NOW + 30_000)]


@pytest.mark.parametrize("path", [ACTIVE, f"{ACTIVE}?sort=-lease", f"{ACTIVE}?sort=started", DELAYED, WAITING])
def test_what_has_its_own_place_is_never_announced(client: OmniqClient, path: str) -> None:
    lease_jobs(client, "mail", ["a"], now_ms=NOW - 10_000)
    delay_jobs(client, "mail", ["d"], now_ms=NOW - 10_000, due_ms=NOW + 10_000)
    publish_jobs(client, "mail", ["w"], now_ms=NOW - 10_000)
    page = Page(client, path)
    client.reserve(queue="mail", now_ms_override=NOW)
    delay_jobs(client, "mail", ["d2"], now_ms=NOW, due_ms=NOW + 5_000)
    publish_jobs(client, "mail", ["w2"], now_ms=NOW)
    for hold in (True, False):
        assert part(page.tick(hold=hold), "newer").get_text() == ""


def test_the_latest_start_first_announces_starts_while_held(client: OmniqClient) -> None:
    lease_jobs(client, "mail", ["a"], now_ms=NOW - 10_000)
    page = Page(client, f"{ACTIVE}?sort=-started")
    lease_jobs(client, "mail", ["b"], now_ms=NOW - 1_000)
    assert part(page.tick(hold=True), "newer").get_text() == "1 newer start. Show it."
    free = page.tick()
    assert [a.get_text() for a in part(free, "jobs").select("a.job-id")] == ["b", "a"]


def test_a_running_job_that_ended_stays_dim_in_its_place(client: OmniqClient) -> None:
    tokens = lease_jobs(client, "mail", ["a", "b"], now_ms=NOW - 10_000)
    page = Page(client, ACTIVE)
    drawn = page.http.get(ACTIVE).text
    assert 'data-token="a"' in drawn  # script asks for rows by it, for there is no box
    client.ack_success(queue="mail", job_id="a", lease_token=tokens["a"], now_ms_override=NOW)
    answer = page.tick(hold=True, sel=("a",))
    gone = part(answer, row_id(answer)).select_one("tr[data-gone]")
    assert gone is not None
    words = gone.select(".gone-words")
    assert [word.get_text() for word in words] == ["No longer active"]
    assert len(gone.select("td")) == 6 and not gone.select("button, input, [data-until]")
    assert gone.select("[data-token]")  # it is asked for again: it may come back


def row_id(answer: object) -> str:
    """The target of the row that left."""
    return next(name for name in targets(answer) if "data-gone" in str(part(answer, name)))


def test_a_delayed_job_that_was_run_now_says_so(client: OmniqClient) -> None:
    delay_jobs(client, "mail", ["a", "b"], now_ms=NOW - 10_000, due_ms=NOW + 10_000)
    page = Page(client, DELAYED)
    client.run_now(queue="mail", job_id="a", now_ms_override=NOW)
    answer = page.tick(hold=True, sel=("a",))
    gone = part(answer, row_id(answer)).select_one("tr[data-gone]")
    assert gone is not None
    assert [word.get_text() for word in gone.select(".gone-words")] == ["No longer delayed"]


def test_a_tick_of_these_lanes_is_one_round_trip(client: OmniqClient) -> None:
    lease_jobs(client, "mail", ["a"], now_ms=NOW - 10_000)
    delay_jobs(client, "mail", ["d"], now_ms=NOW - 10_000, due_ms=NOW + 10_000)
    for path in (ACTIVE, DELAYED, WAITING):
        page = Page(client, path)
        page.version = ""
        before = client.link.round_trips
        assert page.tick(hold=True, sel=("a", "d")).status_code == 200
        assert client.link.round_trips - before == 1
