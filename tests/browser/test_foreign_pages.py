"""A foreign page in the same browser: its forms are refused, whatever the browser says of them; it frames nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from omniq_core import OmniqClient
from tests.support.clock import Clock
from tests.support.factories import publish_jobs
from tests.support.live_server import LiveServer, WsgiApp
from tests.support.watched_page import Complaints
from tests.web.pages_support import pages_app

FORM = "<form method=post action='{}/queues/mail/pause'><input name=reason value=x><button>Win</button></form>"
SANDBOX = '<iframe sandbox="allow-forms allow-top-navigation" srcdoc="{}"></iframe>'
ALIKE, FOREIGN = "127.0.0.1", "omniq.test"


class Noted:
    """A dashboard that notes what a browser says of the forms it sends."""

    def __init__(self, client: OmniqClient) -> None:
        self._app = pages_app(client)
        self.said: list[tuple[Any, Any]] = []

    def __call__(self, environ: dict[str, Any], start: Any) -> Any:
        """Passes it on."""
        if environ["REQUEST_METHOD"] == "POST":
            self.said.append((environ.get("HTTP_SEC_FETCH_SITE"), environ.get("HTTP_ORIGIN")))
        return self._app(environ, start)


@pytest.fixture
def noted(client: OmniqClient, clock: Clock) -> Noted:
    publish_jobs(client, "mail", 1, now_ms=clock.now_ms)
    return Noted(client)


@pytest.mark.parametrize("sandboxed", [False, True], ids=["page", "null"])
@pytest.mark.parametrize(
    ("ours", "theirs", "said"),
    [(ALIKE, FOREIGN, "cross-site"), (ALIKE, ALIKE, "same-site"), (FOREIGN, ALIKE, None)],
    ids=["another site", "another port", "plain http"],
)
def test_csrf_a_foreign_page_sends_a_form(
    page: Page, live_server: Callable[[WsgiApp], LiveServer], complaints: Complaints, client: OmniqClient,
    noted: Noted, ours: str, theirs: str, said: str | None, sandboxed: bool,
) -> None:  # fmt: skip
    complaints.allow_status(403)
    if sandboxed:  # the answer goes to the frame, where nothing of ours may stand: said before the test is over, or not
        complaints.allow("frame-ancestors")
    form = FORM.format(f"http://{ours}:{live_server(noted).port}")
    evil = Flask("evil")
    evil.add_url_rule("/", "page", lambda: SANDBOX.format(form) if sandboxed else form)
    evil.add_url_rule("/favicon.ico", "icon", lambda: ("", 204))
    origin = f"http://{theirs}:{live_server(evil).port}"
    page.goto(origin)
    within = page.frame_locator("iframe") if sandboxed else page
    with page.expect_response(lambda response: response.request.method == "POST") as answer:
        within.get_by_role("button", name="Win").click()
    assert answer.value.status == 403
    assert noted.said == [("cross-site" if sandboxed and said else said, "null" if sandboxed else origin)]
    assert not client.is_paused(queue="mail")


def test_clickjacking_a_foreign_page_frames_ours(
    page: Page, live_server: Callable[[WsgiApp], LiveServer], complaints: Complaints, noted: Noted
) -> None:
    complaints.allow("frame-ancestors")
    url = live_server(noted).url
    evil = Flask("evil")
    evil.add_url_rule("/", "page", lambda: f"<h1>Win</h1><iframe src='{url}/queues/mail/pause/confirm'></iframe>")
    evil.add_url_rule("/favicon.ico", "icon", lambda: ("", 204))
    page.goto(live_server(evil).url)
    expect(page.get_by_role("heading", name="Win")).to_be_visible()
    expect(page.frame_locator("iframe").locator("form")).to_have_count(0)
    page.goto(f"{url}/queues/mail/pause/confirm")
    expect(page.locator("form").filter(has_text="Pause queue")).to_be_visible()
