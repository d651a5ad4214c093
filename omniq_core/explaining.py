"""What went wrong with a Redis, in a few words for people."""

from __future__ import annotations

import re
import socket
import ssl
from collections.abc import Iterator

import redis
from redis.exceptions import (
    ClusterDownError,
    InvalidResponse,
    MasterDownError,
    OutOfMemoryError,
    RedisError,
    TryAgainError,
)
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

REDIS_ERRORS: tuple[type[Exception], ...] = (RedisError, OSError)
"""What means that Redis did not answer or refused: never shown as an empty result."""

HUNG_UP = "before its first answer"
"""How the text of an error ends whose connection was closed by a server that has never answered."""
IS_A_SENTINEL = "this is a Sentinel"
"""How the text of an error begins about an address that was given as that of a Redis."""
NO_SLOTS = "slots are not covered"
"""What the text of an error says of a cluster with slots that no node serves."""

_POOL_USED_UP = "all connections of its pool are in use"
_WANTS_ANOTHER = "the sentinels want a password of their own, or another one"
_UNREACHABLE = (
    (_WANTS_ANOTHER, _WANTS_ANOTHER),
    ("no sentinel answers", "no sentinel answers"),
    ("No master found", "the sentinels name no master"),
    (HUNG_UP, "it hung up before its first answer, as one does that wants TLS (rediss://)"),
    (IS_A_SENTINEL, "a Sentinel answers there, which has no jobs"),
    ("Connection refused", "connection refused"),
    ("Name or service not known", "host not found"),
    ("No route to host", "its host cannot be reached"),
    ("Network is unreachable", "its host cannot be reached"),
    ("CERTIFICATE_VERIFY_FAILED", "its certificate is not trusted"),
    ("ALERT_CERTIFICATE_REQUIRED", "it wants a certificate of ours"),
    ("NO_CERTIFICATE_OR_CRL_FOUND", "a file of certificates holds none"),
    ("WRONG_VERSION_NUMBER", "it does not speak TLS"),
    ("handshake operation timed out", "it does not answer in TLS"),
    ("_ssl.c", "TLS with it failed"),  # its reason is mostly lost with the connection
    ("without any password configured", "it has no password, but was given one"),
    ("invalid username-password", "wrong user name or password"),
    ("WRONGPASS", "wrong user name or password"),
    ("NOAUTH", "a password is required"),
    ("Authentication required", "a password is required"),
    ("already authenticated", "a password is required"),  # what HELLO (RESP 3) says
    ("unauthenticated", "a password is required"),  # what a stranger's long request gets
    ("max number of clients", "it takes no more connections"),
    ("Connection not ready", "it takes no more connections"),  # it said so unasked
    ("Too many connections", _POOL_USED_UP),
    ("No connection available", _POOL_USED_UP),
    ("client-side caching", "the cache of its client wants Redis 7.4"),
    (NO_SLOTS, "its cluster has slots that no node serves"),
)
# Looked for in what Redis itself said only: an address may hold such a word.
_REFUSED = (
    ("DB index is out of range", "its database number is out of range"),
    ("LOADING", "it is loading its data"),
    ("NOPERM", "not permitted by its access list"),
    ("no permissions", "not permitted by its access list"),
    ("READONLY", "it is a read-only replica"),
    ("read only replica", "it is a read-only replica"),
    ("NOREPLICAS", "it has too few replicas to write"),
    ("MISCONF", "it cannot save to its disk"),
    ("OOM", "it is out of memory"),
    ("DENIED Redis is running in protected mode", "it answers its own machine only (protected mode)"),
    ("unknown command", "it does not know a command that is needed"),
)
_TYPES: tuple[tuple[type[BaseException], str], ...] = (
    (redis.BusyLoadingError, "it is loading its data"),
    (TryAgainError, "its keys are moving to another node"),
    (MasterDownError, "it is a replica that has lost its master"),
    (ClusterDownError, "its cluster is down"),
    (OutOfMemoryError, "it is out of memory"),
    (InvalidResponse, "what answers there is no Redis"),
)
_TO_A_HOST = re.compile(r"connecting to \S+:\d+\. ")
_ANSWER_LOST = "its answer was lost: Redis may have done it"
_BUSY = "it is busy with a script"
_DEEPEST = 8


def explain_redis_error(error: BaseException) -> str:
    """One short line for people, without an address or a password."""
    for kind, words in _TYPES:
        if isinstance(error, kind):
            return words
    if is_busy(error):
        return _BUSY
    lost = isinstance(error, RedisConnectionError | RedisTimeoutError | OSError)
    text = str(error).lower()
    for needle, words in _UNREACHABLE if lost else _UNREACHABLE + _REFUSED:
        if needle.lower() in text:
            return words
    if lost and (words := _cause(error)):
        return words
    if isinstance(error, RedisTimeoutError | TimeoutError):
        return "no answer in time"
    return "connection lost" if lost else "it refused the command"


def _cause(error: BaseException) -> str:
    """What the system said, where redis-py's own text does not tell it."""
    file = "a file of certificates" if _TO_A_HOST.search(str(error)) else "its socket"
    for one in _chain(error):
        if isinstance(one, socket.gaierror):
            return "host not found"
        if isinstance(one, FileNotFoundError):
            return f"{file} is not there"
        if isinstance(one, PermissionError):
            return f"{file} may not be opened"
        if isinstance(one, ssl.SSLError) or "_ssl.c" in str(one):
            timed_out = "timed out" in str(one)
            return "it does not answer in TLS" if timed_out else "TLS with it failed"
    return ""


def _chain(error: BaseException) -> Iterator[BaseException]:
    at: BaseException | None = error
    for _ in range(_DEEPEST):
        if at is None:
            return
        yield at
        at = at.__cause__ or at.__context__  # suppressed or not: it is what happened before


def explain_sentinels(text: str) -> str:
    """Why no master was found, from what redis-py says of its sentinels, passwords included: nothing of it is kept."""
    return _WANTS_ANOTHER if "AuthenticationError" in text else "no sentinel answers"


def is_moving(error: object) -> bool:
    """Whether the keys of a queue are on their way to another node of the cluster: what is said of it has to wait."""
    return isinstance(error, TryAgainError)


def is_busy(error: object) -> bool:
    """Whether a script of somebody holds Redis, so that it refuses everything else for now."""
    return isinstance(error, redis.ResponseError) and str(error).startswith("BUSY ")


def as_unknown(error: Exception) -> Exception:
    """The error, with a note that Redis may have done what it was asked."""
    error.add_note(_ANSWER_LOST)
    return error


def is_unknown(error: BaseException) -> bool:
    """Whether Redis may have done what it was asked before its answer was lost."""
    return _ANSWER_LOST in getattr(error, "__notes__", ())


def is_outage(error: BaseException) -> bool:
    """Whether Redis did not answer (or cannot work just now), rather than answer that it refuses."""
    passing = redis.BusyLoadingError | TryAgainError | ClusterDownError
    return not isinstance(error, redis.ResponseError) or isinstance(error, passing) or is_busy(error)
