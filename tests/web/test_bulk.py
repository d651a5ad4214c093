"""Retry, remove and run now of everything that matches: counted, confirmed, then a task, with script and without."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from dashboard.queries.tasks import look_again
from dashboard.views.bulk import pattern
from omniq_core import OmniqClient, TaskRunner
from tests.support.clock import Clock
from tests.support.factories import delay_jobs, fail_jobs, publish_jobs
from tests.support.invariants import check_invariants
from tests.web.pages_support import NOW, QUEUE, SCRIPT, UNDO, Browser, Page, pages_app

CLOCK = Clock(NOW)
FAILED = f"/queues/{QUEUE}/failed"
ASK, REMOVE = f"/queues/{QUEUE}/jobs/remove/confirm", f"/queues/{QUEUE}/jobs/remove"


@pytest.fixture
def visitor(client: OmniqClient, redis: Any) -> Iterator[Browser]:
    CLOCK.now_ms = NOW
    yield Browser(pages_app(client, clock=CLOCK))
    check_invariants(redis)


def errors(n: int) -> str:
    return "ValueError: no" if n % 10 < 3 else "KeyError: 'x'"


def work(client: OmniqClient) -> None:
    """What a process of the dashboard does until no task is open."""
    works = TaskRunner(client.link, lambda: NOW, timer=iter(range(0, 10_000_000, 2)).__next__)
    for _ in range(30):
        works.tick()
    works.close()
    CLOCK.advance(1_000)


def press(visitor: Browser, page: Page, label: str, **options: Any) -> Page:
    button = next(b for b in page.soup.select("button") if b.get_text(strip=True) == label)
    return visitor.press(page, button, **options)


def fields(dialog: Page) -> dict[str, str]:
    return {i["name"]: i.get("value", "") for i in dialog.soup.select("dialog input[type=hidden]")}


def test_a_task_that_is_done_before_its_answer_is_told_in_it(
    visitor: Browser, client: OmniqClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    fail_jobs(client, QUEUE, 3, now_ms=NOW - 1_000)
    dialog = press(visitor, visitor.get(FAILED), "Remove 3")
    monkeypatch.setattr("dashboard.views.begun.look_again", lambda link: (work(client), look_again(link)))
    answer = visitor.post(REMOVE, fields(dialog), script=True)
    assert answer.toast().startswith("Removed 3 jobs")
    assert answer.region("dialog").get_text() == ""


def test_300_of_1000_without_script(visitor: Browser, client: OmniqClient, redis: Any) -> None:
    fail_jobs(client, QUEUE, 1_000, now_ms=NOW - 100_000, error=errors)
    page = visitor.get(f"{FAILED}?q=ValueError")
    assert page.words("#lane-actions").split(" Export ")[0] == "Retry 300 matching Remove 300 matching"
    dialog = press(visitor, page, "Remove 300 matching")
    assert dialog.words("dialog h2") == "Remove 300 failed jobs?"
    assert "Error contains ValueError" in dialog.words("dialog .quote")
    fail_jobs(client, QUEUE, ["late"], now_ms=NOW + 5, error="ValueError: no")
    begun = visitor.post(REMOVE, fields(dialog) | {"confirm": QUEUE})
    assert begun.words("h1") == "Remove 300 failed jobs"
    assert begun.words("#task-state") == "Running"
    assert redis.llen(f"{{{QUEUE}}}:failed") == 1_001
    work(client)
    over = visitor.get(begun.path)
    assert over.words("#task-facts").startswith("Removed 300 Skipped 0 Left 0 Undo works until")
    assert all(said in over.words("#task-about") for said in ("Error contains ValueError", "Started by 127.0.0.1, "))
    assert {row[1] for row in visitor.get("/activity").rows("activity")} == {"127.0.0.1"}
    assert visitor.get(f"{FAILED}?q=ValueError").job_ids() == ["late"]
    assert redis.llen(f"{{{QUEUE}}}:failed") == 701


def test_all_of_this_view_while_more_fail(visitor: Browser, client: OmniqClient, redis: Any) -> None:
    old = fail_jobs(client, QUEUE, [f"old-{n}" for n in range(50)], now_ms=NOW - 1_000)
    page = visitor.get(FAILED)
    fail_jobs(client, QUEUE, [f"more-{n}" for n in range(10)], now_ms=NOW - 500)
    dialog = press(visitor, page, "Remove 50")
    assert dialog.words("dialog h2") == "Remove 60 failed jobs?"  # what is there when it asks, and says so
    late = fail_jobs(client, QUEUE, [f"late-{n}" for n in range(10)], now_ms=NOW)
    visitor.post(REMOVE, fields(dialog))
    work(client)
    assert visitor.get(FAILED).job_ids() == late[::-1]
    assert not redis.exists(f"{{{QUEUE}}}:job:{old[0]}")


def test_the_name_is_typed_above_a_hundred(visitor: Browser, client: OmniqClient, redis: Any) -> None:
    fail_jobs(client, QUEUE, 101, now_ms=NOW - 1_000)
    dialog = visitor.post(ASK, {"scope": "filter", "lane": "failed"})
    typed = dialog.one("input[name=confirm]")
    assert (typed["pattern"], typed.has_attr("required")) == (QUEUE, True)
    for wrong in ("", "mai", "MAIL"):
        again = visitor.post(REMOVE, fields(dialog) | {"confirm": wrong})
        assert again.status == 400
        assert "The name does not match. Type mail exactly." in again.words("dialog .alert")
        assert again.one("input[name=confirm]")["value"] == wrong
    assert not redis.exists("{omniq:x}:tasks")
    visitor.post(REMOVE, fields(again) | {"confirm": f" {QUEUE} "})
    work(client)
    assert redis.llen(f"{{{QUEUE}}}:failed") == 0


def test_a_hundred_need_no_name_and_the_oldest_can_be_taken(visitor: Browser, client: OmniqClient, redis: Any) -> None:
    names = fail_jobs(client, QUEUE, 250, now_ms=NOW - 1_000)
    left = 250
    for _ in range(3):
        dialog = visitor.post(f"/queues/{QUEUE}/jobs/retry/confirm", {"scope": "filter"})
        if left > 100:
            dialog = press(visitor, dialog, "Only the oldest 100")
        assert dialog.words("dialog h2") == f"Retry {min(left, 100)} failed jobs?"
        assert not dialog.soup.select("input[name=confirm]")
        visitor.post(f"/queues/{QUEUE}/jobs/retry", fields(dialog))
        work(client)
        left -= min(left, 100)
        assert redis.llen(f"{{{QUEUE}}}:failed") == left
    assert [raw.decode() for raw in redis.lrange(f"{{{QUEUE}}}:wait", 0, -1)] == names


def test_a_double_click_is_one_task(visitor: Browser, client: OmniqClient, redis: Any) -> None:
    fail_jobs(client, QUEUE, 5, now_ms=NOW - 1_000)
    dialog = visitor.post(ASK, {"scope": "filter", "lane": "failed"})
    first, second = (visitor.post(REMOVE, fields(dialog)) for _ in range(2))
    assert first.path == second.path
    assert redis.zcard("{omniq:x}:tasks") == 1


@pytest.mark.parametrize(
    "change",
    [{"confirm_token": ""}, {"confirm_token": "x.y"}, {"lane": "completed"}],
)
def test_nothing_without_the_token_of_exactly_this(
    visitor: Browser, client: OmniqClient, redis: Any, change: dict[str, str]
) -> None:
    fail_jobs(client, QUEUE, 5, now_ms=NOW - 1_000)
    dialog = visitor.post(ASK, {"scope": "filter", "lane": "failed"})
    refused = visitor.post(REMOVE, fields(dialog) | change)
    assert refused.status == (409 if "lane" not in change else 200)
    assert not redis.exists("{omniq:x}:tasks")
    other = visitor.post(f"/queues/{QUEUE}/jobs/retry", fields(dialog))
    assert other.status == 409
    CLOCK.advance(11 * 60_000)
    late = visitor.post(REMOVE, fields(dialog))
    assert late.status == 409
    assert "older than 10 min" in late.words("dialog .alert")
    assert not redis.exists("{omniq:x}:tasks")


def test_run_now_and_the_pace(visitor: Browser, client: OmniqClient, redis: Any) -> None:
    delay_jobs(client, QUEUE, 4, now_ms=NOW - 1_000, due_ms=NOW + 99_000)
    publish_jobs(client, QUEUE, ["w"], now_ms=NOW - 2_000)
    path = f"/queues/{QUEUE}/jobs/run-now"
    page = visitor.get(f"/queues/{QUEUE}/delayed")
    dialog = press(visitor, page, "Run 4 now")
    assert dialog.words("dialog h2") == "Run 4 delayed jobs now?"
    assert "1 waits before them" in dialog.words("dialog .dialog-body")
    assert [i["value"] for i in dialog.soup.select("input[name=pace]")] == ["now", "rate", "spread"]
    bad = visitor.post(path, fields(dialog) | {"pace": "rate", "per_s": "0"})
    assert (bad.status, bad.words("dialog .alert")) == (400, "Use a whole number from 1 to 10,000.")
    assert bad.one("input[value=rate]").has_attr("checked")
    begun = visitor.post(path, fields(dialog) | {"pace": "spread", "spread": "1m"})
    assert "Pace One every 15 s" in begun.words("#task-about")
    work(client)
    assert redis.zcard(f"{{{QUEUE}}}:delayed") == 0
    assert "What is moved stays moved." in visitor.get(begun.path).words()


def test_a_probe_is_watched_and_gone_on_with(visitor: Browser, client: OmniqClient, redis: Any) -> None:
    fail_jobs(client, QUEUE, 30, now_ms=NOW - 1_000)
    dialog = visitor.post(f"/queues/{QUEUE}/jobs/retry/confirm", {"scope": "filter"})
    assert "This still happens: 30 jobs failed in the last minute" in dialog.words("dialog")
    begun = visitor.post(f"/queues/{QUEUE}/jobs/retry", fields(dialog) | {"pace": "probe", "probe": "10"})
    work(client)
    for n in range(2):
        job: Any = client.reserve(queue=QUEUE, now_ms_override=NOW)
        lease = {"queue": QUEUE, "job_id": job.job_id, "lease_token": job.lease_token, "now_ms_override": NOW}
        client.ack_fail(**lease, error="E") if n else client.ack_success(**lease)
    work(client)
    page = visitor.get(begun.path)
    assert page.words("#task-state") == "Probing"
    assert "Probing: 2 of 10 ended, 1 well, 1 failed again" in page.words("#task")
    assert "Probing with 10 jobs" in visitor.get("/").words("#tasks")
    assert page.words("#tasks") == ""
    after = press(visitor, page, "Continue with 20")
    assert after.words("#task-state") == "Running"
    work(client)
    assert visitor.get(begun.path).words("#task-facts").startswith("Retried 30 ")


def test_the_card_stands_on_every_page_and_ends_in_a_toast(visitor: Browser, client: OmniqClient, redis: Any) -> None:
    fail_jobs(client, QUEUE, 5, now_ms=NOW - 1_000)
    dialog = visitor.post(ASK, {"scope": "filter", "lane": "failed"}, script=True)
    begun = visitor.post(REMOVE, fields(dialog) | {"back": FAILED}, script=True)
    assert {"tasks", "dialog", "jobs"} <= set(begun.targets())
    name = begun.one(".task")["data-task"]
    assert "Removing 5 jobs mail Cancel" in begun.words(".task")
    for path in ("/", FAILED, "/children"):
        assert visitor.get(path).one("#tasks .task")["data-task"] == name
    tick = visitor.get(f"/?live=1&task={name}", headers=SCRIPT)
    assert (tick.one(".task")["data-task"], tick.toast()) == (name, "")
    work(client)
    tick = visitor.get(f"/?live=1&task={name}", headers=SCRIPT)
    assert not tick.soup.select(".task")
    assert tick.toast() == f"Removed 5 jobs{UNDO} Details"
    assert visitor.get("/?live=1", headers=SCRIPT).toast() == ""
    assert not visitor.get("/").soup.select("#tasks .task")


def test_cancel_and_go_on(visitor: Browser, client: OmniqClient, redis: Any) -> None:
    fail_jobs(client, QUEUE, 60, now_ms=NOW - 1_000)
    dialog = visitor.post(ASK, {"scope": "filter", "lane": "failed"})
    begun = visitor.post(REMOVE, fields(dialog))
    works = TaskRunner(client.link, lambda: NOW)
    works.tick()
    works.close()
    CLOCK.advance(1_000)
    page = visitor.get(begun.path)
    assert page.words("#task-actions") == "Cancel"
    card = press(visitor, visitor.get("/"), "Cancel", script=True)
    assert "Stopped at 25 of 60" in card.words(".task")
    assert "25 removed, 35 left untouched Go on" in card.words(".task")
    name = card.one(".task")["data-task"]
    assert "Stopped" in visitor.get(f"{FAILED}?live=1&task={name}", headers=SCRIPT).words(".task")
    stopped = visitor.get(begun.path)
    assert stopped.words("#task-state") == "Stopped"
    press(visitor, stopped, "Go on with 35")
    work(client)
    assert redis.llen(f"{{{QUEUE}}}:failed") == 0


def test_a_count_that_takes_longer_than_an_answer(
    visitor: Browser, client: OmniqClient, redis: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    fail_jobs(client, QUEUE, 900, now_ms=NOW - 10_000, error=errors)
    monkeypatch.setattr("omniq_core.operator.lane_scan.BUDGET_MS", 0.0)
    monkeypatch.setattr("omniq_core.operator.lane_scan.FIRST_WORK", 100)
    monkeypatch.setattr("omniq_core.operator.selection.COUNT_MS", 0.0)
    shown = visitor.post(f"{ASK}?q=ValueError", {"scope": "filter", "lane": "failed"})
    looks = 0
    while "Counting:" in shown.words("dialog"):
        looks += 1
        assert shown.words("dialog button[type=submit]:not([hidden])") == "Look further"
        fail_jobs(client, QUEUE, [f"late-{looks}"], now_ms=NOW, error="ValueError")
        shown = press(visitor, shown, "Look further")
    assert looks > 1
    assert shown.words("dialog h2") == "Remove 270 failed jobs?"
    by_script = visitor.post(f"{ASK}?q=ValueError", {"scope": "filter", "lane": "failed"}, script=True)
    assert by_script.one("dialog button.button:not([formmethod])").has_attr("disabled")
    assert by_script.one("[hx-trigger]")["hx-post"] == ASK


def test_nothing_to_do(visitor: Browser, client: OmniqClient) -> None:
    fail_jobs(client, QUEUE, 2, now_ms=NOW - 10_000)
    told = visitor.post(f"{ASK}?q=moon", {"scope": "filter", "lane": "failed", "back": FAILED})
    assert told.toast() == "No failed job matches Nothing was changed."
    assert visitor.post(f"{ASK}?payload=..", {"scope": "filter", "lane": "failed"}).status == 400


def test_tasks_that_are_not_there_or_not_yours(visitor: Browser, client: OmniqClient, redis: Any) -> None:
    fail_jobs(client, QUEUE, 2, now_ms=NOW - 10_000)
    for name in ("0" * 16, "x", "..", "A" * 16):
        visitor.get(f"/queues/{QUEUE}/tasks/{name}", 404)
    assert visitor.post(f"/queues/{QUEUE}/tasks/{'0' * 16}/cancel", {}).status == 404
    dialog = visitor.post(ASK, {"scope": "filter", "lane": "failed"})
    begun = visitor.post(REMOVE, fields(dialog))
    other = Browser(pages_app(client, clock=CLOCK, queues="other"))
    assert not other.get("/").soup.select("#tasks .task")
    other.get(begun.path, 404)
    reader = Browser(pages_app(client, clock=CLOCK, read_only=True))
    page = reader.get(begun.path)
    assert not page.soup.select("#tasks button, #task-actions button")
    assert (page.words(".crumbs"), page.words(".topnav [aria-current=true]")) == ("Activity Task", "Activity")
    assert reader.post(f"{begun.path}/cancel", {}).status == 403


def test_the_pattern_escapes_what_a_pattern_could_mistake() -> None:
    assert pattern("a.b-c_D9") == "a\\.b-c_D9"
    assert pattern("^$*+?()[]{}|/\\") == "".join(f"\\{c}" for c in "^$*+?()[]{}|/\\")


def test_everything_is_selected_by_an_address(visitor: Browser, client: OmniqClient, redis: Any) -> None:
    fail_jobs(client, QUEUE, 100, now_ms=NOW - 1_000, error=errors)
    page = visitor.get(f"{FAILED}?q=ValueError&size=25")
    everything = visitor.follow(page, "#bulk-bar a.text-button")
    assert "30 matching selected Runs as a task" in everything.words("#bulk-bar")
    dialog = press(visitor, everything, "Remove 30")
    assert dialog.words("dialog h2") == "Remove 30 failed jobs?"
    assert not visitor.follow(everything, "#bulk-bar a.text-button").soup.select(".bulk-bar.all")
    assert not visitor.get(f"{FAILED}?q=ValueError").soup.select("#bulk-bar a.text-button")  # all 30 are in sight
    reader = Browser(pages_app(client, clock=CLOCK, read_only=True))
    assert not reader.get(f"{FAILED}?scope=filter").soup.select(".bulk-bar")
