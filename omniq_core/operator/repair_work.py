"""The batches of a repair: what the next script of a task looks at. Only reads stand here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, cast

from ..connection import Arg, Link
from ..keys import QueueKeys, decode_id
from .findings import JOB_KINDS, FindingKind, findings_key, read_findings
from .groups import groups_list_call, parse_groups_list
from .job_repair import MOST_TAKEN, JobRepair, is_placed
from .repair_kinds import GROUP_KINDS, RepairSelection
from .task_record import Task

SETTLE = b"settle"
"""The cursor of a repair that is through, and looks at groups and counters once more."""

MOST_SETTLED = 50
WINDOW = 100
"""Entries of a lane that are read in one script."""

JOBS = 50
"""So many jobs are judged and repaired in one script: a hundred, each in two lists, held Redis for up to 11 ms."""

ROUNDS = 3
"""So often the lanes of an old SDK are read at most: workers move jobs meanwhile, and those that it writes anew are the
next check's."""

_LANES = ("wait", "active", "delayed", "failed", "completed")
_ZSETS = ("active", "delayed")


@dataclass(frozen=True, slots=True)
class Batch:
    """One script of a task: which, its arguments behind those of every batch, and where the next one begins."""

    script: str
    args: Sequence[Arg] = ()
    cursor: bytes = b""
    finished: bool = False


class _Place(NamedTuple):
    """A lane, or the waiting list of a group."""

    lane: str
    gid: bytes = b""


class _Cursor(NamedTuple):
    """Which round, which of the places in their order, how many entries of it are read."""

    round: int = 0
    place: int = 0
    entries: int = 0

    def text(self) -> bytes:
        return b"%d %d %d" % self


class RepairWork:
    """The batches of one task, for as long as one process holds it. Raises what Redis raised."""

    def __init__(self, link: Link, queue: str, wanted: RepairSelection) -> None:
        self.link, self.queue, self.wanted = link, queue, wanted
        self._keys = QueueKeys(queue)
        self._places: list[_Place] = []
        self._jobs = JobRepair(link, queue, wanted.kind, wanted.choice)

    def next(self, task: Task, limit: int) -> Batch | None:
        """The next batch, of at most `limit`; None when another read comes before it."""
        kind = self.wanted.kind
        if task.cursor == SETTLE:
            return Batch("repair_settle", (MOST_SETTLED,), SETTLE)
        if kind == "leases":
            return Batch("repair_leases", (limit,), task.cursor)
        if kind == "completed_over":
            return Batch("repair_completed", (limit,))
        if kind == "old_stats":
            return Batch("repair_counters", (kind,))
        if kind == "old_index":
            return self._index(_Cursor(*map(int, task.cursor.split())))
        if kind in JOB_KINDS:
            return self._found_jobs(limit)
        name = findings_key(self.queue, kind)
        subjects = cast(list[bytes], self.link.call("HRANDFIELD", name, limit, read=True) or [])
        script = "repair_found_groups" if kind in GROUP_KINDS else f"repair_{kind}"
        return Batch(script, (kind, *subjects), finished=not subjects)

    def _found_jobs(self, limit: int) -> Batch | None:
        """Where they stand by now is read first, in lists that may be long."""
        if not self._jobs.step():
            return None
        args, wanted = self._jobs.args(min(limit, JOBS)), self.wanted
        if args:
            return Batch("repair_found_jobs", (wanted.kind, wanted.choice, *args))
        found = read_findings(self.link, self.queue, cast(FindingKind, wanted.kind), MOST_TAKEN)
        known = [one for one in found if is_placed(one)]
        if not known:
            return Batch("repair_found_jobs", (wanted.kind, wanted.choice), finished=True)
        self._jobs.take(known)
        return None

    def _index(self, at: _Cursor) -> Batch:
        if not self._places:
            call, anchor, args = groups_list_call(self.queue, figures=False)
            names = parse_groups_list(self.link.run(call, anchor, *args, read=True))
            self._places = [*map(_Place, _LANES), *(_Place("wait", gid) for gid in sorted(names.seen | names.met))]
        if at.place < len(self._places):
            lane, gid = self._places[at.place]
            after, through = at._replace(entries=at.entries + WINDOW), _Cursor(at.round, at.place + 1)
            return Batch("repair_index", (lane, gid, at.entries, WINDOW, through.text()), after.text())
        # Another look at all of them, unless each has its index now.
        finished = at.round + 1 >= ROUNDS or not self._lacks_entries()
        self._places = []
        again = _Cursor(at.round + 1).text()
        return Batch("repair_index", ("wait", "", 0, 0, again), again, finished)

    def _lacks_entries(self) -> bool:
        commands: list[tuple[Arg, ...]] = [("ZCARD", self._keys.of(f"idx:{lane}")) for lane in _LANES]
        for lane, gid in self._places:
            name = self._keys.group(decode_id(gid), "wait") if gid else self._keys.of(lane)
            commands.append(("ZCARD" if lane in _ZSETS else "LLEN", name))
        sizes = [reply if isinstance(reply, int) else 0 for reply in self.link.pipeline(commands)]
        lacking = {lane: -size for lane, size in zip(_LANES, sizes, strict=False)}
        for (lane, _), size in zip(self._places, sizes[len(_LANES) :], strict=True):
            lacking[lane] += size
        return any(missing > 0 for missing in lacking.values())
