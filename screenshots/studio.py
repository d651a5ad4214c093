"""The set: a Redis with the data and a name that is always the same, and dashboards on it by a fixed clock."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import redis as redis_py
from redis.backoff import NoBackoff
from redis.retry import Retry

from dashboard import create_app
from dashboard.accounts import UsersFile
from dashboard.queries import filtered, health
from omniq_core import Link, OmniqClient, ServerFacts, server_facts
from screenshots.data import NOW
from screenshots.health import SERVER
from screenshots.seed import observe, seed
from tests.support.clock import Clock
from tests.support.live_server import LiveServer
from tests.support.redis_server import RedisServer

_EMPTY_DB, _FRESH_DB = 1, 2
PASSWORD = "a picture of it"


class _Elsewhere(redis_py.Connection):
    """Goes to the server of this run, while the client believes (and the page head prints) `redis-main`."""

    def __init__(self, *, server: RedisServer, **options: Any) -> None:
        super().__init__(**options)
        self.host, self.port = server.host, server.port


def _as_drawn(but: Link) -> Callable[[Link, int], ServerFacts]:
    """What is said of the server: what is drawn, and the truth of that one."""
    return lambda link, now_ms: server_facts(link, now_ms) if link is but else SERVER


class Studio:
    """`url` shows the data, `read_only_url` the same without controls, `empty_url` one without a queue.

    `fresh_url` shows a Redis that nobody has searched yet, `door_url` asks who it is (oncall, PASSWORD), `refused_url`
    may not ask its Redis how it is, `hiding_url` hides values of jobs.
    """

    def __init__(self, folder: Path) -> None:
        # What a picture shows of a filtered list does not depend on how fast this machine is.
        filtered.PAGE_MS = filtered.TICK_MS = 60_000
        self.clock = Clock(NOW)
        self.redis = RedisServer(folder)
        self.redis.start()
        self.client = self._client(0)
        seed(self.client)
        redis: Any = self.client.ops.r
        may_not = ["-info", "-time", "-slowlog", "-hello", "-memory"]
        redis.acl_setuser("looker", enabled=True, passwords=[f"+{PASSWORD}"], keys="*", commands=["+@all", *may_not])
        empty = self._client(_EMPTY_DB)
        observe(empty)
        self._servers = [
            self._serve(self.client),
            self._serve(self.client, read_only=True),
            self._serve(empty),
            self._serve(self._client(_FRESH_DB)),
            self._serve(self.client, redact="account,charge_id,card"),
        ]
        refused = self._client(0, username="looker", password=PASSWORD)
        self._servers.append(self._serve(refused))
        health.server_facts = _as_drawn(refused.link)
        health.seen_facts = lambda _link: SERVER
        users = folder / "users.json"
        UsersFile(users).add("oncall", PASSWORD, "operator")
        self._servers.append(self._serve(self.client, users_file=str(users)))
        self.url, self.read_only_url, self.empty_url, self.fresh_url, *others = (one.url for one in self._servers)
        self.hiding_url, self.refused_url, self.door_url = others

    def close(self) -> None:
        """Ends the dashboards and the Redis."""
        for server in self._servers:
            server.stop()
        self.redis.stop()

    def _client(self, db: int, **login: Any) -> OmniqClient:
        pool = redis_py.ConnectionPool(
            connection_class=_Elsewhere,
            server=self.redis,
            host="redis-main",
            port=6379,
            db=db,
            protocol=2,
            retry=Retry(NoBackoff(), 0),
            socket_timeout=5,
            **login,
        )
        return OmniqClient(redis=redis_py.Redis(connection_pool=pool))

    def _serve(self, client: OmniqClient, **settings: Any) -> LiveServer:
        app = create_app(client, clock=self.clock, background=False, secret="screenshots", env="production", **settings)
        return LiveServer(app)
