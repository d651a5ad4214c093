"""Publish a job, and publish a copy of one. A form that cannot be carried out comes back as it was typed."""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import dataclass
from typing import Any

from flask import Response, redirect, request, url_for
from flask.typing import ResponseReturnValue

from omniq_core import REDIS_ERRORS, Publication, explain_redis_error, is_outage, is_unknown

from .. import publish_form as forms
from ..access import READ, READ_PAYLOAD
from ..actions import publish as act
from ..confirm import fresh_nonce
from ..formatting import relative
from ..htmx import Link as ToastLink
from ..htmx import Partial, Toast, answer, back, render_page, render_partials, show_dialog
from ..outage_words import outage_kind
from ..params import token
from ..payload_text import BadPayload, changes, compact, typed
from ..present import present
from ..problems import BadInput, Way, no_such_job, not_allowed
from ..publish_defaults import keep_defaults, kept_defaults
from ..queries.job import LANE_OF
from ..queries.original import EDITED_UP_TO, Original, options_of, original
from ..redact_marks import BadMark, holds_marks, without_marks
from ..routes import Routes
from ..state import can, current, now_ms
from ..tokens import QUEUE_NAME, to_token
from .lanes import LANE_WORDS
from .regions import regions

routes = Routes()
_GONE = "The original is gone, and with it its payload. Nothing was published."
_NO_VALUES = (
    "A mark like ‹hidden 1› stands for a value that is not there any more. Type a value. Nothing was published."
)
_OTHERS = (
    "The original, or a hidden value of it, is another one than when this form was opened. Nothing was published. "
    "Press again to publish the values that it has now."
)
_BOUND = "values"
_MAYBE_DONE = ("no answer in time", "connection lost")


@dataclass(frozen=True, slots=True)
class Existing:
    """The job that has the id which was asked for, and its state in a word ("" when no lane has that state); `told` to
    whoever may look at it."""

    job_id: str
    word: str
    told: bool


@routes.form("/publish", action="publish")
def publish_first() -> ResponseReturnValue:
    """Asks for a queue, which need not exist yet, and leads to its form."""
    name = request.args.get("queue", "").strip()
    if name and not QUEUE_NAME.fullmatch(name):
        raise BadInput("queue", "The name of a queue is made of 1 to 128 of A-Z, a-z, 0-9, dot, underscore and hyphen.")
    if name:
        return redirect(url_for(".publish_form", queue=name, back="/"))
    return render_page("omniq/publish/queue.html")


@routes.form("/queues/<omniq:queue>/publish", action="publish")
def publish_form(queue: str) -> Response:
    """An empty form, with the options that this browser used last."""
    return _form(queue, forms.blank(kept_defaults()), fresh_nonce())


@routes.form("/queues/<omniq:queue>/jobs/<omniq:job_id>/copy", action="publish", also=(READ, READ_PAYLOAD))
def copy_form(queue: str, job_id: str) -> Response:
    """The payload and the options of a job, to be edited and published as a job of its own."""
    found = _source(queue, job_id)
    if found is None:
        raise no_such_job(queue, job_id, Way("Back to the queue", f"/queues/{to_token(queue)}/"))
    fields = forms.of_job(found.text, options_of(found.job), now_ms())
    return _form(queue, fields, fresh_nonce(), copy_of=job_id, source=found, gid_token=forms.gid_token(found.job.gid))


@routes.ask("/queues/<omniq:queue>/jobs/<omniq:job_id>/copy", action="publish", tells=(), also=(READ, READ_PAYLOAD))
def copy_changes(queue: str, job_id: str) -> Response:
    """What differs from the original, while its payload is edited. Changes nothing."""
    found = _source(queue, job_id)
    context = _compared(forms.from_form(request.form)["payload"], found)
    context |= {"away": False, "copy_of": job_id, "lane_word": _lane_word(found)}
    return render_partials(Partial("copy-changes", "omniq/publish/changes.html", context=context))


@routes.post("/queues/<omniq:queue>/jobs", action="publish", tells=("copy_of", "job_id"))
def publish(queue: str) -> Response:
    """Publishes what the form says, once; a copy not before what differs from its original was shown."""
    form, nonce = forms.from_form(request.form), request.form.get("nonce") or fresh_nonce()
    copy_of = token(request.form, "copy_of") if request.form.get("copy_of") else ""
    gid_token = request.form.get("gid_token", "")
    keep = bool(copy_of) and request.form.get("keep") == "1"
    shown: dict[str, Any] = {"copy_of": copy_of, "gid_token": gid_token, "away": True, "keep": keep}
    try:
        source = _source(queue, copy_of) if copy_of else None
        shown |= {"source": source, "away": False}
        options, errors = forms.read_options(form, now_ms(), gid_token)
        payload, shown_payload = None, b""
        try:
            shown_payload = b"" if keep else _payload(form["payload"], source)
            payload = _as_it_is(source) if keep else _with_hidden(shown_payload, source, copy_of, nonce)
        except BadPayload as bad:
            errors = {"payload": str(bad), **errors}
        once = forms.nonce_of(nonce, form, queue, copy_of, gid_token, str(keep))
        # A form that is sent again may have published before its original went, or its moment came.
        done = act.before(current().link, queue, once) if errors else None
        if done is None:
            if options is None or errors:
                return _form(queue, form, nonce, errors=errors, status=422 if source or not copy_of else 409, **shown)
            if copy_of and not keep and not _was_shown(shown_payload, source):
                return _form(queue, form, nonce, review=True, status=409, **shown)
            done = act.publish(current().link, queue, payload, options, nonce=once, now_ms=now_ms(), copy_of=copy_of)
    except REDIS_ERRORS as error:
        # The form is worth more than the usual page of this error: it comes back, and may be sent again.
        return _form(queue, form, nonce, alert=_what_happened(error), status=503 if is_outage(error) else 409, **shown)
    if done.outcome == "gone":
        return _form(queue, form, nonce, errors={"payload": _GONE}, status=409, **{**shown, "source": None})
    if done.outcome == "exists":
        word = LANE_WORDS.get(LANE_OF.get(done.state, ""), "").lower()
        existing = Existing(done.job_id, word, can(READ, queue))
        return _form(queue, form, nonce, existing=existing, status=409, **shown)
    # A form that was opened as a page of its own has no page to go back to.
    forms_own = (f"/queues/{to_token(queue)}/publish", f"/queues/{to_token(queue)}/jobs/{to_token(copy_of)}/copy")
    own = back().partition("?")[0] in forms_own
    response = answer(_told(queue, done, options, copy_of), *regions(), to=_page_of(queue, done) if own else None)
    return response if copy_of else keep_defaults(response, form)


def _source(queue: str, job_id: str) -> Original | None:
    # Who may publish and not look learns nothing of a job by copying it.
    if not (can(READ, queue) and can(READ_PAYLOAD, queue)):
        raise not_allowed("You may not look at the payloads of this queue.")
    return original(current().link, queue, job_id, now_ms=now_ms(), redaction=current().settings.redact)


def _payload(text: str, source: Original | None) -> bytes:
    """What the field holds, as it goes to Redis; the original's own bytes where nothing was edited. BadPayload."""
    if source and source.shown and not source.why and text == typed(source.text):
        return source.shown
    payload = compact(text).encode()
    if len(payload) > EDITED_UP_TO:
        raise BadPayload(f"This payload has {len(payload):,} bytes; at most {EDITED_UP_TO:,} can be published here.")
    return payload


def _as_it_is(source: Original | None) -> None:
    """Raises BadPayload when the payload of the original cannot be taken over by its bytes."""
    if source is None:
        raise BadPayload(_GONE)
    if source.job.payload_too_large:
        raise BadPayload(source.why)


def _with_hidden(shown: bytes, source: Original | None, copy_of: str, nonce: str) -> bytes:
    """The payload with the original's hidden values in the place of their marks. Raises BadPayload."""
    rules, bound = current().settings.redact, request.form.get(_BOUND, "")
    if not (rules.on or bound) or not holds_marks(shown.decode("utf-8", "replace")):
        return shown
    if source is None and copy_of:
        raise BadPayload(_GONE)
    if source is None or source.raw is None or source.marked is None or rules.patterns is None:
        raise BadPayload(_NO_VALUES)
    if not hmac.compare_digest(bound.encode(), _bound(source, nonce).encode()):
        raise BadPayload(_OTHERS)
    if shown == source.shown:
        return source.raw
    try:
        return without_marks(shown.decode(), source.marked.values, rules.patterns).encode()
    except BadMark as bad:
        raise BadPayload(str(bad)) from None


def _bound(source: Original | None, nonce: str) -> str:
    """What a form remembers of the values that its marks stand for: nobody reads them out of it.

    No other form has the same, nor has a job that took the place of this one: two that could be compared would say
    whether a guess, published as a job of its own, is right.
    """
    values = source.marked.values if source and source.marked else ()
    if source is None or not values:
        return ""
    job = source.job
    said = [nonce, job.queue, job.job_id, job.created_ms, *((one.path, one.depth, one.token) for one in values)]
    return current().signing.digest(_BOUND, json.dumps(said))[:32]


def _was_shown(payload: bytes | None, source: Original | None) -> bool:
    """Did the form show how this payload differs? One that nobody edited differs in nothing."""
    return _digest(payload) in (request.form.get("seen"), _digest(source.shown if source else None))


def _compared(text: str, source: Original | None) -> dict[str, Any]:
    """What `changes.html` shows of a copy that is being edited."""
    fault, found, seen = "", None, ""
    try:
        payload = _payload(text, source)
        seen = _digest(payload)
        if source and source.shown is not None:
            found = changes(source.shown.decode("utf-8", "replace"), payload.decode("utf-8", "replace"))
    except BadPayload as bad:
        fault = str(bad)
    return {"source": source, "changed": found, "fault": fault, "seen": seen}


def _lane_word(source: Original | None) -> str:
    return LANE_WORDS.get(source.lane, "").lower() if source else ""


def _form(
    queue: str,
    fields: forms.Typed,
    nonce: str,
    *,
    status: int = 200,
    errors: dict[str, str] | None = None,
    existing: Existing | None = None,
    alert: str = "",
    review: bool = False,
    copy_of: str = "",
    source: Original | None = None,
    gid_token: str = "",
    away: bool = False,
    keep: bool = False,
) -> Response:
    hidden = {"nonce": nonce, "copy_of": to_token(copy_of) if copy_of else "", "gid_token": gid_token}
    hidden[_BOUND] = _bound(source, nonce) if source else request.form.get(_BOUND, "")
    compared: dict[str, Any] = {"source": None, "changed": None, "fault": "", "seen": request.form.get("seen", "")}
    if copy_of and not away:
        compared = _compared(fields["payload"], source)
    bad = {**({"job_id": ""} if existing else {}), **(errors or {})}
    return show_dialog(
        "omniq/publish/copy.html" if copy_of else "omniq/publish/publish.html",
        status=status,
        dialog_title="Publish a copy" if copy_of else "Publish a job",
        queue=queue,
        form=fields,
        fields=tuple((name, value) for name, value in hidden.items() if value),
        errors=bad,
        first_bad=next((name for name in forms.FIELDS if name in bad), ""),
        existing=existing,
        alert=alert,
        review=review,
        copy_of=copy_of,
        away=away,
        lane_word=_lane_word(source),
        only_whole=(away and keep) or bool(source and source.why),
        **compared,
    )


def _digest(payload: bytes | None) -> str:
    return hashlib.sha256(payload or b"").hexdigest()[:32]


def _what_happened(error: Exception) -> str:
    why, label = explain_redis_error(error), current().link.label
    if not is_outage(error):
        return f"{label} answered: {why}. Nothing was published."
    if why in _MAYBE_DONE or is_unknown(error):
        return (
            f"{label} did not answer ({why}). Whether the job was published is not known. "
            "Press again as soon as it is back: this form publishes it once."
        )
    silent = outage_kind(why) == "redis"
    state = "does not answer" if silent else "cannot be used now"
    return f"{label} {state} ({why}). Nothing was published. Press again as soon as it is back."


def _page_of(queue: str, done: Publication) -> str:
    """The page of the job; one that has left the queue since has none."""
    return f"/queues/{to_token(queue)}/" + (f"jobs/{to_token(done.job_id)}" if done.state else "waiting")


def _told(queue: str, done: Publication, options: forms.JobOptions | None, copy_of: str) -> Toast:
    show = ToastLink("Show", _page_of(queue, done))
    if done.outcome == "repeated":
        since = "" if done.state else " It has left the queue since."
        before = f"This form published {present('id', done.job_id, 60)} before.{since} Nothing was added."
        return Toast("Published already", (before,), icon="info", link=show if done.state else None)
    if options and done.state == "delayed":
        where = f"It is due {relative(options.due_ms, now_ms())}"
    else:
        where = f"It waits at the tail of {'its group' if options and options.gid else queue}"
    return Toast(f"Published a {'copy' if copy_of else 'job'} to {queue}", (where,), link=show)
