"""The reader's own display: kept in a cookie of the mount, rendered into every page, never a change to Redis."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from dashboard import OmniqDashboard
from dashboard.access import Allow, Decision, Deny, read_only
from dashboard.display import Display, from_cookie, from_form
from dashboard.routes import Route, check_routes
from omniq_core import OmniqClient
from tests.support.factories import fail_jobs
from tests.web.pages_support import NOW, OURS, SCRIPT, Browser, browser, pages_app
from tests.web.trial import UNREACHABLE, parsed

SETTINGS = "/settings/display"
CHOSEN = {"theme": "dark", "refresh": "5", "zone": "local", "keys": "off"}


def kept(visitor: Browser) -> str | None:
    cookie = visitor.http.get_cookie("omniq_display")
    return cookie and cookie.value


@pytest.mark.parametrize(
    ("cookie", "display"),
    [
        ("", Display()),
        ("dark.5.local.off.off", Display("dark", "5", "local", "off", "off")),
        ("light.15", Display("light", "15")),
        ("pink.3.mars.maybe.off", Display(live="off")),
        ('"><script>.2.utc.on.on.more', Display()),
    ],
)
def test_what_a_cookie_means(cookie: str, display: Display) -> None:
    assert from_cookie(cookie) == display


def test_a_form_changes_what_it_names_and_no_more() -> None:
    now = Display("dark", "5", "local", "off", "off")
    assert from_form({"theme": "light"}, now) == Display("light", "5", "local", "off", "off")
    assert from_form({"refresh": "15 s", "zone": "UTC", "keys": "On"}, now) == Display("dark", "15", "utc", "on", "off")
    assert from_form({"refresh": "0", "live": "<b>"}, now) == Display("dark", "2", "local", "off", "on")


def test_a_choice_holds_on_the_next_page(client: OmniqClient) -> None:
    fail_jobs(client, "mail", 1, now_ms=NOW)
    visitor = browser(client)
    plain = visitor.get("/queues/mail/failed")
    html = plain.one("html")
    assert (html.get("data-theme"), html["data-refresh"], html["data-zone"]) == (None, "2", "utc")
    assert (html["data-keys"], html["data-live"]) == ("on", "on")
    assert plain.one("#theme-auto").has_attr("checked")

    after = visitor.post(SETTINGS, {**CHOSEN, "back": "/queues/mail/failed"})
    assert after.path == "/queues/mail/failed"
    html = after.one("html")
    assert (html["data-theme"], html["data-refresh"], html["data-zone"]) == ("dark", "5", "local")
    assert (html["data-keys"], html["data-live"]) == ("off", "on")
    assert [field["value"] for field in after.soup.select("#display [checked], #display [selected]")] == [
        "dark", "5", "local", "off",
    ]  # fmt: skip


def test_the_live_button_turns_updates_off_and_on_without_script(client: OmniqClient) -> None:
    visitor = browser(client)
    first = visitor.get("/")
    button = first.one("#live")
    assert (button["aria-pressed"], button["value"], button["form"]) == ("true", "off", "display")
    assert button["title"] == "Updates every 2 s. Press p to turn them off."
    assert (first.words("#live"), button.time["datetime"]) == ("Live 15:06:40", "2025-06-15T15:06:40.000Z")

    off = visitor.press(first, "#live")
    button = off.one("#live")
    assert (button["aria-pressed"], button["value"]) == ("false", "on")
    assert button["title"] == "Updates off. Press p to turn them on."
    assert off.words("#live") == "Updates off 15:06:40"
    assert off.one("html")["data-live"] == "off"
    assert visitor.press(off, "#live").one("html")["data-live"] == "on"


def test_the_button_names_the_key_only_while_keys_are_on(client: OmniqClient) -> None:
    visitor = browser(client)
    visitor.post(SETTINGS, {"keys": "off"})
    assert visitor.get("/").one("#live")["title"] == "Updates every 2 s."


def test_the_cookie_belongs_to_the_mount(client: OmniqClient) -> None:
    app = pages_app(client, prefix="/omniq")
    answer = app.test_client().post("/omniq" + SETTINGS, data=CHOSEN, headers=OURS)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/omniq/")
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("omniq_display=dark.5.local.off.on;")
    assert {"Path=/omniq/", "SameSite=Lax", "Max-Age=31536000"} <= set(cookie.split("; "))
    over_tls = app.test_client().post("/omniq" + SETTINGS, data=CHOSEN, headers=OURS, base_url="https://localhost")
    assert "Secure" in over_tls.headers["Set-Cookie"].split("; ")


def test_script_gets_the_cookie_and_no_page(client: OmniqClient) -> None:
    visitor = browser(client)
    answer = visitor.http.post(SETTINGS, data=CHOSEN, headers=SCRIPT)
    assert (answer.status_code, answer.data) == (204, b"")
    assert kept(visitor) == "dark.5.local.off.on"


def test_a_foreign_page_cannot_choose(client: OmniqClient) -> None:
    visitor = browser(client)
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}, {}):
        assert visitor.http.post(SETTINGS, data=CHOSEN, headers=headers).status_code == 403
    assert kept(visitor) is None
    # An old browser that says nothing proves it with the token of our page.
    page = visitor.get("/")
    sent = {field["name"]: field["value"] for field in page.soup.select("#display input[type=hidden]")}
    assert visitor.http.post(SETTINGS, data={**CHOSEN, **sent}).status_code == 303
    assert kept(visitor) == "dark.5.local.off.on"


def test_an_address_outside_is_no_way_back(client: OmniqClient) -> None:
    for back in ("https://evil.example/", "//evil.example", "/../x"):
        answer = browser(client).http.post(SETTINGS, data={"back": back}, headers=OURS)
        assert answer.headers["Location"] == "/"


@pytest.mark.parametrize("settings", [{"read_only": True}, {"access": read_only}])
def test_a_reader_who_may_change_nothing_has_a_display(client: OmniqClient, settings: dict[str, Any]) -> None:
    visitor = browser(client, **settings)
    page = visitor.press(visitor.get("/"), "#live")
    assert page.one("html")["data-live"] == "off"


def test_who_may_not_look_has_none(client: OmniqClient) -> None:
    def nobody(_request: Any, _action: str, _queue: str | None) -> Decision:
        return Deny()

    def reader(_request: Any, action: str, _queue: str | None) -> Decision:
        return Allow() if action == "read" else Deny()

    assert browser(client, access=nobody).post(SETTINGS, CHOSEN).status == 403
    assert browser(client, access=reader).post(SETTINGS, CHOSEN).status == 200


def test_redis_is_not_asked_and_an_error_page_has_the_menu() -> None:
    real = pages_app(UNREACHABLE, secret="").test_client()
    assert real.post(SETTINGS, data=CHOSEN, headers=OURS).status_code == 303
    away = real.get("/")
    tree = parsed(away.text)
    assert (away.status_code, tree.html["data-theme"]) == (503, "dark")
    assert tree.select_one("#theme-dark").has_attr("checked")
    bad = real.get("/?page=x")
    assert (bad.status_code, parsed(bad.text).select_one("#display") is not None) == (400, True)


def test_only_a_page_that_refreshes_itself_says_live(client: OmniqClient) -> None:
    away = parsed(pages_app(UNREACHABLE, secret="").test_client().get("/").text)
    assert [part.get_text(strip=True) for part in away.select(".live")] == ["Offline"]
    http = pages_app(client).test_client()
    for path, status in (("/", 200), ("/shortcuts", 200), ("/nowhere", 404), ("/?page=x", 400)):
        answer = http.get(path)
        assert (answer.status_code, len(parsed(answer.text).select(".live"))) == (status, int(path == "/"))


def test_a_page_that_refuses_knows_the_theme_and_nothing_else() -> None:
    app = Flask(__name__)
    OmniqDashboard(app, redis=UNREACHABLE, background=False, access=lambda *_: Deny())
    http = app.test_client()
    http.set_cookie("omniq_display", "light.2.utc.on.on", path="/omniq/")
    tree = parsed(http.get("/omniq/").text)
    assert tree.html["data-theme"] == "light"
    assert tree.select("#display, #live") == []


def test_only_a_post_to_read_is_the_readers_own() -> None:
    def view() -> None: ...

    check_routes([Route("/a", "POST", "read", "a", view, own=True)])
    for method, action in (("GET", "read"), ("POST", "retry")):
        with pytest.raises(ValueError, match="own display"):
            check_routes([Route("/a", method, action, "a", view, own=True)])


def test_the_shortcuts_are_a_page_and_for_script_a_dialog(client: OmniqClient) -> None:
    visitor = browser(client)
    page = visitor.get("/shortcuts")
    assert page.words("h1") == "Keyboard shortcuts"
    rows = [row.get_text(" ", strip=True) for row in page.soup.select("dl.keys > div")]
    assert rows[:2] == ["Go to overview g o", "Find a job by id /"]
    assert len(rows) == 12
    dialog = visitor.get("/shortcuts", headers=SCRIPT).region("dialog")
    assert dialog.dialog["aria-labelledby"] == "keys-h"
    assert len(dialog.select("dl.keys > div")) == 12


def test_the_way_to_failed_jobs(client: OmniqClient) -> None:
    visitor = browser(client, queues=("mail", "news", "calm"))
    fail_jobs(client, "mail", 1, now_ms=NOW)
    fail_jobs(client, "news", 2, now_ms=NOW)
    assert visitor.get("/").one(".topbar")["data-failed"] == "/failed"
    assert visitor.get("/failed").path == "/queues/news/failed"
    assert visitor.get("/queues/mail/waiting").one(".topbar")["data-failed"] == "/queues/mail/failed"
    assert visitor.get("/queues/absent/", 404).one(".topbar")["data-failed"] == "/failed"


def test_without_failed_jobs_the_way_leads_to_the_overview(client: OmniqClient) -> None:
    assert browser(client).get("/failed").path == "/"
