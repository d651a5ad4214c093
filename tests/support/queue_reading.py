"""A queue read key by key, knowing only the documented key names: an independent eye beside the product's own reads."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from .snapshot import keys_of

JOB_LANES = ("wait", "active", "delayed", "failed", "completed")
_FIELDS = ("id", "state", "gid", "lease_token", "lock_until_ms")
_GROUP_KEY = re.compile(rb"g:(.*):(wait|inflight|limit)", re.DOTALL)
_TYPES = {
    **dict.fromkeys((b"wait", b"failed", b"completed"), "list"),
    **dict.fromkeys((b"active", b"delayed", b"groups:ready"), "zset"),
    **dict.fromkeys((b"idx:" + lane.encode() for lane in JOB_LANES), "zset"),
    **dict.fromkeys((b"paused", b"has_groups", b"lane:rr", b"lease:seq"), "string"),
    b"stats": "hash",
}
_GROUP_TYPES = {b"wait": "list", b"inflight": "string", b"limit": "string"}


@dataclass
class QueueData:
    """Everything of one queue that the invariants speak about; ids and gids are bytes, as stored."""

    names: set[bytes] = field(default_factory=set)
    expiring: set[bytes] = field(default_factory=set)
    wrong_types: list[str] = field(default_factory=list)
    stats: dict[str, int] = field(default_factory=dict)
    lanes: dict[str, list[bytes]] = field(default_factory=dict)
    index: dict[str, set[bytes]] = field(default_factory=dict)
    jobs: dict[bytes, dict[str, bytes]] = field(default_factory=dict)
    group_wait: dict[bytes, list[bytes]] = field(default_factory=dict)
    inflight: dict[bytes, int] = field(default_factory=dict)
    limits: dict[bytes, int] = field(default_factory=dict)
    ready: set[bytes] = field(default_factory=set)

    def ids_of(self, lane: str) -> list[bytes]:
        """Ids of a lane; "wait" means the ungrouped and all grouped ones."""
        ids = list(self.lanes[lane])
        if lane == "wait":
            ids += [job_id for group in self.group_wait.values() for job_id in group]
        return ids

    def gid_of(self, job_id: bytes) -> bytes:
        """The group that the job's hash names; empty when it names none."""
        return self.jobs.get(job_id, {}).get("gid", b"")


def read_queue(redis: Any, queue: str) -> QueueData:
    """Read all keys of `queue`. Nothing may write meanwhile. `redis` must give bytes."""
    base = b"{" + queue.encode() + b"}:"
    data = QueueData()
    types = _types(redis, base, queue, data)
    if data.wrong_types:
        return data

    for lane in JOB_LANES:
        key = base + lane.encode()
        zset = lane in ("active", "delayed")
        data.lanes[lane] = redis.zrange(key, 0, -1) if zset else redis.lrange(key, 0, -1)
        data.index[lane] = set(redis.zrange(base + b"idx:" + lane.encode(), 0, -1))
    data.ready = set(redis.zrange(base + b"groups:ready", 0, -1))
    data.stats = {name.decode(): _number(text) for name, text in redis.hgetall(base + b"stats").items()}
    _read_groups(redis, base, types, data)
    _read_jobs(redis, base, types, data)
    return data


def _types(redis: Any, base: bytes, queue: str, data: QueueData) -> dict[bytes, str]:
    names = [key[len(base) :] for key in keys_of(redis, queue)]
    names = [name for name in names if not name.startswith(b"x:")]
    with redis.pipeline(transaction=False) as pipe:
        for name in names:
            pipe.type(base + name)
            pipe.pttl(base + name)
        replies = pipe.execute()
    types: dict[bytes, str] = {}
    for name, kind, ttl in zip(names, replies[::2], replies[1::2], strict=True):
        types[name] = kind.decode()
        wanted = _wanted_type(name)
        if wanted and types[name] != wanted:
            data.wrong_types.append(f"key {name!r} is a {types[name]}, not a {wanted}")
        if ttl >= 0 and name != b"paused":  # a pause may end by itself
            data.expiring.add(name)
    data.names = set(names)
    return types


def _wanted_type(name: bytes) -> str | None:
    if name.startswith(b"job:"):
        return "hash"
    group = _GROUP_KEY.fullmatch(name)
    return _GROUP_TYPES[group[2]] if group else _TYPES.get(name)


def _read_groups(redis: Any, base: bytes, types: dict[bytes, str], data: QueueData) -> None:
    for name in types:
        group = _GROUP_KEY.fullmatch(name)
        if group is None:
            continue
        gid, part = group[1], group[2]
        if part == b"wait":
            data.group_wait[gid] = redis.lrange(base + name, 0, -1)
        elif part == b"inflight":
            data.inflight[gid] = _number(redis.get(base + name))
        else:
            data.limits[gid] = _number(redis.get(base + name))


def _read_jobs(redis: Any, base: bytes, types: dict[bytes, str], data: QueueData) -> None:
    ids = [name.removeprefix(b"job:") for name in types if name.startswith(b"job:")]
    with redis.pipeline(transaction=False) as pipe:
        for job_id in ids:
            pipe.hmget(base + b"job:" + job_id, _FIELDS)
        replies = pipe.execute()
    for job_id, values in zip(ids, replies, strict=True):
        data.jobs[job_id] = {name: value or b"" for name, value in zip(_FIELDS, values, strict=True)}


def _number(text: bytes | None) -> int:
    try:
        return int(text or b"0")
    except ValueError:
        return -1  # matches no count, so the counter is reported
