"""Our own Jinja environment: the host's is left alone, and nothing in it can change our pages."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask import request, url_for
from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup

from . import csrf, formatting, outage_words, server_words
from .access import READ, read_only
from .display import Display, wanted
from .present import first_line, present
from .state import actor, can, current, mount_path, now_ms, queue_path
from .tokens import to_token

_HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Site:
    """What the page head shows. `failed` is where the keys g f lead: failed jobs of this queue, else of the worst;
    `own` the path before the addresses of the reader's own display; "" where this reader may not go there.
    `signed_in`: there is a session to end."""

    env: str
    env_strong: bool
    redis: str
    read_only: bool
    home: str
    at_home: bool
    now_ms: int
    who: str
    display: Display
    failed: str
    own: str
    signed_in: bool


def render(template: str, /, **context: Any) -> Markup:
    """A template below `omniq/` with our filters and functions. A name that is missing in `context` raises."""
    return Markup(environment().get_template(template).render(site=_site(), **context))


def render_text(source: str, /, **context: Any) -> Markup:
    """Like `render`, for a template that stands in the code (tests of macros)."""
    return Markup(environment().from_string(source).render(site=_site(), **context))


def asset(path: str) -> str:
    """The URL of a file below static/, with the version in its path."""
    return url_for(".static", filename=path)


def moment(ms: int) -> formatting.Moment:
    """The parts of a `<time>`, seen from this request's now."""
    return formatting.moment(ms, now_ms())


def wait_since(ms: int | None) -> int | None:
    """Milliseconds from a moment to now, at least 0."""
    return None if ms is None else max(0, now_ms() - ms)


def wait_until(ms: int) -> int:
    """Milliseconds from now to a moment, at least 0."""
    return max(0, ms - now_ms())


def _site() -> Site:
    mount = current()
    env, home = mount.settings.env, mount_path()
    return Site(
        env=env,
        env_strong=env.lower() in {name.lower() for name in mount.settings.env_strong},
        redis=mount.link.label,
        read_only=mount.settings.read_only or mount.access is read_only,
        home=home,
        at_home=request.path == f"{mount.url_prefix}/",
        now_ms=now_ms(),
        who=actor().name,
        display=wanted(),
        failed=_failed(home),
        own=_own(home),
        signed_in=mount.sign_in is not None and mount.sign_in.has_session(request),
    )


def _failed(home: str) -> str:
    return f"{found}failed" if (found := queue_path(home)) else f"{home}failed" if can(READ) else ""


def _own(home: str) -> str:
    # They concern nobody's jobs. Whoever may read but one queue asks for them there: the rule is asked about that.
    return home if can(READ) else queue_path(home)


@functools.cache
def icons() -> Markup:
    """All symbols, inlined once per page. This is our own file, so it may stand in a page as it is."""
    return Markup((_HERE / "static" / "icons.svg").read_text("utf-8"))


class _Template(Template):
    """Ours all have the same globals. Jinja compares them at each import, which took a fifth of a page of rows."""

    def _get_default_module(self, ctx: Any = None) -> Any:  # noqa: ARG002 - its name is Jinja's
        return super()._get_default_module()


@functools.cache
def environment() -> Environment:
    """Our environment, one for all mounts of the process."""
    from . import (
        dashboards,
        frame,
        htmx,
    )  # these render, templates link back: the cycle is closed here, after all exist

    env = Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        cache_size=-1,  # all of them: a list includes a template per row, and the usual cache keeps their order of use
    )
    env.template_class = _Template
    for name in ("number", "compact", "duration", "age", "size", "plural", "day", "rate"):
        env.filters[name] = getattr(formatting, name)
    env.filters["micros"] = server_words.micros
    env.filters.update(token=to_token, first_line=first_line, wait_since=wait_since, wait_until=wait_until)
    env.globals.update(
        url_for=url_for,
        asset=asset,
        icons=icons,
        present=present,
        moment=moment,
        split_ulid=formatting.split_ulid,
        row_id=formatting.row_id,
        can=can,
        task_cards=frame.cards,
        dashboards=dashboards.dashboards,
        health_count=frame.health_count,
        outage_headings=outage_words.HEADINGS,
        csrf_field=csrf.field,
        host_csrf_field=csrf.host_field,
        back_field=htmx.back_field,
        back_url=lambda: htmx.mount_url(htmx.back()),
        mount_url=htmx.mount_url,
    )
    return env
