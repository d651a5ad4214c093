"""Who may do what. Asked before anything else of a request, and before any call to Redis."""

from __future__ import annotations

import functools
import inspect
import logging
from collections.abc import Callable
from dataclasses import dataclass, replace

from flask import Request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException

from .loopback import why_not_local
from .refusals import Refusals

_log = logging.getLogger(__name__)
_FAILED = "The rule of this application that says who may do this failed. Its log says why."
_NO_DECISION = "The rule of this application that says who may do this gave no decision. Its log says more."

READ, READ_PAYLOAD, SEE_ACTIVITY = "read", "read_payload", "see_activity"
LOOKING = frozenset({READ, READ_PAYLOAD, SEE_ACTIVITY, "export", "health"})
"""`read` looks at all but payloads, `read_payload` at those too, `see_activity` at who did what, `export` hands out
lanes as files, `health` is the liveness page."""
TASK_ACTIONS = ("retry", "remove", "run_now", "repair")
"""What a bulk task may do: who may do that may stop it, too, and let it go on."""
CHANGING = frozenset({*TASK_ACTIONS, "publish", "pause", "edit_limit", "restore"})
"""`pause` is to resume, too; `restore` to undo a removal."""
ACTIONS = LOOKING | CHANGING
"""Every route names one of these."""


@dataclass(frozen=True, slots=True)
class Allow:
    """Go on."""


@dataclass(frozen=True, slots=True)
class Deny:
    """403, with a sentence for the reader: why, and what to set. `challenge` makes it a 401 for HTTP Basic, `wait_ms`
    a 429 that says when to try again.
    """

    why: str = "You may not do this here."
    challenge: bool = False
    wait_ms: int = 0


@dataclass(frozen=True, slots=True)
class Ended(Deny):
    """The host's rule raised `error` (by abort): no, and its own way to say it where the request is about just that."""

    error: HTTPException | None = None


@dataclass(frozen=True, slots=True)
class LoginRequired:
    """Send the reader to sign in at this URL. `answer` makes what they get instead; script, which can show no such
    answer, still goes to `url`, and as a page."""

    url: str
    answer: Callable[[], ResponseReturnValue] | None = None


Decision = Allow | Deny | LoginRequired
Access = Callable[[Request, str, str | None], Decision]


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: a name (may be empty) and the address of the peer."""

    name: str
    address: str

    @property
    def known_as(self) -> str:
        """What others read of them where one text is kept: the name, or the address where nobody signs in."""
        return self.name or self.address


def allow_all(_request: Request, _action: str, _queue: str | None) -> Decision:
    """Everybody may do everything. For a host that has checked before."""
    return Allow()


def read_only(_request: Request, action: str, _queue: str | None) -> Decision:
    """Everybody may look and nobody may change anything."""
    return Allow() if action in LOOKING else Deny("This dashboard is read only.")


def loopback_only(request: Request, _action: str, _queue: str | None) -> Decision:
    """The default: only for a browser on the same machine that names it, and through no proxy.

    The Host is checked against DNS rebinding: a foreign page whose name points to 127.0.0.1 still sends its own name.
    """
    if not (why := why_not_local(request)):
        return Allow()
    return Deny(
        f"Without access rules this dashboard answers only to a browser on the same machine, and this request {why}. "
        "Pass access= to OmniqDashboard, or give the standalone server users (OMNIQ_USERS_FILE); "
        "OMNIQ_INSECURE=1 lifts this check."
    )


def without_changes(access: Access) -> Access:
    """`access`, less everything that changes something."""

    def check(request: Request, action: str, queue: str | None) -> Decision:
        limit = read_only(request, action, queue)
        return access(request, action, queue) if isinstance(limit, Allow) else limit

    return check


def anonymous(request: Request) -> Actor:
    """The default `user=`: no name, only the peer's address."""
    return Actor("", request.remote_addr or "")


def certain(access: Access) -> Access:
    """That rule, with a refusal in the place of whatever is no decision: True, None, a class, a coroutine, an error."""
    if not callable(access):
        raise TypeError(
            "access= wants a function of request, action and queue that gives Allow(), Deny() or LoginRequired(url), "
            f"not {access!r}"
        )
    if access in (allow_all, read_only):
        return access

    @functools.wraps(access)
    def decide(request: Request, action: str, queue: str | None) -> Decision:
        try:
            made: object = access(request, action, queue)
            if (decision := _spelled(made)) is not None:
                return decision
        except HTTPException:
            raise  # the host's own way to say it
        except Exception:
            if _is_first(request, decide, "failed"):
                _log.exception("omniq: access= failed for %s of queue %s; it is refused", action, ascii(queue))
            return Deny(_FAILED)
        if inspect.iscoroutine(made):
            made.close()
        if _is_first(request, decide, "nothing"):
            _log.error(
                "omniq: access= gave %s for %s of queue %s, and no Allow(), Deny() or LoginRequired(url); "
                "it is refused",
                type(made),
                action,
                ascii(queue),
            )
        return Deny(_NO_DECISION)

    return decide


def _spelled(made: object) -> Decision | None:
    """The decision, with texts where a host may have put what only becomes one (a translation, say); None for none."""
    if isinstance(made, Deny):
        why: object = made.why
        return made if isinstance(why, str) else replace(made, why=str(why))
    if isinstance(made, LoginRequired):
        url: object = made.url
        text = "" if url is None else str(url)
        # To nowhere would be to the page that was refused, for ever.
        return (made if isinstance(url, str) else replace(made, url=text)) if text else None
    return made if isinstance(made, Allow) else None


def _is_first(request: Request, rule: object, what: str) -> bool:
    """Is this the first time in this request that the rule does that? A page asks it for each button of each row."""
    told: set[tuple[int, str]] = request.environ.setdefault("omniq.told", set())
    fresh = (id(rule), what) not in told
    told.add((id(rule), what))
    return fresh


def asked(access: Access, request: Request, action: str, queue: str | None) -> Decision:
    """What the rule says, which ends nothing: a page asks for each of its buttons, queues, and other dashboards."""
    try:
        return access(request, action, queue)
    except HTTPException as error:
        return Ended(error=error)


def named(user: Callable[[Request], Actor], clock: Callable[[], int]) -> Callable[[Request], Actor]:
    """That function, with nobody in the place of whatever is no Actor. A text is taken for the name. What it
    gives each time is told once in ten minutes, by `clock` (ms)."""
    if not callable(user):
        raise TypeError(f"user= wants a function of the request that gives an Actor, not {user!r}")
    told = Refusals()

    @functools.wraps(user)
    def who(request: Request) -> Actor:
        nobody = anonymous(request)
        try:
            made: object = user(request)
            if isinstance(made, Actor | str):
                name, address = (made.name, made.address) if isinstance(made, Actor) else (made, nobody.address)
                return Actor(_plain(name), _plain(address) or nobody.address)
        except HTTPException:
            raise
        except Exception:
            _log.exception("omniq: user= failed, so nobody is named")
            return nobody
        if inspect.iscoroutine(made):
            made.close()
        if made is not None and told.is_new((type(made).__qualname__,), clock()):
            _log.error("omniq: user= gave %s, and no Actor, so nobody is named", type(made))
        return nobody

    return who


def _plain(said: object) -> str:
    """The text of what a host calls somebody (a number, say), as it can be written down."""
    text = "" if said is None else said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
    return text.encode("utf-8", "replace").decode()
