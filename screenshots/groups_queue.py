"""tenant-import, the queue whose groups are shown: two of them stuck."""

from __future__ import annotations

from typing import Any

from omniq_core import OmniqClient
from screenshots.data import MINUTE, NOW, SECOND
from screenshots.texts import Texts

QUEUE = "tenant-import"
LEASE_MS = 300_000
LAST_ACT = 700

# name, jobs that wait, age of the first of them (s), jobs that run, limit, ready for (ms; 0: not ready)
GROUPS = (
    ("tenant-8841", 1_204, 848, 0, 2, 0),
    ("tenant-2207", 36, 591, 0, 2, 0),
    ("tenant-5310", 2_417, 690, 5, 5, 0),
    ("tenant-1198", 1_866, 492, 8, 8, 0),
    ("tenant-7754", 941, 400, 3, 3, 0),
    ("tenant-0450", 612, 125, 4, 40, 1_200),
    ("tenant-6623", 388, 207, 2, 2, 0),
    ("tenant-3019", 240, 58, 2, 5, 800),
    ("tenant-9002", 197, 284, 1, 1, 0),
    ("tenant-4471", 121, 31, 1, 5, 400),
    ("tenant-8127", 88, 22, 3, 12, 400),
    ("tenant-1563", 54, 62, 1, 1, 0),
    ("tenant-2980", 31, 9, 0, 2, 200),
    ("tenant-7006", 11, 4, 1, 3, 100),
    ("tenant-5522", 10, 38, 1, 1, 0),
    ("tenant-0917", 10, 3, 0, 2, 100),
    ("tenant-6404", 9, 41, 1, 1, 0),
    ("tenant-2731", 9, 19, 2, 2, 0),
    ("tenant-8290", 8, 27, 1, 1, 0),
    ("tenant-1046", 8, 2, 1, 2, 100),
    ("tenant-7713", 8, 16, 1, 1, 0),
    ("tenant-3908", 7, 1, 0, 3, 100),
    ("tenant-9164", 7, 12, 1, 1, 0),
    ("tenant-4035", 7, 22, 1, 1, 0),
    ("tenant-5087", 6, 1, 0, 2, 100),
    *((f"tenant-{nth}", 1, 1, 0, 1, 100) for nth in range(6101, 6116)),
    *((f"tenant-{nth}", 0, 0, 0, 1, 0) for nth in range(7301, 7307)),
)
LOST, HIDDEN = "tenant-8841", "tenant-2207"


def fill_groups(client: OmniqClient, texts: Texts) -> None:
    """What runs comes before what waits, so that no reserve takes a job that is meant to stay."""
    redis: Any = client.ops.r
    lost = [_start(client, texts, LOST, NOW - 30 * MINUTE, 2, timeout_ms=SECOND) for _ in range(2)]
    redis.delete(*(f"{{{QUEUE}}}:job:{job.job_id}" for job in lost))
    client.reap_expired(queue=QUEUE, now_ms_override=NOW - 29 * MINUTE)
    for gid, waiting, _, runs, limit, _ in GROUPS:
        if not waiting and not runs:
            _complete(client, texts, gid, NOW - 20 * MINUTE, limit)
    _complete(client, texts, GROUPS[-1][0], NOW - LAST_ACT, 1)
    running = [(gid, limit) for gid, _, _, runs, limit, _ in GROUPS for _ in range(runs)]
    for nth, (gid, limit) in enumerate(running):
        _start(client, texts, gid, NOW - LAST_ACT - (len(running) - 1 - nth) * 40, limit, timeout_ms=LEASE_MS)
    for gid, waiting, age, _, limit, ready_ms in GROUPS:
        begun = NOW - age * SECOND
        for nth in range(waiting):
            at = begun + (age * SECOND - LAST_ACT) * nth // max(waiting - 1, 1)
            _publish(client, texts, gid, at, group_limit=limit)
        if ready_ms:  # since the last lease of the group
            redis.zadd(f"{{{QUEUE}}}:groups:ready", {gid: NOW - ready_ms}, xx=True)
    redis.zrem(f"{{{QUEUE}}}:groups:ready", HIDDEN)
    redis.hincrby(f"{{{QUEUE}}}:stats", "groups_ready", -1)


def _publish(client: OmniqClient, texts: Texts, gid: str, at: int, **options: Any) -> None:
    client.publish(
        queue=QUEUE, payload=texts.payload(), job_id=texts.job_id(at), gid=gid, now_ms_override=at, **options
    )


def _complete(client: OmniqClient, texts: Texts, gid: str, at: int, limit: int) -> None:
    job = _start(client, texts, gid, at - 400, limit, timeout_ms=LEASE_MS)
    client.ack_success(queue=QUEUE, job_id=job.job_id, lease_token=job.lease_token, now_ms_override=at)


def _start(client: OmniqClient, texts: Texts, gid: str, at: int, limit: int, *, timeout_ms: int) -> Any:
    _publish(client, texts, gid, at - 200, group_limit=limit, timeout_ms=timeout_ms)
    return client.reserve(queue=QUEUE, now_ms_override=at)
