"""Each finding of a check is repaired from its dialog: shown before, begun as a task, gone at the check after it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from dashboard.access import Allow, Decision, Deny
from dashboard.repair_words import effect, kind_name, repair_label, repairable
from omniq_core import FINDING_KINDS, OmniqClient, RepairPreview, Task, pack_report, read_health, start_check
from omniq_core.operator.findings import Finding, findings_commands
from tests.operator.repairing import worked_off
from tests.operator.test_check_kinds import begun
from tests.operator.test_check_runner import NOW, runner, work
from tests.support.invariants import check_invariants
from tests.web.pages_support import SCRIPT, Browser, Page, browser, everything, words
from tests.web.test_health_findings import keep, one, report

pytestmark = pytest.mark.broken_data
REPAIRABLE = [kind for kind in FINDING_KINDS if kind != "over_limit"]
SAID: dict[str, tuple[str, list[str]]] = {
    "inflight": ("Repair 1 group", ["g", "In flight", "1", "0"]),
    "ready_missing": ("Repair 1 group", ["g", "Ready set", "Missing", "In it"]),
    "ready_extra": ("Repair 1 group", ["nobody", "Ready set", "In it", "Not in it"]),
    "leases": ("Reap 1 lease", ["Leases that ran out", "1", "0"]),
    "counters": ("Recount 1 figure", ["failed", "Stored", "7", "1"]),
    "idx": ("Repair 1 job", ["f", "Index", "Missing", "Failed"]),
    "ghosts": ("Repair 1 job", ["ghost", "Lane", "Waiting", "Taken out: there is no job"]),
    "orphans": ("Repair 1 job", ["o", "Lane", "None, state failed", "Failed"]),
    "two_lanes": ("Repair 1 job", ["d", "Lane", "Delayed, Failed", "Delayed"]),
    "states": ("Repair 1 job", ["f", "State", "Completed", "Failed"]),
    "types": ("Repair 1 key", ["job:text", "Type", "A string", "Put aside for 7 d"]),
    "completed_over": ("Remove 1 job", ["Completed jobs kept", "101", "100"]),
    "old_index": ("Index 10 jobs", ["Active jobs in the index", "0", "3"]),
    "old_stats": ("Count 1 queue", ["waiting", "Stored", "Missing", "2"]),
}
"""The button of each, and the first row of what it changes."""
PAST = {"Repair": "Repaired", "Reap": "Reaped", "Recount": "Recounted", "Remove": "Removed"}
PAST |= {"Index": "Indexed", "Count": "Counted"}


def visitor_of(client: OmniqClient, **settings: Any) -> Browser:
    return browser(client, clock=lambda: NOW, **settings)


def checked(client: OmniqClient, redis: Any, kind: str) -> Browser:
    """Somebody who looks after a check of queue `a`, which is broken in that way."""
    check, timer, _ = begun(client, redis, kind)
    work(check, timer, client)
    return visitor_of(client)


def rows(page: Page) -> list[list[str]]:
    return [[words(cell) for cell in row.select("th, td")] for row in page.soup.select("dialog tbody tr")]


def press(visitor: Browser, dialog: Page, *, script: bool = False) -> Page:
    return visitor.press(dialog, "dialog .dialog-foot button[class*=button]:last-child", script=script)


def work_all_off(client: OmniqClient, page: Page) -> Task:
    """The task of that page to its end, and the check that follows; the task as it ended."""
    task = worked_off(client, "a", page.path.rsplit("/", 1)[1], NOW)
    work(*runner(client), client)
    return task


@pytest.mark.parametrize("kind", REPAIRABLE)
def test_it_is_shown_repaired_and_gone(client: OmniqClient, redis: Any, kind: str) -> None:
    shown_repaired_and_gone(client, redis, kind)


def shown_repaired_and_gone(client: OmniqClient, redis: Any, kind: str) -> None:
    """The whole way of one kind, from the check that finds it to the check that does not; `redis` has queue `a`."""
    visitor = checked(client, redis, kind)
    dialog = visitor.get(f"/health/repairs/{kind}")
    label, row = SAID[kind]
    assert (dialog.words("dialog h2"), rows(dialog)[0]) == (f"{label} of a?", row)
    assert effect(kind, "put_back" if kind == "orphans" else "") in dialog.words(".dialog-body")
    page = press(visitor, dialog)
    assert page.words("h1") == label
    task = work_all_off(client, page)
    assert (task.done, task.skipped) == (task.total, 0)
    page = visitor.get(page.path)
    assert page.words("#task-state") == "Finished"
    (report,) = read_health(client.link).reports
    assert report.found == {}
    check_invariants(redis, "a")
    ended, begin = visitor.get("/activity").rows("activity")
    verb, _, what = label.partition(" ")
    assert f"{PAST[verb]} {what}" in ended, ended
    assert label in begin, begin
    assert all(any(kind_name(kind) in cell for cell in row) for row in (ended, begin)), (ended, begin)


def test_it_changed_after_it_was_shown(client: OmniqClient, redis: Any) -> None:
    visitor = checked(client, redis, "idx")
    dialog = visitor.get("/queues/a/repairs/idx")
    redis.zrem("{a}:idx:delayed", "d")
    start_check(client.link, "c2", ["a"], by="", now_ms=NOW)
    work(*runner(client), client)
    late = press(visitor, dialog, script=True)
    assert late.status == 409 and "nothing was repaired" in late.words(".alert")
    assert len(rows(late)) == 2 and not redis.keys("{a}:x:task:*")
    assert redis.zscore("{a}:idx:delayed", "d") is None


def test_a_second_press_begins_no_second_task(client: OmniqClient, redis: Any) -> None:
    visitor = checked(client, redis, "idx")
    dialog = visitor.get("/queues/a/repairs/idx")
    first, second = press(visitor, dialog), press(visitor, dialog)
    assert first.path == second.path and len(redis.keys("{a}:x:task:*")) == 1


def test_without_its_confirmation_nothing_begins(client: OmniqClient, redis: Any) -> None:
    visitor = checked(client, redis, "idx")
    for token in ("", visitor.get("/queues/a/repairs/states").soup.get_text()[:9], "x"):
        refused = visitor.post("/queues/a/repairs/idx", {"confirm_token": token, "back": "/health"}, script=True)
        assert refused.status == 409 and "Nothing was changed" in refused.words(".alert")
    assert not redis.keys("{a}:x:task:*")


def test_orphans_are_put_back_or_removed_as_is_chosen(client: OmniqClient, redis: Any) -> None:
    visitor = checked(client, redis, "orphans")
    dialog = visitor.get("/health/repairs/orphans")
    other = visitor.follow(dialog, ".dialog-body a")
    assert other.words("dialog h2") == "Remove 1 job of a?"
    assert "This cannot be undone." in other.words(".dialog-body")
    assert rows(other) == [["o", "Lane", "None, state failed", "Removed"]]
    task = work_all_off(client, press(visitor, other))
    assert (task.done, redis.exists("{a}:job:o")) == (1, 0)
    check_invariants(redis, "a")
    visitor.get("/queues/a/repairs/orphans?choice=eat", status=400)


def test_more_than_a_hundred_are_removed_by_name_only(client: OmniqClient, redis: Any) -> None:
    visitor = checked(client, redis, "orphans")
    each = [
        Finding("orphans", "a", f"o{n}", {"state": "failed", "lanes": [], "idx": [], "print": ""}) for n in range(101)
    ]
    redis.hset("{a}:job:o0", mapping={"id": "o0", "state": "failed"})
    client.link.pipeline(findings_commands("a", each))
    put_back = visitor.get("/queues/a/repairs/orphans?back=/health")
    assert not put_back.soup.select("dialog input[name=confirm]")
    dialog = visitor.follow(put_back, ".dialog-body a")
    assert dialog.one("dialog input[name=confirm]")["pattern"] == "a"
    assert dialog.one("dialog .dialog-foot a")["href"] == "/health"
    fields = {i["name"]: i.get("value", "") for i in dialog.soup.select("dialog input[type=hidden]")}
    refused = visitor.post("/queues/a/repairs/orphans", fields | {"confirm": "b"}, script=True)
    assert refused.status == 400 and "Type a exactly" in refused.words(".alert")
    assert not redis.keys("{a}:x:task:*")
    begun_now = visitor.post("/queues/a/repairs/orphans", fields | {"confirm": "a"})
    assert begun_now.words("h1") == "Remove 101 jobs"


def test_it_says_that_the_check_after_it_finds_what_was_not_kept(
    client: OmniqClient, redis: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    visitor = checked(client, redis, "orphans")
    told = "More than {} of a kind are not kept one by one: the check after it finds the others."
    assert "More than" not in visitor.get("/queues/a/repairs/orphans").words(".dialog-body")
    monkeypatch.setattr(RepairPreview, "most", 1)
    assert told.format(1) in visitor.get("/queues/a/repairs/orphans").words(".dialog-body")


def test_names_of_groups_are_told_to_the_byte(client: OmniqClient, redis: Any) -> None:
    visitor = checked(client, redis, "orphans")
    redis.hset("{a}:job:o", mapping={"state": "wait", "gid": b"<b>\xff\n"})
    start_check(client.link, "c2", ["a"], by="", now_ms=NOW)
    work(*runner(client), client)
    dialog = visitor.get("/queues/a/repairs/orphans")
    assert rows(dialog) == [["o", "Lane", "None, state waiting", "Waiting in group <b>‹0xFF›‹U+000A›"]]


def test_of_several_queues_it_is_asked_which(client: OmniqClient, redis: Any) -> None:
    visitor = checked(client, redis, "idx")
    (report,) = read_health(client.link).reports
    redis.hset("{omniq:x}:health", "b", pack_report(replace(report, queue="b", found={"idx": 2_000}, rows=())))
    asked = visitor.get("/health/repairs/idx")
    assert rows(asked) == [["a", "Repair 1 job"], ["b", "Repair 2,000 jobs"]]
    link = asked.soup.select("dialog tbody a")[0]
    assert visitor.get(link["href"]).words("dialog h2") == "Repair 1 job of a?"

    def only_b(_request: Any, action: str, queue: str | None) -> Decision:
        return Deny() if queue == "a" or (action == "repair" and queue is None) else Allow()

    limited = visitor_of(client, access=only_b)
    gone = limited.get("/health/repairs/idx", headers=SCRIPT)
    assert "nothing to repair any more" in gone.toast()  # that of b has been repaired meanwhile
    again = limited.get("/health/repairs/idx")
    assert (again.path, "nothing to repair any more" in again.toast()) == ("/health", True)
    assert limited.post("/queues/a/repairs/idx", {}).status == 403
    limited.get("/queues/a/repairs/idx", status=403)


def test_each_queue_says_how_much_its_own_repair_deals_with(client: OmniqClient, redis: Any) -> None:
    two = (
        report("a", one("leases", "a", expired=30, oldest=NOW - 90_000, last_reserve=0), found={"orphans": 30_000}),
        report("b", one("completed_over", "b", stored=180), one("leases", "b", expired=2, oldest=NOW - 90_000)),
    )
    keep(redis, *two)
    visitor = visitor_of(client)
    assert rows(visitor.get("/health/repairs/leases")) == [["a", "Reap 30 leases"], ["b", "Reap 2 leases"]]
    page = visitor.get("/health")
    said = {name: page.words(f"#repair-{name}") for name in ("leases", "completed_over", "orphans")}
    # One repair deals with what the check wrote down one by one.
    assert said == {"leases": "Reap 32 leases", "completed_over": "Remove 80 jobs", "orphans": "Repair 20,000 jobs"}


def test_jobs_that_nobody_knows_a_place_for_are_offered_for_removal(client: OmniqClient, redis: Any) -> None:
    visitor = checked(client, redis, "orphans")
    redis.hset("{a}:job:o", "state", "strange")
    start_check(client.link, "c2", ["a"], by="", now_ms=NOW)
    work(*runner(client), client)
    dialog = visitor.get("/queues/a/repairs/orphans")
    assert dialog.words("dialog h2") == "Remove 1 job of a?"
    assert rows(dialog) == [["o", "Lane", "None, state strange", "Removed"]]
    asked = visitor.get("/queues/a/repairs/orphans?choice=put_back")
    assert rows(asked) == [["o", "Lane", "None, state strange", "Left as it is: its state is unknown"]]


def test_a_reader_is_offered_nothing(client: OmniqClient, redis: Any) -> None:
    checked(client, redis, "idx")
    before = everything(redis)
    reader = visitor_of(client, read_only=True)
    reader.get("/queues/a/repairs/idx", status=403)
    assert reader.post("/queues/a/repairs/idx", {}).status == 403
    assert everything(redis) == before


def test_what_ends_by_itself_and_what_is_no_kind_has_no_dialog(client: OmniqClient, redis: Any) -> None:
    visitor = checked(client, redis, "over_limit")
    assert not repairable("over_limit")
    for path in ("/health/repairs/over_limit", "/health/repairs/nonsense", "/queues/a/repairs/over_limit"):
        visitor.get(path, status=404)


def test_names_from_anywhere_are_shown_as_they_are(client: OmniqClient, redis: Any) -> None:
    hostile = "<script>alert(1)</script>" + "x" * 200 + "\udcff\u202e"
    raw = hostile.encode("utf-8", "surrogateescape")
    visitor = checked(client, redis, "idx")
    redis.set(b"{a}:g:" + raw + b":inflight", 3)
    client.link.pipeline(findings_commands("a", [Finding("inflight", "a", hostile, {"found": 0})]))
    dialog = visitor.get("/queues/a/repairs/inflight")
    cell = dialog.one("dialog tbody th")
    assert cell["title"].startswith("<script>alert(1)</script>xx") and cell["title"].endswith("‹0xFF›‹U+202E›")
    assert not dialog.soup.select("dialog script")
    assert repair_label("inflight", 1) in dialog.words("dialog h2")
