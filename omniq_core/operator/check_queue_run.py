"""The check of one queue: all its parts in order, and a second look at what they found."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence

from ..connection import Link
from ..keys import QueueKeys
from ..numbers import read_count
from .check_record import Report, first_rows
from .discovery import PROTOCOL_KEYS
from .findings import FINDING_KINDS, JOB_KINDS, Finding, FindingKind
from .group_check import GroupCheck
from .job_check import JobCheck, OrphanSearch
from .job_look import JobLook
from .key_scan import KeyScan
from .queue_check import QueueCheck

SECOND_LOOK_S = 2.0
LOOKS = 4
"""So often an odd job is asked about: by two scripts, and by two once more."""
_EXACT = ("inflight", "over_limit", "types")
"""Of these both looks must show the same figures: others change while workers go on, and the trouble stays."""

Steps = Generator[float, None, None]


def size_commands(queue: str) -> list[tuple[str, bytes]]:
    """The reads of how many entries the lanes of a queue have, for a pipeline; give the replies to `size_of`."""
    keys = QueueKeys(queue)
    commands = [("LLEN", keys.of(lane)) for lane in ("wait", "failed", "completed")]
    return commands + [("ZCARD", keys.of(lane)) for lane in ("active", "delayed", "idx:wait")]


def size_of(replies: Sequence[object]) -> int:
    """Entries of all lanes, about: jobs that wait in groups are known by the index only."""
    wait, *rest, indexed = (0 if isinstance(reply, Exception) else read_count(reply) for reply in replies)
    return max(wait, indexed) + sum(rest)


class QueueRun:
    """Call `step` until it is `through`, not before `due` (by `timer`): each is one script or pipeline of a few ms.

    `phase` is what it is at, `looked` of about `expected` entries of lanes were looked at, of what is odd `judged` of
    about `to_judge` steps were done, two per job and look. `found` is what both looks
    show, `notes` say what could not be looked at. Not `there`: the queue has no key, so nothing was looked at. `clock`
    gives ms since the epoch; `timer`, which nobody sets back, the seconds until the second look.
    """

    def __init__(
        self,
        link: Link,
        queue: str,
        scan: KeyScan,
        orphans: OrphanSearch,
        clock: Callable[[], int],
        timer: Callable[[], float],
        leases_ms: int,
    ) -> None:
        self.link, self.queue = link, queue
        self.phase = "queue"
        self.looked = self.expected = self.groups = self.judged = self.to_judge = 0
        self.there, self.through, self.broken = True, False, ""
        self.due = timer()
        self.found: list[Finding] = []
        self.notes: list[str] = []
        self._scan, self._orphans = scan, orphans
        self._clock, self._timer, self._leases_ms = clock, timer, leases_ms
        self._steps = self._go()

    def step(self) -> None:
        """One piece of work. Raises what Redis raised; then it cannot go on, and `fail` says so."""
        wait = next(self._steps, None)
        self.through = wait is None
        self.due = self._timer() + (wait or 0.0)

    def fail(self, why: str) -> None:
        """It is through, and nothing is known: what a part had found is no whole answer."""
        self.through, self.broken = True, why
        self._orphans.forget(self.queue)

    def report(self) -> Report | None:
        """What is to be written down at the end, None when there is no such queue any more."""
        if self.broken:
            return Report(self.queue, self._clock(), 0, 0, {}, (), (), self.broken)
        if not self.there:
            return None
        by_kind: dict[FindingKind, list[Finding]] = {kind: [] for kind in FINDING_KINDS}
        for one in self.found:
            by_kind[one.kind].append(one)
        found: dict[FindingKind, int] = {kind: len(those) for kind, those in by_kind.items() if those}
        rows = [one for those in by_kind.values() for one in first_rows(those)]
        return Report(self.queue, self._clock(), self.expected, self.groups, found, tuple(rows), tuple(self.notes))

    def _go(self) -> Steps:
        self._measure()
        yield 0.0
        if not self.there:
            return
        first, gids = yield from self._look_at_queue()
        self.phase = "jobs"
        old = any(one.kind == "old_index" for one in first)
        jobs = JobCheck(self.link, self.queue, gids, self._orphans.suspects(self.queue), old_index=old)
        through = False
        while not through:
            through = jobs.step()
            self.looked = min(jobs.looked, self.expected)
            self.judged, self.to_judge = jobs.judged, max(LOOKS * jobs.odd, jobs.judged)
            yield 0.0
        self.to_judge = self.judged + LOOKS * len(jobs.found) // 2
        if jobs.fault:
            self.notes.append("no_jobs")
        if first or jobs.found or self._scan.types(self.queue):
            self.phase = "again"
            until = self._timer() + SECOND_LOOK_S
            while (left := until - self._timer()) > 0:
                yield left
            again, gids = yield from self._look_at_queue()
            self.found = _both(first, again)
            look = JobLook(self.link, self.queue, gids, jobs.found)
            while jobs.found and not look.step():
                self.judged = jobs.judged + look.judged
                yield 0.0
            self.found += look.found
            self.found += self._scan.types_again(self.queue)
            self._judge_waiting()
        self._orphans.forget(self.queue)

    def _measure(self) -> None:
        keys = QueueKeys(self.queue)
        exists, *sizes = self.link.pipeline([("EXISTS", *map(keys.of, PROTOCOL_KEYS)), *size_commands(self.queue)])
        if isinstance(exists, Exception):
            raise exists
        self.there, self.expected = exists > 0, size_of(sizes)

    def _look_at_queue(self) -> Generator[float, None, tuple[list[Finding], list[str]]]:
        whole = QueueCheck(self.link, self.queue, self._clock(), self._leases_ms)
        whole.step()
        yield 0.0
        groups = GroupCheck(self.link, self.queue, self._clock())
        while not groups.step():
            yield 0.0
        self.groups = groups.looked
        self.notes = sorted({*self.notes, *self._scan.notes(self.queue), *whole.notes, *groups.notes})
        return [*whole.found, *groups.found], groups.gids

    def _judge_waiting(self) -> None:
        """Where indexes are wrong they do not say how many jobs wait: the groups do, if they are known."""
        if not any(one.kind in JOB_KINDS or one.kind == "old_index" for one in self.found):
            return
        kept: list[Finding] = []
        for one in self.found:
            if one.kind == "counters" and "summed" in one.facts:
                if one.facts["summed"] is None:
                    continue
                facts = {**one.facts, "found": one.facts["summed"]}
                one = Finding(one.kind, one.queue, one.subject, facts)
            kept.append(one)
        self.found = kept


def _both(first: list[Finding], again: list[Finding]) -> list[Finding]:
    """What both looks show, with the figures of the later one."""
    before = {(one.kind, one.subject): one for one in first}
    return [
        one
        for one in again
        if (was := before.get((one.kind, one.subject))) and (one.kind not in _EXACT or was.facts == one.facts)
    ]
