"""A Redis that takes no writes: the overview says so, and why, and promises no figures."""

from __future__ import annotations

import pytest
from bs4 import BeautifulSoup

from dashboard import create_app
from omniq_core import OmniqClient
from tests.support.clock import wait_until
from tests.support.redis_server import RedisServer


@pytest.mark.parametrize(
    ("option", "why"),
    [
        (("min-replicas-to-write", "1"), "it has too few replicas to write"),
        (("maxmemory", "1"), "it is out of memory"),
    ],
)
def test_a_redis_that_takes_no_writes_is_said_to_keep_no_history(
    throwaway_redis: RedisServer, option: tuple[str, str], why: str
) -> None:
    with OmniqClient(redis_url=throwaway_redis.url) as client, throwaway_redis.client() as redis:
        client.publish(queue="mail", payload={})
        redis.config_set(*option)
        app = create_app(client, secret="not secret", insecure=True)
        http = app.test_client()
        http.get("/")
        try:
            wait_until(lambda: "Redis takes nothing that this dashboard writes" in http.get("/").text, timeout=10)
            page = BeautifulSoup(http.get("/").data, "lxml")
            said = " ".join(page.select_one("#notices").get_text(" ", strip=True).split())  # type: ignore[union-attr]
            assert f"writes: {why}. No history is kept, and no bulk work or check goes on." in said
            assert "OMNIQ_BACKGROUND" not in said
            assert "The first figures come within a minute" not in page.get_text()
        finally:
            app.extensions["omniq_dashboard"]["omniq_dashboard"].background.stop()
