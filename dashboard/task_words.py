"""What pages say about bulk work."""

from __future__ import annotations

from omniq_core import ErrorKind, KindSelection, Matching, RepairSelection, Selection, Task

from .actions.outcome import WHY
from .formatting import duration, moment, number, plural
from .present import present
from .queries.hidden import shown_kind
from .queries.tasks import TaskView
from .repair_words import doing, kind_name, repair_label, unit_of
from .state import current, now_ms

DOING = {"retry": "Retrying", "remove": "Removing", "run_now": "Running"}
DONE = {"retry": "retried", "remove": "removed", "run_now": "moved"}
TO_DO = {"retry": "Retry", "remove": "Remove", "run_now": "Run"}

STATES = {
    "running": ("accent", "active", "Running"),
    "probing": ("warn", "wait", "Probing"),
    "stopped": ("warn", "stop", "Stopped"),
    "finished": ("ok", "done", "Finished"),
}
MORE_WHY = {
    "MOVED_ON": "no longer as the check found it",
    "TOO_MANY_RUN": "too many of its jobs run to be counted at once",
    "NO_STATE": "its record names no known state; it can only be removed",
    "BROKEN_GROUP": "a key of its group is of another type",
    "ID_TOO_LONG": "its id is too long to be named",
}


def heading(view: TaskView) -> str:
    """Retry 4,213 failed jobs; Repair 3 groups."""
    task = view.task
    if isinstance(view.selection, RepairSelection):
        return repair_label(view.selection.kind, task.total, view.selection.choice)
    return f"{TO_DO[task.action]} {plural(task.total, f'{view.lane} job')}{' now' if task.action == 'run_now' else ''}"


def title(view: TaskView) -> str:
    """What a card is about: Retrying 4,213 jobs; Probing with 10 jobs; Stopped at 1,400 of 4,213."""
    task = view.task
    if task.state == "probing" and task.probe:
        return f"Probing with {plural(task.probe.jobs, 'job')}"
    if task.state == "stopped":
        return f"Stopped at {number(view.looked_at)} of {number(task.total)}"
    what = plural(task.total, unit(view))
    if isinstance(view.selection, RepairSelection):
        return f"{doing(view.selection)[0]} {what}"
    return f"{DOING.get(task.action, task.action)} {what}{' now' if task.action == 'run_now' else ''}"


def unit(view: TaskView) -> str:
    """What it counts: jobs, or what its repair deals with."""
    return unit_of(view.selection) if isinstance(view.selection, RepairSelection) else "job"


def done_word(view: TaskView) -> str:
    """What became of those that are done: retried, removed, moved, repaired."""
    if isinstance(view.selection, RepairSelection):
        return doing(view.selection)[1]
    return DONE.get(view.task.action, view.task.action)


def probe_words(view: TaskView) -> str:
    """How the jobs of a probe ended so far, "" without one."""
    probe = view.task.probe
    if probe is None:
        return ""
    words = [f"{number(probe.well)} well"]
    if probe.again:
        words.append(f"{number(probe.again)} failed again")
    if probe.unkept:
        words.append(f"{number(probe.unkept)} with no result kept")
    word = "Probing" if view.task.state == "probing" else "Probe"
    return f"{word}: {number(probe.ended)} of {number(probe.jobs)} ended, {', '.join(words)}"


def rest_words(view: TaskView) -> str:
    """9 s left; "" while that is not known."""
    return f"{duration(view.rest_ms // 1000 * 1000)} left" if view.rest_ms is not None else ""


def reasons(view: TaskView) -> tuple[tuple[str, int], ...]:
    """Why jobs were skipped, and how many."""
    return tuple((_why(view, code), n) for code, n in view.task.reasons)


def _why(view: TaskView, code: str) -> str:
    if code == "LEFT_LANE":
        return f"no longer {view.lane}" + (", or not matching" if isinstance(view.selection, Matching) else "")
    if code == "LANE_MISMATCH":
        return f"no longer {view.lane}"
    if code == "NO_JOB":
        return "its record is gone"
    return WHY.get(code) or MORE_WHY.get(code, f"refused ({present('value', code, 40)})")


def filter_words(
    selection: Selection | RepairSelection | None, lane: str, *, payload: bool = True
) -> tuple[tuple[str, str], ...]:
    """What the jobs have to match, as label and value; nothing for a whole lane.

    `payload`: False leaves out which value a payload has to have, as in the activity.
    """
    if isinstance(selection, RepairSelection):
        return (("Finding", kind_name(selection.kind)),)
    if isinstance(selection, KindSelection):
        return (("Error", present("error", _kind(selection))),)
    if not isinstance(selection, Matching):
        return ()
    wanted, rules = selection.wanted, current().settings.redact
    looked_for = wanted.payload if payload and not rules.on else rules.looked_for(wanted.payload)
    since = moment(wanted.since_ms, now_ms()).title if wanted.since_ms else ""
    named = (
        (
            "Error type" if wanted.by_type else "Error contains",
            present("error", rules.kind(wanted.q) if wanted.q else ""),
        ),
        ("Group", present("gid", wanted.group)),
        ("Job id starts with", present("id", wanted.prefix)),
        ("Payload", present("payload", looked_for if wanted.payload else "")),
        (f"{lane.capitalize()} since", since),
    )
    return tuple((label, value) for label, value in named if value)


def _kind(selection: KindSelection) -> str:
    kind = ErrorKind(selection.digest, selection.name, "")
    return shown_kind(kind, current().settings.redact).name if kind.name else kind.digest


def pace_words(task: Task) -> str:
    """At once; 20 a second; Probed with 10 jobs."""
    if task.probe:
        return f"Probe with {plural(task.probe.jobs, 'job')} first, then at once"
    if not task.per_s:
        return "At once"
    if task.per_s >= 1:
        return f"{task.per_s:,.0f} a second"
    return f"One every {1 / task.per_s:,.0f} s"


def ended_words(view: TaskView) -> tuple[str, tuple[str, ...]]:
    """How a task ended, for a toast: what was done, and what was skipped for which reason."""
    task = view.task
    lines = tuple(f"{plural(n, unit(view))} skipped: {why}" for why, n in reasons(view))
    if task.action == "run_now":
        return f"Moved {plural(task.done, 'job')} to waiting", lines
    if task.keep_ms and task.final:
        lines = (*lines, f"{plural(task.final, 'job')} for good: the trash of this queue was full")
    return f"{done_word(view).capitalize()} {plural(task.done, unit(view))}", lines
