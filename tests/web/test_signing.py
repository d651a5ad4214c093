"""Where the secret comes from, and that it is looked for only when it is needed."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from dashboard.signing import SECRET_KEY_IN_REDIS, BadSignature, Signing
from omniq_core import REDIS_ERRORS, OmniqClient
from tests.support.redis_server import RedisServer
from tests.web.trial import UNREACHABLE


def nobody() -> OmniqClient:
    return OmniqClient(redis_url=UNREACHABLE)


def test_a_given_secret_wins_and_needs_no_redis() -> None:
    one = Signing(nobody().link, "s", lambda: "host").key("csrf")
    assert one == Signing(nobody().link, "s").key("csrf") != Signing(nobody().link, "t").key("csrf")
    assert Signing(nobody().link, "", lambda: "s").key("csrf") == one
    assert Signing(nobody().link, "", lambda: b"s").key("csrf") == one
    assert len(one) == 32


def test_each_purpose_has_its_own_key() -> None:
    signing = Signing(nobody().link, "s")
    assert signing.key("csrf") != signing.key("confirm")
    with pytest.raises(BadSignature):
        signing.open("csrf", signing.seal("confirm", {}, 5), 5, 1000)


def test_processes_share_the_secret_in_redis(client: OmniqClient, redis: Any) -> None:
    before = client.link.round_trips
    one = Signing(client.link)
    assert client.link.round_trips == before  # nothing yet
    key = one.key("csrf")
    assert client.link.round_trips == before + 1
    assert one.key("csrf") == key
    assert client.link.round_trips == before + 1
    assert Signing(client.link).key("csrf") == key
    kept = redis.get(SECRET_KEY_IN_REDIS)
    assert len(kept) == 64 and redis.ttl(SECRET_KEY_IN_REDIS) == -1


def test_redis_may_be_away_at_first(throwaway_redis: RedisServer) -> None:
    throwaway_redis.stop()
    client = OmniqClient(redis_url=throwaway_redis.url)
    signing = Signing(client.link)
    with pytest.raises(REDIS_ERRORS):
        signing.key("csrf")
    throwaway_redis.start()
    assert signing.key("csrf") == Signing(client.link).key("csrf")
    client.close()


def test_a_redis_that_takes_no_writes_means_a_secret_per_process(
    throwaway_redis: RedisServer, caplog: pytest.LogCaptureFixture
) -> None:
    with throwaway_redis.client() as admin:
        admin.execute_command("ACL SETUSER reader on >x ~* +@read +ping")
    client = OmniqClient(redis_url=throwaway_redis.url.replace("redis://", "redis://reader:x@"))
    one, other = Signing(client.link), Signing(client.link)
    with caplog.at_level(logging.WARNING):
        assert one.key("csrf") == one.key("csrf") != other.key("csrf")
    assert [r.message for r in caplog.records if "OMNIQ_SECRET" in r.message] != []
    assert len(caplog.records) == 2
    client.close()


def test_the_age_counts_in_both_directions() -> None:
    signing = Signing(nobody().link, "s")
    text = signing.seal("notice", {"a": 1}, 10_000)
    assert signing.open("notice", text, 11_000, 1_000) == {"a": 1}
    for now in (11_001, 8_999):
        with pytest.raises(BadSignature, match="too old"):
            signing.open("notice", text, now, 1_000)
