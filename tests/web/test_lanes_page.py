"""Waiting, active, delayed and completed as drawn: their orders, lease meters, positions, and Run now."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Request

from dashboard import Allow, Deny
from dashboard.access import Decision, read_only
from omniq_core import OmniqClient
from tests.support.factories import complete_jobs, delay_jobs, fail_jobs, lease_jobs, publish_jobs
from tests.support.invariants import check_invariants
from tests.support.snapshot import snapshot
from tests.web.pages_support import NOW, OURS, QUEUE, SCRIPT, Browser, browser, bulk_button, job_url, row_button, words

MINUTE = 60_000
RUN_NOW = f"/queues/{QUEUE}/jobs/run-now"
DELAYED, ACTIVE, WAITING = (f"/queues/{QUEUE}/{lane}" for lane in ("delayed", "active", "waiting"))


@pytest.fixture
def visitor(client: OmniqClient, redis: Any) -> Any:
    yield browser(client)
    check_invariants(redis)


def delayed(client: OmniqClient, *ids: str, **options: Any) -> None:
    delay_jobs(client, QUEUE, list(ids), now_ms=NOW - MINUTE, due_ms=NOW + MINUTE, **options)


def waiting(redis: Any) -> list[str]:
    return [job.decode() for job in redis.lrange("{mail}:wait", 0, -1)]


def test_run_now_of_one_asks_nothing(client: OmniqClient, redis: Any, visitor: Browser) -> None:
    delayed(client, "a", "b", "c")
    page = visitor.get(DELAYED)
    button = row_button(page, "b", "run-now")
    assert (words(button), button["aria-label"], button["title"]) == ("Run now", "Run now b", "Run now")
    after = visitor.press(page, button)
    assert (after.path, after.toast()) == (DELAYED, "Moved 1 job to waiting It waits at the tail of mail Show")
    assert after.one(".toast a")["href"] == WAITING
    assert (waiting(redis), after.job_ids()) == (["b"], ["a", "c"])


def test_run_now_of_several_asks_first(client: OmniqClient, redis: Any, visitor: Browser) -> None:
    leases = lease_jobs(client, QUEUE, ["again"], now_ms=NOW - MINUTE, backoff_ms=10 * MINUTE)
    client.ack_fail(queue=QUEUE, job_id="again", lease_token=leases["again"], now_ms_override=NOW - MINUTE)
    delayed(client, "a", "b", "c")
    page = visitor.get(DELAYED)
    bar = [words(button) for button in page.soup.select("#bulk-bar button[formaction]")]
    assert bar == ["Run selected now r", "Remove selected #"]
    dialog = visitor.press(page, bulk_button(page, "run-now"), check=["a", "c", "again"])
    assert (dialog.status, dialog.words("dialog h2")) == (200, "Run 3 delayed jobs now?")
    assert dialog.words(".dialog-body p") == (
        "They join the tail of mail with the attempts they have. 1 of them waits out a backoff after an error."
    )
    submit = dialog.soup.select("dialog .dialog-foot button")[-1]
    assert (words(submit), words(dialog.one("dialog .dialog-foot a"))) == ("Run 3 jobs now", "Not now")
    assert "primary" in submit["class"]
    assert waiting(redis) == []
    after = visitor.press(dialog, submit)
    assert (after.path, after.job_ids()) == (DELAYED, ["b"])
    assert after.toast() == "Moved 3 jobs to waiting They wait at the tail of mail Show"
    assert waiting(redis) == ["a", "c", "again"]


def test_the_dialog_names_no_backoff_where_there_is_none(client: OmniqClient, visitor: Browser) -> None:
    delayed(client, "a", "b")
    dialog = visitor.post(f"{RUN_NOW}/confirm", {"id": ["a", "b"]})
    assert dialog.words(".dialog-body p") == "They join the tail of mail with the attempts they have."


def test_more_than_one_needs_its_own_token(client: OmniqClient, redis: Any, visitor: Browser) -> None:
    delayed(client, "a", "b")
    before = snapshot(redis, QUEUE)

    def token(path: str, lane: str) -> str:
        dialog = visitor.post(f"/queues/{QUEUE}/jobs/{path}/confirm", {"id": ["a", "b"], "lane": lane})
        return dialog.one("input[name=confirm_token]")["value"]

    for sent in ("", token("remove", "delayed"), token("retry", "failed")):
        page = visitor.post(RUN_NOW, {"id": ["a", "b"], "confirm_token": sent})
        assert (page.status, page.words("dialog h2")) == (409, "Run 2 delayed jobs now?")
        assert page.words("dialog [role=alert]").endswith("Nothing was changed; look again and confirm.")
    assert snapshot(redis, QUEUE) == before
    good = token("run-now", "delayed")
    assert visitor.post(RUN_NOW, {"id": ["a", "b"], "confirm_token": good}).toast().startswith("Moved 2 jobs")
    assert visitor.post(RUN_NOW, {"id": [f"j{n}" for n in range(101)]}).status == 400


def test_what_was_skipped_and_why(client: OmniqClient, redis: Any, visitor: Browser) -> None:
    delayed(client, "a", "b", "c")
    publish_jobs(client, QUEUE, ["w"], now_ms=NOW)
    ids = ["a", "b", "c", "w", "gone"]
    good = visitor.post(f"{RUN_NOW}/confirm", {"id": ids}).one("input[name=confirm_token]")["value"]
    client.run_now(queue=QUEUE, job_id="b", now_ms_override=NOW)
    page = visitor.post(RUN_NOW, {"id": ids, "confirm_token": good})
    assert page.toast().startswith("3 of 5 jobs were not run now")
    assert [words(line) for line in page.soup.select("#toasts .sub")] == [
        "2 jobs were run now",
        "No longer delayed (NOT_DELAYED): b, w",
        "No longer in the queue (NO_JOB): gone",
    ]
    assert waiting(redis) == ["w", "b", "a", "c"]


def test_one_that_moved_on(client: OmniqClient, visitor: Browser) -> None:
    delayed(client, "a", "b")
    page = visitor.get(DELAYED)
    button = row_button(page, "a", "run-now")
    client.run_now(queue=QUEUE, job_id="a", now_ms_override=NOW)
    told = visitor.press(page, button)
    assert told.status == 409
    assert "It was delayed when you pressed Run now and is waiting now. Nothing was changed." in told.words()
    scripted = visitor.press(page, button, script=True)
    assert scripted.toast() == "The job was not run now No longer delayed (NOT_DELAYED): a"
    assert {"jobs", "pager", "queue-tabs"} <= set(scripted.targets())


def test_with_script_the_answer_is_the_page_drawn_anew(client: OmniqClient, visitor: Browser) -> None:
    delayed(client, "a", "b")
    page = visitor.get(f"{DELAYED}?sort=-due")
    after = visitor.press(page, row_button(page, "a", "run-now"), script=True)
    assert after.toast().startswith("Moved 1 job to waiting")
    assert [a.get_text() for a in after.region("jobs").select("a.job-id")] == ["b"]


def test_the_job_page_of_a_delayed_job(client: OmniqClient, redis: Any, visitor: Browser) -> None:
    delayed(client, "a", gid="acct")
    fail_jobs(client, QUEUE, ["f"], now_ms=NOW - MINUTE)
    page = visitor.get(job_url(QUEUE, "a"))
    press = next(b for b in page.soup.select("#job-actions button") if words(b) == "Run now")
    assert "primary" in press["class"]
    assert page.words("#job-note").startswith("Run now puts the job at the tail of its group")
    after = visitor.press(page, press)
    assert (after.path, after.words("#job-state")) == (job_url(QUEUE, "a"), "Waiting")
    assert not [b for b in after.soup.select("#job-actions button") if words(b) == "Run now"]
    assert "Run now" not in visitor.get(job_url(QUEUE, "f")).text


def test_nobody_is_shown_a_button_that_is_not_theirs(client: OmniqClient, redis: Any) -> None:
    delayed(client, "a")

    def no_run(_request: Request, action: str, _queue: str | None) -> Decision:
        return Deny() if action == "run_now" else Allow()

    guarded = browser(client, access=no_run)
    page = guarded.get(DELAYED)
    assert [words(button) for button in page.soup.select("#bulk-bar button[formaction]")] == ["Remove selected #"]
    assert "Run now" not in page.text + guarded.get(job_url(QUEUE, "a")).text
    for path in (RUN_NOW, f"{RUN_NOW}/confirm"):
        assert guarded.post(path, {"id": "a"}).status == 403
    assert redis.zcard("{mail}:delayed") == 1
    looking = browser(client, access=read_only).get(DELAYED)
    assert not looking.soup.select("#jobs button, #jobs input, #bulk-bar")
    assert looking.heads() == ["Job", "Payload or last error", "Group", "Attempt", "Due"]


def test_round_trips_of_run_now(client: OmniqClient, visitor: Browser) -> None:
    delayed(client, "a", "b", "c")
    visitor.get(DELAYED)
    client.run_now_batch(queue=QUEUE, job_ids=["nobody"], now_ms_override=NOW)

    def trips(path: str, data: dict[str, Any], script: bool) -> int:
        before = client.link.round_trips
        visitor.http.post(path, data=data, headers=SCRIPT if script else OURS)
        return client.link.round_trips - before

    assert trips(f"{RUN_NOW}/confirm", {"id": ["a", "b"]}, False) == 1
    assert trips(RUN_NOW, {"id": "a", "back": DELAYED}, False) <= 2 + 2  # the record takes two
    assert trips(RUN_NOW, {"id": "b", "back": DELAYED}, True) <= 2 + 2


@pytest.mark.parametrize(
    ("lane", "labels"),
    [
        ("waiting", ("Previous", "Next")),
        ("active", ("Previous", "Next")),
        ("delayed", ("Previous", "Next")),
        ("failed", ("Newer", "Older")),
        ("completed", ("Newer", "Older")),
    ],
)
def test_only_what_ended_is_older_or_newer(
    client: OmniqClient, visitor: Browser, lane: str, labels: tuple[str, str]
) -> None:
    fail_jobs(client, QUEUE, 1, now_ms=NOW)
    page = visitor.get(f"/queues/{QUEUE}/{lane}")
    assert tuple(words(a) for a in page.soup.select("#pager nav a")) == labels


def test_lease_meters(client: OmniqClient, visitor: Browser) -> None:
    lease_jobs(client, QUEUE, ["ran-out"], now_ms=NOW - 30_000, timeout_ms=30_000)  # this very millisecond
    lease_jobs(client, QUEUE, ["short"], now_ms=NOW - 20_600, timeout_ms=30_000)
    lease_jobs(client, QUEUE, ["no timeout"], now_ms=NOW - 15_000, timeout_ms=0)
    page = visitor.get(ACTIVE)
    assert page.job_ids() == ["ran-out", "short", "no timeout"]
    assert [row[4] for row in page.rows("jobs")] == ["Lease ran out", "9.4 s", "45 s"]
    meters = [(m["max"], m["value"], int(m["data-until"]) - NOW) for m in page.soup.select("#jobs progress")]
    assert meters == [("30000", "9400", 9_400), ("60000", "45000", 45_000)]
    assert {m["aria-label"] for m in page.soup.select("#jobs progress")} == {"Lease left"}
    assert not page.soup.select("#jobs input, #jobs button, .check-page")
    assert page.words("section caption") == "Active jobs, shortest lease first"


def test_the_orders_of_the_active_lane(client: OmniqClient, visitor: Browser) -> None:
    for n, (job_id, timeout) in enumerate((("old", 9), ("mid", 3), ("new", 6))):
        lease_jobs(client, QUEUE, [job_id], now_ms=NOW + n, timeout_ms=timeout * MINUTE)
    orders = {
        "": ["mid", "new", "old"],
        "?sort=-lease": ["old", "new", "mid"],
        "?sort=started": ["old", "mid", "new"],
        "?sort=-started": ["new", "mid", "old"],
    }
    assert {query: visitor.get(ACTIVE + query).job_ids() for query in orders} == orders

    def head(query: str) -> list[tuple[str, str, str]]:
        links = visitor.get(ACTIVE + query).soup.select("thead a.sort")
        return [(words(a), a["href"], a.parent.get("aria-sort", "")) for a in links]

    assert head("") == [("Lease", f"{ACTIVE}?sort=-lease", "ascending"), ("Started", f"{ACTIVE}?sort=started", "")]
    assert head("?sort=-started&size=25") == [
        ("Lease", f"{ACTIVE}?size=25", ""),
        ("Started", f"{ACTIVE}?sort=started&size=25", "descending"),
    ]

    def options(query: str) -> list[str]:
        return [words(option) for option in visitor.get(ACTIVE + query).soup.select(".card-bar option")]

    assert options("") == ["Shortest lease first", "Longest run first"]
    # The form sends what the select says, so the order of the page is always in it.
    assert options("?sort=-lease") == ["Shortest lease first", "Longest lease first", "Longest run first"]


def test_positions(client: OmniqClient, redis: Any) -> None:
    publish_jobs(client, QUEUE, ["u"], now_ms=NOW - 5_000)
    publish_jobs(client, QUEUE, ["g1", "g2"], now_ms=NOW - 4_000, gid="acct")
    visitor = browser(client)
    page = visitor.get(WAITING)
    assert [row[1:5:3] for row in page.rows("jobs")] == [["u", "1"], ["g1", "1"], ["g2", "2"]]
    head = next(th for th in page.soup.select("thead th") if words(th) == "Position")
    assert head["title"] == "Within its group, or among the ungrouped"
    redis.lpush("{mail}:wait", *[f"x{n}" for n in range(1_000)])
    redis.zadd("{mail}:idx:wait", {f"x{n}": NOW for n in range(1_000)})
    redis.lrem("{mail}:g:acct:wait", 1, "g1")
    assert [row[4] for row in visitor.get(WAITING).rows("jobs")[:3]] == ["> 1,000", "–", "1"]


def test_an_old_sdks_delayed_lane_is_sorted_by_due_all_the_same(client: OmniqClient, redis: Any) -> None:
    delayed(client, *[f"j{n:02}" for n in range(30)])
    lease_jobs(client, QUEUE, ["run"], now_ms=NOW - MINUTE)
    redis.delete("{mail}:idx:delayed", "{mail}:idx:active")
    visitor = browser(client)
    first = visitor.get(f"{DELAYED}?size=25")
    assert "older SDK" not in first.words()
    rest = visitor.follow(first, "#pager a[rel=next]")
    assert first.job_ids() + rest.job_ids() == [f"j{n:02}" for n in range(30)]
    by_start = visitor.get(f"{ACTIVE}?sort=started")
    assert "written by an older SDK without an index" in by_start.words()
    assert [words(a) for a in by_start.soup.select("thead a.sort")] == ["Lease"]
    assert not by_start.soup.select("th[aria-sort]")


def test_completed(client: OmniqClient, visitor: Browser) -> None:
    complete_jobs(client, QUEUE, ["a", "b"], now_ms=NOW - MINUTE, gid="acct")
    page = visitor.get(f"/queues/{QUEUE}/completed")
    assert page.words("#lane-h") == "Last 100 completed jobs"
    assert page.words("#lane-actions").split(" Export ")[0] == "Redis keeps the last 100 and drops older ones"
    some = visitor.get(f"/queues/{QUEUE}/completed?prefix=a").words("#lane-actions")
    assert some.split(" Export ")[0] == "Remove 1 matching Redis keeps the last 100 and drops older ones"
    assert page.words("caption") == "Completed jobs, newest first"
    assert page.rows("jobs") == [
        ["", "b", '{"n":2}', "acct", "0 ms", "59 s ago", ""],
        ["", "a", '{"n":1}', "acct", "0 ms", "1 min ago", ""],
    ]
