"""What an operator needs beyond the protocol: figures, pages of lanes, single jobs, and which queues exist."""

from __future__ import annotations

from .activity import (
    Activity,
    ActivityPage,
    every_activity,
    filter_facts,
    note_activity,
    one_activity,
    read_activity,
    redacted,
)
from .background import Background
from .beside import overview_away
from .check_record import MOST_CHECKED, Check, Health, Report, order_check, pack_report, read_health, start_check
from .check_runner import CheckRunner
from .children import (
    MOST_COUNTERS,
    ChildCounter,
    CounterChange,
    CounterEnd,
    CounterList,
    counter_list,
    finish_counter,
    last_change,
    read_counter,
    read_counters,
    remove_counter,
)
from .consumers import Consumer, Consumers
from .counter_changes import CounterChanges
from .counter_children import DoneChildren, done_children
from .counter_jobs import COUNTER_STILL_MS
from .counter_look import CounterJobs
from .cuts import BadCursor
from .delayed import backing_off
from .discovery import Discovery
from .export import LARGEST_EXPORTED, ExportStart, JobFacts, export_jobs, start_export
from .failures import (
    FailureKinds,
    FailureRead,
    KindFigures,
    KindRow,
    failed_rows,
    failed_since,
    failure_kinds,
    kind_jobs,
    kind_of_job,
    kind_rows,
    read_failures,
    want_failures,
)
from .filtered import Count, FilteredPage, filtered_page, newer_matches
from .filters import BadFilter, Filter
from .findings import FINDING_KINDS, JOB_KINDS, Finding, FindingKind, read_findings
from .fingerprint import ErrorKind, without_message
from .frame_reads import read_open_tasks_and_health
from .group_jobs import GroupJobs, group_jobs
from .group_repair import GroupRepair, Repaired, repair_groups, repair_of
from .groups import MOST_GROUPS, MOST_LIVE, Group, GroupFigures, GroupsRead, group_rows, read_groups
from .history import (
    History,
    HistoryPoint,
    Spark,
    add_histories,
    history_command,
    parse_spark,
    per_second,
    read_history,
    spark_command,
)
from .history_sampler import HistorySampler
from .job import JobDetail, RawField, job_detail, job_payload
from .job_texts import job_texts
from .job_totals import JobTotals, job_totals
from .kind_selection import KindSelection, kind_selection
from .lane_scan import Match, Scan, mark, scan_lane
from .lanes import COUNTED_POSITIONS, LanePage, LaneRow, lane_page, page_of_mark
from .neighbours import Neighbour, Neighbours, kind_neighbours, kind_place, lane_neighbours
from .notices import Notice, NoticeLimits, worst
from .overview import DiscoveryState, OverviewData, read_overview
from .pauses import LONGEST_PAUSE_MS, MOST_REASON, Pause, pause_queue
from .publish import Publication, publish_once, published_before
from .queue import QueueRead, read_queue
from .repair_kinds import Repair, RepairSelection, repair_of_kind, task_selection
from .repairs import RepairPreview, preview_repair, start_repair
from .rows import RowsRead, read_rows
from .search import MOST_FOUND, FoundJob, FoundPart, find_jobs_by_id, find_jobs_by_prefix
from .selection import Counting, Matching, Selection, WholeLane, read_selection
from .server_facts import (
    SLOW_READ,
    AnswerTimes,
    Clients,
    Memory,
    Persistence,
    Replication,
    ServerFacts,
    SlowScript,
    measure_answer,
    seen_facts,
    server_facts,
)
from .snapshot import QueueSnapshot, paused_until, queue_snapshots, queue_state
from .standing import Standing
from .surroundings import job_surroundings
from .task_record import Probe, Task
from .task_runner import TaskRunner
from .tasks import order_task, read_open_tasks, read_task, read_tasks, start_task
from .top_errors import TopError, TopErrors
from .trash import Trash, TrashBatch, read_trash, read_trash_beside
from .undo_state import UndoState, beside_activity

__all__ = [
    "COUNTED_POSITIONS",
    "COUNTER_STILL_MS",
    "FINDING_KINDS",
    "JOB_KINDS",
    "LARGEST_EXPORTED",
    "LONGEST_PAUSE_MS",
    "MOST_CHECKED",
    "MOST_COUNTERS",
    "MOST_FOUND",
    "MOST_GROUPS",
    "MOST_LIVE",
    "MOST_REASON",
    "SLOW_READ",
    "Activity",
    "ActivityPage",
    "AnswerTimes",
    "Background",
    "BadCursor",
    "BadFilter",
    "Check",
    "CheckRunner",
    "ChildCounter",
    "Clients",
    "Consumer",
    "Consumers",
    "Count",
    "CounterChange",
    "CounterChanges",
    "CounterEnd",
    "CounterJobs",
    "CounterList",
    "Counting",
    "Discovery",
    "DiscoveryState",
    "DoneChildren",
    "ErrorKind",
    "ExportStart",
    "FailureKinds",
    "FailureRead",
    "Filter",
    "FilteredPage",
    "Finding",
    "FindingKind",
    "FoundJob",
    "FoundPart",
    "Group",
    "GroupFigures",
    "GroupJobs",
    "GroupRepair",
    "GroupsRead",
    "Health",
    "History",
    "HistoryPoint",
    "HistorySampler",
    "JobDetail",
    "JobFacts",
    "JobTotals",
    "KindFigures",
    "KindRow",
    "KindSelection",
    "LanePage",
    "LaneRow",
    "Match",
    "Matching",
    "Memory",
    "Neighbour",
    "Neighbours",
    "Notice",
    "NoticeLimits",
    "OverviewData",
    "Pause",
    "Persistence",
    "Probe",
    "Publication",
    "QueueRead",
    "QueueSnapshot",
    "RawField",
    "Repair",
    "RepairPreview",
    "RepairSelection",
    "Repaired",
    "Replication",
    "Report",
    "RowsRead",
    "Scan",
    "Selection",
    "ServerFacts",
    "SlowScript",
    "Spark",
    "Standing",
    "Task",
    "TaskRunner",
    "TopError",
    "TopErrors",
    "Trash",
    "TrashBatch",
    "UndoState",
    "WholeLane",
    "add_histories",
    "backing_off",
    "beside_activity",
    "counter_list",
    "done_children",
    "every_activity",
    "export_jobs",
    "failed_rows",
    "failed_since",
    "failure_kinds",
    "filter_facts",
    "filtered_page",
    "find_jobs_by_id",
    "find_jobs_by_prefix",
    "finish_counter",
    "group_jobs",
    "group_rows",
    "history_command",
    "job_detail",
    "job_payload",
    "job_surroundings",
    "job_texts",
    "job_totals",
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
    "measure_answer",
    "newer_matches",
    "note_activity",
    "one_activity",
    "order_check",
    "order_task",
    "overview_away",
    "pack_report",
    "page_of_mark",
    "parse_spark",
    "pause_queue",
    "paused_until",
    "per_second",
    "preview_repair",
    "publish_once",
    "published_before",
    "queue_snapshots",
    "queue_state",
    "read_activity",
    "read_counter",
    "read_counters",
    "read_failures",
    "read_findings",
    "read_groups",
    "read_health",
    "read_history",
    "read_open_tasks",
    "read_open_tasks_and_health",
    "read_overview",
    "read_queue",
    "read_rows",
    "read_selection",
    "read_task",
    "read_tasks",
    "read_trash",
    "read_trash_beside",
    "redacted",
    "remove_counter",
    "repair_groups",
    "repair_of",
    "repair_of_kind",
    "scan_lane",
    "seen_facts",
    "server_facts",
    "spark_command",
    "start_check",
    "start_export",
    "start_repair",
    "start_task",
    "task_selection",
    "want_failures",
    "without_message",
    "worst",
]
