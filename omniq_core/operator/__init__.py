"""What an operator needs beyond the protocol: figures, pages of lanes, single jobs, and which queues exist."""

from __future__ import annotations

from .background import Background
from .cuts import BadCursor
from .discovery import Discovery
from .job import JobDetail, RawField, job_detail, job_payload
from .lanes import LanePage, LaneRow, lane_page, lane_page_call, parse_lane_page
from .overview import DiscoveryState, OverviewData, read_overview
from .queue import QueueRead, read_queue
from .snapshot import QueueSnapshot, parse_snapshot, queue_snapshots, queue_state, snapshot_call
from .watch import LaneWatch

__all__ = [
    "Background",
    "BadCursor",
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
    "job_detail",
    "job_payload",
    "lane_page",
    "lane_page_call",
    "parse_lane_page",
    "parse_snapshot",
    "queue_snapshots",
    "queue_state",
    "read_overview",
    "read_queue",
    "snapshot_call",
]
