"""Access by the roles of a host's users: who somebody is comes from Flask-Login, what they may do from a table."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping
from fnmatch import fnmatchcase
from importlib import import_module
from typing import Any, cast
from urllib.parse import urljoin

from flask import Request, current_app

from .access import ACTIONS, LOOKING, Access, Actor, Allow, Decision, Deny, LoginRequired
from .htmx import came_from, kind, mount_url

VIEWER: frozenset[str] = LOOKING
"""Looks at everything, payloads and the record of what was done too, and changes nothing."""
OPERATOR: frozenset[str] = ACTIONS
"""May do everything."""

Actions = Iterable[str]
Queues = tuple[tuple[str, frozenset[str]], ...]


def from_flask_login(
    roles: Mapping[str, Actions | Mapping[str, Actions]],
    role_of: Callable[[Any], str | Iterable[str] | None] | None = None,
) -> Access:
    """An `access=` for hosts with Flask-Login: what each role may do, everywhere or by queue.

        access=from_flask_login({"support": VIEWER, "oncall": {"one-shot": OPERATOR - {"retry"}, "*": OPERATOR}})

    Of a table by queue the name itself counts, else the first pattern (`*`, `?`, `[abc]`) that fits; a queue that none
    fits is not there for that role. Pages over many queues are open to whoever may do it in any queue. Several roles
    add up. `role_of` gives the role or roles of a user; without it `user.roles`, else `user.role` counts.

    Whoever is not signed in gets the answer of the `unauthorized_handler` of the host's LoginManager, else is sent to
    its `login_view`, or refused when it has neither. The liveness page is open to all. Raises ValueError for an action
    or a role's table that cannot be meant, TypeError for what is no table, set or function, and RuntimeError without
    Flask-Login.
    """
    try:
        login = import_module("flask_login")
    except ImportError:
        raise RuntimeError("from_flask_login needs Flask-Login: pip install flask-login") from None
    if not isinstance(roles, Mapping):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise TypeError(f'from_flask_login wants a table of roles like {{"viewer": VIEWER}}, not {roles!r}')
    if role_of is not None and not callable(role_of):
        raise TypeError(f"role_of= wants a function of the user that gives a role, not {role_of!r}")
    table = {role: _queues(role, given) for role, given in roles.items()}
    find = role_of or _own_roles

    def access(request: Request, action: str, queue: str | None) -> Decision:
        if action == "health":
            return Allow()
        user = login.current_user
        if not _is_signed_in(user):
            return _to_sign_in(login, request)
        found = find(user)
        held = (found,) if isinstance(found, str) else tuple(found or ())
        if any(action in _allowed(table[role], queue) for role in held if role in table):
            return Allow()
        return Deny()

    return access


def flask_login_user(request: Request) -> Actor:
    """A `user=` for the same hosts: `name`, `username` or `email` of who is signed in, else the id of the session."""
    user = import_module("flask_login").current_user
    if not _is_signed_in(user):
        return Actor("", request.remote_addr or "")
    names = (getattr(user, name, None) for name in ("name", "username", "email"))
    name = next((one for one in names if isinstance(one, str) and one), None) or str(user.get_id())
    return Actor(name, request.remote_addr or "")


def _is_signed_in(user: Any) -> bool:
    # A method, as Flask-Login once had it and some classes of users still do, is true of everybody.
    said = user.is_authenticated
    return bool(said() if callable(said) else said)


def _queues(role: str, given: Actions | Mapping[str, Actions]) -> Queues:
    if isinstance(given, Mapping):
        by_queue = cast(Mapping[str, Actions], given)
        if (odd := next((name for name in by_queue if not isinstance(name, str)), None)) is not None:  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError(f"role {role}: names of queues or patterns like mail-* are wanted, not {odd!r}")
        return tuple((pattern, _actions(role, actions)) for pattern, actions in by_queue.items())
    return (("*", _actions(role, given)),)


def _actions(role: str, given: Actions) -> frozenset[str]:
    if isinstance(given, str) or not isinstance(given, Iterable):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise TypeError(f'role {role}: a set of actions is wanted, like {{"read"}}, not {given!r}')
    actions = frozenset(given)
    if (odd := next((one for one in actions if not isinstance(one, str)), None)) is not None:  # pyright: ignore[reportUnnecessaryIsInstance]
        raise TypeError(f"role {role}: names of actions are wanted, not {odd!r}")
    for action in sorted(actions - ACTIONS):
        near = difflib.get_close_matches(action, ACTIONS, 1, 0.5)
        hint = f"Did you mean {near[0]}?" if near else f"Actions are {', '.join(sorted(ACTIONS))}."
        raise ValueError(f"role {role}: {action} is no action. {hint}")
    return actions


def _allowed(queues: Queues, queue: str | None) -> frozenset[str]:
    if queue is None:
        return frozenset[str]().union(*(actions for _, actions in queues))
    exact = next((actions for name, actions in queues if name == queue), None)
    if exact is not None:
        return exact
    return next((actions for pattern, actions in queues if fnmatchcase(queue, pattern)), frozenset())


def _own_roles(user: Any) -> str | Iterable[str] | None:
    roles = getattr(user, "roles", None)
    return cast("str | Iterable[str] | None", getattr(user, "role", None) if roles is None else roles)


def _to_sign_in(login: Any, request: Request) -> Decision:
    manager = getattr(current_app, "login_manager", None)
    if manager is None:
        return Deny("You are not signed in.")
    # Only a page is one to come back to: of a part of one, or of what a form was sent to, it is the page they are of.
    asked = request.method == "GET" and kind() != "partial"
    page = request.url if asked else urljoin(request.url, mount_url(came)) if (came := came_from()) else ""
    if manager.unauthorized_callback:
        # Asked only when it is sent: it may leave a message, and a page asks for many decisions.
        return LoginRequired(page or mount_url("/"), manager.unauthorized)
    view = manager.blueprint_login_views.get(request.blueprint, manager.login_view)
    return LoginRequired(login.login_url(view, next_url=page or None)) if view else Deny("You are not signed in.")
