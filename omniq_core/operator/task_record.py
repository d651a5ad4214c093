"""A bulk task as its hash in Redis has it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, cast

from ..keys import decode_text
from ..numbers import read_count, read_moment


@dataclass(frozen=True, slots=True)
class Probe:
    """The jobs a probe retried and how they ended. `unkept`: completed and made room for newer ones, or removed."""

    jobs: int
    well: int
    again: int
    unkept: int

    @property
    def ended(self) -> int:
        """How many of them ended."""
        return self.well + self.again + self.unkept


@dataclass(frozen=True, slots=True)
class Task:
    """A bulk task as it stands. Times are ms. `done + skipped + left == total`, always.

    `state`: `running`, `probing` (waits for a person to go on or stop), `stopped` (can go on), `finished`. `reasons`
    say why jobs were skipped, by the protocol's codes; LEFT_LANE are those that were gone before their turn. `per_s`
    paces it, 0 is at once. `fault` says why it stopped by itself. `runs_in` is the process at work on it, "" for none,
    and `taken_from` the one it has just been taken from.
    What it removes is kept in the trash as `batch` for `keep_ms` (0: not at all), but for `final` jobs without room.
    """

    queue: str
    task_id: str
    action: str
    lane: str
    selection: str
    mark: bytes
    total: int
    done: int
    skipped: int
    reasons: tuple[tuple[str, int], ...]
    state: str
    cursor: bytes
    batches: int
    per_s: float
    probe_left: int
    probe: Probe | None
    actor: str
    created_ms: int
    went_on_ms: int
    went_on_at: int
    ended_ms: int | None
    fault: str
    runs_in: str
    claimed_until_ms: int
    batch: str
    keep_ms: int
    final: int
    taken_from: str = ""

    @property
    def left(self) -> int:
        """How many jobs were not looked at yet."""
        return max(self.total - self.done - self.skipped, 0)

    @property
    def is_open(self) -> bool:
        """Is it at work, or watching its probe?"""
        return self.state in ("running", "probing")

    def rest_ms(self, now_ms: int) -> int | None:
        """How long it will still take at the pace since it began or went on, None while that is not known."""
        moved, took = self.done + self.skipped - self.went_on_at, now_ms - self.went_on_ms
        return self.left * took // moved if self.state == "running" and moved > 0 and took > 0 else None


def parse_task(queue: str, task_id: str, reply: Any) -> Task | None:
    """A task from its hash (as HGETALL answers it). What is no task of ours is None."""
    if isinstance(reply, Exception) or not reply:
        return None
    kept = cast(dict[bytes, bytes], reply)
    if not isinstance(reply, dict):  # as a script hands it on
        kept = dict(zip(reply[::2], reply[1::2], strict=True))

    def text(name: str) -> str:
        return decode_text(kept.get(name.encode(), b""))

    def number(name: str) -> int:
        return read_count(kept.get(name.encode()))

    try:
        pace: dict[str, Any] = json.loads(text("pace"))
        per_s, probed = float(pace["per_s"]), int(pace["probe"])
    except (ValueError, KeyError, TypeError):
        return None
    batch, _, kept_for = text("keep").partition(" ")
    reasons = sorted((name[4:].decode(), read_count(n)) for name, n in kept.items() if name.startswith(b"why:"))
    return Task(
        queue=queue,
        task_id=task_id,
        action=text("action"),
        lane=text("lane"),
        selection=text("selection"),
        mark=kept.get(b"mark", b""),
        total=number("total"),
        done=number("done"),
        skipped=number("skipped"),
        reasons=tuple(sorted(reasons, key=lambda reason: -reason[1])),
        state=text("state"),
        cursor=kept.get(b"cursor", b""),
        batches=number("batches"),
        per_s=per_s,
        probe_left=number("probe_left"),
        probe=Probe(probed, number("probe_well"), number("probe_again"), number("probe_unkept")) if probed else None,
        actor=text("actor"),
        created_ms=number("created_ms"),
        went_on_ms=number("went_on_ms"),
        went_on_at=number("went_on_at"),
        ended_ms=read_moment(kept.get(b"ended_ms")),
        fault=text("fault"),
        runs_in=text("owner_name") if number("owner_until") else "",
        claimed_until_ms=number("owner_until"),
        batch=batch,
        keep_ms=read_count(kept_for.partition(" ")[0].encode()),
        final=number("final"),
        taken_from=text("taken_from"),
    )
