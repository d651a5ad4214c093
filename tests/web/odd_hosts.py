"""Applications with ways of their own in one thing each, which the dashboard in them must not notice."""

from __future__ import annotations

import gzip
from typing import Any

from flask import Flask, Request, Response, g, request
from flask.json.provider import JSONProvider
from flask.sessions import SessionInterface
from werkzeug.exceptions import Forbidden


class _Json(Response):
    default_mimetype = "application/json"


class _NoJson(JSONProvider):
    def dumps(self, obj: Any, **kwargs: Any) -> str:
        raise AssertionError("this is the host's")

    def loads(self, s: str | bytes, **kwargs: Any) -> Any:
        raise AssertionError("this is the host's")


class _NoSessions(SessionInterface):
    def open_session(self, app: Flask, request: Request) -> None:
        return None

    def save_session(self, app: Flask, session: Any, response: Response) -> None:
        raise AssertionError("there is none")


class _OtherJinja(Flask):
    jinja_options = {  # noqa: RUF012 - as Flask has it
        **{"autoescape": False, "trim_blocks": True},
        **{
            "variable_start_string": "[[",
            "variable_end_string": "]]",
            "block_start_string": "<%",
            "block_end_string": "%>",
        },
    }

    def select_jinja_autoescape(self, filename: str | None) -> bool:
        return False


def answers_json() -> Flask:
    """What a view gives is JSON unless it says otherwise."""
    app = Flask("host")
    app.response_class = _Json
    return app


def subdomains() -> Flask:
    """Rules belong to subdomains of SERVER_NAME."""
    app = Flask("host", subdomain_matching=True)
    app.config["SERVER_NAME"] = "localhost"
    return app


def names_itself() -> Flask:
    """Addresses outside of requests are those of another server."""
    app = Flask("host")
    app.config.update(SERVER_NAME="shop.example:8080", PREFERRED_URL_SCHEME="https", SESSION_COOKIE_PATH="/shop")
    return app


def loose_slashes() -> Flask:
    """A slash more or less is another rule's matter."""
    app = Flask("host")
    app.url_map.strict_slashes = app.url_map.merge_slashes = False
    return app


def static_at_root() -> Flask:
    """Its files stand at `/`, and a rule takes whatever no other takes."""
    app = Flask("host", static_url_path="")
    app.add_url_rule("/<path:rest>", "rest", lambda rest: f"the host's {rest}", methods=["GET", "POST"])
    return app


def languages() -> Flask:
    """Each address gets a language, and gives it away before a view runs."""
    app = Flask("host")

    @app.url_defaults
    def add(_endpoint: str, values: dict[str, Any]) -> None:
        values.setdefault("lang", "en")

    @app.url_value_preprocessor
    def take(_endpoint: str | None, values: dict[str, Any] | None) -> None:
        g.lang = (values or {}).pop("lang", None)

    return app


def traps() -> Flask:
    """Its HTTP errors are raised, so that a debugger sees them."""
    app = Flask("host")
    app.config.update(TRAP_HTTP_EXCEPTIONS=True, TRAP_BAD_REQUEST_ERRORS=True, PROPAGATE_EXCEPTIONS=True)
    return app


def compresses() -> Flask:
    """All that is not compressed yet."""
    app = Flask("host")

    @app.after_request
    def pack(response: Response) -> Response:
        response.direct_passthrough = False
        if "gzip" in request.accept_encodings and "Content-Encoding" not in response.headers:
            response.set_data(gzip.compress(response.get_data()))
            response.headers["Content-Encoding"] = "gzip"
        return response

    return app


def other_jinja() -> Flask:
    """Delimiters of its own, nothing escaped, and names that templates of ours use."""
    app = _OtherJinja("host")
    app.context_processor(lambda: {"site": None, "present": None, "icon": None})
    app.jinja_env.globals.update(url_for=None, site=None)
    return app


def no_sessions() -> Flask:
    """An application without sessions and without JSON."""
    app = Flask("host")
    app.session_interface, app.json = _NoSessions(), _NoJson(app)
    return app


def own_policy() -> Flask:
    """Its own headers on every answer."""
    app = Flask("host")

    @app.after_request
    def add(response: Response) -> Response:
        response.headers["Content-Security-Policy"] = "default-src 'self'; object-src 'none'"
        response.headers["X-Frame-Options"] = "SAMEORIGIN"
        return response

    return app


def asks_for_everything() -> Flask:
    """Nothing is answered without its header, be it a file."""
    app = Flask("host")

    @app.before_request
    def check() -> None:
        if request.headers.get("X-Member") != "yes":
            raise Forbidden

    return app


ODD = (
    *(answers_json, subdomains, names_itself, loose_slashes, static_at_root, languages, traps, compresses),
    *(other_jinja, no_sessions, own_policy, asks_for_everything),
)
