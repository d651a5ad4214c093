"""One view, three ways to ask: a page, regions for script, a plain form."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from dashboard.notices import MAX_AGE_MS
from tests.support.clock import Clock
from tests.web.trial import DONE, parsed, trial_app, trial_mount

RETRY = "/queues/mail/jobs/retry"
OURS = {"Sec-Fetch-Site": "same-origin"}
SCRIPT = {"HX-Request": "true", "HX-Request-Type": "partial", **OURS}


@pytest.fixture
def browser(clock: Clock) -> FlaskClient:
    return trial_app(clock=clock).test_client()


def test_script_gets_regions_and_the_toast(browser: FlaskClient) -> None:
    response = browser.post(RETRY, data={"id": ["1", "~Li4"]}, headers=SCRIPT)
    assert (response.status_code, DONE) == (200, [("mail", ("1", ".."))])
    assert "<html" not in response.text
    regions = parsed(response.text).find_all("hx-partial")
    found = [(r.get("id"), r.get("hx-target"), r["hx-swap"]) for r in regions]
    assert found == [
        ("jobs", None, "innerMorph"),
        ("job-1", None, "delete"),
        ("dialog", None, "innerHTML"),
        (None, "#toasts", "beforeend"),
    ]
    assert regions[2].get_text() == ""
    toast = regions[3]
    assert "Retried 2" in toast.get_text() and "<b>why</b>" in toast.get_text()
    undo = toast.find("button", string="Undo")
    assert (undo["formaction"], undo["name"], undo["value"], undo["form"]) == ("/trash/1/restore", "id", "~Li4", "row")
    assert toast.find("a")["href"] == "/queues/mail/waiting"


def test_a_plain_form_gets_a_redirect_and_the_toast_on_the_next_page_once(browser: FlaskClient) -> None:
    response = browser.post(RETRY, data={"id": "1", "back": "/queues/mail/?size=25"}, headers=OURS)
    assert (response.status_code, response.headers["Location"]) == (303, "/queues/mail/?size=25")
    page = parsed(browser.get("/queues/mail/").text)
    assert "Retried 1" in page.select_one("#toasts .toast").get_text()
    assert parsed(browser.get("/queues/mail/").text).select("#toasts .toast") == []


def test_an_action_may_lead_to_another_page(browser: FlaskClient) -> None:
    by_script = browser.post("/queues/mail/resume", data={"back": "/"}, headers=SCRIPT)
    assert (by_script.headers["HX-Redirect"], by_script.text) == ("/queues/~Li4/", "")
    assert "Resumed" in parsed(browser.get("/queues/~Li4/").text).select_one("#toasts .toast").get_text()
    plain = browser.post("/queues/mail/resume", data={"back": "/"}, headers=OURS)
    assert (plain.status_code, plain.headers["Location"]) == (303, "/queues/~Li4/")


def test_a_message_that_comes_late_or_is_forged_is_dropped(browser: FlaskClient, clock: Clock) -> None:
    browser.post(RETRY, data={"id": "1"}, headers=OURS)
    clock.advance(MAX_AGE_MS + 1)
    assert "Retried" not in browser.get("/").text
    browser.set_cookie("omniq_notice", "eyJhdCI6MX0.forged")
    assert browser.get("/").status_code == 200


@pytest.mark.parametrize(
    ("back", "location"),
    [
        ("/queues/mail/failed?q=a%20b&cursor=x#y", "/omniq/queues/mail/failed?q=a%20b&cursor=x#y"),
        ("/queues/~Li4/", "/omniq/queues/~Li4/"),
        ("", "/omniq/"),
        ("https://evil.example/", "/omniq/"),
        ("//evil.example/", "/omniq/"),
        ("/\\evil.example", "/omniq/"),
        ("/../admin", "/omniq/"),
        ("/x/%2e%2E/../admin", "/omniq/"),
        ("/x/.%2e/admin", "/omniq/"),
        ("/a\r\nSet-Cookie: x=1", "/omniq/"),
        ("javascript:alert(1)", "/omniq/"),
        ("queues/mail", "/omniq/"),
    ],
)
def test_back_stays_below_the_mount(back: str, location: str) -> None:
    host = Flask("host")
    trial_mount(host, url_prefix="/omniq")
    response = host.test_client().post(f"/omniq{RETRY}", data={"id": "1", "back": back}, headers=OURS)
    assert response.headers["Location"] == location


def test_the_form_of_the_page_knows_where_it_stands() -> None:
    host = Flask("host")
    trial_mount(host, url_prefix="/omniq")
    page = parsed(host.test_client().get("/omniq/queues/~Li4/?size=25&q=%C3%A9", base_url="http://localhost/app").text)
    assert page.select_one("form#row input[name=back]")["value"] == "/queues/~Li4/?size=25&q=%C3%A9"
    assert page.select_one("a.brand")["href"] == "/app/omniq/"


def test_a_dialog_is_a_region_for_script_and_a_page_without(browser: FlaskClient) -> None:
    region = parsed(browser.get("/ask", headers=SCRIPT).text).find("hx-partial")
    assert (region["id"], region["hx-swap"]) == ("dialog", "innerHTML")
    page = parsed(browser.get("/ask").text)
    assert page.title and page.title.get_text() == "Confirm · OmniQ"


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"HX-Request": "true", "HX-Request-Type": "full"},
        {"HX-History-Restore-Request": "true"},
        {"HX-History-Restore-Request": "true", "HX-Request": "true", "HX-Request-Type": "partial"},
    ],
)
def test_whole_pages(browser: FlaskClient, headers: dict[str, str]) -> None:
    response = browser.get("/ask", headers=headers)
    assert "<html" in response.text
    assert {"HX-Request", "HX-Request-Type"} <= set(response.vary)


def test_a_long_list_of_reasons_fits_a_cookie() -> None:
    from dashboard import notices
    from dashboard.htmx import Toast, answer

    app = trial_app()
    with app.test_request_context("/", method="POST"):
        response = answer(Toast("x", tuple(f"job {n} " + "ü" * 400 for n in range(100))))
        cookie = notices.send(response).headers["Set-Cookie"]
    assert len(cookie) < 4000
    browser = app.test_client()
    browser.set_cookie("omniq_notice", cookie.partition("=")[2].partition(";")[0])
    toast = parsed(browser.get("/").text).select_one("#toasts .toast")
    assert toast.find_all(class_="sub")[0].get_text().startswith("job 0 ")
    assert toast.find_all(class_="sub")[-1].get_text().endswith(" more")
