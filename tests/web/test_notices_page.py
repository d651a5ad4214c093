"""What needs attention on the overview: one sentence and one press each, for this reader, in all sizes of trouble."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Request

from dashboard import Allow, Deny
from dashboard.access import Decision
from dashboard.present import present
from omniq_core import Notice, OmniqClient, pause_queue
from omniq_core.operator.notices import NOTICES, Kept, NoticeBoard, pack_board
from tests.support.factories import fail_jobs, lease_jobs, publish_jobs
from tests.web.pages_support import NOW, SCRIPT, Page, browser, words

SECOND, MINUTE, HOUR = 1_000, 60_000, 3_600_000


def keep(redis: Any, *notices: Notice) -> None:
    """As the leader would have written them."""
    board = NoticeBoard(NOW, tuple(Kept(one, 2, 0, True, one.count) for one in notices))
    redis.set(NOTICES, pack_board(board), px=60_000)


def sentences(page: Page) -> list[str]:
    return [words(one) for one in page.soup.select("#notices .notice p")]


def presses(page: Page) -> list[tuple[str, str, str]]:
    found = page.soup.select("#notices .notice .end > *")
    return [(one.name, one.get("href") or one.get("formaction"), words(one)) for one in found]


@pytest.fixture
def trouble(client: OmniqClient, redis: Any) -> OmniqClient:
    """One queue for each kind of notice, and what the leader found out about it."""
    lease_jobs(client, "images", ["lost"], now_ms=NOW - 372 * SECOND, timeout_ms=30_000)
    publish_jobs(client, "images", 3, now_ms=NOW - 372 * SECOND)
    lease_jobs(client, "crm", ["a", "b"], now_ms=NOW - 3 * MINUTE, timeout_ms=MINUTE)
    fail_jobs(client, "hooks", 3, now_ms=NOW - MINUTE)
    publish_jobs(client, "tenants", 4, now_ms=NOW, gid="t")
    publish_jobs(client, "digest", 5, now_ms=NOW - 3 * HOUR)
    pause_queue(client.link, "digest", now_ms=NOW - 2 * HOUR)
    redis.set("{omniq:x}:scan", '{"v":1,"cursor":0,"done":true,"seen":0,"total":0}')
    redis.hset("{omniq:x}:now", ":at", NOW - SECOND)
    keep(
        redis,
        Notice("stalled", "images", 2, 0, NOW - 372 * SECOND),
        Notice("leases", "crm", 2, 0, NOW - 2 * MINUTE),
        Notice("failing", "hooks", 1893, 9, None, "ConnectionError", "abc", 97),
        Notice("groups", "tenants", 2, 1240),
        Notice("paused", "digest", 1, 0, NOW - 2 * HOUR),
    )
    return client


def test_each_says_what_happened_and_has_one_press(trouble: OmniqClient) -> None:
    page = browser(trouble).get("/")
    assert sentences(page) == [
        "images is stalled. 3 jobs wait and nothing has started for 6 min 12 s ; 1 lease has run out.",
        "2 leases of crm have run out, the first 2 min ago. No worker has put their jobs back.",
        "hooks failed 1,893 times in the last 15 min, up from 9. Nearly all are ConnectionError .",
        "tenants has 2 stuck groups. 1,240 jobs wait behind them and no worker can take one.",
        "digest has been paused for 2 h 00 min with 5 jobs waiting.",
    ]
    assert presses(page) == [
        ("a", "/queues/images/active", "Show leases"),
        ("a", "/queues/crm/active", "Show leases"),
        ("a", "/queues/hooks/failures", "Show errors"),
        ("a", "/queues/tenants/groups?state=stuck", "Show groups"),
        ("button", "/queues/digest/resume", "Resume"),
    ]
    for name, href, _ in presses(page):
        if name == "a":
            browser(trouble).get(href)
    tones = [icon["data-tone"] for icon in page.soup.select("#notices .notice > .icon")]
    assert tones == ["danger"] * 4 + ["warn"]


def test_a_press_makes_its_notice_leave_at_once(trouble: OmniqClient) -> None:
    visitor = browser(trouble)
    page = visitor.get("/")
    answer = visitor.press(page, "#notices button", script=True)
    assert "digest" not in words(answer.region("notices"))
    assert len(answer.region("notices").select(".notice")) == 4
    assert trouble.is_paused(queue="digest") is False


def test_who_may_change_nothing_has_links_alone(trouble: OmniqClient) -> None:
    page = browser(trouble, read_only=True).get("/")
    assert presses(page)[-1] == ("a", "/queues/digest/waiting", "Show jobs")
    assert page.soup.select("#notices button, #notices form") == []


def test_of_queues_that_may_not_be_read_nothing_is_said(trouble: OmniqClient) -> None:
    def access(_request: Request, _action: str, queue: str | None) -> Decision:
        return Deny() if queue in ("images", "hooks") else Allow()

    page = browser(trouble, access=access).get("/")
    assert [sentence.split()[0] for sentence in sentences(page)] == ["2", "tenants", "digest"]
    assert "images" not in page.text and "hooks" not in page.text
    assert [one.split()[0] for one in sentences(browser(trouble, queues="hooks").get("/"))] == ["hooks"]


def test_queues_with_a_notice_are_under_attention(trouble: OmniqClient) -> None:
    page = browser(trouble).get("/?state=attention&sort=name")
    assert [row[0] for row in page.rows("queues")] == ["crm", "digest", "hooks", "images", "tenants"]
    assert "Attention 5" in page.words("#queue-states")


def test_what_is_over_is_not_said_though_the_leader_has_not_looked_yet(trouble: OmniqClient) -> None:
    trouble.reserve(queue="images", now_ms_override=NOW)
    trouble.reap_expired(queue="crm", now_ms_override=NOW)
    trouble.resume(queue="digest")
    assert [sentence.split()[0] for sentence in sentences(browser(trouble).get("/"))] == ["hooks", "tenants"]


@pytest.mark.parametrize(
    ("policy", "says"),
    [
        ("noeviction", "It is full: no job can be published until its maxmemory is raised."),
        ("allkeys-lru", "It is full and removes jobs."),
    ],
)
def test_a_redis_that_is_full_is_said_to_be(client: OmniqClient, redis: Any, policy: str, says: str) -> None:
    publish_jobs(client, "q", 1, now_ms=NOW)
    keep(redis, Notice("memory", "", 3 * 1024**3, 2 * 1024**3, None, policy))
    assert sentences(browser(client).get("/"))[0] == f"Redis uses 150% of its memory, 3 GB of 2 GB. {says}"


def test_what_is_about_no_queue(client: OmniqClient, redis: Any) -> None:
    publish_jobs(client, "q", 1, now_ms=NOW)
    redis.set("{omniq:x}:scan", '{"v":1,"cursor":0,"done":true,"seen":0,"total":0}')
    gb = 1024**3
    keep(
        redis,
        Notice("memory", "", 15 * gb, 16 * gb, None, "noeviction"),
        Notice("counters", "", 2, 312, NOW - 5 * HOUR, "import:tenant-8841"),
        Notice("eviction", "", 0, 16 * gb, None, "allkeys-lru", "10.0.0.2:6379"),
        Notice("clocks", "q", 42_000, text="worker"),
        Notice("clocks", "", -12_000, text="dashboard"),
    )
    page = browser(client).get("/")
    assert sentences(page) == [
        "Redis uses 93% of its memory, 15 GB of 16 GB. When it is full no job can be published.",
        "2 child counters are stuck. import:tenant-8841 lacks 312 children and has not moved for 5 h 00 min .",
        "10.0.0.2:6379: Redis may remove jobs: its eviction policy is allkeys-lru and its memory is limited to 16 GB. "
        "Only noeviction keeps them.",
        "A worker of q has a clock that is at least 42 s ahead. What it writes down, leases and ages, is wrong by "
        "that.",
        "The clock of a dashboard is 12 s behind that of Redis. The ages it shows are wrong by that.",
    ]
    assert presses(page) == [
        ("a", "/health", "Show health"),
        ("a", "/children?sort=state", "Show counters"),
        ("a", "/health", "Show health"),
        ("a", "/queues/q/active", "Show jobs"),
        ("a", "/health", "Show health"),
    ]


def test_one_of_each_is_no_plural(client: OmniqClient, redis: Any) -> None:
    publish_jobs(client, "g", 1, now_ms=NOW, gid="x")
    fail_jobs(client, "f", 1, now_ms=NOW)
    publish_jobs(client, "p", 1, now_ms=NOW - 2 * HOUR)
    client.pause(queue="p")
    redis.set("{omniq:x}:scan", '{"v":1,"cursor":0,"done":true,"seen":0,"total":0}')
    keep(
        redis,
        Notice("failing", "f", 1, 0, None, "KeyError", "abc", 49),
        Notice("groups", "g", 1, 1),
        Notice("counters", "", 1, 1, NOW - HOUR, "one"),
        Notice("paused", "p", 1),
    )
    assert sentences(browser(client).get("/")) == [
        "f failed once in the last 15 min, up from none.",
        "g has 1 stuck group. 1 job waits behind it and no worker can take it.",
        "1 child counter is stuck. one lacks 1 child and has not moved for 1 h 00 min .",
        "p is paused outside the dashboard with 1 job waiting, the first for 2 h 00 min .",
    ]


def test_no_more_than_five_and_none_is_empty(client: OmniqClient, redis: Any) -> None:
    names = [f"q{n}" for n in range(8)]
    for name in names:
        fail_jobs(client, name, 1, now_ms=NOW)
    redis.set("{omniq:x}:scan", '{"v":1,"cursor":0,"done":true,"seen":0,"total":0}')
    keep(redis, *(Notice("failing", name, 60, 1) for name in names))
    assert len(sentences(browser(client).get("/"))) == 5
    redis.delete(NOTICES)
    assert browser(client).get("/").one("#notices").contents == []


@pytest.mark.parametrize("hostile", ['<img src=x onerror="alert(1)">', "\u202eevil", "{{7*7}}", "\udc80" * 3])
def test_names_and_errors_are_somebodys_text(client: OmniqClient, redis: Any, hostile: str) -> None:
    fail_jobs(client, "f", 1, now_ms=NOW)
    keep(
        redis,
        Notice("failing", "f", 60, 0, None, hostile, hostile, 90),
        Notice("counters", "", 1, 1, NOW - HOUR, hostile),
        Notice("eviction", "", 0, 1, None, hostile),
    )
    page = browser(client).get("/")
    assert page.soup.select("#notices img") == [] and "\u202e" not in page.text
    said = [one.get_text() for one in page.soup.select("#notices strong")]
    assert said == [present(kind, hostile) for kind in ("error", "key", "value")]


def test_a_notice_comes_with_a_tick(trouble: OmniqClient, redis: Any) -> None:
    visitor = browser(trouble)
    page = visitor.get("/")
    version = page.one("#main")["data-version"]
    same = visitor.http.get(f"/?live=1&v={version}", headers=SCRIPT)
    assert same.status_code == 204
    redis.delete(NOTICES)
    answer = Page("/", visitor.http.get(f"/?live=1&v={version}", headers=SCRIPT))
    assert answer.status == 200
    assert answer.region("notices").select(".notice") == []


def test_where_nothing_may_be_written_a_process_says_what_one_look_tells(
    client: OmniqClient, redis: Any, redis_server: Any
) -> None:
    from omniq_core.operator.overview import state_of

    publish_jobs(client, "stalled", 3, now_ms=NOW - 5 * MINUTE)
    publish_jobs(client, "paused", 2, now_ms=NOW - 2 * HOUR)
    pause_queue(client.link, "paused", now_ms=NOW - HOUR)
    state = state_of(client.link)
    state.writable, state.names = False, frozenset(("stalled", "paused"))
    page = browser(client).get("/")
    assert [sentence.split(".")[0] for sentence in sentences(page)][:2] == [
        "stalled is stalled",
        "paused has been paused for 1 h 00 min with 2 jobs waiting",
    ]
