"""The list that a job's page was opened from, and the jobs beside it there."""

from __future__ import annotations

from dataclasses import dataclass

from omniq_core import JobDetail, Link, Neighbour, Neighbours, kind_neighbours, lane_neighbours

from .filtered import stamped, unstamped
from .queue import LANES, LaneWish


@dataclass(frozen=True, slots=True)
class JobList:
    """A lane, in an order and with a filter, or with `kind` the failed jobs of a kind of error. The cursor of `wish` is
    the job's own place in it, None where the lane itself tells it."""

    wish: LaneWish
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Turn:
    """Where an arrow leads: to a job, `at` its own place in the list; without a job to the page of the list at this
    cursor, which looks on for it."""

    job_id: str | None
    at: str | None


@dataclass(frozen=True, slots=True)
class Pager:
    """The jobs beside a job, and its place among how many; None where that is not known."""

    position: int | None
    total: int | None
    previous: Turn | None
    next: Turn | None


def job_pager(link: Link, job: JobDetail, listed: JobList | None, now_ms: int) -> Pager | None:
    """The pager of a job's page; None for a job of no list. Raises BadCursor.

    Without a filter the read of the job told all. A kind costs one more round trip, a filter two and one for each 3 ms
    that are looked through.
    """
    if listed is None or not listed.wish.cursor:
        return _of_lane(job, turned=listed is not None and not listed.wish.order.newest_first)
    wish, at = listed.wish, listed.wish.cursor
    if listed.kind:
        return _pager(kind_neighbours(link, job.queue, listed.kind, at, newest_first=wish.order.newest_first), None)
    place, asked_ms = unstamped(at, now_ms)
    wanted, order = wish.filter.wanted(wish.lane, asked_ms), wish.order
    found = lane_neighbours(
        link, job.queue, LANES[wish.lane], wanted, place or "", newest_first=order.newest_first, order=order.by
    )
    return _pager(found, asked_ms)


def _of_lane(job: JobDetail, *, turned: bool) -> Pager | None:
    place = job.place
    if job.state != "failed" or place is None:
        return None
    newer, older = (Turn(job_id, None) if job_id is not None else None for job_id in (place.newer, place.older))
    if turned:
        return Pager(place.total - place.position + 1, place.total, older, newer)
    return Pager(place.position, place.total, newer, older)


def _pager(found: Neighbours, asked_ms: int | None) -> Pager:
    def turn(beside: Neighbour | None) -> Turn | None:
        if beside is None:
            return None
        return Turn(beside.job_id, beside.at if asked_ms is None else stamped(beside.at, asked_ms))

    return Pager(found.position, found.total, turn(found.previous), turn(found.next))
