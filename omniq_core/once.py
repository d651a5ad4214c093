"""Commands on one connection, sent once: a redis-py client that repeats by itself is not asked."""

from __future__ import annotations

import logging
import weakref
from collections.abc import Sequence
from typing import Any, cast

import redis
from redis.exceptions import ResponseError

log = logging.getLogger(__name__)

_warned: weakref.WeakSet[Any] = weakref.WeakSet()
# get_connection wants the name of a command before 5.3, and warns when it gets one since.
_NAMED = ("EVALSHA",) if tuple(int(part) for part in redis.__version__.split(".")[:2]) < (5, 3) else ()


def bypasses_retries(r: Any) -> bool:
    """Whether `exchange` works on this client: one that hands out connections, and not somebody's subclass."""
    return type(r) is redis.Redis and r.connection is None and getattr(r.connection_pool, "cache", None) is None


def exchange(r: Any, commands: Sequence[Sequence[str | bytes | int]]) -> list[Any]:
    """The replies, undecoded, in one round trip; a refusal by Redis is the exception in its place.

    Whatever else goes wrong raises, and nothing is sent a second time.
    """
    pool = r.connection_pool
    connection = pool.get_connection(*_NAMED)
    try:
        connection.send_packed_command(connection.pack_commands(commands))
        replies: list[Any] = []
        for command in commands:
            try:
                replies.append(r.parse_response(connection, command[0], NEVER_DECODE=True))
            except ResponseError as refusal:
                replies.append(refusal)
        return replies
    except BaseException:
        # Answers that nobody read must not become the answers of the next command.
        connection.disconnect()
        raise
    finally:
        pool.release(connection)


def warn_if_it_repeats(r: Any) -> None:
    """Logs once for each client that repeats a command whose answer was lost, where we cannot keep it from that."""
    if bypasses_retries(r) or r in _warned or not _repeats(r):
        return
    _warned.add(r)
    log.warning(
        "this redis-py client repeats commands whose answers were lost, so one reserve may lease two jobs: "
        "make it with retry=Retry(NoBackoff(), 0)"
    )


def _repeats(r: Any) -> bool:
    pool = getattr(r, "connection_pool", None)
    options = cast(dict[str, Any], getattr(pool, "connection_kwargs", {}))
    retry = options.get("retry") or getattr(r, "retry", None)
    times = getattr(retry, "_retries", 0)
    if retry is None:
        times = options.get("retry_on_timeout") or options.get("retry_on_error")
        times = times or getattr(r, "cluster_error_retry_attempts", 0)  # a cluster of redis-py 5
    return bool(times)
