"""A JSON text laid out for reading is the same text: no value is parsed, so none changes."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.jsontext import HIGHLIGHT_UP_TO, Piece, laid_out


def text_of(source: str) -> str:
    pieces = laid_out(source)
    assert pieces is not None
    return "".join(piece.text for piece in pieces)


def test_layout() -> None:
    assert text_of('{"a":1,"b":[true,null,{}],"c":{"d":[]}}') == (
        '{\n  "a": 1,\n  "b": [\n    true,\n    null,\n    {}\n  ],\n  "c": {\n    "d": []\n  }\n}'
    )


def test_colours() -> None:
    assert laid_out('{"a":"x","b":1}') == (
        Piece("p", "{"),
        Piece("", "\n  "),
        Piece("k", '"a"'),
        Piece("p", ":"),
        Piece("", " "),
        Piece("s", '"x"'),
        Piece("p", ","),
        Piece("", "\n  "),
        Piece("k", '"b"'),
        Piece("p", ":"),
        Piece("", " "),
        Piece("n", "1"),
        Piece("", "\n"),
        Piece("p", "}"),
    )
    assert [piece.kind for piece in laid_out('["a",true,-0]') or () if piece.text.strip() not in ("", ",")] == [
        "p", "s", "b", "n", "p",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "value",
    [
        "1970670598291982290",
        "10.00",
        "1e400",
        "-0.0E-7",
        "9" * 5_000,
        "NaN",
        "Infinity",
        "-Infinity",
        r'"\u00e9\n\"\\"',
        '"{[,:]}"',
        '"é 🔥"',
    ],
)
def test_every_value_stands_as_it_was_sent(value: str) -> None:
    assert text_of(f'{{"a":{value}}}') == f'{{\n  "a": {value}\n}}'
    assert text_of(f"[{value}]") == f"[\n  {value}\n]"


def test_a_key_that_comes_twice_is_shown_twice() -> None:
    assert text_of('{"a":1,"a":2}') == '{\n  "a": 1,\n  "a": 2\n}'


def test_blanks_between_are_ours_and_those_in_texts_are_not() -> None:
    assert text_of(' {\n\t"a b" :  "c  d" } ') == '{\n  "a b": "c  d"\n}'


def test_what_people_cannot_see_stands_as_an_escape_so_that_a_copy_is_the_same_json() -> None:
    source = '["\u202ea\u200b\U000e0041\x7fé🔥"]'
    assert text_of(source) == '[\n  "' + r"\u202ea\u200b\udb40\udc41\u007f" + 'é🔥"\n]'
    assert json.loads(text_of(source)) == json.loads(source)


@pytest.mark.parametrize(
    "text",
    ["", "x", "{", '{"a":1} x', "[1,]", "{'a':1}", "<script>", "[" * 60_000, '{"a"}', "{1:2}", "[1}", "[1 2]", "01",
     '{"a":1,}', ',', "]", '["\\x"]', '["\n"]', '{"a":1}}', '[tru]', '["a":1]'],
)  # fmt: skip
def test_what_is_no_json_is_left_alone(text: str) -> None:
    assert laid_out(text) is None


def test_large_texts_are_left_alone() -> None:
    assert laid_out("[" + "1," * (HIGHLIGHT_UP_TO // 2) + "1]") is None


@pytest.mark.parametrize(("opens", "closes"), [("[", "]"), ('{"a":', "}")])
def test_2000_levels_are_laid_out_and_indented_as_far_as_people_read(opens: str, closes: str) -> None:
    shown = text_of(opens * 2_000 + "1" + closes * 2_000)
    lines = shown.split("\n")
    assert len(lines) == 4_001
    assert "".join(line.strip() for line in lines).replace(": ", ":") == opens * 2_000 + "1" + closes * 2_000
    assert max(len(line) - len(line.lstrip()) for line in lines) == 80


def test_what_would_be_too_long_with_its_indents_is_left_alone() -> None:
    assert laid_out("[" * 400 + "1," * 30_000 + "1" + "]" * 400) is None


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(), lambda inner: st.lists(inner)
                    | st.dictionaries(st.text(), inner), max_leaves=30))  # fmt: skip
def test_nothing_but_blanks_between_tokens_changes(value: object) -> None:
    source = json.dumps([value])
    shown = text_of(source)
    assert json.dumps(json.loads(shown)) == json.dumps(json.loads(source))
    strings = re.compile(r'"(?:[^"\\]|\\.)*"')
    assert strings.findall(shown) == strings.findall(source)
    assert re.sub(r"\s", "", strings.sub("", shown)) == re.sub(r"\s", "", strings.sub("", source))
