"""Payloads that were made to show what is hidden, or to keep a page busy."""

from __future__ import annotations

import html
import json
import time
from typing import Any
from urllib.parse import quote

import pytest

from dashboard.redact_errors import MOST_PARTS
from dashboard.redact_walk import DEEPEST
from dashboard.redaction import LOOKED_INTO, read_redaction
from omniq_core import OmniqClient
from tests.support.factories import fail_jobs
from tests.web.pages_support import NOW, QUEUE, browser

SECRET = "hunterzwei"
HIDING = read_redaction(["password", "*.token", "cards[*].number"])


def in_strings(value: Any, times: int) -> Any:
    for _ in range(times):
        value = {"in": json.dumps(value)}
    return value


@pytest.mark.parametrize(
    "payload",
    [
        *(in_strings({"password": SECRET}, times) for times in (1, DEEPEST - 1, DEEPEST, DEEPEST + 3)),
        {"a": "\ufeff" + json.dumps({"password": SECRET})},
        {"a": "\0" + json.dumps({"password": SECRET})},
        {"a": f"user=zoe&password={SECRET}"},
        {"a": f"a[password]={SECRET}"},
        {"a": f"b=1&a%5Bpassword%5D={SECRET}"},
        {"a": f"PASSWORD[]={SECRET}"},
        {"a": f'a row: {{"password": "{SECRET}"}}'},
        {"a": f"{{'password': '{SECRET}'}}"},
        {"a": f'{{"password": "{SECRET}'},
        {"a": f'{{"password": 1}}\n{{"password": "{SECRET}"}}'},
        {"password": [[{"a": {"b": [SECRET]}}], SECRET, {SECRET: SECRET}]},
        {" PassWord\t": SECRET},
        [{"x": [{"y": {"token": {"a": SECRET}}}]}],
        {"cards": {"number": SECRET}, "b": [{"cards": [[{"number": [SECRET]}]]}]},
    ],
    ids=lambda payload: ascii(payload)[:40],
)
def test_no_payload_shows_it(payload: Any) -> None:
    for raw in (json.dumps(payload), json.dumps(payload).replace("word", r"w\u006frd")):
        seen = HIDING.payload(raw.encode())
        assert seen.text is not None
        json.loads(seen.text)
        assert SECRET not in seen.text
        assert seen.hidden
        assert SECRET not in HIDING.error(f"E: {SECRET}", seen)


def test_several_stars_are_so_many_keys() -> None:
    rules = read_redaction("a.*.*.pin,x*y*z")
    shown = rules.payload(b'{"a":{"b":{"c":{"pin":1},"pin":2}},"xayaz":3,"xyz":4,"xzy":5,"xz":6}').text
    assert shown is not None
    hidden = "‹hidden›"
    assert json.loads(shown) == {
        "a": {"b": {"c": {"pin": hidden}, "pin": 2}}, "xayaz": hidden, "xyz": hidden, "xzy": 5, "xz": 6
    }  # fmt: skip


@pytest.mark.parametrize(
    "value",
    [
        '{"again":"hunterzwei","again":"other"}',
        json.dumps(json.dumps({"old": SECRET})),
        "[" * 900 + f'"{SECRET}"' + "]" * 900,
    ],
    ids=["a key twice", "JSON in a string", "900 levels"],
)
def test_an_error_repeats_no_part_of_a_hidden_value(value: str) -> None:
    seen = HIDING.payload(f'{{"password":{value},"a":1}}'.encode())
    assert HIDING.error(f"E: got {SECRET}", seen) == "E: got ‹hidden›"


def test_a_page_is_not_kept_busy() -> None:
    """Each took minutes or more when its time grew faster than its length."""
    rules = read_redaction("*a*a*a*b,*pass*word")
    key, error = "a" * 20_000, "pass." * 1_000
    assert rules.payload(json.dumps({key: 1, "ab": 2}).encode()).text is not None
    assert rules.error(error, rules.payload(b"{}")) == error
    deep = ("[" * 900 + "]" * 900 + ",") * 50
    assert HIDING.payload(f'[{deep}{{"password":1}}]'.encode()).hidden == 1
    for ways in range(3):
        HIDING.payload(json.dumps({"password": 1, **{f"{ways}-{n}": n for n in range(4_000)}}).encode())
    assert HIDING.patterns and len(HIDING.patterns._ways) <= 10_000  # pyright: ignore[reportPrivateUsage]


URLS = [f"https://shop.example/?id={n}&sum={n * 7}%20EUR" for n in range(330)]


def test_the_lines_of_a_long_text_keep_no_list_busy() -> None:
    """Each line used to be read in all spellings for each error: 50 jobs took three seconds."""
    rules = read_redaction("document")
    seen = rules.payload(json.dumps({"document": "\r\n".join(URLS)}).encode())
    error = "ParseError: line 12: expected ';' but found ','"
    before = time.process_time()
    assert {rules.error(error, seen) for _ in range(50)} == {error}
    assert time.process_time() - before < 1


@pytest.mark.parametrize(
    "line", [f'say "{"Ab" * 9}" x', "%41bcd \x7f", "\\x41bcd\\x7f z", "\xe9t\xe9 100", "=C3=A9 x%7F%7F", URLS[77]]
)
def test_a_line_among_many_is_hidden_however_it_is_spelled(line: str) -> None:
    rules = read_redaction("document")
    seen = rules.payload(json.dumps({"document": "\n".join([*URLS[:200], line, *URLS[200:]])}).encode())
    plain = line.replace('"', '""')
    for said in (line, line.upper(), plain, quote(line), quote(quote(line)), html.escape(line), json.dumps(line)[1:-1]):
        assert rules.error(f"E: <{said}>", seen) == "E: <‹hidden›>", said
    cut = "E: ".ljust(4_096 - len(quote(line)[:-1]), ".")
    assert rules.error(cut + quote(line)[:-1], seen) == cut + "‹hidden›"


def test_of_more_lines_than_are_looked_for_only_the_type_is_shown() -> None:
    rules = read_redaction("document")
    for lines, shown in ((MOST_PARTS - 1, "TimeoutError: said x"), (MOST_PARTS, "TimeoutError: ‹hidden›")):
        value = "\x85".join(f"%{n:04x}" for n in range(lines))
        seen = rules.payload(json.dumps({"document": value}).encode())
        assert rules.error("TimeoutError: said x", seen) == shown
        assert rules.field("note", b"said x", seen, whole=True).decode() == shown.removeprefix("TimeoutError: ")


@pytest.mark.parametrize(
    ("payload", "why"),
    [
        (b'{"password":"hunterzwei"', "no JSON"),
        (b'{"password":"hunterzwei\xff"}', "no JSON"),
        (b'{"password":"hunterzwei","p":"' + b"x" * LOOKED_INTO + b'"}', "too long"),
        (b'{"boom":"hunterzwei"}', "the rule that hides values failed"),
    ],
    ids=["broken", "no UTF-8", "over 1 MB", "a rule that raises"],
)
def test_what_cannot_be_looked_into_says_why(client: OmniqClient, redis: Any, payload: bytes, why: str) -> None:
    def rule(_field: str, text: str) -> str:
        if "boom" in text:
            raise ValueError(text)
        return text

    fail_jobs(client, QUEUE, ["a"], now_ms=NOW - 1_000, error="E: hunterzwei")
    redis.hset("{mail}:job:a", "payload", payload)
    visitor = browser(client, redact=["password", rule] if b"boom" in payload else "password")
    page = visitor.get(f"/queues/{QUEUE}/jobs/a")
    assert why in page.words()
    for path in ("jobs/a", "jobs/a/payload", "jobs/a/copy", "failed", "failed/export?payloads=1"):
        answer = visitor.http.get(f"/queues/{QUEUE}/{path}")
        assert answer.status_code < 500
        assert SECRET not in answer.text
