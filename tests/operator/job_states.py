"""One job in each state, and every way in which one of them can be broken by hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from omniq_core import OmniqClient
from tests.support.factories import complete_jobs, delay_jobs, fail_jobs, lease_jobs, publish_jobs

T = 1_750_000_000_000
HOSTILE = {
    "bytes": "\udcff\udc80x",
    "ERR": "ERR",
    "spaces": " a b ",
    "glob and braces": "*?[}{q}:job:",
    "looks like a group's list": "g:x:wait",
    "ends like one": "a:wait",
    "newline": "a\nb",
    "5 KB": "x" * 5_000,
    "a number": "-1",
}
LISTS = ("wait", "g:A:wait", "g:B:wait", "failed", "completed")


def make_one_of_each(client: OmniqClient) -> OmniqClient:
    """w1 w2 wait, a1 a2 in group A, b1 in B, r1 (of A, two may run) runs, d1 is delayed, f1 f2 failed, c1 completed."""
    complete_jobs(client, "q", ["c1"], now_ms=T)
    fail_jobs(client, "q", ["f1", "f2"], now_ms=T + 10)
    lease_jobs(client, "q", ["r1"], now_ms=T + 20, gid="A", group_limit=2, timeout_ms=600_000)
    publish_jobs(client, "q", ["w1", "w2"], now_ms=T + 30)
    publish_jobs(client, "q", ["a1", "a2"], now_ms=T + 40, gid="A")
    publish_jobs(client, "q", ["b1"], now_ms=T + 50, gid="B")
    delay_jobs(client, "q", ["d1"], now_ms=T + 60, due_ms=T + 900_000)
    return client


@dataclass(frozen=True)
class Broken:
    """How it is broken, what the check calls it, and where the job stands after the repair ("" nowhere: no record)."""

    spoil: Callable[[Any], Any]
    job: str
    kind: str
    after: str


class Spoiler:
    """Writes by hand: a step a line."""

    def __init__(self, redis: Any) -> None:
        self.redis = redis

    def into(self, name: str, job: str) -> Spoiler:
        """At the tail of a list or into a sorted set; counted, as a publish of the reference does."""
        if name in ("active", "delayed") or name.startswith("idx:"):
            self.redis.zadd("{q}:" + name, {job: T + 700_000})
        else:
            self.redis.rpush("{q}:" + name, job)
        self._count(name, 1)
        return self

    def out_of(self, name: str, job: str) -> Spoiler:
        """Out of a list or a sorted set."""
        if name in ("active", "delayed") or name.startswith("idx:"):
            self.redis.zrem("{q}:" + name, job)
        else:
            self.redis.lrem("{q}:" + name, 0, job)
        self._count(name, -1)
        return self

    def says(self, job: str, **fields: str) -> Spoiler:
        """Fields of a record; "" takes one away."""
        for field, text in fields.items():
            if text:
                self.redis.hset("{q}:job:" + job, field, text)
            else:
                self.redis.hdel("{q}:job:" + job, field)
        return self

    def lost(self, job: str) -> Spoiler:
        """Its record is gone."""
        self.redis.delete("{q}:job:" + job)
        return self

    def _count(self, name: str, by: int) -> None:
        if name.startswith("idx:"):
            return
        lane = (
            "group_waiting"
            if name.startswith("g:")
            else {"wait": "waiting", "completed": "completed_kept"}.get(name, name)
        )
        self.redis.hincrby("{q}:stats", lane, by)
        if name == "wait" or name.startswith("g:"):
            self.redis.hincrby("{q}:stats", "waiting_total", by)


def _of(job: str, kind: str, after: str, spoil: Callable[[Spoiler], Any]) -> Broken:
    return Broken(lambda redis: spoil(Spoiler(redis)), job, kind, after)


BROKEN: dict[str, Broken] = {
    "waiting, no idx": _of("w1", "idx", "wait", lambda s: s.out_of("idx:wait", "w1")),
    "grouped, no idx": _of("a2", "idx", "g:A:wait", lambda s: s.out_of("idx:wait", "a2")),
    "active, no idx": _of("r1", "idx", "active", lambda s: s.out_of("idx:active", "r1")),
    "delayed, no idx": _of("d1", "idx", "delayed", lambda s: s.out_of("idx:delayed", "d1")),
    "failed, two idx": _of("f1", "idx", "failed", lambda s: s.into("idx:wait", "f1")),
    "completed, wrong idx": _of(
        "c1", "idx", "completed", lambda s: s.out_of("idx:completed", "c1").into("idx:active", "c1")
    ),
    "idx without a job": _of("gone", "idx", "", lambda s: s.into("idx:failed", "gone")),
    "idx:active without a job": _of("gone", "idx", "", lambda s: s.into("idx:active", "gone")),
    "record gone, waiting": _of("w1", "ghosts", "", lambda s: s.lost("w1")),
    "record gone, grouped": _of("b1", "ghosts", "", lambda s: s.lost("b1")),
    "record gone, failed": _of("f2", "ghosts", "", lambda s: s.lost("f2")),
    "record gone, completed": _of("c1", "ghosts", "", lambda s: s.lost("c1")),
    "record gone, in two lanes": _of("w1", "ghosts", "", lambda s: s.lost("w1").into("failed", "w1")),
    "record without id": _of("d1", "ghosts", "", lambda s: s.says("d1", id="")),
    "in wait and failed": _of("w1", "two_lanes", "wait", lambda s: s.into("failed", "w1").into("idx:failed", "w1")),
    "in failed and wait": _of("f1", "two_lanes", "failed", lambda s: s.into("wait", "f1")),
    "in active and delayed": _of("r1", "two_lanes", "active", lambda s: s.into("delayed", "r1")),
    "in active and wait": _of("r1", "two_lanes", "active", lambda s: s.into("g:A:wait", "r1")),
    "in active and wait, says wait": _of(
        "r1", "two_lanes", "g:A:wait", lambda s: s.into("g:A:wait", "r1").says("r1", state="wait")
    ),
    "none says so: active": _of(
        "w1", "two_lanes", "active", lambda s: s.into("active", "w1").says("w1", state="failed")
    ),
    "none says so: wait": _of(
        "w1", "two_lanes", "wait", lambda s: s.into("delayed", "w1").into("failed", "w1").says("w1", state="")
    ),
    "none says so: delayed": _of(
        "d1", "two_lanes", "delayed", lambda s: s.into("failed", "d1").into("completed", "d1").says("d1", state="odd")
    ),
    "none says so: failed": _of(
        "f1", "two_lanes", "failed", lambda s: s.into("completed", "f1").says("f1", state="wait")
    ),
    "twice in wait": _of("w1", "two_lanes", "wait", lambda s: s.into("wait", "w1")),
    "three times in failed": _of("f2", "two_lanes", "failed", lambda s: s.into("failed", "f2").into("failed", "f2")),
    "twice in completed": _of("c1", "two_lanes", "completed", lambda s: s.into("completed", "c1")),
    "twice in a group": _of("a1", "two_lanes", "g:A:wait", lambda s: s.into("g:A:wait", "a1")),
    "in wait and in its group": _of("a1", "two_lanes", "g:A:wait", lambda s: s.into("wait", "a1")),
    "in two groups": _of("b1", "two_lanes", "g:B:wait", lambda s: s.into("g:A:wait", "b1")),
    "in two groups, says a third": _of(
        "b1", "two_lanes", "g:A:wait", lambda s: s.into("g:A:wait", "b1").into("failed", "b1").says("b1", gid="C")
    ),
    "in no lane: wait": _of("w1", "orphans", "wait", lambda s: s.out_of("wait", "w1").out_of("idx:wait", "w1")),
    "in no lane: grouped": _of(
        "b1", "orphans", "g:B:wait", lambda s: s.out_of("g:B:wait", "b1").out_of("idx:wait", "b1")
    ),
    "in no lane: active": _of("r1", "orphans", "failed", lambda s: s.out_of("active", "r1").out_of("idx:active", "r1")),
    "in no lane: delayed": _of(
        "d1", "orphans", "delayed", lambda s: s.out_of("delayed", "d1").out_of("idx:delayed", "d1")
    ),
    "in no lane: failed": _of("f1", "orphans", "failed", lambda s: s.out_of("failed", "f1").out_of("idx:failed", "f1")),
    "in no lane: completed": _of(
        "c1", "orphans", "completed", lambda s: s.out_of("completed", "c1").out_of("idx:completed", "c1")
    ),
    "in its idx only": _of("w2", "orphans", "wait", lambda s: s.out_of("wait", "w2")),
    "in idx:active only": _of("r1", "orphans", "failed", lambda s: s.out_of("active", "r1")),
    "in another idx only": _of(
        "f1", "orphans", "failed", lambda s: s.out_of("failed", "f1").out_of("idx:failed", "f1").into("idx:wait", "f1")
    ),
    "another state": _of("w1", "states", "wait", lambda s: s.says("w1", state="failed")),
    "says active": _of("f1", "states", "failed", lambda s: s.says("f1", state="active", lease_token="t")),
    "says wait, is active": _of("r1", "states", "active", lambda s: s.says("r1", state="wait", lease_token="")),
    "no state": _of("c1", "states", "completed", lambda s: s.says("c1", state="")),
    "another group": _of("a1", "states", "g:A:wait", lambda s: s.says("a1", gid="B")),
    "of a group, ungrouped": _of("w1", "states", "wait", lambda s: s.says("w1", gid="A")),
    "of none, grouped": _of("a1", "states", "g:A:wait", lambda s: s.says("a1", gid="")),
    "another state and no idx": _of(
        "d1", "states", "delayed", lambda s: s.out_of("idx:delayed", "d1").says("d1", state="wait")
    ),
}


def stands_in(redis: Any, job: str) -> str:
    """The places of a job, each of its lists, and "" when it has neither a place nor a record."""
    name = job.encode()
    found = [lane for lane in LISTS for held in redis.lrange("{q}:" + lane, 0, -1) if held == name]
    found += [lane for lane in ("active", "delayed") if redis.zscore("{q}:" + lane, name) is not None]
    return " ".join(found) if found or not redis.exists("{q}:job:" + job) else "a record in no lane"
