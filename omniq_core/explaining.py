"""What went wrong with a Redis, in a few words for people."""

from __future__ import annotations

import redis
from redis.exceptions import ClusterDownError, RedisError, TryAgainError
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

REDIS_ERRORS: tuple[type[Exception], ...] = (RedisError, OSError)
"""What means that Redis did not answer or refused: never shown as an empty result."""

_UNREACHABLE = (
    ("Connection refused", "connection refused"),
    ("Name or service not known", "host not found"),
    ("No master found", "the sentinels name no master"),
    ("CERTIFICATE_VERIFY_FAILED", "its certificate is not trusted"),
    ("_ssl.c", "TLS with it failed"),  # its reason is mostly lost with the connection
    ("invalid username-password", "wrong user name or password"),
    ("WRONGPASS", "wrong user name or password"),
    ("NOAUTH", "a password is required"),
    ("Authentication required", "a password is required"),
    ("already authenticated", "a password is required"),  # what HELLO (RESP 3) says
    ("unauthenticated", "a password is required"),  # what a stranger's long request gets
)
# Looked for in what Redis itself said only: an address may hold such a word.
_REFUSED = (
    ("DB index is out of range", "its database number is out of range"),
    ("LOADING", "it is loading its data"),
    ("NOPERM", "not permitted by its access list"),
    ("no permissions", "not permitted by its access list"),
    ("READONLY", "it is a read-only replica"),
    ("read only replica", "it is a read-only replica"),
    ("OOM", "it is out of memory"),
)


def explain_redis_error(error: BaseException) -> str:
    """One short line for people, without an address or a password."""
    if isinstance(error, redis.BusyLoadingError):
        return "it is loading its data"
    if isinstance(error, TryAgainError):
        return "its keys are moving to another node"
    if isinstance(error, ClusterDownError):
        return "its cluster is down"
    text = str(error).lower()
    lost = isinstance(error, RedisConnectionError | RedisTimeoutError | OSError)
    for needle, words in _UNREACHABLE if lost else _UNREACHABLE + _REFUSED:
        if needle.lower() in text:
            return words
    if isinstance(error, RedisTimeoutError | TimeoutError):
        return "no answer in time"
    return "connection lost" if lost else "it refused the command"


def is_moving(error: object) -> bool:
    """Whether the keys of a queue are on their way to another node of the cluster: what is said of it has to wait."""
    return isinstance(error, TryAgainError)


def is_outage(error: BaseException) -> bool:
    """Whether Redis did not answer (or cannot work just now), rather than answer that it refuses."""
    passing = redis.BusyLoadingError | TryAgainError | ClusterDownError
    return not isinstance(error, redis.ResponseError) or isinstance(error, passing)
