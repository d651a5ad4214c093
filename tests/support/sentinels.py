"""A master with a replica, watched by three sentinels: real processes, and a failover within two seconds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from .clock import wait_until
from .redis_server import RedisServer

NAME = "mymaster"
QUORUM = 2


class _Sentinel(RedisServer):
    """A sentinel is the same program with a file of its own, which it rewrites."""

    def __init__(self, folder: Path, master: RedisServer) -> None:
        super().__init__(folder)
        self._master = master

    def _arguments(self, options: dict[str, Any]) -> list[str]:
        conf = self._folder / "sentinel.conf"
        conf.write_text(
            f"port {options['port']}\nbind {options['bind']}\ndir {options['dir']}\n"
            f"sentinel monitor {NAME} {self._master.host} {self._master.port} {QUORUM}\n"
            f"sentinel down-after-milliseconds {NAME} 500\nsentinel failover-timeout {NAME} 2000\n"
        )
        return [str(conf), "--sentinel"]


class Sentinels:
    """`servers` are the master and its replica, in the order in which they were at the start."""

    def __init__(self, folder: Path) -> None:
        self.servers = [
            RedisServer(_made(folder / name), {"repl-diskless-sync-delay": "0"}) for name in ("master", "replica")
        ]
        self._sentinels: list[RedisServer] = []
        self._folder = folder

    @property
    def url(self) -> str:
        hosts = ",".join(f"{one.host}:{one.port}" for one in self._sentinels)
        return f"redis+sentinel://{hosts}/{NAME}/0"

    @property
    def addresses(self) -> list[tuple[str, int]]:
        return [(one.host, one.port) for one in self._sentinels]

    def start(self) -> None:
        """Starts all five and waits until the replica follows and each sentinel knows it and the other two."""
        master, replica = self.servers
        for server in self.servers:
            server.start()
        with replica.client() as client:
            client.replicaof(master.host, master.port)
            wait_until(lambda: client.info("replication")["master_link_status"] == "up", what="the replica follows")
        self._sentinels = [_Sentinel(_made(self._folder / f"sentinel-{n}"), master) for n in range(3)]
        for sentinel in self._sentinels:
            sentinel.start()
        for sentinel in self._sentinels:
            with sentinel.client() as client:
                wait_until(lambda asked=client: _knows_all(asked), timeout=15, what="the sentinels know each other")

    def stop(self) -> None:
        """Ends all that still run."""
        for server in (*self._sentinels, *self.servers):
            server.stop()


def _knows_all(sentinel: Any) -> bool:
    state = sentinel.sentinel_master(NAME)
    return state["num-slaves"] == 1 and state["num-other-sentinels"] == 2


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder
