"""Commands on one connection, sent once: a redis-py client that repeats by itself is not asked."""

from __future__ import annotations

import logging
import os
import time
import weakref
from collections import deque
from collections.abc import Iterator, Sequence
from typing import Any, cast

import redis
from redis import connection as redis_connection
from redis.exceptions import AuthenticationError, BusyLoadingError, ResponseError
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

from .explaining import REDIS_ERRORS, explain_sentinels

log = logging.getLogger(__name__)

Arg = str | bytes | int
Commands = Sequence[Sequence[Arg]]

SCRIPTS = ("EVALSHA", "EVAL")
# Where hiredis is installed redis-py has it; without it, or with one that cannot do this, redis-py packs itself.
_pack: Any = getattr(cast(Any, getattr(redis_connection, "hiredis", None)), "pack_command", None)
_warned: weakref.WeakSet[Any] = weakref.WeakSet()
# get_connection wants the name of a command before 5.3, and warns when it gets one since.
_NAMED = ("EVALSHA",) if tuple(int(part) for part in redis.__version__.split(".")[:2]) < (5, 3) else ()
_FIRST_PAUSE_S = 0.05
_LOST = (RedisConnectionError, RedisTimeoutError, OSError)
_SAID = (AuthenticationError, BusyLoadingError)
"""Answers of Redis that redis-py counts among the connection errors."""


class AnswerLost(Exception):
    """A request went out and no answer came back: nobody knows whether Redis did it. `error` is redis-py's."""

    def __init__(self, error: Exception) -> None:
        super().__init__(str(error))
        self.error = error


class Node:
    """One Redis: what its client's connections lead to. Replies are undecoded, a refusal is the exception in its place.

    `held` keeps the connections, which saves a third of what a command costs its client; `close` gives them back.
    """

    def __init__(self, r: Any, *, held: bool) -> None:
        self.r = r
        self._pool = r.connection_pool
        self._parse = r.parse_response
        self._held = held
        self._idle: deque[Any] = deque()
        self._pid = os.getpid()

    def send(self, commands: Commands) -> list[Any]:
        """The replies, in one round trip. Raises AnswerLost; what redis-py raises when nothing was sent."""
        try:
            connection = self._take()
        except REDIS_ERRORS as error:
            raise _with_address(error, where(self.r)) from error.__cause__
        try:
            connection.send_packed_command(_packed(connection, commands))
            replies: list[Any] = []
            for command in commands:
                try:
                    # redis-py makes nothing else of what a script returns, and takes 3 µs to find that out.
                    if command[0] in SCRIPTS:
                        replies.append(connection.read_response(disable_decoding=True))
                    else:
                        replies.append(self._parse(connection, command[0], NEVER_DECODE=True))
                except ResponseError as refusal:
                    replies.append(refusal)
        except BaseException as error:
            # Answers that nobody read must not become the answers of the next command.
            connection.disconnect()
            if isinstance(error, _LOST) and not isinstance(error, _SAID):
                raise AnswerLost(_with_address(error, where(self.r))) from error
            raise
        finally:
            if self._held:
                self._idle.append(connection)
            else:
                self._pool.release(connection)
        return replies

    def close(self) -> None:
        """Gives the held connections back to the client's pool."""
        while self._idle:
            self._pool.release(self._idle.pop())

    def _take(self) -> Any:
        if self._pid != os.getpid():
            # After a fork the sockets are the parent's; the pool makes new ones.
            self._idle, self._pid = deque(), os.getpid()
        try:
            connection = self._idle.pop()
        except IndexError:
            return self._pool.get_connection(*_NAMED)
        try:
            try:
                # Readable without a question: the server has closed it.
                if not connection.can_read():
                    return connection
            except _LOST:
                pass
            connection.disconnect()
            connection.connect()
        except BaseException:
            self._idle.append(connection)
            raise
        return connection


class Foreign:
    """A client whose connections are its own affair: a subclass, one with a cache. If it repeats, a warning says so."""

    def __init__(self, r: Any) -> None:
        self.r = r
        if r not in _warned and _repeats(r):
            _warned.add(r)
            log.warning(
                "this redis-py client repeats commands whose answers were lost, so one reserve may lease two jobs: "
                "make it with retry=Retry(NoBackoff(), 0)"
            )

    def send(self, commands: Commands) -> list[Any]:
        """As Node's."""
        try:
            if len(commands) == 1:
                return [self.r.execute_command(*commands[0], NEVER_DECODE=True)]
            with self.r.pipeline(transaction=False) as pipe:
                for command in commands:
                    pipe.execute_command(*command, NEVER_DECODE=True)
                return list(pipe.execute(raise_on_error=False))
        except ResponseError as refusal:
            return [refusal]
        except _SAID:
            raise
        except _LOST as error:
            raise AnswerLost(_with_address(error, where(self.r))) from error

    def close(self) -> None:
        """Nothing is held."""


def _packed(connection: Any, commands: Commands) -> Any:
    if _pack is None:
        return connection.pack_commands(commands)
    # What redis-py does too, after a look at each argument that costs as much again.
    return (b"".join([_pack(tuple(command)) for command in commands]),)


def node_of(r: Any, *, held: bool = False) -> Node | Foreign:
    """The client `r` as something that sends each command once, where that is possible."""
    plain = type(r) is redis.Redis and r.connection is None and getattr(r.connection_pool, "cache", None) is None
    return Node(r, held=held) if plain else Foreign(r)


def where(r: Any) -> str:
    """Where this Redis is, for people: `host:port/db`, never a password."""
    pool = getattr(r, "connection_pool", None)
    options = cast(dict[str, Any], getattr(pool, "connection_kwargs", {}))
    db = options.get("db") or 0
    if "path" in options:
        return f"{options['path']}/{db}"
    service = getattr(pool, "service_name", None)
    if pool is not None and service is not None:
        sentinels = [one.connection_pool.connection_kwargs for one in pool.sentinel_manager.sentinels]
        asked = ", ".join(sorted(f"{one['host']}:{one['port']}" for one in sentinels))
        return f"{service}/{db} (sentinels {asked})"
    host, port = options.get("host", "localhost"), options.get("port", 6379)
    return f"{host}/{db}" if port == 6379 else f"{host}:{port}/{db}"


def _with_address(error: Exception, address: str) -> Exception:
    """The error with the address in its text, when redis-py has not put it there."""
    text = str(error)
    if text.startswith("No master found"):
        # redis-py adds how it reached the sentinels, passwords included before 5.3.
        text, _, reasons = text.partition(" : ")
        text += f": {explain_sentinels(reasons)}" if reasons else ""
    elif (host := address.split("/", 1)[0]) and host in text:
        return error
    error.args = (f"{text} ({address})",)
    return error


def _repeats(r: Any) -> bool:
    pool = getattr(r, "connection_pool", None)
    options = cast(dict[str, Any], getattr(pool, "connection_kwargs", {}))
    retry = options.get("retry") or getattr(r, "retry", None)
    times = getattr(retry, "_retries", 0)
    if retry is None:
        times = options.get("retry_on_timeout") or options.get("retry_on_error")
    return bool(times)


def pauses_of(seconds: float) -> Iterator[bool]:
    """True again and again, each time after a longer pause, until so many seconds have passed."""
    end, pause = time.monotonic() + seconds, _FIRST_PAUSE_S
    while time.monotonic() + pause < end:
        time.sleep(pause)
        yield True
        pause *= 2
