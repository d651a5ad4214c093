"""Puts the dashboard into a Flask application, or makes one around it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any, cast

from flask import Flask, Request, Response, redirect, request

from omniq_core import NoticeLimits, OmniqClient

from .access import Access, Actor, allow_all, anonymous, certain, loopback_only, named, without_changes
from .accounts import UsersFile
from .background import background_for
from .basic import Basic
from .blueprint import make_blueprint, register
from .headers import add_headers
from .proxied import ListedProxies
from .settings import Settings, SettingsError, load_settings
from .signin import SignIn
from .signing import Signing
from .state import EXTENSION, Mount
from .tries import Tries

DEFAULT_REDIS_URL = "redis://127.0.0.1:6379/0"
User = Callable[[Request], Actor]
_ALONE = {
    "prefix": "url_prefix=",
    **dict.fromkeys(("password", "users_file", "proxy_header", "proxies", "proxy_role"), "access= and user="),
    **dict.fromkeys(("session_hours", "idle_minutes"), "the sessions of your application"),
    **dict.fromkeys(("host", "port"), "the server of your application"),
}
"""Settings of the standalone dashboard, and what says that in an application."""


def _wall_clock() -> int:
    return time.time_ns() // 1_000_000


class OmniqDashboard:
    """The dashboard as a Flask extension.

        OmniqDashboard(app, redis="redis://localhost:6379/0", access=my_rules)

    `redis` is a URL, a redis-py client or an `OmniqClient`; without it OMNIQ_REDIS_URL counts. `access` says who may do
    what (see dashboard.access); without it only a browser on the same machine is answered. `user` names who acts.
    Other keywords are settings (see dashboard.settings.TABLE) and win over the environment. Nothing is sent to Redis
    yet. Raises TypeError for an unknown setting, one of the standalone dashboard, or an `access` or `user` that is no
    function, and SettingsError for a bad one.
    An application may hold several, each with a `url_prefix` of its own (else ValueError): the second one is called
    `omniq_dashboard_2` unless `name` says otherwise. Without `app`, `init_app` mounts it, on as many applications as
    are made.
    """

    def __init__(
        self,
        app: Flask | None = None,
        redis: Any = None,
        url_prefix: str = "/omniq",
        access: Access | None = None,
        user: User | None = None,
        name: str | None = None,
        clock: Callable[[], int] | None = None,
        **settings: Any,
    ) -> None:
        for setting in _ALONE.keys() & settings.keys():
            raise TypeError(f"{setting} is for the standalone dashboard: here {_ALONE[setting]} decides")
        self.settings = load_settings(**settings)
        self._redis, self._url_prefix, self._name, self._clock = redis, _path(url_prefix), _checked_name(name), clock
        # None alone is "not given": a list that is empty would otherwise be a rule that is none.
        self._access = None if access is None else certain(access)
        self._user = None if user is None else named(user, clock or _wall_clock)
        if app is not None:
            self.init_app(app)

    def init_app(self, app: Flask) -> Mount:
        """Mounts it on `app` and gives what the mount holds (also in app.extensions["omniq_dashboard"][name])."""
        return mount(
            app,
            self.settings,
            redis=self._redis,
            url_prefix=self._url_prefix,
            access=self._access,
            user=self._user,
            name=self._name,
            clock=self._clock,
        )


def create_app(
    redis: Any = None, access: Access | None = None, clock: Callable[[], int] | None = None, **settings: Any
) -> Flask:
    """A WSGI application that is nothing but the dashboard: settings from the environment, keywords win.

    It stands at `/`, or under the setting `prefix`. With `users_file` these users sign in, with `proxy_header` a proxy
    says who they are, with `user` and `password` it asks for them (HTTP Basic). `access` takes the place of all three.
    Raises like OmniqDashboard; Redis need not be up.
    """
    loaded = load_settings(**settings)
    file = UsersFile(loaded.users_file) if loaded.users_file else None
    secret = file.read().secret if file else ""
    app = Flask(__name__, static_folder=None, template_folder=None)
    user: User | None = None
    access = None if access is None else certain(access)
    client = _client(redis, loaded)
    tries = Tries(None if loaded.read_only else client.link)
    if access is None and loaded.user:
        basic = Basic(loaded.user, loaded.password, tries)
        access, user = basic.access, basic.user
    sign_in: SignIn | None = None
    if access is None and (file or loaded.proxy_header):
        sign_in = SignIn(loaded, tries, file)
        access, user = sign_in.access, sign_in.user
    if loaded.proxies:
        app.wsgi_app = ListedProxies(app.wsgi_app, loaded.proxies)
    mounted = mount(
        app,
        replace(loaded, secret=loaded.secret or secret),
        redis=client,
        url_prefix=loaded.prefix,
        access=access,
        user=user,
        clock=clock,
    )
    mounted.sign_in = sign_in
    app.after_request(_around_the_mount)
    if loaded.prefix:
        app.add_url_rule("/", "to_dashboard", lambda: redirect(f"{loaded.prefix}/"))
    return app


def _around_the_mount(response: Response) -> Response:
    """Here the pages outside the mount (`/` when it has a prefix, a method that is no word) are ours, too."""
    return response if request.blueprint else add_headers(response, static=False)


def mount(
    app: Flask,
    settings: Settings,
    *,
    redis: Any = None,
    url_prefix: str = "",
    access: Access | None = None,
    user: User | None = None,
    name: str | None = None,
    clock: Callable[[], int] | None = None,
) -> Mount:
    """Registers one blueprint on `app` and keeps its state. The rest of the application is not touched."""
    if app.url_map.host_matching:
        raise ValueError(
            "this application has host_matching: rules without a host answer nobody there; "
            "use create_app and DispatcherMiddleware"
        )
    mounts = cast(dict[str, Mount], app.extensions.setdefault(EXTENSION, {}))
    name = _checked_name(name) or next(
        n for i in range(1, len(mounts) + 2) if (n := EXTENSION + (f"_{i}" if i > 1 else "")) not in mounts
    )
    prefix = _path(url_prefix)
    if prefix in [other.url_prefix for other in mounts.values()]:
        raise ValueError(f"another dashboard stands at {prefix or '/'}: give this one a url_prefix of its own")
    blueprint, routes = make_blueprint(name, prefix)
    pages = {route.rule.strip("/").partition("/")[0] for route in routes.values()} | {"assets"}
    if below := next((one for one in mounts.values() if _hides(prefix, one.url_prefix, pages)), None):
        where = below.url_prefix or "/"
        raise ValueError(f"url_prefix: {prefix or '/'} and {where} would hide pages of each other: use two paths apart")
    if access is None:
        access = allow_all if settings.insecure else loopback_only
    client = _client(redis, settings)
    state = Mount(
        name=name,
        url_prefix=prefix,
        client=client,
        settings=settings,
        signing=Signing(client.link, settings.secret, lambda: app.config.get("SECRET_KEY"), scope=name),
        access=without_changes(access) if settings.read_only else access,
        user=anonymous if user is None else user,
        clock=clock or _wall_clock,
        background=None,
        routes=routes,
    )
    if settings.background:
        tasks = not settings.read_only
        limits = _notice_limits(settings)
        state.background = background_for(
            client.link,
            lambda: state.clock(),
            settings.queues,
            tasks=tasks,
            limits=limits,
            counter_at=settings.redact.told(settings.completion_key),
        )
    register(app, blueprint)
    mounts[name] = state
    return state


def _path(given: object) -> str:
    """The prefix as it stands before each path: "/omniq", or "" for the root. Raises SettingsError."""
    path = given.strip("/") if isinstance(given, str) else None
    if (
        path is None
        or any(c in "<>?#%\\" or ord(c) < 32 for c in path)
        # Of these a browser or a server makes another path, so that no page could ever be asked for.
        or (path and any(part in ("", ".", "..") for part in path.split("/")))
    ):
        raise SettingsError(f"url_prefix: use a path like /omniq, or / for the root, not {given!r}")
    return f"/{path}" if path else ""


def _checked_name(given: object) -> str | None:
    if given is None or (isinstance(given, str) and given.strip() and "." not in given):
        return given
    raise SettingsError(f"name: use a word like ops_live, not {given!r}")


def _notice_limits(settings: Settings) -> NoticeLimits:
    """From when on something is a notice, as the settings say."""
    return NoticeLimits(
        stalled_ms=settings.stalled_after * 1000,
        leases_ms=settings.leases_after * 1000,
        failing=settings.rising_from,
        paused_ms=settings.paused_after * 1000,
        stuck_ms=settings.stuck_after * 1000,
        memory_percent=settings.memory_percent,
        clocks_ms=settings.clocks_apart * 1000,
    )


def _client(redis: Any, settings: Settings) -> OmniqClient:
    if isinstance(redis, OmniqClient):
        return redis
    try:
        if redis is None or isinstance(redis, str):
            return OmniqClient(redis_url=redis or settings.redis_url or DEFAULT_REDIS_URL)
        return OmniqClient(redis=redis)
    except ValueError as error:
        raise SettingsError(str(error)) from None


def _hides(prefix: str, other: str, pages: set[str]) -> bool:
    """Does one of the two stand where the other has pages?"""
    upper, lower = sorted((prefix, other), key=len)
    return lower.startswith(f"{upper}/") and lower[len(upper) + 1 :].split("/")[0] in pages
