"""Payloads and errors on their way into Redis."""

from __future__ import annotations

import dataclasses
import json
from typing import Any, cast

from .keys import encode_text

MAX_ERROR_BYTES = 4096


def payload_bytes(payload: object) -> bytes:
    """Compact UTF-8 JSON of a dict or list.

    Raises TypeError for anything else, ValueError for NaN and Infinity.
    """
    if type(payload) not in (dict, list):
        raise TypeError(f"a payload is a dict or a list, not {type(payload).__name__}")
    return encode_text(json.dumps(payload, separators=(",", ":"), ensure_ascii=False, allow_nan=False))


def structured(value: Any) -> Any:
    """The dict or list behind a dataclass or a pydantic model; everything else as it is."""
    if type(cast(object, value)) in (dict, list):
        return value
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
    raw = encode_text(text)
    if len(raw) <= MAX_ERROR_BYTES:
        return raw
    return raw[:MAX_ERROR_BYTES].decode("utf-8", "ignore").encode()
