"""The sign-in page of the standalone dashboard, and the way out of it."""

from __future__ import annotations

import logging

from flask import Response, make_response, redirect, request

from omniq_core import REDIS_ERRORS, Activity, explain_redis_error, note_activity

from .. import csrf, recording
from ..accounts import UsersError
from ..formatting import duration
from ..htmx import mount_url, render_page, stays_below
from ..problems import Problem, no_such_page
from ..routes import Routes
from ..signin import SignIn, Tried
from ..state import current, now_ms
from ..tries import WINDOW_MS, too_many

routes = Routes()
_log = logging.getLogger(__name__)
_STATUS = {"wrong": 403, "wait": 429, "busy": 503}
_BUSY_S = 3


@routes.get("/sign-in", action="health")
def sign_in() -> Response:
    """The form; whoever has signed in already goes where they wanted."""
    ours = _ours()
    try:
        known = ours.known(request)
    except UsersError as error:
        raise _unreadable(error) from None
    if known is not None:
        return make_response(redirect(mount_url(_next()), 303))
    return _page("")


@routes.own("/sign-in", action="health")
def check_password() -> Response:
    """Signs in with the right name and password, else says what is left."""
    ours, name = _ours(), request.form.get("user", "").strip()
    try:
        tried = ours.try_password(name, request.form.get("password", ""), request.remote_addr or "")
    except UsersError as error:
        raise _unreadable(error) from None
    if tried.what != "signed_in":
        why = _words(tried)
        _note("sign-in", "", why, recording.meant(tried.user))
        response = _page(why, name=name, status=_STATUS[tried.what])
        wait_s = -(-tried.wait_ms // 1_000) if tried.wait_ms else _BUSY_S
        if tried.what != "wrong":
            response.headers["Retry-After"] = str(wait_s)
        return response
    csrf.renew()
    _note("sign-in", name)
    return make_response(redirect(mount_url(_next()), 303))


@routes.own("/sign-out", action="health")
def sign_out() -> Response:
    """Ends the session of this browser."""
    return _out(everywhere=False)


@routes.own("/sign-out-everywhere", action="health")
def sign_out_everywhere() -> Response:
    """Ends all sessions of whoever asks, in all browsers and processes."""
    return _out(everywhere=True)


def _out(*, everywhere: bool) -> Response:
    ours = _ours()
    try:
        known = ours.known(request)
        known = known if known and known.session else None
        ours.end(known, everywhere=everywhere)
    except UsersError as error:
        _log.error("omniq: %s", error)
        text = "The users file cannot be changed, so your sessions go on. Whoever keeps it ends them by a new password."
        raise Problem(503, "Not signed out everywhere", text, icon="lock") from None
    if known is not None:
        csrf.renew()
        _note("sign-out-everywhere" if everywhere else "sign-out", known.name)
    return make_response(redirect(mount_url(f"/sign-in?out={'everywhere' if everywhere else 'here'}"), 303))


def _ours() -> SignIn:
    ours = current().sign_in
    if ours is None or ours.file is None:
        raise no_such_page()
    return ours


def _page(why: str, *, name: str = "", status: int = 200) -> Response:
    return render_page(
        "omniq/signin/page.html",
        status=status,
        why=why,
        name=name[:64],
        next=_next(),
        lost=request.args.get("lost") == "1",
        out=request.args.get("out", ""),
    )


def _next() -> str:
    given = request.form.get("next") or request.args.get("next") or ""
    return given if stays_below(given) and not given.startswith("/sign-") else "/"


def _words(tried: Tried) -> str:
    if tried.what == "busy":
        return "Too many people sign in at this moment. Try again in a few seconds."
    if tried.what == "wait":
        return too_many(tried.wait_ms)
    pause = duration(WINDOW_MS)
    if not tried.left:
        return f"Name and password do not match. The next try is possible in {pause}."
    tries = "1 try" if tried.left == 1 else f"{tried.left} tries"
    return f"Name and password do not match. {tries} left, then a pause of {pause}."


def _unreadable(error: UsersError) -> Problem:
    _log.error("omniq: %s", error)
    return Problem(
        503, "Nobody can sign in", "Who may sign in cannot be read. The log of the server says why.", icon="lock"
    )


def _note(verb: str, who: str, why: str = "", meant: dict[str, str] | None = None) -> None:
    """Notes it in the record: of strangers ("") up to a bound. A dashboard that only looks writes nothing at all."""
    mount = current()
    if mount.settings.read_only:
        return
    if _ours().tries.away(now_ms()):
        _log.warning("omniq: the record lacks a %s, for Redis does not answer", verb)
        return
    missed = 0 if who else mount.refusals.take(now_ms(), "sign-in", "")
    if missed is None:
        return
    entry = Activity(
        now_ms(),
        verb,
        "done" if who else "refused",
        who=who,
        address=request.remote_addr or "",
        why=why,
        facts=(meant or {}) | ({"missed": str(missed)} if missed else {}),
    )
    try:
        note_activity(mount.link, entry)
    except REDIS_ERRORS as error:
        if not who:
            mount.refusals.pause(now_ms())
        _log.warning("omniq: the record lacks a %s (%s): %s", verb, entry.state, explain_redis_error(error))
