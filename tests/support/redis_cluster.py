"""A cluster of three masters, put together by hand, whose slots can be moved step by step."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from redis.crc import key_slot

from .clock import wait_until
from .redis_server import RedisServer

_OPTIONS = {"cluster-enabled": "yes", "cluster-node-timeout": "2000"}
_RANGES = ((0, 5460), (5461, 10922), (10923, 16383))


class ThreeMasters:
    """`servers` in the order of their slots at the start, which are `ranges`."""

    ranges = _RANGES

    def __init__(self, folder: Path) -> None:
        self.servers: list[RedisServer] = []
        for n in range(3):
            (folder / f"node-{n}").mkdir()
            self.servers.append(RedisServer(folder / f"node-{n}", _OPTIONS))

    def start(self) -> None:
        """Starts the nodes and waits until each says that all is well."""
        first = self.servers[0]
        for epoch, (server, slots) in enumerate(zip(self.servers, _RANGES, strict=True), start=1):
            server.start()
            with server.client() as client:
                client.execute_command("CLUSTER", "ADDSLOTSRANGE", *slots)
                client.execute_command("CLUSTER", "SET-CONFIG-EPOCH", epoch)
        with first.client() as client:
            for server in self.servers[1:]:
                client.execute_command("CLUSTER", "MEET", server.host, server.port)
        wait_until(lambda: all(_sound(server) for server in self.servers), timeout=20, what="the cluster is formed")

    def stop(self) -> None:
        """Ends the nodes."""
        for server in self.servers:
            server.stop()

    def owner(self, queue: str, asked: RedisServer | None = None) -> RedisServer:
        """The node that has the queue's slot, as the first node or the one that is asked says."""
        with (asked or self.servers[0]).client() as client:
            ranges: Any = client.execute_command("CLUSTER", "SLOTS")
        port = next(node[1] for first, last, node, *_ in ranges if first <= slot_of(queue) <= last)
        return next(server for server in self.servers if server.port == port)

    def flush(self) -> None:
        """Empties all nodes."""
        for server in self.servers:
            server.flush()

    def begin_move(self, queue: str, target: RedisServer) -> None:
        """From now on keys of the queue's slot may be in two places."""
        source = self.owner(queue)
        with source.client() as giving, target.client() as taking:
            slot = slot_of(queue)
            taking.execute_command("CLUSTER", "SETSLOT", slot, "IMPORTING", _node_id(giving))
            giving.execute_command("CLUSTER", "SETSLOT", slot, "MIGRATING", _node_id(taking))

    def move_keys(self, queue: str, source: RedisServer, target: RedisServer, *, most: int = 1_000_000) -> int:
        """Moves up to `most` keys one by one; returns how many. A key that is in both places raises (BUSYKEY)."""
        with source.client() as giving:
            keys: Any = giving.execute_command("CLUSTER", "GETKEYSINSLOT", slot_of(queue), most)
            for key in keys:
                assert giving.execute_command("MIGRATE", target.host, target.port, key, 0, 5000) in (b"OK", True)
        return len(keys)

    def put_back(self, queue: str, source: RedisServer) -> None:
        """Ends a move, however far it came: the empty slot is the source's, by a move of its own where it has left.

        A node that only calls a slot its own has no newer word than the node it gave it to, whose last message may
        still be on its way: it would take the slot from it again, and the two would name each other from then on.
        """
        for server in self.servers:
            with server.client() as client:
                client.execute_command("CLUSTER", "SETSLOT", slot_of(queue), "STABLE")
        if self.owner(queue) is not source:
            self.begin_move(queue, source)
            self.end_move(queue, source)
        wait_until(lambda: all(self.owner(queue, asked) is source for asked in self.servers), what="one owner")

    def end_move(self, queue: str, target: RedisServer) -> None:
        """The slot is the target's, as all nodes are told."""
        with target.client() as client:
            owner = _node_id(client)
        for server in (target, *(one for one in self.servers if one is not target)):
            with server.client() as client:
                client.execute_command("CLUSTER", "SETSLOT", slot_of(queue), "NODE", owner)


def slot_of(queue: str) -> int:
    """The slot of all keys of a queue."""
    return int(key_slot(queue.encode()))


def _node_id(client: Any) -> bytes:
    return client.execute_command("CLUSTER", "MYID")


def _sound(server: RedisServer) -> bool:
    with server.client() as client:
        said: Any = client.execute_command("CLUSTER", "INFO")
        ranges: Any = client.execute_command("CLUSTER", "SLOTS")
        return b"cluster_state:ok" in said and len(ranges) == 3
