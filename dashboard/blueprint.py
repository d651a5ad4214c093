"""A fresh blueprint per mount: routes, the steps before and after each request, error pages, static files."""

from __future__ import annotations

import functools
import hashlib
import inspect
import logging
import re
from pathlib import Path
from typing import Any
from urllib.parse import quote_from_bytes

from flask import Blueprint, Flask, Response, make_response, redirect, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge
from werkzeug.urls import iri_to_uri

from . import compress, csrf, headers, notices, recording
from .access import Allow, Decision, Deny, LoginRequired
from .htmx import kind
from .live import is_tick
from .problems import Problem, no_such_page, no_such_queue
from .routes import Route, check_routes
from .state import all_mounts, ask_who, current, decide, decide_request, now_ms
from .tokens import QUEUE_NAME, RestConverter, TokenConverter, Unreadable, to_token
from .views import errors, every_route
from .views.strays import MISSING, add_slash, add_strays

_log = logging.getLogger(__name__)
_NO_PAGE_TO_SIGN_IN = (
    "You are not signed in, and this application gave no page that asks you to sign in. Its log says more."
)
_NOT_SIGNED_IN = "Not signed in, or no longer."
_ENDED = "The rule of this application that says who may do this refused it."
_STATIC = Path(__file__).parent / "static"
_ASCII = bytes(range(128))
_NO_PATH = re.compile(r"[?#\\]|%(?![0-9A-Fa-f]{2})|^//|^[^/]")
_WITH_PAYLOAD = ("publish", "copy_changes")
_MOST_BYTES, _MOST_WITH_PAYLOAD = 1024 * 1024, 4 * 1024 * 1024
"""Of a form, and of one with a payload: one of 1 MB takes up to three times that, spelled as forms are."""


@functools.cache
def static_version() -> str:
    """Eight hex digits over all static files: a new release has new addresses."""
    digest = hashlib.sha256()
    for path in sorted(p for p in _STATIC.rglob("*") if p.is_file()):
        digest.update(path.relative_to(_STATIC).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:8]


def make_blueprint(name: str, url_prefix: str) -> tuple[Blueprint, dict[str, Route]]:
    """The blueprint and the route of each of its endpoints. Raises ValueError for one that names no action."""
    routes = every_route()
    check_routes(routes)
    blueprint = Blueprint(
        name,
        __name__,
        url_prefix=url_prefix or None,
        static_folder=str(_STATIC),
        static_url_path=f"/assets/{static_version()}",
    )
    # Told to the instance: a file that is not there is our 404, not the host's.
    blueprint.send_static_file = errors.at_home(blueprint.send_static_file)  # type: ignore[method-assign]
    for route in routes:
        view = errors.at_home(recording.recorded(route))
        blueprint.add_url_rule(route.rule, route.endpoint, view, methods=[route.method], strict_slashes=False)
    missing = add_strays(blueprint)
    blueprint.url_value_preprocessor(_spell_query)
    blueprint.url_value_preprocessor(_limit_form)
    blueprint.before_request(_check_root)
    blueprint.before_request(_check_access)
    blueprint.before_request(add_slash)
    blueprint.before_request(errors.at_home(_check_size))
    blueprint.before_request(errors.at_home(_check_origin))
    blueprint.before_request(errors.at_home(_check_address))
    blueprint.before_request(_start_background)
    blueprint.after_request(_finish)
    errors.register(blueprint)
    return blueprint, {route.endpoint: route for route in [*routes, missing]}


def register(app: Flask, blueprint: Blueprint) -> None:
    """Registers it. A rule keeps the converters that it was made with, so the host's table is ours only meanwhile."""
    before = app.url_map.converters
    ours = {"omniq": TokenConverter, "omniq_rest": RestConverter}
    app.url_map.converters = {**type(app.url_map).default_converters, **ours}
    try:
        app.register_blueprint(blueprint)
    finally:
        app.url_map.converters = before


def _endpoint() -> str:
    return (request.endpoint or "").rpartition(".")[2]


def _is_static() -> bool:
    return _endpoint() == "static"


def _check_root() -> ResponseReturnValue | None:
    # Flask writes SCRIPT_NAME into addresses as it is, also one that a stranger put into X-Forwarded-Prefix: `//evil`
    # would be another server. What a proxy names spelled (`%20`) is right that way.
    if not _NO_PATH.search(request.script_root):
        return None
    text = "This dashboard was mounted below what is no path (//, ?, #, \\ or a bare %), so no link of it works."
    return Response(text, 400, mimetype="text/plain")


def _check_access() -> ResponseReturnValue | None:
    # Static files hold nothing of anybody, and the page that refuses needs its style sheet.
    if _is_static():
        return None
    queue = (request.view_args or {}).get("queue")
    route = current().routes[_endpoint()]
    try:
        decision = _decision(route, None if isinstance(queue, Unreadable) else queue)
    except HTTPException as error:
        # The host's own way to say no, which may be a 404 to hide what is there.
        signed_in = error.code is not None and error.code >= 400 and error.code != 401
        recording.refused(_ENDED if signed_in else _NOT_SIGNED_IN, nameless=not signed_in)
        raise
    if isinstance(decision, Deny):
        recording.refused(decision.why, nameless=decision.challenge or decision.wait_ms > 0)
        return errors.refused(decision)
    if isinstance(decision, LoginRequired):
        recording.refused(_NOT_SIGNED_IN, nameless=True)
        url = iri_to_uri(decision.url)  # a host may have put into it what no header can hold
        if kind() == "partial":
            return Response(status=401, headers={"HX-Redirect": url})
        return _ask_to_sign_in(decision, url)
    if route.action != "health":
        # Now, so that a host which sends strangers away there has done so before anything is done for them.
        try:
            ask_who()
        except HTTPException:
            recording.refused(_NOT_SIGNED_IN, nameless=True)
            raise
    return None


def _ask_to_sign_in(decision: LoginRequired, url: str) -> ResponseReturnValue:
    if decision.answer is None:
        return redirect(url)
    made: object = decision.answer()
    if inspect.iscoroutine(made):
        made.close()
    try:
        # None, which a forgotten `return` gives, would tell Flask to go on as if there had been no question.
        return make_response(made if made != "" else None)
    except TypeError:
        if current().refusals.is_new(("answer",), now_ms()):
            _log.error(
                "omniq: what answers somebody who is not signed in (the unauthorized_handler of Flask-Login, or "
                "answer= of LoginRequired) gave %s, so they are refused. It has to return a page or a redirect: "
                "look for a forgotten return",
                type(made).__name__,
            )
    return errors.refused(Deny(_NO_PAGE_TO_SIGN_IN))


def _decision(route: Route, queue: str | None) -> Decision:
    """The first refusal, or Allow. A task's address says what it does: else any of what tasks do is enough here, and
    the view looks into its record."""
    does = request.args.get("does", "")
    choices = (does,) if does in route.choices else route.choices
    found = next((d for one in choices if isinstance(d := decide(one, queue), Allow)), None)
    found = found or decide_request(choices[0], queue)
    for more in route.also:
        found = decide_request(more, queue) if isinstance(found, Allow) else found
    return found


def _spell_query(_endpoint: str | None, _arguments: dict[str, Any] | None) -> None:
    # Bytes that no browser leaves as they are: Werkzeug takes them for UTF-8 and fails where they are not.
    if not request.query_string.isascii():
        request.query_string = quote_from_bytes(request.query_string, safe=_ASCII).encode()


def _limit_form(endpoint: str | None, _arguments: dict[str, Any] | None) -> None:
    # Before anything reads the form: what a host does before each request comes later than this. A smaller limit of
    # the host's stays; without any, a form of the usual sort would be read to its end, be that never.
    most = _MOST_WITH_PAYLOAD if (endpoint or "").rpartition(".")[2] in _WITH_PAYLOAD else _MOST_BYTES
    hosts = request.max_content_length
    request.max_content_length = most if hosts is None else min(most, hosts)
    request.max_form_memory_size = request.max_content_length


def _check_size() -> None:
    # Of a form without a length Werkzeug gives what came before the limit, as if that were all.
    if request.method != "POST" or request.content_length is not None or request.max_content_length is None:
        return
    if request.form and request.stream.tell() >= request.max_content_length:
        raise RequestEntityTooLarge


def _check_origin() -> None:
    if request.method != "POST" or csrf.check(request):
        return
    recording.refused("The form did not come from this dashboard.")
    text = (
        "The form did not come from this dashboard, or the page was open for too long. Nothing was changed. "
        "Behind a proxy that changes Host, set OMNIQ_TRUSTED_ORIGINS to the address in the browser."
    )
    raise Problem(403, "Not accepted", text, icon="lock")


def _check_address() -> None:
    arguments = request.view_args or {}
    if _is_static():
        return
    queue = arguments.get("queue")
    if queue is not None:
        allowed = current().settings.queues
        if isinstance(queue, Unreadable) or not QUEUE_NAME.fullmatch(queue) or (allowed and queue not in allowed):
            raise no_such_queue(queue)
    if any(isinstance(value, Unreadable) for value in arguments.values()):
        raise no_such_page()
    # What changes something is addressed by tokens only: a raw text may have been rewritten on its way here.
    segments = request.path.split("/")
    changes = request.method == "POST" and _endpoint() != MISSING
    if changes and any(to_token(value) not in segments for value in arguments.values()):
        raise no_such_page()


def _start_background() -> None:
    if _is_static():
        return
    # Those of the other dashboards as well: the switcher says how their Redis is, and nobody need have looked at one.
    for mount in all_mounts():
        if mount.background is not None:
            mount.background.ensure_started()


def _finish(response: Response) -> Response:
    static = _is_static() and response.status_code in (200, 206, 304)
    if not _is_static():
        recording.note_refusal(response.status_code)
        response = notices.send(csrf.keep_cookie(response))
        if (sign_in := current().sign_in) is not None:
            response = sign_in.finish(response, clicked=not is_tick())
    response = headers.add_headers(response, static=static)
    if static:
        return compress.compress_static(response)
    return compress.compress_tick(response) if is_tick() else response
