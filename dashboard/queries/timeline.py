"""A job's life as far as Redis keeps it: a few moments. What lies between them is said to be unrecorded."""

from __future__ import annotations

from dataclasses import dataclass

from ..formatting import duration


@dataclass(frozen=True, slots=True)
class Times:
    """The moments of a job hash in ms, 0 where there is none."""

    state: str
    attempt: int
    published: int
    first_started: int
    last_started: int
    completed: int
    failed: int
    due: int
    updated: int
    lock_until: int
    last_error: int


@dataclass(frozen=True, slots=True)
class Step:
    """One line: an icon and its tone, what happened, when (ms), and what lies until the next.

    With `since_ms` the gap still grows: it ends in the length of time since then.
    """

    icon: str
    tone: str
    what: str
    at_ms: int
    gap: str = ""
    since_ms: int = 0


def timeline(times: Times, now_ms: int) -> tuple[Step, ...]:
    """The steps in the order they happened, the present state last."""
    steps: list[Step] = []
    if times.published:
        waits = times.published if times.state == "wait" and not times.first_started else 0
        steps.append(Step("publish", "", "Published", times.published, _until_start(times), waits))
    if times.first_started and times.first_started != times.last_started:
        gap = f"{_span(times.first_started, times.last_started)} {_between(times.attempt)}"
        steps.append(Step("active", "accent", "First start", times.first_started, gap))
    if times.last_started:
        what = "Last start" if times.first_started != times.last_started else "Started"
        runs = times.last_started if times.state == "active" else 0
        steps.append(Step("active", "accent", what, times.last_started, _after_start(times), runs))
    end = _end(times, now_ms)
    return (*steps, end) if end else tuple(steps)


def _span(start: int, end: int) -> str:
    return duration(max(end - start, 0))


def _until_start(times: Times) -> str:
    if times.first_started:
        return f"Waited {_span(times.published, times.first_started)}"
    if times.state == "wait":
        return "Waiting for"
    return ""


def _between(attempt: int) -> str:
    if attempt == 2:
        return "until the next attempt"
    if attempt == 3:
        return "and one more attempt, not recorded"
    if attempt > 3:
        return f"and {attempt - 2:,} more attempts, not recorded"
    return "and attempts before a retry, not recorded"


def _after_start(times: Times) -> str:
    if times.state == "active":
        return "Running for"
    end = {"failed": times.failed, "completed": times.completed}.get(times.state, 0)
    if not end and times.last_error >= times.last_started:
        end = times.last_error
    if end < times.last_started:
        return "How long it ran was not recorded"
    return f"Ran {_span(times.last_started, end)}"


def _end(times: Times, now_ms: int) -> Step | None:
    ended = times.completed if times.state == "completed" else times.failed
    after = f"{_span(times.published, ended)} after publishing" if times.published else ""
    if times.state == "failed" and times.failed:
        return Step("failed", "danger", "Failed for good", times.failed, after)
    if times.state == "completed" and times.completed:
        return Step("done", "ok", "Completed", times.completed, after)
    if times.state == "delayed" and times.due:
        what = "Next attempt due" if times.last_started else "Due"
        late = "" if times.due > now_ms else "Waits for a worker to promote it"
        return Step("delayed", "later", what, times.due, late)
    if times.state == "active" and times.lock_until:
        over = times.lock_until <= now_ms
        what = "Lease ran out" if over else "Lease runs out"
        return Step("alert" if over else "wait", "danger" if over else "", what, times.lock_until)
    if times.state == "wait" and times.last_started:
        return Step("wait", "", "Waiting again", times.updated, "For", times.updated)
    return None
