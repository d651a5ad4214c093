"""The words and columns of each lane."""

from __future__ import annotations

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
    "failed": ("Newest first", "Oldest first"),
    "completed": ("Newest first", "Oldest first"),
    "waiting": ("Newest first", "Longest wait first"),
    "active": ("Latest start first", "Longest run first"),
    "delayed": ("Latest first", "Longest in this lane first"),
}
"""Each lane's two orders: newest first, and the other way round."""

COLUMNS: dict[str, tuple[tuple[str, str, bool], ...]] = {
    "failed": (
        ("Job", "", False),
        ("Error", "", False),
        ("Group", "p3", False),
        ("Attempts", "p3", False),
        ("Ran for", "num p4", False),
        ("Failed", "num", True),
    ),
    "waiting": (("Job", "", False), ("Payload", "", False), ("Group", "", False), ("Queued", "num", True)),
    "active": (
        ("Job", "", False),
        ("Payload", "", False),
        ("Group", "", False),
        ("Attempt", "p2", False),
        ("Lease runs out", "", False),
        ("Started", "num", True),
    ),
    "delayed": (
        ("Job", "", False),
        ("Payload or last error", "", False),
        ("Group", "", False),
        ("Attempt", "p2", False),
        ("Due", "num", False),
        ("Delayed", "num", True),
    ),
    "completed": (
        ("Job", "", False),
        ("Payload", "", False),
        ("Group", "", False),
        ("Ran for", "num", False),
        ("Completed", "num", True),
    ),
}
"""Per lane: head, class, and whether the lane is sorted by it."""
