"""The panel of top errors: whose they are, how many, when; and what its figures do not hold."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Request

from dashboard import Allow, Deny
from dashboard.access import Decision
from omniq_core import OmniqClient, TopError
from omniq_core.operator.fingerprint import fingerprint
from omniq_core.operator.top_errors import TOP, pack_top
from tests.support.factories import fail_jobs
from tests.web.pages_support import NOW, SCRIPT, Page, browser, words

DIGEST = fingerprint("KeyError: 'a'").digest


def error(queue: str, jobs: int, name: str = "KeyError") -> TopError:
    return TopError(queue, DIGEST, name, jobs, (0,) * 19 + (jobs,))


def items(page: Page) -> list[str]:
    return [words(one) for one in page.soup.select("#top-errors > li")]


@pytest.fixture
def failing(client: OmniqClient, redis: Any) -> OmniqClient:
    """Seven queues with failed jobs."""
    for nth in range(7):
        fail_jobs(client, f"q{nth}", 1, now_ms=NOW - 60_000, error="KeyError: 'a'")
    redis.set(TOP, pack_top(NOW, [error(f"q{nth}", 10 * (nth + 1)) for nth in range(7)], []))
    return client


def test_the_five_first_lead_to_their_jobs(failing: OmniqClient) -> None:
    page = browser(failing).get("/")
    assert items(page) == ["70 KeyError q6", "60 KeyError q5", "50 KeyError q4", "40 KeyError q3", "30 KeyError q2"]
    link = page.soup.select("#top-errors a")[0]
    assert (link["href"], link["title"]) == (f"/queues/q6/failures/{DIGEST}", "KeyError")
    assert browser(failing).get(link["href"]).status == 200
    bars = page.soup.select("#top-errors svg")[0]
    assert bars["viewbox"] == "0 0 99 28"
    assert bars.select("path")[1]["d"] == "M95 28v-28h4v28z"


def test_what_may_not_be_read_is_not_there(failing: OmniqClient) -> None:
    def access(_request: Request, _action: str, queue: str | None) -> Decision:
        return Deny() if queue == "q6" else Allow()

    page = browser(failing, access=access).get("/")
    assert items(page)[0] == "60 KeyError q5"
    assert "q6" not in page.text


def test_how_much_of_it_is_not_known(failing: OmniqClient, redis: Any) -> None:
    redis.set(TOP, pack_top(NOW, [error("q1", 5)], ["q0", "q6", "gone"]))
    said = items(browser(failing).get("/"))
    assert said == ["5 KeyError q1", "From 5 of 7 queues: the others were not read yet, or cannot be."]
    redis.set(TOP, pack_top(NOW, [], [f"u{n}" for n in range(500)]))
    assert items(browser(failing).get("/")) == ["From some of the queues: not all were read yet."]
    redis.delete(TOP)
    assert items(browser(failing).get("/")) == ["Nobody has read the errors yet."]
    redis.set(TOP, pack_top(NOW, [], []))
    assert items(browser(failing).get("/")) == ["No job failed in the last hour."]


def test_it_comes_with_a_tick_only_when_it_changed(failing: OmniqClient, redis: Any) -> None:
    visitor = browser(failing)
    version = visitor.get("/").one("#main")["data-version"]
    fail_jobs(failing, "q0", ["another"], now_ms=NOW)
    answer = Page("/", visitor.http.get(f"/?live=1&v={version}", headers=SCRIPT))
    assert "top-errors" not in answer.targets() and "totals" in answer.targets()
    redis.set(TOP, pack_top(NOW, [error("q1", 5)], []))
    answer = Page("/", visitor.http.get(f"/?live=1&v={answer.headers['X-Omniq-Version']}", headers=SCRIPT))
    assert words(answer.region("top-errors")) == "5 KeyError q1"
    assert "throughput" not in answer.targets()


@pytest.mark.parametrize("hostile", ["<script>alert(1)</script>", "\u202eevil", "", "x" * 5_000])
def test_an_error_is_somebodys_text(failing: OmniqClient, redis: Any, hostile: str) -> None:
    redis.set(TOP, pack_top(NOW, [error("q1", 5, hostile)], []))
    page = browser(failing).get("/")
    assert page.soup.select("#top-errors script") == [] and "\u202e" not in page.text
    assert len(items(page)[0]) < 150
