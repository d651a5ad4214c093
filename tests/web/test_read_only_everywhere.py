"""Every page that can be reached, as a reader gets it: it offers nothing that changes anything."""

from __future__ import annotations

from collections import deque
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest

from omniq_core import Activity, Discovery, OmniqClient, note_activity
from omniq_core.operator.tasks import order_task
from tests.operator.bulk import begin
from tests.operator.failing import index_all
from tests.support.clock import Clock
from tests.support.factories import complete_jobs, delay_jobs, fail_jobs, publish_jobs
from tests.web.groups_support import four_states
from tests.web.pages_support import NOW, QUEUE, Page, browser

ASKS = {
    "pause_confirm",
    "repair_confirm",
    "repair_kind",
    "repair_found",
    "publish_first",
    "publish_form",
    "copy_form",
}
"""GET addresses of what asks before it changes something: nothing leads there."""
NO_PAGES = {"dashboards", "metrics", "healthz", "job_download", "export", "activity_export", "static", "sign_in"}
TASKS = ("c" * 16, "d" * 16, "e" * 16)


@pytest.fixture
def all_there_is(client: OmniqClient, redis: Any) -> None:
    """A queue with jobs in every lane, groups of every state, errors, tasks of every state; one paused; a counter."""
    four_states(client, redis)
    publish_jobs(client, QUEUE, ["w"], now_ms=NOW - 1_000)
    delay_jobs(client, QUEUE, 2, now_ms=NOW - 1_000, due_ms=NOW + 60_000)
    fail_jobs(client, "paused", 6, now_ms=NOW - 9_000, error=lambda n: "E: a" if n % 2 else "F: b")
    complete_jobs(client, "paused", ["done"], now_ms=NOW - 1_000)
    client.pause(queue="paused")
    for task_id, probe in zip(TASKS, (0, 0, 1), strict=True):
        begin(client.link, "paused", "retry", "failed", task_id=task_id, now_ms=NOW - 1_000, probe=probe)
    order_task(client.link, "paused", TASKS[1], "cancel", now_ms=NOW - 500)
    redis.hset(f"{{paused}}:x:task:{TASKS[2]}", mapping={"state": "probing"})
    client.childs_init(key="order", expected=3)
    index_all(client, Clock(NOW), queue="paused")
    note_activity(client.link, Activity(NOW, "retry", "done", queue=QUEUE, jobs=1, done=1))
    discovery = Discovery(client.link, clock=lambda: NOW)
    while not discovery.step(1_000):
        pass


def links(page: Page) -> list[str]:
    """Where its links, its filters and what script asks for lead, but for our own files."""
    found = [(a.get("href"), a.get("hx-get")) for a in page.soup.select("[href], [hx-get]") if a.name != "use"]
    here = [urljoin(page.path, to) for pair in found for to in pair if to and not to.startswith("#")]
    return [to for to in here if to.startswith("/") and not to.startswith("/_")]


def offered(page: Page) -> list[Any]:
    """What could change something: all that posts, but the display menu; boxes to select by."""
    found = page.soup.select("form[method=post], [formaction], [formmethod], [form=row], .row-check, #check-all")
    display = page.soup.select("form#display, #live")
    return [element for element in found if element not in display]


def test_no_page_offers_a_reader_anything(client: OmniqClient, redis: Any, all_there_is: None) -> None:
    reader = browser(client, read_only=True)
    routes = reader.app.url_map.bind("localhost")
    rules = [rule for rule in reader.app.url_map.iter_rules() if "GET" in (rule.methods or ())]
    gets = {rule.endpoint.rpartition(".")[2] for rule in rules}
    ahead = deque([("/", ""), ("/failed", ""), (f"/queues/{QUEUE}/groups?edit=busy", "")])
    ahead.extend((f"/queues/paused/tasks/{task}", "") for task in TASKS)
    ahead.extend((path, "") for path in ("/search?id=w", f"/queues/{QUEUE}/switch?q=m"))
    seen: set[tuple[str, ...]] = set()
    while ahead:
        path, source = ahead.popleft()
        parts = urlsplit(path)
        endpoint, values = routes.match(parts.path)
        name = endpoint.rpartition(".")[2]
        assert name not in ASKS | {"missing"}, f"{source} leads to {path}"
        # One of each sort: each lane, a task of each state, a group; with each choice of the address once.
        sort = (name, *(str(values.get(part)) for part in ("lane", "task_id")), parts.query.partition("=")[0])
        if sort in seen or name in NO_PAGES or sort[-1] in ("sort", "live"):
            continue
        seen.add(sort)
        page = reader.get(path)
        assert offered(page) == [], path
        ahead.extend((to, path) for to in links(page))
    # `shortcuts_there` is for who may read one queue only; tests/web/test_one_queue.py opens it.
    assert gets - ASKS - NO_PAGES - {"missing", "shortcuts_there"} == {sort[0] for sort in seen}
