"""The errors most jobs failed with in the last hour, in all queues of a reader."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from omniq_core import TopErrors

from ..charts import Histogram, histogram
from ..present import present
from .queue_row import QueueRow

MOST_SHOWN = 5


@dataclass(frozen=True, slots=True)
class TopRow:
    """A kind of error in a queue; `name` is printable."""

    queue: str
    digest: str
    name: str
    jobs: int
    chart: Histogram


@dataclass(frozen=True, slots=True)
class TopPanel:
    """What is shown. `known` is False while nobody has read anything. Of `queues` with failed jobs the `read` ones were
    read; it is None where not even that is known."""

    rows: tuple[TopRow, ...]
    known: bool
    queues: int
    read: int | None

    @property
    def whole(self) -> bool:
        """Were all of them read?"""
        return self.read == self.queues


def top_panel(found: TopErrors | None, rows: Mapping[str, QueueRow]) -> TopPanel:
    """The panel of a reader who sees the queues of these rows."""
    failing = sum(row.failed > 0 for row in rows.values())
    if found is None:
        return TopPanel((), False, failing, None)
    shown = [one for one in found.errors if one.queue in rows][:MOST_SHOWN]
    top = max((count for one in shown for count in one.spans), default=0)
    unread = sum(rows[name].failed > 0 for name in found.unread if name in rows)
    return TopPanel(
        rows=tuple(
            TopRow(one.queue, one.digest, present("error", one.name), one.jobs, histogram(one.spans, top))
            for one in shown
        ),
        known=True,
        queues=failing,
        read=None if found.beyond else failing - unread,
    )
