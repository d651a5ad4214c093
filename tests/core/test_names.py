"""Names, keys and ids."""

from __future__ import annotations

import re
from typing import Any

import pytest

from omniq_core import OmniqClient
from omniq_core.ids import new_ulid
from omniq_core.keys import (
    QueueKeys,
    completion_anchor,
    decode_id,
    decode_text,
    encode_id,
    encode_text,
    global_key,
    validate_completion_key,
    validate_queue,
)


@pytest.mark.parametrize("name", ["a", ".", "..", "A-b_c.9", "x" * 128])
def test_good_queue_names(name: str) -> None:
    assert validate_queue(name) == name
    assert OmniqClient.queue_base(name) == "{" + name + "}"


@pytest.mark.parametrize(
    "name", ["", " ", " a", "a\n", "a b", "é", "a:b", "{a}", "a/b", "x" * 129, None, 5, b"a", "a\x00"]
)
def test_bad_queue_names(name: Any) -> None:
    with pytest.raises(ValueError, match="not a queue name"):
        validate_queue(name)


@pytest.mark.parametrize("key", ["", " ", "a{", "}", "x" * 129, None, 5, b"k"])
def test_bad_completion_keys(key: Any) -> None:
    with pytest.raises(ValueError, match="not a completion key"):
        validate_completion_key(key)


def test_completion_keys_are_stripped() -> None:
    assert validate_completion_key(" " + "x" * 128 + "\n") == "x" * 128
    assert completion_anchor("é a") == b"{cc:\xc3\xa9 a}:meta"


def test_keys_are_spelled_as_the_protocol_says() -> None:
    keys = QueueKeys("pay.ments")
    assert keys.anchor == b"{pay.ments}:meta"
    assert keys.of("idx:failed") == b"{pay.ments}:idx:failed"
    assert keys.job("user/234") == b"{pay.ments}:job:user/234"
    assert keys.group("a:wait", "limit") == b"{pay.ments}:g:a:wait:limit"
    assert global_key("queues") == b"{omniq:x}:queues"


@pytest.mark.parametrize("raw", [b"", b"plain", b"\x00\x9c\xff", "🔥é".encode(), b"half \xc3", b"\xed\xa0\x80"])
def test_ids_are_lossless(raw: bytes) -> None:
    assert encode_id(decode_id(raw)) == raw
    assert encode_text(decode_id(raw)) == raw
    decode_text(raw).encode()  # printable everywhere: no surrogates


def test_an_id_is_never_turned_into_another_one() -> None:
    with pytest.raises(ValueError):
        encode_id("a\ud800")
    with pytest.raises(ValueError):
        QueueKeys("q").job("a\ud800")
    with pytest.raises(TypeError):
        encode_id(None)
    assert encode_id(5) == b"5"


def test_free_text_with_lone_surrogates_is_encoded_all_the_same() -> None:
    assert encode_text("a\ud800b\udcffc") == b"a?b\xffc"


def test_ulids_are_ordered_and_say_their_time() -> None:
    at = 1_750_000_000_000
    made = [new_ulid(at) for _ in range(1_000)] + [new_ulid(at + 1)]
    assert all(re.fullmatch(r"[0-9A-HJKMNP-TV-Z]{26}", one) for one in made)
    assert made == sorted(set(made))
    value = 0
    for letter in made[0][:10]:
        value = value * 32 + "0123456789ABCDEFGHJKMNPQRSTVWXYZ".index(letter)
    assert value == at
