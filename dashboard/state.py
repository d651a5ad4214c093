"""What one mount of the dashboard holds, and how a request finds it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, cast
from urllib.parse import quote

from flask import Request, current_app, request
from werkzeug.exceptions import HTTPException

from omniq_core import Link, OmniqClient

from .access import (
    READ,
    SEE_ACTIVITY,
    TASK_ACTIONS,
    Access,
    Actor,
    Allow,
    Decision,
    Ended,
    allow_all,
    anonymous,
    asked,
    read_only,
)
from .kept import kept
from .refusals import Refusals
from .routes import Route
from .settings import Settings
from .signing import Signing
from .tokens import QUEUE_NAME, to_token

if TYPE_CHECKING:
    from .signin import SignIn

EXTENSION = "omniq_dashboard"
_PLAIN = "/!$&'()*+,:;=@~"
"""What `url_for` leaves as it is, too: addresses are compared."""


class BackgroundLike(Protocol):
    """The threads of this process, started lazily."""

    @property
    def running(self) -> bool: ...

    @property
    def away_since(self) -> int | None: ...

    def ensure_started(self) -> None: ...

    def look_for_tasks(self) -> None: ...

    def look_for_checks(self) -> None: ...


@dataclass(slots=True)
class Mount:
    """Everything a request of one mount needs; nothing in it changes after the start (tests may replace `clock`)."""

    name: str
    url_prefix: str
    client: OmniqClient
    settings: Settings
    signing: Signing
    access: Access
    user: Callable[[Request], Actor]
    clock: Callable[[], int]
    background: BackgroundLike | None
    routes: dict[str, Route]
    refusals: Refusals = field(default_factory=Refusals)
    sign_in: SignIn | None = None
    """Of the standalone dashboard with users of its own; a host brings its own."""

    @property
    def link(self) -> Link:
        """The one way to Redis, for the operator functions of omniq_core."""
        return self.client.link


def current() -> Mount:
    """The mount this request belongs to. Raises KeyError outside a request of the dashboard."""
    return cast(Mount, current_app.extensions[EXTENSION][request.blueprint])


def now_ms() -> int:
    """Now in ms, the same for the whole request."""
    if "now_ms" not in kept:
        kept.now_ms = current().clock()
    return cast(int, kept.now_ms)


def actor() -> Actor:
    """Who makes this request. Nobody, where the host ends it instead of naming somebody: the page about that and the
    record ask, too."""
    if "actor" not in kept:
        with suppress(HTTPException):
            ask_who()
    return cast(Actor, kept.actor)


def ask_who() -> None:
    """Asks the host who makes this request, which it may end by an error of its own: that is raised."""
    kept.actor = anonymous(request)
    kept.actor = current().user(request)


def decide(action: str, queue: str | None = None) -> Decision:
    """What access says of that; asked once a request, for a page asks for each of its rows."""
    known = cast(dict[tuple[str, str | None], Decision], kept.setdefault("decisions", {}))
    if (action, queue) not in known:
        known[action, queue] = asked(current().access, request, action, queue)
    return known[action, queue]


def decide_request(action: str, queue: str | None = None) -> Decision:
    """The same for what the request itself is about: that a host's rule may end by an error of its own, which is raised
    then."""
    found = decide(action, queue)
    if isinstance(found, Ended) and found.error is not None:
        raise found.error
    return found


def can(action: str, queue: str | None = None) -> bool:
    """May this request's reader do that? Controls of what they may not do are not drawn."""
    return isinstance(decide(action, queue), Allow)


def may_steer(does: str, queue: str) -> bool:
    """May this request's reader stop a bulk task that does this, and let it go on?"""
    return does in TASK_ACTIONS and can(does, queue)


def rights_differ() -> bool:
    """Can what a reader of this mount may do, or see, differ by queue?"""
    return current().access not in (allow_all, read_only) or bool(current().settings.queues)


def may_read() -> Callable[[str], bool]:
    """May this request's reader look at that queue? Asked for thousands of them, so it costs nothing where all may."""
    access = current().access
    if access is allow_all or access is read_only:
        return lambda _queue: True
    return lambda queue: isinstance(asked(access, request, READ, queue), Allow)


def can_see(queue: str) -> bool:
    """May this request's reader look at that queue, and does this mount show it at all?"""
    listed = current().settings.queues
    return (not listed or queue in listed) and can(READ, queue)


def queue_path(base: str = "/") -> str:
    """The path below `base` of the queue that this request's address names; "" when its reader may not see that one, or
    it names none."""
    queue = (request.view_args or {}).get("queue")
    if not isinstance(queue, str) or not QUEUE_NAME.fullmatch(queue) or not can_see(queue):
        return ""
    return f"{base}queues/{to_token(queue)}/"


def can_see_activity(queue: str) -> bool:
    """May this request's reader look at that queue, and at who did what with it?"""
    return can_see(queue) and can(SEE_ACTIVITY, queue)


def may_see() -> Callable[[str], bool]:
    """`can_see`, to be asked for thousands of them."""
    listed, reads = frozenset(current().settings.queues), may_read()
    return lambda queue: (not listed or queue in listed) and reads(queue)


def all_mounts() -> tuple[Mount, ...]:
    """The mounts of this request's application, in the order in which they were made."""
    return tuple(cast(dict[str, Mount], current_app.extensions[EXTENSION]).values())


def mount_path(mount: Mount | None = None) -> str:
    """The path of a mount (this one) as addresses have it, ending in a slash: `/`, `/omniq/`, `/two%20words/`."""
    return f"{request.script_root}{quote((mount or current()).url_prefix, safe=_PLAIN)}/"
