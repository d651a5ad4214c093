"""The list that a job's page was opened from: read from its address, its words, and the way back to it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import parse_qsl

from werkzeug.datastructures import MultiDict

from ..params import Fields, text
from ..problems import BadInput, Problem
from ..queries.job_list import JobList, Turn
from ..queries.queue import LANES
from ..state import mount_path
from .addresses import job_url, list_url
from .filters import lane_wish
from .lanes import LANE_WORDS

DIGEST = re.compile(r"[0-9a-f]{16}|[a-z-]{1,20}")
"""The name of a kind of error in addresses."""


@dataclass(frozen=True, slots=True)
class ListWords:
    """What a list is called: its `name` in the way to the page, one of its jobs, and all of them."""

    name: str
    one: str
    all: str


def opened_from(queue: str, args: Fields) -> JobList | None:
    """The list that the address of a job's page names, None for none. Raises BadInput."""
    name = text(args, "list")
    if not name:
        return None
    if not DIGEST.fullmatch(name):
        raise BadInput("list", "This is no list of jobs.")
    kind = "" if name in LANES else name
    found = JobList(lane_wish(queue, "failed" if kind else name, args, cursor="at"), kind)
    # Without its place nothing can be said of the jobs beside it.
    return found if found.wish.cursor or not (kind or found.wish.filter.asks) else None


def list_words(listed: JobList | None) -> ListWords:
    """The words of a list; of the failed jobs for None."""
    if listed and listed.kind:
        return ListWords("By error", "job with this error", "Jobs with this error")
    if listed and listed.wish.filter.asks:
        return ListWords(f"{LANE_WORDS[listed.wish.lane]}, filtered", "matching job", "Matching jobs")
    return ListWords(LANE_WORDS["failed"], "failed job", "Failed jobs")


def list_path(queue: str, query: str) -> str | None:
    """The list that the query of a job's page names, as a path below the mount; None for none."""
    try:
        listed = opened_from(queue, MultiDict(parse_qsl(query)))
    except Problem:
        return None
    return "/" + list_url(queue, listed).removeprefix(mount_path()) if listed else None


def turn_url(queue: str, listed: JobList | None, turn: Turn) -> str:
    """Where an arrow of the pager leads."""
    if turn.job_id is None and listed:
        return list_url(queue, listed, turn.at)
    return job_url(queue, turn.job_id or "", listed, turn.at)
