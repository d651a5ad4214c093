"""What is no client that this library can use is refused when it is given, not at each request."""

from __future__ import annotations

import pytest
import redis.asyncio
from flask import Flask

from dashboard import OmniqDashboard, create_app
from omniq_core import OmniqClient

WRONG = [
    redis.asyncio.Redis(),
    redis.asyncio.RedisCluster("127.0.0.1"),
    object(),
    7,
    redis.Redis,
    redis.Redis().pipeline(),
]


def test_a_client_of_valkey_py_is_told_what_works() -> None:
    given = type("Valkey", (), {"__module__": "valkey.client"})()
    with pytest.raises(TypeError, match=r"not valkey\.client\.Valkey: redis-py works with Valkey, so give the address"):
        OmniqClient(redis=given)


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("sockettimeout=3", "its option sockettimeout is not known, or has a value that cannot be used"),
        ("db=0&socket_timeout=soon", "its option socket_timeout is not known"),
        ("retry=3&health_check_interval=5", "its option retry is not known, or has a value"),
        ("nope=s3cret&neither=s3cret", "check its database number and options"),
        ("NOPE%0A=s3cret", "check its database number and options"),
    ],
)
def test_an_option_of_an_address_that_cannot_be_used_is_named(query: str, words: str) -> None:
    for address in ("redis://:s3cret@127.0.0.1", "unix:///tmp/r.sock", "redis+sentinel://127.0.0.1/mymaster"):
        with pytest.raises(ValueError, match=f"^not a Redis URL that can be used: {words}") as caught:
            OmniqClient(redis_url=f"{address}?{query}")
        assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize("given", WRONG, ids=["asyncio", "asyncio cluster", "object", "number", "class", "pipeline"])
def test_it_is_refused_at_once_in_words(given: object) -> None:
    words = "wants a client of redis-py .*Redis or RedisCluster"
    with pytest.raises(TypeError, match=words):
        OmniqClient(redis=given)
    with pytest.raises(TypeError, match=words):
        OmniqDashboard(Flask("host"), redis=given)
    with pytest.raises(TypeError, match=words):
        OmniqDashboard(redis=given).init_app(Flask("host"))
    with pytest.raises(TypeError, match=words):
        create_app(redis=given)
