"""A payload that was typed: where it is no JSON, what of it goes to Redis, and how it differs from another one."""

from __future__ import annotations

import time

import pytest

from dashboard.payload_text import BadPayload, Line, changes, compact, pretty, typed

DIGITS = '{"id":1970670598291982290,"big":1e400,"x":10.00}'


@pytest.mark.parametrize(
    "text",
    [
        DIGITS,
        "[]",
        '{"a":{"a":1,"a":2},"é":"\\u00e9\\ud800","n":-0,"e":[1E+2,null,true]}',
        "[" * 2_000 + "]" * 2_000,
    ],
    ids=["digits", "empty", "spelling", "2,000 levels"],
)
def test_only_blanks_leave(text: str) -> None:
    assert compact(text) == text
    assert compact(pretty(text)) == text
    assert compact(f" \n{text}\t\n") == text


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('{"amount":}', "Line 1, column 11: a value must follow the colon."),
        ('{\n  "a": 1,\n}', "Line 3, column 1: a property name must follow the comma."),
        ("[1,\n ]", "Line 2, column 2: a value must follow the comma."),
        ('{"a" 1}', "Line 1, column 6: a colon must follow the property name."),
        ('{"a":1 "b":2}', "Line 1, column 8: a comma or } must follow."),
        ("[1 2]", "Line 1, column 4: a comma or ] must follow."),
        ("{", "Line 1, column 2: a property name or } must follow the brace."),
        ("[\n\n", "Line 3, column 1: a value or ] must follow the bracket."),
        ("{a:1}", "Line 1, column 2: a property name stands in double quotes."),
        ("{'a':1}", "Line 1, column 2: a string stands in double quotes."),
        ('{"a":True}', "Line 1, column 6: True is no JSON value."),
        ('{"a":NaN}', "Line 1, column 6: NaN is no JSON value."),
        ('{"a":-Infinity}', "Line 1, column 6: -Infinity is no JSON value."),
        ('{"a":007}', "Line 1, column 7: a number does not begin with 0."),
        ("[1] x", "Line 1, column 5: nothing may follow the end of the payload."),
        ("[1]\n[2]", "Line 2, column 1: nothing may follow the end of the payload."),
        ("[1, // one\n2]", "Line 1, column 5: JSON has no comments."),
        ('["é\nb"]', "Line 1, column 4: the string has no end in this line; a line break within it is written \\n."),
        ('["a\tb"]', "Line 1, column 4: this character is written \\u0009 in a string."),
        ('["a\\x"]', "Line 1, column 4: a string has no such escape."),
        ('["abc', "Line 1, column 2: this string has no end."),
        ("", "Line 1, column 1: a payload begins with { or [."),
        ("\n \n", "Line 3, column 1: a payload begins with { or [."),
        ("null", "A payload is a JSON object or array: it begins with { or [."),
        ('"text"', "A payload is a JSON object or array: it begins with { or [."),
        ("amount=1", "Line 1, column 1: amount is no JSON value."),
    ],
)
def test_where_it_is_no_json_and_why(text: str, why: str) -> None:
    with pytest.raises(BadPayload) as refused:
        compact(text)
    assert str(refused.value) == why


def test_line_breaks_of_a_form() -> None:
    assert typed('{\r\n"a":\r1}') == '{\n"a":\n1}'


def test_what_differs() -> None:
    before = '{"event":"x","amount":12900,"currency":"EUR","captured":true}'
    after = '{"event":"x","amount":12900.0,"currency":"EUR","dry_run":true,"n":1}'
    found = changes(before, after)
    assert (found.differ, found.whole) == (3, True)
    assert found.lines == (
        Line("", "{"),
        Line("", '  "event": "x",'),
        Line("del", '  "amount": 12900,'),
        Line("ins", '  "amount": 12900.0,'),
        Line("", '  "currency": "EUR",'),
        Line("del", '  "captured": true'),
        Line("ins", '  "dry_run": true,'),
        Line("ins", '  "n": 1'),
        Line("", "}"),
    )


def test_blanks_and_a_comma_that_follows_are_no_difference() -> None:
    assert changes('{"a": 1}', '{\n"a":1}').differ == 0
    assert [line.kind for line in changes('{"a":1}', '{"a":1,"b":2}').lines] == ["", "", "ins", ""]


def test_of_what_is_equal_a_few_lines_stand_around() -> None:
    numbers = list(range(40))
    found = changes(str(numbers), str([*numbers[:20], 99, *numbers[20:]]))
    assert [line.text.strip() for line in found.lines] == [
        *("18 more lines", "17,", "18,", "19,"),
        "99,",
        *("20,", "21,", "22,", "18 more lines"),
    ]
    assert [line.kind for line in found.lines][3:6] == ["", "ins", ""]


def test_no_json_is_compared_as_it_is_and_hostile_text_is_printable() -> None:
    found = changes("a\u202eb", '{"k":"\u202e"}')
    assert [line.text for line in found.lines] == ["a‹U+202E›b", "{", '  "k": "‹U+202E›"', "}"]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (str([0] * 15_000), str([1, 0] * 8_000)),
        (str([0, 1] * 399), str([1, 0] * 399)),
        ('{"a":"' + "x" * 300_000 + '"}', "[]"),
    ],
    ids=["many lines", "as many as are aligned", "too large"],
)
def test_the_work_is_bounded(before: str, after: str) -> None:
    began = time.process_time()
    found = changes(before, after)
    assert time.process_time() - began < 1.0
    assert found.differ > 0
    assert len(found.lines) <= 200
    assert sum(len(line.text) for line in found.lines) < 100_000
