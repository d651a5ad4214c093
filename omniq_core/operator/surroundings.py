"""What stands around a job that was read: what it waits for, who else failed so, the counter that it names."""

from __future__ import annotations

from dataclasses import dataclass

from ..connection import Link
from ..explaining import explain_redis_error
from .children import ChildCounter, CounterChange, counter_call, note_command, parse_counter
from .failures import others_commands, parse_others, want_failures
from .job import JobDetail
from .snapshot import STALLED_AFTER_MS
from .standing import Standing, parse_standing, standing_calls


@dataclass(frozen=True, slots=True)
class Surroundings:
    """`standing`: why the job is not running (None: it neither waits nor is delayed, or its lane does not hold it).

    `others` failed jobs are of its kind of error, itself not among them; None while that is not known.
    `counter` is the one that its payload names, with its last change; None when there is none of that key, or it cannot
    be read, as `no_counter` then says: a counter has keys of its own, which a user may not be allowed.
    """

    standing: Standing | None
    others: int | None
    counter: tuple[ChildCounter, CounterChange | None] | None
    no_counter: str = ""


def job_surroundings(
    link: Link, job: JobDetail, *, now_ms: int, stalled_after_ms: int = STALLED_AFTER_MS, kind: str = ""
) -> Surroundings:
    """Reads them together in one round trip, or in none. `kind`: the digest of the kind that the failed job is of.

    Raises what Redis raised.
    """
    if kind:
        want_failures(link, job.queue, now_ms)
    commands = others_commands(job.queue, kind, job.job_id) if kind else []
    noted = [] if job.counter is None else [note_command(job.counter)]
    calls = standing_calls(job, now_ms)
    plain, replies = link.read_many(
        [*commands, *noted], [*calls, *([] if job.counter is None else [counter_call(job.counter)])]
    )
    standing = parse_standing(job, replies[: len(calls)], now_ms, stalled_after_ms)
    others = parse_others(plain[: len(commands)]) if kind else None
    if job.counter is None:
        return Surroundings(standing, others, None)
    if isinstance(replies[-1], Exception):
        return Surroundings(standing, others, None, explain_redis_error(replies[-1]))
    return Surroundings(standing, others, parse_counter(job.counter, plain[-1], replies[-1], now_ms))
