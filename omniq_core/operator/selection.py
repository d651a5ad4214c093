"""What a bulk task is about: which jobs of a lane, found a few at a time by reads that change nothing."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any, Protocol, cast

from ..connection import Link
from ..keys import QueueKeys, encode_id
from ..scripts import script
from .cuts import Position
from .filters import BadFilter, Filter
from .lane_scan import mark as end_of_lane
from .lane_scan import scan_lane

COUNT_MS = 150.0
"""How long a count takes at most before it answers how far it is."""


@dataclass(frozen=True, slots=True)
class Found:
    """The next jobs, the oldest first, each with the score by which it was found.

    A score "@7" is a place in a lane without index, "!" an id of which only the beginning is known.
    `cursor` is where the next look begins; `finished`: nothing more stands before the mark.
    """

    jobs: tuple[tuple[bytes, bytes], ...]
    cursor: bytes
    finished: bool


@dataclass(frozen=True, slots=True)
class Counting:
    """How many jobs a selection has up to its mark: `count` so far, all of them when `finished`.

    `scanned` of `total` jobs of the lane were looked at, `unsearched` of them not into (too large; they are not in the
    count). `mark` is where the lane ended at the first look.
    """

    mark: bytes
    cursor: bytes
    count: int
    scanned: int
    total: int
    finished: bool
    unsearched: int = 0


class Selection(Protocol):
    """Jobs of one lane (its protocol name). Both reads are bounded in time; a cursor of b"" is the beginning."""

    def text(self) -> str:
        """The selection as `read_selection` takes it."""
        ...

    def count(self, link: Link, queue: str, lane: str, so_far: Counting | None = None) -> Counting:
        """Fixes the mark and begins to count, or goes on from `so_far`."""
        ...

    def find(self, link: Link, queue: str, lane: str, mark: bytes, cursor: bytes, limit: int, done: int) -> Found:
        """At most `limit` jobs after the cursor, up to the mark. `done` are those that this task has taken away."""
        ...


@dataclass(frozen=True, slots=True)
class WholeLane:
    """Every job of the lane."""

    def text(self) -> str:
        """As `Selection.text`."""
        return json.dumps({"v": 1, "kind": "lane"})

    def count(self, link: Link, queue: str, lane: str, so_far: Counting | None = None) -> Counting:
        """As `Selection.count`, at once."""
        if so_far is not None:
            return so_far
        keys = QueueKeys(queue)
        total, *last = cast(list[Any], link.run(script("operator/task_mark"), keys.anchor, lane, read=True))
        mark = b" ".join(last) if last else b"@%d" % total
        return Counting(mark, b"", total, total, total, finished=True)

    def find(self, link: Link, queue: str, lane: str, mark: bytes, cursor: bytes, limit: int, done: int) -> Found:
        """As `Selection.find`, in one round trip."""
        by_places = mark.startswith(b"@")
        if by_places:
            # What was taken away is behind no more: the mark comes that much nearer.
            step = (b"1", cursor[1:] or b"0", b"", b"%d" % (int(mark[1:]) - done), b"")
        else:
            step = (b"0", *_parts(cursor), *_parts(mark))
        reply = link.run(
            script("operator/task_look"), QueueKeys(queue).anchor, lane, "", "", *step, limit, limit, read=True
        )
        finished, score, last_id, *flat = cast(list[Any], reply)
        after = b"@" + score if by_places else score + b" " + last_id if score else b""
        return Found(tuple(zip(flat[::2], flat[1::2], strict=True)), after, finished == 1)


@dataclass(frozen=True, slots=True)
class Matching:
    """The jobs of the lane that pass a filter."""

    wanted: Filter

    def text(self) -> str:
        """As `Selection.text`."""
        kept = asdict(self.wanted)
        if not self.wanted.by_type:
            # An older dashboard on this Redis, which knows no such filter, goes on with those that it knows.
            del kept["by_type"]
        return json.dumps({"v": 1, "kind": "filter", **kept})

    def count(self, link: Link, queue: str, lane: str, so_far: Counting | None = None) -> Counting:
        """As `Selection.count`: about 150 ms a look."""
        if so_far is None:
            end = end_of_lane(link, queue, lane)
            if end is None:
                return Counting(b"", b"", 0, 0, 0, finished=True)
            so_far = Counting(_pack(end), b"", 0, 0, 0, finished=False)
        at, end = _unpack(so_far.cursor), _unpack(so_far.mark)
        found = scan_lane(
            link, queue, lane, self.wanted, cursor=at, upto=end, newest_first=False, limit=0, budget_ms=COUNT_MS
        )
        scanned = so_far.scanned + found.scanned
        return Counting(
            so_far.mark,
            _pack(found.cursor) if found.cursor else b"",
            so_far.count + found.matched,
            scanned,
            scanned + found.left,
            found.cursor is None,
            so_far.unsearched + found.unsearched,
        )

    def find(self, link: Link, queue: str, lane: str, mark: bytes, cursor: bytes, limit: int, done: int) -> Found:
        """As `Selection.find`: it looks for 150 ms, and may find none in that time."""
        if not mark:
            return Found((), b"", finished=True)
        if mark.startswith(b"@"):
            mark = b"@%d" % (int(mark[1:]) - done)
        end, at = _unpack(mark), _unpack(cursor)
        found = scan_lane(
            link, queue, lane, self.wanted, cursor=at, upto=end, newest_first=False, limit=limit, rows=False
        )
        jobs = tuple(
            (encode_id(match.job_id), b"!" if match.id_cut else match.position.score) for match in found.matches
        )
        return Found(jobs, _pack(found.cursor) if found.cursor else b"", found.cursor is None)


def read_selection(text: str) -> Selection:
    """The selection that `text()` wrote. Raises ValueError for any other text."""
    found: Any = json.loads(text)
    kept = cast(dict[str, Any], found) if isinstance(found, dict) else {}
    kind, version = kept.pop("kind", ""), kept.pop("v", 0)
    if (kind, version) == ("lane", 1):
        return WholeLane()
    if (kind, version) == ("filter", 1):
        try:
            return Matching(Filter(**kept))
        except (TypeError, BadFilter):
            pass
    if (kind, version) == ("fingerprint", 1):
        from .kind_selection import read_kind_selection  # which is one of these selections itself

        return read_kind_selection(kept)
    raise ValueError("not a selection of jobs")


def _pack(at: Position) -> bytes:
    return at.score if at.score.startswith(b"@") else b" ".join((at.score, at.digest, at.job_id))


def _unpack(place: bytes) -> Position | None:
    if not place or place.startswith(b"@"):
        return Position(place, b"", b"") if place else None
    score, digest, job_id = place.split(b" ", 2)
    return Position(score, job_id, digest)


def _parts(place: bytes) -> tuple[bytes, bytes]:
    score, _, job_id = place.partition(b" ")
    return score, job_id
