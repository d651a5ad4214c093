"""What is a notice: each rule looks at figures that were just read, and finds the conditions that hold.

A rule with a figure takes one that has appeared to hold until the figure is well below where it began.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..numbers import read_count
from .notices import Notice, NoticeBoard, NoticeLimits
from .snapshot import QueueSnapshot, queue_state

if TYPE_CHECKING:
    from .children import NotedCounter
    from .server_facts import ServerFacts
    from .top_watch import Lately

MEMORY_BACK = 5
"""Percent below the limit at which the notice about memory leaves."""

RISING, STILL_RISING = 3.0, 1.5
"""Failures rise when so many times as many came as before."""


def at_once(snapshots: Collection[QueueSnapshot], info: Any, now_ms: int, limits: NoticeLimits) -> Iterator[Notice]:
    """What figures of one moment tell, without a memory of the rounds before: where nothing may be written down. Of
    these conditions none comes and goes within seconds."""
    nothing = NoticeBoard()
    yield from memory(info, limits, nothing)
    yield from stalled(snapshots, now_ms, limits)
    yield from paused(snapshots, now_ms, limits)


def stalled(snapshots: Iterable[QueueSnapshot], now_ms: int, limits: NoticeLimits) -> Iterator[Notice]:
    """Queues that are stalled, by the rule of their state."""
    for one in snapshots:
        if queue_state(one, now_ms, limits.stalled_ms) == "stalled":
            known = (one.oldest_waiting_ms, one.last_reserve_ms, one.resumed_ms)
            since = max((moment for moment in known if moment), default=None)
            yield Notice("stalled", one.queue, one.waiting_total, one.expired, since)


def leases(
    snapshots: Iterable[QueueSnapshot], ended: Mapping[str, int], now_ms: int, limits: NoticeLimits, board: NoticeBoard
) -> Iterator[Notice]:
    """Leases that ran out a while ago and that nobody took back; `ended`: when the first one did. A queue that is
    stalled says so itself."""
    for one in snapshots:
        since = ended.get(one.queue)
        if since is None or queue_state(one, now_ms, limits.stalled_ms) == "stalled":
            continue
        patience = limits.leases_ms // 2 if board.showing("leases", one.queue) else limits.leases_ms
        if now_ms - since >= patience:
            yield Notice("leases", one.queue, one.expired, 0, since)


def paused(snapshots: Iterable[QueueSnapshot], now_ms: int, limits: NoticeLimits) -> Iterator[Notice]:
    """Queues that have been paused for long with jobs waiting.

    Of a pause outside the dashboard nobody knows when it began: then for so long jobs wait and none was taken.
    """
    for one in snapshots:
        if not one.paused or not one.waiting_total:
            continue
        since = one.pause.since_ms if one.pause and not one.pause.outside else None
        if since is None:
            known = (one.oldest_waiting_ms or one.last_enqueue_ms, one.last_reserve_ms)
            quiet = max((moment for moment in known if moment), default=None)
            if quiet is not None and now_ms - quiet >= limits.paused_ms:
                yield Notice("paused", one.queue, one.waiting_total)
        elif now_ms - since >= limits.paused_ms:
            yield Notice("paused", one.queue, one.waiting_total, 0, since)


def memory(info: Any, limits: NoticeLimits, board: NoticeBoard, seen: ServerFacts | None = None) -> Iterator[Notice]:
    """What INFO says about memory: near its limit, or a policy that takes jobs away when it is reached. Of a cluster it
    is what one master says now, and of the others what was last `seen`; the worst of them is the notice.

    The policies `volatile-*` take only what has an expiry, and no job has one.
    """
    asked: list[tuple[int, int, str, str]] = []
    if not isinstance(info, Exception):  # INFO may be forbidden
        used, most = (read_count(info.get(name)) for name in ("used_memory", "maxmemory"))
        asked.append((used, most, str(info.get("maxmemory_policy", "")), seen.node if seen else ""))
    others = [(one.memory, one.node) for one in seen.others] if seen else []
    asked += [(kept.used, kept.most, kept.policy, node) for kept, node in others if kept]
    limited = [one for one in asked if one[1]]
    if not limited:
        return
    used, most, policy, node = max(limited, key=lambda one: one[0] / one[1])
    percent = limits.memory_percent - (MEMORY_BACK if board.showing("memory") else 0)
    if used * 100 >= most * percent:
        yield Notice("memory", "", used, most, None, policy, node)
    for _, most, policy, node in limited:
        if policy.startswith("allkeys-"):
            yield Notice("eviction", "", 0, most, None, policy, node)
            return


def failing(queue: str, lately: Lately, limits: NoticeLimits, board: NoticeBoard) -> Notice | None:
    """A queue in which many more jobs failed in the last 15 min than in those before.

    Once it has appeared it compares with the time before it began: what goes on failing is no new normal.
    """
    known = board.showing("failing", queue)
    least, times = (limits.failing / 2, STILL_RISING) if known else (limits.failing, RISING)
    before = known.more if known else lately.before
    if lately.failed < least or lately.failed <= times * before:
        return None
    share = lately.of_kind * 100 // lately.failed
    return Notice("failing", queue, lately.failed, before, None, lately.name, lately.digest, share)


def counters(noted: Iterable[NotedCounter], now_ms: int, limits: NoticeLimits) -> Iterator[Notice]:
    """Child counters that have not moved for long; the one that has stood still for longest is named."""
    still = [one for one in noted if not one.counter.fault and now_ms - one.change.at_ms >= limits.stuck_ms]
    if still:
        longest = min(still, key=lambda one: (one.change.at_ms, one.counter.key))
        left = longest.counter.remaining or 0
        yield Notice("counters", "", len(still), left, longest.change.at_ms, longest.counter.key)


def clocks(apart: Sequence[Notice], limits: NoticeLimits, board: NoticeBoard) -> Iterator[Notice]:
    """Clocks that are further apart than they may be. When it is our own, the others cannot be told by it."""
    found = [one for one in apart if abs(one.count) >= limits.clocks_ms // (2 if board.showing(*one.key) else 1)]
    own = [one for one in found if not one.queue]
    yield from own or found
