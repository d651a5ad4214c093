"""The record of what is done here, and of what is refused: every POST of a route that changes something passes by,
every look that is refused, and every file that is taken away."""

from __future__ import annotations

import functools
import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, cast

from flask import request
from werkzeug.exceptions import HTTPException

from omniq_core import (
    REDIS_ERRORS,
    Activity,
    OmniqError,
    Selection,
    explain_redis_error,
    filter_facts,
    is_outage,
    note_activity,
    read_selection,
    redacted,
)

from . import confirm
from .access import Actor
from .actions.telling import Did, listening
from .kept import kept
from .routes import Route, View
from .state import actor, current, now_ms
from .tokens import QUEUE_NAME, BadToken, from_token

_log = logging.getLogger(__name__)

_LANES = {"retry": "failed", "run-now": "delayed", "remove": "failed"}
"""Where jobs are looked for when the form does not say."""
_TOKENS = frozenset({"gid", "copy_of", "key"})
_PACE = {"rate": "per_s", "spread": "spread", "probe": "probe"}
_FILTERS = ("q", "group", "prefix", "since")
_REFUSED = (401, 403, 409)
_NOWHERE = "missing"


class Recording:
    """The entry of one request: begun right before the action, its result in that place right after."""

    def __init__(self, route: Route) -> None:
        self.route = route
        self.begun = False
        self._entry = Activity(now_ms(), route.verb, "begun")
        self._entry_id = ""

    def begins(self) -> None:
        """Writes down what is about to be done. Without that it is done all the same, unless Redis hangs."""
        self.begun = True
        self._entry = _wanted(self.route, actor())
        try:
            self._entry_id = note_activity(current().link, self._entry)
        except REDIS_ERRORS as error:
            _lost(self._entry, error)
            # Whoever waited for one answer in vain must not wait for a second one.
            if explain_redis_error(error) == "no answer in time":
                raise

    def did(self, what: Did) -> None:
        """Writes down what was done in the place of what was begun."""
        facts = {**self._entry.facts, **what.facts}
        self._settle(replace(self._entry, state="done", done=what.done, skipped=what.skipped, facts=facts))

    def failed(self, error: Exception) -> None:
        """Writes down why nothing was done; where that is not known the beginning stays without a result."""
        if isinstance(error, OmniqError):
            self.did(Did(0, {error.code: 1}))
        elif isinstance(error, REDIS_ERRORS) and not is_outage(error):
            self._settle(replace(self._entry, state="failed", why=f"Redis answered: {explain_redis_error(error)}."))

    def _settle(self, entry: Activity) -> None:
        try:
            note_activity(current().link, entry, instead_of=self._entry_id)
        except REDIS_ERRORS as error:
            _lost(entry, error)


def recorded(route: Route) -> View:
    """The view of a route; what the actions do that it calls is recorded, when it is one that changes something."""
    if not _changes(route) or route.asks:
        return route.view

    @functools.wraps(route.view)
    def view(**arguments: Any) -> Any:
        kept.recording = Recording(route)
        with listening(kept.recording):
            return route.view(**arguments)

    return view


def explain(text: str) -> None:
    """Why this request is refused, should it be: what the reader is told. Who says it first says it best."""
    if text:
        kept.setdefault("why", text)


def refused(why: str, *, nameless: bool = False) -> None:
    """This request is refused before anything is asked of Redis. `nameless`: nobody has said who it comes from."""
    kept.refused = "nameless" if nameless or not actor().name else "named"
    kept.why = why


def meant(user: str | None) -> dict[str, str]:
    """Under whose name somebody tried to sign in, for the record: that of a user, or "" for one that nobody has.

    What else stands in the field of the name may be a password, and is not recorded. None: nobody tried.
    """
    return {} if user is None else {"as": user} if user else {"unknown": "1"}


def note_refusal(status: int) -> None:
    """At the end of a request: records that it was refused, if it was.

    Those that came before any call to Redis are recorded up to a bound, for they cost whoever sends them nothing.
    """
    recording, before = cast(Recording | None, kept.get("recording")), cast(str, kept.get("refused", ""))
    route = current().routes.get((request.endpoint or "").rpartition(".")[2])
    if route is not None and request.method in ("GET", "HEAD"):
        _note_look(route, status) if kept.get("tried") is None else _note_try(status)
        return
    if (
        route is None
        or not _changes(route)
        or not (before or (status in _REFUSED and not (recording and recording.begun)))
    ):
        return
    queue = (request.view_args or {}).get("queue", "")
    if queue and (not isinstance(queue, str) or not QUEUE_NAME.fullmatch(queue)):
        return
    who = Actor("", request.remote_addr or "") if before == "nameless" else actor()
    missed = current().refusals.take(now_ms(), "change", who.name) if before else 0
    if missed is None:
        return
    # What a stranger sends is not even read.
    wanted = _named(route, who) if before == "nameless" else _wanted(route, who)
    facts = {**wanted.facts, **meant(kept.get("tried")), **({"missed": str(missed)} if missed else {})}
    entry = replace(wanted, state="refused", why=kept.get("why", ""), facts=facts)
    _note_refused(entry)


def _note_refused(entry: Activity) -> None:
    try:
        note_activity(current().link, entry)
    except REDIS_ERRORS as error:
        current().refusals.pause(now_ms())
        _lost(entry, error)


def note_file(lane: str = "", *, filtered: bool = False, **facts: str) -> None:
    """Records that a file is sent: of which lane, with which filter, and what else says what is in it.

    One round trip. Where nothing can be written the file is sent all the same.
    """
    if request.method != "GET" or current().settings.read_only:
        return
    queue = (request.view_args or {}).get("queue", "")
    asked, who = _address_filter() if filtered else {}, actor()
    entry = Activity(now_ms(), "export", "done", who.name, who.address, queue, lane, filter=asked, facts=facts)
    try:
        note_activity(current().link, entry)
    except REDIS_ERRORS as error:
        _lost(entry, error)


def _note_look(route: Route, status: int) -> None:
    """Records a look that was refused to somebody: once in a while, for a page left open asks every few seconds.

    Whoever is asked to sign in was not refused yet. A dashboard that only looks writes nothing.
    """
    queue = (request.view_args or {}).get("queue", "")
    hidden = status == 404 and "refused" in kept
    if (status != 403 and not hidden) or route.endpoint == _NOWHERE or route.action == "health":
        return
    if current().settings.read_only or not isinstance(queue, str) or (queue and not QUEUE_NAME.fullmatch(queue)):
        return
    who, refusals, at_ms = actor(), current().refusals, now_ms()
    if not refusals.is_new((who.name, who.address, route.action, queue), at_ms):
        return
    missed = refusals.take(at_ms, "look", who.name)
    if missed is None:
        return
    verb = "export" if route.action == "export" else "look"
    facts = {"right": route.action} | ({"missed": str(missed)} if missed else {})
    entry = Activity(at_ms, verb, "refused", who.name, who.address, queue, facts=facts, why=kept.get("why", ""))
    _note_refused(entry)


def _note_try(status: int) -> None:
    """Records a wrong name or password that came with a page (HTTP Basic), as the form's are."""
    if current().settings.read_only:
        return
    missed = current().refusals.take(now_ms(), "sign-in", "")
    if missed is None:
        return
    why = "Name and password do not match." if status == 401 else kept.get("why", "")
    facts = meant(kept.tried) | ({"missed": str(missed)} if missed else {})
    address = request.remote_addr or ""
    _note_refused(Activity(now_ms(), "sign-in", "refused", address=address, why=why, facts=facts))


def _changes(route: Route) -> bool:
    return bool(route.verb)


def _lost(entry: Activity, error: Exception) -> None:
    _log.warning(
        "omniq: the record lacks that %s %s (%s) on queue %s: %s",
        ascii(entry.who or entry.address or "somebody"),
        entry.action,
        entry.state,
        ascii(entry.queue),
        explain_redis_error(error),
    )


def _named(route: Route, who: Actor) -> Activity:
    """Who asks for what, and where: no more than the address says."""
    queue = (request.view_args or {}).get("queue", "")
    return Activity(now_ms(), route.verb, "begun", who=who.name, address=who.address, queue=queue)


def _wanted(route: Route, who: Actor) -> Activity:
    """The same with what the form says."""
    entry = _named(route, who)
    try:
        form: Mapping[str, str] = request.form
        ids = list(dict.fromkeys(request.form.getlist("id"))) if "id" in route.tells else []
    except HTTPException:  # a form that is too large, say
        return entry
    facts = {name: text for name in route.tells if name in form and (text := _text_of(name, form)) and name != "id"}
    facts |= {"task": task} if (task := (request.view_args or {}).get("task_id")) else {}
    lane = facts.pop("lane", "") or _LANES.get(route.verb, "")
    what, selection = _confirmed(route, entry.queue, form)
    jobs, asked = (what.count if what else None), dict[str, str]()
    if form.get("scope") == "filter":
        facts |= {"scope": "filter"} | ({"task": what.nonce} if what else {})
        asked = filter_facts(selection) if selection else _address_filter()
    elif "id" in route.tells:
        jobs = len(ids)
    if form.get("scope") != "filter" or facts.get("pace") not in _PACE:
        facts.pop("pace", None)
    for name, field in _PACE.items():
        if facts.get("pace") != name:
            facts.pop(field, None)
    return replace(entry, lane=lane, jobs=jobs, ids=tuple(_readable(one) for one in ids[:3]), filter=asked, facts=facts)


def _confirmed(
    route: Route, queue: str, form: Mapping[str, str]
) -> tuple[confirm.Confirmation | None, Selection | None]:
    """What the form says was confirmed, and the jobs that it is about, as far as either can be read."""
    what: confirm.Confirmation | None = None
    text = form.get("about", "")
    try:
        what = confirm.open_token(current().signing, form.get(confirm.FIELD, ""), now_ms())
        if what.queue != queue or what.action.partition(":")[0].replace("_", "-") != route.verb:
            what = None
        text = what.filter if what else text
    except (confirm.NotConfirmed, *REDIS_ERRORS):
        pass
    try:
        return what, read_selection(text)
    except (ValueError, RecursionError):
        return what, None


def _address_filter() -> dict[str, str]:
    found = {name: request.args.get(name, "").strip() for name in _FILTERS}
    found["payload"] = redacted(request.args.get("payload", ""))
    return {name: value for name, value in found.items() if value}


def _text_of(name: str, form: Mapping[str, str]) -> str:
    return _readable(form[name]) if name in _TOKENS else form[name].strip()


def _readable(token: str) -> str:
    try:
        return from_token(token)
    except BadToken:
        return ""
