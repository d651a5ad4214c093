"""What needs somebody's attention, as the leader keeps it for all: notices that come and go, but do not flap."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Literal, cast, get_args

from ..keys import QUEUE_NAME, global_key

NOTICES = global_key("notices")
KEPT_MS = 60_000
MOST_KEPT = 40
"""Far more than a page shows: a reader may not see the queues of the worst."""

ROUNDS = 2
"""So many rounds in a row a condition has to hold until its notice appears, and not to hold until it leaves."""

LEAST_ROUND_MS = 1_000
"""Rounds that follow each other faster, after another process took over, are one."""

_LARGEST = 64 * 1024

NoticeKind = Literal["memory", "stalled", "leases", "failing", "groups", "counters", "paused", "eviction", "clocks"]
KINDS: tuple[NoticeKind, ...] = get_args(NoticeKind)
"""The worst first."""

NoticeKey = tuple[NoticeKind, str]


@dataclass(frozen=True, slots=True)
class NoticeLimits:
    """From when on something is a notice: ms, jobs that failed within 15 min, percent of the memory limit."""

    stalled_ms: int = 60_000
    leases_ms: int = 60_000
    failing: int = 50
    paused_ms: int = 3_600_000
    stuck_ms: int = 1_800_000
    memory_percent: int = 90
    clocks_ms: int = 5_000


@dataclass(frozen=True, slots=True)
class Notice:
    """One condition, with its figures as they were when it last held.

    memory: `count` bytes are used of `more`, `text` is the eviction policy. eviction: `more` and `text` alike.
    Of a cluster `digest` is the address of the master.
    stalled: `count` jobs wait and nothing has started since `since_ms`, `more` leases ran out.
    leases: `count` ran out and were not taken back, the first at `since_ms`.
    failing: `count` failed in 15 min, `more` in the 15 before it began; `share` percent of them so (`digest`, `text`).
    groups: `count` are stuck, `more` jobs wait in them.
    paused: `count` jobs wait; since `since_ms`, where that is known.
    counters: `count` are stuck; the one called `text` lacks `more` children and has not moved since `since_ms`.
    clocks: `text` is `worker`, `publisher` or `dashboard`, ahead by at least `count` ms (behind where it is negative).
    `queue` is "" for what is about no queue.
    """

    kind: NoticeKind
    queue: str = ""
    count: int = 0
    more: int = 0
    since_ms: int | None = None
    text: str = ""
    digest: str = ""
    share: int = 0

    @property
    def key(self) -> NoticeKey:
        """What makes it the same notice in the next round."""
        return self.kind, self.queue


@dataclass(frozen=True, slots=True)
class Kept:
    """A notice and how its condition held: `held` rounds in a row, or not for `missed`. `weight` is its figure when it
    appeared: it gives the order within a kind, which stays while figures change."""

    notice: Notice
    held: int
    missed: int
    shown: bool
    weight: int

    @property
    def rank(self) -> tuple[int, bool, int, str]:
        """The worst first."""
        return KINDS.index(self.notice.kind), not self.shown, -self.weight, self.notice.queue


@dataclass(frozen=True, slots=True)
class NoticeBoard:
    """All that is kept, as of the round at `at_ms`."""

    at_ms: int = 0
    kept: tuple[Kept, ...] = ()

    @property
    def shown(self) -> tuple[Notice, ...]:
        """The notices that have appeared, the worst first."""
        return tuple(one.notice for one in self.kept if one.shown)

    def showing(self, kind: NoticeKind, queue: str = "") -> Notice | None:
        """This notice, if it has appeared: it then stays until its figure is well below where it began."""
        return next((one.notice for one in self.kept if one.shown and one.notice.key == (kind, queue)), None)

    def is_early(self, now_ms: int) -> bool:
        """Is it too early for another round?"""
        return 0 <= now_ms - self.at_ms < LEAST_ROUND_MS

    def after(
        self, found: Iterable[Notice], now_ms: int, unknown: Callable[[NoticeKey], bool] = lambda _key: False
    ) -> NoticeBoard:
        """The board after a round in which these conditions held. Of those that are `unknown` nothing was learned, so
        they stay as they are."""
        before = {one.notice.key: one for one in self.kept}
        kept: list[Kept] = []
        for notice in found:
            old = before.pop(notice.key, None)
            held = min(old.held + 1, ROUNDS) if old else 1
            shown = held >= ROUNDS or bool(old and old.shown)
            weight = old.weight if old and old.shown else notice.count
            kept.append(Kept(notice, held, 0, shown, weight))
        for key, old in before.items():
            if unknown(key):
                kept.append(old)
            elif old.shown and old.missed + 1 < ROUNDS:
                kept.append(replace(old, held=0, missed=old.missed + 1))
        kept.sort(key=lambda one: one.rank)
        taken = _places([one.notice.kind for one in kept], MOST_KEPT)
        return NoticeBoard(now_ms, tuple(kept[at] for at in taken))


def worst(notices: Sequence[Notice], most: int) -> tuple[Notice, ...]:
    """At most so many of these, which are sorted: the first of each kind before the second of any, in their order."""
    return tuple(notices[at] for at in _places([one.kind for one in notices], most))


def pack_board(board: NoticeBoard) -> bytes:
    """A board as `{omniq:x}:notices` keeps it."""
    kept = [
        [*(getattr(one.notice, name) for name in _FIELDS), one.held, one.missed, one.shown, one.weight]
        for one in board.kept
    ]
    return json.dumps({"v": 1, "at": board.at_ms, "n": kept}, separators=(",", ":")).encode()


def read_board(raw: object) -> NoticeBoard:
    """The opposite of `pack_board`; an empty board for what cannot be read."""
    if not isinstance(raw, bytes) or len(raw) > _LARGEST:
        return NoticeBoard()
    try:
        known = cast(dict[str, Any], json.loads(raw))
        if known["v"] != 1 or not _is(known["at"], int):
            return NoticeBoard()
        return NoticeBoard(known["at"], tuple(map(_kept, known["n"][:MOST_KEPT])))
    except (ValueError, TypeError, KeyError, RecursionError):
        return NoticeBoard()


_FIELDS = [item.name for item in fields(Notice)]


def _kept(row: list[Any]) -> Kept:
    """Raises ValueError for what is no entry: it may be anybody's text."""
    *said, held, missed, shown, weight = row
    given: Mapping[str, Any] = dict(zip(_FIELDS, said, strict=True))
    numbers = [given[name] for name in ("count", "more", "share")] + [held, missed, weight]
    texts = [given[name] for name in ("queue", "text", "digest")]
    since = given["since_ms"]
    if given["kind"] not in KINDS or not all(_is(n, int) for n in numbers) or not all(_is(t, str) for t in texts):
        raise ValueError("not a notice")
    if not (since is None or _is(since, int)) or not _is(shown, bool):
        raise ValueError("not a notice")
    if given["queue"] and not QUEUE_NAME.fullmatch(given["queue"]):
        raise ValueError("not a queue's name")
    return Kept(Notice(**given), held, missed, shown, weight)


def _is(value: object, kind: type) -> bool:
    return type(value) is kind


def _places(kinds: list[NoticeKind], most: int) -> list[int]:
    """Which of a list of these kinds are taken, when no kind may keep all others out."""
    before = [kinds[:at].count(kind) for at, kind in enumerate(kinds)]
    return sorted(sorted(range(len(kinds)), key=lambda at: (before[at], at))[:most])
