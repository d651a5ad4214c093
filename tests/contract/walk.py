"""A random walk through the operations: which step comes next, drawn from a seed; `met` counts the replies by kind."""

from __future__ import annotations

import os
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from omniq_core import Keep
from tests.contract.pair import COUNTERS
from tests.contract.replies import kinds
from tests.support.clock import Clock

SEEDS = int(os.environ.get("OMNIQ_SEEDS", "40"))
"""How many walks there are of each sort; `make test-long` asks for more."""
STEPS = 300
GROUPS = ("A", "b c", "a:wait", "🔥")
LANES = ("wait", "gwait", "delayed", "failed", "completed")


class Side(Protocol):
    """What a walk needs of those it drives. `alone` says whether it publishes ids that exist, which ours does alone."""

    clock: Clock
    redis: Any
    queue: str
    tokens: dict[str, Any]
    alone: bool

    def do(self, name: str, **arguments: Any) -> Any: ...
    def reserve(self) -> Any: ...
    def ack_and_reserve(self, job_id: str) -> Any: ...
    def leased(self, name: str, job_id: str, *, token: Any = None, **options: Any) -> Any: ...
    def look(self, name: str, *arguments: Any, **options: Any) -> Any: ...


@dataclass
class Walk:
    """Drives a side through random steps."""

    side: Side
    seed: int
    ids: list[str] = field(default_factory=list)
    lost: list[tuple[str, Any]] = field(default_factory=list)
    met: Counter[tuple[str, str]] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)
        often = [self._publish] * 8 + [self._reserve] * 12 + [self._end_lease] * 10 + [self._promote, self._run_now] * 3
        once = [self._ack_and_reserve, self._beat, self._wrong_token, self._lost_token, self._reap, self._retry]
        once += [self._ack_and_reserve, self._lost_token]
        rarely = [self._retry_batch, self._remove, self._remove_batch, self._pause, self._publish_many, self._count]
        self.choices: list[Callable[[], None]] = [*often, *once * 2, *rarely * 2, self._whole_lane, self._count]
        self.choices += [self._trash] * 2 if self.side.alone else [self._look] * 3

    def run(self, steps: int = STEPS) -> None:
        """So many random operations. Every fifth walk begins with a completed lane that is nearly full."""
        try:
            if self.seed % 5 == 0:
                self._fill_completed()
            for _ in range(steps):
                self.random.choice(self.choices)()
                self.side.clock.advance(self.random.choice((0, 1, 7, 60)))
            if self.side.redis.llen(f"{{{self.side.queue}}}:completed") == 100:
                self.met["completed", "full"] += 1
        except AssertionError as found:
            found.add_note(f"walk of seed {self.seed}")
            raise

    def do(self, name: str, **arguments: Any) -> Any:
        """One operation of the side, its reply counted."""
        return self._count_reply(name, self.side.do(name, **arguments))

    def _count_reply(self, name: str, answer: Any) -> Any:
        self.met.update((name, kind) for kind in kinds(name, answer))
        return answer

    def _fill_completed(self) -> None:
        for n in range(96):
            self.side.do("publish", job_id=f"early{n}", payload={"n": n})
            job = self.side.reserve()
            self.side.leased("ack_success", job[1])
            self.ids.append(f"early{n}")
            del self.side.tokens[job[1]]

    def _job(self) -> dict[str, Any]:
        gid = self.random.choice((None, None, " ", *GROUPS, " A "))
        delay = self.random.choice((-5, 0, 0, 0, 1, 80))
        if self.side.alone and self.ids and self.random.random() < 0.1:
            job_id = self._some_id() or "again"
        else:
            job_id = self.random.choice(("j", "user/", "a:b ", "🔥", "x\n")) + str(len(self.ids))
        self.ids.append(job_id)
        return {
            "job_id": job_id,
            "payload": self.random.choice(({"n": len(self.ids)}, [], ["é", None, {"deep": [1.5]}])),
            "gid": gid,
            # What a delayed publish with a later limit does is deviation 9.
            "group_limit": 0 if delay > 0 else self.random.choice((-1, 0, 0, 1, 2, 3)),
            "max_attempts": self.random.choice((0, 1, 2, 3)),
            "timeout_ms": self.random.choice((0, 40, 200)),
            "backoff_ms": self.random.choice((0, 30, 100)),
            "due_ms": self.side.clock.now_ms + delay,
        }

    def _publish(self) -> None:
        self.do(self.random.choice(("publish", "publish", "publish_json")), **self._job())

    def _publish_many(self) -> None:
        self.do("publish_many", jobs=[self._job() for _ in range(self.random.randrange(4))])

    def _reserve(self) -> None:
        held = dict(self.side.tokens)
        job = self._count_reply("reserve", self.side.reserve())
        self._note_lost(held, job)
        if job == "PAUSED":
            self.do(self.random.choice(("resume", "is_paused")))  # else most of a walk would stand still

    def _note_lost(self, held: dict[str, Any], job: Any) -> None:
        """A lease that was reaped leaves its token behind when the job is leased again."""
        if isinstance(job, tuple) and job[0] == "JOB" and job[1] in held:
            self.lost.append((job[1], held[job[1]]))

    def _refused(self, answer: Any) -> bool:
        return isinstance(answer, tuple) and answer[0] == "RuntimeError"

    def _held(self) -> str | None:
        return self.random.choice(sorted(self.side.tokens)) if self.side.tokens else None

    def _beat(self) -> None:
        if job_id := self._held():
            answer = self._count_reply("heartbeat", self.side.leased("heartbeat", job_id))
            if self._refused(answer):
                self.lost.append((job_id, self.side.tokens.pop(job_id)))

    def _end_lease(self) -> None:
        if job_id := self._held():
            if self.random.random() < 0.5:
                answer = self._count_reply("ack_success", self.side.leased("ack_success", job_id))
            else:
                error = self.random.choice((None, " ", "E: x", "é" * 3000))
                answer = self._count_reply("ack_fail", self.side.leased("ack_fail", job_id, error=error))
            token = self.side.tokens.pop(job_id)
            # The same ack again is answered by ours and refused by the reference.
            if self._refused(answer):
                self.lost.append((job_id, token))

    def _ack_and_reserve(self) -> None:
        if job_id := self._held():
            held = dict(self.side.tokens)
            self._note_lost(held, self._count_reply("ack_and_reserve", self.side.ack_and_reserve(job_id)))
            if self.side.tokens.get(job_id) == held[job_id]:
                del self.side.tokens[job_id]

    def _wrong_token(self) -> None:
        name, token = self._lease_operation(), self.random.choice(("", "wrong"))
        self._count_reply(name, self.side.leased(name, self._some_id(), token=token))

    def _lost_token(self) -> None:
        if self.lost:
            job_id, token = self.random.choice(self.lost)
            name = self._lease_operation()
            self._count_reply(name + ", lost", self.side.leased(name, job_id, token=token))

    def _lease_operation(self) -> str:
        return self.random.choice(("heartbeat", "ack_success", "ack_fail"))

    def _promote(self) -> None:
        self.do("promote_delayed", max_promote=self.random.choice((1000, 1000, -1, 0, 1, 2)))

    def _reap(self) -> None:
        self.do("reap_expired", max_reap=self.random.choice((1000, 1000, -1, 0, 1, 2)))

    def _run_now(self) -> None:
        """Beside the reference the job whose turn it is, which a promotion of one moves as well; alone any job."""
        due = self.side.redis.zrange(f"{{{self.side.queue}}}:delayed", "-inf", self.side.clock.now_ms, byscore=True)
        if self.side.alone:
            self.do("run_now", job_id=self._some_id())
            self.do("run_now_batch", job_ids=self._some_ids())
        elif due:
            self.do("run_now", job_id=due[0].decode())

    def _trash(self) -> None:
        """Some jobs go, and come back when others may have their ids."""
        lane, ids = self.random.choice(LANES), self._some_ids()
        self.do("remove_jobs_batch", lane=lane, job_ids=ids, keep=Keep("b"))
        if ids and self.random.random() < 0.3:
            self.do("publish", **{**self._job(), "job_id": ids[0] or "again"})
        if self.random.random() < 0.5:
            self.do("restore", batch="b")

    def _pause(self) -> None:
        self.do(self.random.choice(("pause", "resume", "resume", "is_paused")))

    def _some_id(self) -> str:
        return self.random.choice([*self.ids[-25:], "nope", ""])

    def _some_ids(self) -> list[str]:
        return [self._some_id() for _ in range(self.random.randrange(8))]

    def _some_lane(self) -> str:
        return self.random.choice((*LANES, "wait", "gwait", "active", "bogus"))

    def _some_of(self, lane: str) -> list[str]:
        """Ids of which some are in that lane, so that not everything is refused."""
        index = f"{{{self.side.queue}}}:idx:{'wait' if lane == 'gwait' else lane}"
        there = [job_id.decode() for job_id in self.side.redis.zrange(index, 0, 9)]
        return [self.random.choice(there) if there and self.random.random() < 0.5 else one for one in self._some_ids()]

    def _retry(self) -> None:
        for job_id in self._some_of("failed")[:2]:
            self.do("retry_failed", job_id=job_id)

    def _retry_batch(self) -> None:
        self.do("retry_failed_batch", job_ids=self._some_of("failed"))

    def _remove(self) -> None:
        lane = self._some_lane()
        for job_id in self._some_of(lane)[:2]:
            self.do("remove_job", job_id=job_id, lane=lane)

    def _remove_batch(self) -> None:
        lane = self._some_lane()
        self.do("remove_jobs_batch", job_ids=self._some_of(lane), lane=lane)

    def _whole_lane(self) -> None:
        if self.random.random() < 0.7:
            self.do("retry_all")
        else:
            self.do("remove_all", lane=self.random.choice(LANES))

    def _count(self) -> None:
        key = self.random.choice(COUNTERS)
        if self.random.random() < 0.3:
            self.do("childs_init", key=key, expected=self.random.choice((0, 2, 3)))
        else:
            for _ in range(2):
                self.do("child_ack", key=key, child_id=self.random.choice(("1", "2", " 2 ", "3")))

    def _look(self) -> None:
        lane, group = self.random.choice((*LANES, "active")), self.random.choice(GROUPS)
        name, arguments = self.random.choice(
            (
                ("stats", []),
                ("groups_ready", []),
                ("groups_ready_with_scores", []),
                ("group_status", [[group, "nobody"]]),
                ("lane_page", [lane]),
                ("get_job", [self._some_id()]),
                ("find_jobs", [lane, self._some_ids()]),
                ("overview", []),
            )
        )
        found = self.side.look(name, *arguments)
        self.met[name, "something" if found else "nothing"] += 1
