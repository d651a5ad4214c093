"""All failed jobs of one kind, as a bulk task works through them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, cast

from ..connection import Link
from ..keys import QueueKeys
from ..scripts import script
from .failures import kind_rows
from .fingerprint import RULES_VERSION
from .selection import Counting, Found


@dataclass(frozen=True, slots=True)
class KindSelection:
    """The failed jobs whose error is of this kind, the oldest failure first: those that the index has at the count.

    `name` is for people. Each job is found by the score of its failure, so that one that left, or failed again since,
    can be told apart.
    """

    digest: str
    name: str = ""
    version: int = RULES_VERSION

    def text(self) -> str:
        """As `Selection.text`."""
        return json.dumps({"v": 1, "kind": "fingerprint", "fp": self.digest, "name": self.name, "rules": self.version})

    def count(self, link: Link, queue: str, lane: str, so_far: Counting | None = None) -> Counting:
        """As `Selection.count`, at once."""
        del lane  # only failed jobs have a kind
        if so_far is not None:
            return so_far
        jobs, *last = self._look(link, queue, b"", b"", 0)
        return Counting(b" ".join(last), b"", jobs, jobs, jobs, finished=True)

    def find(self, link: Link, queue: str, lane: str, mark: bytes, cursor: bytes, limit: int, done: int) -> Found:
        """As `Selection.find`, in one round trip."""
        del lane, done  # what was taken away leaves no gap: a place is a score and an id
        if not mark:
            return Found((), cursor, finished=True)
        finished, *flat = self._look(link, queue, cursor, mark, limit)
        jobs = tuple(zip(flat[1::2], flat[::2], strict=True))
        return Found(jobs, b" ".join(flat[-2:]) if flat else cursor, finished == 1)

    def _look(self, link: Link, queue: str, cursor: bytes, mark: bytes, limit: int) -> list[Any]:
        (score, _, job_id), (last_score, _, last_id) = cursor.partition(b" "), mark.partition(b" ")
        args = (self.version, self.digest, score, job_id, last_score, last_id, limit)
        reply = link.run(script("operator/failures_find"), QueueKeys(queue).anchor, *args, read=True)
        return cast(list[Any], reply)


def kind_selection(link: Link, queue: str, digest: str) -> KindSelection:
    """The selection of a kind, with its name. One round trip."""
    row = kind_rows(link, queue, [digest], begin_ms=0, span_ms=1, spans=1)[digest]
    return KindSelection(digest, row.kind.name)


def read_kind_selection(kept: dict[str, Any]) -> KindSelection:
    """What `KindSelection.text` wrote. Raises ValueError for anything else."""
    digest, name, version = kept.get("fp"), kept.get("name", ""), kept.get("rules")
    if not isinstance(digest, str) or not isinstance(name, str) or not isinstance(version, int):
        raise ValueError("not a kind of errors")
    return KindSelection(digest, name, version)
