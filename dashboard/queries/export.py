"""All jobs of a lane that match, for a file."""

from __future__ import annotations

from collections.abc import Iterator

from omniq_core import JobFacts, Link, export_jobs, start_export

from .queue import LANES, LaneWish, UnknownQueue


class BrokenLane(LookupError):
    """The lane's key is of another type than the protocol's: `key` and `type` say which."""

    def __init__(self, key: str, type: str) -> None:
        super().__init__(key)
        self.key, self.type = key, type


def exported(link: Link, queue: str, wish: LaneWish, *, now_ms: int, payloads: bool) -> Iterator[tuple[JobFacts, ...]]:
    """The jobs of the lane as of now, some at a time, in the order of the page. The first round trip is made at once.

    The order by lease is that of the starts here: a heartbeat moves a job in the former. Raises UnknownQueue,
    BrokenLane, BadFilter, and what Redis raised.
    """
    wanted, lane = wish.filter.wanted(wish.lane, now_ms), LANES[wish.lane]
    start = start_export(link, queue, lane, now_ms=now_ms)
    if not start.exists:
        raise UnknownQueue(queue)
    if start.broken:
        raise BrokenLane(*start.broken)
    if start.upto is None:
        return iter(())
    by_lease = wish.order.by == "lease"
    return export_jobs(
        link, queue, lane, wanted, start.upto, newest_first=not by_lease and wish.order.newest_first,
        order="entered" if by_lease else wish.order.by, payloads=payloads,
    )  # fmt: skip
