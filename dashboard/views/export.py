"""All jobs of a lane that match, as a file that is written while it is read."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator

from flask import Response, request

from omniq_core import REDIS_ERRORS, JobFacts, explain_redis_error

from ..access import READ, READ_PAYLOAD
from ..exports import FORMATS, Format
from ..formatting import stamp
from ..params import choice
from ..present import present
from ..problems import Problem, no_such_page, not_allowed
from ..queries.export import BrokenLane, exported
from ..queries.queue import LANES
from ..recording import note_file
from ..routes import Routes
from ..state import can, current, now_ms
from .filters import lane_wish
from .reading import explained

log = logging.getLogger(__name__)
routes = Routes()

MOST_AT_ONCE = 2
"""Exports of this process at one time: each holds a thread of the server, and takes a fifth of Redis's time."""
_under_way: set[object] = set()
_lock = threading.Lock()


@routes.get("/queues/<omniq:queue>/<lane>/export", action="export", also=(READ,))
def export(queue: str, lane: str) -> Response:
    """What the lane's pages list, as of now: `format` is jsonl or csv, `payloads=1` adds the payloads."""
    if lane not in LANES:
        raise no_such_page()
    wish = lane_wish(queue, lane, request.args)
    payloads = choice(request.args, "payloads", ("", "1"), "") == "1"
    if payloads and not can(READ_PAYLOAD, queue):
        raise not_allowed("You may not read the payloads of this queue.")
    form = choice(request.args, "format", tuple(FORMATS), "jsonl")
    writer = FORMATS[form](payloads=payloads)
    end = _begin()
    try:
        with explained(queue):
            jobs = exported(
                current().link, queue, wish, now_ms=now_ms(), payloads=payloads, redaction=current().settings.redact
            )
    except BrokenLane as broken:
        end()
        text = f"The key {{{queue}}}:{broken.key} is of type {present('value', broken.type)}, not of the protocol's."
        raise Problem(409, "This lane is broken", text, code="WRONGTYPE") from None
    except BaseException:
        end()
        raise
    note_file(lane, filtered=True, format=form, **({"payloads": "1"} if payloads else {}))
    response = Response(_written(jobs, writer, end), mimetype=writer.mimetype)
    response.call_on_close(end)  # also when nobody ever asked for the first piece
    name = f"omniq-{queue}-{lane}-{stamp(now_ms())}.{writer.ending}"  # a queue's name has no character to be quoted
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _begin() -> Callable[[], None]:
    """Takes one of the places; what it returns frees it, also when it is called again. Raises Problem without one."""
    place = object()
    with _lock:
        if len(_under_way) >= MOST_AT_ONCE:
            text = f"This dashboard writes {MOST_AT_ONCE} at a time, so that all others have time left. Try again soon."
            raise Problem(429, "Other exports are under way", text, icon="wait")
        _under_way.add(place)
    return lambda: _under_way.discard(place)


def _written(jobs: Iterator[tuple[JobFacts, ...]], writer: Format, end: Callable[[], None]) -> Iterator[str]:
    """The file in pieces. What ends it too early is said in its last record: the answer's status was sent long ago."""
    written = 0
    try:
        if head := writer.head():
            yield head
        for step, some in enumerate(jobs):
            # Whoever waits for what is seldom sees that the answer has begun; one that ends at once stays empty.
            text = writer.waiting() if step == 1 and not some and not written else writer.jobs(some)
            written += len(some)
            if text:
                yield text
    except REDIS_ERRORS as error:
        yield writer.incomplete(explain_redis_error(error), written)
    except Exception:
        log.exception("an export ended too early")
        yield writer.incomplete("the dashboard made a mistake; its log says which", written)
    finally:
        end()
