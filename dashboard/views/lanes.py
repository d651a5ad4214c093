"""The words and columns of each lane."""

from __future__ import annotations

from dataclasses import dataclass

from ..queries.queue import SORTS, LaneWish
from .addresses import lane_url, turned

LANE_WORDS = {
    "waiting": "Waiting",
    "active": "Active",
    "delayed": "Delayed",
    "failed": "Failed",
    "completed": "Completed",
}
LANE_TITLES = {
    "waiting": "Waiting jobs",
    "active": "Active jobs",
    "delayed": "Delayed jobs",
    "failed": "Failed jobs",
    "completed": "Last 100 completed jobs",
}
ONE_OF = {
    "waiting": "waiting job",
    "active": "start",
    "delayed": "delayed job",
    "failed": "failure",
    "completed": "completion",
}
MANY_OF = {lane: f"{word}s" for lane, word in ONE_OF.items()}
SORT_WORDS = {
    "waiting": {"queued": "Longest wait first", "-queued": "Newest first"},
    "active": {
        "lease": "Shortest lease first",
        "-lease": "Longest lease first",
        "started": "Longest run first",
        "-started": "Latest start first",
    },
    "delayed": {"due": "Next due first", "-due": "Last due first"},
    "failed": {"failed": "Newest first", "-failed": "Oldest first"},
    "completed": {"completed": "Newest first", "-completed": "Oldest first"},
}
SELDOM = {"-lease", "-started"}
"""Orders that the select of the cards leaves out, unless the page stands in one of them."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a lane. `sort` is the name of the order by it, "" when the lane cannot be sorted so."""

    label: str
    cls: str = ""
    sort: str = ""
    title: str = ""


COLUMNS = {
    "failed": (
        Column("Job"),
        Column("Error"),
        Column("Group", "p3"),
        Column("Attempts", "p3"),
        Column("Ran for", "num p4"),
        Column("Failed", "num", "failed"),
    ),
    "waiting": (
        Column("Job"),
        Column("Payload"),
        Column("Group"),
        Column("Position", "num", title="Within its group, or among the ungrouped"),
        Column("Queued", "num", "queued"),
    ),
    "active": (
        Column("Job"),
        Column("Payload"),
        Column("Group"),
        Column("Attempt", "p2"),
        Column("Lease", "", "lease"),
        Column("Started", "num", "started"),
    ),
    "delayed": (
        Column("Job"),
        Column("Payload or last error"),
        Column("Group"),
        Column("Attempt", "p2"),
        Column("Due", "num", "due"),
    ),
    "completed": (
        Column("Job"),
        Column("Payload"),
        Column("Group"),
        Column("Ran for", "num"),
        Column("Completed", "num", "completed"),
    ),
}


@dataclass(frozen=True, slots=True)
class Head:
    """A column's head: its column, the address of a press on it (None: not sorted by it), and `aria-sort`."""

    column: Column
    url: str | None
    sorted: str


def heads(queue: str, wish: LaneWish, *, indexed: bool) -> list[Head]:
    """The heads of a lane's table. Without its index a lane cannot be sorted by when jobs entered it."""
    found: list[Head] = []
    for column in COLUMNS[wish.lane]:
        sortable = column.sort and (indexed or SORTS[wish.lane][column.sort].by != "entered")
        url = lane_url(queue, wish, sort=turned(wish, column.sort)) if sortable else None
        here = sortable and wish.sort.removeprefix("-") == column.sort
        found.append(Head(column, url, ("descending" if wish.order.newest_first else "ascending") if here else ""))
    return found


def sort_options(wish: LaneWish) -> list[tuple[str, str]]:
    """What the select of the cards offers: names of orders and their words."""
    words = SORT_WORDS[wish.lane]
    return [(name, text) for name, text in words.items() if name == wish.sort or name not in SELDOM]
