"""The rows of a repair's preview: a figure as it is, and as it will be."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

from .findings import Finding

Figure = int | str
"""A number, or words as a page shows them."""

LANE_WORDS = {"wait": "Waiting", "active": "Active", "delayed": "Delayed", "failed": "Failed", "completed": "Completed"}
_LEFT = "Left as it is: its state is unknown"
_TIMES = {2: "twice"}


@dataclass(frozen=True, slots=True)
class RepairRow:
    """One figure of a subject (an id, a gid, a key, a counter; "" is the queue) as it is and as it will be.

    Names of groups stand in the words as they are: bytes that are no UTF-8 as surrogates.
    """

    subject: str
    figure: str
    before: Figure
    after: Figure


def job_row(finding: Finding, choice: str) -> RepairRow:
    """A job as the check found it, and what a repair makes of it."""
    facts = finding.facts
    state, gid, keep = (str(facts.get(name, "")) for name in ("state", "gid", "keep"))
    lists = [str(name) for name, _ in cast(Sequence[tuple[Any, Any]], facts["lanes"])]
    if finding.kind == "orphans":
        put_back = _place(keep) if keep else _LEFT
        put_back += ", if among the newest 100" if keep == "completed" else ""
        return RepairRow(
            finding.subject,
            "Lane",
            f"None, state {LANE_WORDS[state].lower() if state in LANE_WORDS else state or 'missing'}",
            put_back if choice == "put_back" else "Removed",
        )
    if finding.kind == "ghosts":
        return RepairRow(finding.subject, "Lane", _places(lists), "Taken out: there is no job")
    if finding.kind == "two_lanes":
        return RepairRow(finding.subject, "Lane", _places(lists), _place(keep))
    if finding.kind == "idx":
        indexed = [LANE_WORDS.get(str(lane), str(lane)) for lane in cast(Sequence[Any], facts["idx"])]
        after = LANE_WORDS.get(_lane(keep), keep) if keep else "Taken out: there is no job"
        return RepairRow(finding.subject, "Index", ", ".join(indexed) or "Missing", after)
    if state == _lane(keep):
        return RepairRow(finding.subject, "Group", gid or "None", _group(keep) or "None")
    return RepairRow(
        finding.subject, "State", LANE_WORDS.get(state, state or "Missing"), LANE_WORDS.get(_lane(keep), keep)
    )


def is_left(row: RepairRow) -> bool:
    """Is it a job of which nothing says where it belongs?"""
    return row.after == _LEFT


def _lane(name: str) -> str:
    return "wait" if name.startswith("g:") else name


def _group(name: str) -> str:
    return name.removeprefix("g:").removesuffix(":wait") if name.startswith("g:") else ""


def _place(name: str) -> str:
    word = LANE_WORDS.get(_lane(name), name)
    return f"{word} in group {_group(name)}" if _group(name) else word


def _places(names: Sequence[str]) -> str:
    """Waiting, Failed twice."""
    many = Counter(map(_place, names))
    return ", ".join(word if n == 1 else f"{word} {_TIMES.get(n, f'{n} times')}" for word, n in many.items())
