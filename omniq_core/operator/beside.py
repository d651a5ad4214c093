"""What the pages of one queue read beside it. In a cluster another node may have that, and be away: they do without."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ..connection import Arg, Call, Link
from ..explaining import REDIS_ERRORS, is_outage
from .overview import NOW, state_of, unpack_figures
from .snapshot import QueueSnapshot

AWAY_S = 4.0
"""So long a node that did not answer is not asked again for what a page can do without: it may take 2 s each time."""


@dataclass(frozen=True, slots=True)
class Beside:
    """The background's figures of all queues, and the replies to what else was asked. `away`: the node of the cluster
    that has them does not answer, so there are no figures, and the replies are exceptions."""

    figures: dict[str, QueueSnapshot]
    replies: list[Any]
    away: bool


def read_beside(link: Link, calls: Sequence[Call], commands: Sequence[Sequence[Arg]] = ()) -> tuple[Beside, list[Any]]:
    """Read scripts of one queue, and in the same round trip what stands beside it: figures, and `commands` about keys
    of `{omniq:x}`. Raises what Redis raised when the queue's own node did not answer."""
    asked = [("HGETALL", NOW), *commands]
    if overview_away(link):
        return Beside({}, [_NOT_ASKED] * len(commands), away=True), link.run_many(calls)
    (figures, *replies), scripted = link.read_many(asked, calls, spare=True)
    if isinstance(figures, REDIS_ERRORS) and is_outage(figures):
        if not isinstance(scripted[0], Exception):  # else it is no matter of one node
            state_of(link).away_until_s = time.monotonic() + AWAY_S
        return Beside({}, replies, away=True), scripted
    known = {} if isinstance(figures, Exception) else unpack_figures(figures)[0]
    return Beside(known, replies, away=False), scripted


def overview_away(link: Link) -> bool:
    """Whether the node of a cluster that has what is about all queues has just not answered a page that another node
    did. Costs no call."""
    return time.monotonic() < state_of(link).away_until_s


_NOT_ASKED = LookupError("its node of the cluster has just not answered")
