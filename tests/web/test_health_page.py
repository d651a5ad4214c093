"""The Health page: Redis itself, what of it endangers jobs, and what may not be asked."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from dashboard.access import Allow, Deny, allow_all
from omniq_core import AnswerTimes, Clients, Memory, OmniqClient, Persistence, Replication, ServerFacts, SlowScript
from tests.operator.test_server_facts import user_without
from tests.support.redis_server import RedisServer
from tests.web.pages_support import NOW, SCRIPT, Page, browser, words

GB = 1 << 30
DRAWN = ServerFacts(
    NOW,
    AnswerTimes(200, 640, 2_180),
    engine="Redis",
    version="7.4.2",
    port=6379,
    up_ms=41 * 86_400_000 + 5,
    memory=Memory(184 * GB // 100 + 1, 4 * GB, "noeviction"),
    clients=Clients(214, 0, 10_000),
    persistence=Persistence(aof=True, aof_fine=True, saved_ms=NOW - 38_000, save_fine=True),
    replication=Replication(primary=True, replicas=0, link_up=False),
    clock_ms=14,
    clock_error_ms=1,
    slow=(),
)
BIDI = "\u202e"


@pytest.fixture
def says(monkeypatch: pytest.MonkeyPatch, client: OmniqClient) -> Any:
    """The page of a server that says this instead of what DRAWN says."""

    def page(access: Any = allow_all, **said: Any) -> Page:
        found = {name: getattr(DRAWN, name) for name in ServerFacts.__dataclass_fields__} | said
        for name in ("server_facts", "seen_facts"):
            monkeypatch.setattr(f"dashboard.queries.health.{name}", lambda *_: ServerFacts(**found))
        return browser(client, access=access).get("/health")

    return page


def tiles(page: Page) -> list[str]:
    return [words(tile) for tile in page.soup.select("#redis .tile")]


def test_as_drawn(says: Any) -> None:
    page = says()
    assert tiles(page) == [
        "Redis 7.4.2 Standalone, up 41 d",
        "Answer time 0.6 ms 99th percentile 2.1 ms",
        "Memory 1.84 GB of 4 Policy noeviction",
        "Clients 214 None blocked",
        "Clock difference 14 ms Between Redis and this host",
        "Persistence AOF Last save fine, 38 s ago",
    ]
    assert page.words("#passed") == (
        "3 checks passed Redis does not evict keys noeviction Clocks agree within 250 ms 14 ms "
        "No script over 100 ms in the slow log its last 32 entries"
    )
    assert page.words("#findings") == ""
    assert page.words(".topnav a[aria-current=page]") == "Health"
    assert page.one("#nav-health").contents == []
    assert page.one("title").text == "Health · OmniQ"


def test_a_slow_script_names_no_queue_to_whoever_may_not_see_it(says: Any) -> None:
    slow = tuple(SlowScript(NOW, 200_000, f"EVALSHA abc 1 {{{name}}}:base".encode()) for name in ("mail", "hidden"))
    page = says(access=lambda _r, _a, queue: Deny() if queue == "hidden" else Allow(), slow=slow)
    rows = [words(row.th) for row in page.soup.select("#findings tbody tr")]
    assert rows == ["EVALSHA abc 1 {mail}:base", "EVALSHA abc 1 (another queue)"]
    assert "hidden}" not in page.text


def test_findings_count_in_the_navigation_of_every_page(says: Any, client: OmniqClient) -> None:
    slow = SlowScript(NOW - 360_000, 342_000, f"EVALSHA <script>{BIDI}".encode() + b"\xff" + b"x" * 60)
    page = says(memory=Memory(1, 4 * GB, "allkeys-lru"), clock_ms=-1_400, slow=(slow, SlowScript(NOW, 90_000, b"EVAL")))
    assert page.words("#health-state") == "3 findings Never checked"
    assert [words(one) for one in page.soup.select("#findings h2")] == [
        "Redis may remove jobs",
        "The clocks of Redis and of this host differ",
        "Scripts that took over 100 ms",
    ]
    assert "when its 4 GB are used up" in page.words("#findings")
    assert "Redis is 1.4 s behind." in page.words("#findings")
    rows = [words(row) for row in page.soup.select("#findings tbody tr")]
    assert rows == [f"EVALSHA <script>‹U+202E›�{'x' * 60} 342 ms 6 min ago"]
    assert page.words("#passed") == "0 checks passed"
    assert not page.soup.select("#findings button, #findings form"), "nothing here can be pressed"
    for path in ("/", "/children", "/activity"):
        assert browser(client).get(path).words("#nav-health") == "3 findings"


def test_a_tick_brings_the_count_when_it_changes(says: Any, client: OmniqClient) -> None:
    says()
    visitor = browser(client)
    version = visitor.get("/children").one("#main")["data-version"]

    def tick(version: str) -> tuple[str, list[str]]:
        answer = visitor.http.get(f"/children?live=1&v={version}", headers=SCRIPT)
        return answer.headers["X-Omniq-Version"], Page("/children", answer).targets()

    assert tick(version)[1] == []
    says(clock_ms=1_000)
    found, targets = tick(version)
    assert "nav-health" in targets
    assert tick(found)[1] == [], "nothing is new"
    says()
    assert "nav-health" in tick(found)[1]


@pytest.mark.parametrize(
    ("said", "tile"),
    [
        ({"replication": Replication(True, 2, False)}, "Redis 7.4.2 Primary of 2 replicas, up 41 d"),
        ({"replication": Replication(False, 0, True)}, "Redis 7.4.2 Replica, up 41 d"),
        ({"replication": Replication(False, 0, False)}, "Redis 7.4.2 Replica without its primary , up 41 d"),
        ({"engine": "Valkey", "cluster": True, "up_ms": None}, "Valkey 7.4.2 One node of a cluster at port 6379"),
        ({"answers": AnswerTimes(3, 90, 12_345)}, "Answer time <0.1 ms Slowest of 3: 12 ms"),
        ({"memory": Memory(900 * 1024, 4 * GB, "noeviction")}, "Memory 900 KB of 4 GB Policy noeviction"),
        ({"memory": Memory(12_345_678, 0, "noeviction")}, "Memory 11.7 MB No limit, policy noeviction"),
        ({"memory": Memory(1, 0, "<script>" + BIDI)}, "Memory 1 B No limit, policy <script>‹U+202E›"),
        ({"clients": Clients(214, 3, 10_000)}, "Clients 214 3 blocked"),
        ({"clock_ms": -61_000}, "Clock difference 1 min 01 s Between Redis and this host"),
        ({"persistence": Persistence(False, True, None, True)}, "Persistence None Nothing saved since its start"),
        ({"persistence": Persistence(False, True, NOW - 60_000, False)}, "Persistence RDB Last save failed"),
        ({"persistence": Persistence(True, False, None, True)}, "Persistence AOF Last write of the AOF failed"),
        ({"persistence": Persistence(True, True, None, True)}, "Persistence AOF Last write fine"),
    ],
)  # fmt: skip
def test_each_tile_in_other_states(says: Any, said: dict[str, Any], tile: str) -> None:
    assert tile in tiles(says(**said))


def test_each_master_of_a_cluster_is_judged_and_named(says: Any) -> None:
    def node(port: int, **said: Any) -> ServerFacts:
        return replace(DRAWN, cluster=True, node=f"10.0.0.1:{port}", **said)

    full = Memory(3 * GB, 4 * GB, "allkeys-lru")
    lost = Persistence(aof=False, aof_fine=True, saved_ms=None, save_fine=False)
    slow = SlowScript(NOW - 1_000, 200_000, b"EVALSHA abc 1")
    page = says(cluster=True, node="10.0.0.1:1", others=(node(2, memory=full), node(3, persistence=lost, slow=(slow,))))
    assert tiles(page)[0] == "Redis 7.4.2 One of 3 masters of a cluster at port 6379, up 41 d"
    assert tiles(page)[2] == "Memory 3 GB of 4 10.0.0.1:2: Policy allkeys-lru"
    assert tiles(page)[5] == "Persistence None 10.0.0.1:3: Last save failed"
    assert page.words("#check-eviction") == "Redis may remove jobs on 10.0.0.1:2"
    assert page.words("#check-slow") == "Scripts that took over 100 ms on 10.0.0.1:3"
    assert "EVALSHA abc 1" in page.text
    assert "evict" not in page.words("#passed") and "Clocks agree within 250 ms 3 masters" in page.words("#passed")
    gone = ServerFacts(NOW, DRAWN.answers, cluster=True, node="10.0.0.1:2", away="connection refused")
    page = says(cluster=True, node="10.0.0.1:1", others=(gone,))
    assert page.words("#passed").count("Not checked: 10.0.0.1:2 does not answer") == 3
    assert "All fine" not in page.words("#health-state")


@pytest.mark.parametrize(
    ("command", "forbidden"),
    [
        ("info", ["Memory", "Clients", "Persistence"]),
        ("time", ["Clock difference"]),
        ("slowlog", []),
        ("client", []),
        ("memory", []),
        ("scan", []),
    ],
)
def test_what_is_not_permitted_says_so(
    redis_server: RedisServer, redis: Any, command: str, forbidden: list[str]
) -> None:
    with user_without(redis_server, redis, command) as link:
        page = browser(OmniqClient(redis=link.r)).get("/health")
    assert [
        words(one).partition(" – ")[0] for one in page.soup.select("#redis .tile") if "Not permitted" in words(one)
    ] == (forbidden)
    assert ("Not checked: SLOWLOG is not permitted" in page.words("#passed")) == (command == "slowlog")


def test_a_page_costs_four_round_trips_at_most(client: OmniqClient) -> None:
    visitor = browser(client)
    visitor.get("/health")
    before = client.link.round_trips
    tick = visitor.http.get("/health?live=1", headers=SCRIPT)
    assert client.link.round_trips - before <= 4
    assert Page("/health", tick).targets() == ["health-state", "redis", "findings", "health-actions", "passed"]
