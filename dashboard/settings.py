"""All settings: one table, read once, frozen. Keyword arguments win over the environment."""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Callable, Iterable, Mapping, Sized
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Any, cast
from urllib.parse import urlsplit

from .redaction import NOTHING, Redaction, read_redaction

_OF_BROWSERS = frozenset(
    ("host", "cookie", "authorization", "user-agent", "referer", "origin", "content-type", "connection", "range", "te")
)
_WIDEST = {4: 8, 6: 7}
"""Bits of the largest networks that are anybody's own, 10.0.0.0/8 and fc00::/7: in larger ones are strangers."""


class SettingsError(ValueError):
    """A setting that cannot be used. One line, safe to print: it never holds a password."""


@dataclass(frozen=True, slots=True)
class Setting:
    """One row of the table. `parse` takes the text of the environment or the value of a keyword."""

    name: str
    parse: Callable[[Any], Any]
    default: Any
    help: str
    env: tuple[str, ...] = ()

    @property
    def variables(self) -> tuple[str, ...]:
        """The environment variables that hold it, the first one that is set wins."""
        return self.env or (f"OMNIQ_{self.name.upper()}",)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("a text is wanted")
    return value.strip()


def _secret(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("a text is wanted")
    return value


def _flag(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    word = str(value).strip().lower()
    if word in ("1", "true", "yes", "on"):
        return True
    if word in ("", "0", "false", "no", "off"):
        return False
    raise ValueError("use 1 or 0")


def _integer(low: int, high: int) -> Callable[[Any], int]:
    def parse(value: Any) -> int:
        try:
            n = int(str(value).strip())
        except ValueError:
            raise ValueError("a whole number is wanted") from None
        if not low <= n <= high:
            raise ValueError(f"use {low:,} to {high:,}")
        return n

    return parse


def _prefix(value: Any) -> str:
    path = _text(value).strip("/")
    if any(part in ("", ".", "..") for part in path.split("/")) and path:
        raise ValueError("use a path like /omniq")
    if any(c in "<>?#\\" or c.isspace() or ord(c) < 33 for c in path):
        raise ValueError("use a path like /omniq")
    return f"/{path}" if path else ""


def _names(value: Any) -> tuple[str, ...]:
    parts = value.split(",") if isinstance(value, str) else value
    if not isinstance(parts, list | tuple | set | frozenset):
        raise ValueError(f"names separated by commas are wanted, not {value!r}")
    texts = [part.strip() for part in cast(Iterable[object], parts) if isinstance(part, str)]
    if len(texts) != len(cast(Sized, parts)):
        raise ValueError("names separated by commas are wanted")
    return tuple(dict.fromkeys(text for text in texts if text))


def _origins(value: Any) -> tuple[str, ...]:
    origins = _names(value)
    for origin in origins:
        try:
            parts = urlsplit(origin)
            ours = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        except ValueError:
            ours, parts = False, urlsplit("")
        # A form is compared with scheme, name and port: whatever else stands there would never be equal.
        if not ours or parts.path not in ("", "/") or any(c in "@?#*" or c.isspace() for c in origin):
            bare = re.fullmatch(r"(localhost|[\w-]+(\.[\w-]+)+)(:\d+)?", origin)
            like = f": write https://{origin}" if bare else ", like https://ops.example or http://10.0.0.7:8080"
            raise ValueError(f"{origin!r} is no origin{like}")
    return origins


def _queues(value: Any) -> tuple[str, ...]:
    names = _names(value)
    if not names and value != "":
        # An application that asks somewhere which queues are a team's, and is told none, must not show all.
        raise ValueError("no queue is named, which would show all: leave the setting out for that")
    return names


def _networks(value: Any) -> tuple[IPv4Network | IPv6Network, ...]:
    try:
        return tuple(ip_network(name) for name in _names(value))
    except ValueError:
        raise ValueError("addresses like 10.0.0.7 or networks like 10.0.0.0/24 are wanted") from None


def _header(value: Any) -> str:
    name = _text(value)
    if name and not re.fullmatch(r"[A-Za-z0-9-]{1,64}", name):
        raise ValueError("use the name of a header like X-Remote-User")
    if name.lower() in _OF_BROWSERS or name.lower().startswith(("accept", "sec-")):
        raise ValueError(f"{name} is what a browser sends itself: use one of the proxy's own like X-Remote-User")
    return name


def _role(value: Any) -> str:
    if (name := _text(value)) not in ("", "viewer", "operator"):
        raise ValueError("use viewer or operator")
    return name


TABLE: tuple[Setting, ...] = (
    Setting(
        "redis_url", _secret, "", "Address of Redis: redis://, rediss:// or unix://.", ("OMNIQ_REDIS_URL", "REDIS_URL")
    ),
    Setting("host", _text, "127.0.0.1", "Address the server listens on (serve and demo)."),
    Setting("port", _integer(0, 65535), 8080, "Port the server listens on (serve and demo)."),
    Setting("prefix", _prefix, "", "Path the dashboard is served under, like /omniq."),
    Setting("read_only", _flag, False, "Shows everything and changes nothing."),
    Setting("user", _text, "", "Name for HTTP Basic; needs a password (standalone only)."),
    Setting("password", _secret, "", "Password for HTTP Basic (standalone only)."),
    Setting("users_file", _text, "", "File of the users who may sign in, made by `user add` (standalone only)."),
    Setting("session_hours", _integer(1, 8_760), 12, "Hours after which a session is over."),
    Setting("idle_minutes", _integer(1, 525_600), 120, "Minutes without a click after which a session is over."),
    Setting("proxy_header", _header, "", "Header in which a proxy names who it signed in (standalone only)."),
    Setting("proxies", _networks, (), "Addresses and networks of the proxies that are believed (standalone only)."),
    Setting("proxy_role", _role, "", "Role of whom a proxy names and the users file does not; none: not let in."),
    Setting("insecure", _flag, False, "Answers everybody without credentials. Only behind something that checks."),
    Setting("secret", _secret, "", "Secret that signs forms and confirmations. Kept in Redis when not set."),
    Setting("queues", _queues, (), "Only these queues are shown, separated by commas; all when empty."),
    Setting("env", _text, "", "Name of the environment in the page head, like production."),
    Setting("env_strong", _names, ("production", "prod", "live"), "Environments whose name stands out."),
    Setting(
        "trusted_origins", _origins, (), "Origins whose forms are accepted besides our own, like https://ops.example."
    ),
    Setting("background", _flag, True, "Does background work in this process: finding queues, figures, bulk work."),
    Setting("stalled_after", _integer(1, 86_400), 60, "Seconds without a start until a queue is stalled."),
    Setting("old_after", _integer(1, 8_640_000), 600, "Seconds of waiting until the oldest job is a warning."),
    Setting("quiet_after", _integer(1, 8_640_000), 600, "Seconds without a change until a child counter is quiet."),
    Setting("stuck_after", _integer(1, 8_640_000), 1_800, "Seconds without a change until a child counter is stuck."),
    Setting("leases_after", _integer(1, 86_400), 60, "Seconds after which a lease that ran out is a notice."),
    Setting("rising_from", _integer(1, 1_000_000), 50, "Failures in 15 min that are a notice when they rise."),
    Setting("paused_after", _integer(1, 8_640_000), 3_600, "Seconds of a pause until it is a notice, if jobs wait."),
    Setting("memory_percent", _integer(1, 100), 90, "Percent of Redis's memory limit that are a notice."),
    Setting("clocks_apart", _integer(1, 86_400), 5, "Seconds by which clocks may differ before it is a notice."),
    Setting("completion_key", _text, "completion_key", "Where a payload names its child counter, like order.counter."),
    Setting("undo_ms", _integer(0, 604_800_000), 900_000, "Milliseconds in which a removal can be undone; 0: never."),
    Setting("undo_jobs", _integer(1, 100_000), 10_000, "Removed jobs of a queue that are kept for that, at most."),
    Setting("undo_bytes", _integer(1, 2**40), 2**26, "Bytes of their payloads, errors and ids, at most."),
    Setting(
        "redact",
        read_redaction,
        NOTHING,
        "Values of jobs that nobody sees: paths like password, *.token, cards[*].number.",
    ),
    Setting("payload_limit", _integer(1_024, 16_777_216), 262_144, "Bytes of a payload that the job page shows."),
)


@dataclass(frozen=True)
class Settings:
    """The settings of one dashboard; TABLE says what each means. Made by `load_settings`."""

    redis_url: str = field(repr=False)
    host: str
    port: int
    prefix: str
    read_only: bool
    user: str
    password: str = field(repr=False)
    users_file: str
    session_hours: int
    idle_minutes: int
    proxy_header: str
    proxies: tuple[IPv4Network | IPv6Network, ...]
    proxy_role: str
    insecure: bool
    secret: str = field(repr=False)
    queues: tuple[str, ...]
    env: str
    env_strong: tuple[str, ...]
    trusted_origins: tuple[str, ...]
    background: bool
    stalled_after: int
    old_after: int
    quiet_after: int
    stuck_after: int
    leases_after: int
    rising_from: int
    paused_after: int
    memory_percent: int
    clocks_apart: int
    completion_key: str
    undo_ms: int
    undo_jobs: int
    undo_bytes: int
    redact: Redaction
    payload_limit: int

    @property
    def asks_who(self) -> bool:
        """Does the standalone dashboard let in only whom it knows?"""
        return bool(self.user or self.users_file or self.proxy_header)


def load_settings(environ: Mapping[str, str] | None = None, **given: Any) -> Settings:
    """Reads every setting once: a keyword that is not None, else the environment, else the default.

    Raises TypeError for a keyword that is no setting and SettingsError (one line, no secret in it) for a bad value.
    """
    environ = os.environ if environ is None else environ
    known = [setting.name for setting in TABLE]
    for name in given:
        if name not in known:
            near = difflib.get_close_matches(name, known, 1, 0.5)
            hint = f" Did you mean {near[0]}?" if near else f" Settings are {', '.join(known)}."
            raise TypeError(f"{name} is no setting of the dashboard.{hint}")
    _refuse_near_misses(environ)
    values = {setting.name: _value(setting, environ, given.get(setting.name)) for setting in TABLE}
    if bool(values["user"]) != bool(values["password"]):
        missing = "OMNIQ_PASSWORD" if values["user"] else "OMNIQ_USER"
        raise SettingsError(f"{missing} is not set: a name and a password belong together")
    if values["user"] and (values["users_file"] or values["proxy_header"]):
        raise SettingsError("OMNIQ_USER is for one name without a users file and a proxy: choose")
    if bool(values["proxy_header"]) and not values["proxies"]:
        raise SettingsError("OMNIQ_PROXIES is not set: from anybody else OMNIQ_PROXY_HEADER could be made up")
    wide = next((one for one in values["proxies"] if one.prefixlen < _WIDEST[one.version]), None)
    if values["proxy_header"] and wide is not None:
        who = f"anybody could say in {values['proxy_header']} who they are"
        raise SettingsError(f"OMNIQ_PROXIES holds {wide}, so {who}: name the addresses of your proxies")
    return Settings(**values)


def _refuse_near_misses(environ: Mapping[str, str]) -> None:
    """A mistyped OMNIQ_READ_ONLY would leave every button on, and nothing would say so."""
    known = [variable for setting in TABLE for variable in setting.variables if variable.startswith("OMNIQ_")]
    for name in environ:
        # An application that works one queue may well name it so.
        if name.startswith("OMNIQ_") and name not in known and name != "OMNIQ_QUEUE":
            # The prefix is alike in all of them, so it says nothing about how near two names are.
            ours = {variable.removeprefix("OMNIQ_"): variable for variable in known}
            near = difflib.get_close_matches(name.removeprefix("OMNIQ_").upper(), ours, 1, 0.8)
            if near:
                raise SettingsError(f"{name} is no setting of the dashboard. Did you mean {ours[near[0]]}?")


def _value(setting: Setting, environ: Mapping[str, str], given: Any) -> Any:
    if given is not None:
        return _parse(setting, setting.name, given)
    for variable in setting.variables:
        if environ.get(variable, "") != "":
            return _parse(setting, variable, environ[variable])
    return setting.default


def _parse(setting: Setting, label: str, value: Any) -> Any:
    try:
        return setting.parse(value)
    except (ValueError, TypeError) as error:
        raise SettingsError(f"{label}: {error}") from None
