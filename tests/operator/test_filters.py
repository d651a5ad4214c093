"""What a filter asks, and that Redis and Python answer alike what a payload holds."""

from __future__ import annotations

import time
from typing import Any

import pytest

from omniq_core import OmniqClient
from omniq_core.operator.filters import BadFilter, Filter, payload_test
from omniq_core.operator.lane_scan import scan_lane
from omniq_core.operator.payload_match import payload_matches
from tests.operator.lanes_by_hand import FIRST_MS, job_hash

PAYLOADS = [
    # filter, payload, whether it passes
    ("user.email:zoë@example.com", '{"user":{"email":"zoë@example.com"}}', True),
    ("user.email:zoë@example.com", '{"user":{"email":"zo\\u00eb@example.com"}}', True),
    ("user.email:ZOë@EXAMPLE.com", '{"user":{"email":"zoë@example.com"}}', True),
    ("user.email:zoë@example.com", '{"user":{"email":"zoe@example.com"}}', False),
    ("user.email:zoe", '{"user":{"email":"Zoe@example.com"}}', True),
    ("user.email:zoe", '{"user":{"mail":"zoe"},"email":"zoe"}', False),
    ("user.email:zoe", '{"user":"email:zoe"}', False),
    ("user.email:zoe", '[{"user":[{"email":"amy"},{"email":"zoe"}]}]', True),
    ("payload.user.email:zoe", '{"user":{"email":"zoe"}}', True),
    ("payload.user.email:zoe", '{"payload":{"user":{"email":"zoe"}}}', True),
    ("tags:urgent", '{"tags":["later","Urgent!"]}', True),
    ("tags:urgent", '{"tags":[["later"],[["urgent"]]]}', True),
    ("tags:urgent", '{"tags":{"urgent":1}}', False),
    ("http.method:get", '{"http.method":"GET"}', True),
    ("a.b.c:1", '{"a.b":{"c":1}}', True),
    ("a.b.c:1", '{"a":{"b.c":1}}', True),
    ("user.email", '{"user":{"email":null}}', True),
    ("user.email:", '{"user":{"email":{"work":1}}}', True),
    ("user.email", '{"user":{"emails":1}}', False),
    ("user.email", '{"user":["email"]}', False),
    ("note:a\\b", '{"note":"a\\\\b"}', True),
    ('note:"x"', '{"note":"say \\"X\\""}', True),
    ("note:12:30", '{"note":"at 12:30"}', True),
    ("url:https://a/b", '{"url":"https:\\/\\/a\\/b"}', True),
    ("n:10", '{"n":10}', True),
    ("n:10", '{"n":10.00}', True),
    ("n:10", '{"n":1e1}', True),
    ("n:10", '{"n":100}', False),
    ("n:10", '{"n":"no. 100"}', True),
    ("n:-0.5", '{"n":-0.50}', True),
    ("n:1970670598291982290", '{"n":1970670598291982290}', True),
    ("n:1970670598291982290", '{"n":1970670598291982291}', False),
    ("n:1e400", '{"n":1e400}', True),
    ("n:1e400", '{"n":1e500}', False),
    ("n:10", '{"n":1e1,"m":2}', True),
    ("n:010", '{"n":10}', False),
    ("n:-12.50", '{"n":-12.5}', True),
    ("n:12.0", '{"n":12}', True),
    ("n:0", '{"n":0.000}', True),
    ("n:0.0", '{"n":-0}', True),
    ("n:100", '{"n":1E2,"e":"x"}', True),
    ("n:0x10", '{"n":16}', False),
    ("n:1_0", '{"n":10}', False),
    ("n:nan", '{"n":NaN}', True),
    ("n:1e99999999999999999999", '{"n":1e99999999999999999998}', False),
    ("ok:true", '{"ok":true}', True),
    ("ok:true", '{"ok":false}', False),
    ("ok:NULL", '{"ok":null}', True),
    ("ok:null", '{"ok":0}', False),
    ("x:😀", '{"x":"\\ud83d\\ude00"}', True),
    ("x:end", '{"lone":"\\ud800","x":"the end"}', True),
    ("x:start", '{"lone":"\\ud800","x":"the end"}', False),
    ("x:1", '{"x":1', True),
    ("x:1", "x 1 :]}},", False),
    ("x:1", "", False),
    ("x:1", "1", False),
    ("x:deep", "[" * 3000 + '{"x":"deep"}' + "]" * 3000, True),
    ("x:last", '{"x":[' + "[]," * 3000 + '"the last"]}', True),
    ("x:last", '{"x":[' + '"a",' * 3000 + '"LAST"]}', True),
    ("x:first", '{"x":[' + '"a",' * 3000 + '"first"],"y":"first"}', True),
    ("x:other", '{"x":[' + '"a",' * 3000 + '"last"],"y":"other"}', False),
    ("x:deep", '{"a":' * 3000 + '{"x":"deep"}' + "}" * 3000, False),
    ("a.x:1", '{"a":[' * 3000 + '{"x":1}' + "]}" * 3000, False),
]


def write_one(redis: Any, payload: bytes | str, error: bytes | str = "E: no") -> None:
    redis.lpush("{q}:failed", "a")
    redis.zadd("{q}:idx:failed", {"a": FIRST_MS})
    redis.hset("{q}:job:a", mapping=job_hash("a", FIRST_MS) | {"payload": payload, "last_error": error})


@pytest.mark.parametrize(("wanted", "payload", "passes"), PAYLOADS, ids=range(len(PAYLOADS)))
def test_python_reads_a_payload_without_parsing_it_into_values(wanted: str, payload: str, passes: bool) -> None:
    assert payload_matches(payload.encode(), wanted) is passes


@pytest.mark.broken_data
@pytest.mark.parametrize(("wanted", "payload", "passes"), PAYLOADS, ids=range(len(PAYLOADS)))
def test_a_lane_finds_what_python_finds(
    client: OmniqClient, redis: Any, wanted: str, payload: str, passes: bool
) -> None:
    write_one(redis, payload)
    assert scan_lane(client.link, "q", "failed", Filter(payload=wanted)).matched == int(passes)


@pytest.mark.broken_data
def test_bytes_that_are_no_text_are_compared_as_bytes(client: OmniqClient, redis: Any) -> None:
    write_one(redis, b'{"name":"caf\xe9 noir"}', b"E: caf\xe9 Noir")
    link = client.link
    assert scan_lane(link, "q", "failed", Filter(payload="name:NOIR")).matched == 1
    assert scan_lane(link, "q", "failed", Filter(payload="name:café")).matched == 0
    assert scan_lane(link, "q", "failed", Filter(q="noir")).matched == 1
    assert scan_lane(link, "q", "failed", Filter(q="caf\udce9")).matched == 1
    assert payload_matches(b'{"name":"caf\xe9 noir"}', "name:NOIR")


def test_a_hostile_text_takes_no_time() -> None:
    began = time.perf_counter()
    for text in ('"' + "\\" * 65_535, '"' * 65_536, "[" * 65_536, '{"a":' * 13_000, "," * 65_536, '"\\"' * 20_000):
        assert not payload_matches(text.encode(), "a.b.c:1")
    assert time.perf_counter() - began < 5


def test_the_path_ends_at_the_first_colon() -> None:
    assert payload_test("user.email:zoe") == (("user", "email"), "zoe")
    assert payload_test(" at : 12:30 ") == (("at",), "12:30")
    assert payload_test("user.email") == (("user", "email"), "")


@pytest.mark.parametrize("bad", [":zoe", "a..b:1", ".a", "a.", ".".join("a" * 33)])
def test_a_payload_filter_needs_a_path(bad: str) -> None:
    with pytest.raises(BadFilter) as raised:
        Filter(payload=bad)
    assert raised.value.field == "payload"


@pytest.mark.parametrize("field", ["q", "group", "prefix", "payload"])
def test_a_filter_has_500_bytes(field: str) -> None:
    longest: dict[str, Any] = {field: "é" * 250}
    longer: dict[str, Any] = {field: "é" * 250 + "x"}
    assert Filter(**longest).asks
    with pytest.raises(BadFilter) as raised:
        Filter(**longer)
    assert (raised.value.field, "500 bytes" in raised.value.why) == (field, True)


def test_an_empty_filter_asks_nothing() -> None:
    assert not Filter().asks and Filter(since_ms=1).asks and Filter(due_by_ms=1).asks
