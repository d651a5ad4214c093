"""The one way to Redis: an address or somebody's client in, a small interface out."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

import redis
from redis.cluster import RedisCluster
from redis.exceptions import AuthenticationError, ClusterDownError, NoScriptError, TryAgainError
from redis.exceptions import ConnectionError as RedisConnectionError

from .addresses import client_of_url, common_options, says_cluster, uses_tls
from .cluster import Cluster, address_of, make_cluster
from .explaining import HUNG_UP, REDIS_ERRORS, as_unknown, explain_redis_error, is_outage
from .once import AnswerLost, Arg, Commands, Foreign, Node, node_of, pauses_of, where
from .scripts import Script

Call = tuple[Script, bytes, Sequence[Arg]]

AGAIN_FOR_S = 3.0
"""How long what may be sent again is: about as long as it takes until another server is the master."""
UNKNOWN = "UNKNOWN"
"""How the answer of a script begins that was sent again and cannot tell whether the first sending did its work."""


class Link:
    """Commands and scripts over one redis-py client, with replies as bytes whatever that client decodes.

    Nothing that changes Redis is ever sent twice, unless its caller says that it knows its repeat; only reads are
    repeated, once, after a lost connection. An error says where that Redis is, never with a password. What a request
    that changes something did is unknown when its answer is lost; the exception then has a note that says so.
    """

    def __init__(self, r: Any, *, owned: bool) -> None:
        self.r = r
        self.round_trips = 0
        self.told_queues: dict[str, float] = {}
        self._owned = owned
        self._loaded: set[bytes] = set()
        self._lock = threading.Lock()
        self._server: Node | Foreign | Cluster | None = None
        if isinstance(r, RedisCluster):
            self._server = Cluster(r, held=owned)
        elif not owned or "path" in r.connection_pool.connection_kwargs or hasattr(r.connection_pool, "service_name"):
            self._server = node_of(r, held=owned)

    @property
    def label(self) -> str:
        """Where this Redis is, for people: `host:port/db`, never a password."""
        return address_of(self.r) if isinstance(self.r, RedisCluster) else where(self.r)

    def place_of(self, error: BaseException) -> str:
        """Where it went wrong, for people: of a cluster the node that the error names, of anything else the `label`."""
        return (self._server.named_in(str(error)) if isinstance(self._server, Cluster) else "") or self.label

    def close(self) -> None:
        """Closes the connections, if they are ours."""
        if self._server is not None:
            self._server.close()
        if not self._owned:
            return
        self.r.close()
        pool = getattr(self.r, "connection_pool", None)
        for sentinel in getattr(getattr(pool, "sentinel_manager", None), "sentinels", ()):
            sentinel.close()

    def call(self, *args: Arg, read: bool = False) -> Any:
        """One command. `read=True` repeats it once when the connection was lost."""
        try:
            return self._one(args, read)
        except AnswerLost as lost:
            raise (lost.error if read else as_unknown(lost.error)) from lost.error.__cause__

    def run(
        self, script: Script, anchor: bytes, *args: Arg, read: bool = False, again: Sequence[Arg] | None = None
    ) -> Any:
        """One script on the slot of `anchor`; a server that does not know it gets its source.

        `read=True` repeats it once when the connection was lost: for scripts that change nothing. `again` is for those
        that know their repeat: after a lost answer it is sent again for about 3 s, with these arguments more.
        """
        command: list[Arg] = ["EVALSHA", script.sha, 1, anchor, *args]
        lost: Exception | None = None
        pauses = pauses_of(AGAIN_FOR_S)
        while True:
            try:
                return self._one(command, read)
            except NoScriptError:
                if command[0] == "EVAL":
                    raise
                command[:2] = "EVAL", script.source
                continue
            except AnswerLost as error:
                if read:
                    raise error.error from error.error.__cause__
                command += () if again is None or lost else again
                lost = error.error
            except REDIS_ERRORS as error:
                if lost is None:
                    raise
                # Nothing happened this time, but an earlier sending may have done it.
                if str(error).startswith(UNKNOWN):
                    raise as_unknown(lost) from lost.__cause__
                if not is_outage(error):
                    as_unknown(error)
                    raise
                lost = error
            if again is None or not next(pauses, False):
                raise as_unknown(lost) from lost.__cause__

    def run_each(self, script: Script, anchor: bytes, each: Sequence[Sequence[Arg]]) -> list[Any]:
        """The script once with each of these arguments, in one round trip, never sent twice. A refusal is the
        exception, in its place."""
        replies = self._each(("EVALSHA", script.sha, 1, anchor), each)
        # What did not run for want of the script has changed nothing.
        unknown = [at for at, reply in enumerate(replies) if isinstance(reply, NoScriptError)]
        if unknown:
            again = self._each(("EVAL", script.source, 1, anchor), [each[at] for at in unknown])
            for at, reply in zip(unknown, again, strict=True):
                replies[at] = reply
        return replies

    def _each(self, head: Sequence[Arg], each: Sequence[Sequence[Arg]]) -> list[Any]:
        try:
            return self._send([(*head, *args) for args in each])
        except AnswerLost as lost:
            raise as_unknown(lost.error) from lost.error.__cause__

    def run_timed(self, script: Script, anchor: bytes, *args: Arg) -> tuple[Any, float]:
        """One script, never sent twice, and how many seconds the server was busy with it by its own clock.

        What the network and this process add is not in it. Without the right to ask for TIME it is the time waited.
        """
        try:
            for command in (["EVALSHA", script.sha], ["EVAL", script.source]):
                began = time.perf_counter()
                timed = [("TIME",), (*command, 1, anchor, *args), ("TIME",)]
                before, reply, after = self._settled(timed, 1, key=anchor)
                waited = time.perf_counter() - began
                if not isinstance(reply, NoScriptError):
                    break
        except AnswerLost as lost:
            raise as_unknown(lost.error) from lost.error.__cause__
        if isinstance(reply, Exception):
            raise reply
        if isinstance(before, Exception) or isinstance(after, Exception):
            return reply, waited
        return reply, int(after[0]) - int(before[0]) + (int(after[1]) - int(before[1])) / 1e6

    def pipeline(self, commands: Commands, spare: int = 0) -> list[Any]:
        """Reads in one round trip (to each node of a cluster). An entry that Redis refused is the exception, in its
        place; nothing is raised for it. A lost connection repeats the whole once, then raises, but for the first
        `spare` where a node of a cluster is away that has nothing else: they are the exceptions, too."""
        if not commands:
            return []
        try:
            return self._read(commands, spare)
        except AnswerLost as lost:
            raise lost.error from lost.error.__cause__

    def run_many(self, calls: Sequence[Call]) -> list[Any]:
        """Scripts that change nothing, in one round trip; a second one only for scripts the server forgot."""
        return self.read_many((), calls)[1]

    def read_many(
        self, commands: Commands, calls: Sequence[Call], *, spare: bool = False
    ) -> tuple[list[Any], list[Any]]:
        """Plain reads (`spare`: see `pipeline`) and read scripts in one round trip, as `pipeline` and `run_many`."""
        replies = self.pipeline([*commands, *map(self._as_command, calls)], len(commands) if spare else 0)
        plain, scripted = replies[: len(commands)], replies[len(commands) :]
        lost = [at for at, reply in enumerate(scripted) if isinstance(reply, NoScriptError)]
        sources = [("EVAL", calls[at][0].source, 1, calls[at][1], *calls[at][2]) for at in lost]
        for at, reply in zip(lost, self.pipeline(sources), strict=True):
            scripted[at] = reply
        return plain, scripted

    def each_master(self) -> list[tuple[str, Callable[[Commands], list[Any]]]]:
        """The masters of a cluster, each with its address and what asks it alone, once, as `pipeline` does. Of anything
        else, and before the first command, there are none."""
        return self._server.masters() if isinstance(self._server, Cluster) else []

    def _one(self, command: Sequence[Arg], read: bool) -> Any:
        reply = self._read([command])[0] if read else self._send([command])[0]
        if not isinstance(reply, Exception):
            return reply
        if not read and isinstance(reply, TryAgainError | ClusterDownError):
            reply = self._settled([command], 0)[0]
        if isinstance(reply, Exception):
            raise reply
        return reply

    def _settled(self, commands: Commands, at: int, key: bytes | None = None) -> list[Any]:
        """Sends them again, with waits, while the answer at `at` says that their slot is moving: nothing was done."""
        replies = self._send(commands, key)
        pauses = pauses_of(AGAIN_FOR_S)
        while isinstance(replies[at], TryAgainError | ClusterDownError) and next(pauses, False):
            replies = self._send(commands, key)
        return replies

    def _read(self, commands: Commands, spare: int = 0) -> list[Any]:
        try:
            return self._send(commands, None, spare)
        except AnswerLost as lost:
            if not isinstance(lost.error, RedisConnectionError):
                raise
        try:
            return self._send(commands, None, spare)
        except AnswerLost as lost:
            self._raise_if_password_missing(lost.error)
            raise

    def _raise_if_password_missing(self, error: Exception) -> None:
        """Raises AuthenticationError when that is why the connection ended.

        Redis hangs up on a stranger who sends a long request, and its reason is mostly lost with the connection:
        a short request gets it.
        """
        if explain_redis_error(error) != "connection lost":
            return
        try:
            self._send([("PING",)])
        except AuthenticationError:
            raise
        except (AnswerLost, *REDIS_ERRORS):
            return

    def _as_command(self, call: Call) -> list[Arg]:
        script, anchor, args = call
        if script.sha in self._loaded:
            return ["EVALSHA", script.sha, 1, anchor, *args]
        # The first use carries the source, so that a page never needs a second trip on a fresh server.
        self._loaded.add(script.sha)
        return ["EVAL", script.source, 1, anchor, *args]

    def _send(self, commands: Commands, key: bytes | None = None, spare: int = 0) -> list[Any]:
        self.round_trips += 1
        server = self._server or self._look()
        return server.send(commands, key, spare) if isinstance(server, Cluster) else server.send(commands)

    def _look(self) -> Node | Foreign | Cluster:
        """Finds out whether the address is a node of a cluster; HELLO is open to every user.

        Threads that come at once each look: behind a lock they would wait for a Redis that hangs, one after the other.
        """
        with self._lock:
            if self._server is not None:
                return self._server
            plain: Any = self.r
        pool = plain.connection_pool
        options = {name: value for name, value in pool.connection_kwargs.items() if name != "db"}
        probe = plain
        if pool.connection_kwargs.get("db"):
            # A cluster has no numbered databases, and would refuse the connection.
            probe = redis.Redis(connection_pool=redis.ConnectionPool(pool.connection_class, **options))
        node = node_of(probe, held=True)
        try:
            answer = node.send([("HELLO",)])[0]
        except (AnswerLost, RedisConnectionError) as failed:
            error = failed.error if isinstance(failed, AnswerLost) else failed
            if not uses_tls(plain) and explain_redis_error(error) == "connection lost":
                error.args = (f"{error} {HUNG_UP}",)
            raise error from error.__cause__
        finally:
            node.close()
            if probe is not plain:
                probe.connection_pool.disconnect()
        is_cluster = says_cluster(answer, where(plain))
        with self._lock:
            if self._server is None and is_cluster:
                self.r = make_cluster(options, ssl=uses_tls(plain))
                self._server = Cluster(self.r, held=True)
            elif self._server is None:
                self._server = node_of(plain, held=True)
            if isinstance(self._server, Cluster):
                pool.disconnect()
            return self._server


def connect(
    *,
    redis_url: str | None = None,
    host: str | None = None,
    port: int = 6379,
    db: int = 0,
    username: str | None = None,
    password: str | None = None,
    ssl: bool = False,
    client_name: str | None = None,
) -> Link:
    """A link to an address. Nothing is sent yet. Raises ValueError (without the password) for a bad address."""
    options = common_options(client_name)
    if redis_url:
        return Link(client_of_url(redis_url, options), owned=True)
    if not host:
        raise ValueError("nothing to connect to: give redis, redis_url or host")
    login = {"username": username, "password": password}
    return Link(redis.Redis(host=host, port=port, db=db, ssl=ssl, **login, **options), owned=True)
