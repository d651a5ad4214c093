"""The repair of jobs: finds where they stand by now, so that one script can put up to 100 of them right."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Any, cast

from ..connection import Arg, Link
from ..keys import encode_id
from .findings import Finding
from .job_look import Places, place_args, place_jobs
from .job_walk import Steps, Work

MOST_TAKEN = 2_000
MOST_REPAIRED = 100


class JobRepair:
    """Prepares the batches of a repair: `take` findings, `step` until it is True, then `args` until they are empty.

    Nothing is written here: the script (`repair_chosen` of lua/lib/job_repair.lua) judges each job again, in the moment
    in which it repairs it. `choice` is "put_back" or "remove" for jobs in no lane, else "".
    """

    def __init__(self, link: Link, queue: str, kind: str, choice: str) -> None:
        self.link, self.queue, self.kind, self.choice = link, queue, kind, choice
        self._work = Work()
        self._ready: deque[list[Arg]] = deque()
        self._steps: Steps = iter_nothing()

    def take(self, findings: Sequence[Finding]) -> None:
        """The next findings of that kind, at most 2,000. Raises ValueError for more."""
        if len(findings) > MOST_TAKEN:
            raise ValueError(f"at most {MOST_TAKEN} findings, not {len(findings)}")
        self._ready.clear()
        self._steps = self._go(findings)

    def step(self) -> bool:
        """One read of about 2 ms; True when all their places are known. Raises what Redis raised."""
        return next(self._steps, self) is self

    def args(self, limit: int) -> list[Arg]:
        """The next jobs, at most `limit` and 100, as the script takes them; empty when all were handed out."""
        many = min(limit, MOST_REPAIRED, len(self._ready))
        return [arg for _ in range(many) for arg in self._ready.popleft()]

    def _go(self, findings: Sequence[Finding]) -> Steps:
        # A digest that is unchanged says that they stand in no list but those that were named.
        lists = dict.fromkeys(
            encode_id(name) for one in findings for name, place in one.facts["lanes"] if place is not None
        )
        ids = [encode_id(one.subject) for one in findings]
        places: Places = yield from place_jobs(self.link, self.queue, ids, lists, self._work)
        for one, job_id in zip(findings, ids, strict=True):
            self._ready.append(place_args(job_id, str(one.facts["print"]), places[job_id]))


def is_placed(finding: Finding) -> bool:
    """Does it say where the job stood, as `JobRepair` has to know it? What another version wrote down may not."""
    facts = finding.facts
    if not isinstance(facts.get("print"), str) or not isinstance(facts.get("idx"), list):
        return False
    lanes = facts.get("lanes")
    entries = cast(list[Any], lanes) if isinstance(lanes, list) else [None]
    return all(isinstance(one, list) and len(cast(list[Any], one)) == 2 and isinstance(one[0], str) for one in entries)


def iter_nothing() -> Steps:
    """Steps of nothing."""
    yield from ()
