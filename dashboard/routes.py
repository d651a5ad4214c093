"""How a view gets its address. Every route names the action that access is asked for.

    routes = Routes()

    @routes.get("/queues/<omniq:queue>/failed", action="read")
    def failed(queue: str) -> ResponseReturnValue: ...

    @routes.post("/queues/<omniq:queue>/jobs/retry", action="retry", tells=("id",))
    def retry(queue: str) -> ResponseReturnValue: ...

The endpoint is the function's name; link to it with `url_for(".failed", queue=name)`, which makes the tokens.
A queue in the address must be called `queue`: access, the allow-list and the 404 of a bad name look there.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .access import ACTIONS, CHANGING, LOOKING, READ, TASK_ACTIONS

TASK = "task"
"""The action of a route about a bulk task: what that task does. Its address says so (`does`), and its record must."""

View = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class Route:
    """One address: `method` is GET or POST, `action` one of access.ACTIONS, or TASK. `also`: what else it takes.

    `own`: a POST that changes nothing but what this reader's browser keeps, so that it is asked for as `read` or
    `health`; `asks`: one that only asks before something is changed, and may be a GET. Every other POST is recorded
    (recording.py): as `verb`, with the fields of its form that `tells` names.
    """

    rule: str
    method: str
    action: str
    endpoint: str
    view: View
    own: bool = False
    asks: bool = False
    verb: str = ""
    tells: tuple[str, ...] = ()
    also: tuple[str, ...] = ()

    @property
    def choices(self) -> tuple[str, ...]:
        """The actions of which one has to be allowed."""
        return TASK_ACTIONS if self.action == TASK else (self.action,)


class Routes:
    """The routes of one view module, as its module-level name `routes`."""

    def __init__(self) -> None:
        self.all: list[Route] = []

    def get(self, rule: str, *, action: str = READ, also: tuple[str, ...] = ()) -> Callable[[View], View]:
        """A page that changes nothing."""
        return self._add("GET", rule, action, also=also)

    def form(self, rule: str, *, action: str, also: tuple[str, ...] = ()) -> Callable[[View], View]:
        """The page of a form for what changes something, which changes nothing itself."""
        return self._add("GET", rule, action, asks=True, also=also)

    def post(
        self, rule: str, *, action: str, verb: str = "", tells: tuple[str, ...] = (), also: tuple[str, ...] = ()
    ) -> Callable[[View], View]:
        """A button. It is recorded as `verb`, which is `action` unless it says more, with these fields of its form.
        One that may answer with its confirm page takes `also` what that page takes."""
        return self._add("POST", rule, action, verb=verb or action.replace("_", "-"), tells=tells, also=also)

    def ask(
        self,
        rule: str,
        *,
        action: str,
        verb: str = "",
        tells: tuple[str, ...] = ("id", "lane"),
        also: tuple[str, ...] = (),
    ) -> Callable[[View], View]:
        """The confirm page of a button, which changes nothing: the rest is as for the button."""
        verb = verb or action.replace("_", "-")
        return self._add("POST", rule, action, asks=True, verb=verb, tells=tells, also=also)

    def own(self, rule: str, *, action: str = READ) -> Callable[[View], View]:
        """A form about the reader's own display: whoever may look may send it, also read only. With `health` whoever
        has not signed in yet may, too."""
        return self._add("POST", rule, action, own=True)

    def _add(self, method: str, rule: str, action: str, **more: Any) -> Callable[[View], View]:
        def add(view: View) -> View:
            self.all.append(Route(rule, method, action, view.__name__, view, **more))
            return view

        return add


def check_routes(found: list[Route]) -> None:
    """Raises ValueError for a route without a known action, a GET that would write, or an endpoint given twice."""
    seen: set[str] = set()
    for route in found:
        if unknown := [name for name in (*route.choices, *route.also) if name not in ACTIONS]:
            raise ValueError(f"route {route.rule} names no known action: {unknown[0]!r}")
        if route.own and (route.method, route.action) not in (("POST", READ), ("POST", "health")):
            raise ValueError(
                f"{route.method} {route.rule} is about the reader's own display, so it must be a POST to read"
            )
        if route.method == "POST" and route.action in LOOKING and not route.own:
            raise ValueError(f"POST {route.rule} must name what it does, not {route.action!r}")
        if route.method == "GET" and not CHANGING.isdisjoint(route.choices) and not route.asks:
            raise ValueError(f"GET {route.rule} must not do {route.action!r}")
        if route.endpoint in seen:
            raise ValueError(f"endpoint {route.endpoint} is given twice")
        seen.add(route.endpoint)
