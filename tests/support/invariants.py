"""What holds at every moment in a queue, whatever SDK wrote it (docs: the protocol's invariants), as one assertion."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from typing import Any

from .queue_reading import JOB_LANES, QueueData, read_queue

COMPLETED_KEPT = 100
_QUEUE_KEY = re.compile(rb"\{([A-Za-z0-9._-]{1,128})\}:", re.DOTALL)


def queues_present(redis: Any) -> list[str]:
    """Names of all queues that have at least one key, sorted."""
    found = {match[1] for key in redis.scan_iter(count=1000) if (match := _QUEUE_KEY.match(key))}
    return sorted(name.decode() for name in found)


def check_invariants(redis: Any, queue: str | None = None) -> None:
    """Raises AssertionError that lists every broken invariant of `queue`, or of all queues when none is named."""
    problems: list[str] = []
    for name in queues_present(redis) if queue is None else [queue]:
        problems += [f"{name}: {text}" for text in find_problems(read_queue(redis, name))]
    assert not problems, "broken invariants:\n  " + "\n  ".join(problems)


def find_problems(data: QueueData) -> list[str]:
    """One line per broken invariant; an empty list means the queue is sound."""
    if data.wrong_types:
        return data.wrong_types  # the rest would only repeat it
    return [
        *_key_problems(data),
        *_counter_problems(data),
        *_index_problems(data),
        *_job_problems(data),
        *_group_problems(data),
    ]


def _key_problems(data: QueueData) -> list[str]:
    problems = [f"key {key!r} has a TTL" for key in sorted(data.expiring)]
    if b"meta" in data.names:
        problems.append("the anchor 'meta' was written")
    return problems


def _counter_problems(data: QueueData) -> list[str]:
    grouped = sum(len(ids) for ids in data.group_wait.values())
    should = {
        "waiting": len(data.lanes["wait"]),
        "group_waiting": grouped,
        "waiting_total": len(data.lanes["wait"]) + grouped,
        "active": len(data.lanes["active"]),
        "delayed": len(data.lanes["delayed"]),
        "failed": len(data.lanes["failed"]),
        "completed_kept": len(data.lanes["completed"]),
        "groups_ready": len(data.ready),
    }
    problems = [
        f"stats {name} = {data.stats.get(name, 0)}, but there are {count}"
        for name, count in should.items()
        if data.stats.get(name, 0) != count
    ]
    if should["completed_kept"] > COMPLETED_KEPT:
        problems.append(f"completed keeps {should['completed_kept']}, more than {COMPLETED_KEPT}")
    return problems


def _index_problems(data: QueueData) -> list[str]:
    problems: list[str] = []
    for lane in JOB_LANES:
        ids = set(data.ids_of(lane))
        index = data.index[lane]
        problems += [f"{job_id!r} is in {lane} but not in idx:{lane}" for job_id in sorted(ids - index)]
        problems += [f"{job_id!r} is in idx:{lane} but not in {lane}" for job_id in sorted(index - ids)]
    return problems


def _job_problems(data: QueueData) -> list[str]:
    problems: list[str] = []
    places: defaultdict[bytes, list[str]] = defaultdict(list)
    for lane in JOB_LANES:
        for job_id in data.ids_of(lane):
            places[job_id].append(lane)
    for job_id, lanes in sorted(places.items()):
        if len(lanes) > 1:
            problems.append(f"{job_id!r} stands in {len(lanes)} places: {', '.join(lanes)}")
        fields = data.jobs.get(job_id)
        if fields is None:
            problems.append(f"{job_id!r} is in {lanes[0]} but has no hash")
            continue
        if fields["id"] != job_id:
            problems.append(f"the hash of {job_id!r} says id {fields['id']!r}")
        if fields["state"] != lanes[0].encode():
            problems.append(f"{job_id!r} is in {lanes[0]} but its state is {fields['state']!r}")
        if lanes[0] == "active" and not fields["lease_token"]:
            problems.append(f"{job_id!r} is active without a lease token")
        if lanes[0] != "active" and (fields["lease_token"] or fields["lock_until_ms"]):
            problems.append(f"{job_id!r} is in {lanes[0]} but still carries a lease")
    problems += [f"the hash of {job_id!r} stands in no lane" for job_id in sorted(data.jobs.keys() - places.keys())]
    return problems


def _group_problems(data: QueueData) -> list[str]:
    problems: list[str] = []
    for job_id in data.lanes["wait"]:
        if data.gid_of(job_id):
            problems.append(f"{job_id!r} of group {data.gid_of(job_id)!r} waits in the ungrouped lane")
    for gid, ids in sorted(data.group_wait.items()):
        problems += [f"{job_id!r} waits in group {gid!r}, not its own" for job_id in ids if data.gid_of(job_id) != gid]

    running = Counter(gid for job_id in data.lanes["active"] if (gid := data.gid_of(job_id)))
    for gid in sorted(data.group_wait.keys() | data.inflight.keys() | data.ready | running.keys()):
        inflight, limit = data.inflight.get(gid, 0), max(data.limits.get(gid, 1), 0) or 1
        if inflight != running[gid]:
            problems.append(f"group {gid!r} inflight = {inflight}, but {running[gid]} of its jobs are active")
        should = bool(data.group_wait.get(gid)) and inflight < limit
        if should and gid not in data.ready:
            problems.append(f"group {gid!r} has waiting jobs and room but is not in groups:ready")
        if gid in data.ready and not should:
            problems.append(f"group {gid!r} is in groups:ready without waiting jobs or without room")
    return problems
