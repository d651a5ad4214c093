"""What kind of request this is, and the answers that fit it: a page, partials, or a redirect with a message."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import quote, urlsplit

from flask import Response, make_response, redirect, request
from markupsafe import Markup
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import HTTPException
from werkzeug.urls import iri_to_uri

from . import notices, recording
from .access import READ
from .state import can, current, mount_path, queue_path
from .templating import render

TICK_PARAMS = frozenset({"live", "hold", "sel", "v", "mark", "counting", "task", "edit", "row"})
"""What script adds to the address of a page for a tick of the live refresh, and a field that is open on it (`edit`, and
`row` when it is closed again). None of it belongs to the page."""

Kind = Literal["page", "partial", "restore"]
Swap = Literal["innerMorph", "outerMorph", "innerHTML", "outerHTML", "beforeend", "delete"]


@dataclass(frozen=True, slots=True)
class Press:
    """A button in a toast that posts: `to` is a path below the mount, `id` the token it sends, if any."""

    label: str
    to: str
    id: str = ""


@dataclass(frozen=True, slots=True)
class Link:
    """A link in a toast: `to` is a path below the mount."""

    label: str
    to: str


@dataclass(frozen=True, slots=True)
class Toast:
    """What an action says it did. `lines` follow in small type (a reason per job that was not changed).

    Tone `danger` stays until it is closed and is read out at once.
    """

    text: str
    lines: tuple[str, ...] = ()
    tone: Literal["ok", "warn", "danger"] = "ok"
    icon: str = ""
    press: Press | None = None
    link: Link | None = None

    @property
    def symbol(self) -> str:
        """The icon's name in icons.svg."""
        return self.icon or {"ok": "done", "warn": "alert", "danger": "failed"}[self.tone]


@dataclass(frozen=True, slots=True)
class Partial:
    """One region of an answer to script: the element `target` (its DOM id) gets `template` rendered with `context`."""

    target: str
    template: str = ""
    swap: Swap = "innerMorph"
    context: dict[str, Any] = field(default_factory=dict[str, Any])

    @property
    def html(self) -> Markup:
        """The rendered region."""
        return render(self.template, **self.context) if self.template else Markup()


def kind() -> Kind:
    """`partial` for a request by script that wants regions, `restore` for the back button, else `page`."""
    if request.headers.get("HX-History-Restore-Request") == "true":
        return "restore"
    wants_regions = request.headers.get("HX-Request") == "true"
    return "partial" if wants_regions and request.headers.get("HX-Request-Type") != "full" else "page"


def html_answer(text: str, status: int = 200) -> Response:
    """An answer of markup, also where the answers of the host are something else by default (JSON, say)."""
    return Response(str(text), status, mimetype="text/html")


def render_page(template: str, /, *, status: int = 200, **context: Any) -> Response:
    """A whole page, with the message of the request before it, if there is one."""
    toast = notices.take()
    if toast is not None:
        context["toasts"] = (_toast_from(toast),)
    return html_answer(render(template, **context), status)


def render_partials(*partials: Partial, status: int = 200, toasts: tuple[Toast, ...] = ()) -> Response:
    """Regions for script. A region whose target is not on the page is dropped by htmx without a word."""
    return html_answer(render("omniq/shared/answer.html", partials=partials, toasts=toasts), status)


def show_dialog(template: str, /, *, status: int = 200, **context: Any) -> Response:
    """A dialog: for script it is put into `#dialog` and opened, else it is a page of its own.

    The template calls the `dialog` macro; `as_page` tells which of the two it is and must be handed to it.
    """
    recording.explain(context.get("alert", ""))
    if kind() == "partial":
        inside = Partial("dialog", template, "innerHTML", {**context, "as_page": False})
        return render_partials(inside, status=status)
    return render_page(
        "omniq/shared/dialog_page.html", status=status, dialog_template=template, as_page=True, **context
    )


def answer(
    toast: Toast, *partials: Partial, to: str | None = None, status: int = 200, close_dialog: bool = True
) -> Response:
    """The answer to a POST. For script: `partials`, the toast, and an empty `#dialog` (which closes it).

    With `to` (a path below the mount) the browser goes there, with script or without, and finds the toast there.
    Without script and without `to` it goes back to the page the form came from.
    """
    if kind() == "partial" and to is not None:
        notices.leave(_toast_to(toast))
        response = html_answer("")
        response.headers["HX-Redirect"] = iri_to_uri(mount_url(to))
        return response
    if kind() == "partial":
        regions = (*partials, Partial("dialog", swap="innerHTML")) if close_dialog else partials
        return html_answer(render("omniq/shared/answer.html", partials=regions, toasts=(toast,)), status)
    notices.leave(_toast_to(toast))
    return make_response(redirect(mount_url(to if to is not None else back()), 303))


def mount_url(to: str) -> str:
    """The URL of a path below the mount, `/queues/mail/failed?size=25`."""
    return mount_path() + to.lstrip("/")


def back() -> str:
    """Where the reader came from: the form's or query's `back` when it stays below the mount, else `/`; in the place of
    `/`, for a reader who may not read that, the queue."""
    try:
        form = request.form
    except HTTPException:  # it came in part, or is too large: the page that says so asks for the way back, too
        form = MultiDict[str, str]()
    given = form.get("back") or request.args.get("back") or ""
    given = given if stays_below(given) else "/"
    return given if given != "/" or can(READ) else queue_path() or "/"


def here() -> str:
    """This page, as a value for `back`: for a POST or a confirm page what it was given, else path and query."""
    if request.method == "POST" or "back" in request.args:
        return back()
    query = _own_query()
    path = quote(request.path.removeprefix(current().url_prefix), safe="/~")
    return (path or "/") + (f"?{query}" if query else "")


def came_from() -> str:
    """The page that a part or a button is of, as a path below the mount; "" when the request does not say. Whoever
    writes a false one leads only themselves astray, and only in here."""
    for name in ("HX-Current-URL", "Referer"):
        try:
            page = urlsplit(request.headers.get(name, ""))
        except ValueError:
            continue
        to = f"/{page.path.removeprefix(mount_path())}" + (f"?{page.query}" if page.query else "")
        if page.path.startswith(mount_path()) and stays_below(to):
            return to
    return ""


def _own_query() -> str:
    given = request.query_string.decode("ascii", "replace")
    return "&".join(part for part in given.split("&") if part and part.partition("=")[0] not in TICK_PARAMS)


def back_field() -> Markup:
    """The hidden input `back` of a form."""
    return Markup('<input type="hidden" name="back" value="{}">').format(here())


def stays_below(to: str) -> bool:
    path = to.partition("?")[0].partition("#")[0]
    if not path.startswith("/") or path.startswith("//") or any(c == "\\" or ord(c) < 33 or ord(c) == 127 for c in to):
        return False
    # No dots that a browser would resolve, written plainly or percent-encoded.
    return not any(part.lower().replace("%2e", ".") in (".", "..") for part in path.split("/"))


def _toast_to(toast: Toast) -> dict[str, Any]:
    press, link = toast.press, toast.link
    return {
        "text": toast.text,
        "lines": toast.lines,
        "tone": toast.tone,
        "icon": toast.icon,
        "press": (press.label, press.to, press.id) if press else None,
        "link": (link.label, link.to) if link else None,
    }


def _toast_from(data: dict[str, Any]) -> Toast:
    press, link = data["press"], data["link"]
    return Toast(
        data["text"],
        tuple(data["lines"]),
        data["tone"],
        data["icon"],
        Press(*press) if press else None,
        Link(*link) if link else None,
    )
