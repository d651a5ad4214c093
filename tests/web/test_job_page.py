"""A job's page in each state: moments, facts, error, payload, raw fields, neighbours."""

from __future__ import annotations

from typing import Any

import pytest

from omniq_core import OmniqClient
from tests.support.factories import complete_jobs, delay_jobs, fail_jobs, lease_jobs, publish_jobs
from tests.web.pages_support import NOW, QUEUE, Browser, Page, browser, job_url, words

MINUTE = 60_000


@pytest.fixture
def visitor(client: OmniqClient) -> Browser:
    return browser(client)


def steps(page: Page) -> list[str]:
    return [words(step) for step in page.soup.select("#timeline li")]


def facts(page: Page) -> dict[str, str]:
    return {words(pair.dt): words(pair.dd) for pair in page.soup.select("#facts > div")}


def actions(page: Page) -> list[str]:
    return [words(button) for button in page.soup.select("#job-actions button")]


def test_its_group_leads_to_the_jobs_of_that_group(client: OmniqClient, visitor: Browser) -> None:
    publish_jobs(client, QUEUE, ["a", "b"], now_ms=NOW - MINUTE, gid="acct/\u202e1")
    publish_jobs(client, QUEUE, ["c"], now_ms=NOW - MINUTE)
    assert visitor.follow(visitor.get(job_url(QUEUE, "b")), "#facts-group").job_ids() == ["a", "b"]
    assert not visitor.get(job_url(QUEUE, "c")).soup.select("#facts-group")


def test_waiting(client: OmniqClient, visitor: Browser) -> None:
    publish_jobs(client, QUEUE, ["a", "b", "c"], now_ms=NOW - MINUTE, timeout_ms=90_000, backoff_ms=707)
    page = visitor.get(job_url(QUEUE, "b"))
    assert page.soup.title.get_text() == "Job b · OmniQ"
    assert (page.words("h1"), page.words("#job-state"), actions(page)) == ("b", "Waiting", ["Remove"])
    assert steps(page) == ["Published 15:05:40.001 Waiting for 59 s"]
    assert facts(page) == {
        "Queue": "mail",
        "Attempts": "0 of 3",
        "Timeout": "1 min 30 s",
        "Backoff": "707 ms",
        "Lease": "None",
        "Position": "2 among the ungrouped",
        "Why not running": "No worker has ever taken a job of this queue. 1 job stands before this one. Show leases",
        "Last change": "59 s ago",
    }
    assert not page.soup.select("#error-h")
    assert page.one("#payload").get_text() == '{\n  "n": 2\n}'
    crumbs = [words(crumb) for crumb in page.soup.select(".crumbs li")]
    assert crumbs == ["Overview", "mail", "Waiting"]


def test_waiting_in_a_group(client: OmniqClient, visitor: Browser) -> None:
    lease_jobs(client, QUEUE, ["runs"], now_ms=NOW - MINUTE, gid="acct_1", group_limit=5)
    publish_jobs(client, QUEUE, ["x", "y"], now_ms=NOW - MINUTE, gid="acct_1")
    shown = facts(visitor.get(job_url(QUEUE, "y")))
    assert (shown["Group"], shown["Position"]) == ("acct_1 1 of 5 in flight", "2 in its group")


def test_a_position_beyond_a_thousand_is_not_counted(client: OmniqClient, redis: Any, visitor: Browser) -> None:
    publish_jobs(client, QUEUE, ["last"], now_ms=NOW)
    redis.lpush("{mail}:wait", *(f"x{n}" for n in range(1000)))
    assert facts(visitor.get(job_url(QUEUE, "last")))["Position"] == "> 1,000 among the ungrouped"


def test_active(client: OmniqClient, visitor: Browser) -> None:
    lease_jobs(client, QUEUE, ["a"], now_ms=NOW - 10_000, timeout_ms=60_000)
    page = visitor.get(job_url(QUEUE, "a"))
    assert (page.words("#job-state"), actions(page)) == ("Active", [])
    assert facts(page)["Lease"] == "Held by one worker, runs out in 50 s"
    assert steps(page)[1:] == ["Started 15:06:30.000 Running for 10 s", "Lease runs out 15:07:30.000"]


def test_active_past_its_lease(client: OmniqClient, visitor: Browser) -> None:
    lease_jobs(client, QUEUE, ["a"], now_ms=NOW - 10 * MINUTE, timeout_ms=60_000)
    page = visitor.get(job_url(QUEUE, "a"))
    assert (page.words("#job-state"), actions(page)) == ("Lease ran out", [])
    assert facts(page)["Lease"] == "Ran out 9 min ago"


def test_delayed(client: OmniqClient, visitor: Browser) -> None:
    delay_jobs(client, QUEUE, ["a"], now_ms=NOW - MINUTE, due_ms=NOW + MINUTE)
    page = visitor.get(job_url(QUEUE, "a"))
    assert (page.words("#job-state"), actions(page)) == ("Delayed", ["Remove", "Run now"])
    assert steps(page) == ["Published 15:05:40.000", "Due 15:07:40.000"]


def test_completed(client: OmniqClient, visitor: Browser) -> None:
    complete_jobs(client, QUEUE, ["a"], now_ms=NOW - MINUTE)
    page = visitor.get(job_url(QUEUE, "a"))
    assert (page.words("#job-state"), actions(page)) == ("Completed", ["Remove"])
    assert facts(page)["Lease"] == "None, released on success"
    assert not page.soup.select("#error-h")


def test_failed(client: OmniqClient, visitor: Browser) -> None:
    error = 'ValueError: no <account>\n  File "/app/x.py", line 1, in x\n    charge()\nValueError: no <account>'
    lease = lease_jobs(client, QUEUE, ["a"], now_ms=NOW - 5 * MINUTE, max_attempts=1)["a"]
    client.ack_fail(queue=QUEUE, job_id="a", lease_token=lease, error=error, now_ms_override=NOW - 4 * MINUTE)
    page = visitor.get(job_url(QUEUE, "a"))
    assert (page.words("#job-state"), actions(page)) == ("Failed", ["Remove", "Retry"])
    assert steps(page) == [
        "Published 15:01:40.000 Waited 0 ms",
        "Started 15:01:40.000 Ran 1 min",
        "Failed for good 15:02:40.000 1 min after publishing",
    ]
    assert page.words("section[aria-labelledby=timeline-h] header") == "Timeline UTC , 15 Jun 2025"
    assert page.one("#error-text").get_text() == "ValueError: no <account>"
    assert page.one("#error").get_text() == error.partition("\n")[2]
    assert [words(line) for line in page.soup.select("#error b")] == ['File "/app/x.py", line 1, in x', "charge()"]
    assert page.words("section[aria-labelledby=error-h] header").startswith("Error Attempt 1 of 1, 4 min ago")


@pytest.mark.parametrize(
    ("failed_after", "note"),
    [(29_999, "Failed without a message"), (30_000, "Lease ran out, or failed without a message")],
)
def test_no_error_recorded(client: OmniqClient, visitor: Browser, failed_after: int, note: str) -> None:
    start = NOW - MINUTE
    lease = lease_jobs(client, QUEUE, ["a"], now_ms=start, max_attempts=1, timeout_ms=30_000)["a"]
    client.ack_fail(queue=QUEUE, job_id="a", lease_token=lease, now_ms_override=start + failed_after)
    page = visitor.get(job_url(QUEUE, "a"))
    assert page.words("section[aria-labelledby=error-h] .error-text") == note


def test_which_attempt_the_error_is_of(client: OmniqClient, visitor: Browser) -> None:
    def told() -> str:
        return visitor.get(job_url(QUEUE, "a")).words("section[aria-labelledby=error-h] header .dim")

    lease = lease_jobs(client, QUEUE, ["a"], now_ms=NOW - 50_000, max_attempts=2, timeout_ms=10_000, backoff_ms=1)["a"]
    client.ack_fail(queue=QUEUE, job_id="a", lease_token=lease, error="E: one", now_ms_override=NOW - 40_000)
    assert told() == "Attempt 1 of 2, 40 s ago"
    client.promote_delayed(queue=QUEUE, now_ms_override=NOW - 35_000)
    client.reserve(queue=QUEUE, now_ms_override=NOW - 30_000)
    assert told() == "From an earlier attempt. Attempt 2 of 2: Runs now, 40 s ago"
    client.reap_expired(queue=QUEUE, now_ms_override=NOW - 20_000)
    lost = "From an earlier attempt. Attempt 2 of 2: Lease ran out, or failed without a message, 40 s ago"
    assert told() == lost
    client.retry_failed(queue=QUEUE, job_id="a", now_ms_override=NOW - 10_000)
    assert told() == "From before the retry, 40 s ago"
    client.reserve(queue=QUEUE, now_ms_override=NOW - 5_000)
    assert told() == "From before the retry, 40 s ago"


@pytest.mark.broken_data
@pytest.mark.parametrize("state", [None, "", "odd"])
def test_an_error_of_a_job_without_a_state_is_not_from_before_a_retry(
    client: OmniqClient, redis: Any, visitor: Browser, state: str | None
) -> None:
    redis.hset("{mail}:job:a", mapping={"payload": "{}", "last_error": "E: one", "last_error_ms": NOW - 40_000})
    if state is not None:
        redis.hset("{mail}:job:a", "state", state)
    shown = visitor.get(job_url(QUEUE, "a")).words("section[aria-labelledby=error-h] header .dim")
    assert shown == "Of an attempt that is not recorded, 40 s ago"


def test_neighbours_among_the_failed(client: OmniqClient, visitor: Browser) -> None:
    fail_jobs(client, QUEUE, ["1", "..", "a/b"], now_ms=NOW - MINUTE)
    page = visitor.get(job_url(QUEUE, ".."))
    assert page.words("nav[aria-label='Failed jobs']") == "2 of 3"
    newest = visitor.follow(page, "a[aria-label='Previous failed job']")
    assert newest.words("h1") == "a/b"
    assert not newest.one("a[aria-label='Previous failed job']").has_attr("href")
    oldest = visitor.follow(page, "a[aria-label='Next failed job']")
    assert oldest.words("h1") == "1"
    assert visitor.follow(oldest, "a[aria-label='Previous failed job']").words("h1") == ".."


def test_raw_fields(client: OmniqClient, redis: Any, visitor: Browser) -> None:
    fail_jobs(client, QUEUE, ["a"], now_ms=NOW - MINUTE, error="E: \x07" + "x" * 2_000)
    redis.hset(
        "{mail}:job:a", mapping={"x_note": "y" * 2_000, b"odd\xff": b"\x00\xfe", "empty": "", "max_attempts": "1e+14"}
    )
    page = visitor.get(job_url(QUEUE, "a"))
    raw = {row.th.get_text(): words(row.td) for row in page.soup.select("table.raw tr")}
    assert raw["id"] == "a" and raw["state"] == "failed" and raw["attempt"] == "1"
    assert raw["lease_token"] == "(empty)"
    assert raw["empty"] == "(empty)"
    assert raw["odd�"] == "‹U+0000›�"
    assert raw["payload"] == "7 B"
    assert raw["x_note"] == "y" * 1024 + " … 1.9 KB"
    assert raw["last_error"].startswith("E: ‹U+0007›xxx")
    assert raw["max_attempts"] == "1e+14"
    assert facts(page)["Attempts"] == "1 of 100,000,000,000,000"
    count = len(redis.hkeys("{mail}:job:a"))
    assert f"{count} fields of {{mail}}:job" in page.words("details.fold summary")


@pytest.mark.parametrize("path", ["/queues/mail/jobs/nope", "/queues/nope/jobs/a", "/queues/mail/jobs/nope/payload"])
def test_an_unknown_job(client: OmniqClient, visitor: Browser, path: str) -> None:
    fail_jobs(client, QUEUE, ["a"], now_ms=NOW)
    page = visitor.get(path, 404)
    assert "No such job" in page.words() and "404, NO_JOB" in page.words()


def test_a_job_that_its_lane_does_not_hold(client: OmniqClient, redis: Any, visitor: Browser) -> None:
    fail_jobs(client, QUEUE, ["a"], now_ms=NOW)
    redis.delete("{mail}:failed", "{mail}:idx:failed")
    assert facts(visitor.get(job_url(QUEUE, "a")))["Lane"] == "Its state is failed, but that lane does not hold it"
    redis.hset("{mail}:job:a", "state", "<b>lost")
    page = visitor.get(job_url(QUEUE, "a"))
    assert (page.words("#job-state"), actions(page)) == ("<b>lost", [])


def test_numbers_that_are_no_numbers(client: OmniqClient, redis: Any, visitor: Browser) -> None:
    fail_jobs(client, QUEUE, ["a"], now_ms=NOW)
    names = (
        "attempt",
        "max_attempts",
        "timeout_ms",
        "backoff_ms",
        "queued_ms",
        "failed_ms",
        "last_started_ms",
        "due_ms",
    )
    for value in ("abc", "1e+14", "-5", "9" * 30, "nan", "inf", "\x00", "", "1.5"):
        redis.hset("{mail}:job:a", mapping=dict.fromkeys(names, value))
        visitor.get(job_url(QUEUE, "a"))
        visitor.get(f"/queues/{QUEUE}/failed")


def test_the_lease_token_is_in_no_page(client: OmniqClient, redis: Any) -> None:
    """Whoever holds it can ack the job; x_ack carries it too once the job is acked."""
    token = lease_jobs(client, QUEUE, ["a"], now_ms=NOW - 1000)["a"]
    visitor = browser(client, secret="")
    paths = [
        "/",
        f"/queues/{QUEUE}/",
        *(f"/queues/{QUEUE}/{lane}" for lane in ("waiting", "active", "delayed", "failed")),
    ]
    paths += [f"/queues/{QUEUE}/completed", job_url(QUEUE, "a"), f"{job_url(QUEUE, 'a')}?show=all"]
    assert len(token) > 8

    def look() -> None:
        for path in paths:
            page = visitor.get(path)
            assert token not in page.text and token not in str(page.headers)
        assert token.encode() not in visitor.http.get(f"{job_url(QUEUE, 'a')}/payload").data
        for verb in ("retry", "remove"):
            assert token not in visitor.post(f"/queues/{QUEUE}/jobs/{verb}", {"id": "a"}).text

    look()
    assert "held" in visitor.get(job_url(QUEUE, "a")).words("table.raw")
    client.ack_fail(queue=QUEUE, job_id="a", lease_token=token, error="E: no", now_ms_override=NOW)
    assert token.encode() in b"".join(redis.hvals("{mail}:job:a"))
    look()
