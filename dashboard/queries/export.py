"""All jobs of a lane that match, for a file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from omniq_core import JobFacts, Link, export_jobs, start_export

from ..redaction import HIDDEN, NOTHING, Redaction, Seen
from .queue import LANES, LaneWish, UnknownQueue


class BrokenLane(LookupError):
    """The lane's key is of another type than the protocol's: `key` and `type` say which."""

    def __init__(self, key: str, type: str) -> None:
        super().__init__(key)
        self.key, self.type = key, type


def exported(
    link: Link, queue: str, wish: LaneWish, *, now_ms: int, payloads: bool, redaction: Redaction = NOTHING
) -> Iterator[tuple[JobFacts, ...]]:
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
    found = export_jobs(
        link, queue, lane, wanted, start.upto, newest_first=not by_lease and wish.order.newest_first,
        order="entered" if by_lease else wish.order.by, payloads=payloads or redaction.on,
    )  # fmt: skip
    return (tuple(_shown(job, payloads, redaction) for job in some) for some in found) if redaction.on else found


def _shown(job: JobFacts, payloads: bool, redaction: Redaction) -> JobFacts:
    """A job as it may be shown. Its payload was read also where only its error is asked for, which may repeat it."""
    seen = Seen(None, "", None) if job.payload_bytes else Seen("")
    if job.payload is not None:
        seen = redaction.payload(job.payload.encode("utf-8", "surrogateescape"))
    shown = HIDDEN if job.payload is not None and seen.text is None else seen.text
    return replace(job, last_error=redaction.error(job.last_error, seen), payload=shown if payloads else None)
