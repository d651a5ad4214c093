"""A Redis Cluster: each command to the node that has its slot, and on to where that node sends it."""

from __future__ import annotations

import threading
import time
import weakref
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, cast

import redis
from redis.cluster import ClusterNode, RedisCluster
from redis.crc import key_slot
from redis.exceptions import AskError, MovedError, RedisClusterException, ResponseError, TryAgainError
from redis.exceptions import ConnectionError as RedisConnectionError

from .addresses import UNTOLD, Name
from .explaining import NO_SLOTS, REDIS_ERRORS
from .once import AnswerLost, Arg, Commands, Foreign, Node, node_of, where

MOST_REDIRECTS = 8
# A cursor of SCAN says which node it is for: Redis's own, times this, plus the node's place. No cluster has more nodes.
_NODES = 1024
_BEFORE_6 = int(redis.__version__.split(".")[0]) < 6
_SCRIPTS = ("EVALSHA", "EVAL")
_NOT_YET = "not all keys of the slot are on its new node yet; nothing was done"
_KEYLESS = ("PING", "TIME", "INFO", "HELLO", "SCRIPT", "CONFIG", "CLIENT")

Place = tuple[Node | Foreign, bool]
"""A node, and whether it is to be told that it is asked for a slot that is on its way to it."""


class Cluster:
    """The nodes behind a RedisCluster, which knows the slots; commands go over its connections, but never through it:
    it repeats what should be sent once. SCAN walks all nodes one after the other, DBSIZE adds them up.

    While a slot moves, its keys are in two places. A command is sent where its key is. A script touches more keys than
    it names, so it is sent on only when all keys of the slot have arrived; until then it is a TryAgainError, and
    nothing was done.
    """

    def __init__(self, r: Any, *, held: bool) -> None:
        self.r = r
        self._held = held
        self._nodes: weakref.WeakKeyDictionary[Any, Node | Foreign] = weakref.WeakKeyDictionary()
        self._lock = threading.Lock()
        self._stale = False

    def send(self, commands: Commands, key: bytes | None = None, spare: int = 0) -> list[Any]:
        """As Node's; one round trip per node. With `key` all commands go to its node, at one time.

        The first `spare` commands may go without an answer: where a node that is asked for no others is away, they are
        what was raised, in their place.
        """
        if self._stale:
            self._refresh()
        if key is not None:
            return self._together(commands, self._place(key))
        replies: list[Any] = [None] * len(commands)
        todo: dict[Place, list[int]] = {}
        for at, command in enumerate(commands):
            if command[0] == "SCAN":
                replies[at] = self._scan(command)
            elif command[0] == "DBSIZE":
                replies[at] = self._size()
            else:
                try:
                    todo.setdefault(self._place(_key_of(command)), []).append(at)
                except RedisConnectionError as error:
                    if at >= spare:
                        raise
                    replies[at] = error
        for turn in range(MOST_REDIRECTS):
            _let_nodes_agree(turn)
            again: dict[Place, list[int]] = {}
            for place, listed in todo.items():
                for at, reply in zip(listed, self._ask_for(place, listed, commands, spare), strict=True):
                    replies[at] = reply
                    if isinstance(reply, AskError) and (onward := self._follow(reply, commands[at], place)):
                        again.setdefault(onward, []).append(at)
                    elif isinstance(reply, AskError):
                        replies[at] = _moving(reply)
            if not again:
                break
            todo = again
        return replies

    def masters(self) -> list[tuple[str, Callable[[Commands], list[Any]]]]:
        """Address of each master, and what asks it alone. Raises redis-py's ConnectionError when no node answers."""
        if self._stale:
            self._refresh()
        return [(where(node.r).partition("/")[0], partial(self._alone, node)) for node in self._primaries()]

    def named_in(self, text: str) -> str:
        """The node whose address stands in this text, in words; "" without one."""
        named = max((one.name for one in self.r.get_nodes() if one.name in text), key=len, default="")
        return f"node {named} of the cluster" if named else ""

    def _alone(self, node: Node | Foreign, commands: Commands) -> list[Any]:
        try:
            return self._ask((node, False), commands)
        except AnswerLost as lost:
            raise lost.error from lost.error.__cause__

    def close(self) -> None:
        """Gives the held connections back."""
        for node in list(self._nodes.values()):
            node.close()

    def _together(self, commands: Commands, place: Place) -> list[Any]:
        replies: list[Any] = []
        for turn in range(MOST_REDIRECTS):
            _let_nodes_agree(turn)
            replies = self._ask(place, commands)
            sent_on = next((at for at, reply in enumerate(replies) if isinstance(reply, AskError)), None)
            if sent_on is None:
                return replies
            onward = self._follow(replies[sent_on], commands[sent_on], place)
            if onward is None:
                replies[sent_on] = _moving(replies[sent_on])
                return replies
            place = onward
        return replies

    def _ask_for(self, place: Place, listed: list[int], commands: Commands, spare: int) -> list[Any]:
        try:
            return self._ask(place, [commands[at] for at in listed])
        except (AnswerLost, *REDIS_ERRORS) as error:
            if listed[-1] >= spare:
                raise
            return [error.error if isinstance(error, AnswerLost) else error] * len(listed)

    def _ask(self, place: Place, commands: Commands) -> list[Any]:
        node, asking = place
        if asking:
            commands = [part for command in commands for part in (("ASKING",), command)]
        try:
            replies = node.send(commands)[asking :: 1 + asking]
            return [TryAgainError(_NOT_YET) if _is_split(said) else said for said in replies] if asking else replies
        except AnswerLost:
            # The node may be gone and another have its slots.
            self._stale = True
            raise
        except REDIS_ERRORS:
            # Nothing was sent. If another node has the slots by now it is asked at once.
            self._stale = True
            if asking or (heir := self._heir(node, commands)) is None:
                raise
            return heir.send(commands)

    def _heir(self, gone: Node | Foreign, commands: Commands) -> Node | Foreign | None:
        """The one other node that has the keys of all these commands by a new map. None for commands without a key:
        they were meant for this node, or for any."""
        keys = {key for command in commands if (key := _key_of(command)) is not None}
        try:
            self._refresh()
            found = {self._place(key)[0] for key in keys}
        except RedisConnectionError:
            return None
        return found.pop() if len(found) == 1 and gone not in found else None

    def _follow(self, error: Any, command: Sequence[Arg], place: Place) -> Place | None:
        """Where the command is to be sent instead, or None when that has to wait."""
        asked, manager = place[0], self.r.nodes_manager
        if not error.host:  # a node that does not know its own address means the one that was asked
            error.host = asked.r.connection_pool.connection_kwargs["host"]
        error.host, error.port = manager.remap_host_port(error.host, error.port)
        if manager.get_node(error.host, error.port) is None:
            self._refresh()
        node = manager.get_node(error.host, error.port) or ClusterNode(error.host, error.port, "primary")
        onward = self._node(node)
        if isinstance(error, MovedError):
            learn = getattr(manager, "move_slot", None) or manager.update_moved_exception  # before redis-py 7
            learn(error)
            return onward, False
        if command[0] in _SCRIPTS and asked.send([("CLUSTER", "COUNTKEYSINSLOT", error.slot_id)])[0] != 0:
            return None
        return onward, True

    def _place(self, key: bytes | None) -> Place:
        if key is None:
            return self._primaries()[0], False
        try:
            return self._node(self.r.nodes_manager.get_node_from_slot(key_slot(key))), False
        except RedisClusterException as error:
            self._stale = True
            raise RedisConnectionError(f"a part of the cluster's keys has no node ({self._address()})") from error

    def _node(self, node: Any) -> Node | Foreign:
        r = self.r.get_redis_connection(node)
        known = self._nodes.get(r)
        if known is None:
            with self._lock:
                known = self._nodes.setdefault(r, node_of(r, held=self._held))
        return known

    def _primaries(self) -> list[Node | Foreign]:
        return [self._node(node) for node in sorted(self.r.get_primaries(), key=lambda node: node.name)]

    def _scan(self, command: Sequence[Arg]) -> Any:
        nodes = self._primaries()
        inner, at = divmod(int(command[1]), _NODES)
        if at >= len(nodes):  # nodes have left since: the scan ends
            return (0, [])
        reply = self._ask((nodes[at], False), [("SCAN", inner, *command[2:])])[0]
        if isinstance(reply, Exception):
            return reply
        cursor = int(reply[0])
        if cursor:
            return (cursor * _NODES + at, reply[1])
        return (at + 1 if at + 1 < len(nodes) else 0, reply[1])

    def _size(self) -> Any:
        sizes = [self._ask((node, False), [("DBSIZE",)])[0] for node in self._primaries()]
        refused = [size for size in sizes if isinstance(size, Exception)]
        return refused[0] if refused else sum(sizes)

    def _refresh(self) -> None:
        try:
            self.r.nodes_manager.initialize()
        except RedisClusterException as error:
            raise RedisConnectionError(f"no node of the cluster answers ({self._address()})") from error
        self._stale = False

    def _address(self) -> str:
        return address_of(self.r)


def _let_nodes_agree(turn: int) -> None:
    """Just after a slot moved two nodes may each name the other, until they have heard of it from each other."""
    if turn > 1:
        time.sleep(0.01 * 2 ** (turn - 1))


def make_cluster(options: dict[str, Any], *, ssl: bool) -> Any:
    """A RedisCluster with the options of a plain client's connections. Raises redis-py's ConnectionError."""
    chosen = {name: value for name, value in options.items() if value is not None or name in UNTOLD}
    if isinstance(name := chosen.get("redis_connect_func"), Name):
        chosen["redis_connect_func"] = name.tell  # the rest a RedisCluster does by itself
    if _BEFORE_6:
        chosen["cluster_error_retry_attempts"] = 0  # where `retry` is about something else
    try:
        return cast(Any, RedisCluster)(ssl=ssl, require_full_coverage=False, **chosen)
    except (RedisClusterException, IndexError) as error:
        # redis-py fails with an IndexError where no node has a slot.
        why = f", {NO_SLOTS}" if isinstance(error, IndexError) or NO_SLOTS in str(error) else ""
        raise RedisConnectionError(
            f"the cluster cannot be used{why} ({options.get('host')}:{options.get('port')})"
        ) from error


def address_of(r: Any) -> str:
    """A cluster for people: the addresses of up to three of its nodes."""
    names = sorted(str(name) for name in r.nodes_manager.startup_nodes)
    return "cluster " + ", ".join(names[:3])


def _key_of(command: Sequence[Arg]) -> bytes | None:
    if command[0] in _KEYLESS:
        return None
    if command[0] in _SCRIPTS and command[2] == 0:
        return None
    key = command[3] if command[0] in _SCRIPTS else command[1]
    return key if isinstance(key, bytes) else str(key).encode("utf-8", "surrogateescape")


def _is_split(reply: Any) -> bool:
    # What a script meets whose command has several keys, while not all of them are on the new node. Ours read such keys
    # before they write any.
    return isinstance(reply, ResponseError) and "non local key" in str(reply)


def _moving(error: Any) -> TryAgainError:
    text = f"slot {error.slot_id} is on its way to {error.host}:{error.port}; nothing was done"
    return TryAgainError(text)
