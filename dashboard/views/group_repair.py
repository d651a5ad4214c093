"""The repair of a queue's stuck groups: what it would change, and changing it."""

from __future__ import annotations

import json

from flask import Response, request

from omniq_core import GroupRepair, Repaired

from .. import confirm
from ..access import READ
from ..actions import groups as act
from ..formatting import plural
from ..htmx import Toast, answer, show_dialog
from ..present import present
from ..queries.groups import stuck_groups
from ..routes import Routes
from ..state import actor, current, now_ms
from ..tokens import from_token, to_token
from .reading import explained
from .regions import regions

routes = Routes()
REPAIR = "repair"


@routes.form("/queues/<omniq:queue>/groups/repair/confirm", action="repair", also=(READ,))
def repair_confirm(queue: str) -> Response:
    """Shows figure by figure what a repair would change."""
    return _dialog(queue)


@routes.post("/queues/<omniq:queue>/groups/repair", action="repair", also=(READ,))
def repair(queue: str) -> Response:
    """Repairs what was confirmed, as far as it is still so."""
    try:
        repairs = _confirmed(queue, request.form.get(confirm.FIELD, ""))
    except confirm.NotConfirmed as refusal:
        return _dialog(queue, alert=f"{refusal} Nothing was changed.", status=409)
    done = act.repair(current().link, queue, repairs, now_ms=now_ms())
    changed = sum(one.changed for one in done)
    left = len(done) - changed
    lines = (f"{plural(left, 'group')} changed since and {'was' if left == 1 else 'were'} left alone.",) if left else ()
    toast = Toast(f"Repaired {plural(changed, 'group')}", (*_figures(done), *lines))
    if not changed:
        toast = Toast("Nothing was repaired", lines, "warn", "info")
    return answer(toast, *regions())


def _figures(done: tuple[Repaired, ...]) -> tuple[str, ...]:
    counted, entered = sum(one.counted for one in done), sum(one.entered for one in done)
    words = [f"{plural(counted, 'count')} of jobs in flight" if counted else ""]
    words.append(f"{plural(entered, 'group')} put into the ready set" if entered else "")
    return (", ".join(word for word in words if word) + ".",) if counted or entered else ()


def _dialog(queue: str, alert: str = "", status: int = 200) -> Response:
    with explained(queue):
        found = stuck_groups(current().link, queue, now_ms=now_ms())
    if not found.repairs:
        return answer(Toast(f"No group of {present('queue', queue)} is stuck any more", (), "ok"), *regions())
    kept = [(to_token(one.gid), one.before, one.after, one.enter) for one in found.repairs]
    what = confirm.Confirmation(REPAIR, queue, actor().name, len(kept), filter=json.dumps(kept))
    return show_dialog(
        "omniq/groups/repair.html",
        status=status,
        queue=queue,
        found=found,
        fields=((confirm.FIELD, confirm.seal(current().signing, what, now_ms())),),
        alert=alert,
    )


def _confirmed(queue: str, sealed: str) -> list[GroupRepair]:
    what = confirm.open_token(current().signing, sealed, now_ms())
    if (what.action, what.queue, what.actor) != (REPAIR, queue, actor().name):
        raise confirm.NotConfirmed("The confirmation was for something else.")
    return [GroupRepair(from_token(gid), before, after, enter) for gid, before, after, enter in json.loads(what.filter)]
