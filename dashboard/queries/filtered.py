"""A page of the jobs of a lane that match, as much of it as one answer has time for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from time import perf_counter

from omniq_core import BadCursor, LanePage, Link, filtered_page, newer_matches

from .queue import LANES, LaneWish, Look, Order, QueuePage, Watch, queue_page
from .queue_row import Limits

PAGE_MS = 150.0
TICK_MS = 40.0
NEWER_MS = 20.0
TELLS = 1000
"""How long a page may look, a tick of it, and a tick for what came since; how many entries tell the pace of a look."""


def filtered_queue_page(
    link: Link,
    queue: str,
    wish: LaneWish,
    *,
    now_ms: int,
    may_read: Callable[[str], bool],
    limits: Limits,
    watch: Watch,
) -> QueuePage:
    """Two round trips and one for each 3 ms that the lane is looked through. Errors as `queue_page`, and BadFilter.

    A tick keeps a page with the newest first as of its mark and says how many came since; in any other order jobs that
    came have places of their own, and the page is as of now. It is counted anew.
    """
    plain = replace(wish, cursor=None, size=1)
    base = queue_page(link, queue, plain, now_ms=now_ms, may_read=may_read, limits=limits, watch=Watch(ids=watch.ids))
    if watch.counting or base.jobs.broken:
        nothing = LanePage((), 0, 0, None, None, True, base.jobs.broken)
        return replace(base, wish=wish, jobs=nothing, mark=watch.mark, newer=0, matching=None)
    cursor, asked_ms = unstamped(wish.cursor, now_ms)
    going_on, asked_ms = unstamped(watch.going_on, asked_ms)
    upto, asked_ms = unstamped(watch.mark, asked_ms)
    ticks, announces = upto is not None, wish.order == Order("entered", newest_first=True)
    if ticks and not announces and wish.filter.since:
        asked_ms = now_ms
    wanted, lane = wish.filter.wanted(wish.lane, asked_ms), LANES[wish.lane]
    read = partial(
        filtered_page, link, queue, lane, wanted, size=wish.size, cursor=cursor,
        newest_first=wish.order.newest_first, order=wish.order.by,
    )  # fmt: skip
    began = perf_counter()
    found = read(
        going_on=going_on, upto=upto if announces else None, until_now=ticks and not announces, recount=ticks,
        budget_ms=0 if watch.stop else TICK_MS if ticks else PAGE_MS,
    )  # fmt: skip
    took_ms = (perf_counter() - began) * 1000
    if going_on and watch.whole and found.listed and not found.jobs.rows:
        # A page without script that only counts on.
        listed = read(upto=found.mark, budget_ms=PAGE_MS)
        found = replace(found, jobs=listed.jobs, places=listed.places)
    newer, all_newer = 0, True
    if upto and announces:
        newer, all_newer = newer_matches(link, queue, lane, wanted, upto, budget_ms=NEWER_MS)
    onward, back = stamped(found.jobs.older, asked_ms), stamped(found.jobs.newer, asked_ms)
    # With the oldest first it is the newer ones that a reader goes on to.
    older, newer_page = (onward, back) if wish.order.newest_first else (back, onward)
    return replace(
        base,
        wish=wish,
        jobs=replace(
            found.jobs,
            older=older,
            newer=newer_page,
            broken=base.jobs.broken,
        ),
        mark=stamped(found.mark, asked_ms) or "",
        newer=newer,
        more_newer=not all_newer,
        matching=found.count.matching if found.count else None,
        look=Look(
            page=replace(found, places=tuple(stamped(place, asked_ms) or "" for place in found.places)),
            going_on=stamped(found.going_on, asked_ms),
            stopped=watch.stop,
            left_ms=int(found.left * took_ms / found.looked) if found.looked >= TELLS else None,
        ),
    )


def stamped(token: str | None, asked_ms: int) -> str | None:
    """The token with the moment from which `since` counts: a page is as of one moment however long it stays open."""
    return f"{token}~{asked_ms}" if token else None


def unstamped(token: str | None, asked_ms: int) -> tuple[str | None, int]:
    """The opposite of `stamped`; the moment is `asked_ms` where there is no token. Raises BadCursor."""
    if not token:
        return None, asked_ms
    token, _, stamp = token.partition("~")
    if not (stamp.isascii() and stamp.isdigit() and len(stamp) <= 15):
        raise BadCursor("not a cursor of this list")
    return token, int(stamp)
