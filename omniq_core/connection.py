"""The one way to Redis: an address or somebody's client in, a small interface out."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any, cast
from urllib.parse import urlsplit

import redis
from redis.backoff import NoBackoff
from redis.exceptions import AuthenticationError, NoScriptError, RedisError
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError
from redis.retry import Retry

from .once import bypasses_retries, exchange, warn_if_it_repeats
from .scripts import Script

Arg = str | bytes | int
Call = tuple[Script, bytes, Sequence[Arg]]

REDIS_ERRORS: tuple[type[Exception], ...] = (RedisError, OSError)
"""What means that Redis did not answer or refused: never shown as an empty result."""

_RAW = {"NEVER_DECODE": True}
CONNECT_TIMEOUT_S = 1.5
SOCKET_TIMEOUT_S = 1.9
_OBJECTS = ("retry", "retry_on_error", "credential_provider", "redis_connect_func", "parser_class", "encoder_class")
"""Options of redis-py that no text of an address can be: it would take the text and fail at the first command."""


def explain_redis_error(error: BaseException) -> str:
    """One short line for people, without an address or a password."""
    text = str(error)
    for needle, words in (
        ("Connection refused", "connection refused"),
        ("Name or service not known", "host not found"),
        ("invalid username-password", "wrong user name or password"),
        ("WRONGPASS", "wrong user name or password"),
        ("NOAUTH", "a password is required"),
        ("Authentication required", "a password is required"),
        ("already authenticated", "a password is required"),  # what HELLO (RESP 3) says
        ("unauthenticated", "a password is required"),  # what a stranger's long request gets
        ("DB index is out of range", "its database number is out of range"),
        ("LOADING", "it is loading its data"),
        ("NOPERM", "not permitted by its access list"),
        ("no permissions", "not permitted by its access list"),
        ("READONLY", "it is a read-only replica"),
        ("read only replica", "it is a read-only replica"),
        ("OOM", "it is out of memory"),
    ):
        if needle.lower() in text.lower():
            return words
    if isinstance(error, redis.BusyLoadingError):
        return "it is loading its data"
    if isinstance(error, RedisTimeoutError | TimeoutError):
        return "no answer in time"
    if isinstance(error, RedisConnectionError | OSError):
        return "connection lost"
    return "it refused the command"


def is_outage(error: BaseException) -> bool:
    """Whether Redis did not answer (or is loading its data), rather than answer that it refuses."""
    return not isinstance(error, redis.ResponseError) or isinstance(error, redis.BusyLoadingError)


class Link:
    """Commands and scripts over one redis-py client, with replies as bytes whatever that client decodes.

    Nothing that changes Redis is ever sent twice: only calls marked as reads (or as knowing their repeat)
    are repeated, once, after a lost connection.
    """

    def __init__(self, r: Any, *, owned: bool) -> None:
        self.r = r
        self.round_trips = 0
        self._owned = owned
        self._once = not owned and bypasses_retries(r)
        if not owned:
            warn_if_it_repeats(r)
        self._loaded: set[bytes] = set()
        self.told_queues: dict[str, float] = {}

    @property
    def label(self) -> str:
        """Where this Redis is, for people: `host:port/db`, never a password."""
        kwargs = cast(dict[str, Any], getattr(getattr(self.r, "connection_pool", None), "connection_kwargs", {}))
        if "path" in kwargs:
            return f"{kwargs['path']}/{kwargs.get('db') or 0}"
        host, port = kwargs.get("host", "localhost"), kwargs.get("port", 6379)
        return f"{host}/{kwargs.get('db') or 0}" if port == 6379 else f"{host}:{port}/{kwargs.get('db') or 0}"

    def close(self) -> None:
        """Closes the connections, if they are ours."""
        if self._owned:
            self.r.close()

    def call(self, *args: Arg, read: bool = False) -> Any:
        """One command. `read=True` repeats it once when the connection was lost."""
        self.round_trips += 1
        if self._once and not read:
            reply = exchange(self.r, [args])[0]
            if isinstance(reply, Exception):
                raise reply
            return reply
        try:
            return self.r.execute_command(*args, **_RAW)
        except RedisConnectionError:
            if not read:
                raise
        self.round_trips += 1
        try:
            return self.r.execute_command(*args, **_RAW)
        except RedisConnectionError as error:
            self._raise_if_password_missing(error)
            raise

    def run(self, script: Script, anchor: bytes, *args: Arg, read: bool = False) -> Any:
        """One script on the slot of `anchor`; a server that does not know it gets its source.

        `read=True` repeats it once when the connection was lost: for scripts that change nothing or know their repeat.
        """
        try:
            return self.call("EVALSHA", script.sha, 1, anchor, *args, read=read)
        except NoScriptError:
            return self.call("EVAL", script.source, 1, anchor, *args, read=read)

    def run_timed(self, script: Script, anchor: bytes, *args: Arg) -> tuple[Any, float]:
        """One script, never sent twice, and how many seconds the server was busy with it by its own clock.

        What the network and this process add is not in it. Without the right to ask for TIME it is the time waited.
        """
        for command in (["EVALSHA", script.sha], ["EVAL", script.source]):
            began = time.perf_counter()
            before, reply, after = self._send([("TIME",), (*command, 1, anchor, *args), ("TIME",)], once=self._once)
            waited = time.perf_counter() - began
            if not isinstance(reply, NoScriptError):
                break
        if isinstance(reply, Exception):
            raise reply
        if isinstance(before, Exception) or isinstance(after, Exception):
            return reply, waited
        return reply, int(after[0]) - int(before[0]) + (int(after[1]) - int(before[1])) / 1e6

    def pipeline(self, commands: Sequence[Sequence[Arg]]) -> list[Any]:
        """Reads in one round trip. An entry that Redis refused is the exception, in its place; nothing is raised
        for it. A lost connection repeats the whole once, then raises."""
        if not commands:
            return []
        try:
            return self._send(commands)
        except RedisConnectionError:
            pass
        try:
            return self._send(commands)
        except RedisConnectionError as error:
            self._raise_if_password_missing(error)
            raise

    def run_many(self, calls: Sequence[Call]) -> list[Any]:
        """Scripts that change nothing, in one round trip; a second one only for scripts the server forgot."""
        replies = self.pipeline([self._as_command(call) for call in calls])
        lost = [at for at, reply in enumerate(replies) if isinstance(reply, NoScriptError)]
        if lost:
            self._loaded.clear()
            for at, reply in zip(lost, self.pipeline([self._as_command(calls[at]) for at in lost]), strict=True):
                replies[at] = reply
        return replies

    def read_many(self, commands: Sequence[Sequence[Arg]], calls: Sequence[Call]) -> tuple[list[Any], list[Any]]:
        """Plain reads and read scripts together in one round trip."""
        replies = self.pipeline([*commands, *(self._as_command(call) for call in calls)])
        plain, scripted = replies[: len(commands)], replies[len(commands) :]
        if any(isinstance(reply, NoScriptError) for reply in scripted):
            self._loaded.clear()
            scripted = self.run_many(calls)
        return plain, scripted

    def _raise_if_password_missing(self, error: RedisConnectionError) -> None:
        """Raises AuthenticationError when that is why the connection ended.

        Redis hangs up on a stranger who sends a long request, and its reason is mostly lost with the connection:
        a short request gets it.
        """
        if explain_redis_error(error) != "connection lost":
            return
        self.round_trips += 1
        try:
            self.r.execute_command("PING")
        except AuthenticationError:
            raise
        except REDIS_ERRORS:
            return

    def _as_command(self, call: Call) -> list[Arg]:
        script, anchor, args = call
        if script.sha in self._loaded:
            return ["EVALSHA", script.sha, 1, anchor, *args]
        # The first use carries the source, so that a page never needs a second trip on a fresh server.
        self._loaded.add(script.sha)
        return ["EVAL", script.source, 1, anchor, *args]

    def _send(self, commands: Sequence[Sequence[Arg]], *, once: bool = False) -> list[Any]:
        self.round_trips += 1
        if once:
            return exchange(self.r, commands)
        with self.r.pipeline(transaction=False) as pipe:
            for command in commands:
                pipe.execute_command(*command, **_RAW)
            return list(pipe.execute(raise_on_error=False))


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
    options: dict[str, Any] = {
        "retry": Retry(NoBackoff(), 0),
        "protocol": 2,
        "decode_responses": False,
        "socket_timeout": SOCKET_TIMEOUT_S,
        "socket_connect_timeout": CONNECT_TIMEOUT_S,
        "client_name": client_name,
    }
    if redis_url:
        _check_url(redis_url)
        try:
            made = cast(Any, redis.Redis).from_url(redis_url, **options)
            pool = made.connection_pool
            if any(isinstance(pool.connection_kwargs.get(name), str) for name in _OBJECTS):
                raise TypeError
            # Other options are looked at only when a connection is made; it is not opened here.
            pool.connection_class(**pool.connection_kwargs)
            return Link(made, owned=True)
        except (ValueError, TypeError, AttributeError, RedisError):
            raise ValueError("not a Redis URL that can be used: check its database number and options") from None
    if not host:
        raise ValueError("nothing to connect to: give redis, redis_url or host")
    return Link(
        redis.Redis(host=host, port=port, db=db, username=username, password=password, ssl=ssl, **options), owned=True
    )


def _check_url(url: str) -> None:
    try:
        parts = urlsplit(url)
        scheme, port = parts.scheme, parts.port
    except ValueError:
        raise ValueError("not a Redis URL: its host or port cannot be read") from None
    if scheme not in ("redis", "rediss", "unix"):
        raise ValueError("not a Redis URL: it must begin with redis://, rediss:// or unix://")
    if scheme == "unix" and not parts.path:
        raise ValueError("not a Redis URL: unix:// needs the path of a socket")
    if scheme != "unix" and port == 0:
        raise ValueError("not a Redis URL: its port is 0")
    database = parts.path.strip("/")
    # redis-py takes anything that is no number for database 0, which may be somebody else's.
    if scheme != "unix" and database and not (database.isascii() and database.isdigit()):
        raise ValueError("not a Redis URL: its database is a number, as in redis://host:6379/0")
