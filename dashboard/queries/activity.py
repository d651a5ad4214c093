"""What operators did: a page of the record, what is new since, and all of it for a file."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from omniq_core import (
    Activity,
    BadCursor,
    Link,
    UndoState,
    beside_activity,
    every_activity,
    one_activity,
    read_activity,
)

from ..formatting import DAY, HOUR
from ..tokens import QUEUE_NAME

SIZES = (25, 50, 100)
SINCE_MS = {"": 0, "1h": HOUR, "24h": DAY, "7d": 7 * DAY}
ACTIONS = {
    "": (),
    "retry": ("retry",),
    "remove": ("remove", "remove-counter"),
    "run-now": ("run-now",),
    "pause": ("pause", "resume"),
    "publish": ("publish",),
    "limit": ("limit",),
    "repair": ("repair", "finish-counter"),
    "check": ("check", "stop-check", "go-on-check"),
    "cancel": ("cancel", "go-on"),
    "undo": ("restore",),
    "export": ("export",),
    "look": ("look",),
    "sign-in": ("sign-in", "sign-out", "sign-out-everywhere"),
}
"""What can be asked for, and which actions of the record that means."""
MOST_NEWER = 100
_TASK = re.compile(r"[0-9a-f]{16}")
_CURSOR = re.compile(r"([on])(\d{1,16}-\d{1,10})\.(\d{1,6})")


@dataclass(frozen=True, slots=True)
class ActivityWish:
    """What an address asks of the record: who contains, action (a key of ACTIONS), queue contains, since, and where."""

    who: str = ""
    action: str = ""
    queue: str = ""
    since: str = ""
    size: int = 25
    cursor: str = ""

    @property
    def asks(self) -> bool:
        """Is anything filtered?"""
        return bool(self.who or self.action or self.queue or self.since)


@dataclass(frozen=True, slots=True)
class ActivityPage:
    """A page: its rows, the newest first, and the cursors of the pages around it ("": there is none).

    `first` is the 1-based position of the first row, `total` is known when the record ends here. `partly`: not all
    that is older was looked at, so more may match. `front`: what was asked for is the first page by now. `mark` is
    where the record ended when it was read.
    """

    wish: ActivityWish
    rows: tuple[Activity, ...]
    first: int
    total: int | None
    newer: str
    older: str
    partly: bool
    front: bool
    mark: str


@dataclass(frozen=True, slots=True)
class Newer:
    """How many entries came since a mark; `more`: at least so many."""

    count: int
    more: bool


@dataclass(frozen=True, slots=True)
class BesideEntries:
    """`undo` by the id of an entry that says how many jobs were removed: can they be put back, or were they? And those
    of the queues and of the tasks (queue, id) that are still there."""

    undo: Mapping[str, UndoState]
    queues: frozenset[str]
    tasks: frozenset[tuple[str, str]]


MaySee = Callable[[str], bool]


def activity_page(link: Link, wish: ActivityWish, *, now_ms: int, may_see: MaySee) -> ActivityPage:
    """The page of the record that a wish asks for, in at most three round trips. Raises BadCursor."""
    keep = _test(wish, now_ms, may_see)
    way, place, before = _place(wish.cursor)
    if way == "n":
        read = read_activity(link, keep=keep, size=wish.size, after=place)
        if not read.further:  # the newest of all: that page is the first one
            return ActivityPage(wish, (), 0, None, "", "", partly=False, front=True, mark=read.newest or "0-0")
        before = max(before - wish.size, 0)
        older = read.entries[-1].entry_id if read.entries else place
        partly = False
    else:
        read = read_activity(link, keep=keep, size=wish.size, before=place)
        older, partly = read.further, bool(read.further) and len(read.entries) < wish.size
    after = before + len(read.entries)
    newest = read.entries[0].entry_id if read.entries else ""
    return ActivityPage(
        wish,
        read.entries,
        before + 1 if read.entries else 0,
        None if older else after,
        f"n{newest}.{before}" if place and newest else "",
        f"o{older}.{after}" if older else "",
        partly,
        front=False,
        mark=read.newest or "0-0",
    )


def beside_entries(link: Link, entries: Sequence[Activity], *, now_ms: int, also: str = "") -> BesideEntries:
    """What stands beside these entries, and whether there is a queue `also`: one round trip, none when nothing is to be
    asked."""
    named = {entry.entry_id: entry for entry in entries if QUEUE_NAME.fullmatch(entry.queue)}
    removed = {
        entry.entry_id: (entry.queue, entry.facts.get("batch", "") if entry.entry_id in named else "")
        for entry in entries
        if entry.action == "remove" and entry.done and entry.state in ("done", "ended")
    }
    tasks = {(entry.queue, entry.facts.get("task", "")) for entry in named.values()}
    found = beside_activity(
        link,
        {place for place in removed.values() if place[1]},
        queues={entry.queue for entry in named.values()} | ({also} if also else set()),
        tasks={place for place in tasks if _TASK.fullmatch(place[1])},
        now_ms=now_ms,
    )
    final = UndoState(None, undone=False)
    undo = {one: found.undo.get(place, final) for one, place in removed.items() if place in found.undo or not place[1]}
    return BesideEntries(undo, found.queues, found.tasks)


def newer_activity(link: Link, wish: ActivityWish, mark: str, *, now_ms: int, may_see: MaySee) -> Newer:
    """What came since a page was read, in one round trip while that is not much. Raises BadCursor."""
    read = read_activity(link, keep=_test(wish, now_ms, may_see), size=MOST_NEWER, after=mark)
    return Newer(len(read.entries), bool(read.further))


def all_activity(link: Link, wish: ActivityWish, *, now_ms: int, may_see: MaySee) -> Iterator[Activity]:
    """Everything that a wish asks for, the newest first, read as it is taken."""
    return iter(every_activity(link, keep=_test(wish, now_ms, may_see)))


def activity_entry(link: Link, entry_id: str, *, may_see: MaySee) -> Activity | None:
    """One entry; None when there is none, or it is about a queue that may not be seen."""
    entry = one_activity(link, entry_id)
    return entry if entry and (not entry.queue or may_see(entry.queue)) else None


def _test(wish: ActivityWish, now_ms: int, may_see: MaySee) -> Callable[[Activity], bool]:
    who, queue, actions = wish.who.lower(), wish.queue.lower(), ACTIONS[wish.action]
    since_ms = now_ms - SINCE_MS[wish.since] if wish.since else 0
    seen = functools.cache(may_see)

    def keep(entry: Activity) -> bool:
        return (
            entry.at_ms >= since_ms
            and (not actions or entry.action in actions)
            and (who in (entry.who or entry.address).lower() or who in entry.facts.get("as", "").lower())
            and queue in entry.queue.lower()
            and (not entry.queue or seen(entry.queue))
        )

    return keep


def _place(cursor: str) -> tuple[str, str, int]:
    if not cursor:
        return "o", "", 0
    found = _CURSOR.fullmatch(cursor)
    if not found:
        raise BadCursor("not a place in this record")
    return found[1], found[2], int(found[3])
