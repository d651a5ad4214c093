"""What the jobs of all queues say of a child counter that stands still: how many name it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from ..keys import decode_id, encode_id, global_key

COUNTER_JOBS = global_key("children:jobs")
"""Hash: completion key to `<live>|<failed>`, and under the empty key the look as a whole. Of counter_jobs.py."""

LOOK = b""
_FIGURES = ("began_ms", "ended_ms", "queues", "live", "ended", "named", "unread", "unindexed")


@dataclass(frozen=True, slots=True)
class CounterLook:
    """A look at all jobs of `queues` queues, from `began_ms` to `ended_ms`.

    `live` jobs were waiting, active or delayed, `ended` failed or completed; `named` of them all name any counter.
    `unread` have a payload of over 16 KB, which is not looked into. In `unindexed` queues, which an old SDK filled, the
    waiting jobs of groups were not looked at.
    """

    began_ms: int
    ended_ms: int
    queues: int
    live: int
    ended: int
    named: int
    unread: int
    unindexed: int

    @property
    def telling(self) -> bool:
        """Does it say anything that no job names a counter? Not where jobs are, of which none names any."""
        return self.named > 0 or self.live == 0


@dataclass(frozen=True, slots=True)
class CounterJobs:
    """How many jobs that wait, run or are delayed name the counter, and how many that failed do."""

    live: int
    failed: int
    look: CounterLook


def look_command(key: str) -> tuple[bytes | str, ...]:
    """The read of what the last look says of one counter."""
    return ("HMGET", COUNTER_JOBS, LOOK, encode_id(key))


def parse_look(reply: object) -> CounterJobs | None:
    """The answer to `look_command`; None when it says nothing of that counter, or cannot be read."""
    if not isinstance(reply, list):
        return None
    raw, figures = cast(list[object], reply)
    look = unpack_look(raw)
    return _jobs(figures, look) if look else None


def parse_looks(reply: object) -> dict[str, CounterJobs]:
    """What the last look says of all counters, by key: the answer to HGETALL."""
    if not isinstance(reply, dict):
        return {}
    known = cast(Mapping[bytes, bytes], reply)
    look = unpack_look(known.get(LOOK))
    if look is None:
        return {}
    found = {decode_id(key): _jobs(figures, look) for key, figures in known.items() if key}
    return {key: jobs for key, jobs in found.items() if jobs}


def pack_look(look: CounterLook) -> bytes:
    """The look as it stands in Redis."""
    return json.dumps({"v": 1, "f": [getattr(look, name) for name in _FIGURES]}, separators=(",", ":")).encode()


def unpack_look(raw: object) -> CounterLook | None:
    """The look that Redis holds; None for one that cannot be read."""
    if not isinstance(raw, bytes) or len(raw) > 512:
        return None
    try:
        read: Any = json.loads(raw)
        figures = read["f"] if read["v"] == 1 else ()
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    if len(figures) != len(_FIGURES) or not all(type(one) is int and one >= 0 for one in figures):
        return None
    return CounterLook(**dict(zip(_FIGURES, figures, strict=True)))


def _jobs(raw: object, look: CounterLook) -> CounterJobs | None:
    live, bar, failed = raw.partition(b"|") if isinstance(raw, bytes) and len(raw) < 40 else (b"", b"", b"")
    return CounterJobs(int(live), int(failed), look) if bar and live.isdigit() and failed.isdigit() else None
