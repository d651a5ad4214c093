"""Free text as one URL segment, and back, whatever its bytes are."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.tokens import BadToken, Unreadable, from_segment, from_token, to_token

SAFE = set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._~-")


def text_of(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogateescape")


@pytest.mark.parametrize(
    ("text", "token"),
    [
        ("01KKAVR0BETBK4K3Y0RVX5WBE6", "01KKAVR0BETBK4K3Y0RVX5WBE6"),
        ("a.b", "a.b"),
        ("-", "-"),
        ("", "~"),
        (".", "~Lg"),
        ("..", "~Li4"),
        (".a", "~LmE"),
        ("a/b", "~YS9i"),
        ("~a", "~fmE"),
        ("a\n", "~YQo"),
        ("é", "~w6k"),
        (text_of(b"\xff"), "~_w"),
        ("a" * 128, "a" * 128),
    ],
)
def test_tokens_worked_out_by_hand(text: str, token: str) -> None:
    assert to_token(text) == token
    assert from_token(token) == text


def test_a_text_of_129_characters_is_encoded() -> None:
    assert to_token("a" * 129).startswith("~YWFh")


@given(st.binary(max_size=400))
def test_any_bytes_come_back_and_are_one_plain_segment(raw: bytes) -> None:
    token = to_token(text_of(raw))
    assert set(token) <= SAFE
    assert token not in ("", ".", "..")
    assert from_token(token).encode("utf-8", "surrogateescape") == raw


@given(st.binary(max_size=40), st.binary(max_size=40))
def test_two_texts_never_share_a_token(one: bytes, other: bytes) -> None:
    assert (to_token(text_of(one)) == to_token(text_of(other))) == (one == other)


@given(st.text(alphabet="~ABCabc019-_=./%\n é", max_size=12))
def test_no_second_spelling_of_a_text_is_read(token: str) -> None:
    try:
        text = from_token(token)
    except BadToken:
        return
    assert to_token(text) == token


@pytest.mark.parametrize("token", ["~YWJj", "~Lg==", "~Lh", "~L", "~ü", "a/b", "", ".", "a b"])
def test_what_to_token_never_gives_is_refused(token: str) -> None:
    with pytest.raises(BadToken):
        from_token(token)


@pytest.mark.parametrize("segment", ["a b", "a:b", "é", "🔥", "a@b"])
def test_a_raw_text_in_an_address_is_read_where_nothing_can_rewrite_it(segment: str) -> None:
    assert from_segment(segment) == segment
    assert not isinstance(from_segment(segment), Unreadable)


@pytest.mark.parametrize("segment", [".", "..", "a\nb", "\x00", "a�", " a", "a\\b", "~!", "~YWJj"])
def test_a_raw_text_that_may_have_been_rewritten_is_unreadable(segment: str) -> None:
    assert isinstance(from_segment(segment), Unreadable)
