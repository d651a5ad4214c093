"""Payloads and errors on their way into Redis."""

from __future__ import annotations

import dataclasses
import json
from typing import Any, cast

MAX_ERROR_BYTES = 4096
"""So much of an error is kept with its job."""
_encode = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode


def check_payload(payload: object) -> None:
    """Raises TypeError for what is not exactly a dict or a list."""
    if type(payload) not in (dict, list):
        raise TypeError(f"a payload is a dict or a list, not {type(payload).__name__}")


def payload_bytes(payload: object) -> bytes:
    """Compact UTF-8 JSON of a dict or list.

    Raises TypeError for what JSON cannot hold, ValueError for NaN, Infinity and text that is no Unicode: every other
    SDK must be able to read it.
    """
    return _encode(payload).encode()


def structured(value: Any) -> Any:
    """The dict or list behind a dataclass or a pydantic model; everything else as it is."""
    if isinstance(value, dict):
        return dict(cast(dict[Any, Any], value))
    if isinstance(value, list):
        return list(cast(list[Any], value))
    if dataclasses.is_dataclass(cast(object, value)):
        return dataclasses.asdict(value)
    dump = getattr(value, "model_dump", None) or getattr(value, "dict", None)
    return dump() if callable(dump) else value


def error_bytes(error: object) -> bytes:
    """The error as it is stored: at most 4096 bytes, cut between characters, empty when there is nothing to say."""
    if error is None:
        return b""
    text = str(error)
    if not text.strip():
        return b""
    # A file name that is no UTF-8 reaches Python as lone surrogates. An ack must not fail for it.
    raw = text.encode("utf-8", "replace")
    if len(raw) <= MAX_ERROR_BYTES:
        return raw
    return raw[:MAX_ERROR_BYTES].decode("utf-8", "ignore").encode()
