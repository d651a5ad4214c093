"""OmniQ in Python: the whole protocol, and what an operator needs on top of it."""

# ruff: noqa: F403, F405 (the types of __all__ are those of operator.__all__; pyright misses none of them)

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from .client import OmniqClient
from .connection import REDIS_ERRORS, Link, connect, explain_redis_error, is_outage
from .errors import (
    AckUnknown,
    AlreadyInit,
    BadExpected,
    BadLane,
    JobActive,
    LaneMismatch,
    LimitChanged,
    NoJob,
    NotActive,
    NotDelayed,
    NotFailed,
    NotInLane,
    OmniqError,
    TokenMismatch,
    TokenRequired,
)
from .models import BatchResultItem, JobToPublish, PayloadT, PublishedId, ReserveJob, ReservePaused

if TYPE_CHECKING:
    from .consumer import consume
    from .monitor import QueueMonitor
<<<<<<< Updated upstream
    from .operator import *
=======
    from .operator import *  # their list is operator/__init__.py
>>>>>>> Stashed changes
    from .types import JobCtx

__all__ = [
    "COUNTED_POSITIONS",
    "LONGEST_PAUSE_MS",
    "MOST_COUNTERS",
    "MOST_FOUND",
    "MOST_GROUPS",
    "MOST_LIVE",
    "MOST_REASON",
    "REDIS_ERRORS",
    "AckUnknown",
    "AlreadyInit",
    "Background",
    "BadCursor",
    "BadExpected",
    "BadFilter",
    "BadLane",
    "BatchResultItem",
    "ChildCounter",
    "Count",
    "CounterChange",
    "CounterChanges",
    "CounterList",
    "Counting",
    "Discovery",
    "DiscoveryState",
    "DoneChild",
    "DoneChildren",
    "ErrorKind",
    "FailureKinds",
    "FailureRead",
    "Filter",
    "FilteredPage",
    "FoundJob",
    "FoundPart",
    "Group",
    "GroupFigures",
    "GroupJobs",
    "GroupRepair",
    "GroupsRead",
    "JobActive",
    "JobCtx",
    "JobDetail",
    "JobToPublish",
    "KindFigures",
    "KindRow",
    "KindSelection",
    "LaneMismatch",
    "LanePage",
    "LaneRow",
    "LaneWatch",
    "LimitChanged",
    "Link",
    "Match",
    "Matching",
    "Neighbour",
    "Neighbours",
    "NoJob",
    "NotActive",
    "NotDelayed",
    "NotFailed",
    "NotInLane",
    "OmniqClient",
    "OmniqError",
    "OverviewData",
    "Pause",
    "PayloadT",
    "Probe",
    "Publication",
    "PublishedId",
    "QueueMonitor",
    "QueueRead",
    "QueueSnapshot",
    "RawField",
    "Repaired",
    "ReserveJob",
    "ReservePaused",
    "Scan",
    "Selection",
    "Standing",
    "Task",
    "TaskRunner",
    "TokenMismatch",
    "TokenRequired",
    "WholeLane",
    "backing_off",
    "connect",
    "consume",
    "counter_list",
    "done_children",
    "explain_redis_error",
    "failed_rows",
    "failed_since",
    "failure_kinds",
    "failure_kinds_call",
    "filtered_page",
    "find_jobs_by_id",
    "find_jobs_by_prefix",
    "group_jobs",
    "group_rows",
    "is_outage",
    "job_detail",
    "job_payload",
    "job_standing",
    "kind_jobs",
    "kind_neighbours",
    "kind_of_job",
    "kind_place",
    "kind_rows",
    "kind_selection",
    "lane_neighbours",
    "lane_page",
    "last_change",
    "mark",
    "newer_matches",
    "order_task",
    "others_of_kind",
    "page_of_mark",
    "parse_failure_kinds",
    "pause_queue",
    "paused_until",
    "publish_once",
    "queue_snapshots",
    "queue_state",
    "read_counter",
    "read_counters",
    "read_failures",
    "read_groups",
    "read_open_tasks",
    "read_overview",
    "read_queue",
    "read_selection",
    "read_task",
    "read_tasks",
    "remove_counter",
    "repair_groups",
    "repair_of",
    "scan_lane",
    "start_task",
    "want_failures",
    "without_message",
]

# A publisher needs none of these, and they are most of what the import would cost.
_LATER: dict[str, str] = {
    **dict.fromkeys(frozenset(__all__) - frozenset(globals()), ".operator"),
    **{"consume": ".consumer", "JobCtx": ".types", "QueueMonitor": ".monitor"},
}


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(_LATER[name], __name__), name)
    globals()[name] = value
    return value
