"""Who signed in and who tried to stands in the record: under whose name, but never what else stood in that field."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dashboard.queries.activity import ActivityWish, activity_page
from omniq_core import Activity, OmniqClient, read_activity
from tests.web.pages_support import NOW, Browser, pages_app
from tests.web.signing_in import OURS, Door, open_door, sign_in


@pytest.fixture
def door(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Door:
    return open_door(tmp_path, monkeypatch)


def kept(client: OmniqClient) -> tuple[Activity, ...]:
    return read_activity(client.link, keep=lambda _entry: True, size=100).entries


def test_what_is_in_the_record(door: Door, client: OmniqClient) -> None:
    http = door.browser(client)
    sign_in(http, "ana", "my-own-secret")
    sign_in(http, "my-own-secret", "ana")
    sign_in(http)
    http.post("/sign-out-everywhere", headers=OURS)
    for n in range(30):
        sign_in(http, "ana", "wrong", peer=f"10.1.0.{n}")
    entries = kept(client)
    told = [(one.action, one.state, one.who, one.address, one.facts) for one in reversed(entries)]
    assert told[:4] == [
        ("sign-in", "refused", "", "10.0.0.7", {"as": "ana"}),
        ("sign-in", "refused", "", "10.0.0.7", {"unknown": "1"}),
        ("sign-in", "done", "ana", "10.0.0.7", {}),
        ("sign-out-everywhere", "done", "ana", "127.0.0.1", {}),
    ]
    assert len(told) == 12  # ten refusals at once, and one more an hour
    assert "my-own-secret" not in str(entries)
    sign_in(http)
    page = http.get("/activity?action=sign-in").text
    assert "Signed out everywhere" in page and "Sign in as ana" in page and "Sign in, unknown name" in page
    assert '"as": "ana"' in http.get("/activity/export").text


def test_too_many_tries_say_whose_name_it_was_too(door: Door, client: OmniqClient) -> None:
    http = door.browser(client)
    assert [sign_in(http, "vic", "wrong").status_code for _ in range(7)] == [403] * 5 + [429] * 2
    assert [one.facts for one in kept(client)] == [{"as": "vic"}] * 7


def test_who_is_asked_for_also_finds_what_was_tried_at_that_name(door: Door, client: OmniqClient) -> None:
    http = door.browser(client)
    for name in ("ana", "vic", "somebody"):
        sign_in(http, name, "wrong")
    sign_in(http)
    page = activity_page(client.link, ActivityWish(who="an"), now_ms=NOW, may_see=lambda _queue: True)
    assert [(one.who, one.facts) for one in page.rows] == [("ana", {}), ("", {"as": "ana"})]


@pytest.mark.parametrize(("name", "facts"), [("oncall", {"as": "oncall"}), ("pa:ss", {"unknown": "1"})])
def test_with_http_basic(client: OmniqClient, name: str, facts: dict[str, str]) -> None:
    visitor = Browser(pages_app(client, user="oncall", password="secret", insecure=False))
    given: dict[str, Any] = {"auth": (name, "guess"), "headers": OURS}
    assert visitor.http.get("/", headers=OURS).status_code == 401  # a browser asks without one first
    assert visitor.http.get("/", **given).status_code == 401
    assert visitor.http.post("/queues/mail/jobs/remove", data={"id": "a"}, **given).status_code == 401
    press, look = kept(client)
    assert (look.action, look.state, look.who, look.address) == ("sign-in", "refused", "", "127.0.0.1")
    assert (look.why, look.facts) == ("Name and password do not match.", facts)
    assert (press.action, press.facts) == ("remove", facts)
    for _ in range(4):
        visitor.http.get("/", **given)
    newest = kept(client)[0]
    assert (newest.why, newest.facts) == ("Too many tries. The next one is possible in 5 min.", facts)


def test_where_nothing_is_written_a_wrong_password_is_not_either(client: OmniqClient) -> None:
    visitor = Browser(pages_app(client, user="oncall", password="secret", insecure=False, read_only=True))
    assert visitor.http.get("/", auth=("oncall", "guess")).status_code == 401
    assert kept(client) == ()
