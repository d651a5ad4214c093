"""What the Health page says of each kind of finding in queues, and how it shows one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, cast

from omniq_core import Finding, FindingKind

from .present import present

Show = Literal["number", "over", "change", "since", "ago", "gid", "job", "lost_job", "key", "text", "lanes", "state"]


@dataclass(frozen=True, slots=True)
class Column:
    """A figure of a finding: what it is called, how it is drawn, and where it stands ("": its subject)."""

    label: str
    show: Show
    fact: str = ""

    @property
    def numeric(self) -> bool:
        """It stands at the right."""
        return self.show in ("number", "over", "change", "since", "ago")


@dataclass(frozen=True, slots=True)
class KindWords:
    """`text`: what it means and what its repair does. `passed`: the same where nothing was found, and what that counts.

    `loud`: jobs are held back, lost or run twice; else only figures and lists are wrong.
    """

    title: str
    text: str
    passed: str
    counts: Literal["queues", "jobs", "groups"]
    columns: tuple[Column, ...]
    loud: bool = False


_GROUP, _JOB, _STATE = Column("Group", "gid"), Column("Job", "job"), Column("State", "state", "state")
_LIMITED = (_GROUP, Column("In flight", "number", "in_flight"), Column("Limit", "number", "limit"))
_LANES, _INDEX = Column("Stands in", "lanes", "lanes"), Column("In the index of", "lanes", "idx")

KINDS: dict[FindingKind, KindWords] = {
    "inflight": KindWords(
        "Group in-flight counts that match no active job",
        "The group looks full, so its waiting jobs are never leased. The repair sets the count to the number of active "
        "jobs and puts the group back in the ready set.",
        "In-flight counts match the active jobs",
        "groups",
        (
            _GROUP,
            Column("Stored", "number", "stored"),
            Column("Found", "number", "found"),
            Column("Waiting jobs held back", "number", "waiting"),
        ),
        loud=True,
    ),
    "ready_missing": KindWords(
        "Groups with room that are missing from the ready set",
        "They have waiting jobs and free slots, but no worker will pick them up. The repair puts them back.",
        "Groups with jobs and room are ready",
        "groups",
        (*_LIMITED, Column("Waiting jobs held back", "number", "waiting")),
        loud=True,
    ),
    "ready_extra": KindWords(
        "Groups in the ready set without a job or without room",
        "A worker that picks one finds nothing to lease there and looks further. The repair takes them out.",
        "Ready groups have jobs and room",
        "groups",
        (*_LIMITED, Column("Waiting jobs", "number", "waiting")),
    ),
    "leases": KindWords(
        "Leases that ran out and were not reaped",
        "No worker of this queue is alive to return them. Reaping counts the attempt, then the job is delayed or "
        "failed.",
        "Leases that ran out were reaped",
        "queues",
        (
            Column("Key", "key", ":active"),
            Column("Expired leases", "number", "expired"),
            Column("Oldest", "since", "oldest"),
            Column("Last reserve", "ago", "last_reserve"),
        ),
        loud=True,
    ),
    "counters": KindWords(
        "Counters that differ from their lanes",
        "Only figures are wrong, no job is lost. The recount reads the lanes again while workers go on.",
        "Counters match their lanes",
        "queues",
        (
            Column("Counter", "text"),
            Column("Stored", "number", "stored"),
            Column("Found", "number", "found"),
            Column("Difference", "change", "found"),
        ),
    ),
    "idx": KindWords(
        "Index entries that differ from the lanes",
        "Lists and filters go by the index, so these jobs are missing from one or stand in a wrong one. Workers do not "
        "notice. The repair gives each job the entry of its lane.",
        "Index sets match their lanes",
        "queues",
        (_JOB, _STATE, _LANES, _INDEX),
    ),
    "ghosts": KindWords(
        "Ids in a lane without a job",
        "The job's record is gone, so there is nothing to run, but the id is counted and may be leased. The repair "
        "takes it out of its lanes.",
        "Every id in a lane has its job",
        "queues",
        (Column("Job", "lost_job"), _LANES, _INDEX),
    ),
    "orphans": KindWords(
        "Jobs that stand in no lane",
        "No worker will ever lease them and no list shows them. They can be put back by their state, active ones as "
        "failed, or be removed.",
        "Every job stands in a lane",
        "jobs",
        (_JOB, _STATE, Column("Group", "gid", "gid"), Column("Last change", "ago", "updated")),
        loud=True,
    ),
    "two_lanes": KindWords(
        "Jobs that stand in a lane twice",
        "Such a job runs twice, or is deleted while it still waits. The repair keeps the entry in the lane of its "
        "state, else the first of active, waiting, delayed, failed and completed.",
        "Jobs stand in exactly one lane",
        "jobs",
        (_JOB, _STATE, _LANES, Column("The repair keeps", "lanes", "keep")),
        loud=True,
    ),
    "states": KindWords(
        "Jobs whose state differs from their lane",
        "Retrying or removing them is refused. The lane is right: the repair sets state and group by it.",
        "States match the lanes",
        "jobs",
        (_JOB, _STATE, _LANES, Column("Group", "gid", "gid")),
        loud=True,
    ),
    "types": KindWords(
        "Keys of a wrong type",
        "Redis refuses what workers ask of such a key. The repair puts it aside for 7 d under another name and counts "
        "again; the check after it says what of its jobs is missing.",
        "Keys have the protocol's types",
        "queues",
        (Column("Key", "key"), Column("Wanted", "text", "wanted"), Column("Found", "text", "is")),
        loud=True,
    ),
    "over_limit": KindWords(
        "Groups that run above their limit",
        "There is nothing to repair: their limit was lowered while these jobs ran. No other job of such a group starts "
        "until enough of them have ended.",
        "No group runs above its limit",
        "groups",
        (*_LIMITED, Column("Above it", "over", "in_flight")),
    ),
    "completed_over": KindWords(
        "More than 100 completed jobs kept",
        "They only take memory: the next job that ends drops all but 100. The repair drops the oldest now, for good.",
        "At most 100 completed jobs kept",
        "queues",
        (Column("Key", "key", ":completed"), Column("Kept", "number", "stored")),
    ),
    "old_index": KindWords(
        "Queues written by SDKs older than 3.0.0",
        "Their lanes have no index, so these jobs cannot be sorted or filtered. The repair builds it from the lanes "
        "while workers go on.",
        "Queues written by old SDKs have indexes",
        "queues",
        (Column("Missing", "key", ":idx:*"), Column("Jobs", "number", "jobs")),
    ),
    "old_stats": KindWords(
        "Queues written by SDKs older than 2.0.0",
        "They have no counters, so figures read 0 and SDKs do not list them. The repair counts their lanes.",
        "Queues written by old SDKs have statistics",
        "queues",
        (Column("Missing", "key", ":stats"), Column("Jobs", "number", "jobs")),
    ),
}
"""In the order of the page."""

_LANE_WORDS = {name: name.capitalize() for name in ("active", "delayed", "failed", "completed")} | {"wait": "Waiting"}
_NOTES = {
    "no_scan": ("Jobs in no lane, groups at rest, types of their keys", "SCAN is not permitted"),
    "many_running": ("In-flight counts of groups", "So many jobs run that counting them would hold Redis up"),
    "many_groups": ("Groups beyond the first 100,000", "So many are looked at"),
    "no_jobs": ("Jobs and their index", "A key of a lane has another type: repair that first"),
}


def note_words(why: str, *, broken: bool) -> tuple[str, str]:
    """What was not checked, and why: of a note of a check, or of what ended it."""
    text = present("value", why, 200)
    return ("All of it", f"Redis answered: {text}") if broken else _NOTES.get(why, ("A part of it", text))


def cell(column: Column, one: Finding) -> Any:
    """What that column shows of a finding: a number or None, or a text. Facts may be anything, for they come from
    Redis."""
    fact = one.facts.get(column.fact)
    if column.numeric:
        return _number(column, one)
    if column.show == "key":
        return present("key", f"{{{one.queue}}}{column.fact or ':' + one.subject}")
    if column.show == "lanes":
        return lane_words(fact)
    if column.show == "state":
        return _LANE_WORDS.get(fact, present("value", fact, 40)) if isinstance(fact, str) else ""
    return (fact if isinstance(fact, str) else "") if column.fact else one.subject


def lane_words(fact: object) -> str:
    """Lanes as a finding names them, `[["wait", 3], ["g:acme:wait", 0]]`, `["failed"]` or `wait`."""
    named: list[Any] = [fact] if isinstance(fact, str) else cast("list[Any]", fact) if isinstance(fact, list) else []
    names = [one[0] if isinstance(one, list) and one else one for one in cast("Sequence[Any]", named)]
    words = [_lane_word(name) for name in names if isinstance(name, str) and name]
    twice = {word: f"{word} ({words.count(word)} times)" if words.count(word) > 1 else word for word in words}
    return ", ".join(twice.values())


def _lane_word(name: str) -> str:
    if name.startswith("g:") and name.endswith(":wait"):
        return "Waiting"
    return _LANE_WORDS.get(name) or present("value", name, 40)


def _number(column: Column, one: Finding) -> int | None:
    def fact(name: str) -> int | None:
        value = one.facts.get(name)
        if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) < 16:
            return int(value)
        return value if isinstance(value, int) else None

    value = fact(column.fact)
    base = {"over": "limit", "change": "stored"}.get(column.show)
    if value is None or base is None:
        return value
    other = fact(base)
    return None if other is None else value - other
