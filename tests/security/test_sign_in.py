"""Attacks on signing in to the standalone dashboard: planted sessions, and what an answer's time could tell."""

from __future__ import annotations

import hashlib
import hmac
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from dashboard import basic, csrf
from omniq_core import OmniqClient
from tests.web.pages_support import pages_app
from tests.web.signing_in import OURS, WORD, Door, sign_in
from tests.web.trial import UNREACHABLE


@pytest.fixture
def hashed(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """What scrypt was asked, in place of scrypt: its cost, and how much it had to read."""
    asked: list[tuple[Any, ...]] = []

    def scrypt(password: bytes, *, salt: bytes, n: int, r: int, p: int, maxmem: int = 0, dklen: int = 64) -> bytes:
        asked.append((n, r, p, maxmem, dklen, len(salt)))
        return hashlib.sha512(salt + password).digest()[:dklen]

    monkeypatch.setattr(hashlib, "scrypt", scrypt)
    return asked


def told(answer: Any) -> str:
    """The sentence of the form."""
    return answer.text.partition('id="password-e">')[2].partition("</p>")[0].rpartition(">")[2].strip()


def test_timing_of_sign_in_an_unknown_name_costs_what_a_wrong_password_costs(
    tmp_path: Path, hashed: list[tuple[Any, ...]]
) -> None:
    door = Door(tmp_path)
    assert len(hashed) == 2  # the passwords of the file
    usual = hashed[0]
    http, texts = door.browser(), set[str]()
    names = ("ana", "nobody", "ANA", "", "ana\x00", "<script>", "é" * 64, "a" * 65, "a" * 9_000)
    for number, name in enumerate(names):
        for word in ("wrong", "", WORD if name != "ana" else "x" * 9_000):
            hashed.clear()
            answer = sign_in(http, name, word, peer=f"10.0.0.{number}")
            assert (answer.status_code, hashed) == (403, [usual]), (name, word)
            texts.add(told(answer))
    assert texts == {f"Name and password do not match. {left} tries left, then a pause of 5 min." for left in (4, 3, 2)}


def test_timing_of_sign_in_a_session_is_compared_in_one_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An edited signature is compared whole, by the function that takes as long for each."""
    door = Door(tmp_path)
    http = door.browser()
    assert sign_in(http).status_code == 303
    body, _, mac = http.get_cookie(door.cookie).value.partition(".")  # pyright: ignore[reportOptionalMemberAccess]
    compared: list[tuple[str, str]] = []
    compare = hmac.compare_digest

    def counted(one: Any, other: Any) -> bool:
        compared.append((one, other))
        return compare(one, other)

    monkeypatch.setattr("dashboard.sessions.hmac", SimpleNamespace(compare_digest=counted, digest=hmac.digest))
    for bad in ("0" * len(mac), mac[:-1] + ("0" if mac[-1] != "0" else "1"), mac[:8], ""):
        http.set_cookie(door.cookie, f"{body}.{bad}", path="/")
        assert http.get("/activity").status_code == 302
    assert [other for _, other in compared] == ["0" * len(mac), compared[1][1], mac[:8], ""]
    assert {one for one, _ in compared} == {mac}


def test_timing_of_sign_in_by_http_basic_both_parts_are_always_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[bytes] = []

    def counted(given: bytes, _kept: bytes) -> bool:
        compared.append(given)
        return hmac.compare_digest(given, _kept)

    monkeypatch.setattr(basic, "hmac", SimpleNamespace(compare_digest=counted))
    http = pages_app(UNREACHABLE, user="ana", password=WORD, insecure=False).test_client()
    for name, word in (("ana", "wrong"), ("nobody", WORD), ("nobody", "wrong"), ("", "")):
        compared.clear()
        assert http.get("/", auth=(name, word)).status_code == 401
        assert set(compared) == {name.encode(), word.encode()}


def test_session_fixation_a_session_that_was_planted_stays_that_of_whom_it_was(
    tmp_path: Path, client: OmniqClient, hashed: list[tuple[Any, ...]]
) -> None:
    """Vic plants his own cookies in the browser of Ana, who signs in there: he is not her, nor has her token."""
    door = Door(tmp_path)
    vic, ana = door.browser(client), door.browser(client)
    sign_in(vic, "vic")
    vic.get("/")
    planted = {name: vic.get_cookie(name) for name in (door.cookie, csrf.COOKIE)}
    for name, one in planted.items():
        assert one is not None
        ana.set_cookie(name, one.value, path="/")
    sign_in(ana, "ana")
    ana.get("/")
    for name, one in planted.items():
        mine = ana.get_cookie(name)
        assert one is not None and mine is not None and mine.value != one.value, name
    assert "Signed in as vic" in vic.get("/").text and "Signed in as ana" in ana.get("/").text
    assert vic.post("/queues/mail/pause", data={"reason": "x"}, headers=OURS).status_code == 403


def test_session_fixation_a_session_in_the_address_or_the_form_is_not_heard(
    tmp_path: Path, client: OmniqClient
) -> None:
    door = Door(tmp_path)
    vic, stranger = door.browser(client), door.browser(client)
    sign_in(vic, "vic")
    text = vic.get_cookie(door.cookie).value  # pyright: ignore[reportOptionalMemberAccess]
    assert stranger.get(f"/?{door.cookie}={text}").status_code == 302
    assert stranger.get("/", headers={"X-Omniq-Session": text, "Authorization": f"Bearer {text}"}).status_code == 302
    sign_in(stranger, "nobody", "wrong", form={door.cookie: text})
    assert stranger.get_cookie(door.cookie) is None


@pytest.mark.parametrize(
    "sent", [{"Sec-Fetch-Site": "cross-site"}, {"Origin": "null"}, {"Origin": "http://evil.example"}, {}], ids=str
)
def test_session_fixation_a_foreign_page_cannot_sign_somebody_in_or_out(
    tmp_path: Path, client: OmniqClient, hashed: list[tuple[Any, ...]], sent: dict[str, str]
) -> None:
    door = Door(tmp_path)
    stranger, ana = door.browser(client), door.browser(client)
    sign_in(ana)
    hashed.clear()
    assert stranger.post("/sign-in", data={"user": "vic", "password": WORD}, headers=sent).status_code == 403
    assert stranger.get_cookie(door.cookie) is None and hashed == []
    for way in ("/sign-out", "/sign-out-everywhere"):
        assert ana.post(way, headers=sent).status_code == 403
    assert ana.get("/").status_code == 200
