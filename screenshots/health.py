"""What a check found in the data set, and what its Redis says of itself: as it is drawn."""

from __future__ import annotations

from typing import Any

from omniq_core import (
    AnswerTimes,
    Clients,
    Finding,
    FindingKind,
    Memory,
    OmniqClient,
    Persistence,
    Replication,
    Report,
    ServerFacts,
    pack_report,
)
from omniq_core.operator.findings import findings_commands
from screenshots.data import MAIN, NOW, QUEUES, SECOND

HEALTH, CHECK = "{omniq:x}:health", "{omniq:x}:check"
NAMES = tuple(sorted((MAIN, *(one.name for one in QUEUES))))
_GB = 1 << 30
_JOBS, _GROUPS = 41_911, 411
_SERVER: dict[str, Any] = {
    "engine": "Redis",
    "version": "7.4.2",
    "port": 6379,
    "up_ms": 41 * 86_400 * SECOND,
    "memory": Memory(184 * _GB // 100 + 1, 4 * _GB, "noeviction"),
    "clients": Clients(214, 0, 10_000),
    "persistence": Persistence(aof=True, aof_fine=True, saved_ms=NOW - 38 * SECOND, save_fine=True),
    "replication": Replication(primary=True, replicas=0, link_up=False),
    "clock_ms": 14,
    "clock_error_ms": 1,
    "slow": (),
}
SERVER = ServerFacts(NOW, AnswerTimes(200, 640, 2_100), **_SERVER)


def found(kind: FindingKind, queue: str, subject: str = "", **facts: Any) -> Finding:
    return Finding(kind, queue, subject, facts)


FOUND = (
    found("inflight", "tenant-import", "tenant-8841", stored=2, found=0, waiting=1_204),
    found("ready_missing", "tenant-import", "tenant-2207", in_flight=0, limit=2, waiting=36),
    found("leases", "image-resize", expired=16, oldest=NOW - 342 * SECOND, last_reserve=NOW - 372 * SECOND),
    found("counters", "crm-sync", "waiting_total", stored=1_212, found=1_208),
    found("counters", "crm-sync", "delayed", stored=339, found=340),
)


def write_health(client: OmniqClient, findings: tuple[Finding, ...] = FOUND, **check: str | int) -> None:
    """The reports of all queues with these findings, and the check that made them: through, unless told else."""
    redis: Any = client.ops.r
    redis.delete(HEALTH, CHECK, f"{CHECK}:queues")
    for name in NAMES:
        rows = tuple(one for one in findings if one.queue == name)
        counts: dict[FindingKind, int] = {one.kind: sum(other.kind == one.kind for other in rows) for one in rows}
        first = name == NAMES[0]
        jobs, groups = (share // len(NAMES) + first * (share % len(NAMES)) for share in (_JOBS, _GROUPS))
        redis.hset(HEALTH, name, pack_report(Report(name, NOW - 40 * SECOND, jobs, groups, counts, rows)))
        client.link.pipeline(findings_commands(name, rows))
    ended = NOW - 40 * SECOND
    told = {"id": "c", "state": "finished", "started_ms": ended - 312, "ended_ms": ended, "at": len(NAMES)}
    redis.hset(CHECK, mapping=told | check)
    redis.rpush(f"{CHECK}:queues", *NAMES)
