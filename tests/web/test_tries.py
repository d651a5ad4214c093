"""How often a password may be tried: figures worked out by hand, alike in Redis and in one process."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dashboard import signin
from dashboard.tries import WINDOW_MS, Tries
from omniq_core import OmniqClient
from tests.web.signing_in import DEAD, NOW, Door, fast_hash, sign_in

KEY = b"k" * 32
MINUTE = 60_000


@pytest.fixture(params=["redis", "process"])
def tries(request: pytest.FixtureRequest) -> Tries:
    return Tries(request.getfixturevalue("client").link if request.param == "redis" else None)


def take(tries: Tries, name: str, address: str, now_ms: int) -> tuple[int, int]:
    found = tries.take(KEY, name, address, now_ms)
    return found.wait_ms, found.left


def test_five_of_a_name_from_an_address_then_five_minutes(tries: Tries) -> None:
    told = [take(tries, "ana", "10.0.0.7", NOW + n * MINUTE) for n in range(5)]
    assert told == [(0, 4), (0, 3), (0, 2), (0, 1), (0, 0)]
    # The fifth came at minute 4: nothing until minute 9, however often it is asked for.
    assert [take(tries, "ana", "10.0.0.7", NOW + at * MINUTE)[0] for at in (4, 6, 8)] == [
        5 * MINUTE,
        3 * MINUTE,
        MINUTE,
    ]
    assert take(tries, "ana", "10.0.0.8", NOW + 8 * MINUTE) == (0, 4)  # from elsewhere
    assert take(tries, "ben", "10.0.0.7", NOW + 8 * MINUTE) == (0, 4)  # somebody else
    assert take(tries, "ana", "10.0.0.7", NOW + 9 * MINUTE) == (0, 4)


def test_fewer_are_forgotten_five_minutes_after_the_first(tries: Tries) -> None:
    assert take(tries, "ana", "a", NOW) == (0, 4)
    assert take(tries, "ana", "a", NOW + 4 * MINUTE) == (0, 3)
    assert take(tries, "ana", "a", NOW + WINDOW_MS - 1) == (0, 2)
    assert take(tries, "ana", "a", NOW + WINDOW_MS) == (0, 4)


def test_twenty_from_an_address_whatever_the_name(tries: Tries) -> None:
    assert {take(tries, f"user-{n}", "10.0.0.7", NOW)[0] for n in range(20)} == {0}
    assert take(tries, "user-20", "10.0.0.7", NOW)[0] == WINDOW_MS
    assert take(tries, "user-20", "10.0.0.8", NOW) == (0, 4)


def test_a_hundred_of_a_name_from_anywhere(tries: Tries) -> None:
    assert {take(tries, "ana", f"10.0.1.{n}", NOW)[0] for n in range(100)} == {0}
    assert take(tries, "ana", "10.0.2.1", NOW)[0] == WINDOW_MS
    assert take(tries, "ben", "10.0.2.1", NOW) == (0, 4)


def test_the_right_password_is_no_try(tries: Tries) -> None:
    for n in range(40):  # a team behind one address
        assert take(tries, f"user-{n}", "10.0.0.7", NOW) == (0, 4)
        tries.forgive(KEY, f"user-{n}", "10.0.0.7", NOW)
    assert [take(tries, "ana", "10.0.0.7", NOW)[1] for _ in range(4)] == [4, 3, 2, 1]
    tries.forgive(KEY, "ana", "10.0.0.7", NOW)  # the fourth was right
    assert take(tries, "ana", "10.0.0.7", NOW) == (0, 4)


def test_a_clock_that_was_ahead_closes_nothing_for_long(tries: Tries) -> None:
    for _ in range(5):
        take(tries, "ana", "a", NOW + 86_400_000)
    assert take(tries, "ana", "a", NOW) == (0, 4)


def test_it_is_one_small_hash_that_goes_away(client: OmniqClient, redis: Any) -> None:
    redis.set("{omniq:x}:signin", "of another type")
    tries = Tries(client.link)
    before = client.link.round_trips
    for n in range(30):
        tries.take(KEY, f"name {n}" * 500, f"10.0.0.{n}", NOW)
    assert client.link.round_trips - before == 30
    assert 0 < redis.pttl("{omniq:x}:signin") <= WINDOW_MS
    kept = redis.hgetall("{omniq:x}:signin")
    assert len(kept) <= 90
    assert all(field[:1] in b"abn" and int(field[1:]) < 4_096 for field in kept)
    assert {len(value) for value in kept.values()} == {len("1 1750000300000")}
    assert redis.keys("*") == [b"{omniq:x}:signin"]


def test_two_processes_count_together_and_alone_while_redis_is_away(client: OmniqClient) -> None:
    one, other, alone = Tries(client.link), Tries(client.link), Tries(OmniqClient(redis_url=DEAD).link)
    for tries in (one, other, one, other, one):
        assert take(tries, "ana", "a", NOW)[0] == 0
    assert take(other, "ana", "a", NOW) == (WINDOW_MS, 0)
    for left in (4, 3, 2, 1, 0):
        assert take(alone, "ana", "a", NOW) == (0, left)
    assert take(alone, "ana", "a", NOW) == (WINDOW_MS, 0)
    # The first asked Redis in vain; until 10 s later nobody waits for it again.
    assert alone.link is not None
    assert [alone.away(NOW + after) for after in (0, 9_999, 10_000)] == [True, True, False]
    asked = alone.link.round_trips
    alone.forgive(KEY, "ana", "a", NOW)
    assert alone.link.round_trips == asked
    assert len(alone._here) <= 3


def test_the_page_says_when_to_try_again(tmp_path: Path, client: OmniqClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dashboard.accounts.generate_password_hash", fast_hash)
    compared: list[str] = []
    monkeypatch.setattr(signin, "check_password_hash", lambda *_: compared.append("one"))
    door = Door(tmp_path)
    http = door.browser(client)
    for words in ("4 tries left", "3 tries left", "2 tries left", "1 try left", "The next try is possible in 5 min."):
        answer = sign_in(http, word="wrong")
        assert answer.status_code == 403 and words in answer.text
    door.now_ms += 47_500
    # The right word does not help now, nor does another process; and no scrypt is spent on it.
    answer = sign_in(door.browser(client))
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "253")
    assert "The next one is possible in 4 min 13 s." in answer.text
    assert len(compared) == 5


def test_more_than_two_at_once_wait_and_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dashboard.accounts.generate_password_hash", fast_hash)
    monkeypatch.setattr(signin, "WAIT_S", 0.01)
    http = Door(tmp_path).browser()
    with signin._at_once, signin._at_once:
        answer = sign_in(http)
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "3")
        assert "Too many people" in answer.text
    assert sign_in(http).status_code == 303
