"""What a page that is open asks of its lane again and again."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ..connection import Call
from ..keys import QueueKeys, encode_id
from ..scripts import script
from .cuts import BadCursor
from .lanes import LaneRow, protocol_lane, read_row

MOST_IDS = 20
_MARK = re.compile(r"(-?[0-9.]{1,40}(e[+-]?[0-9]{1,4})?)?")


@dataclass(frozen=True, slots=True)
class LaneWatch:
    """`mark` is the newest job's score now, "" without one; `newer` how many jobs entered after the mark given.

    `rows` are the ids asked for, whatever lane they stand in: their `state` tells.
    """

    mark: str
    newer: int
    rows: tuple[LaneRow, ...]


def lane_watch_call(queue: str, lane: str, *, now_ms: int, mark: str = "", ids: Sequence[str] = ()) -> Call:
    """The read, for a pipeline with others.

    Raises BadCursor for a mark that no page gave out, ValueError for a bad name or more than 20 ids.
    """
    if not _MARK.fullmatch(mark):
        raise BadCursor("not a mark of this list")
    if len(ids) > MOST_IDS:
        raise ValueError(f"at most {MOST_IDS} ids, not {len(ids)}")
    args = [now_ms, protocol_lane(lane), mark, *map(encode_id, ids)]
    return script("operator/lane_watch"), QueueKeys(queue).anchor, args


def parse_lane_watch(reply: Any) -> LaneWatch:
    """What the script answered. An entry that failed in its pipeline is raised here."""
    if isinstance(reply, Exception):
        raise reply
    newest, newer, rows = reply
    return LaneWatch((newest or b"").decode("ascii", "replace"), newer, tuple(read_row(row) for row in rows))
