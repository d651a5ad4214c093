"""What the rows of a list of queues show, read live."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass, field

from ..connection import Link
from ..explaining import is_moving
from .history import History, history_command, parse_history, spark_command
from .overview import state_of
from .rights import keeps_out
from .snapshot import BATCH, QueueSnapshot, parse_snapshot, snapshot_call


@dataclass(frozen=True, slots=True)
class RowsRead:
    """Figures and answers to `spark_command` as they came (`parse_spark`), by queue; and histories.

    These are over the span that was asked for, and `lately` over the last 15 min.
    """

    snapshots: dict[str, QueueSnapshot] = field(default_factory=dict[str, QueueSnapshot])
    sparks: dict[str, object] = field(default_factory=dict[str, object])
    histories: tuple[History, ...] = ()
    lately: tuple[History, ...] = ()


def read_rows(
    link: Link,
    names: Sequence[str],
    now_ms: int,
    *,
    histories: Sequence[str] = (),
    span: str = "1h",
    known: Container[str] = (),
    denied: set[str] | None = None,
) -> RowsRead:
    """The figures and sparks of queues, one round trip for every 500; with the first, the histories of some of them.

    A queue whose keys are on their way to another node of a cluster is left out if it is `known`. With `denied` those
    whose keys an access list refuses are put there, and left out; they are not asked again for a minute.

    Raises ValueError for a bad name, and what Redis raised when it did not answer or refused.
    """
    found, state = RowsRead(), state_of(link)
    if denied is not None:
        denied |= state.denied.now(now_ms).intersection(names)
        names = [name for name in names if name not in denied]
    for start in range(0, len(names), BATCH):
        part = names[start : start + BATCH]
        more = histories if start == 0 else ()
        commands = [spark_command(name) for name in part] + [history_command(name, span) for name in more]
        plain, scripted = link.read_many(commands, [snapshot_call(name, now_ms) for name in part])
        for name, reply, spark in zip(part, scripted, plain, strict=False):
            if name in known and is_moving(reply):
                continue
            if denied is not None and keeps_out(reply):
                denied.add(name)
                state.denied.note([name], now_ms)
                continue
            found.snapshots[name], found.sparks[name] = parse_snapshot(name, reply), spark
        if more:
            whole, lately = (
                tuple(parse_history(reply, wanted, now_ms) for reply in plain[len(part) :]) for wanted in (span, "15m")
            )
            found = RowsRead(found.snapshots, found.sparks, whole, lately)
    return found
