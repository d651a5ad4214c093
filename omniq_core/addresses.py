"""An address of a Redis, as a client of redis-py that sends nothing twice and waits for nothing forever."""

from __future__ import annotations

import inspect
import re
from typing import Any, cast
from urllib.parse import parse_qsl, urlencode, urlsplit

import redis
from redis import connection as redis_connection
from redis.backoff import NoBackoff
from redis.client import Pipeline
from redis.cluster import ClusterPipeline, RedisCluster
from redis.connection import SSLConnection
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import NoPermissionError, RedisError, ResponseError
from redis.retry import Retry
from redis.sentinel import Sentinel

from .explaining import IS_A_SENTINEL

CONNECT_TIMEOUT_S = 1.5
SOCKET_TIMEOUT_S = 1.9
_OBJECTS = ("retry", "retry_on_error", "credential_provider", "redis_connect_func", "parser_class", "encoder_class")
"""Options of redis-py that no text of an address can be: it would take the text and fail at the first command."""
_SENTINEL_PORT = 26379
_SCHEMES = ("redis", "rediss", "unix", "redis+sentinel", "rediss+sentinel")
_CHECK = "check its database number and options"
_NAME = re.compile(r"[a-z_]{1,40}")
_NOT_MADE = (ValueError, TypeError, AttributeError, RedisError)
_SIGNS = "not a Redis URL: write #, ?, / and @ in a password (or a path) as %23, %3F, %2F and %40"
UNTOLD: dict[str, None] = (
    {"driver_info": None}
    if "driver_info" in inspect.signature(redis.Redis).parameters
    else {"lib_name": None, "lib_version": None}
)
"""Keeps redis-py from telling servers its own name with each connection: a user without that right would fill the ACL
log with it, and no rule allows it that servers before 7.2 understand."""


def common_options(client_name: str | None = None) -> dict[str, Any]:
    """What every client of ours has."""
    return {
        "retry": Retry(NoBackoff(), 0),
        "protocol": 2,
        "decode_responses": False,
        "socket_timeout": SOCKET_TIMEOUT_S,
        "socket_connect_timeout": CONNECT_TIMEOUT_S,
        **({"redis_connect_func": Name(client_name)} if client_name else {}),
        **UNTOLD,
    }


class Name:
    """Tells the server the name of each new connection, until it has refused that once. redis-py takes the refusal of
    its own `client_name` for a connection that failed, so that a user without CLIENT could do nothing at all."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._refused = False

    def __call__(self, connection: Any) -> None:
        """What redis-py does with a new connection, and then the name."""
        connection.on_connect()
        self.tell(connection)

    def tell(self, connection: Any) -> None:
        """The name alone, for a connection that is ready. Nothing depends on it."""
        if self._refused:
            return
        connection.send_command("CLIENT", "SETNAME", self._name, check_health=False)
        try:
            connection.read_response()
        except NoPermissionError:
            self._refused = True
        except ResponseError:
            pass  # whatever comes next is told it too, and says it to whoever asked


def client_of_url(url: str, options: dict[str, Any]) -> Any:
    """A client of this URL; its own options win over `options`. Raises ValueError, without the password."""
    _check(url)
    try:
        return _made(url, options)
    except _NOT_MADE:
        wrong = _wrong_option(url, options)
        more = f"its option {wrong} is not known, or has a value that cannot be used" if wrong else _CHECK
        raise ValueError(f"not a Redis URL that can be used: {more}") from None


def _made(url: str, options: dict[str, Any]) -> Any:
    if "+sentinel" in urlsplit(url).scheme:
        return _behind_sentinels(url, options)
    made = cast(Any, redis.Redis).from_url(url, **options)
    _check_options(made.connection_pool.connection_class, made.connection_pool.connection_kwargs)
    return made


def _wrong_option(url: str, options: dict[str, Any]) -> str:
    """The one option without which this URL can be used, "" when it is not that. Never its value."""
    address, _, query = url.partition("?")
    given = parse_qsl(query, keep_blank_values=True)
    for name in dict.fromkeys(name for name, _ in given if _NAME.fullmatch(name)):
        try:
            _made(f"{address}?{urlencode([pair for pair in given if pair[0] != name])}", options)
        except _NOT_MADE:
            continue
        return name
    return ""


def _behind_sentinels(url: str, options: dict[str, Any]) -> Any:
    parts = urlsplit(url)
    login, at, hosts = parts.netloc.rpartition("@")
    service, _, db = parts.path.strip("/").partition("/")
    query = dict(parse_qsl(parts.query))
    own = {name.removeprefix("sentinel_"): query.pop(name) for name in list(query) if name.startswith("sentinel_")}
    own = cast(Any, redis_connection).parse_url(f"redis:///?{urlencode(own)}")
    tls = parts.scheme.startswith("rediss")
    plain = f"{'rediss' if tls else 'redis'}://{login}{at}h/{db}?{urlencode(query)}"
    asked = options | cast(Any, redis_connection).parse_url(plain)
    del asked["host"]
    _check_options(asked.pop("connection_class", redis.Connection), asked)
    asks = {
        name: value
        for name, value in asked.items()
        if name.startswith(("socket_", "ssl_")) or name in ("retry", "protocol", *UNTOLD)
    }
    asks |= own
    _check_options(SSLConnection if tls else redis.Connection, asks)
    asks["ssl"] = tls
    sentinels = Sentinel([_host_and_port(one) for one in hosts.split(",")], sentinel_kwargs=asks, **asked)
    return cast(Any, sentinels).master_for(service, ssl=tls)


def _host_and_port(text: str) -> tuple[str, int]:
    parts = urlsplit(f"//{text}")
    if not parts.hostname:
        raise ValueError
    return parts.hostname, parts.port or _SENTINEL_PORT


def _check_options(connection_class: Any, options: dict[str, Any]) -> None:
    if any(isinstance(options.get(name), str) for name in _OBJECTS):
        raise TypeError
    # Other options are looked at only when a connection is made; it is not opened here.
    connection_class(**options)


def _check(url: str) -> None:
    # Such a sign in a password ends the part with the host: the rest of the password would be shown as the host.
    rest = url.partition("://")[2]
    if "#" in rest or "@" in rest[min((rest.find(sign) for sign in "/?" if sign in rest), default=len(rest)) :]:
        raise ValueError(_SIGNS)
    try:
        parts = urlsplit(url)
        sentinels = "+sentinel" in parts.scheme
        port = None if sentinels else parts.port
    except ValueError:
        raise ValueError("not a Redis URL: its host or port cannot be read") from None
    if parts.scheme not in _SCHEMES:
        raise ValueError(f"not a Redis URL: it must begin with {', '.join(f'{one}://' for one in _SCHEMES)}")
    database = parts.path.strip("/")
    if parts.scheme == "unix":
        if not parts.path:
            raise ValueError("not a Redis URL: unix:// needs the path of a socket")
        return
    if port == 0:
        raise ValueError("not a Redis URL: its port is 0")
    if sentinels:
        service, _, database = database.partition("/")
        if not service:
            raise ValueError("not a Redis URL: it must name the master, as in redis+sentinel://host:26379/mymaster/0")
    # redis-py takes anything that is no number for database 0, which may be somebody else's.
    if database and not (database.isascii() and database.isdigit()):
        raise ValueError("not a Redis URL: its database is a number, as in redis://host:6379/0")


def says_cluster(hello: Any, address: str) -> bool:
    """Does what answers to HELLO call itself a node of a cluster? Raises ConnectionError when it is a Sentinel, which
    would answer to some of what pages ask."""
    said = cast(dict[bytes, Any], hello).values() if isinstance(hello, dict) else hello
    if isinstance(said, ResponseError):
        return False
    if b"sentinel" in said:
        raise RedisConnectionError(f"{IS_A_SENTINEL} ({address})")
    return b"cluster" in said


def uses_tls(r: Any) -> bool:
    """Whether the connections of this plain client are TLS."""
    return issubclass(r.connection_pool.connection_class, SSLConnection)


def plain_client(given: Any) -> Any:
    """A client that somebody made, as it is. Raises TypeError for what answers to no command here, now or ever."""
    piped = isinstance(given, Pipeline | ClusterPipeline)  # which are clients by their class
    if isinstance(given, redis.Redis | RedisCluster) and not piped:
        return given
    kind = cast("type[object]", type(given))
    name = f"{kind.__module__}.{kind.__qualname__}"
    more = ": an asyncio client cannot be waited for here" if ".asyncio" in kind.__module__ else ""
    more = ": a pipeline keeps commands for later, so give the client that it is of" if piped else more
    if not more and kind.__module__.split(".")[0] == "valkey":
        more = ": redis-py works with Valkey, so give the address, or a client of redis-py"
    raise TypeError(f"redis= wants a client of redis-py (redis.Redis or RedisCluster), not {name}{more}")
