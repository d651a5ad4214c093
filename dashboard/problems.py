"""Things a page explains instead of showing what was asked for. Raised by queries, actions and views alike."""

from __future__ import annotations

from dataclasses import dataclass

from .formatting import plural
from .present import present


@dataclass(frozen=True, slots=True)
class Way:
    """A link out of a problem page. `to` is a path below the mount, like `/queues/mail/failed`."""

    label: str
    to: str


class Problem(Exception):
    """Becomes a page (or a toast, for a request by script) with this status.

    `title` and `text` are sentences, `code` the protocol's word in brackets, `icon` a symbol of icons.svg.
    """

    def __init__(
        self, status: int, title: str, text: str, *, code: str = "", icon: str = "alert", way: Way | None = None
    ) -> None:
        super().__init__(title)
        self.status, self.title, self.text, self.code, self.icon, self.way = status, title, text, code, icon, way


class BadInput(Problem):
    """A field of the query string or the form that cannot be used. `field` is its name, `why` one sentence.

    The 400 page shows everything that was typed again, with this field marked.
    """

    def __init__(self, field: str, why: str) -> None:
        super().__init__(400, "That was not understood", why)
        self.field, self.why = field, why


def not_allowed(text: str) -> Problem:
    """Whoever asks may not do that; `text` is a sentence that says what."""
    return Problem(403, "Not allowed", text, icon="lock")


def no_such_page() -> Problem:
    """The address leads nowhere."""
    return Problem(404, "No such page", "Nothing stands at this address.", icon="search", way=Way("Overview", "/"))


def no_such_queue(queue: str) -> Problem:
    """No key of this queue exists, it is not in the allow-list, or its name breaks the rule."""
    text = f"No queue is called {present('queue', queue, 128)}. A queue appears as soon as its first job is published."
    return Problem(404, "No such queue", text, icon="search", way=Way("All queues", "/"))


def no_such_job(queue: str, job_id: str, way: Way | None = None) -> Problem:
    """The queue holds no job of this id."""
    text = (
        f"{present('queue', queue)} holds no job {present('id', job_id, 200)}. "
        "It was removed, or it completed and made room for newer ones."
    )
    return Problem(404, "No such job", text, code="NO_JOB", icon="search", way=way)


def moved_on(was: str, verb: str, code: str, now: str | None = None, way: Way | None = None) -> Problem:
    """The job left the lane `was` before the button was pressed. `verb` is the label of the button ("Retry")."""
    state = f"is {now} now" if now else "is in another state now"
    text = f"It was {was} when you pressed {verb} and {state}. Nothing was changed."
    return Problem(409, "The job moved on", text, code=code, way=way)


def too_many(limit: int, given: int) -> BadInput:
    """More jobs in one form than one request may change."""
    return BadInput("id", f"{plural(given, 'job')} in one request: at most {limit:,} can be changed at once.")
