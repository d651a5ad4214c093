"""What pages say about an entry of the record: what somebody did, with which filter, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from omniq_core import Activity, ErrorKind, UndoState

from .access import READ_PAYLOAD
from .actions.outcome import WHY
from .file_words import file_entry, look_entry
from .formatting import MINUTE, duration, moment, number, plural, split_ulid
from .present import present
from .queries.hidden import shown_kind
from .repair_words import kind_name, repair_entry, repaired_word
from .sign_words import SIGNED, sign_entry
from .state import can, current
from .task_words import DONE, MORE_WHY

_SINCE = (
    ("last 15 min", 15 * MINUTE),
    ("last hour", 60 * MINUTE),
    ("last 24 h", 1_440 * MINUTE),
    ("last 7 d", 10_080 * MINUTE),
)
_DIALOG_MS = 10 * MINUTE
"""So long a dialog may have been open, whose filter was fixed when it opened."""
_ENTERED = {"waiting": "Queued", "failed": "Failed", "delayed": "Due", "completed": "Completed"}
_DONE = {**DONE, "restore": "put back"}
_VERBS = {"retry": "Retry", "remove": "Remove", "run-now": "Run"}
_REASONS = WHY | MORE_WHY | {
    "BEGUN_BEFORE": "it was begun before",
    "CHANGED": "they changed meanwhile",
    "CHECK_OVER": "there was none to stop or to go on with",
    "COUNTER_BROKEN": "its count or its children are broken",
    "COUNTER_CHANGED": "it had changed since it was shown",
    "COUNTER_LAST": "the next child was the last one anyway",
    "EXISTS": "a job of this id exists",
    "GONE": "it was gone already",
    "LEFT_LANE": "no longer in the lane, or not matching",
    "LIMIT_CHANGED": "somebody had set another limit meanwhile",
    "NOT_PAUSED": "it was not paused",
    "OVER": "it was over",
    "PAUSE_CHANGED": "its pause was another one by then",
    "REPEATED": "this form had published it before",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Result:
    """What became of it; `tone` and `icon` make it a chip, `task` the id of the task that it leads to."""

    text: str
    title: str = ""
    tone: str = ""
    icon: str = ""
    task: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """An entry in words. `filters`: label, value, and the value in full. `undo_ms`: until when Undo works, or None."""

    entry: Activity
    who: str
    did: str
    did_in_full: str
    filters: tuple[tuple[str, str, str], ...]
    result: Result
    undo_ms: int | None = None


def line_of(entry: Activity, undo: UndoState | None = None) -> Line:
    """An entry as a page shows it; `undo` is that of a removal."""
    result = _result(entry)
    if undo and not undo.until_ms:
        result = replace(result, text=f"{result.text}, {'undone' if undo.undone else 'final'}")
    return Line(
        entry,
        present("value", entry.who or entry.address or "unknown"),
        _did(entry, short=True),
        _did(entry, short=False),
        _filters(open_entry(entry)),
        result,
        undo.until_ms if undo else None,
    )


def open_entry(entry: Activity) -> Activity:
    """The entry without what its reader may not see of the jobs it was about: the values that a filter looked for."""
    rules, asked = current().settings.redact, dict(entry.filter)
    if asked.get("payload") and (rules.on or not can(READ_PAYLOAD, entry.queue or None)):
        asked["payload"] = rules.looked_for(asked["payload"])
    for name in ("q", "kind"):
        if asked.get(name):
            kind = ErrorKind(asked[name], asked[name], "")
            asked[name] = shown_kind(kind, rules).name
    return replace(entry, filter=asked)


def why_not(code: str) -> str:
    """Why jobs were left as they were, by the code of the record."""
    return _REASONS.get(code) or f"refused ({present('value', code, 40)})"


def _did(entry: Activity, *, short: bool) -> str:
    action, facts, well = entry.action, entry.facts, bool(entry.done) and entry.state == "done"
    if action in _VERBS:
        return _about_jobs(entry, short)
    if action in SIGNED:
        return sign_entry(entry)
    if action == "restore":
        return f"Put back {plural(entry.done or 0, 'job')}" if well else "Put back removed jobs"
    key = {"limit": "gid", "remove-counter": "key", "finish-counter": "key"}.get(action, "")
    name = present("key", facts.get(key, ""), 60 if short else None)
    if action == "limit":
        before = f" from {present('value', facts['before'])}" if facts.get("before") else ""
        return f"Set the limit of {name}{before} to {present('value', facts.get('limit', ''))}"
    if action == "remove-counter":
        return f"{'Deleted' if well else 'Delete'} counter {name}"
    if action == "finish-counter":
        return f"Let the next child end counter {name}"
    if action == "repair" and entry.facts.get("kind"):
        return repair_entry(entry)
    if action in ("export", "look"):
        return file_entry(entry) if action == "export" else look_entry(entry)
    if action == "repair":
        verb = "Repaired" if well else "Repair"
        return (
            f"{verb} {plural(entry.done or 0 if well else entry.jobs or 0, 'group')}"
            if entry.jobs
            else f"{verb} groups"
        )
    if action == "publish":
        verb = "Published" if well else "Publish"
        if facts.get("copy_of"):
            return f"{verb} a copy of {_id(facts['copy_of'], short)}"
        named = facts.get("job") or facts.get("job_id")
        return f"{verb} job {_id(named, short)}" if named else f"{verb} a job"
    if action == "pause":
        return _paused(entry) if well else "Pause" + _why(entry)
    if action == "check":
        return f"Check {plural(_number(entry, 'queues') or 1, 'queue')}"
    words = {"resume": "Resume", "cancel": "Stop a bulk task", "go-on": "Let a bulk task go on"}
    words |= {"stop-check": "Stop the check of queues", "go-on-check": "Let the check of queues go on"}
    return "Resumed" if action == "resume" and well else words.get(action, present("value", action, 40))


def _about_jobs(entry: Activity, short: bool) -> str:
    task, done = entry.facts.get("task"), entry.done
    verb, tail = _VERBS[entry.action], " now" if entry.action == "run-now" else ""
    if entry.state in ("done", "ended") and done and entry.facts.get("state") != "stopped":
        what = f"job {_id(entry.ids[0], short)}" if entry.ids and entry.jobs == 1 else plural(done, "job")
        return f"Moved {what} to waiting" if tail else f"{DONE[entry.action].capitalize()} {what}"
    if entry.ids and entry.jobs == 1:
        what = f"job {_id(entry.ids[0], short)}"
    elif entry.jobs is None:
        what = f"{'matching' if entry.filter else 'all'} {entry.lane} jobs"
    else:
        what = plural(entry.jobs, f"{entry.lane} job".strip())
    words = f"{verb} {what}{tail}{_pace(entry)}"
    if entry.state == "taken":
        return f"Went on: {words}"
    return (
        f"Stopped: {words}"
        if task and entry.state == "ended" and done is not None and entry.facts.get("left")
        else words
    )


def _pace(entry: Activity) -> str:
    facts = entry.facts
    spread = {"1m": "1 min", "10m": "10 min", "1h": "1 h"}
    return {
        "rate": f", {present('value', facts.get('per_s', '') or '10', 12)} a second",
        "spread": f", spread over {spread.get(facts.get('spread', ''), '10 min')}",
        "probe": f", a probe of {present('value', facts.get('probe', '') or '10', 12)} first",
    }.get(facts.get("pace", ""), "")


def _paused(entry: Activity) -> str:
    until_ms = _number(entry, "until_ms")
    if not until_ms:
        return "Paused" + _why(entry)
    until, at = moment(until_ms, entry.at_ms), moment(entry.at_ms, entry.at_ms)
    same_day = until.title[:10] == at.title[:10]
    return f"Paused, until {until.clock[:5] if same_day else until.title[:16]}{_why(entry)}"


def _why(entry: Activity) -> str:
    return f": {present('reason', entry.facts['reason'])}" if entry.facts.get("reason") else ""


def _result(entry: Activity) -> Result:
    if entry.state == "begun":
        text = "No result was noted: it is still under way, or the dashboard or Redis ended before it was."
        return Result("Result unknown", text, "warn", "alert")
    if entry.state in ("refused", "failed"):
        missed = _number(entry, "missed")
        more = (
            f" {plural(missed, 'refusal')} before this one {'was' if missed == 1 else 'were'} not recorded."
            if missed
            else ""
        )
        why = f"{present('reason', entry.why) or 'Not confirmed.'}{more}"
        return (
            Result("Refused", why, "danger", "lock")
            if entry.state == "refused"
            else Result("Failed", why, "danger", "failed")
        )
    task = entry.facts.get("task", "")
    if entry.state == "taken":
        by, before = (present("value", entry.facts.get(name, "")) for name in ("by", "from"))
        return Result("Running", f"{by} took it over from {before}.", task=task)
    skipped = "; ".join(f"{number(n)} skipped: {why_not(code)}" for code, n in entry.skipped.items())
    if entry.action in (*_VERBS, "restore") and not (task and entry.state == "done"):
        return Result(_counts(entry), skipped, task=task)
    if entry.skipped and not entry.done:
        why = why_not(next(iter(entry.skipped)))
        return Result("Nothing changed", f"{why[0].upper()}{why[1:]}.", task=task)
    return Result(_changed(entry), skipped, task=task)


def _counts(entry: Activity) -> str:
    skipped, left = sum(entry.skipped.values()), _number(entry, "left")
    action = entry.action.replace("-", "_")
    word = repaired_word(entry) if action == "repair" else _DONE.get(action, "done")
    parts = [f"{number(entry.done or 0)} {word}"]
    parts += [f"{number(n)} {word}" for n, word in ((skipped, "skipped"), (left, "left")) if n]
    parts += [f"{number(n)} for good" for n in [_number(entry, "final")] if n]
    parts += [f"probe: {number(n)} failed" for n in [_number(entry, "probe_failed")] if n]
    return ", ".join(parts)


def _changed(entry: Activity) -> str:
    facts, until_ms = entry.facts, _number(entry, "until_ms")
    if entry.action == "repair" and facts.get("kind"):
        return _counts(entry) if entry.state == "ended" else "Begun"
    if entry.action == "repair":
        if facts.get("before") and facts.get("after"):
            return f"{present('value', facts['before'])} → {present('value', facts['after'])} in flight"
        skipped = sum(entry.skipped.values())
        return f"{number(entry.done)} repaired" + (f", {number(skipped)} skipped" if skipped else "")
    if entry.action == "pause":
        return f"Paused {duration(-(-(until_ms - entry.at_ms) // MINUTE) * MINUTE)}" if until_ms else "Paused"
    if entry.action in SIGNED:
        return SIGNED[entry.action][0]
    words = {"resume": "Running", "limit": "Saved", "publish": "1 published", "remove-counter": "1 deleted"}
    words |= {"finish-counter": "Count set to 1", "export": "Sent"}
    words |= {"cancel": "Stopped", "go-on": "Going on", "stop-check": "Stopped", "go-on-check": "Going on"}
    return words.get(entry.action, "Begun")


def _filters(entry: Activity) -> tuple[tuple[str, str, str], ...]:
    asked, entered = entry.filter, f"{_ENTERED.get(entry.lane, 'Entered')} in"
    labels = {
        "q": "Error contains",
        "kind": "Error",
        "group": "Group",
        "prefix": "Job id starts with",
        "payload": "Payload",
    }
    found = [(label, present("value", asked[name])) for name, label in labels.items() if asked.get(name)]
    told = [(label, value, value) for label, value in found]
    if entry.action == "repair" and entry.facts.get("kind"):
        told.append(("Finding", kind_name(present("value", entry.facts["kind"], 40)), ""))
    elif entry.action == "repair" and entry.facts.get("before"):
        told.append(("Check", "in-flight count", ""))
    if asked.get("since"):
        told.append((entered, f"last {present('value', asked['since'])}", ""))
    for name in ("since_ms", "due_by_ms"):
        at = asked.get(name, "")
        if at.isdecimal() and len(at) < 16:
            told.append((entered, *_span(int(at), entry.at_ms)))
    return tuple(told)


def _span(since_ms: int, at_ms: int) -> tuple[str, str]:
    """The choice of the form that a moment came from, and the moment."""
    title, passed = moment(since_ms, at_ms).title, at_ms - since_ms
    if passed < 0:
        return f"next {duration(-passed)}", title
    return next((words for words, ms in _SINCE if 0 <= passed - ms <= _DIALOG_MS), f"last {duration(passed)}"), title


def _id(raw: str, short: bool) -> str:
    shown = present("id", raw)
    time, _ = split_ulid(shown)
    return f"{time}…" if time and short else shown


def _number(entry: Activity, name: str) -> int:
    text = entry.facts.get(name, "")
    return int(text) if text.isdecimal() and len(text) < 16 else 0
