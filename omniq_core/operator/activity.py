"""The record of what operators did, and of what they were refused: bounded streams that all dashboards share."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, cast, get_args

from ..connection import Link
from ..keys import decode_text, global_key
from ..scripts import script
from .cuts import BadCursor
from .kind_selection import KindSelection
from .selection import Matching, Selection

ROOMS = (("activity", 10_000), ("activity:refused", 2_000), ("activity:other", 2_000))
"""Where entries are kept, and how many (Redis may keep a hundred more): changes, refusals, and what changes nothing. So
whoever may do nothing here can push nothing but refusals out."""
KEPT_MS = 30 * 86_400_000
MOST_TEXT = 200
"""Characters of a text in an entry; a longer one is cut."""
MOST_IDS = 3
PIECE, MOST_PIECES = 1_000, 3
"""Entries that are read in one round trip (about 2 ms of Redis), and how many of these one answer takes."""
REDACTED_AFTER = 4
"""Characters that are kept of the value of a payload filter."""

State = Literal["begun", "done", "refused", "failed", "ended", "taken"]

_CHANGES_NOTHING = frozenset({"export", "sign-in", "sign-out", "sign-out-everywhere"})
_ROOM_NAMES = tuple(name for name, _ in ROOMS)
_ANCHOR = global_key("meta")
_ID = re.compile(r"\d{1,16}-\d{1,10}")
_Texts = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Activity:
    """One entry: who did what at `at_ms` (ms since the epoch), and what became of it.

    `state`: `begun` (no result yet, or never), `done` (`done` and `skipped` say how many jobs, the latter by the
    protocol's codes), `refused` and `failed` (`why`); of a bulk task `ended`, and `taken`: another process goes on with
    it. `jobs` is how many were meant, `ids` are the first of them, `lane` and `filter` where they were looked for,
    `facts` what else the action was told (`gid`, `limit`, `reason`, `task` …). `entry_id` is its place in the record.
    """

    at_ms: int
    action: str
    state: State
    who: str = ""
    address: str = ""
    queue: str = ""
    lane: str = ""
    jobs: int | None = None
    ids: tuple[str, ...] = ()
    filter: _Texts = field(default_factory=dict[str, str])
    facts: _Texts = field(default_factory=dict[str, str])
    done: int | None = None
    skipped: Mapping[str, int] = field(default_factory=dict[str, int])
    why: str = ""
    entry_id: str = ""


@dataclass(frozen=True, slots=True)
class ActivityPage:
    """Entries, the newest first, and the id of the newest one there is ("" in an empty record).

    `further` is the id from which the way goes on that was asked for, "" when its end was reached.
    """

    entries: tuple[Activity, ...]
    newest: str
    further: str


Keep = Callable[[Activity], bool]


def note_activity(link: Link, entry: Activity, *, instead_of: str = "") -> str:
    """Adds an entry and gives its id. `instead_of`: the id of the entry that it takes the place of, all or nothing.

    One round trip, never sent twice. Raises what Redis raised.
    """
    undone = entry.facts.get("batch", "") if entry.action == "restore" and entry.done else ""
    room = 1 if entry.state == "refused" else 2 if entry.action in _CHANGES_NOTHING else 0
    args = (_text(entry), instead_of, KEPT_MS, undone, ROOMS[0][1], *ROOMS[room], *_ROOM_NAMES)
    return decode_text(link.run(script("operator/activity_note"), _ANCHOR, *args))


def read_activity(link: Link, *, keep: Keep, size: int, before: str = "", after: str = "") -> ActivityPage:
    """The newest `size` entries for which `keep` holds; those next `before` an id, or next `after` one.

    About 2,000 entries are looked at, in three round trips; when that was not enough `further` says where to go on.
    Raises BadCursor for what is no id.
    """
    way, at = ("newer", after) if after else ("older", before)
    if at and not _ID.fullmatch(at):
        raise BadCursor("not a place in this record")
    found: list[Activity] = []
    newest = ""
    # Mostly the first few are it.
    for count in (size + 1, *[PIECE] * (MOST_PIECES - 1)):
        last, entries = _read(link, way, at, count)
        newest = newest or last
        found += [entry for _, entry in entries if entry and keep(entry)]
        if len(found) > size:
            return _page(way, found[:size], newest, found[size - 1].entry_id)
        if len(entries) < count:
            return _page(way, found, newest, "")
        at = entries[-1][0]
    return _page(way, found, newest, at)


def every_activity(link: Link, *, keep: Keep) -> Iterable[Activity]:
    """All entries for which `keep` holds, the newest first, 500 a round trip. Raises what Redis raised."""
    at, count = "", 500
    while True:
        _, entries = _read(link, "older", at, count)
        yield from (entry for _, entry in entries if entry and keep(entry))
        if len(entries) < count:
            return
        at = entries[-1][0]


def one_activity(link: Link, entry_id: str) -> Activity | None:
    """The entry of this id; None when there is none, any more or yet."""
    if not _ID.fullmatch(entry_id):
        return None
    moment, _, nth = entry_id.partition("-")
    _, entries = _read(link, "older", f"{moment}-{int(nth) + 1}", 1)
    return next((entry for found, entry in entries if found == entry_id), None)


def filter_facts(selection: Selection | None) -> dict[str, str]:
    """What a selection asks of jobs. The value of a payload filter is cut: the record outlives the jobs."""
    if isinstance(selection, KindSelection):
        return {"kind": selection.name or selection.digest}
    if not isinstance(selection, Matching):
        return {}
    wanted = selection.wanted
    found = {"q": wanted.q, "group": wanted.group, "prefix": wanted.prefix, "payload": redacted(wanted.payload)}
    found |= {"since_ms": str(wanted.since_ms or ""), "due_by_ms": str(wanted.due_by_ms or "")}
    return {name: value for name, value in found.items() if value}


def redacted(payload: str) -> str:
    """A payload filter (`user.email:zoe@example.com`) without most of its value: `user.email:zoe@…`."""
    # Whoever writes `password=…` means a value, too, though it is a path.
    path, sign, value = (*re.split("([:=])", payload, maxsplit=1), "", "")[:3]
    value = value.strip()
    return f"{path}{sign}{value[:REDACTED_AFTER]}{'…' if len(value) > REDACTED_AFTER else ''}"


def _page(way: str, found: list[Activity], newest: str, further: str) -> ActivityPage:
    return ActivityPage(tuple(found if way == "older" else reversed(found)), newest, further)


def _read(link: Link, way: str, at: str, count: int) -> tuple[str, list[tuple[str, Activity | None]]]:
    reply = link.run(script("operator/activity_read"), _ANCHOR, way, at, count, *_ROOM_NAMES, read=True)
    newest, *flat = cast(list[bytes], reply)
    ids = [decode_text(raw) for raw in flat[::2]]
    return decode_text(newest), [(at, _parse(at, text)) for at, text in zip(ids, flat[1::2], strict=True)]


def _text(entry: Activity) -> bytes:
    kept: dict[str, object] = {"v": 1, "at": entry.at_ms, "action": entry.action, "state": entry.state}
    texts = {"who": entry.who, "from": entry.address, "queue": entry.queue, "lane": entry.lane, "why": entry.why}
    kept |= {name: text[:MOST_TEXT] for name, text in texts.items() if text}
    kept |= {name: n for name, n in (("jobs", entry.jobs), ("done", entry.done)) if n is not None}
    if entry.ids:
        kept["ids"] = [text[:MOST_TEXT] for text in entry.ids[:MOST_IDS]]
    for name, texts in (("filter", entry.filter), ("facts", entry.facts)):
        kept |= {name: {key: text[:MOST_TEXT] for key, text in texts.items()}} if texts else {}
    kept |= {"skipped": dict(entry.skipped)} if entry.skipped else {}
    # With escapes, so that bytes of an id that are no text come back as they were.
    return json.dumps(kept, separators=(",", ":")).encode("ascii")


def _parse(entry_id: str, text: bytes) -> Activity | None:
    try:
        value: object = json.loads(text)
    except (ValueError, RecursionError):
        return None
    kept = cast(dict[str, Any], value) if isinstance(value, dict) else {}
    at, state = kept.get("at"), cast(State, kept.get("state"))
    if kept.get("v") != 1 or type(at) is not int or state not in get_args(State):
        return None

    def text_of(name: str) -> str:
        return found if isinstance(found := kept.get(name), str) else ""

    def mapped(name: str, kind: type) -> dict[str, Any]:
        found = cast(dict[str, object], found) if isinstance(found := kept.get(name), dict) else {}
        return {key: one for key, one in found.items() if type(one) is kind}

    def count(name: str) -> int | None:
        return found if type(found := kept.get(name)) is int else None

    ids = cast(list[object], found) if isinstance(found := kept.get("ids"), list) else []
    made = Activity(at, text_of("action"), state, text_of("who"), text_of("from"), text_of("queue"), text_of("lane"))
    return replace(
        made,
        jobs=count("jobs"),
        ids=tuple(one for one in ids if isinstance(one, str)),
        filter=mapped("filter", str),
        facts=mapped("facts", str),
        done=count("done"),
        skipped=mapped("skipped", int),
        why=text_of("why"),
        entry_id=entry_id,
    )
