"""What can be repaired of a queue, and a repair as a bulk task keeps it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Literal, cast

from .selection import Selection, read_selection

REPAIR = "repair"
"""The action of a task that repairs."""

Unit = Literal["job", "group", "lease", "figure", "key", "queue"]
Verb = Literal["Repair", "Reap", "Recount", "Remove", "Index", "Count"]


@dataclass(frozen=True, slots=True)
class Repair:
    """The repair of one kind of finding: what is counted, what it is called, and between what an operator chooses.

    `by_subject`: it works through what the check wrote down, else it sees by itself what is wrong.
    """

    kind: str
    unit: Unit
    verb: Verb = "Repair"
    choices: tuple[str, ...] = ()
    by_subject: bool = True

    def verb_for(self, choice: str = "") -> Verb:
        """What it is called, by what is chosen."""
        return "Remove" if choice == "remove" else self.verb

    def final(self, choice: str = "") -> bool:
        """Are records deleted, for good?"""
        return self.verb_for(choice) == "Remove"


GROUP_KINDS = frozenset({"inflight", "ready_missing", "ready_extra"})

REPAIRS: tuple[Repair, ...] = (
    Repair("inflight", "group"),
    Repair("ready_missing", "group"),
    Repair("ready_extra", "group"),
    Repair("leases", "lease", "Reap", by_subject=False),
    Repair("counters", "figure", "Recount"),
    Repair("idx", "job"),
    Repair("ghosts", "job"),
    Repair("orphans", "job", choices=("put_back", "remove")),
    Repair("two_lanes", "job"),
    Repair("states", "job"),
    Repair("types", "key"),
    Repair("completed_over", "job", "Remove", by_subject=False),
    Repair("old_index", "job", "Index", by_subject=False),
    Repair("old_stats", "queue", "Count", by_subject=False),
)
"""What ends by itself has no repair: groups above a limit that was lowered."""


def repair_of_kind(kind: str, choice: str = "") -> Repair:
    """The repair of a kind. Raises ValueError for a kind without one, and for a choice that it does not give."""
    found = next((one for one in REPAIRS if one.kind == kind), None)
    if found is None or (choice not in found.choices if found.choices else choice):
        raise ValueError(f"no repair of {kind!r} by {choice!r}")
    return found


@dataclass(frozen=True, slots=True)
class RepairSelection:
    """What a task repairs: everything of one kind that the last check of the queue found."""

    kind: str
    choice: str = ""

    def text(self) -> str:
        """As `task_selection` reads it."""
        return json.dumps({"v": 1, "kind": REPAIR, "of": self.kind, "choice": self.choice})


def task_selection(action: str, text: str) -> Selection | RepairSelection:
    """What a task of this action is about. Raises ValueError for a text that says nothing of the kind."""
    if action != REPAIR:
        return read_selection(text)
    found: Any = json.loads(text)
    kept = cast(dict[str, Any], found) if isinstance(found, dict) else {}
    kind, choice = kept.get("of"), kept.get("choice")
    if kept.get("kind") != REPAIR or not isinstance(kind, str) or not isinstance(choice, str):
        raise ValueError("not a repair")
    repair_of_kind(kind, choice)
    return RepairSelection(kind, choice)
