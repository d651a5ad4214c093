"""One pass over the keys of Redis for a check: jobs that no lane may hold, groups, and keys of another type."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

from ..connection import REDIS_ERRORS, Link
from ..keys import QueueKeys, decode_id, encode_id
from .findings import Finding
from .group_search import GROUP_KEY, note_groups
from .job_check import OrphanSearch
from .rights import is_forbidden, refuses_writes

COUNT, BATCH = 1_000, 250
_JOB = re.compile(rb"\{([A-Za-z0-9._-]{1,128})\}:job:(.*)", re.DOTALL)
_GROUP_TYPES = {b"wait": "list", b"inflight": "string", b"limit": "string"}


class KeyScan:
    """A part of a check: `queues` are those it is about. `seen` of about `keys` keys were seen.

    Hands jobs to an OrphanSearch, writes groups down (x:groups), and finds keys of jobs and groups that are of another
    type than the protocol gives them. Where SCAN is not permitted it is through at once and notes "no_scan"; of a queue
    whose keys may not be read it does that alone.
    """

    def __init__(self, link: Link, queues: Iterable[str], orphans: OrphanSearch, now_ms: int) -> None:
        self._link, self._orphans, self._now = link, orphans, now_ms
        self._queues = {name.encode("ascii") for name in queues}
        one = next(iter(self._queues)) if len(self._queues) == 1 else b"*"
        self._match = b"{" + one + b"}:[gj]*"
        self._cursor = 0
        self._ended = self.through = False
        self._kept: dict[bytes, list[bytes]] = {}
        self._groups: dict[bytes, dict[bytes, bool]] = {}
        self.seen = self.keys = 0
        self._odd: dict[tuple[str, str], Finding] = {}
        self._forbidden: set[str] = set()
        self._scans = True

    def step(self) -> bool:
        """One SCAN, or one batch of a queue's keys; True when it is through. Raises what Redis raised."""
        self.through = self._step()
        return self.through

    def notes(self, queue: str) -> list[str]:
        """What it could not look at, of a queue."""
        return [] if self._scans and queue not in self._forbidden else ["no_scan"]

    def types(self, queue: str) -> list[Finding]:
        """The keys of a queue whose type is wrong, as the scan met them."""
        return [one for one in self._odd.values() if one.queue == queue]

    def types_again(self, queue: str) -> list[Finding]:
        """The second look at the keys of a queue whose type is wrong."""
        found = self.types(queue)
        base = QueueKeys(queue).of("")
        replies = self._link.pipeline([("TYPE", base + encode_id(one.subject)) for one in found])
        return [one for one, reply in zip(found, replies, strict=True) if _text(reply) == one.facts["is"]]

    def _step(self) -> bool:
        queue = next((name for name, kept in self._kept.items() if len(kept) >= BATCH or self._ended), None)
        if queue is not None:
            batch, rest = self._kept[queue][:BATCH], self._kept[queue][BATCH:]
            if rest:
                self._kept[queue] = rest
            else:
                del self._kept[queue]
            self._permitted(queue.decode("ascii"), lambda name: self._look(name, batch))
            return False
        if self._ended:
            if self._groups:
                queue, met = self._groups.popitem()
                self._permitted(queue.decode("ascii"), lambda name: self._write_groups(name, met))
            return not self._groups
        self._scan()
        return False

    def _permitted(self, queue: str, act: Callable[[str], None]) -> None:
        try:
            act(queue)
        except REDIS_ERRORS as error:
            if not is_forbidden(error):
                raise
            # The others must not wait for the one that may not be read; its own check says why.
            self._forbidden.add(queue)
            self._queues.discard(queue.encode("ascii"))
            self._kept.pop(queue.encode("ascii"), None)

    def _scan(self) -> None:
        size, page = self._link.pipeline([("DBSIZE",), ("SCAN", self._cursor, "MATCH", self._match, "COUNT", COUNT)])
        if isinstance(page, Exception):
            if not refuses_writes(page):
                raise page
            self._scans, self._ended = False, True
            return
        # As many as there were at the beginning: what is added meanwhile must not turn the progress back.
        self.keys = self.keys or (0 if isinstance(size, Exception) else int(size))
        self._cursor = int(page[0])
        self._ended = self._cursor == 0
        self.seen = self.keys if self._ended else min(self.seen + COUNT, self.keys)
        for name in page[1]:
            match = _JOB.fullmatch(name) or GROUP_KEY.fullmatch(name)
            if match and match[1] in self._queues:
                self._kept.setdefault(match[1], []).append(name)

    def _look(self, queue: str, names: list[bytes]) -> None:
        jobs: list[bytes] = []
        for name, reply in zip(names, self._link.pipeline([("TYPE", name) for name in names]), strict=True):
            if isinstance(reply, Exception):
                raise reply
            self._sort(queue, name, _text(reply), jobs)
        for at in range(0, len(jobs), BATCH):
            self._orphans.meet(queue, jobs[at : at + BATCH])

    def _sort(self, queue: str, name: bytes, kind: str, jobs: list[bytes]) -> None:
        job, group = _JOB.fullmatch(name), GROUP_KEY.fullmatch(name)
        wanted = "hash" if job else _GROUP_TYPES[group[3]] if group else kind
        if kind == "none":
            return  # gone since
        if kind != wanted:
            base = QueueKeys(queue).of("")
            subject = decode_id(name.removeprefix(base))
            # SCAN may give a key more than once.
            self._odd[queue, subject] = Finding("types", queue, subject, {"wanted": wanted, "is": kind})
        elif job:
            jobs.append(job[2])
        elif group:
            met = self._groups.setdefault(queue.encode("ascii"), {})
            met[group[2]] = met.get(group[2], False) or group[3] == b"wait"

    def _write_groups(self, queue: str, met: dict[bytes, bool]) -> None:
        for reply in self._link.pipeline(note_groups(queue, met, self._now)):
            if isinstance(reply, Exception) and "WRONGTYPE" not in str(reply):
                raise reply


def _text(reply: Any) -> str:
    return reply.decode() if isinstance(reply, bytes) else str(reply)
