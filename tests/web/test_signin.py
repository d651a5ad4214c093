"""Signing in to the standalone dashboard: who gets in, for how long, and what ends it."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from dashboard import signin
from dashboard.state import EXTENSION
from omniq_core import OmniqClient, read_activity
from tests.web.signing_in import NOW, OURS, WORD, Door, open_door, sign_in

HOUR, MINUTE = 3_600_000, 60_000


@pytest.fixture
def door(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Door:
    return open_door(tmp_path, monkeypatch)


def cookie(http: Any, of: Door | str) -> str:
    found = http.get_cookie(of if isinstance(of, str) else of.cookie)
    return found.value if found else ""


def test_without_a_session_every_page_leads_to_the_form_and_back(door: Door, client: OmniqClient) -> None:
    http = door.browser(client)
    asked = http.get("/queues/mail/failed?q=a+b")
    assert (asked.status_code, asked.location) == (302, "/sign-in?next=/queues/mail/failed%3Fq%3Da%2Bb")
    page = http.get(asked.location)
    assert page.status_code == 200
    assert 'name="next" value="/queues/mail/failed?q=a+b"' in page.text
    done = sign_in(http, form={"next": "/queues/mail/failed?q=a+b"})
    assert (done.status_code, done.location) == (303, "/queues/mail/failed?q=a+b")
    home = http.get("/")
    assert home.status_code == 200
    assert "Signed in as ana" in home.text and "Sign out everywhere" in home.text
    assert http.get("/sign-in").location == "/"  # who is in needs no form
    assert http.get("/healthz").status_code == 200


@pytest.mark.parametrize("to", ["//evil.example/", "https://evil.example/", "/\\evil.example", "/a/../b", "/sign-out"])
def test_the_way_back_stays_here(door: Door, to: str) -> None:
    http = door.browser()
    assert sign_in(http, form={"next": to}).location == "/"


def test_roles(door: Door, client: OmniqClient) -> None:
    ana, vic = door.browser(client), door.browser(client)
    sign_in(ana)
    sign_in(vic, "vic")
    client.publish(queue="mail", payload={})
    pressed = [http.post("/queues/mail/pause", data={"reason": "x"}, headers=OURS).status_code for http in (ana, vic)]
    assert pressed == [303, 403]
    assert vic.get("/queues/mail/waiting").status_code == 200
    done = read_activity(client.link, keep=lambda one: one.action == "pause" and one.state == "done", size=9).entries
    assert [entry.who for entry in done] == ["ana"]


def test_a_part_and_a_button_lead_to_the_form_as_a_whole_page(door: Door) -> None:
    http = door.browser()
    script = {
        "HX-Request": "true",
        "HX-Request-Type": "partial",
        "Referer": "http://localhost/queues/mail/failed?size=25",
    }
    tick = http.get("/queues/mail/failed?size=25&live=1", headers=script)
    assert (tick.status_code, tick.headers["HX-Redirect"]) == (401, "/sign-in?next=/queues/mail/failed%3Fsize%3D25")
    press = http.post("/queues/mail/jobs/retry", data={"id": "a"}, headers={**script, **OURS})
    assert press.headers["HX-Redirect"] == "/sign-in?next=/queues/mail/failed%3Fsize%3D25&lost=1"
    assert "so nothing was changed" in http.get(press.headers["HX-Redirect"]).text
    told = {
        **script,
        "Referer": "",
        "HX-Current-URL": "http://localhost/queues/mail/failed",
    }  # of a proxy without Referer
    assert http.get("/?live=1", headers=told).headers["HX-Redirect"] == "/sign-in?next=/queues/mail/failed"
    broken = http.post("/queues/mail/pause", headers={"Referer": "http://[x"})
    assert broken.location == "/sign-in?lost=1"
    foreign = http.post("/queues/mail/pause", headers={"Referer": "https://evil.example//evil.example/x"})
    assert foreign.location == "/sign-in?lost=1"


def test_a_wrong_password_and_an_unknown_name_are_told_alike_and_cost_one_scrypt_each(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared: list[tuple[str, str]] = []
    check = signin.check_password_hash

    def counted(kept: str, given: str) -> bool:
        compared.append((kept, given))
        return check(kept, given)

    monkeypatch.setattr(signin, "check_password_hash", counted)
    http = door.browser()
    texts: list[str] = []
    for name, word in (("ana", "wrong word"), ("nobody", "wrong word"), ("nobody", WORD), ("\x00\n", WORD)):
        answer = sign_in(http, name, word, peer=f"10.0.0.{len(texts)}")
        assert answer.status_code == 403
        texts.append(answer.text.partition('id="password-e">')[2].partition("</p>")[0].rpartition(">")[2])
    assert set(texts[:3]) == {"Name and password do not match. 4 tries left, then a pause of 5 min."}
    assert len(compared) == 4
    assert len({kept.partition("$")[0] for kept, _ in compared}) == 1


def test_what_nobody_has_costs_as_much_as_what_somebody_has() -> None:
    from werkzeug.security import check_password_hash, generate_password_hash

    assert signin.NOBODY.partition("$")[0] == generate_password_hash("x", method="scrypt").partition("$")[0]
    assert check_password_hash(signin.NOBODY, "x") is False


def test_a_session_that_was_put_there_before_is_worth_nothing_after(door: Door, client: OmniqClient) -> None:
    http = door.browser(client)
    http.get("/sign-in")
    http.set_cookie(door.cookie, "fixed", path="/")
    before = cookie(http, "omniq_csrf")
    assert before
    sign_in(http)
    assert cookie(http, door) not in ("", "fixed")
    assert cookie(http, "omniq_csrf") not in ("", before)
    first = cookie(http, door)
    sign_in(http)
    assert cookie(http, door) != first


def test_an_edited_or_foreign_cookie_is_none(door: Door, tmp_path: Path) -> None:
    http = door.browser()
    sign_in(http, "vic")
    body, _, mac = cookie(http, door).partition(".")
    told = json.loads(base64.urlsafe_b64decode(body))

    def forged(**change: Any) -> str:
        return base64.urlsafe_b64encode(json.dumps({**told, **change}).encode()).decode() + "." + mac

    (tmp_path / "other").mkdir()
    elsewhere = Door(tmp_path / "other")
    other = elsewhere.browser()
    sign_in(other, "vic")
    bad = [forged(name="ana"), forged(at_ms=NOW + 1), forged(seen_ms=[]), forged(more=1), body, f"{body}.", ".", "é.é"]
    bad += [
        f"{body}.{mac[:-1]}",
        "[].x",
        "x" * 2_000,
        base64.b64encode(b"[" * 700).decode() + ".a",
        cookie(other, elsewhere),
    ]
    for text in bad:
        http.set_cookie(door.cookie, text, path="/")
        assert http.get("/activity").status_code == 302, text[:80]
    http.set_cookie(door.cookie, f"{body}.{mac}", path="/")
    assert http.get("/activity").status_code == 503  # in, and Redis is away


def test_a_session_ends_by_age_and_when_nobody_clicks(door: Door, client: OmniqClient) -> None:
    http = door.browser(client, session_hours=3, idle_minutes=90)
    sign_in(http)
    for minutes in (89, 89):  # a click each time
        door.now_ms += minutes * MINUTE
        assert http.get("/activity").status_code == 200
    door.now_ms += 2 * MINUTE  # 180 min after the sign-in
    assert http.get("/activity").status_code == 302
    sign_in(http)
    door.now_ms += 60 * MINUTE
    assert http.get("/activity?live=1", headers={"HX-Request": "true"}).status_code in (200, 204)  # it refreshes itself
    door.now_ms += 30 * MINUTE
    assert http.get("/activity").status_code == 302


@pytest.mark.parametrize("change", ["password", "role", "everywhere", "removed"])
def test_what_ends_all_sessions_at_once_in_all_processes(door: Door, client: OmniqClient, change: str) -> None:
    one, other, vic = door.browser(client), door.browser(client), door.browser(client)
    sign_in(one)
    sign_in(other)
    sign_in(vic, "vic")
    if change == "password":
        door.file.set_password("ana", "another word")
    elif change == "role":
        door.file.set_role("ana", "viewer")
    elif change == "removed":
        door.file.remove("ana")
    else:
        left = one.post("/sign-out-everywhere", headers=OURS)
        assert left.location == "/sign-in?out=everywhere"
        assert "signed out everywhere" in one.get(left.location).text
    assert [http.get("/activity").status_code for http in (one, other, vic)] == [302, 302, 200]
    if change == "role":
        door.file.set_role("ana", "operator")
        assert one.get("/activity").status_code == 302, "over for good, also with the role of then"


def test_a_request_under_way_does_not_prolong_what_ended_meanwhile(door: Door, client: OmniqClient) -> None:
    http = door.browser(client)
    sign_in(http)
    door.now_ms += 10 * MINUTE
    mount = http.application.extensions[EXTENSION]["omniq_dashboard"]
    before = mount.access

    def changes_between(request: Any, action: str, queue: str | None) -> Any:
        found = before(request, action, queue)
        if door.file.read().by_name["ana"].epoch == 0:
            door.file.end_sessions("ana")
        return found

    mount.access = changes_between
    assert http.get("/activity").status_code == 200
    assert http.get("/activity").status_code == 302


def test_sign_out_is_of_this_browser(door: Door, client: OmniqClient) -> None:
    one, other = door.browser(client), door.browser(client)
    sign_in(one)
    sign_in(other)
    assert one.post("/sign-out").status_code == 403  # a foreign page could not
    assert one.post("/sign-out", headers=OURS).location == "/sign-in?out=here"
    assert [http.get("/activity").status_code for http in (one, other)] == [302, 200]


@pytest.mark.parametrize(
    ("url", "settings", "name", "path", "secure"),
    [
        ("http://localhost", {}, "", "/", False),
        ("https://localhost", {}, "__Host-", "/", True),
        ("https://localhost", {"prefix": "/ops"}, "__Secure-", "/ops/", True),
    ],
)
def test_the_cookie(door: Door, url: str, settings: dict[str, str], name: str, path: str, secure: bool) -> None:
    http = door.browser(**settings)
    answer = http.post(
        f"{settings.get('prefix', '')}/sign-in", data={"user": "ana", "password": WORD}, headers=OURS, base_url=url
    )
    (sent,) = [line for line in answer.headers.getlist("Set-Cookie") if "session_" in line]
    parts = sent.split("; ")
    assert parts[0].startswith(f"{name}{door.cookie}=")
    assert set(parts[1:]) == {"HttpOnly", "SameSite=Lax", f"Path={path}", *(["Secure"] if secure else [])}


def test_a_cookie_of_plain_http_is_none_under_tls(door: Door) -> None:
    http = door.browser()
    sign_in(http)
    text = cookie(http, door)
    asked = http.get("/activity", base_url="https://localhost", headers={"Cookie": f"{door.cookie}={text}"})
    assert asked.status_code == 302


def test_a_file_that_cannot_be_read_lets_nobody_in_and_says_so(door: Door, client: OmniqClient) -> None:
    http = door.browser(client)
    sign_in(http)
    door.path.chmod(0o644)
    answer = http.get("/activity")
    assert answer.status_code == 403 and "nobody is let in" in answer.text and str(door.path) not in answer.text
    assert http.get("/sign-in").status_code == 503
    assert sign_in(http).status_code == 503
    door.path.chmod(0o600)
    assert http.get("/activity").status_code == 200


def test_nothing_is_shown_to_strangers_but_the_form(door: Door, client: OmniqClient) -> None:
    http = door.browser(client)
    for path in ("/", "/nowhere", "/metrics", "/queues/mail/"):
        assert http.get(path).location.startswith("/sign-in")
    refused = http.post("/sign-in", data={"user": "ana", "password": WORD}, headers={"Sec-Fetch-Site": "cross-site"})
    assert refused.status_code == 403 and "topbar" not in refused.text
    page = sign_in(http, '"><script>alert(1)</script>', "x").text
    assert "<script>alert" not in page


def test_a_dashboard_in_a_host_has_no_sign_in(client: OmniqClient) -> None:
    from tests.web.pages_support import browser

    visitor = browser(client)
    assert visitor.get("/sign-in", status=404)
    assert "user-menu" not in visitor.get("/").text
