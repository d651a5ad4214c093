"""What an operator needs beyond the protocol: figures, pages of lanes, single jobs, and which queues exist."""

from __future__ import annotations

from .background import Background
from .children import MOST_COUNTERS, ChildCounter, CounterList, counter_list, read_counters, remove_counter
from .cuts import BadCursor
from .delayed import backing_off
from .discovery import Discovery
from .job import JobDetail, RawField, job_detail, job_payload
from .lanes import COUNTED_POSITIONS, LanePage, LaneRow, lane_page, lane_page_call, parse_lane_page
from .overview import DiscoveryState, OverviewData, read_overview
from .queue import QueueRead, read_queue
from .snapshot import QueueSnapshot, parse_snapshot, queue_snapshots, queue_state, snapshot_call
from .watch import LaneWatch

__all__ = [
    "COUNTED_POSITIONS",
    "MOST_COUNTERS",
    "Background",
    "BadCursor",
    "ChildCounter",
    "CounterList",
    "Discovery",
    "DiscoveryState",
    "JobDetail",
    "LanePage",
    "LaneRow",
    "LaneWatch",
    "OverviewData",
    "QueueRead",
    "QueueSnapshot",
    "RawField",
    "backing_off",
    "counter_list",
    "job_detail",
    "job_payload",
    "lane_page",
    "lane_page_call",
    "parse_lane_page",
    "parse_snapshot",
    "queue_snapshots",
    "queue_state",
    "read_counters",
    "read_overview",
    "read_queue",
    "remove_counter",
    "snapshot_call",
]
