"""The live refresh: one request a tick brings every region of a page that changed, or 204 when nothing did."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from flask import Response, request

from .access import READ
from .frame import health_count, health_region, shown_tasks, tasks_answer
from .htmx import Partial, kind, render_partials
from .params import Fields, tokens
from .state import can, current, now_ms

MOST_NAMED = 20


@dataclass(frozen=True, slots=True)
class Tick:
    """One tick. `hold`: rows stay where they are. `named`: ids on the page that the last answer did not contain.

    `version` is that of the last answer, `mark` what the page's mark was when it was drawn; without one it is to be
    drawn anew. `counting`: the page is still looking for what matches its filter, by requests of its own.
    """

    hold: bool
    version: str
    mark: str
    named: tuple[str, ...]
    counting: bool = False


def tick(args: Fields) -> Tick | None:
    """The tick that this request is, or None for a request of a page."""
    if not is_tick():
        return None
    named = tokens(args, "sel", at_most=MOST_NAMED)
    return Tick(args.get("hold") == "1", args.get("v", ""), args.get("mark", ""), named, args.get("counting") == "1")


def is_tick() -> bool:
    """Is this request a tick?"""
    return request.method == "GET" and request.args.get("live") == "1" and kind() == "partial"


def version(*data: object) -> str:
    """A digest of the data a page shows; texts that only age are not in it.

    Keyed: data may hold values that this reader does not see, and a plain digest would confirm a guess at home.
    """
    return current().signing.digest("version", repr(data))[:16]


def answer(
    asked: Tick, found: str, regions: Callable[[], Iterable[Partial]], *, replace_url: str = "", more: bool = False
) -> Response:
    """204 when `found` is the version the page has, else the regions. `replace_url` is the page's address from now on.
    `more`: the rows are still to come, so the page asks again at once.

    A held page and one that is not get different regions of the same data, and so do those that name other rows: both
    are part of the version.
    """
    found = f"{found}{'-held' if asked.hold else ''}{'-' + version(asked.named) if asked.named else ''}"
    at_work, cards, toasts = tasks_answer(shown_tasks(request.args))
    found += f"-{version(at_work)}" if at_work else ""
    findings = health_count()
    found += f"-n{findings}" if findings else ""
    same = found == asked.version
    # A page that was just drawn has the count; which one its version does not say.
    news = () if not can(READ) or _findings(found) == _findings(asked.version) else (health_region(),)
    response = Response(status=204) if same else render_partials(*regions(), *cards, *news, toasts=toasts)
    response.headers["X-Omniq-Version"] = found
    response.headers["X-Omniq-Now"] = str(now_ms())
    if more:
        response.headers["X-Omniq-More"] = "rows"
    if replace_url:
        response.headers["HX-Replace-Url"] = replace_url
    return response


def _findings(version: str) -> str:
    """The part of a version that says how many findings the navigation shows."""
    return version.rpartition("-n")[2] if "-n" in version else ""
