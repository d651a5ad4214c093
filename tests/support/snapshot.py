"""All keys of a queue as plain Python values, to compare before with after, or our SDK with the reference."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

Value = dict[bytes, Any] | list[bytes] | frozenset[bytes] | bytes | None
Snapshot = dict[bytes, tuple[str, Value]]

_GLOB = b"\\*?[]"


def keys_of(redis: Any, queue: str | bytes) -> Iterator[bytes]:
    """Every key with the hash tag of `queue` (for a completion key: "cc:" + key), x: keys included."""
    name = queue.encode("utf-8", "surrogateescape") if isinstance(queue, str) else queue
    pattern = b"".join(b"\\" + bytes([c]) if c in _GLOB else bytes([c]) for c in b"{" + name + b"}:") + b"*"
    return iter(sorted(set(redis.scan_iter(match=pattern, count=1000))))


def snapshot(redis: Any, queue: str | bytes, *, own: bool = True) -> Snapshot:
    """Key (without the base) → (type, contents). `redis` must give bytes.

    own=False leaves out what only this project writes: x: keys and x_ fields of job hashes.
    """
    found: Snapshot = {}
    for key in keys_of(redis, queue):
        short = key.split(b"}:", 1)[1] if key.startswith(b"{") else key
        if not own and short.startswith(b"x:"):
            continue
        kind = redis.type(key).decode()
        value = _read(redis, key, kind)
        if not own and isinstance(value, dict) and kind == "hash":
            value = {name: text for name, text in value.items() if not name.startswith(b"x_")}
        found[short] = (kind, value)
    return found


def comparable(taken: Snapshot) -> Snapshot:
    """The same without what two right implementations may choose freely: the text of lease tokens."""
    result: Snapshot = {}
    for key, (kind, value) in taken.items():
        if kind == "hash" and isinstance(value, dict) and value.get(b"lease_token"):
            value = {**value, b"lease_token": b"held"}
        result[key] = (kind, value)
    return result


def _read(redis: Any, key: bytes, kind: str) -> Value:
    if kind == "hash":
        return redis.hgetall(key)
    if kind == "list":
        return redis.lrange(key, 0, -1)
    if kind == "set":
        return frozenset(redis.smembers(key))
    if kind == "zset":
        return dict(redis.zrange(key, 0, -1, withscores=True))
    if kind == "string":
        return redis.get(key)
    return None  # gone since the scan, or a stream: its presence and type are compared, not its entries
