"""Finding a job by its id, whole or its beginning, wherever it is."""

from __future__ import annotations

from typing import Any

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue

from omniq_core import MOST_FOUND

from .. import recent
from ..htmx import Partial, kind, render_page, render_partials
from ..params import text
from ..problems import BadInput
from ..queries.search import SearchPage, begins_with, search_page
from ..routes import Routes
from ..state import can, current, may_read, now_ms
from ..tokens import MAX_ID_BYTES
from .addresses import search_url

routes = Routes()


@routes.get("/search")
def search() -> ResponseReturnValue:
    """The job itself when one has this id; else those that have it or begin with it; without an id, recent ones."""
    asked = text(request.args, "id", max_bytes=MAX_ID_BYTES, exact=True)
    if not asked:
        jobs = [job for job in recent.opened() if can("read", job[0])]
        return render_page("omniq/search/recent.html", search_text="", recent=jobs, KEPT=recent.KEPT, section="search")
    common: dict[str, Any] = {"may_read": may_read(), "allow_list": current().settings.queues}
    cursor, seen, first, before = (_place(name) for name in ("cursor", "seen", "from", "found"))
    page: SearchPage | None = None
    if cursor:
        part = begins_with(current().link, asked, cursor=cursor, seen=seen, **common)
    else:
        page = search_page(
            current().link, asked, now_ms=now_ms(), first=first, works=current().background is not None, **common
        )
        part = page.part
        if len(page.whole) == 1 and page.following is None and not first:
            return redirect(url_for(".job", queue=page.whole[0].queue, job_id=page.whole[0].job_id))
    jobs = page.whole if page and page.whole else part.jobs if part else ()
    context = {
        "search_text": asked.strip() if part else asked,
        "section": "search",
        "page": page,
        "part": part,
        "jobs": jobs,
        "found": before + len(jobs),
        "waits": len(jobs) >= MOST_FOUND or request.args.get("stop") == "1",
        "search_url": search_url,
    }
    if kind() == "partial" and cursor:
        context["scripted"] = True
        return render_partials(
            Partial("jobs", "omniq/search/rows.html", "beforeend", context),
            Partial("search-none", "omniq/search/none.html", "innerHTML", context),
            Partial("search-foot", "omniq/search/foot.html", "innerHTML", context),
        )
    return render_page("omniq/search/page.html", **context)


def _place(name: str) -> int:
    given = request.args.get(name, "") or "0"
    if not given.isascii() or not given.isdigit() or len(given) > 24:
        raise BadInput(name, "This is no place in a search. Search again.")
    return int(given)
