"""Requests below the mount that no route takes: a slash too few or too many, another method, nothing at all.

They are answered here and not by the host's router, whose answers would not carry what ours say about themselves.
"""

from __future__ import annotations

import re
from urllib.parse import quote

from flask import Blueprint, current_app, make_response, redirect, request
from flask.blueprints import BlueprintSetupState
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException

from ..access import READ
from ..problems import no_such_page
from ..routes import Route
from . import errors

MISSING = "missing"
_UNCHANGED = "/~:@!$&'()*+,;="


def add_strays(blueprint: Blueprint) -> Route:
    """Adds rules for whatever is left, and gives their route. Call it last: the first rule that fits is taken."""
    missing = Route("", "GET", READ, MISSING, _missing)

    def of_any_method(state: BlueprintSetupState) -> None:
        # Flask has no way to say so: without a list of methods a rule takes them all, also those nobody has heard of.
        app, endpoint, prefix = state.app, f"{blueprint.name}.{MISSING}", blueprint.url_prefix or ""
        for path in ("/", "/<omniq_rest:rest>"):
            app.url_map.add(app.url_rule_class(prefix + path, endpoint=endpoint, strict_slashes=False))
        app.view_functions[endpoint] = errors.at_home(missing.view)

    blueprint.record(of_any_method)
    return missing


def add_slash() -> ResponseReturnValue | None:
    """Leads to where the page stands: our rules match without the slash at their end, too (`strict_slashes`)."""
    rule, reads = request.url_rule, request.method in ("GET", "HEAD")
    if reads and not request.environ.get("PATH_INFO"):
        return _moved("/")  # an application mounted on another one, asked for by its bare name
    if reads and rule is not None and rule.rule.endswith("/") and not request.path.endswith("/"):
        return _moved(f"{request.path}/")
    return None


def _missing(**_rest: str) -> ResponseReturnValue:
    """404, or 405 where another method would have been right."""
    if "//" in request.path and request.method in ("GET", "HEAD"):
        return _moved(re.sub("/{2,}", "/", request.path))
    allowed = next((method for method in ("POST", "GET") if _has_route(method)), None)
    if allowed is None:
        raise no_such_page()
    response = make_response(errors.wrong_method(allowed))
    response.headers["Allow"] = allowed
    return response


def _moved(path: str) -> ResponseReturnValue:
    query = quote(request.query_string, safe=_UNCHANGED + "%?")
    return redirect(quote(request.script_root + path, safe=_UNCHANGED) + (f"?{query}" if query else ""), 308)


def _has_route(method: str) -> bool:
    try:
        rule, _ = current_app.create_url_adapter(request).match(method=method, return_rule=True)  # pyright: ignore[reportOptionalMemberAccess]
    except HTTPException:
        return False
    return rule.endpoint.rpartition(".")[2] not in (MISSING, "static")
