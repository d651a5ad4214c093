"""OmniQ in Python: the whole protocol, and what an operator needs on top of it."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from .client import OmniqClient
from .connection import REDIS_ERRORS, Link, connect, explain_redis_error, is_outage
from .consumer import consume
from .errors import (
    AckUnknown,
    AlreadyInit,
    BadExpected,
    BadLane,
    JobActive,
    LaneMismatch,
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
from .types import JobCtx

if TYPE_CHECKING:
    from .monitor import QueueMonitor
    from .operator import (
        COUNTED_POSITIONS,
        MOST_COUNTERS,
        Background,
        BadCursor,
        BadFilter,
        ChildCounter,
        CounterList,
        Counting,
        Discovery,
        DiscoveryState,
        Filter,
        JobDetail,
        LanePage,
        LaneRow,
        LaneWatch,
        Match,
        OverviewData,
        Probe,
        QueueRead,
        QueueSnapshot,
        RawField,
        Scan,
        Selection,
        Task,
        TaskRunner,
        WholeLane,
        backing_off,
        counter_list,
        job_detail,
        job_payload,
        lane_page,
        mark,
        open_names_command,
        order_task,
        parse_names,
        queue_snapshots,
        queue_state,
        read_counters,
        read_overview,
        read_queue,
        read_selection,
        read_task,
        read_tasks,
        remove_counter,
        scan_lane,
        start_task,
    )

__all__ = [
    "COUNTED_POSITIONS",
    "MOST_COUNTERS",
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
    "CounterList",
    "Counting",
    "Discovery",
    "DiscoveryState",
    "Filter",
    "JobActive",
    "JobCtx",
    "JobDetail",
    "JobToPublish",
    "LaneMismatch",
    "LanePage",
    "LaneRow",
    "LaneWatch",
    "Link",
    "Match",
    "NoJob",
    "NotActive",
    "NotDelayed",
    "NotFailed",
    "NotInLane",
    "OmniqClient",
    "OmniqError",
    "OverviewData",
    "PayloadT",
    "Probe",
    "PublishedId",
    "QueueMonitor",
    "QueueRead",
    "QueueSnapshot",
    "RawField",
    "ReserveJob",
    "ReservePaused",
    "Scan",
    "Selection",
    "Task",
    "TaskRunner",
    "TokenMismatch",
    "TokenRequired",
    "WholeLane",
    "backing_off",
    "connect",
    "consume",
    "counter_list",
    "explain_redis_error",
    "is_outage",
    "job_detail",
    "job_payload",
    "lane_page",
    "mark",
    "open_names_command",
    "order_task",
    "parse_names",
    "queue_snapshots",
    "queue_state",
    "read_counters",
    "read_overview",
    "read_queue",
    "read_selection",
    "read_task",
    "read_tasks",
    "remove_counter",
    "scan_lane",
    "start_task",
]

# A worker needs none of these, and they are half of what the import would cost.
_LATER = frozenset(__all__) - frozenset(globals())


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(".monitor" if name == "QueueMonitor" else ".operator", __name__), name)
    globals()[name] = value
    return value
