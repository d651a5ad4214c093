"""One job with everything Redis keeps of it. The lease token's value never leaves Redis."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..connection import Link
from ..keys import QueueKeys, decode_id, decode_text, encode_id
from ..numbers import read_count, read_int, read_moment
from ..scripts import script
from .children import counter_name
from .cuts import cut_text

INLINE_PAYLOAD = 64 * 1024
LARGEST_FETCH = 16 * 1024 * 1024
# HGET carries a payload whole, for its beginning too: 2 MB block Redis 0.3 ms, 4 MB 0.6 and 16 MB 20 ms. A script that
# cuts it there is no way out: its copies take 2 ms for 1 MB, 10 for 2 MB and 140 for 16 MB.
LARGEST_FOR_A_PART = 2 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class RawField:
    """A field of the hash: its value cut to 1 KB (last_error 16 KB; longer than 16 KB: empty) and its full length.

    lease_token reads `held` or nothing; the payload is not repeated here.
    """

    name: str
    value: bytes
    length: int


@dataclass(frozen=True, slots=True)
class GroupFigures:
    """The job's group: leases, how many it may have at once, jobs waiting."""

    inflight: int
    limit: int
    waiting: int


@dataclass(frozen=True, slots=True)
class LanePlace:
    """Where the job stands in its lane: 1 is the newest. The neighbours are ids, None at the ends."""

    lane: str
    position: int
    total: int
    newer: str | None
    older: str | None


@dataclass(frozen=True, slots=True)
class LinkedJob:
    """A job that this one names, and the state that it is in; "" when it has left the queue."""

    job_id: str
    state: str


@dataclass(frozen=True, slots=True)
class JobDetail:
    """A job. Times are ms, None where nothing is recorded; `_bytes` are full lengths.

    `payload` is cut to what was asked for; None when there is none, it is over 16 MB (`payload_too_large`), or over
    2 MB and only a part was asked for.
    `in_lanes` are the lanes that hold the id, whatever the job's state says; `field_count` all fields of the hash.
    `position` is its place among those that wait in its group, or ungrouped: from 1, None beyond 1,000.
    `copy_of` is the job that it was published as a copy of, `copied_to` its own newest copy. `counter` is the
    completion key that its payload names, where it was looked for.
    """

    queue: str
    job_id: str
    state: str
    gid: str
    attempt: int
    max_attempts: int
    timeout_ms: int
    backoff_ms: int
    created_ms: int | None
    updated_ms: int | None
    queued_ms: int | None
    first_started_ms: int | None
    last_started_ms: int | None
    completed_ms: int | None
    failed_ms: int | None
    due_ms: int | None
    lock_until_ms: int | None
    last_error_ms: int | None
    last_error: str
    last_error_bytes: int
    payload: bytes | None
    payload_bytes: int
    payload_too_large: bool
    fields: tuple[RawField, ...]
    field_count: int
    group: GroupFigures | None
    in_lanes: tuple[str, ...]
    place: LanePlace | None
    position: int | None
    copy_of: LinkedJob | None
    copied_to: LinkedJob | None
    counter: str | None

    @property
    def in_lane(self) -> bool:
        """Does the lane that the state names hold the job?"""
        return self.state in self.in_lanes


def job_detail(
    link: Link, queue: str, job_id: str, *, now_ms: int, payload_limit: int, counter_at: str = ""
) -> JobDetail | None:
    """The job, or None when there is no record of it. One round trip; two when the payload is over 64 KB.

    `counter_at` is where a payload names its child counter, like `order.counter`; it is looked for in payloads of up
    to 16 KB. Raises ValueError for a bad queue name, and what Redis raised.
    """
    keys = QueueKeys(queue)
    inline = min(payload_limit, INLINE_PAYLOAD)
    reply = link.run_many([(script("operator/job"), keys.anchor, [now_ms, encode_id(job_id), inline, counter_at])])[0]
    if isinstance(reply, Exception):
        raise reply
    if reply is None:
        return None
    payload: bytes | None = reply[3]
    too_large = reply[2] > LARGEST_FETCH
    wanted = 0 < reply[2] <= max(payload_limit, LARGEST_FOR_A_PART) and payload_limit > 0
    if payload is None and wanted and not too_large:
        payload = job_payload(link, queue, job_id)
    return _detail(queue, job_id, reply, payload[:payload_limit] if payload is not None else None, too_large)


def job_payload(link: Link, queue: str, job_id: str) -> bytes | None:
    """The whole payload, whatever its size, or None when there is none. One round trip."""
    reply = link.pipeline([("HGET", QueueKeys(queue).job(job_id), "payload")])[0]
    if isinstance(reply, Exception):
        if "WRONGTYPE" in str(reply):
            return None
        raise reply
    return reply


def _detail(queue: str, job_id: str, reply: Any, payload: bytes | None, too_large: bool) -> JobDetail:
    count, raw, payload_bytes, _, group, lanes, place, waits, copy_of, copied_to, counter = reply
    fields = tuple(RawField(decode_text(name), value, length) for name, value, length in raw)
    value = {field.name: field.value for field in fields}
    error = next((field for field in fields if field.name == "last_error"), RawField("last_error", b"", 0))

    def number(name: str) -> int:
        return read_int(value.get(name)) or 0

    def moment(name: str) -> int | None:
        return read_moment(value.get(name))

    return JobDetail(
        queue=queue,
        job_id=job_id,
        state=decode_text(value.get("state", b"")),
        gid=decode_id(value.get("gid", b"")),
        attempt=number("attempt"),
        max_attempts=number("max_attempts"),
        timeout_ms=number("timeout_ms"),
        backoff_ms=number("backoff_ms"),
        created_ms=moment("created_ms"),
        updated_ms=moment("updated_ms"),
        queued_ms=moment("queued_ms"),
        first_started_ms=moment("first_started_ms"),
        last_started_ms=moment("last_started_ms"),
        completed_ms=moment("completed_ms"),
        failed_ms=moment("failed_ms"),
        due_ms=moment("due_ms"),
        lock_until_ms=moment("lock_until_ms"),
        last_error_ms=moment("last_error_ms"),
        last_error=cut_text(error.value, error.length),
        last_error_bytes=error.length,
        payload=payload,
        payload_bytes=payload_bytes,
        payload_too_large=too_large,
        fields=fields,
        field_count=count,
        group=_group(group),
        in_lanes=tuple(lane.decode() for lane in lanes),
        place=_place(place),
        position=None if waits is None else waits + 1,
        copy_of=_linked(copy_of),
        copied_to=_linked(copied_to),
        counter=counter_name(counter.strip()) if counter else None,
    )


def _group(raw: Any) -> GroupFigures | None:
    if not raw:
        return None
    return GroupFigures(read_count(raw[0]), max(read_count(raw[1]), 1), read_count(raw[2]))


def _place(raw: Any) -> LanePlace | None:
    if not raw:
        return None
    lane, total, rank, older, newer = raw
    return LanePlace(
        lane=lane.decode(),
        position=total - rank,
        total=total,
        newer=None if newer is None else decode_id(newer),
        older=None if older is None else decode_id(older),
    )


def _linked(raw: Any) -> LinkedJob | None:
    return LinkedJob(decode_id(raw[0]), decode_text(raw[1] or b"")) if raw else None
