"""The Health page: what checks of queues found, who may see it, and what people say to the check."""

from __future__ import annotations

from typing import Any

import pytest

from dashboard.access import Allow, Decision, Deny
from dashboard.health_words import KINDS
from omniq_core import FINDING_KINDS, CheckRunner, Finding, OmniqClient, Report, pack_report, start_check
from tests.operator.bulk import Timer
from tests.operator.test_server_facts import user_without
from tests.support.factories import publish_jobs
from tests.support.redis_server import RedisServer
from tests.web.pages_support import NOW, SCRIPT, Browser, Page, browser, words
from tests.web.test_recorded_refusals import somebody

HEALTH = "{omniq:x}:health"
HOSTILE = "<script>alert(1)</script>\u202e\udcff" + "x" * 300


def report(queue: str, *rows: Finding, **said: Any) -> Report:
    """What a check found: these rows and, in `found`, how many of each kind there are."""
    found = {row.kind: sum(one.kind == row.kind for one in rows) for row in rows} | said.pop("found", {})
    usual: dict[str, Any] = {"at_ms": NOW - 40_000, "jobs": 2_000, "groups": 7}
    return Report(queue, **{**usual, **said}, found=found, rows=rows)


def keep(redis: Any, *reports: Report) -> None:
    redis.hset(HEALTH, mapping={one.queue: pack_report(one) for one in reports})


def one(kind: Any, queue: str, subject: str = "", **facts: Any) -> Finding:
    return Finding(kind, queue, subject, facts)


def rows(page: Page, kind: str) -> list[str]:
    return [words(row) for row in page.soup.select(f"#check-{kind}-panel tbody tr")]


DRAWN = (
    report(
        "tenant-import",
        one("inflight", "tenant-import", "tenant-8841", stored=2, found=0, waiting=1_204),
        one("ready_missing", "tenant-import", "tenant-2207", in_flight=0, limit=2, waiting=36),
    ),
    report(
        "image-resize",
        one("leases", "image-resize", expired=16, oldest=NOW - 342_000, last_reserve=NOW - 372_000),
    ),
    report(
        "crm-sync",
        one("counters", "crm-sync", "waiting_total", stored=1_212, found=1_208),
        one("counters", "crm-sync", "delayed", stored=339, found=340),
    ),
    report("audit-log", at_ms=NOW - 41_000),
)


@pytest.mark.broken_data
def test_as_drawn(client: OmniqClient, redis: Any) -> None:
    keep(redis, *DRAWN)
    check = {"id": "c", "state": "finished", "started_ms": NOW - 41_312, "ended_ms": NOW - 40_000, "at": 4}
    redis.hset("{omniq:x}:check", mapping=check)
    page = browser(client).get("/health")
    assert page.words("#health-state") == "5 findings"
    assert page.words("#health-actions") == "Checked 4 queues in 1.3 s, 40 s ago Check again"
    assert page.words("#nav-health") == "5 findings"
    heads = [words(head) for head in page.soup.select("#findings h2")]
    assert heads == [KINDS[kind].title for kind in ("inflight", "ready_missing", "leases", "counters")]
    assert rows(page, "inflight") == ["tenant-import tenant-8841 2 0 1,204"]
    assert rows(page, "ready_missing") == ["tenant-import tenant-2207 0 2 36"]
    assert rows(page, "leases") == ["image-resize {image-resize}:active 16 5 min 42 s 6 min ago"]
    assert rows(page, "counters") == ["crm-sync waiting_total 1,212 1,208 −4", "crm-sync delayed 339 340 +1"]
    passed = [words(line) for line in page.soup.select("#passed li")]
    assert page.words("#passed-h") == f"{len(passed)} checks passed"
    assert "Index sets match their lanes 4 queues" in passed
    assert "Jobs stand in exactly one lane 8,000 jobs" in passed
    assert "No group runs above its limit 28 groups" in passed
    assert not [line for line in passed if line.startswith("Counters match")]


@pytest.mark.broken_data
def test_what_was_not_looked_at_is_not_said_to_be_fine(client: OmniqClient, redis: Any) -> None:
    keep(
        redis,
        report("a", notes=("no_scan",)),
        report("b", notes=("no_scan", "many_running")),
        report("c", jobs=0, groups=0, broken="NOPERM this user has no permissions"),
    )
    page = browser(client).get("/health")
    passed = [words(line) for line in page.soup.select("#passed li")]
    assert "Leases that ran out were reaped within 1 min 2 of 3 queues" in passed
    assert "No group runs above its limit 1 of 3 queues" in passed
    assert not [line for line in passed if line.startswith(("Every job", "Keys have"))]
    assert page.words("#health-state") == "Not all could be checked"
    table = [words(row) for row in page.soup.select("section[aria-labelledby=check-unjudged] tbody tr")]
    assert table == [
        "All of it Redis answered: NOPERM this user has no permissions c",
        "In-flight counts of groups So many jobs run that counting them would hold Redis up b",
        "Jobs in no lane, groups at rest, types of their keys SCAN is not permitted 2 queues: a, b",
    ]


def test_all_is_not_fine_where_redis_may_not_be_asked(
    client: OmniqClient, redis_server: RedisServer, redis: Any
) -> None:
    keep(redis, report("a"))
    assert browser(client).get("/health").words("#health-state") == "All fine"
    with user_without(redis_server, redis, "info") as link:
        page = browser(OmniqClient(redis=link.r)).get("/health")
    assert page.words("#health-state") == "Not all could be checked"
    assert "Redis does not evict keys Not checked: INFO is not permitted" in page.words("#passed")


@pytest.mark.broken_data
def test_every_kind_has_words_and_bears_hostile_names_and_facts(client: OmniqClient, redis: Any) -> None:
    assert set(KINDS) == set(FINDING_KINDS)
    strange: dict[str, Any] = {"stored": HOSTILE, "lanes": [[HOSTILE, 0], [f"g:{HOSTILE}:wait", 1]], "state": HOSTILE}
    strange |= {"idx": {"a": 1}, "keep": 7, "gid": HOSTILE, "wanted": HOSTILE, "in_flight": None, "updated": "1e99"}
    keep(
        redis,
        report("mail", *(one(kind, "mail", HOSTILE, **strange) for kind in FINDING_KINDS)),
        report("bare", *(one(kind, "bare", "", **{}) for kind in FINDING_KINDS), found={"ghosts": 12_345}),
    )
    redis.hset(HEALTH, "torn", b'{"v":1,"rows":[["idx",7]]}')
    page = browser(client).get("/health")
    assert len(page.soup.select("#findings section")) == 15
    assert "<script>alert" not in page.text
    assert "‹U+202E›‹0xFF›" in page.text
    assert "Waiting" in rows(page, "two_lanes")[1]
    assert page.words("#check-ghosts-panel footer") == "And 12,344 more, in 2 queues together."
    assert page.words("#nav-health") == "12,374 findings"


@pytest.mark.broken_data
def test_a_reader_sees_and_checks_only_his_queues(client: OmniqClient, redis: Any) -> None:
    for queue in ("crm-sync", "tenant-import", "mine"):
        publish_jobs(client, queue, 1, now_ms=NOW)
    keep(redis, *DRAWN)

    def access(_request: Any, action: str, queue: str | None) -> Any:
        return Allow() if queue in (None, "crm-sync", "mine") and (action != "repair" or queue != "mine") else Deny()

    visitor = browser(client, access=access, queues="crm-sync,tenant-import,mine")
    page = visitor.get("/health")
    assert page.words("#nav-health") == "2 findings"
    assert "tenant" not in page.words("main")
    assert visitor.press(page, "#check-again").toast() == "Checking crm-sync"
    assert redis.lrange("{omniq:x}:check:queues", 0, -1) == [b"crm-sync"]
    looking = browser(client, read_only=True).get("/health")
    assert not looking.soup.select("main button, main form")


def test_a_check_is_begun_stopped_gone_on_with_and_ends(client: OmniqClient, redis: Any) -> None:
    publish_jobs(client, "mail", 3, now_ms=NOW)
    visitor = browser(client, queues="mail")
    page = visitor.get("/health")
    assert (page.words("#health-state"), page.words("#health-actions")) == ("Never checked", "Check all queues")
    page = visitor.press(page, "#check-again")
    assert page.toast() == "Checking mail"
    assert page.words("#health-state") == "Checking 0%"
    assert page.soup.select("#health-state [data-running]")
    assert page.words("#health-actions") == "Stop Waiting for a process that takes it"
    page = visitor.press(page, "#check-stop")
    assert (page.toast(), page.words("#health-state")) == ("Stopped the check", "Stopped at 0%")
    assert visitor.post("/health/stop", {}).toast() == "No check runs"
    page = visitor.press(page, "#check-resume")
    assert (page.toast(), page.words("#health-state")) == ("The check goes on", "Checking 0%")
    at_work = {"owner_name": "host, process 7", "owner_until": NOW + 9_000, "expected": 10}
    for looked, told in ((9, "Stop Queue 1 of 1"), (10, "Stop Second looks: queue 1 of 1")):
        redis.hset("{omniq:x}:check", mapping={**at_work, "looked": looked})
        assert visitor.get("/health").words("#health-actions") == told
    redis.hset("{omniq:x}:check", mapping={"owner_until": 0, "looked": 0, "expected": 0})
    timer = Timer()
    runner = CheckRunner(client.link, lambda: NOW, timer=timer)
    while redis.hget("{omniq:x}:check", "state") == b"running":
        timer.now += max(runner.tick(), 0.001)
    page = visitor.get("/health")
    assert page.words("#health-state") == "All fine"
    assert page.words("#health-actions") == "Checked 1 queue, now Check again"  # not how long: it lay for a while
    record = [row[2] for row in visitor.get("/activity?action=check").rows("activity")]
    assert record[0].startswith("Let the check of queues go on")
    assert record[-1].startswith("Check 1 queue")


def test_a_check_of_queues_that_somebody_may_not_repair_is_stopped_by_others(client: OmniqClient, redis: Any) -> None:
    redis.sadd("{omniq:x}:queues", "mail", "video")
    start_check(client.link, "c" * 16, ["mail", "video"], by="ana", now_ms=NOW)

    def in_mail(_request: Any, action: str, queue: str | None) -> Decision:
        return Deny() if action == "repair" and queue == "video" else Allow()

    ben, ana = (somebody(client, name, access=in_mail) for name in ("ben", "ana"))
    page = ben.get("/health")
    assert page.words("#health-state") == "Checking 0%" and not page.soup.select("#health-actions button")
    for order in ("stop", "go-on"):
        assert "needs the right to repair in every queue" in ben.post(f"/health/{order}", {}).words()
    assert redis.hget("{omniq:x}:check", "state") == b"running"
    assert ana.press(ana.get("/health"), "#check-stop").toast() == "Stopped the check"  # she began it
    assert not ben.get("/health").soup.select("#check-resume")
    assert somebody(client, "zoe").get("/health").soup.select("#check-resume")


def test_one_queue_is_checked_from_its_menu(client: OmniqClient, redis: Any) -> None:
    publish_jobs(client, "mail", 1, now_ms=NOW)
    visitor: Browser = browser(client)
    page = visitor.press(visitor.get("/queues/mail/waiting"), "#more-check")
    assert (page.path, page.toast()) == ("/health", "Checking mail")
    assert redis.lrange("{omniq:x}:check:queues", 0, -1) == [b"mail"]
    assert visitor.http.post("/queues/mail/check", headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    refused = browser(client, read_only=True).post("/health/check", {})
    assert refused.status == 403


@pytest.mark.broken_data
def test_the_count_in_the_navigation_costs_one_read_in_two_seconds(client: OmniqClient, redis: Any) -> None:
    clock = [NOW]
    visitor = browser(client, clock=lambda: clock[0])

    def count() -> tuple[int, str]:
        before = client.link.round_trips
        shown = visitor.get("/children").words("#nav-health")
        return client.link.round_trips - before, shown

    visitor.get("/children")
    usual, shown = count()
    assert shown == ""
    keep(redis, *DRAWN)
    assert count() == (usual, "")
    clock[0] += 2_000
    visitor.http.get("/children?live=1", headers=SCRIPT)
    assert count() == (usual, "5 findings")


def test_more_queues_than_one_check_takes_get_their_turn(
    client: OmniqClient, redis: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dashboard.views.health_page.MOST_CHECKED", 2)
    for queue in ("a", "b", "c", "d"):
        publish_jobs(client, queue, 1, now_ms=NOW)
    keep(redis, report("a", at_ms=NOW - 9_000), report("b", at_ms=NOW - 12_000), report("d", at_ms=NOW - 5_000))
    visitor = browser(client, queues="a,b,c,d")
    told = visitor.post("/health/check", {}).toast()
    assert told == "Checking 2 queues 2 queues at a time: check again for the other 2."
    assert redis.lrange("{omniq:x}:check:queues", 0, -1) == [b"c", b"b"]
