"""Requests that no browser sends and that once made a page fail."""

from __future__ import annotations

import pytest
from werkzeug.test import run_wsgi_app

from omniq_core import OmniqClient
from tests.security.requests_made_up import Made
from tests.support.factories import fail_jobs
from tests.web.pages_support import NOW, QUEUE, SCRIPT, browser
from tests.web.trial import trial_app

OURS = ("HTTP_SEC_FETCH_SITE", "same-origin")


@pytest.mark.parametrize("query", [b"\x80", b"q=\xc3", b"does=\xff&q=a%20b", "q=é".encode()])
def test_raw_bytes_in_a_query(query: bytes) -> None:
    _, status, headers = run_wsgi_app(trial_app(), Made("GET", b"/shortcuts", query, (), b"").environ())
    assert status.startswith("404") and "Content-Security-Policy" in headers


def test_a_form_of_which_only_a_part_arrives() -> None:
    made = Made("POST", b"/queues/mail/jobs/retry", b"", (OURS, ("CONTENT_LENGTH", "99999")), b"id=a")
    body, status, _ = run_wsgi_app(trial_app(), made.environ())
    assert status.startswith("400") and b"Nothing was changed" in b"".join(body)


def test_the_next_part_of_a_search_that_searches_for_nothing(client: OmniqClient) -> None:
    fail_jobs(client, QUEUE, 2, now_ms=NOW)
    assert browser(client).get(f"/queues/{QUEUE}/failed?scan=1", headers=SCRIPT).job_ids() == ["job-2", "job-1"]
