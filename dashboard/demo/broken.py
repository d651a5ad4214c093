"""Queues that are broken in each way a check can find, so that there is something to repair. Nobody works them."""

from __future__ import annotations

import secrets

from omniq_core import OmniqClient, start_check

from .queues import PLANS

GROUPS, JOBS, LEASES, NO_INDEX, NO_STATS = (
    "broken-groups",
    "broken-jobs",
    "broken-leases",
    "broken-sdk-2",
    "broken-sdk-1",
)
BROKEN = (GROUPS, JOBS, LEASES, NO_INDEX, NO_STATS)
LONG_MS = 30 * 86_400_000
MINUTE = 60_000
KEPT = 100
LANES = ("wait", "active", "delayed", "failed", "completed")

Command = tuple[str | bytes | int, ...]


def break_queues(client: OmniqClient, now_ms: int) -> None:
    """Makes them through the protocol, and then does by hand what a crash, a flush or an old SDK would have left.

    What was in them goes first: a repair of the last run, or half of what one that was cut off has made.
    """
    _clear(client)
    at = now_ms - 20 * MINUTE
    commands: list[Command] = []
    commands += _groups(client, at)
    commands += _jobs(client, at)
    commands += _leases(client, at)
    commands += _old_sdks(client, at)
    _send(client, commands)


def check_all(client: OmniqClient, now_ms: int) -> None:
    """Asks for a check of every queue of the demo, which the dashboard works off."""
    names = [*(plan.name for plan in PLANS), *BROKEN]
    start_check(client.link, secrets.token_hex(8), names, by="", now_ms=now_ms)


def _clear(client: OmniqClient) -> None:
    """Takes away each key of these queues that workers know of. What the dashboard keeps of them stays."""
    cursor = 0
    while True:
        cursor, names = client.link.call("SCAN", cursor, "MATCH", "{broken-*}:*", "COUNT", 1_000, read=True)
        _send(client, [("DEL", name) for name in names if _is_theirs(name)])
        if not int(cursor):
            return


def _is_theirs(name: bytes) -> bool:
    base, _, rest = name.partition(b"}:")
    return base[1:].decode(errors="replace") in BROKEN and not rest.startswith(b"x:")


def _send(client: OmniqClient, commands: list[Command]) -> None:
    for reply in client.link.pipeline(commands):
        if isinstance(reply, Exception):
            raise reply


def _publish(client: OmniqClient, queue: str, names: str, at: int, *, gid: str = "", limit: int = 1) -> list[str]:
    ids = [f"{queue.removeprefix('broken-')}-{name}" for name in names.split()]
    for job_id in ids:
        client.publish(
            queue=queue,
            payload={"demo": job_id},
            job_id=job_id,
            max_attempts=1,
            timeout_ms=LONG_MS,
            gid=gid or None,
            group_limit=limit if gid else 0,
            now_ms_override=at,
        )
    return ids


def _end(client: OmniqClient, queue: str, at: int, *, fails: bool) -> None:
    got = client.reserve(queue=queue, now_ms_override=at)
    job_id, token = getattr(got, "job_id", ""), getattr(got, "lease_token", "")
    if fails:
        error = "ConnectionError: the broker closed the connection"
        client.ack_fail(queue=queue, job_id=job_id, lease_token=token, error=error, now_ms_override=at)
    else:
        client.ack_success(queue=queue, job_id=job_id, lease_token=token, now_ms_override=at)


def _groups(client: OmniqClient, at: int) -> list[Command]:
    """Counts that leaked, a group nobody will serve, one that is served for nothing, and a limit lowered at work."""
    _publish(client, GROUPS, "lowered-1 lowered-2 lowered-3", at, gid="lowered", limit=2)
    for _ in range(2):
        client.reserve(queue=GROUPS, now_ms_override=at)
    _publish(client, GROUPS, "leaked-1 leaked-2 leaked-3", at, gid="leaked", limit=2)
    _publish(client, GROUPS, "hidden-1 hidden-2", at, gid="hidden")
    base = f"{{{GROUPS}}}:"
    return [
        ("SET", f"{base}g:leaked:inflight", 2),
        ("ZREM", f"{base}groups:ready", "leaked", "hidden"),
        ("ZADD", f"{base}groups:ready", at, "nobody"),
        ("HINCRBY", f"{base}stats", "groups_ready", -1),
        ("SET", f"{base}g:lowered:limit", 1),
    ]


def _jobs(client: OmniqClient, at: int) -> list[Command]:
    """Jobs that are in no lane, in two or in a wrong state, ids without a job, a wrong figure and a foreign key."""
    _publish(client, JOBS, "unlisted renamed failed", at)
    for _ in range(3):
        _end(client, JOBS, at, fails=True)
    _publish(client, JOBS, "twice waiting", at)
    base = f"{{{JOBS}}}:"
    return [
        ("ZREM", f"{base}idx:failed", "jobs-unlisted"),
        ("HSET", f"{base}job:jobs-renamed", "state", "completed"),
        ("LPUSH", f"{base}failed", "jobs-twice"),
        ("RPUSH", f"{base}wait", "jobs-gone"),
        ("HSET", f"{base}job:jobs-lost", "id", "jobs-lost", "state", "wait", "payload", "{}", "max_attempts", 3),
        ("SET", f"{base}job:jobs-text", "not a job"),
        ("HINCRBY", f"{base}stats", "failed", 1),
        ("HINCRBY", f"{base}stats", "waiting", 1),
        ("HINCRBY", f"{base}stats", "waiting_total", 1),
        ("HINCRBY", f"{base}stats", "delayed", 4),
    ]


def _leases(client: OmniqClient, at: int) -> list[Command]:
    """Workers that are gone, and more completed jobs than OmniQ keeps."""
    _publish(client, LEASES, "done", at)
    _end(client, LEASES, at, fails=False)
    ids = _publish(client, LEASES, "held-1 held-2", at)
    for _ in ids:
        client.reserve(queue=LEASES, now_ms_override=at)
    base = f"{{{LEASES}}}:"
    commands: list[Command] = [("ZADD", f"{base}active", at + n * MINUTE, job_id) for n, job_id in enumerate(ids)]
    for n in range(KEPT + 5):
        job_id = f"leases-old-{n:03}"
        record = ("id", job_id, "state", "completed", "payload", "{}", "completed_ms", at, "updated_ms", at)
        commands += [
            ("HSET", f"{base}job:{job_id}", *record),
            ("RPUSH", f"{base}completed", job_id),
            ("ZADD", f"{base}idx:completed", at, job_id),
            ("HINCRBY", f"{base}stats", "completed_kept", 1),
        ]
    return commands


def _old_sdks(client: OmniqClient, at: int) -> list[Command]:
    """What SDKs before 3.0.0 left has no index, what those before 2.0.0 left no counters."""
    commands: list[Command] = []
    for queue in (NO_INDEX, NO_STATS):
        _publish(client, queue, "failed", at)
        _end(client, queue, at, fails=True)
        _publish(client, queue, "waiting-1 waiting-2 waiting-3", at)
    ids = ["failed", *(f"waiting-{n}" for n in (1, 2, 3))]
    commands += [("DEL", *(f"{{{NO_INDEX}}}:idx:{lane}" for lane in LANES))]
    commands += [("HDEL", f"{{{NO_INDEX}}}:job:sdk-2-{name}", "queued_ms") for name in ids]
    return [*commands, ("DEL", f"{{{NO_STATS}}}:stats")]
