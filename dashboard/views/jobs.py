"""One job, and retry and remove of one or of many."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flask import Response, make_response, request

from omniq_core import BadCursor, backing_off, job_payload

from .. import confirm, live, recent
from ..access import READ, READ_PAYLOAD
from ..actions import jobs as act
from ..actions.outcome import Outcome
from ..formatting import duration, plural
from ..htmx import Link as ToastLink
from ..htmx import Partial, Press, Toast, answer, here, kind, render_page, show_dialog
from ..params import Fields, choice, job_ids
from ..present import present
from ..problems import BadInput, Way, moved_on, no_such_job
from ..queries.job import WHOLE_PAYLOAD, JobPage, job_lane, job_page, named_job
from ..recording import note_file
from ..routes import Routes
from ..state import actor, can, current, now_ms
from ..tokens import to_token
from . import bulk
from .addresses import job_url, list_url
from .children import patience
from .job_lists import list_path, list_words, opened_from, turn_url
from .lanes import LANE_WORDS
from .open_payload import open_payload
from .regions import regions
from .undo import NotKept, keep, promise, undo_press

routes = Routes()
LANES = tuple(act.REMOVABLE)
NAMED = 10
"""So many ids a toast names for each reason."""


@routes.get("/queues/<omniq:queue>/jobs/<omniq:job_id>")
def job(queue: str, job_id: str) -> Response:
    """A job, at the same address in every state; or what a tick of its page changes."""
    asked = live.tick(request.args)
    # Ticks do not fetch the payload: it does not change, and it may be large.
    context = _context(queue, job_id, request.args, with_payload=not asked)
    if asked:
        return live.answer(asked, context["live_version"], lambda: _regions(context))
    return recent.keep(render_page("omniq/jobs/page.html", **context), queue, job_id)


@routes.get("/queues/<omniq:queue>/jobs/<omniq:job_id>/payload", action=READ_PAYLOAD, also=(READ,))
def job_download(queue: str, job_id: str) -> Response:
    """The payload as a file, byte for byte but for hidden values."""
    raw = job_payload(current().link, queue, job_id)
    if raw is None:
        raise _gone(queue, job_id)
    response = make_response(open_payload(raw))
    note_file(job=job_id)
    response.headers["Content-Type"] = "application/octet-stream"
    response.headers["Content-Disposition"] = 'attachment; filename="payload.json"'
    return response


@routes.ask("/queues/<omniq:queue>/jobs/retry/confirm", action="retry")
def retry_confirm(queue: str) -> Response:
    """Asks before several jobs are retried, or all that match."""
    if bulk.is_asked():
        return bulk.ask("retry", queue, "failed")
    ids = job_ids(request.form)
    # Whoever failed first has waited longest: a list that shows the newest first is taken from its end.
    return _ask("retry", queue, "failed", ids[::-1] if request.form.get("order") == "newest" else ids)


@routes.post("/queues/<omniq:queue>/jobs/retry", action="retry", tells=("id", *bulk.PACE))
def retry(queue: str) -> Response:
    """Retries one job, or as many as were confirmed."""
    if bulk.is_asked():
        return bulk.start("retry", queue, "failed")
    ids = job_ids(request.form)
    refusal = _unconfirmed("retry", queue, "failed", ids)
    if refusal:
        return refusal
    outcome = act.retry(current().client, queue, ids, now_ms=now_ms())
    return _told(outcome, queue, "Retry", "retried", *_at_the_tail(outcome, queue))


@routes.ask("/queues/<omniq:queue>/jobs/run-now/confirm", action="run_now")
def run_now_confirm(queue: str) -> Response:
    """Asks before several delayed jobs are run now, or all that match."""
    if bulk.is_asked():
        return bulk.ask("run_now", queue, "delayed")
    return _ask("run_now", queue, "delayed", job_ids(request.form))


@routes.post("/queues/<omniq:queue>/jobs/run-now", action="run_now", tells=("id", *bulk.PACE))
def run_now(queue: str) -> Response:
    """Runs one delayed job now, or as many as were confirmed."""
    if bulk.is_asked():
        return bulk.start("run_now", queue, "delayed")
    ids = job_ids(request.form)
    refusal = _unconfirmed("run_now", queue, "delayed", ids)
    if refusal:
        return refusal
    outcome = act.run_now(current().client, queue, ids, now_ms=now_ms())
    told = f"Moved {plural(len(outcome.done), 'job')} to waiting"
    return _told(outcome, queue, "Run now", "run now", *_at_the_tail(outcome, queue), lane="delayed", told=told)


@routes.ask("/queues/<omniq:queue>/jobs/remove/confirm", action="remove")
def remove_confirm(queue: str) -> Response:
    """Asks before jobs are removed, those that are named or all that match."""
    lane = choice(request.form, "lane", LANES, "failed")
    return bulk.ask("remove", queue, lane) if bulk.is_asked() else _ask("remove", queue, lane, job_ids(request.form))


@routes.post("/queues/<omniq:queue>/jobs/remove", action="remove", tells=("id", "lane"))
def remove(queue: str) -> Response:
    """Removes one job, or as many as were confirmed."""
    lane = choice(request.form, "lane", LANES, "failed")
    if bulk.is_asked():
        return bulk.start("remove", queue, lane)
    ids = job_ids(request.form)
    refusal = _unconfirmed("remove", queue, lane, ids)
    if refusal:
        return refusal
    batch = confirm.fresh_nonce()
    try:
        kept = keep(queue, batch, len(ids), ids)
    except NotKept as full:
        return _ask("remove", queue, lane, ids, str(full), 409)
    outcome = act.remove(current().client, queue, lane, ids, now_ms=now_ms(), keep=kept)
    press = undo_press(queue, batch) if kept and len(outcome.done) > outcome.final else None
    where = f"Undo works for {duration(current().settings.undo_ms)}" if press else ""
    if kept and outcome.final:
        where = f"{plural(outcome.final, 'job')} for good: the trash of this queue is full"
    return _told(outcome, queue, "Remove", "removed", where, None, lane=lane, press=press)


def job_regions(queue: str, job_id: str, args: Fields) -> tuple[Partial, ...]:
    """What a change of the job changes on its page."""
    return _regions(_context(queue, job_id, args, with_payload=False))


def _regions(context: dict[str, Any]) -> tuple[Partial, ...]:
    names = {
        "job-state": "job_state",
        "job-actions": "job_actions",
        "job-error": "error",
        "timeline": "timeline",
        "facts": "facts",
        "job-note": "retry_note",
    }
    return tuple(Partial(target, f"omniq/jobs/{name}.html", context=context) for target, name in names.items())


def _context(queue: str, job_id: str, args: Fields, *, with_payload: bool = True) -> dict[str, Any]:
    whole = choice(args, "show", ("", "all"), "") == "all"
    limit = WHOLE_PAYLOAD if whole else current().settings.payload_limit
    may_payload = can(READ_PAYLOAD, queue)
    listed = opened_from(queue, args)
    try:
        page = job_page(
            current().link, queue, job_id, now_ms=now_ms(), payload_limit=limit if with_payload and may_payload else 0,
            stalled_after_ms=current().settings.stalled_after * 1000, listed=listed, with_pager=with_payload,
            counter_at=current().settings.completion_key if may_payload else "", patience=patience(),
            hide_payload=not may_payload, redaction=current().settings.redact,
        )  # fmt: skip
    except BadCursor:
        raise BadInput("at", "This is no place in a list. Open the job from its list again.") from None
    if page is None:
        raise _gone(queue, job_id)
    return {
        "page": page,
        "job": page.job,
        "live_version": _version(page),
        "listed": listed,
        "list_words": list_words(listed),
        "list_url": list_url,
        "whole_url": job_url(queue, job_id, listed, listed.wish.cursor if listed else None, whole=True),
        "turn_url": turn_url,
        "lane_word": LANE_WORDS.get(page.lane, ""),
        "may_retry": page.lane == "failed" and can("retry", queue),
        "may_run": page.lane == "delayed" and can("run_now", queue),
        "may_remove": page.lane in LANES and can("remove", queue),
        "may_copy": may_payload and can("publish", queue),
        "may_payload": may_payload,
        "here": here(),
    }


def _version(page: JobPage) -> str:
    job = replace(page.job, place=None, payload=None)
    return live.version(
        job, page.counter, page.standing, page.others, page.lease_ran_out, [step.what for step in page.steps]
    )


def _gone(queue: str, job_id: str) -> Exception:
    return no_such_job(queue, job_id, Way("Back to the queue", f"/queues/{to_token(queue)}/"))


def _ask(verb: str, queue: str, lane: str, ids: tuple[str, ...], alert: str = "", status: int = 200) -> Response:
    what = confirm.Confirmation(f"{verb}:{lane}", queue, actor().name, len(ids), confirm.ids_digest(ids))
    sees = can(READ, queue)  # else nothing is said of jobs whose ids may be guesses
    return show_dialog(
        "omniq/jobs/confirm.html",
        status=status,
        verb=verb,
        queue=queue,
        lane=lane,
        lane_word=LANE_WORDS[lane].lower(),
        ids=ids,
        backing_off=backing_off(current().link, queue, ids) if sees and verb == "run_now" else 0,
        undo=promise(queue, len(ids), ids) if verb == "remove" else None,
        named=_named_one(queue, ids[0]) if sees and verb == "remove" and len(ids) == 1 else "",
        token_field=confirm.FIELD,
        confirm_token=confirm.seal(current().signing, what, now_ms()),
        alert=alert,
    )


def _named_one(queue: str, job_id: str) -> str:
    """The error of a failed job, the lane of any other, "" when it is gone."""
    lane, error = named_job(current().link, queue, job_id, now_ms=now_ms(), redaction=current().settings.redact)
    return error or LANE_WORDS.get(lane, "")


def _unconfirmed(verb: str, queue: str, lane: str, ids: tuple[str, ...]) -> Response | None:
    """The dialog again (409) for more than one job without the token of exactly these; nothing was changed."""
    if len(ids) == 1:
        return None
    given = request.form.get(confirm.FIELD, "")
    try:
        confirm.check(
            current().signing, given, now_ms(), action=f"{verb}:{lane}", queue=queue, actor=actor().name, ids=ids
        )
    except confirm.NotConfirmed as refused:
        return _ask(verb, queue, lane, ids, f"{refused} Nothing was changed; look again and confirm.", 409)
    return None


def _at_the_tail(outcome: Outcome, queue: str) -> tuple[str, ToastLink]:
    where = f"{'It waits' if len(outcome.done) == 1 else 'They wait'} at the tail of {queue}"
    return where, ToastLink("Show", f"/queues/{to_token(queue)}/waiting")


def _told(
    outcome: Outcome,
    queue: str,
    button: str,
    done: str,
    where: str,
    show: ToastLink | None,
    *,
    lane: str = "failed",
    told: str = "",
    press: Press | None = None,
) -> Response:
    changed = len(outcome.done)
    if not outcome.skipped:
        lines = (where,) if where else ()
        toast = Toast(told or f"{done.capitalize()} {plural(changed, 'job')}", lines, link=show, press=press)
        return answer(toast, *regions(), to=_way_out(queue, outcome, lane, done))
    if not changed and outcome.asked == 1 and kind() != "partial" and can(READ, queue):
        _explain_one(outcome, queue, button, lane)
    lines = tuple(f"{reason.why.capitalize()} ({reason.code}): {_named(reason.ids)}" for reason in outcome.skipped)
    if changed:
        lines = (f"{plural(changed, 'job')} {'was' if changed == 1 else 'were'} {done}", *lines)
    was = "was" if outcome.left == 1 else "were"
    if outcome.asked == 1:
        text = f"The job was not {done}"
    else:
        text = f"{outcome.left:,} of {plural(outcome.asked, 'job')} {was} not {done}"
    return answer(Toast(text, lines, "danger", press=press), *regions())


def _explain_one(outcome: Outcome, queue: str, button: str, lane: str) -> None:
    """Without script, one job that moved on gets a page of its own. Raises it."""
    job_id, code = outcome.skipped[0].ids[0], outcome.skipped[0].code
    now = job_lane(current().link, queue, job_id, now_ms=now_ms())
    if now is None:
        raise _gone(queue, job_id)
    way = Way("Show the job", f"/queues/{to_token(queue)}/jobs/{to_token(job_id)}")
    raise moved_on(LANE_WORDS[lane].lower(), button, code, LANE_WORDS.get(now, "").lower() or None, way)


def _named(ids: tuple[str, ...]) -> str:
    names = ", ".join(present("id", job_id, 60) for job_id in ids[:NAMED])
    return f"{names} and {len(ids) - NAMED:,} more" if len(ids) > NAMED else names


def _way_out(queue: str, outcome: Outcome, lane: str, done: str) -> str | None:
    """A job that was removed has no page any more: the list it was opened from comes next, else its lane."""
    path, _, query = request.form.get("back", "").partition("?")
    page = f"/queues/{to_token(queue)}/jobs/"
    if done != "removed" or not any(path == page + to_token(job_id) for job_id in outcome.done):
        return None
    return list_path(queue, query) or f"/queues/{to_token(queue)}/{lane}"
