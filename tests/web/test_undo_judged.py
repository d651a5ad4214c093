"""What an undo owes an operator: a thousand jobs as before, promises kept, and a trash that empties itself."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from omniq_core import Keep, OmniqClient
from tests.core.long_lane import fill
from tests.core.trash_trial import fill_lanes, in_trash, settled
from tests.operator.failing import index_all
from tests.support.clock import Clock
from tests.support.factories import complete_jobs, delay_jobs, fail_jobs, publish_jobs
from tests.support.invariants import check_invariants
from tests.web.pages_support import NOW, QUEUE, Browser, Page, browser, pages_app, row_button
from tests.web.test_bulk import CLOCK, fields, work
from tests.web.test_undo import FAILED, _agree, _ask, _undo

REMOVE = f"/queues/{QUEUE}/jobs/remove"
ALL = "#lane-actions button[formaction*='remove/confirm']"
AFTER = NOW + 9_000


@pytest.fixture
def visitor(client: OmniqClient, redis: Any) -> Iterator[Browser]:
    CLOCK.now_ms = NOW + 60_000
    yield Browser(pages_app(client, clock=CLOCK))
    check_invariants(redis)


def _remove_filter(visitor: Browser, client: OmniqClient, path: str) -> Page:
    """Everything that the address lists is removed by a task; the page of that task when it is over."""
    dialog = visitor.press(visitor.get(path), ALL)
    begun = visitor.post(REMOVE, fields(dialog) | {"confirm": QUEUE})
    work(client)
    return visitor.get(begun.path)


def test_a_thousand_jobs_by_filter_over_groups_and_lanes(visitor: Browser, client: OmniqClient, redis: Any) -> None:
    complete_jobs(client, QUEUE, [f"more-c{i:02}" for i in range(50)], now_ms=NOW - 500, gid="E", group_limit=9)
    fill_lanes(client, 8, queue=QUEUE)
    for n, gid in enumerate(("", "B", "D", "E")):
        names = [f"more-{gid}{i:03}" for i in range(175)]
        fill(redis, "wait", names, lambda i, n=n: AFTER + n * 200 + i, gid=gid, queue=QUEUE)
    fill(redis, "failed", [f"more-f{i:03}" for i in range(200)], lambda i: AFTER + i, queue=QUEUE)
    delay_jobs(client, QUEUE, [f"more-d{i:02}" for i in range(50)], now_ms=AFTER, due_ms=AFTER * 2, gid="C")
    before, counts = settled(redis, QUEUE), {"waiting": 700, "failed": 200, "delayed": 50, "completed": 50}
    tasks = {lane: _remove_filter(visitor, client, f"/queues/{QUEUE}/{lane}?prefix=more-") for lane in counts}
    assert {lane: page.words("#task-facts").split(" Left")[0] for lane, page in tasks.items()} == {
        lane: f"Removed {count} Skipped 0" for lane, count in counts.items()
    }
    check_invariants(redis)
    for lane in ("failed", "delayed", "completed"):
        back = visitor.press(tasks[lane], "#task-actions button[formaction$=restore]")
        assert back.toast() == f"Put back {counts[lane]} jobs"
    record = visitor.get("/activity")
    [button] = record.soup.select("#activity button[formaction$=restore]")
    assert visitor.press(record, button).toast() == "Put back 700 jobs"
    assert settled(redis, QUEUE) == before
    assert redis.exists(f"{{{QUEUE}}}:x:trash") == 0
    # Those that wait stand behind the ones that stayed.
    assert redis.lrange(f"{{{QUEUE}}}:wait", 0, 8) == [*(b"wait-%03d" % n for n in range(8)), b"more-000"]


@pytest.mark.parametrize("by", ["one", "selected", "filter"])
def test_the_trash_empties_itself_when_nobody_runs(
    client: OmniqClient, redis: Any, wait_until: Callable[..., None], by: str
) -> None:
    fail_jobs(client, QUEUE, ["a", "b", "c"], now_ms=NOW - 1_000)
    visitor = browser(client, undo_ms=300)
    if by == "filter":
        over = _remove_filter(visitor, client, f"{FAILED}?q=account")
        assert over.words("#task-facts").startswith("Removed 3")
    else:
        ids = ("a",) if by == "one" else ("a", "b", "c")
        assert "Undo works for 300 ms" in _agree(visitor, _ask(visitor, *ids)).toast()
    # No runner, no background and no request from here on: Redis alone.
    wait_until(lambda: not in_trash(redis), what="the trash is empty")


def _kind_dialog(visitor: Browser) -> Page:
    page = visitor.get(f"/queues/{QUEUE}/failures")
    return visitor.press(page, page.soup.select("#errors button[formaction*='remove/confirm']")[0])


DIALOGS: dict[str, Callable[[Browser], Page]] = {
    "one": lambda visitor: _ask(visitor, "job-1"),
    "selected": lambda visitor: _ask(visitor, "job-1", "job-2"),
    "lane": lambda visitor: visitor.press(visitor.get(FAILED), ALL),
    "filter": lambda visitor: visitor.press(visitor.get(f"{FAILED}?q=account"), ALL),
    "kind": _kind_dialog,
}


@pytest.mark.parametrize("how", DIALOGS)
def test_each_dialog_says_before_the_press_what_cannot_be_undone(client: OmniqClient, how: str) -> None:
    fail_jobs(client, QUEUE, 3, now_ms=NOW - 1_000)
    fail_jobs(client, QUEUE, ["before"], now_ms=NOW - 2_000)
    index_all(client, Clock(NOW), queue=QUEUE)
    assert "can undo this for 15 min" in DIALOGS[how](browser(client)).words("dialog .dialog-body")
    assert "This cannot be undone." in DIALOGS[how](browser(client, undo_ms=0)).words("dialog .dialog-body")
    client.remove_job(queue=QUEUE, job_id="before", lane="failed", keep=Keep("before"))
    full = "This cannot be undone: the trash of this queue has room for no more."
    assert full in DIALOGS[how](browser(client, undo_bytes=10)).words("dialog .dialog-body")


def test_jobs_that_are_named_are_weighed(client: OmniqClient, redis: Any) -> None:
    large = {"n": "x" * 3_989}  # 3,997 bytes; with id and error 4,000
    fail_jobs(client, QUEUE, ["aa", "bb"], now_ms=NOW - 1_000, payload=large, error="E")
    visitor = browser(client, undo_bytes=6_000)
    dialog = _ask(visitor, "aa", "bb")
    said = "This cannot be undone: they are 7.8 KB, the trash has room for 5.8 KB."
    assert said in dialog.words("dialog .dialog-body")
    assert _agree(visitor, dialog).toast() == "Removed 2 jobs" and in_trash(redis) == []


def test_a_promise_is_kept_or_nothing_is_removed(client: OmniqClient, redis: Any) -> None:
    fail_jobs(client, QUEUE, ["a", "b", "c", "d"], now_ms=NOW - 1_000)
    visitor = browser(client, undo_jobs=2)
    two, every = _ask(visitor, "a", "b"), visitor.press(visitor.get(f"{FAILED}?prefix=a"), ALL)
    client.remove_jobs_batch(queue=QUEUE, lane="failed", job_ids=["c", "d"], keep=Keep("other"))
    for dialog in (two, every):
        again = _agree(visitor, dialog)
        assert (again.status, redis.llen("{mail}:failed")) == (409, 2)
        assert "There is no room in the trash any more. Nothing was changed" in again.words("dialog .alert")
        assert "This cannot be undone" in again.words("dialog .dialog-body")
    assert _agree(visitor, again).status == 200 and redis.exists("{mail}:job:b") == 1
    page = visitor.get(FAILED)
    agreed = _agree(visitor, visitor.press(page, row_button(page, "b", "remove")))
    assert agreed.toast() == "Removed 1 job"


def test_two_operators_undo_at_once(visitor: Browser, client: OmniqClient, redis: Any) -> None:
    fail_jobs(client, QUEUE, 250, now_ms=NOW - 1_000)
    before = settled(redis, QUEUE)
    over = _remove_filter(visitor, client, f"{FAILED}?q=account")
    path, told, together = over.one("#task-actions button[formaction$=restore]")["formaction"], [], threading.Barrier(2)

    def undo() -> None:
        other = Browser(visitor.app)
        together.wait(10)
        told.append(other.post(path, {"back": FAILED}).toast())

    both = [threading.Thread(target=undo) for _ in range(2)]
    for one in both:
        one.start()
    for one in both:
        one.join(30)
    assert len(told) == 2
    assert sum(int(found[1]) for text in told if (found := re.match(r"Put back (\d+) job", text))) == 250, told
    assert settled(redis, QUEUE) == before


def test_why_a_job_cannot_come_back(client: OmniqClient, redis: Any) -> None:
    complete_jobs(client, QUEUE, ["old"], now_ms=NOW - 9_000)
    visitor = browser(client)
    page = visitor.get(f"/queues/{QUEUE}/completed")
    removed = _agree(visitor, visitor.press(page, row_button(page, "old", "remove")))
    complete_jobs(client, QUEUE, 100, now_ms=NOW - 1_000)
    said = "Put back 0 jobs 1 job left out: 100 newer completed jobs are kept"
    assert _undo(visitor, removed).toast() == said


@pytest.mark.parametrize("key", ["g:G:wait", "failed"])
def test_broken_keys_stop_an_undo_and_say_which(client: OmniqClient, redis: Any, key: str) -> None:
    publish_jobs(client, QUEUE, ["w"], now_ms=NOW, gid="G")
    visitor = browser(client)
    page = visitor.get(f"/queues/{QUEUE}/waiting")
    removed = _agree(visitor, visitor.press(page, row_button(page, "w", "remove")))
    redis.delete(f"{{mail}}:{key}")
    redis.hset(f"{{mail}}:{key}", "of", "another type")
    back = _undo(visitor, removed)
    if key == "failed":
        assert "{mail}:failed is a hash, not a list; nothing was changed" in back.words("body")
    else:
        assert back.toast() == "Put back 0 jobs 1 job left out: a key of its group is of another type"
    redis.delete(f"{{mail}}:{key}")
    assert _undo(visitor, removed).toast() == "Put back 1 job"


def test_no_undo_at_all_when_it_is_turned_off(client: OmniqClient, redis: Any) -> None:
    fail_jobs(client, QUEUE, ["a", "b", "c", "d"], now_ms=NOW - 1_000)
    visitor = browser(client, undo_ms=0)
    removed = _agree(visitor, _ask(visitor, "a"))
    assert removed.toast() == "Removed 1 job"
    task = _remove_filter(visitor, client, f"{FAILED}?q=account")
    for page in (removed, task, visitor.get("/activity")):
        assert page.soup.select("[formaction$=restore]") == []
    assert "Undo" not in task.words("#task-facts") and in_trash(redis) == []
    nothing = visitor.post(f"/queues/{QUEUE}/trash/{'a' * 16}/restore", {})
    assert nothing.toast() == "Nothing is left to undo Undo is off here."
