"""What an address asks of a lane, and its filters as fields and as tags."""

from __future__ import annotations

from dataclasses import dataclass, replace

from omniq_core import BadFilter

from ..access import READ, READ_PAYLOAD
from ..params import Fields, choice, text
from ..present import present
from ..problems import BadInput, not_allowed
from ..queries.lane_filter import SINCE_MS, WITH_ERRORS, LaneFilter
from ..queries.queue import SIZES, SORTS, LaneWish, usual_sort
from ..redact_errors import is_type
from ..state import can, current, now_ms
from .addresses import lane_url

MAX_CURSOR_BYTES = 4096
ERROR_WORDS = {"failed": "Error contains", "delayed": "Last error contains"}
ENTERED_WORDS = {
    "waiting": "Queued",
    "active": "Started",
    "delayed": "Due",
    "failed": "Failed",
    "completed": "Completed",
}
SINCE_WORDS = {"15m": "15 min", "1h": "hour", "24h": "24 h", "7d": "7 d"}
CLEAR_WORDS = {"q": "error", "group": "group", "prefix": "id", "payload": "payload", "since": "time"}


@dataclass(frozen=True, slots=True)
class Tag:
    """An active filter: its words, its value for people, what its cross is called, and where that leads."""

    label: str
    value: str
    clear: str
    url: str


def need_read(queue: str) -> None:
    """Raises Problem (403) unless this request's reader may look at the jobs of that queue."""
    if not can(READ, queue):
        raise not_allowed("You may not look at the jobs of this queue, nor search them.")


def need_payload(queue: str) -> None:
    """Raises Problem (403) unless this request's reader may look into the payloads of that queue."""
    if not can(READ_PAYLOAD, queue):
        raise not_allowed("You may not read the payloads of this queue, nor search them.")


def error_words(lane: str) -> str:
    """What the field for errors is called, "" in a lane without one."""
    return "Error type" if current().settings.redact.on and lane in ERROR_WORDS else ERROR_WORDS.get(lane, "")


def need_open(payload: str, q: str) -> None:
    """Raises Problem (403) for a filter that could confirm a hidden value, one guess after the other."""
    if not current().settings.redact.on:
        return
    if payload:
        raise not_allowed("Values of jobs are hidden here, so payloads cannot be searched.")
    if q and not is_type(q):
        raise not_allowed(
            "Values of jobs are hidden here, so errors are searched by their type only, like ConnectionError."
        )


def lane_filter(queue: str, lane: str, args: Fields, now_ms: int) -> LaneFilter:
    """The filter of an address. Raises BadInput, and Problem for one by payload where those may not be read."""
    found = LaneFilter(
        q=text(args, "q"),
        group=text(args, "group"),
        prefix=text(args, "prefix"),
        payload=text(args, "payload"),
        since=choice(args, "since", tuple(SINCE_MS), ""),
        by_type=current().settings.redact.on,
    )
    if found.payload:
        need_payload(queue)
    need_open(found.payload, found.q)
    if found.q and lane not in WITH_ERRORS:
        raise BadInput("q", f"{lane.capitalize()} jobs have no error to search.")
    try:
        found.wanted(lane, now_ms)
    except BadFilter as bad:
        raise BadInput(bad.field, bad.why) from None
    return found


def lane_wish(queue: str, lane: str, args: Fields, *, cursor: str = "cursor") -> LaneWish:
    """What an address asks of a lane; `cursor` is the name under which it keeps that. Raises BadInput."""
    return LaneWish(
        lane=lane,
        sort=choice(args, "sort", tuple(SORTS[lane]), usual_sort(lane)),
        size=int(choice(args, "size", [str(size) for size in SIZES], "50")),
        cursor=text(args, cursor, max_bytes=MAX_CURSOR_BYTES) or None,
        filter=lane_filter(queue, lane, args, now_ms()),
    )


def since_options(lane: str) -> list[tuple[str, str]]:
    """The values and words of the select."""
    word = "Next" if lane == "delayed" else "Last"
    return [("", "Any time"), *((name, f"{word} {words}") for name, words in SINCE_WORDS.items())]


def tags(queue: str, wish: LaneWish) -> list[Tag]:
    """The active filters of a page."""
    lane, asked = wish.lane, wish.filter
    path, _, value = asked.payload.partition(":")
    since = f"{'next' if lane == 'delayed' else 'last'} {SINCE_WORDS[asked.since]}" if asked.since else ""
    words = {
        "q": (ERROR_WORDS.get(lane, ""), asked.q),
        "group": ("Group", asked.group),
        "prefix": ("Job id starts with", asked.prefix),
        "payload": ("Payload", asked.payload) if value.strip() else ("Payload has", path),
        "since": (f"{ENTERED_WORDS[lane]} in", since),
    }
    return [
        Tag(
            label,
            present("value", value),
            f"Clear {CLEAR_WORDS[name]} filter",
            lane_url(queue, wish, filter=replace(asked, **{name: ""})),
        )
        for name, (label, value) in words.items()
        if value
    ]
