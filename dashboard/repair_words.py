"""What pages say about repairs: what is counted, what is done to it, and what that means."""

from __future__ import annotations

from omniq_core import Activity, RepairSelection, repair_of_kind

from .formatting import plural
from .present import present

NAMES = {
    "inflight": "In-flight counts",
    "ready_missing": "Missing from the ready set",
    "ready_extra": "In the ready set without reason",
    "leases": "Leases that ran out",
    "counters": "Counters",
    "idx": "Index entries",
    "ghosts": "Ids without a job",
    "orphans": "Jobs in no lane",
    "two_lanes": "Jobs in two lanes",
    "states": "States that differ from the lane",
    "types": "Keys of a wrong type",
    "completed_over": "Completed jobs beyond 100",
    "old_index": "Jobs without an index",
    "old_stats": "Queues without counters",
}
CHOICES = {"put_back": "Put back", "remove": "Remove"}
DOING = {
    "Repair": ("Repairing", "repaired"),
    "Reap": ("Reaping", "reaped"),
    "Recount": ("Recounting", "recounted"),
    "Remove": ("Removing", "removed"),
    "Index": ("Indexing", "indexed"),
    "Count": ("Counting", "counted"),
}
EFFECTS = {
    "inflight": (
        "The count of each group is set to the number of its active jobs. With room and waiting jobs it "
        "enters the ready set."
    ),
    "ready_missing": "The groups enter the ready set, so workers take their jobs again.",
    "ready_extra": "The groups leave the ready set until they have both waiting jobs and room.",
    "leases": (
        "Each attempt counts as used. The job is delayed and tried again, or fails if that was its last "
        "attempt. A worker that still runs one of them can no longer report its end."
    ),
    "counters": "The figures are set to what the lanes hold. No job is touched.",
    "idx": "Each job gets one entry, in the index of the lane it stands in. No job moves.",
    "ghosts": "The ids leave their lanes and the index. There is no job behind them.",
    "orphans": (
        "Each job goes back to the lane that its state names: waiting ones to the tail, active ones as "
        "failed, because nobody holds them any more. One whose state is unknown stays as it is, "
        "and so does a completed one when 100 newer are kept: Remove takes those away."
    ),
    "two_lanes": (
        "Each job stays once, in the lane that its state names, else in the first of active, waiting, "
        "delayed, failed and completed. Its other entries go."
    ),
    "states": "The lane counts: the state of each job, its group and what goes with them follow it. No job moves.",
    "types": (
        "Each key gets another name, where it is kept for 7 d. Workers make it anew. The check that follows "
        "finds the jobs that it held."
    ),
    "completed_over": "The oldest are deleted with what they carry, as after each job that completes.",
    "old_index": (
        "Each job gets its entry in the index, with the moment that its record tells, and the fields that old "
        "SDKs did not write. No job moves."
    ),
    "old_stats": "The counters are set to what the lanes hold. No job is touched.",
}
REMOVES = "The jobs are deleted with what they carry."
FINAL = "This cannot be undone."


def repairable(kind: str) -> bool:
    """Can this kind of finding be repaired?"""
    return kind in NAMES


def kind_name(kind: str) -> str:
    """A kind of finding in few words; its code when it is not known."""
    return NAMES.get(kind, kind)


def repair_label(kind: str, n: int, choice: str = "") -> str:
    """What a button says: Repair 2 groups; Reap 16 leases; Remove 3 jobs. ValueError for a kind without a repair."""
    repair = repair_of_kind(kind, choice or _usual(kind))
    return f"{repair.verb_for(choice)} {plural(n, repair.unit)}"


def choices_of(kind: str) -> tuple[tuple[str, str], ...]:
    """Between what an operator chooses, the usual one first, each with its words; nothing for most kinds."""
    return tuple((one, CHOICES[one]) for one in repair_of_kind(kind, _usual(kind)).choices)


def effect(kind: str, choice: str = "") -> str:
    """What will happen, in sentences."""
    said = REMOVES if choice == "remove" else EFFECTS[kind]
    return f"{said} {FINAL}" if repair_of_kind(kind, choice).final(choice) else said


def doing(selection: RepairSelection) -> tuple[str, str]:
    """Repairing, repaired."""
    return DOING[repair_of_kind(selection.kind, selection.choice).verb_for(selection.choice)]


def unit_of(selection: RepairSelection) -> str:
    """What a repair counts: job, group, lease, figure, key or queue."""
    return repair_of_kind(selection.kind, selection.choice).unit


def repair_entry(entry: Activity) -> str:
    """Repair 3 groups; Repaired 3 groups; Stopped: Remove 2 jobs. By the record, which anybody may have written."""
    of = _of(entry)
    if of is None:
        words = f"Repair {present('value', entry.facts['kind'], 40)}"
    elif entry.state == "ended" and entry.done and not entry.facts.get("left"):
        return f"{doing(of)[1].capitalize()} {plural(entry.done, unit_of(of))}"
    else:
        words = repair_label(of.kind, entry.jobs, of.choice) if entry.jobs else f"Repair {kind_name(of.kind).lower()}"
    if entry.state == "taken":
        return f"Went on: {words}"
    return f"Stopped: {words}" if entry.state == "ended" and entry.facts.get("left") else words


def repaired_word(entry: Activity) -> str:
    """What became of what it dealt with: repaired, reaped, removed."""
    of = _of(entry)
    return doing(of)[1] if of else "repaired"


def _of(entry: Activity) -> RepairSelection | None:
    kind, choice = entry.facts.get("kind", ""), entry.facts.get("choice", "")
    found = RepairSelection(kind, choice or _usual(kind))
    try:
        repair_of_kind(found.kind, found.choice)
    except ValueError:
        return None
    return found


def _usual(kind: str) -> str:
    return "put_back" if kind == "orphans" else ""
