"""A dashboard with a few small pages of its own, for tests of what all pages stand on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from bs4 import BeautifulSoup
from flask import Flask, Response, request

from dashboard import OmniqDashboard, create_app, params
from dashboard import blueprint as blueprint_module
from dashboard.htmx import Link, Partial, Press, Toast, answer, render_page, show_dialog
from dashboard.problems import no_such_job
from dashboard.routes import Route, Routes
from dashboard.state import current
from dashboard.templating import icons
from dashboard.views import health
from omniq_core import BadCursor, OmniqError

UNREACHABLE = "redis://127.0.0.1:1/0"
PAGE = "omniq/shared/dialog_page.html"
EMPTY_DIALOG = "omniq/shared/toast_lost.html"

routes = Routes()
DONE: list[tuple[str, tuple[str, ...]]] = []
"""What the buttons did: (queue, ids). Cleared by `trial_app` and `trial_mount`."""


@routes.get("/")
def overview() -> Response:
    return page()


@routes.get("/queues/<omniq:queue>/")
def queue_page(queue: str) -> Response:
    params.integer(request.args, "size", low=25, high=100, default=50)
    return page()


@routes.get("/queues/<omniq:queue>/jobs/<omniq:job_id>")
def job(queue: str, job_id: str) -> Response:
    return Response(repr((queue, job_id)))


@routes.get("/ping")
def ping() -> Response:
    return Response(repr(current().link.call("PING", read=True)))


@routes.get("/gone")
def gone() -> Response:
    raise no_such_job("mail", "a\nb")


@routes.get("/lost")
def lost() -> Response:
    raise OmniqError("RETRY", code="LANE_MISMATCH", queue="mail", job_id="..")


@routes.get("/cursor")
def cursor() -> Response:
    raise BadCursor(request.args.get("cursor", ""))


@routes.get("/bug")
def bug() -> Response:
    raise LookupError("a detail nobody should see")


@routes.get("/ask")
def ask() -> Response:
    return show_dialog(EMPTY_DIALOG)


@routes.post("/queues/<omniq:queue>/pause", action="pause")
def pause(queue: str) -> Response:
    DONE.append((queue, ()))
    return answer(Toast("Paused"))


@routes.post("/queues/<omniq:queue>/resume", action="pause", verb="resume")
def resume(queue: str) -> Response:
    DONE.append((queue, ()))
    return answer(Toast("Resumed"), to="/queues/~Li4/")


@routes.post("/queues/<omniq:queue>/jobs/retry", action="retry")
def retry(queue: str) -> Response:
    ids = params.job_ids(request.form)
    DONE.append((queue, ids))
    toast = Toast(
        f"Retried {len(ids)}",
        ("<b>why</b>",),
        press=Press("Undo", "/trash/1/restore", "~Li4"),
        link=Link("Show", "/queues/mail/waiting"),
    )
    return answer(toast, Partial("jobs", EMPTY_DIALOG), Partial("job-1", swap="delete"))


def page() -> Response:
    return render_page(PAGE, dialog_template=EMPTY_DIALOG)


def parsed(text: str) -> Any:
    """The page as a tree, for `select_one` and the like; what is missing fails where it is used.

    Without the sheet of icons that all pages begin with: it is half of what there would be to parse.
    """
    return BeautifulSoup(text.replace(icons(), ""), "lxml")


@contextmanager
def trial_routes(extra: list[Route] | None = None) -> Iterator[None]:
    """While this is open, a new mount gets the trial's pages instead of the real ones."""
    real = blueprint_module.every_route
    blueprint_module.every_route = lambda: [*health.routes.all, *routes.all, *(extra or [])]
    try:
        yield
    finally:
        blueprint_module.every_route = real


def trial_app(extra: list[Route] | None = None, **settings: Any) -> Flask:
    """`create_app` with the trial's pages and `extra` ones. Redis is away unless `redis` says where it is."""
    settings = {"redis": UNREACHABLE, "secret": "not secret", "background": False, "insecure": True, **settings}
    DONE.clear()
    with trial_routes(extra):
        return create_app(**settings)


def trial_mount(app: Flask, **settings: Any) -> OmniqDashboard:
    """The extension with the trial's pages on a host application."""
    settings = {"redis": UNREACHABLE, "secret": "not secret", "background": False, **settings}
    DONE.clear()
    with trial_routes():
        return OmniqDashboard(app, **settings)
