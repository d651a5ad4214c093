"""payments-webhooks, the queue whose lanes are shown."""

from __future__ import annotations

import json
from typing import Any

from omniq_core import OmniqClient
from screenshots.data import DETAIL_ERROR, DETAIL_ID, DETAIL_PAYLOAD, MAIN, MINUTE, NOW, SECOND
from screenshots.errors import DEADLINE, DEADLINES, earlier
from screenshots.texts import Texts

LATELY_FAILED, DELAYED, BACKING_OFF, COMPLETED, ACTIVE = 4_612, 902, 611, 100, 64
UNGROUPED, GROUPED = 1_204, 136
DETAIL_PLACE = 260
DRAWN = 60
"""So many rows of a long lane get all their attempts; the rest is never looked at."""

_BUSY = "1Nf83K 9Qe20b 4Lm7Zt 7Rw55c 2Bd6Jm 4Zk7Vh 8Hq2Lc 3Vt9Xa 6Jm1Ue 5Pz4Gd 1Wy7Nb 2Kr8Sf"
BUSY_ACCOUNTS = tuple(f"acct_{name}" for name in _BUSY.split())
READY_ACCOUNTS = tuple(f"acct_{name}" for name in ("9Ax3Tj", "4Cf6Ho", "7Ds1Ip", "3Eg5Kw", "8Lv2Mz", "6Ru4Bq"))
SLOTS = 5
"""How many jobs of the first account may run at once; the others are limited to 1."""

CONSUMERS = (
    ("hooks-1", 1931, 8, 600),
    ("hooks-1", 1932, 8, 2_000),
    ("hooks-2", 1904, 8, 1_000),
    ("hooks-2", 1905, 8, 3_000),
    ("hooks-3", 2107, 8, 400),
    ("hooks-3", 2108, 8, 2_000),
    ("hooks-5", 1877, 8, 1_000),
    ("hooks-5", 1878, 7, 2_000),
    ("hooks-4", 2218, 1, 72_000),
)
"""Host, process, how many of its 8 slots run a job, and how many ms ago it beat."""

# when the attempts of a job began and ended, in ms after it was published: it fails, backs off 5 s, fails again
FIRST_START, FIRST_END, SECOND_START, SECOND_END, THIRD_START = 707, 10_952, 16_045, 26_805, 31_898
DUES = (800, 1_400, 2_000, 3_000, 3_400, 4_000, 5_000, 6_000, 7_000, 9_000, 11_000, 14_000, 18_000, 23_000, 27_000)
LATER_DUES = (34_000, 41_000, 48_000, 57_000, 65_000, 75_000, 90_000, 120_000, 240_000, 360_000)
FIRST_WAITS = (41, 39, 37, 35, 33, 31, 29, 27, 25, 24, 22, 20, 18, 17, 15, 13, 11)
FIRST_WAITING = (0, 0, 1, 0, 2, 0, 1, 0, 0, 2, 3, 0, 1, 0, 2, 3, 0)


def fill_main(client: OmniqClient, texts: Texts) -> None:
    """Every lane, in an order in which no reserve can take a job that is meant to stay."""
    queue = _Worker(client, texts)
    for ago, error in earlier():
        queue.fail_at_once(NOW - ago, error)
    for place in reversed(range(LATELY_FAILED)):
        queue.fail(place)
    for nth in range(DELAYED):
        queue.delay(nth)
    queue.lease_all()
    for nth in reversed(range(COMPLETED)):
        queue.complete(ended=NOW - 200 - nth * 11 // 2)
    queue.publish_waiting()
    announce(client)


def announce(client: OmniqClient) -> None:
    """The consumers as they are drawn; their records never end, for one of them was lost a minute ago."""
    redis: Any = client.ops.r
    for host, pid, running, ago in CONSUMERS:
        told = {"v": 1, "host": host, "pid": pid, "concurrency": 8, "running": running, "started_ms": 1}
        redis.zadd(f"{{{MAIN}}}:x:consumers", {f"{host}-{pid}": NOW - ago})
        redis.set(f"{{{MAIN}}}:x:consumer:{host}-{pid}", json.dumps({**told, "beat_ms": NOW - ago}))


def _ended_late(place: int) -> bool:
    """Evenly among the failures below the rows that are drawn."""
    below, of = place - DRAWN, LATELY_FAILED - DRAWN
    return below >= 0 and (below + 1) * DEADLINES // of > below * DEADLINES // of


class _Worker:
    """One worker and one publisher, whose clock is what they are told."""

    def __init__(self, client: OmniqClient, texts: Texts) -> None:
        self.client, self.texts = client, texts

    def publish(self, at: int, job_id: str = "", payload: Any = None, **options: Any) -> str:
        name = job_id or self.texts.job_id(at)
        body = payload or self.texts.payload()
        self.client.publish(queue=MAIN, payload=body, job_id=name, now_ms_override=at, **options)
        return name

    def start(self, at: int) -> Any:
        return self.client.reserve(queue=MAIN, now_ms_override=at)

    def end_badly(self, job: Any, at: int, error: str) -> None:
        self.client.ack_fail(
            queue=MAIN, job_id=job.job_id, lease_token=job.lease_token, error=error, now_ms_override=at
        )

    def again(self, at: int) -> Any:
        """The next attempt of the one job whose backoff is over."""
        self.client.promote_delayed(queue=MAIN, now_ms_override=at - 50)
        return self.start(at)

    def fail(self, place: int) -> None:
        """The failure that stands at this place of the lane, 0 on top."""
        detail = place == DETAIL_PLACE
        ended = NOW - 123_609 if detail else NOW - 8_200 - place * 115_409 // DETAIL_PLACE
        short = self.texts.chance(0.15)
        ran = 10_289 if detail else self.texts.between(600, 3_900) if short else self.texts.between(10_100, 10_800)
        gid = "acct_1Nf83K" if detail else self.texts.one_of(BUSY_ACCOUNTS) if self.texts.chance(0.4) else None
        options: dict[str, Any] = {"gid": gid, "group_limit": SLOTS if gid == BUSY_ACCOUNTS[0] else 1}
        error = DETAIL_ERROR if detail else DEADLINE if _ended_late(place) else self.texts.error()
        if place >= DRAWN and not detail:
            self.fail_at_once(ended, error, ran, **options)
            return
        begun = ended - ran - THIRD_START
        named: dict[str, Any] = {"job_id": DETAIL_ID, "payload": DETAIL_PAYLOAD} if detail else {}
        self.publish(begun, **named, **options)
        self.end_badly(self.start(begun + FIRST_START), begun + FIRST_END, error)
        self.end_badly(self.again(begun + SECOND_START), begun + SECOND_END, error)
        self.end_badly(self.again(begun + THIRD_START), ended, error)

    def fail_at_once(self, ended: int, error: str | None, ran: int = 30_000, **options: Any) -> None:
        """The only attempt of a job; without an error nobody ended it, and its lease ran out."""
        self.publish(ended - ran - 700, max_attempts=1, timeout_ms=30_000, **options)
        job = self.start(ended - ran)
        if error is None:
            self.client.reap_expired(queue=MAIN, now_ms_override=ended)
        else:
            self.end_badly(job, ended, error)

    def delay(self, nth: int) -> None:
        """Two of three wait out a backoff after an error, the others were published for later."""
        dues = DUES + LATER_DUES
        due = NOW + (dues[nth] if nth < len(dues) else 7 * MINUTE + (nth - len(dues)) * 4 * SECOND)
        gid = self.texts.one_of(BUSY_ACCOUNTS[:2]) if self.texts.chance(0.6) else None
        failed = (nth + 1) * BACKING_OFF // DELAYED > nth * BACKING_OFF // DELAYED
        if not failed:
            self.publish(NOW - self.texts.between(60, 300) * SECOND, due_ms=due, gid=gid)
            return
        began = NOW - self.texts.between(30, 300) * SECOND
        self.publish(began - 900, gid=gid, backoff_ms=due - began - 10_300)
        self.end_badly(self.start(began), began + 10_300, self.texts.timeout())

    def complete(self, ended: int) -> None:
        began = ended - self.texts.between(100, 850)
        gid = self.texts.one_of(READY_ACCOUNTS) if self.texts.chance(0.35) else None
        self.publish(began - self.texts.between(20, 400), gid=gid)
        job = self.start(began)
        self.client.ack_success(queue=MAIN, job_id=job.job_id, lease_token=job.lease_token, now_ms_override=ended)

    def lease_all(self) -> None:
        """64 running jobs: one past its lease, one that beats, and every busy account at its limit."""
        grouped = [BUSY_ACCOUNTS[2], *[BUSY_ACCOUNTS[0]] * SLOTS, *BUSY_ACCOUNTS[1:2], *BUSY_ACCOUNTS[3:]]
        begun = [61_000, 50_600, *(10_500 - nth * 160 for nth in range(ACTIVE - 2))]
        places = {nth if nth < 2 else 3 * nth - 3: gid for nth, gid in enumerate(grouped)}
        for nth, ago in enumerate(begun):
            gid = places.get(nth)
            again = nth in (0, 8, 13, 20)
            at = NOW - ago
            self.publish(at - (18_000 if again else 700), gid=gid)
            job = self.start(at - 17_000 if again else at)
            if again:
                self.end_badly(job, at - 6_700, self.texts.timeout())
                job = self.again(at)
            if nth == 1:
                beat = {"job_id": job.job_id, "lease_token": job.lease_token}
                self.client.heartbeat(queue=MAIN, now_ms_override=NOW - 20_600, **beat)

    def publish_waiting(self) -> None:
        """First those of accounts at their limit, then a mix of the last seconds."""
        for ago, account in zip(FIRST_WAITS, FIRST_WAITING, strict=True):
            self.publish(NOW - ago * SECOND, gid=BUSY_ACCOUNTS[account])
        accounts = BUSY_ACCOUNTS + READY_ACCOUNTS
        grouped = GROUPED - len(FIRST_WAITS)
        total = UNGROUPED + grouped
        for nth in range(total):
            gid = accounts[nth // 10 % len(accounts)] if nth % 11 == 10 and nth // 11 < grouped else None
            self.publish(NOW - 6_600 + nth * 6_500 // (total - 1), gid=gid)
