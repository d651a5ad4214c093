"""The check and the repair of a queue's jobs, as the runner of checks and that of tasks drive them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from omniq_core.connection import Link
from omniq_core.keys import QueueKeys, encode_id
from omniq_core.operator.findings import Finding
from omniq_core.operator.job_check import JobCheck, OrphanSearch
from omniq_core.operator.job_look import JobLook
from omniq_core.operator.job_repair import JobRepair
from omniq_core.scripts import script

QUEUE = "q"
GIDS = ("A", "B")


def scan(link: Link, redis: Any) -> OrphanSearch:
    """What the scan of all keys does for the jobs of the queue."""
    search, before = OrphanSearch(link), b"{q}:job:"
    ids = [name.removeprefix(before) for name in redis.scan_iter(match=before + b"*", count=1000, _type="hash")]
    for at in range(0, len(ids), 500):
        search.meet(QUEUE, ids[at : at + 500])
    return search


def first_look(link: Link, redis: Any, gids: Sequence[str] = GIDS, *, old_index: bool = False) -> JobCheck:
    """The check itself, to its end."""
    search = scan(link, redis)
    check = JobCheck(link, QUEUE, gids, search.suspects(QUEUE), old_index=old_index)
    while not check.step():
        pass
    return check


def second_look(link: Link, findings: Iterable[Finding], gids: Sequence[str] = GIDS) -> list[Finding]:
    """What the second look still finds."""
    look = JobLook(link, QUEUE, gids, findings)
    while not look.step():
        pass
    return look.found


def find(link: Link, redis: Any, gids: Sequence[str] = GIDS, *, old_index: bool = False) -> dict[str, Finding]:
    """All findings by job id, after both looks."""
    first = first_look(link, redis, gids, old_index=old_index)
    assert not first.fault
    return {one.subject: one for one in second_look(link, first.found, gids)}


def kinds(found: dict[str, Finding]) -> dict[str, str]:
    """Job id -> kind."""
    return {subject: one.kind for subject, one in found.items()}


def repair(
    link: Link, findings: Iterable[Finding], *, kind: str = "", choice: str = "", now_ms: int, size: int = 100
) -> dict[str, str]:
    """Repairs findings of one kind; the answer to each."""
    left = list(findings)
    kind = kind or (left[0].kind if left else "")
    told: dict[str, str] = {}
    while left:
        part, left = left[:2_000], left[2_000:]
        work = JobRepair(link, QUEUE, kind, choice)
        work.take(part)
        while not work.step():
            pass
        names = [encode_id(one.subject) for one in part]
        while args := work.args(size):
            answers, _ = link.run(
                script("operator/repair_jobs"), QueueKeys(QUEUE).anchor, kind, choice, now_ms, "n" * 32, *args
            )
            for answer in answers:
                told[names.pop(0).decode("utf-8", "surrogateescape")] = answer.decode()
    return told
