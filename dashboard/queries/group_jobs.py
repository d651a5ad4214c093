"""The jobs that wait in one group: a page of them in one round trip."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from omniq_core import Group, GroupJobs, LanePage, LaneRow, Link, group_jobs

from .queue import LaneWish, OtherQueue, UnknownQueue, other_queues
from .queue_row import Limits, QueueRow, queue_row


@dataclass(frozen=True, slots=True)
class GroupJobsPage:
    """A group and a page of the jobs that wait in it. `group` is None when it has no key (any more); `named` are rows
    asked for by id, whatever became of them."""

    head: QueueRow
    gid: str
    group: Group | None
    wish: LaneWish
    jobs: LanePage
    named: tuple[LaneRow, ...]
    others: tuple[OtherQueue, ...]
    queues: int
    now_ms: int
    tab: str = "groups"


def group_jobs_page(
    link: Link,
    queue: str,
    gid: str,
    wish: LaneWish,
    *,
    now_ms: int,
    may_read: Callable[[str], bool],
    limits: Limits,
    named: Sequence[str] = (),
) -> GroupJobsPage:
    """Reads the page. Raises UnknownQueue, and BadCursor for a cursor that no page gave out.

    A page whose last job has left becomes the page before it, at the cost of a second trip.
    """

    def read(cursor: str | None) -> GroupJobs:
        last_first = wish.order.newest_first
        return group_jobs(
            link, queue, gid, now_ms=now_ms, size=wish.size, cursor=cursor, last_first=last_first, ids=named
        )

    found = read(wish.cursor)
    if not found.snapshot.exists:
        raise UnknownQueue(queue)
    if wish.cursor and not found.page.rows and (found.page.newer or found.page.older):
        wish = replace(wish, cursor=found.page.newer or found.page.older)
        found = read(wish.cursor)
    others, queues = other_queues(found.beside.figures, queue, may_read=may_read)
    return GroupJobsPage(
        head=queue_row(found.snapshot, now_ms, limits, away=found.beside.away),
        gid=gid,
        group=found.group,
        wish=wish,
        jobs=found.page,
        named=found.named,
        others=others,
        queues=queues,
        now_ms=now_ms,
    )
