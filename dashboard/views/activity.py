"""What operators did here: the record as a list that the address filters, one entry of it, and all of it as a file."""

from __future__ import annotations

import json
import re
from collections.abc import Container, Iterable, Iterator
from itertools import chain
from typing import Any

from flask import Response, redirect, request, stream_with_context
from flask.typing import ResponseReturnValue

from omniq_core import Activity

from .. import live
from ..access import SEE_ACTIVITY
from ..activity_words import line_of, open_entry, why_not
from ..formatting import moment
from ..htmx import Partial, here, render_page
from ..params import Fields, choice, text
from ..present import present
from ..problems import Problem, Way, not_allowed
from ..queries.activity import (
    ACTIONS,
    SINCE_MS,
    SIZES,
    ActivityWish,
    Newer,
    activity_entry,
    activity_page,
    all_activity,
    beside_entries,
    newer_activity,
)
from ..recording import note_file
from ..routes import Routes
from ..state import can_see, can_see_activity, current, now_ms
from ..tokens import QUEUE_NAME
from .addresses import activity_url

routes = Routes()
ACTION_WORDS = {
    "": "Any action",
    "retry": "Retry",
    "remove": "Remove",
    "run-now": "Run now",
    "pause": "Pause and resume",
    "publish": "Publish",
    "limit": "Limits",
    "repair": "Repairs",
    "check": "Checks",
    "cancel": "Stop and go on",
    "undo": "Undo",
    "export": "Exports",
    "look": "Refused looks",
    "sign-in": "Sign in",
}
SINCE_WORDS = {"": "Any time", "1h": "Last hour", "24h": "Last 24 h", "7d": "Last 7 d"}
FACTS = {
    "reason": "Reason",
    "gid": "Group",
    "key": "Completion key",
    "job": "Published as",
    "copy_of": "Copy of",
    "task": "Task",
    "fault": "Fault",
    "from": "Taken over from",
    "by": "Taken over by",
}
"""What else an entry may say, and how that is called."""
MAX_CURSOR_BYTES = 40


@routes.get("/activity", action=SEE_ACTIVITY)
def activity() -> ResponseReturnValue:
    """The record, the newest first; or what a tick of the page changes."""
    asked, wish = live.tick(request.args), _wish(request.args)
    if asked and asked.mark:
        newer = newer_activity(current().link, wish, asked.mark, now_ms=now_ms(), may_see=can_see_activity)
        # Rows enter only on the first page, and not under the pointer; there the button of an Undo that is over leaves.
        until = _until(asked.version)
        over = until != "" and int(until) <= now_ms()
        if asked.hold or wish.cursor or not (newer.count or over):
            context = {"wish": wish, "newer": newer, "mark": asked.mark, "activity_url": activity_url}
            found = f"{live.version(wish, asked.mark, newer)}.{until}"
            return live.answer(asked, found, lambda: [_newer(context)])
    context = _context(wish)
    if asked:
        return live.answer(asked, context["live_version"], lambda: _regions(context))
    if context["page"].front:
        return redirect(activity_url(wish))
    return render_page("omniq/activity/page.html", **context)


@routes.get("/activity/export", action=SEE_ACTIVITY)
def activity_export() -> Response:
    """What the filter leaves of the record, an object of JSON a line, read from Redis as it is sent."""
    wish = _wish(request.args)
    _refuse(wish, beside_entries(current().link, (), now_ms=now_ms(), also=_asked_in_vain(wish)).queues)
    entries = all_activity(current().link, wish, now_ms=now_ms(), may_see=can_see_activity)
    first = next(entries, None)  # before anything is sent, so that a Redis that is away is told as on every page
    note_file(what="activity", format="jsonl")
    response = Response(stream_with_context(_lines(chain([first] if first else [], entries))))
    response.headers["Content-Type"] = "application/jsonl"
    at = moment(now_ms(), now_ms()).title[:16].translate({ord(" "): "-", ord(":"): ""})
    response.headers["Content-Disposition"] = f'attachment; filename="activity-{at}.jsonl"'
    return response


@routes.get("/activity/<omniq:entry_id>", action=SEE_ACTIVITY)
def activity_of(entry_id: str) -> Response:
    """All that one entry says."""
    entry = activity_entry(current().link, entry_id, may_see=can_see_activity)
    if entry is None:
        said = "It is older than the record goes back, or its result was noted since: then it stands in the list."
        raise Problem(404, "No such entry", said, icon="search", way=Way("Activity", "/activity"))
    beside = beside_entries(current().link, [entry], now_ms=now_ms())
    line = line_of(entry, beside.undo.get(entry.entry_id))
    return render_page("omniq/activity/entry.html", line=line, entry=entry, beside=beside, **_words())


def _lines(entries: Iterable[Activity]) -> Iterator[str]:
    for entry in entries:
        at = moment(entry.at_ms, entry.at_ms)
        kept: dict[str, object] = {
            "id": entry.entry_id,
            "at": at.iso,
            "at_ms": entry.at_ms,
            "who": present("value", entry.who),
            "address": present("value", entry.address),
            "action": present("value", entry.action),
            "state": entry.state,
            "queue": present("queue", entry.queue),
            "lane": present("value", entry.lane),
            "jobs": entry.jobs,
            "ids": [present("id", one) for one in entry.ids],
            "filter": _presented(open_entry(entry).filter),
            "done": entry.done,
            "skipped": {present("value", code): n for code, n in entry.skipped.items()},
            "why": present("reason", entry.why),
            "facts": _presented(entry.facts),
        }
        yield json.dumps({name: value for name, value in kept.items() if value not in ("", [], {}, None)}) + "\n"


def _presented(texts: Any) -> dict[str, str]:
    return {present("value", name): present("value", text) for name, text in texts.items()}


def _wish(args: Fields) -> ActivityWish:
    return ActivityWish(
        who=text(args, "who"),
        action=choice(args, "action", tuple(ACTIONS), ""),
        queue=text(args, "queue"),
        since=choice(args, "since", tuple(SINCE_MS), ""),
        size=int(choice(args, "size", [str(size) for size in SIZES], "25")),
        cursor=text(args, "cursor", max_bytes=MAX_CURSOR_BYTES),
    )


def activity_regions(args: Fields) -> tuple[Partial, ...]:
    """What a change of one entry changes on this page."""
    return tuple(_regions(_context(_wish(args))))


def _asked_in_vain(wish: ActivityWish) -> str:
    """The name that the filter gives, if it would be that of a queue at which this reader may look, but not at who did
    what with it; else "": a part of a name is no such queue."""
    name = wish.queue
    return name if QUEUE_NAME.fullmatch(name) and can_see(name) and not can_see_activity(name) else ""


def _refuse(wish: ActivityWish, queues: Container[str]) -> None:
    if (name := _asked_in_vain(wish)) in queues:
        raise not_allowed(f"You may not see who did what with the queue {name}.")


def _until(version: str) -> str:
    """When the first Undo ends of a page of this version, "" for none. It goes back in a header, so it is a moment or
    nothing, whatever was sent.
    """
    said = version.partition("-")[0].partition(".")[2]
    return said if re.fullmatch("[0-9]{1,16}", said) else ""


def _context(wish: ActivityWish) -> dict[str, Any]:
    page = activity_page(current().link, wish, now_ms=now_ms(), may_see=can_see_activity)
    beside = beside_entries(current().link, page.rows, now_ms=now_ms(), also=_asked_in_vain(wish))
    _refuse(wish, beside.queues)
    newer, ends = Newer(0, more=False), [one.until_ms for one in beside.undo.values() if one.until_ms]
    return {
        "page": page,
        "wish": wish,
        "lines": tuple(line_of(entry, beside.undo.get(entry.entry_id)) for entry in page.rows),
        "beside": beside,
        "newer": newer,
        "mark": page.mark,
        "live_version": f"{live.version(wish, page.mark, newer)}.{min(ends, default='')}",
        "here": here(),
        **_words(),
    }


def _words() -> dict[str, Any]:
    return {
        "activity_url": activity_url,
        "why_not": why_not,
        "ACTION_WORDS": ACTION_WORDS,
        "FACTS": FACTS,
        "SINCE_WORDS": SINCE_WORDS,
        "SIZES": SIZES,
    }


def _newer(context: dict[str, Any]) -> Partial:
    return Partial("newer", "omniq/activity/newer.html", "outerMorph", context)


def _regions(context: dict[str, Any]) -> list[Partial]:
    names = {"activity": "rows", "pager": "foot"}
    return [
        _newer(context),
        *(Partial(target, f"omniq/activity/{name}.html", context=context) for target, name in names.items()),
    ]
