"""The repair of what a check found: which queue, what it would change, and its beginning."""

from __future__ import annotations

from flask import Response, request
from werkzeug.datastructures import MultiDict

from omniq_core import FindingKind, repair_of_kind

from .. import confirm
from ..access import READ
from ..actions import repairs as act
from ..htmx import Toast, answer, here, show_dialog
from ..htmx import kind as how_asked
from ..params import choice as chosen
from ..present import present
from ..problems import no_such_page
from ..queries.repairs import FIELDS, broken_queues, known_kind, preview, subject_of
from ..repair_words import choices_of, effect, kind_name, repair_label, repairable
from ..routes import Routes
from ..state import actor, can, current, may_see, now_ms
from .begun import task_begun
from .bulk import TYPED_ABOVE, pattern
from .reading import explained
from .regions import regions

routes = Routes()
REPAIR = "repair"


@routes.get("/health/repairs/<kind>")
def repair_kind(kind: str) -> Response:
    """Of one queue with that finding its dialog; of several which of them."""
    which = _known(kind)
    sees = may_see()
    found = broken_queues(current().link, which, may_repair=lambda queue: sees(queue) and can("repair", queue))
    if not found:
        return _nothing(which)
    if len(found) == 1:
        return _dialog(found[0].queue, which, _choice(which, ""))
    return show_dialog(
        "omniq/repairs/queues.html",
        kind=which,
        name=kind_name(which),
        found=found,
        repair_label=repair_label,
        back=_back(),
    )


@routes.form("/queues/<omniq:queue>/repairs/<kind>", action="repair", also=(READ,))
def repair_found(queue: str, kind: str) -> Response:
    """Shows what a repair would change."""
    which = _known(kind)
    return _dialog(queue, which, _choice(which, request.args.get("choice", "")))


@routes.post("/queues/<omniq:queue>/repairs/<kind>", action="repair", tells=("kind", "choice"), also=(READ,))
def repair_start(queue: str, kind: str) -> Response:
    """Begins what was confirmed, unless it is no longer so (409, with the dialog again)."""
    which = _known(kind)
    choice = _choice(which, request.form.get("choice", ""))
    try:
        what = confirm.open_token(current().signing, request.form.get(confirm.FIELD, ""), now_ms())
        if (what.action, what.queue, what.actor) != (f"{REPAIR}:{which}:{choice}", queue, actor().name):
            raise confirm.NotConfirmed("The confirmation was for something else.")
    except confirm.NotConfirmed as refused:
        return _dialog(queue, which, choice, f"{refused} Nothing was changed; look again and confirm.", 409)
    if _is_typed(which, choice, what.count) and request.form.get("confirm", "").strip() != queue:
        return _dialog(queue, which, choice, f"The name does not match. Type {queue} exactly.", 400)
    with explained(queue):
        begun = act.start(
            current().link,
            queue,
            what.nonce,
            kind=which,
            choice=choice,
            total=what.count,
            actor=actor().known_as,
            now_ms=now_ms(),
        )
    if begun == "changed":
        return _dialog(
            queue, which, choice, "It changed meanwhile, so nothing was repaired. This is how it is now.", 409
        )
    return task_begun(queue, what.nonce)


def _dialog(queue: str, kind: FindingKind, choice: str, alert: str = "", status: int = 200) -> Response:
    with explained(queue):
        found = preview(current().link, queue, kind, choice, now_ms=now_ms())
        if request.method == "GET" and "choice" not in request.args and found.changes_nothing:
            choice = choices_of(kind)[-1][0]
            found = preview(current().link, queue, kind, choice, now_ms=now_ms())
    if not found.count:
        return _nothing(kind, queue)
    what = confirm.Confirmation(
        f"{REPAIR}:{kind}:{choice}", queue, actor().name, found.count, nonce=confirm.fresh_nonce()
    )
    return show_dialog(
        "omniq/repairs/confirm.html",
        status=status,
        found=found,
        label=repair_label(kind, found.count, choice),
        name=kind_name(kind),
        effect=effect(kind, choice),
        final=repair_of_kind(kind, choice).final(choice),
        subject=subject_of(kind),
        field=FIELDS.get(subject_of(kind), ""),
        choices=choices_of(kind),
        typed=_is_typed(kind, choice, found.count),
        pattern=pattern(queue),
        back=_back(),
        fields=((confirm.FIELD, confirm.seal(current().signing, what, now_ms())), ("kind", kind), ("choice", choice)),
        alert=alert,
    )


def _nothing(kind: FindingKind, queue: str = "") -> Response:
    where = f" of {present('queue', queue)}" if queue else ""
    lines = ("It was repaired, or ended by itself. The next check will not list it.",)
    done = Toast(f"{kind_name(kind)}{where}: nothing to repair any more", lines, "ok")
    return answer(done, *regions(), to=None if how_asked() == "partial" else _back())


def _is_typed(kind: FindingKind, choice: str, count: int) -> bool:
    """What deletes more jobs than that for good wants the queue's name typed, as a removal in bulk does."""
    return count > TYPED_ABOVE and repair_of_kind(kind, choice).final(choice)


def _back() -> str:
    """Where the dialogs lead back to: the page they were opened from, else that of the findings."""
    return here() if request.method == "POST" or "back" in request.args else "/health"


def _known(kind: str) -> FindingKind:
    found = known_kind(kind)
    if found is None or not repairable(found):
        raise no_such_page()
    return found


def _choice(kind: FindingKind, given: str) -> str:
    options = [value for value, _ in choices_of(kind)]
    return chosen(MultiDict({"choice": given}), "choice", options, options[0]) if options else ""
