"""Everything that goes wrong, as a page or, for a request by script, as a toast."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, current_app, make_response, request
from werkzeug.exceptions import HTTPException, InternalServerError

from omniq_core import REDIS_ERRORS, BadCursor, OmniqError, explain_redis_error, is_outage, is_unknown

from .. import notices, recording
from ..access import READ, SEE_ACTIVITY, Deny, Ended, LoginRequired
from ..confirm import FIELD as CONFIRM_FIELD
from ..csrf import FIELD as CSRF_FIELD
from ..csrf import is_hosts_refusal
from ..formatting import number, size
from ..htmx import Partial, Toast, here, html_answer, kind, mount_url, render_partials
from ..live import is_tick
from ..outage_words import outage_heading, outage_kind
from ..present import present
from ..problems import BadInput, Problem, Way, no_such_job, no_such_page
from ..settings import SettingsError
from ..state import can, current, decide, queue_path
from ..templating import render
from ..tokens import to_token

_RETRY_S = 4
_MAYBE_DONE = ("no answer in time", "connection lost")
_GONE = ("NO_JOB",)
_MOST_FIELDS = 300
"""So many fields are shown again. Our own forms have fewer, and a page must not be larger than what was sent."""


def register(blueprint: Blueprint) -> None:
    """Handlers for requests of this blueprint only; the host's stay as they are."""
    blueprint.register_error_handler(Problem, _problem)
    blueprint.register_error_handler(OmniqError, _omniq_error)
    blueprint.register_error_handler(SettingsError, _settings_error)
    blueprint.register_error_handler(BadCursor, _bad_cursor)
    for cls in REDIS_ERRORS:
        blueprint.register_error_handler(cls, _redis_error)
    blueprint.register_error_handler(_Crash, _as_flask_does)
    blueprint.register_error_handler(HTTPException, _http_error)
    blueprint.register_error_handler(InternalServerError, _crash)


def at_home(view: Callable[..., Any]) -> Callable[..., Any]:
    """What goes wrong in this function of ours is told by us, whatever handlers the host has for 404, 413 or Exception.

    What the host's own functions raise before a request (a 401, say) is left to them.
    """

    @functools.wraps(view)
    def ours(*args: Any, **arguments: Any) -> Any:
        try:
            return view(*args, **arguments)
        except HTTPException as error:
            return _http_error(error)
        except _TOLD:
            raise
        except Exception as error:
            raise _Crash from error

    return ours


class _Crash(Exception):
    """A mistake of ours. It has our own name only until Flask has asked who handles it."""


_TOLD = (Problem, OmniqError, SettingsError, BadCursor, *REDIS_ERRORS)


def refused(decision: Deny) -> Response:
    """403 (401 with a challenge, 429 for a time), on a page that tells nothing about this dashboard."""
    status = 429 if decision.wait_ms else 401 if decision.challenge else 403
    title = "Sign in" if decision.challenge else "Wait a moment" if decision.wait_ms else "Not allowed"
    response = _answer(Problem(status, title, decision.why, icon="lock"), bare=True)
    if decision.challenge:
        response.headers["WWW-Authenticate"] = 'Basic realm="OmniQ", charset="UTF-8"'
    if decision.wait_ms:
        response.headers["Retry-After"] = str(-(-decision.wait_ms // 1_000))
    return response


def wrong_method(allowed: str) -> Response:
    """405: the address is a button's (only POST is `allowed`), or a page's."""
    text = "This address only takes what a button sends." if allowed == "POST" else "This address is a page."
    return _answer(Problem(405, "Nothing to see here", f"{text} Nothing was changed.", way=Way("Overview", "/")))


def _problem(problem: Problem) -> Response:
    try:
        return _answer(problem)
    except REDIS_ERRORS as error:  # the form that is shown again has to be signed
        return _redis_error(error)


def _omniq_error(error: OmniqError) -> Response:
    queue = error.queue
    way = Way("Back to the queue", f"/queues/{to_token(queue)}/") if queue else Way("Overview", "/")
    if error.code in _GONE:
        return _answer(no_such_job(queue, error.job_id, way))
    if error.job_id and queue:
        way = Way("Show the job", f"/queues/{to_token(queue)}/jobs/{to_token(error.job_id)}")
    return _answer(
        Problem(
            409, "The job moved on", "It changed before the button was pressed. Nothing was changed.",
            code=error.code, way=way,
        )
    )  # fmt: skip


def _redis_error(error: Exception) -> Response:
    why, place = explain_redis_error(error), current().link.place_of(error)
    if not is_outage(error):
        return _refused_by_redis(error, why)
    if _may_change() and (why in _MAYBE_DONE or is_unknown(error)):
        text = "Whether this was carried out is not known. Look at the page again before you repeat it."
    elif request.method == "POST":
        text = f"Nothing was changed. Press the button again as soon as {place} is back."
    else:
        text = f"This page could not be read. It comes back by itself as soon as {place} does."
        if notices.waits():
            text += " What was pressed before it has its answer: look for its message then, or in Activity."
    response = _answer(Problem(503, outage_heading(why), text, code=why, icon="redis"))
    response.headers["Retry-After"] = str(_RETRY_S)
    response.headers["X-Omniq-Away"] = outage_kind(why)
    if request.method != "POST" and kind() != "partial":
        response.headers["Refresh"] = str(_RETRY_S)
    return response


def _may_change() -> bool:
    """Is this a request that changes something? A button's dialog only asks."""
    route = current().routes.get((request.endpoint or "").rpartition(".")[2])
    return request.method == "POST" and not (route and route.asks)


def _refused_by_redis(error: Exception, why: str) -> Response:
    """Redis is there and said no: waiting will not help."""
    if "WRONGTYPE" in str(error):
        detail = present("error", str(error).partition("WRONGTYPE ")[2], 300)
        what = "nothing was changed" if request.method == "POST" else "this page could not be read"
        text = f"A key of this queue has another type than the protocol gives it, so {what}. {detail}"
        return _answer(Problem(409, "The queue is damaged", text, code="WRONGTYPE"))
    text = f"{current().link.label} answered: {why}. {_came_to_nothing()}"
    return _answer(Problem(503, "Redis refused this", text, code=why, icon="redis"))


def _settings_error(error: SettingsError) -> Response:
    return _answer(Problem(400, "That was not understood", str(error)))


def _bad_cursor(_error: BadCursor) -> Response:
    return _answer(BadInput("cursor", "This address was cut or changed. Open the list from its first page."))


def _http_error(error: HTTPException) -> Response:
    if error.code is None or error.code < 400:
        return make_response(error.get_response())
    if error.code == 404:
        return _answer(no_such_page())
    if error.code == 413:
        most = f"at most {size(request.max_content_length)} in {number(request.max_form_parts)} parts"
        text = f"This form is more than this page takes: {most}. Nothing was changed."
        return _answer(Problem(413, "Too large", text, way=Way("Overview", "/")))
    if is_hosts_refusal(error):
        said = present("value", error.description or "", 200)
        why = (
            f"The application around this dashboard did not take the form ({said}). Nothing was changed. Send it again."
        )
        refusal = BadInput(current_app.config.get("WTF_CSRF_FIELD_NAME", "csrf_token"), why)
        refusal.title = "Open for too long"
        return _answer(refusal)
    return _answer(Problem(error.code, error.name, _came_to_nothing(), way=Way("Overview", "/")))


def _came_to_nothing() -> str:
    """What is true of this request alone: what was pressed before a page that failed may have been carried out."""
    return "Nothing was changed." if request.method == "POST" else "This page could not be read."


def _as_flask_does(crash: _Crash) -> Response:
    # Flask logs it, tells who listens for exceptions, shows it in debug mode, and asks for the page of a 500.
    raise crash.__cause__ or crash


def _crash(_error: InternalServerError) -> Response:
    # Flask has logged the traceback with the host's logger; a page never shows one.
    text = "The dashboard made a mistake; the server's log says which. Whether anything was changed is not known."
    if not _may_change():
        text = f"The dashboard made a mistake; the server's log says which. {_came_to_nothing()}"
    return _answer(Problem(500, "This page failed", text, way=Way("Overview", "/")))


def _answer(problem: Problem, *, bare: bool = False) -> Response:
    recording.explain(problem.text)
    problem.way = _open_way(problem.way)
    if is_tick():
        # A tick that found Redis away says so by its status: script shows the banner, which must also come when this
        # process is the one that is away. Any other problem is final for the page.
        over = Partial("banners", "omniq/shared/over.html", context={"problem": problem})
        return render_partials(*(() if problem.status >= 500 else (over,)), status=problem.status)
    if kind() == "partial":
        note = f"{problem.text} ({problem.code})" if problem.code else problem.text
        toast = Toast(problem.title, (note,), "danger", problem.icon if problem.icon != "search" else "")
        html = render("omniq/shared/answer.html", partials=(), toasts=(toast,))
    else:
        fields = _typed() if isinstance(problem, BadInput) else ()
        ours = isinstance(problem, BadInput) and len(fields) <= _MOST_FIELDS
        template = "omniq/errors/bad_input.html" if ours else "omniq/errors/problem.html"
        bare = bare or _is_stranger()
        layout = "omniq/layouts/bare.html" if bare else "omniq/layouts/page.html"
        again = mount_url(here())
        html = render(template, problem=problem, fields=fields, layout=layout, again=again, method=request.method)
    return html_answer(html, problem.status)


def _open_way(way: Way | None) -> Way | None:
    """That way, where this reader may go it; else the one to the queue the address names, if they may go that."""
    if way is None or way.to.startswith("/queues/") or can(SEE_ACTIVITY if way.to == "/activity" else READ):
        return way
    return Way("Back to the queue", queue) if (queue := queue_path()) else None


def _is_stranger() -> bool:
    """Is the reader one who has to sign in, or for whom the host's rule ended the request by an error of its own?"""
    return isinstance(decide(READ), LoginRequired | Ended)


def _typed() -> tuple[tuple[str, str], ...]:
    """What was typed, to be shown again; never the tokens that belong to the page it came from."""
    given = request.form if request.method == "POST" else request.args
    hidden = {CSRF_FIELD, CONFIRM_FIELD, current_app.config.get("WTF_CSRF_FIELD_NAME", "csrf_token")}
    return tuple((name, value) for name, value in given.items(multi=True) if name not in hidden)
