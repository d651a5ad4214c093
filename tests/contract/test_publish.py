"""publish and publish_json leave the same keys as the reference."""

from __future__ import annotations

import dataclasses
import re
from typing import Any

import pytest

from tests.contract.pair import Pair, outcome

ODD_NUMBERS: list[dict[str, Any]] = [
    {name: value} for name in ("max_attempts", "timeout_ms", "backoff_ms") for value in (0, -1, 1, "3", 2.9, True)
] + [{"due_ms": value} for value in (0, -1, 1, "1750000009000", 99_999_999_999_999)]
IDS = ["user/234", "..", "/a", "a:b", "a\nb", "🔥", "ERR", "OK", " x ", "a\x00b", "{x}", "é" * 300, "%2e%2e", "0"]
GIDS = ["A", " A ", "a b", "a:b", "a:wait", "wait", "🔥", "x\ny", "{}", "ERR", "\t g \r", "ß" * 200]
PAYLOADS: list[Any] = [
    {},
    [],
    {"é": "🔥"},
    {"a": 1.0, "b": 1e100, "c": None, "d": True},
    {1: 2},
    [[[[]]]],
    {"html": '<script>alert(1)</script>"><img src=x onerror=alert(1)>{{7*7}}'},
    {"control": "\x00\x01\x7f\u2028\u0085"},
    {"big": "x" * 200_000},
]


@pytest.mark.parametrize("options", ODD_NUMBERS, ids=repr)
@pytest.mark.parametrize("gid", [None, "A"])
def test_numbers_are_stored_as_given(pair: Pair, options: dict[str, Any], gid: str | None) -> None:
    assert pair.publish("j", gid=gid, **options) == "j"


@pytest.mark.parametrize("name", ["max_attempts", "timeout_ms", "backoff_ms", "due_ms"])
@pytest.mark.parametrize("value", ["x", "", None, [], float("nan"), "1.5"], ids=repr)
def test_what_is_no_number_is_refused_and_nothing_is_written(pair: Pair, name: str, value: Any) -> None:
    assert pair.publish("j", **{name: value})[0] in ("TypeError", "ValueError")
    assert pair.stored() == {}


@pytest.mark.parametrize("job_id", IDS, ids=ascii)
@pytest.mark.parametrize("gid", [None, "A"])
def test_ids_are_kept_as_they_are(pair: Pair, job_id: str, gid: str | None) -> None:
    assert pair.publish(job_id, gid=gid) == job_id
    assert pair.reserve()[1] == job_id
    assert pair.leased("ack_fail", job_id, error="E: x")[0] == "RETRY"
    pair.clock.advance(5_000)
    assert pair.do("promote_delayed") == 1
    assert pair.reserve()[4] == 2
    assert pair.leased("ack_success", job_id) is None


@pytest.mark.parametrize("gid", GIDS, ids=ascii)
def test_gids_are_stripped_and_otherwise_free(pair: Pair, gid: str) -> None:
    pair.publish("j1", gid=gid)
    pair.publish("j2", gid=gid)
    assert pair.reserve()[6] == gid.strip()
    assert pair.reserve() is None
    pair.leased("ack_success", "j1")
    assert pair.reserve()[1] == "j2"


@pytest.mark.parametrize("gid", ["", "  ", "\n", None], ids=repr)
def test_an_empty_gid_is_no_group(pair: Pair, gid: str | None) -> None:
    pair.publish("j", gid=gid, group_limit=3)
    assert pair.stored()[b"wait"] == ("list", [b"j"])
    assert b"has_groups" not in pair.stored()


@pytest.mark.parametrize("payload", PAYLOADS, ids=lambda p: repr(p)[:30])
def test_payloads_are_the_same_bytes(pair: Pair, payload: Any) -> None:
    pair.publish("j", payload=payload)
    assert pair.reserve()[1] == "j"


@pytest.mark.parametrize(
    "payload", ["x", None, 5, (1,), {"a": {1}}, {"a": set[int]}, {"a": "\ud800"}, {"a": "\udcff"}], ids=ascii
)
def test_what_is_no_payload_is_refused(pair: Pair, payload: Any) -> None:
    assert pair.publish("j", payload=payload)[0] in ("TypeError", "ValueError")
    assert pair.stored() == {}


@pytest.mark.parametrize("queue", ["", " ", "a b", "x" * 129, " a", "a ", "é", "a:b", "{a}", "a/b", "a\n", None])
def test_bad_queue_names_are_refused_before_any_call(pair: Pair, queue: Any) -> None:
    for client in (pair.client, pair.reference):
        assert outcome(client.publish, queue=queue, payload={}) == ("ValueError",)
        assert outcome(client.is_paused, queue=queue) == ("ValueError",)
        assert outcome(client.reserve, queue=queue) == ("ValueError",)
    assert pair.redis.dbsize() == 0


@pytest.mark.parametrize("queue", [".", "..", "x" * 128, "A-b_c.9"])
def test_odd_but_good_queue_names(pair: Pair, queue: str) -> None:
    pair.client.publish(queue=queue, payload={}, job_id="a")
    assert pair.reference.reserve(queue=queue).job_id == "a"


@pytest.mark.parametrize(
    ("arguments", "kind"),
    [
        ({"queue": "a b", "payload": "x"}, "TypeError"),
        ({"queue": "a b", "payload": {}, "max_attempts": None}, "ValueError"),
        ({"queue": "a b", "payload": {"a": {1}}}, "ValueError"),
        ({"queue": "q", "payload": {"a": {1}}, "max_attempts": "x"}, "TypeError"),
    ],
)
def test_type_then_queue_then_content_then_numbers(pair: Pair, arguments: dict[str, Any], kind: str) -> None:
    assert outcome(pair.client.publish, **arguments) == (kind,)
    assert outcome(pair.reference.publish, **arguments) == (kind,)


@pytest.mark.parametrize("job_id", [None, ""])
def test_no_id_means_a_fresh_ulid(pair: Pair, job_id: str | None) -> None:
    for client, queue in ((pair.client, "ours"), (pair.reference, "theirs")):
        made = [client.publish(queue=queue, payload={}, job_id=job_id) for _ in range(2)]
        assert all(re.fullmatch(r"[0-9A-HJKMNP-TV-Z]{26}", one) for one in made)
        assert made[0] != made[1]


def test_an_id_may_be_given_as_a_number(pair: Pair) -> None:
    answer: Any = pair.do("publish", job_id=5, payload={})
    assert answer == "5"


def test_the_first_writer_of_a_group_limit_wins(pair: Pair) -> None:
    pair.publish("j1", gid="A")
    assert b"g:A:limit" not in pair.stored()
    pair.publish("j2", gid="A", group_limit=2)
    pair.publish("j3", gid="A", group_limit=5)
    pair.publish("j4", gid="A", group_limit=0)
    pair.publish("j5", gid="A", group_limit=-7)
    assert pair.stored()[b"g:A:limit"] == ("string", b"2")
    assert [bool(pair.reserve()) for _ in range(3)] == [True, True, False]


def test_no_group_limit_may_be_said_with_none(pair: Pair) -> None:
    assert pair.publish("j", gid="A", group_limit=None) == "j"
    assert b"g:A:limit" not in pair.stored()


def test_delayed_publishes(pair: Pair) -> None:
    now = pair.clock.now_ms
    pair.publish("now", due_ms=now)
    pair.publish("next", due_ms=now + 1)
    pair.publish("grouped", due_ms=now + 1, gid="A")
    pair.publish("past", due_ms=now - 1)
    assert pair.stored()[b"wait"] == ("list", [b"now", b"past"])
    assert pair.stored()[b"delayed"] == ("zset", {b"grouped": now + 1, b"next": now + 1})


@dataclasses.dataclass
class Address:
    street: str = "é"


@dataclasses.dataclass
class Order:
    number: int = 1
    address: Address = dataclasses.field(default_factory=Address)


class Model:
    def model_dump(self) -> dict[str, Any]:
        return {"m": 1}


class OldModel:
    def dict(self) -> Any:
        return {"o": 1}


class Mapping(dict[str, Any]):
    pass


@pytest.mark.parametrize(
    "value", [Order(), Model(), OldModel(), Mapping(a=1), {"a": 1}, [1]], ids=lambda v: type(v).__name__
)
def test_publish_json_takes_what_has_a_structure(pair: Pair, value: Any) -> None:
    assert pair.do("publish_json", payload=value, job_id="j", gid="A", max_attempts=2) == "j"
    assert pair.stored()[b"g:A:wait"] == ("list", [b"j"])


@pytest.mark.parametrize("value", ["x", 5, None, Order, (1, 2), [Order()], set[int]], ids=lambda v: repr(v)[:20])
def test_publish_json_refuses_the_rest(pair: Pair, value: Any) -> None:
    assert pair.do("publish_json", payload=value, job_id="j") == ("TypeError",)
    assert pair.stored() == {}
