"""The addresses inside pages: the present page with one thing changed."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any
from urllib.parse import urlencode

from flask import url_for

from ..queries.activity import ActivityWish
from ..queries.children import ChildrenWish
from ..queries.groups import GroupsWish
from ..queries.job_list import JobList
from ..queries.overview import OverviewWish
from ..queries.queue import LaneWish, usual_sort
from ..tokens import to_token

SCOPE = "filter"
"""The value of `scope` that means everything that matches, rather than the jobs that are named."""


def overview_url(wish: OverviewWish, **changes: Any) -> str:
    """The overview with some of its wishes changed; a change of filter or sort starts at page 1."""
    if "page" not in changes:
        changes["page"] = 1
    wanted = replace(wish, **changes)
    usual = asdict(OverviewWish())
    asked = {name: value for name, value in asdict(wanted).items() if value != usual[name]}
    return with_query(url_for(".overview"), asked)


def turned(wish: OverviewWish | ChildrenWish | GroupsWish | LaneWish, column: str) -> str:
    """The sort that a press on a column's head asks for: the column, or the other way round."""
    return f"-{column}" if wish.sort == column else column


def children_url(wish: ChildrenWish, **changes: Any) -> str:
    """The child counters with some of the wishes changed; a change of filter or sort starts at page 1."""
    wanted = replace(wish, **({"page": 1} | changes))
    usual = asdict(ChildrenWish())
    asked = {name: value for name, value in asdict(wanted).items() if value != usual[name]}
    return with_query(url_for(".children"), asked)


def activity_url(wish: ActivityWish, *, endpoint: str = ".activity", **changes: Any) -> str:
    """What operators did with some of the wishes changed; without a cursor in `changes` at its first page."""
    usual, wanted = asdict(ActivityWish()), asdict(replace(wish, **({"cursor": ""} | changes)))
    return with_query(url_for(endpoint), {name: value for name, value in wanted.items() if value != usual[name]})


def search_url(text: str, *, cursor: int = 0, seen: int = 0, found: int = 0, first: int = 0, stop: bool = False) -> str:
    """A search for a job's id that goes on: among the queues from number `first`, or among the keys from `cursor`.

    `seen` keys were looked at and `found` jobs found before; with `stop` it waits for a press afterwards.
    """
    places = {"from": first, "cursor": cursor, "seen": seen, "found": found, "stop": int(stop)}
    return with_query(url_for(".search"), {"id": text} | {name: at for name, at in places.items() if at})


def groups_url(queue: str, wish: GroupsWish, *, edit: str | None = None, row: str | None = None, **changes: Any) -> str:
    """The groups of a queue with some of the wishes changed; a change of what is listed starts at page 1.

    `edit`: with the field for the limit of this group; `row`: to script, the row of this group alone.
    """
    wanted = replace(wish, **({"page": 1} | changes))
    asked, usual = asdict(wanted), asdict(GroupsWish())
    query = {name: value for name, value in asked.items() if value != usual[name]}
    query |= {name: to_token(gid) for name, gid in (("edit", edit), ("row", row)) if gid is not None}
    return with_query(url_for(".groups", queue=queue), query)


def group_url(queue: str, gid: str, wish: LaneWish | None = None, **changes: Any) -> str:
    """The jobs of a group, with some of the wishes changed; without a cursor in `changes` at their first page."""
    wanted = replace(wish, **({"cursor": None} | changes)) if wish else None
    query: dict[str, Any] = _lane_query(wanted) if wanted else {}
    if wanted and wanted.cursor:
        query["cursor"] = wanted.cursor
    return with_query(url_for(".group", queue=queue, gid=gid), query)


def lane_url(queue: str, wish: LaneWish, *, scan: str | None = None, select_all: bool = False, **changes: Any) -> str:
    """A lane of a queue with some of its wishes changed; without a cursor in `changes` it starts at its first page.

    With `scan`, the token of a filtered page, it goes on looking from there. `select_all`: all that match are selected.
    """
    if "cursor" not in changes:
        changes["cursor"] = None
    wanted = replace(wish, **changes)
    query = _lane_query(wanted)
    if wanted.cursor:
        query["cursor"] = wanted.cursor
    if scan:
        query["scan"] = scan
    if select_all:
        query["scope"] = SCOPE
    return with_query(url_for(".lane", queue=queue, lane=wanted.lane), query)


def kind_url(queue: str, kind: str, wish: LaneWish, **changes: Any) -> str:
    """The jobs of a kind with some of the wishes changed; without a cursor in `changes` it starts at its first page."""
    wanted = replace(wish, **({"cursor": None} | changes))
    query = _lane_query(wanted) | ({"cursor": wanted.cursor} if wanted.cursor else {})
    return with_query(url_for(".failures_of_kind", queue=queue, kind=kind), query)


def job_url(
    queue: str, job_id: str, listed: JobList | None = None, at: str | None = None, *, whole: bool = False
) -> str:
    """A job's page, with the list it is opened from and its place `at` in it; `whole`: with all of its payload."""
    query: dict[str, Any] = {}
    if listed and (at or not (listed.kind or listed.wish.filter.asks)):
        query = {"list": listed.kind or listed.wish.lane, **_lane_query(listed.wish)}
    return with_query(
        url_for(".job", queue=queue, job_id=job_id),
        query | ({"at": at} if at else {}) | ({"show": "all"} if whole else {}),
    )


def list_url(queue: str, listed: JobList, cursor: str | None = None) -> str:
    """The list that a job's page was opened from."""
    if listed.kind:
        return kind_url(queue, listed.kind, listed.wish, cursor=cursor)
    return lane_url(queue, listed.wish, cursor=cursor)


def bulk_url(endpoint: str, queue: str, wish: LaneWish) -> str:
    """Where a button about everything that matches asks for its dialog: the filter goes along."""
    return with_query(url_for(endpoint, queue=queue), wish.filter.typed)


def export_url(queue: str, wish: LaneWish, format: str, *, payloads: bool = False) -> str:
    """All that the lane's page lists, as a file."""
    query: dict[str, Any] = {"format": format} | ({"payloads": 1} if payloads else {})
    query |= _lane_query(replace(wish, size=50))
    return with_query(url_for(".export", queue=queue, lane=wish.lane), query)


def _lane_query(wish: LaneWish) -> dict[str, Any]:
    query: dict[str, Any] = {} if wish.sort == usual_sort(wish.lane) else {"sort": wish.sort}
    if wish.size != 50:
        query["size"] = wish.size
    return query | wish.filter.typed


def with_query(path: str, query: dict[str, Any]) -> str:
    """What `url_for` gave, asked `query`, which comes first: a host's url_defaults may have asked something before."""
    path, _, asked = path.partition("?")
    query_string = "&".join(filter(None, (urlencode(query), asked)))
    return f"{path}?{query_string}" if query_string else path
