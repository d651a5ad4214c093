"""TLS with certificates of both sides, a unix socket, and a user with only the rights that the docs name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import NoPermissionError

from omniq_core import REDIS_ERRORS, OmniqClient, QueueMonitor, explain_redis_error
from tests.support.certificates import Certificates, make_certificates
from tests.support.clock import wait_until
from tests.support.factories import complete_jobs, delay_jobs, fail_jobs, lease_jobs, publish_jobs
from tests.support.redis_server import RedisServer, free_port
from tests.support.sources import ROOT

T = 1_750_000_000_000
SECRET = "s3cr3t-word"


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return make_certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="module")
def tls_port(certificates: Certificates, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """A server that wants a certificate of its clients (a redis-server built with TLS, as every distribution's is)."""
    port = free_port()
    with RedisServer(tmp_path_factory.mktemp("tls"), _tls(certificates, port)):
        yield port


def _tls(certificates: Certificates, port: int) -> dict[str, str]:
    return {
        "tls-port": str(port),
        "tls-cert-file": str(certificates.certificate),
        "tls-key-file": str(certificates.key),
        "tls-ca-cert-file": str(certificates.ca),
    }


def _url(port: int, **options: object) -> str:
    return f"rediss://127.0.0.1:{port}/0?" + "&".join(f"{name}={value}" for name, value in options.items())


def test_tls_with_a_certificate_of_each_side(tls_port: int, certificates: Certificates) -> None:
    ours = {"ssl_certfile": certificates.certificate, "ssl_keyfile": certificates.key}
    with OmniqClient(redis_url=_url(tls_port, ssl_ca_certs=certificates.ca, **ours)) as client:
        for n in range(3):  # more than once over one connection
            assert client.publish(queue="q", payload={}, job_id=f"j{n}", now_ms_override=T).created
        job: Any = client.reserve(queue="q", now_ms_override=T)
        client.ack_success(queue="q", job_id=job.job_id, lease_token=job.lease_token, now_ms_override=T)
        assert QueueMonitor(client).stats("q").completed_kept == 1


def test_a_cluster_with_tls(certificates: Certificates, tmp_path: Path) -> None:
    port = free_port(below=55_000)
    with RedisServer(tmp_path, _tls(certificates, port) | {"cluster-enabled": "yes", "tls-cluster": "yes"}) as server:
        node: Any
        with server.client() as node:
            node.execute_command("CLUSTER", "ADDSLOTSRANGE", 0, 16383)
            wait_until(lambda: b"cluster_state:ok" in node.execute_command("CLUSTER", "INFO"))
        ours = {"ssl_certfile": certificates.certificate, "ssl_keyfile": certificates.key}
        with OmniqClient(redis_url=_url(port, ssl_ca_certs=certificates.ca, **ours)) as client:
            assert client.publish(queue="q", payload={}).created
            assert client.link.label == f"cluster 127.0.0.1:{port}"


def test_a_certificate_of_an_unknown_authority_is_said(tls_port: int, certificates: Certificates) -> None:
    url = _url(tls_port, ssl_ca_certs=certificates.other_ca)
    with OmniqClient(redis_url=url) as client, pytest.raises(RedisConnectionError) as caught:
        client.publish(queue="q", payload={})
    assert explain_redis_error(caught.value) == "its certificate is not trusted"
    assert f"127.0.0.1:{tls_port}" in str(caught.value)


def test_a_client_without_its_certificate_is_refused(tls_port: int, certificates: Certificates) -> None:
    url = _url(tls_port, ssl_ca_certs=certificates.ca)
    with OmniqClient(redis_url=url) as client, pytest.raises(RedisConnectionError) as caught:
        client.publish(queue="q", payload={})
    # With TLS 1.3 the refusal comes after the handshake, and may be overtaken by the end of the connection.
    told = ("it wants a certificate of ours", "TLS with it failed", "connection lost")
    assert explain_redis_error(caught.value) in told
    assert f"127.0.0.1:{tls_port}" in str(caught.value)


def test_what_stands_in_the_way_of_tls_is_told_apart(
    tls_port: int, certificates: Certificates, redis_server: RedisServer
) -> None:
    ours = {"ssl_certfile": certificates.certificate, "ssl_keyfile": certificates.key}
    soon = {"socket_connect_timeout": 0.3}
    for url, words in (
        (_url(tls_port, ssl_ca_certs="/nowhere/ca.pem", **ours), "a file of certificates is not there"),
        (_url(tls_port, ssl_ca_certs=certificates.ca, ssl_certfile="/nowhere", ssl_keyfile="/nowhere"), "a file of "),
        (_url(tls_port, ssl_ca_certs=__file__, **ours), "a file of certificates holds none"),
        (f"redis://:{SECRET}@127.0.0.1:{tls_port}/0", "it hung up before its first answer, as one does that wants TLS"),
        (f"redis://127.0.0.1:{tls_port}/0", "it hung up before its first answer, as one does that wants TLS"),
        (_url(redis_server.port, ssl_ca_certs=certificates.ca, **soon), "it does not answer in TLS"),
        (f"redis://:{SECRET}@127.0.0.1:{redis_server.port}/0", "it has no password, but was given one"),
        (f"unix://{Path(certificates.ca).parent}/none.sock", "its socket is not there"),
        (f"unix://{certificates.ca}", "connection refused"),
    ):
        with OmniqClient(redis_url=url) as client, pytest.raises(REDIS_ERRORS) as caught:
            client.publish(queue="q", payload={})
        assert explain_redis_error(caught.value).startswith(words)
        assert SECRET not in str(caught.value)


def test_a_unix_socket(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("s")
    with RedisServer(folder, {"unixsocket": str(folder / "redis.sock")}) as server:
        with OmniqClient(redis_url=f"unix://{folder}/redis.sock?db=2") as client, server.client(db=2) as redis:
            client.publish(queue="q", payload={}, job_id="j")
            assert redis.lrange("{q}:wait", 0, -1) == [b"j"]
            assert client.link.label == f"{folder}/redis.sock/2"
        server.stop()
        with OmniqClient(redis_url=f"unix://{folder}/redis.sock") as client, pytest.raises(RedisConnectionError) as no:
            client.publish(queue="q", payload={})
        assert f"{folder}/redis.sock" in str(no.value)


@pytest.fixture
def user(throwaway_redis: RedisServer) -> Iterator[Any]:
    """The user of docs/library.md, and an admin's client."""
    rights = re.search(r"^ACL SETUSER worker on >secret (.*)$", (ROOT / "docs/library.md").read_text("utf-8"), re.M)
    assert rights is not None
    with throwaway_redis.client() as admin:
        admin.execute_command("ACL", "SETUSER", "worker", "on", f">{SECRET}", *rights[1].split())
        admin.execute_command("ACL", "SETUSER", "default", "off")
        yield throwaway_redis


def test_a_user_with_the_rights_of_the_docs_can_do_everything(user: RedisServer) -> None:
    with OmniqClient(host=user.host, port=user.port, db=1, username="worker", password=SECRET) as client:
        publish_jobs(client, "q", 2, now_ms=T, gid="g", group_limit=2)
        client.publish_many(queue="q", jobs=[{"payload": {}}], now_ms_override=T)
        job: Any = client.reserve(queue="q", now_ms_override=T)
        while job is not None:
            client.heartbeat(queue="q", job_id=job.job_id, lease_token=job.lease_token, now_ms_override=T)
            held = {"job_id": job.job_id, "lease_token": job.lease_token}
            job = client.ack_and_reserve(queue="q", **held, now_ms_override=T)
        complete_jobs(client, "done", 101, now_ms=T)
        fail_jobs(client, "f", 5, now_ms=T)
        client.retry_failed(queue="f", job_id="job-1", now_ms_override=T)
        client.retry_failed_batch(queue="f", job_ids=["job-2"], now_ms_override=T)
        assert [one.status for results in client.retry_all(queue="f") for one in results] == ["OK"] * 3
        client.remove_job(queue="f", job_id="job-1", lane="wait")
        assert len([one for results in client.remove_all(queue="f", lane="wait") for one in results]) == 4
        delay_jobs(client, "d", 3, now_ms=T, due_ms=T + 9)
        client.run_now(queue="d", job_id="job-2", now_ms_override=T)
        assert client.promote_delayed(queue="d", now_ms_override=T + 20) == 2
        lease_jobs(client, "r", ["a"], now_ms=T)
        assert client.reap_expired(queue="r", now_ms_override=T + 99_000) == 1
        assert (client.pause(queue="q"), client.is_paused(queue="q"), client.resume(queue="q")) == ("OK", True, 1)
        client.childs_init(key="k", expected=1)
        assert client.child_ack(key="k", child_id="a") == 0
        monitor = QueueMonitor(client)
        assert monitor.scan_queues() == ["d", "done", "f", "q", "r"]
        assert monitor.overview("done").stats.completed_kept == 100
        assert len(monitor.lane_page("done", "completed")) == 25


def test_that_user_can_do_nothing_else(user: RedisServer) -> None:
    with OmniqClient(host=user.host, port=user.port, username="worker", password=SECRET) as client:
        for command in (("FLUSHALL",), ("KEYS", "*"), ("CONFIG", "GET", "*"), ("SET", "foreign", "1"), ("SHUTDOWN",)):
            with pytest.raises(NoPermissionError):
                client.link.call(*command)


@pytest.mark.parametrize("password", ["wrong", None])
def test_a_password_that_does_not_fit_is_said_without_it(user: RedisServer, password: str | None) -> None:
    login: dict[str, Any] = {"username": "worker", "password": password} if password else {}
    with OmniqClient(host=user.host, port=user.port, **login) as client, pytest.raises(RedisConnectionError) as caught:
        client.publish(queue="q", payload={})
    assert explain_redis_error(caught.value) == (
        "wrong user name or password" if password else "a password is required"
    )
    assert password is None or password not in str(caught.value).replace("wrong number", "")
