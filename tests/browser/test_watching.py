"""The watched page sees what it is there for."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask, Response
from playwright.sync_api import Page

from tests.support.live_server import LiveServer
from tests.support.watched_page import Complaints

Start = Callable[[Flask], LiveServer]

FAULTS = {
    "console": ("<script>console.error('oh no')</script>", "", "oh no"),
    "exception": ("<script>throw new Error('thrown')</script>", "", "uncaught: thrown"),
    "inline script": ("<script>1</script>", "script-src 'self'", "CSP: script-src-elem blocked inline"),
    "inline style": ("<p style='color: red'>x</p>", "style-src 'self'", "CSP: style-src-attr blocked inline"),
    "missing file": ("<img src='/gone.png' alt=''>", "", "status of 404"),
}


def one_page(body: str, policy: str) -> Flask:
    app = Flask(__name__)

    @app.get("/")
    def index() -> Response:  # pyright: ignore[reportUnusedFunction]
        head = "<!doctype html><html lang=en><title>t</title><link rel=icon href=data:,>"
        answer = Response(f"{head}<body>{body}<h1>Seen</h1></body>", mimetype="text/html")
        if policy:
            answer.headers["Content-Security-Policy"] = policy
        return answer

    return app


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_on_a_page_is_a_complaint(page: Page, live_server: Start, complaints: Complaints, name: str) -> None:
    body, policy, expected = FAULTS[name]
    page.goto(live_server(one_page(body, policy)).url)
    page.get_by_role("heading", name="Seen").wait_for()
    assert [text for text in complaints.unexpected if expected in text]
    complaints.allow(".")  # this one test wants them


def test_a_clean_page_gives_no_complaint(page: Page, live_server: Start, complaints: Complaints) -> None:
    page.goto(live_server(one_page("<p>fine</p>", "default-src 'self'; img-src data:")).url)
    page.get_by_role("heading", name="Seen").wait_for()
    assert complaints.unexpected == []


def test_only_the_status_that_is_allowed_is_forgiven(page: Page, live_server: Start, complaints: Complaints) -> None:
    url = live_server(one_page("", "")).url
    complaints.allow_status(404)
    page.goto(f"{url}/gone")
    page.goto(url)
    assert complaints.unexpected == []
