"""The check of a queue's jobs: each stands in one lane, with a record that says so, and in the index of that lane."""

from __future__ import annotations

from collections.abc import Collection, Generator, Iterable, Sequence
from typing import Any, cast

from ..connection import Link
from ..explaining import REDIS_ERRORS
from ..keys import QueueKeys
from ..scripts import script
from .findings import Finding
from .job_look import judge_jobs
from .job_walk import IdSet, Steps, Work, waiting_list, walk_lists

MOST_SUSPECTS = 50_000
"""Jobs of a queue that are looked at closely at a time."""

_LISTED = (b"wait", b"failed", b"completed")
_SCORED = (b"active", b"delayed")


class OrphanSearch:
    """The jobs that a scan of all keys met and that stand in no index and no sorted set. Which of them stand in a list
    is for `JobCheck` to find out. At most 50,000 of a queue are kept: more are found when these are repaired."""

    def __init__(self, link: Link) -> None:
        self.link = link
        self._suspects: dict[str, dict[bytes, None]] = {}

    def meet(self, queue: str, ids: Sequence[bytes]) -> None:
        """Looks at up to 500 jobs by one script. Raises what Redis raised."""
        if not ids:
            return
        outside = self.link.run(script("operator/jobs_outside"), QueueKeys(queue).anchor, *ids, read=True)
        kept = self._suspects.setdefault(queue, {})
        for at in outside:
            if len(kept) < MOST_SUSPECTS:
                kept[ids[at - 1]] = None

    def suspects(self, queue: str) -> list[bytes]:
        """Those of a queue, in the order of the scan."""
        return list(self._suspects.get(queue, ()))

    def forget(self, queue: str) -> None:
        """Its jobs have been checked."""
        self._suspects.pop(queue, None)

    def count(self, queues: Collection[str]) -> int:
        """How many there are besides those of these queues."""
        return sum(len(kept) for queue, kept in self._suspects.items() if queue not in queues)


class JobCheck:
    """A part of the check of one queue: goes through all its lanes and indexes.

    `looked` counts entries of lanes, `found` is what is wrong at the end, of each job once. `odd` jobs are to be judged
    by two scripts each, `judged` counts that. `old_index`: the queue is
    one of an old SDK, of which missing entries of indexes are no findings. `fault` says which key has a wrong type:
    then no job of the queue can be judged, and nothing is found.
    """

    def __init__(
        self, link: Link, queue: str, gids: Iterable[str], suspects: Iterable[bytes], *, old_index: bool = False
    ) -> None:
        self.link, self.queue = link, queue
        self.looked = self.judged = 0
        self.fault = ""
        self._gids, self._suspects, self._old_index = list(gids), list(suspects), old_index
        self.odd = len(self._suspects)
        self._odd: dict[bytes, None] = {}
        self._found: dict[str, Finding] = {}
        self._anchor, self._work = QueueKeys(queue).anchor, Work()
        self._steps = self._go()

    @property
    def found(self) -> list[Finding]:
        """What is wrong, as far as it is known."""
        return list(self._found.values())

    def step(self) -> bool:
        """One script of at most about 3 ms; True when it is through. Raises what Redis raised."""
        return next(self._steps, self) is self

    def _go(self) -> Steps:
        try:
            self.link.run(script("operator/jobs_judge"), self._anchor, read=True)
        except REDIS_ERRORS as error:
            if "WRONGTYPE" not in str(error):
                raise
            self.fault = str(error)
            return
        yield
        for lane in _LISTED:
            yield from self._listed(lane)
        for lane in _SCORED:
            for name in (lane, b"idx:" + lane):
                for ids, odd in self._scan(name):
                    self.looked += len(ids) if name == lane else 0
                    yield from self._note(odd)
                    yield
        self.odd -= len(self._suspects)  # each is counted as it is noted
        yield from self._note(self._suspects)
        yield from self._judge()

    def _listed(self, lane: bytes) -> Steps:
        """A lane of lists. Which entries of its index are in none of them, and which ids are in them twice, is told by
        their ids alone."""
        known = IdSet()
        for windows in walk_lists(self.link, self.queue, self._lists(lane), self._work, judged=True):
            for window in windows:
                known.add(window.ids)
                self.looked += len(window.ids)
                yield from self._note(window.odd)
            yield
        doubled = known.doubled()
        if doubled:
            for windows in walk_lists(self.link, self.queue, self._lists(lane), Work(), judged=False):
                for window in windows:
                    yield from self._note(job_id for job_id in window.ids if hash(job_id) in doubled)
                yield
        for ids, _ in self._scan(b"idx:" + lane):
            yield from self._note(job_id for job_id in ids if job_id not in known)
            yield

    def _lists(self, lane: bytes) -> list[bytes]:
        return [lane, *(map(waiting_list, self._gids) if lane == b"wait" else ())]

    def _scan(self, name: bytes) -> Generator[tuple[list[bytes], list[bytes]], None, None]:
        cursor: bytes | int = 0
        work = Work()
        while True:
            reply, took_s = self.link.run_timed(script("operator/jobs_scan"), self._anchor, name, cursor, work.size)
            work.after(took_s)
            cursor, ids, odd = cast(list[Any], reply)
            yield ids, [ids[at - 1] for at in odd]
            if int(cursor) == 0:
                return

    def _note(self, ids: Iterable[bytes]) -> Steps:
        for job_id in ids:
            self.odd += job_id not in self._odd
            self._odd[job_id] = None
            if len(self._odd) >= MOST_SUSPECTS:
                yield from self._judge()

    def _judge(self) -> Steps:
        odd, self._odd = self._odd, {}
        for one in (yield from judge_jobs(self.link, self.queue, self._gids, odd, self._tell)):
            if not (self._old_index and one.kind == "idx"):
                self._found[one.subject] = one

    def _tell(self, jobs: int) -> None:
        self.judged += jobs
