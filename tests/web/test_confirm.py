"""A confirmation is for what its dialog showed, and for nothing else."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from dashboard.confirm import Confirmation, NotConfirmed, check, ids_digest, open_token, seal
from dashboard.signing import Signing
from omniq_core import OmniqClient
from tests.support.clock import Clock
from tests.web.trial import UNREACHABLE

IDS = ("a", "..", "\udcff")
AGREED = Confirmation("remove", "mail", "oncall", 3, ids_digest(IDS))
ASKED: dict[str, Any] = {"action": "remove", "queue": "mail", "actor": "oncall", "ids": IDS}


@pytest.fixture
def signing() -> Signing:
    return Signing(OmniqClient(redis_url=UNREACHABLE).link, "a secret")


def test_what_was_agreed_is_confirmed(signing: Signing, clock: Clock) -> None:
    token = seal(signing, AGREED, clock())
    assert check(signing, token, clock(), **ASKED) == AGREED
    assert check(signing, token, clock(), **{**ASKED, "ids": ("\udcff", "a", "..", "a")}) == AGREED


@pytest.mark.parametrize(
    "change",
    [
        {"action": "retry"},
        {"queue": "mail2"},
        {"actor": "somebody"},
        {"ids": ("a", "..")},
        {"ids": ("a", "..", "\udcfe")},
        {"ids": ("a", "..", "\udcff", "b")},
        {"ids": ("a..", "\udcff")},
    ],
)
def test_anything_else_is_not(signing: Signing, clock: Clock, change: dict[str, Any]) -> None:
    token = seal(signing, AGREED, clock())
    with pytest.raises(NotConfirmed, match="something else"):
        check(signing, token, clock(), **{**ASKED, **change})


def test_a_filter_is_no_list_of_ids(signing: Signing, clock: Clock) -> None:
    token = seal(signing, replace(AGREED, ids="", filter="q=x", mark="5-a"), clock())
    with pytest.raises(NotConfirmed):
        check(signing, token, clock(), **ASKED)
    found = open_token(signing, token, clock())
    assert (found.filter, found.mark, found.count) == ("q=x", "5-a", 3)


def test_ten_minutes(signing: Signing, clock: Clock) -> None:
    token = seal(signing, AGREED, clock())
    clock.advance(600_000)
    check(signing, token, clock(), **ASKED)
    clock.advance(1)
    with pytest.raises(NotConfirmed, match="older than 10 min"):
        check(signing, token, clock(), **ASKED)


def test_foreign_tokens(signing: Signing, clock: Clock) -> None:
    other = Signing(OmniqClient(redis_url=UNREACHABLE).link, "another secret")
    token = seal(signing, AGREED, clock())
    wrong = ["", "x", token[:-2], "." + token, seal(other, AGREED, clock()), signing.seal("notice", {}, clock())]
    for text in [*wrong, signing.seal("confirm", {"action": "remove"}, clock())]:
        with pytest.raises(NotConfirmed):
            check(signing, text, clock(), **ASKED)


def test_every_dialog_has_its_own_nonce(signing: Signing, clock: Clock) -> None:
    made = [Confirmation("remove", "mail", "oncall", 3, ids_digest(IDS)) for _ in range(2)]
    tokens = [seal(signing, one, clock()) for one in made]
    assert open_token(signing, tokens[0], clock()).nonce == made[0].nonce != made[1].nonce
