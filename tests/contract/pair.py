"""Our client and the reference in lockstep: each step on both, then answers and every key compared."""

from __future__ import annotations

import dataclasses
import functools
import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from omniq_core import QueueMonitor
from tests.contract.counterparts import COUNTERPARTS
from tests.support.clock import Clock
from tests.support.one_trip import differing_keys
from tests.support.snapshot import Snapshot, comparable, snapshot

OURS, THEIRS = "ours", "theirs"
COUNTERS = ("a", "b")
UNTIMED = ("pause", "resume", "is_paused", "remove_job", "remove_jobs_batch", "childs_init", "child_ack")
_REMOVALS = ("remove_job", "remove_jobs_batch", "remove_all")
_PREFIXES = [
    f"{{{name}}}:"
    for mine in (OURS, *(f"cc:{OURS}-{key}" for key in COUNTERS))
    for name in (mine, mine.replace(OURS, THEIRS))
]


def outcome(call: Callable[..., Any], **arguments: Any) -> Any:
    """The answer of a call as plain values; an exception is its kind and, for refusals of the protocol, its text."""
    try:
        answer = call(**arguments)
        if isinstance(answer, Iterator):
            answer = list(itertools.chain.from_iterable(answer))  # batches of results
    except RuntimeError as refused:
        return ("RuntimeError", str(refused))
    except TypeError:
        return ("TypeError",)
    except ValueError:
        return ("ValueError",)
    return plain(answer)


def plain(answer: Any) -> Any:
    """An answer as values that compare: a lease without its token, batch results as tuples, ids as str."""
    if isinstance(answer, list):
        return [(item.job_id, item.status, item.reason) if hasattr(item, "reason") else str(item) for item in answer]
    if hasattr(answer, "status"):
        if answer.status == "PAUSED":
            return "PAUSED"
        names = ("status", "job_id", "payload", "lock_until_ms", "attempt", "max_attempts", "gid")
        return tuple(getattr(answer, name) for name in names)
    if isinstance(answer, str):
        return str(answer)
    return tuple(answer) if isinstance(answer, tuple) else answer


def monitored(answer: Any) -> Any:
    """What a monitor tells, as values that compare: without the queue's name and the text of a token."""
    if isinstance(answer, list):
        return [monitored(item) for item in answer]
    if dataclasses.is_dataclass(answer):
        told = {item.name: monitored(getattr(answer, item.name)) for item in dataclasses.fields(answer)}
        return {**told, "queue": "", "lease_token": bool(told.get("lease_token"))}
    return answer


@dataclass
class Pair:
    """Two clients, two queues of one Redis, one clock. `do` and its short forms return what both answered.

    `tokens` has both sides' tokens of each job's last lease.
    """

    client: Any
    reference: Any
    redis: Any
    clock: Clock
    tokens: dict[str, tuple[str, str]] = field(default_factory=dict)
    queue: str = OURS
    alone: bool = False

    def do(self, name: str, **arguments: Any) -> Any:
        """One operation on both sides (or its counterpart); AssertionError when answers or keys differ."""
        own = self._timed(name, arguments)
        if name in _REMOVALS:
            own["now_ms_override"] = self.clock.now_ms  # the reference takes no clock here
        mine = outcome(getattr(self.client, name), **_on(OURS, own))
        other = COUNTERPARTS.get(name)
        call = functools.partial(other, self.reference, self.redis) if other else getattr(self.reference, name)
        theirs = outcome(call, **_on(THEIRS, self._timed(name, arguments)))
        self._judge(name, arguments, mine, theirs)
        return mine

    def publish(self, job_id: str | None, **options: Any) -> Any:
        return self.do("publish", **{"job_id": job_id, "payload": {"n": 1}, **options})

    def reserve(self) -> Any:
        """Reserves on both and keeps both lease tokens."""
        own = self.client.reserve(queue=OURS, now_ms_override=self.clock.now_ms)
        theirs = self.reference.reserve(queue=THEIRS, now_ms_override=self.clock.now_ms)
        self._judge("reserve", {}, plain(own), plain(theirs))
        return self._keep(own, theirs)

    def ack_and_reserve(self, job_id: str) -> Any:
        """Ours in one step, the reference's ack_success and reserve; the refusal of the ack, or what was leased."""
        mine, theirs = (
            {"job_id": job_id, "lease_token": token, "now_ms_override": self.clock.now_ms}
            for token in self.tokens[job_id]
        )
        own = leased = None
        try:
            own = self.client.ack_and_reserve(queue=OURS, **mine)
            answer: Any = plain(own)
        except RuntimeError as refused:
            answer = ("RuntimeError", str(refused))
        other = outcome(self.reference.ack_success, queue=THEIRS, **theirs)
        if other is None:
            leased = self.reference.reserve(queue=THEIRS, now_ms_override=self.clock.now_ms)
            other = plain(leased)
        self._judge("ack_and_reserve", mine, answer, other)
        return self._keep(own, leased) if own else answer

    def leased(self, name: str, job_id: str, *, token: str | tuple[str, str] | None = None, **options: Any) -> Any:
        """heartbeat, ack_success or ack_fail with the token each side was given, or with `token` (of both sides)."""
        held = self.tokens[job_id] if token is None else token
        mine, theirs = (held, held) if isinstance(held, str) else held
        arguments = self._timed(name, {"job_id": job_id, **options})
        answers = (
            outcome(getattr(self.client, name), queue=OURS, lease_token=mine, **arguments),
            outcome(getattr(self.reference, name), queue=THEIRS, lease_token=theirs, **arguments),
        )
        if name == "heartbeat" and isinstance(answers[0], int) and isinstance(answers[1], int):
            self._even_out_lock(job_id, answers[0])  # the one number that differs by intention
            answers = (answers[0], answers[0])
        self._judge(name, arguments, *answers)
        return answers[0]

    def look(self, name: str, *arguments: Any, **options: Any) -> Any:
        """One read of both monitors, each on its own queue."""
        from omniq.monitor import QueueMonitor as ReferenceMonitor

        mine = monitored(getattr(QueueMonitor(self.client), name)(OURS, *arguments, **options))
        theirs = monitored(getattr(ReferenceMonitor(self.reference), name)(THEIRS, *arguments, **options))
        self._judge(name, {"arguments": arguments, **options}, mine, theirs)
        return mine

    def stored(self) -> Snapshot:
        """Every key of our queue, as it was compared."""
        return comparable(snapshot(self.redis, OURS, own=False))

    def compare_keys(self, where: str = "") -> None:
        """Raises AssertionError that shows each key that is not the same on both sides."""
        differing = differing_keys(self.redis, *_PREFIXES)
        if not differing:
            return
        lines: list[str] = []
        for mine, theirs in zip(_PREFIXES[::2], _PREFIXES[1::2], strict=True):
            a, b = (comparable(snapshot(self.redis, prefix[1:-2], own=False)) for prefix in (mine, theirs))
            names = sorted(name for name in a.keys() | b.keys() if a.get(name) != b.get(name))
            lines += [f"{mine}{name!r}\n    ours   {a.get(name)}\n    theirs {b.get(name)}" for name in names]
        raise AssertionError(f"keys {sorted(differing)} differ {where}:\n  " + "\n  ".join(lines))

    def _keep(self, own: Any, theirs: Any) -> Any:
        if own is not None and own.status == "JOB":
            self.tokens[own.job_id] = (own.lease_token, theirs.lease_token)
        return plain(own)

    def _timed(self, name: str, arguments: dict[str, Any]) -> dict[str, Any]:
        return dict(arguments) if name in UNTIMED else {"now_ms_override": self.clock.now_ms, **arguments}

    def _judge(self, name: str, arguments: dict[str, Any], mine: Any, theirs: Any) -> None:
        where = f"after {name}({arguments}) at {self.clock.now_ms}"
        assert mine == theirs, f"answers differ {where}:\n  ours   {mine!r}\n  theirs {theirs!r}"
        if name in _REMOVALS:
            self._even_out_activity()
        self.compare_keys(where)

    def _even_out_activity(self) -> None:
        """A removal's last_activity_ms differs by intention (deviation 5, tested on its own)."""
        for queue in (OURS, THEIRS):
            if self.redis.hexists(f"{{{queue}}}:stats", "last_activity_ms"):
                self.redis.hset(f"{{{queue}}}:stats", "last_activity_ms", self.clock.now_ms)

    def _even_out_lock(self, job_id: str, lock: int) -> None:
        raw = job_id.encode()
        self.redis.hset(b"{theirs}:job:" + raw, "lock_until_ms", lock)
        self.redis.zadd("{theirs}:active", {raw: lock})


def _on(queue: str, arguments: dict[str, Any]) -> dict[str, Any]:
    if "key" in arguments:
        return {**arguments, "key": f"{queue}-{arguments['key']}"}
    return {"queue": queue, **arguments}
