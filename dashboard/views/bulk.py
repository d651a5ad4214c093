"""Bulk work on a whole lane, or on what matches the filter of the address: counted, confirmed, then a task."""

from __future__ import annotations

import base64
import re
from dataclasses import asdict, replace

from flask import Response, request

from omniq_core import Counting, Matching, Selection, WholeLane, kind_selection, read_selection

from .. import confirm
from ..actions import bulk as act
from ..htmx import Toast, answer, show_dialog
from ..params import choice, integer, text
from ..problems import BadInput
from ..queries.bulk import counted, failed_lately, queue_ahead
from ..signing import BadSignature
from ..state import actor, current, now_ms
from ..task_words import filter_words
from .addresses import SCOPE
from .begun import task_begun
from .filters import lane_filter, need_open, need_payload, need_read
from .reading import explained
from .regions import regions
from .undo import NotKept, keep, promise

TYPED_ABOVE = 100
"""More jobs than this want the queue's name typed."""
TAKE = 100
"""How many `only the oldest` are."""
PACE = ("pace", "per_s", "spread", "probe")
"""The fields of a form that say how fast."""
PACES = ("now", "rate", "spread", "probe")
SPREADS = {"1m": ("1 min", 60), "10m": ("10 min", 600), "1h": ("1 h", 3_600)}
PROBES = (1, 10, 100)
MOST_PER_S = 10_000
_COUNTING = "counting"
_ABOUT = "about"
"""The selection of an open dialog: a dialog that has to ask again asks about the same jobs."""

MAX_SELECTION_BYTES = 4_000
_ESCAPED = re.compile(r"[\\^$.*+?()\[\]{}|/]")


def is_asked() -> bool:
    """Is this form about everything that matches, rather than about the jobs it names?"""
    return request.form.get("scope") == SCOPE


def ask(verb: act.Verb, queue: str, lane: str, alert: str = "", status: int = 200) -> Response:
    """Counts what matches; the dialog asks as soon as the count is fixed, and shows how far it is until then."""
    token = request.form.get(confirm.FIELD, "")
    if request.form.get("take") and token:
        try:
            what = _confirmed(verb, queue, lane, token)
        except confirm.NotConfirmed:
            return ask_anew(verb, queue, lane)
        return _dialog(verb, lane, replace(what, count=min(what.count, TAKE), nonce=confirm.fresh_nonce()))
    return ask_anew(verb, queue, lane, alert, status)


def ask_anew(verb: act.Verb, queue: str, lane: str, alert: str = "", status: int = 200) -> Response:
    """The same from the beginning, or from where the counting of an open dialog stands."""
    selection, so_far = _counting_so_far(verb, queue, lane)
    count = counted(current().link, queue, lane, selection, so_far)
    if not count.finished:
        return _still_counting(verb, queue, lane, selection, count, alert)
    if not count.count:
        word = lane
        told = f"No {word} job matches" if not isinstance(selection, WholeLane) else f"No {word} jobs"
        return answer(Toast(told, ("Nothing was changed.",), "warn", "info"), *regions())
    mark = base64.urlsafe_b64encode(count.mark).decode()
    what = confirm.Confirmation(f"{verb}:{lane}", queue, actor().name, count.count, filter=selection.text(), mark=mark)
    return _dialog(verb, lane, what, alert, status, unsearched=count.unsearched)


def start(verb: act.Verb, queue: str, lane: str) -> Response:
    """Begins what was confirmed: not without its token (409), nor without the queue's name above 100 jobs."""
    try:
        what = _confirmed(verb, queue, lane, request.form.get(confirm.FIELD, ""))
    except confirm.NotConfirmed as refused:
        return ask_anew(verb, queue, lane, f"{refused} Nothing was changed; look again and confirm.", 409)
    if what.count > TYPED_ABOVE and request.form.get("confirm", "").strip() != queue:
        return _dialog(verb, lane, what, f"The name does not match. Type {queue} exactly.", 400)
    try:
        pace = _pace(verb, what.count)
    except BadInput as bad:
        return _dialog(verb, lane, what, bad.why, 400)
    try:
        kept = keep(queue, what.nonce, what.count) if verb == "remove" else None
    except NotKept as full:
        return _dialog(verb, lane, what, str(full), 409)
    act.start(
        current().link,
        queue,
        what.nonce,
        verb=verb,
        lane=lane,
        selection=_allowed(queue, read_selection(what.filter)),
        mark=base64.urlsafe_b64decode(what.mark),
        count=what.count,
        pace=pace,
        actor=actor().known_as,
        now_ms=now_ms(),
        keep=kept,
    )
    return task_begun(queue, what.nonce)


def _confirmed(verb: act.Verb, queue: str, lane: str, token: str) -> confirm.Confirmation:
    what = confirm.open_token(current().signing, token, now_ms())
    if (what.action, what.queue, what.actor) != (f"{verb}:{lane}", queue, actor().name) or not what.filter:
        raise confirm.NotConfirmed("The confirmation was for something else.")
    return what


def _counting_so_far(verb: act.Verb, queue: str, lane: str) -> tuple[Selection, Counting | None]:
    text = request.form.get(_COUNTING, "")
    try:
        kept = current().signing.open(_COUNTING, text, now_ms(), confirm.MAX_AGE_MS) if text else None
    except BadSignature:
        kept = None
    if kept is None or kept["for"] != [verb, queue, lane, actor().name]:
        return _selection(queue, lane), None
    raw = {name: base64.urlsafe_b64decode(kept["count"][name]) for name in ("mark", "cursor")}
    # What may be looked into may have changed since its counting began.
    return _allowed(queue, read_selection(kept["selection"])), Counting(**{**kept["count"], **raw})


def _still_counting(
    verb: act.Verb, queue: str, lane: str, selection: Selection, count: Counting, alert: str
) -> Response:
    raw = {name: base64.urlsafe_b64encode(getattr(count, name)).decode() for name in ("mark", "cursor")}
    kept = {"for": [verb, queue, lane, actor().name], "selection": selection.text(), "count": {**asdict(count), **raw}}
    sealed = current().signing.seal(_COUNTING, kept, now_ms())
    return show_dialog(
        "omniq/bulk/counting.html",
        verb=verb,
        queue=queue,
        lane=lane,
        lane_word=lane,
        count=count,
        filters=filter_words(selection, lane),
        fields=((_COUNTING, sealed), (_ABOUT, selection.text()), ("lane", lane), ("scope", SCOPE)),
        alert=alert,
    )


def _dialog(
    verb: act.Verb, lane: str, what: confirm.Confirmation, alert: str = "", status: int = 200, *, unsearched: int = 0
) -> Response:
    link, selection = current().link, _allowed(what.queue, read_selection(what.filter))
    undo = promise(what.queue, what.count) if verb == "remove" else None
    with explained(what.queue):
        ahead = queue_ahead(link, what.queue, now_ms=now_ms()) if verb != "remove" else None
    lately = failed_lately(link, what.queue, selection, now_ms=now_ms()) if verb == "retry" else 0
    return show_dialog(
        "omniq/bulk/confirm.html",
        status=status,
        verb=verb,
        queue=what.queue,
        lane=lane,
        lane_word=lane,
        n=what.count,
        filters=filter_words(selection, lane),
        ahead=ahead,
        lately=lately,
        unsearched=unsearched,
        undo=undo,
        typed=what.count > TYPED_ABOVE,
        pattern=pattern(what.queue),
        take=TAKE if what.count > TAKE else 0,
        given=request.form,
        SPREADS=SPREADS,
        PROBES=PROBES,
        MOST_PER_S=MOST_PER_S,
        fields=(
            (confirm.FIELD, confirm.seal(current().signing, what, now_ms())),
            (_ABOUT, what.filter),
            ("lane", lane),
            ("scope", SCOPE),
            *(undo.fields if undo else ()),
        ),
        alert=alert,
    )


def _selection(queue: str, lane: str) -> Selection:
    """What an open dialog is about; else the kind of error that the form names, or the filter of the address."""
    kept = text(request.form, _ABOUT, max_bytes=MAX_SELECTION_BYTES)
    try:
        if kept:
            return _allowed(queue, read_selection(kept))
    except (ValueError, RecursionError):
        raise BadInput(_ABOUT, "This names no jobs.") from None
    digest = text(request.form, "fp", max_bytes=64)
    if digest and lane == "failed":
        kind = kind_selection(current().link, queue, digest)
        kind = replace(kind, name=current().settings.redact.kind(kind.name)) if kind.name else kind
        return _allowed(queue, kind)
    asked = lane_filter(queue, lane, request.args, now_ms())
    return _allowed(queue, Matching(asked.wanted(lane, now_ms())) if asked.asks else WholeLane())


def _allowed(queue: str, selection: Selection) -> Selection:
    """The selection, unless it looks at jobs, or into payloads, that its reader may not look at: the count would tell
    what a filter finds."""
    if not isinstance(selection, WholeLane):
        need_read(queue)
    if isinstance(selection, Matching) and selection.wanted.payload:
        need_payload(queue)
    if isinstance(selection, Matching):
        need_open(selection.wanted.payload, selection.wanted.q)
        if selection.wanted.q and current().settings.redact.on:
            # What comes with a form may have been made by hand.
            return Matching(replace(selection.wanted, by_type=True))
    return selection


def _pace(verb: act.Verb, count: int) -> act.Pace:
    if verb == "remove":
        return act.Pace()
    form = request.form
    wanted = choice(form, "pace", PACES if verb == "retry" else PACES[:3], "now")
    if wanted == "rate":
        return act.Pace(per_s=integer(form, "per_s", low=1, high=MOST_PER_S, default=10))
    if wanted == "spread":
        return act.Pace(per_s=count / SPREADS[choice(form, "spread", tuple(SPREADS), "10m")][1])
    if wanted == "probe":
        return act.Pace(probe=int(choice(form, "probe", tuple(map(str, PROBES)), "10")))
    return act.Pace()


def pattern(queue: str) -> str:
    """The `pattern` of the field for the queue's name: only what a pattern could mistake is escaped.

    An escape that a browser does not know (of `-`, say) would make the pattern void, and every text pass.
    """
    return _ESCAPED.sub(lambda found: "\\" + found[0], queue)
