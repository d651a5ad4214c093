"""After an action: the live regions of the page the button stood on, read again with that page's own filters."""

from __future__ import annotations

from urllib.parse import parse_qsl

from flask import current_app, request
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import HTTPException

from ..htmx import Partial, back, kind, mount_url
from ..problems import Problem
from ..state import can, can_see, current


def regions() -> tuple[Partial, ...]:
    """The regions of the page that `back` names; none for a form without script, which gets a whole page anyway."""
    if kind() != "partial":
        return ()
    from . import (
        activity,
        children,
        counter,
        failures,
        group_jobs,
        groups,
        health_page,
        jobs,
        overview,
        queues,
        tasks,
    )  # those modules call this one

    path, _, query = back().partition("?")
    args = MultiDict(parse_qsl(query, keep_blank_values=True))
    try:
        rule, found = _route(path)
        if not _may_look(rule, found.get("queue")):
            return ()
        if rule == "overview":
            return overview.overview_regions(args)
        if rule == "activity":
            return activity.activity_regions(args)
        if rule == "children":
            return children.children_regions(args)
        if rule == "health":
            return health_page.health_regions()
        if rule == "counter":
            return counter.counter_regions(found["key"], args)
        if rule == "groups":
            return groups.groups_regions(found["queue"], args)
        if rule == "group":
            return group_jobs.group_regions(found["queue"], found["gid"], args)
        if rule == "lane":
            return queues.lane_regions(found["queue"], found["lane"], args)
        if rule == "job":
            return jobs.job_regions(found["queue"], found["job_id"], args)
        if rule == "failures":
            return failures.failures_regions(found["queue"], args)
        if rule == "failures_of_kind":
            return failures.kind_regions(found["queue"], found["kind"], args)
        if rule == "task":
            return tasks.task_regions(found["queue"], found["task_id"])
    except (Problem, HTTPException):
        # The page cannot be drawn again (its queue is gone, say). The toast still says what was done.
        return ()
    return ()


def _may_look(rule: str, queue: str | None) -> bool:
    """Whoever may press a button on one page need not be let see another, which `back` may name as well."""
    route = current().routes.get(rule)
    if route is None:  # a file, or a page of the host
        return False
    seen = queue is None or can_see(queue)
    return seen and any(can(one, queue) for one in route.choices) and all(can(more, queue) for more in route.also)


def _route(path: str) -> tuple[str, dict[str, str]]:
    bound = current_app.url_map.bind_to_environ(request.environ)
    endpoint, found = bound.match(mount_url(path).removeprefix(request.script_root), method="GET")
    return endpoint.rpartition(".")[2], dict(found)
