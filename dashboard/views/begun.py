"""The answer to a press that began a bulk task."""

from __future__ import annotations

from flask import Response, url_for

from ..frame import tasks_answer
from ..htmx import Partial, kind, render_partials
from ..queries.tasks import look_again
from ..state import current
from .regions import regions


def task_begun(queue: str, task_id: str) -> Response:
    """Lets a task be taken up that was just written down. For script its card, else its page."""
    mount = current()
    look_again(mount.link)
    if mount.background is not None:
        mount.background.look_for_tasks()
    if kind() == "partial":
        # A short one may be done by now: then no tick will tell.
        _, cards, toasts = tasks_answer([(queue, task_id)])
        return render_partials(*cards, *regions(), Partial("dialog", swap="innerHTML"), toasts=toasts)
    return Response(status=303, headers={"Location": url_for(".task", queue=queue, task_id=task_id)})
