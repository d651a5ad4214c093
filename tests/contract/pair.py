"""Our client and the reference in lockstep: each step on both, then answers and every key compared."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.support.clock import Clock
from tests.support.snapshot import Snapshot, comparable, snapshot

OURS, THEIRS = "ours", "theirs"
UNTIMED = ("pause", "resume", "is_paused", "remove_job", "remove_jobs_batch", "childs_init", "child_ack")
_REMOVALS = ("remove_job", "remove_jobs_batch")


def outcome(call: Callable[..., Any], **arguments: Any) -> Any:
    """The answer of a call as plain values; an exception is its kind and, for refusals of the protocol, its text."""
    try:
        answer = call(**arguments)
    except RuntimeError as refused:
        return ("RuntimeError", str(refused))
    except TypeError:
        return ("TypeError",)
    except ValueError:
        return ("ValueError",)
    return _plain(answer)


def _plain(answer: Any) -> Any:
    if isinstance(answer, list):
        return [(item.job_id, item.status, item.reason) for item in answer]
    if hasattr(answer, "status"):
        if answer.status == "PAUSED":
            return "PAUSED"
        names = ("status", "job_id", "payload", "lock_until_ms", "attempt", "max_attempts", "gid")
        return tuple(getattr(answer, name) for name in names)
    if isinstance(answer, str):
        return str(answer)
    return tuple(answer) if isinstance(answer, tuple) else answer


@dataclass
class Pair:
    """Two clients, two queues of one Redis, one clock. `do` and its short forms return what both answered."""

    client: Any
    reference: Any
    redis: Any
    clock: Clock
    tokens: dict[str, tuple[str, str]] = field(default_factory=dict)

    def do(self, name: str, **arguments: Any) -> Any:
        """One operation on both sides; AssertionError when answers or keys differ."""
        own = self._timed(name, arguments)
        if name in _REMOVALS:
            own["now_ms_override"] = self.clock.now_ms  # the reference takes no clock here
        mine = outcome(getattr(self.client, name), queue=OURS, **own)
        theirs = outcome(getattr(self.reference, name), queue=THEIRS, **self._timed(name, arguments))
        self._judge(name, arguments, mine, theirs)
        return mine

    def publish(self, job_id: str | None, **options: Any) -> Any:
        return self.do("publish", **{"job_id": job_id, "payload": {"n": 1}, **options})

    def reserve(self) -> Any:
        """Reserves on both and keeps both lease tokens."""
        own = self.client.reserve(queue=OURS, now_ms_override=self.clock.now_ms)
        theirs = self.reference.reserve(queue=THEIRS, now_ms_override=self.clock.now_ms)
        self._judge("reserve", {}, _plain(own), _plain(theirs))
        if own is not None and own.status == "JOB":
            self.tokens[own.job_id] = (own.lease_token, theirs.lease_token)
        return _plain(own)

    def leased(self, name: str, job_id: str, *, token: str | None = None, **options: Any) -> Any:
        """heartbeat, ack_success or ack_fail with the token each side was given, or with `token`."""
        mine, theirs = (token, token) if token is not None else self.tokens[job_id]
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

    def stored(self) -> Snapshot:
        """Every key of our queue, as it was compared."""
        return comparable(snapshot(self.redis, OURS, own=False))

    def compare_keys(self, where: str = "") -> None:
        ours, theirs = self.stored(), comparable(snapshot(self.redis, THEIRS, own=False))
        differing = {name for name in ours.keys() | theirs.keys() if ours.get(name) != theirs.get(name)}
        lines = [f"{name!r}\n    ours   {ours.get(name)}\n    theirs {theirs.get(name)}" for name in sorted(differing)]
        assert not differing, f"keys differ {where}:\n  " + "\n  ".join(lines)

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
