"""What is no client that this library can use is refused when it is given, not at each request."""

from __future__ import annotations

import pytest
import redis.asyncio
from flask import Flask

from dashboard import OmniqDashboard, create_app
from omniq_core import OmniqClient

WRONG = [redis.asyncio.Redis(), redis.asyncio.RedisCluster("127.0.0.1"), object(), 7, redis.Redis]


@pytest.mark.parametrize("given", WRONG, ids=["asyncio", "asyncio cluster", "object", "number", "class"])
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
