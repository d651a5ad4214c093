"""Applications that the dashboard may find itself in, and what it must leave as it was."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

from flask import Blueprint, Flask, Response, abort, redirect, request
from flask_login import LoginManager, UserMixin, current_user, login_user
from flask_wtf.csrf import CSRFProtect
from werkzeug.routing import BaseConverter

from dashboard import Actor, Allow, LoginRequired
from dashboard.access import Decision

_FUNCTIONS = (
    *("error_handler_spec", "before_request_funcs", "after_request_funcs", "teardown_request_funcs"),
    *("template_context_processors", "url_value_preprocessors", "url_default_functions"),
)
_OPTIONS = (
    *("autoescape", "trim_blocks", "lstrip_blocks", "keep_trailing_newline", "newline_sequence", "undefined"),
    *("finalize", "optimized", "block_start_string", "variable_start_string", "loader", "auto_reload"),
)


class _Word(BaseConverter):
    """A converter of the host with a name that is ours, too."""

    regex = "[a-z]+"


class _Person(UserMixin):
    id = "oncall"


def busy_host(folder: Path) -> Flask:
    """A host with templates, files, a blueprint `dashboard`, handlers for all errors, CSRFProtect and Flask-Login.

    `/sign-in` lets a client in, `/` is its page, `/bug` fails, `/word/abc` has a converter.
    """
    for name in ("base.html", "omniq/layouts/page.html", "layouts/page.html", "page.html"):
        path = folder / "templates" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("the host's {{ self }}")
    (folder / "static").mkdir()
    (folder / "static" / "omniq.css").write_text("the host's")
    app = Flask("host", root_path=str(folder))
    app.config.update(SECRET_KEY="the host's secret", SESSION_COOKIE_SAMESITE="Lax", WTF_CSRF_FIELD_NAME="host_token")
    app.jinja_env.trim_blocks = True
    app.jinja_env.filters["token"] = app.jinja_env.filters["number"] = lambda _: "the host's"
    app.jinja_env.globals["present"] = app.jinja_env.globals["icons"] = "the host's"
    app.url_map.converters["omniq"] = _Word
    for sort in (404, 413, 500, Exception):
        app.register_error_handler(sort, lambda error: (f"the host's {type(error).__name__}", 500))
    for status in (401, 400):
        app.register_error_handler(status, lambda error: (f"the host's {error.code}", error.code))
    own = Blueprint("dashboard", "own", url_prefix="/dashboard")
    own.add_url_rule("/", "overview", lambda: "the host's dashboard")
    app.register_blueprint(own)
    app.add_url_rule("/", "index", lambda: "the host's index")
    app.add_url_rule("/bug", "bug", lambda: str(1 / 0))
    app.add_url_rule("/word/<omniq:word>", "word", lambda word: word)
    CSRFProtect(app)
    _add_login(app)
    return app


def _add_login(app: Flask) -> None:
    manager = LoginManager(app)
    manager.user_loader(lambda _: _Person())

    def sign_in() -> Response:
        login_user(_Person())
        return redirect("/")  # type: ignore[return-value]

    def not_for_robots() -> None:
        if request.user_agent.string == "robot":
            abort(401)

    app.before_request(not_for_robots)
    app.add_url_rule("/sign-in", "sign_in", sign_in)


def signed_in(_request: Any, _action: str, _queue: str | None) -> Decision:
    """Access for whoever the host knows."""
    return Allow() if current_user.is_authenticated else LoginRequired("/sign-in")


def who(_request: Any) -> Actor:
    """The person that Flask-Login has found."""
    return Actor(current_user.get_id() or "", "")


def belongings(app: Flask) -> dict[str, Any]:
    """Whatever of an application is the host's, copied."""
    env, rules = app.jinja_env, app.url_map
    return {
        "config": dict(app.config),
        "secret": (app.secret_key, app.session_interface, app.json, app.jinja_options),
        "jinja": {name: dict(getattr(env, name)) for name in ("filters", "globals", "tests", "extensions", "policies")},
        "options": {name: getattr(env, name) for name in _OPTIONS},
        "map": (dict(rules.converters), rules.strict_slashes, rules.merge_slashes, rules.host_matching),
        "rules": [rule.rule for rule in rules.iter_rules() if not rule.endpoint.startswith("omniq")],
        "functions": {name: copy.copy(getattr(app, name).get(None)) for name in _FUNCTIONS},
        "teardown": list(app.teardown_appcontext_funcs),
        "extensions": {name: app.extensions[name] for name in app.extensions if name != "omniq_dashboard"},
        "blueprints": [name for name in app.blueprints if not name.startswith("omniq")],
        "commands": list(app.cli.commands),
        "logger": (app.logger.level, list(app.logger.handlers), list(app.logger.filters)),
    }
