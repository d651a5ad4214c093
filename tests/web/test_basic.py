"""HTTP Basic has the same limit of tries as the form: a name and a password that somebody guesses at with a program."""

from __future__ import annotations

from typing import Any

import pytest
from werkzeug.test import TestResponse

from dashboard import tries
from dashboard.basic import ASKED_MS
from dashboard.tries import WINDOW_MS
from omniq_core import OmniqClient
from tests.support.clock import Clock
from tests.web.pages_support import pages_app
from tests.web.trial import UNREACHABLE

RIGHT, WRONG = ("oncall", "pä:ss"), ("oncall", "guess")


class Door:
    """One process of a dashboard with a name and a password."""

    def __init__(self, redis: Any, clock: Clock, **settings: Any) -> None:
        given = {"user": RIGHT[0], "password": RIGHT[1], "clock": clock, "insecure": False}
        self.app = pages_app(redis, **given, **settings)

    def ask(self, auth: tuple[str, str] | None, peer: str = "10.0.0.7", path: str = "/shortcuts") -> TestResponse:
        return self.app.test_client().get(path, auth=auth, environ_base={"REMOTE_ADDR": peer})

    def status(self, auth: tuple[str, str] | None, peer: str = "10.0.0.7", path: str = "/shortcuts") -> int:
        return self.ask(auth, peer, path).status_code


def test_five_wrong_ones_close_it_for_five_minutes_in_all_processes(client: OmniqClient, clock: Clock) -> None:
    one, other = Door(client, clock), Door(client, clock)
    assert [door.status(WRONG) for door in (one, other, one, other, one)] == [401] * 5
    for door in (one, other):
        for auth in (WRONG, RIGHT):
            answer = door.ask(auth)
            assert (answer.status_code, answer.headers["Retry-After"]) == (429, "300")
            assert "Too many tries. The next one is possible in 5 min." in answer.text
            assert "WWW-Authenticate" not in answer.headers
    # Who says nothing is asked, liveness is for everybody, and elsewhere nothing is closed.
    assert (one.status(None), one.status(None, path="/healthz"), one.status(RIGHT, "10.0.0.8")) == (401, 200, 200)
    clock.advance(WINDOW_MS)
    assert (one.status(RIGHT), other.status(WRONG)) == (200, 401)


@pytest.mark.parametrize("peers", [["10.0.0.7"] * 25, [f"10.0.{n // 5}.{n}" for n in range(105)]])
def test_many_names_from_an_address_and_one_name_from_everywhere(
    client: OmniqClient, clock: Clock, peers: list[str]
) -> None:
    door, alike = Door(client, clock), len(set(peers)) == 1
    found = [door.status((f"name-{n}" if alike else "oncall", "x"), peer) for n, peer in enumerate(peers)]
    limit = 20 if alike else 100
    assert found == [401] * limit + [429] * (len(peers) - limit)


def test_who_is_in_costs_one_look_in_half_a_minute_and_is_no_help_to_a_guesser(
    client: OmniqClient, clock: Clock, redis: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    door, looks = Door(client, clock), list[object]()
    look = tries.attempt_wait
    monkeypatch.setattr(tries, "attempt_wait", lambda *given, **more: looks.append(given) or look(*given, **more))
    assert {door.status(RIGHT) for _ in range(20)} == {200}
    assert len(looks) == 1
    clock.advance(ASKED_MS)
    assert [door.status(WRONG) for _ in range(5)] == [401] * 5
    assert door.status(RIGHT) == 429
    assert not any(b"oncall" in field for field in redis.hkeys("{omniq:x}:signin"))


def test_guesses_from_everywhere_do_not_shut_out_who_is_in(client: OmniqClient, clock: Clock) -> None:
    door = Door(client, clock)
    assert door.status(RIGHT) == 200
    for n in range(100):
        door.status(WRONG, f"10.1.{n // 5}.{n}")
    clock.advance(ASKED_MS)
    assert (door.status(RIGHT), door.status(RIGHT, "10.0.0.8")) == (200, 429)
    assert [door.status(WRONG) for _ in range(2)] == [429] * 2


def test_it_is_counted_per_process_while_redis_is_away_and_where_nothing_is_written(
    client: OmniqClient, clock: Clock, redis: Any
) -> None:
    for door in (Door(UNREACHABLE, clock), Door(client, clock, read_only=True)):
        assert [door.status(WRONG) for _ in range(6)] == [401] * 5 + [429]
        assert door.status(RIGHT) == 429
    assert redis.keys("*") == []
