"""Payloads and errors on their way into Redis."""

from __future__ import annotations

from typing import Any

import pytest

from omniq_core.payloads import check_payload, error_bytes, payload_bytes, structured


class Mapping(dict[str, Any]):
    pass


@pytest.mark.parametrize("payload", ["x", None, 5, (1,), {1}, b"{}", Mapping(), True])
def test_only_dicts_and_lists_are_payloads(payload: Any) -> None:
    with pytest.raises(TypeError, match="a payload is a dict or a list"):
        check_payload(payload)


def test_compact_and_not_escaped() -> None:
    assert payload_bytes({"é": [1, 2.5, None, True], "b": "🔥"}) == '{"é":[1,2.5,null,true],"b":"🔥"}'.encode()


@pytest.mark.parametrize("value", [float("nan"), float("inf"), "\ud800", "\udcff"], ids=ascii)
def test_what_other_sdks_could_not_read_is_a_value_error(value: Any) -> None:
    with pytest.raises(ValueError):
        payload_bytes({"a": [value]})


def test_a_subclass_counts_as_structured_data_and_text_does_not() -> None:
    assert type(structured(Mapping(a=1))) is dict
    assert structured("x") == "x"


@pytest.mark.parametrize(
    ("error", "stored"),
    [
        (None, b""),
        ("", b""),
        (" \n", b""),
        (" E: x ", b" E: x "),
        (ValueError("q"), b"q"),
        ("x" + "é" * 3000, b"x" + "é".encode() * 2047),
        ("x" * 4096, b"x" * 4096),
        ("xx" + "🔥" * 2000, b"xx" + "🔥".encode() * 1023),
        ("bad \udcff", b"bad ?"),
    ],
    ids=lambda v: ascii(v)[:12],
)
def test_errors_fit_and_end_between_characters(error: Any, stored: bytes) -> None:
    assert error_bytes(error) == stored
    assert len(stored) <= 4096
