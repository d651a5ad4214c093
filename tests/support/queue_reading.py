"""A queue read key by key, knowing only the documented key names: an independent eye beside the product's own reads."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from .one_trip import read_keys
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
    kept = _everything(redis, base, queue, data)
    if data.wrong_types:
        return data

    def ids(name: bytes) -> list[bytes]:
        return kept.get(name) or []

    for lane in JOB_LANES:
        name = lane.encode()
        data.lanes[lane] = ids(name)[:: 2 if lane in ("active", "delayed") else 1]
        data.index[lane] = set(ids(b"idx:" + name)[::2])
    data.ready = set(ids(b"groups:ready")[::2])
    stats = ids(b"stats")
    data.stats = {name.decode(): _number(text) for name, text in zip(stats[::2], stats[1::2], strict=True)}
    for name, value in kept.items():
        if name.startswith(b"job:"):
            data.jobs[name.removeprefix(b"job:")] = dict(zip(_FIELDS, value, strict=True))
        elif group := _GROUP_KEY.fullmatch(name):
            _keep_group(group[1], group[2], value, data)
    return data


def _everything(redis: Any, base: bytes, queue: str, data: QueueData) -> dict[bytes, Any]:
    names = [key[len(base) :] for key in keys_of(redis, queue)]
    names = [name for name in names if not name.startswith(b"x:")]
    kept: dict[bytes, Any] = {}
    for name, (kind, ttl, value) in zip(names, read_keys(redis, [base + name for name in names], _FIELDS), strict=True):
        kept[name] = value
        wanted = _wanted_type(name)
        if wanted and kind != wanted:
            data.wrong_types.append(f"key {name!r} is a {kind}, not a {wanted}")
        if ttl >= 0 and name != b"paused":  # a pause may end by itself
            data.expiring.add(name)
    data.names = set(names)
    return kept


def _wanted_type(name: bytes) -> str | None:
    if name.startswith(b"job:"):
        return "hash"
    group = _GROUP_KEY.fullmatch(name)
    return _GROUP_TYPES[group[2]] if group else _TYPES.get(name)


def _keep_group(gid: bytes, part: bytes, value: Any, data: QueueData) -> None:
    if part == b"wait":
        data.group_wait[gid] = value
    elif part == b"inflight":
        data.inflight[gid] = _number(value)
    else:
        data.limits[gid] = _number(value)


def _number(text: bytes | None) -> int:
    try:
        return int(text or b"0")
    except ValueError:
        return -1  # matches no count, so the counter is reported
