"""What the server says about itself, and how fast it answers. What may not be asked is None, and the rest stands.

Of a cluster every master is asked, one after the other.
"""

from __future__ import annotations

import math
import statistics
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, cast
from weakref import WeakKeyDictionary

from ..clock import now_ms as wall_clock
from ..connection import Link
from ..explaining import REDIS_ERRORS, explain_redis_error
from ..numbers import read_count, read_int
from ..once import Commands
from .permitted import ASK, if_permitted, info_of
from .rights import unless_withheld

PINGS = 200
"""So many answer times are kept, the last ones."""
LATELY = 5
"""Of so many the median is the answer time of now: one that waited for something else does not count."""
ENOUGH = 100
"""From so many on the 99th percentile is more than the slowest of them."""
SLOW_FOR_MS = 3_600_000
SLOW_READ = 32
"""So many of the last entries of the slow log are read: each may be 4 KB."""
_SCRIPTS = (b"EVAL", b"EVALSHA", b"EVAL_RO", b"EVALSHA_RO", b"FCALL", b"FCALL_RO")
_SHOWN_BYTES = 120


@dataclass(frozen=True, slots=True)
class AnswerTimes:
    """How long this process waited for its last `count` pings, in microseconds. `p99_us`: of fewer than ENOUGH it is
    the slowest."""

    count: int
    now_us: int
    p99_us: int


@dataclass(frozen=True, slots=True)
class Memory:
    """Bytes in use and allowed (0: no limit), and what happens when they are used up."""

    used: int
    most: int
    policy: str

    @property
    def evicts_jobs(self) -> bool:
        """May a job be taken away at the limit? The policies `volatile-*` take only what has an expiry: no job has."""
        return self.most > 0 and self.policy.startswith("allkeys-")


@dataclass(frozen=True, slots=True)
class Clients:
    """Connections, those that wait in a blocking command, and how many there may be."""

    connected: int
    blocked: int
    most: int


@dataclass(frozen=True, slots=True)
class Persistence:
    """What outlives a restart. `saved_ms`: the last snapshot since the server started, None without one."""

    aof: bool
    aof_fine: bool
    saved_ms: int | None
    save_fine: bool


@dataclass(frozen=True, slots=True)
class Replication:
    """Whether this is the primary; its replicas, or of a replica whether its primary is there."""

    primary: bool
    replicas: int
    link_up: bool


@dataclass(frozen=True, slots=True)
class SlowScript:
    """A script in the server's slow log: when (ms), how long (microseconds), and how its command begins."""

    at_ms: int
    took_us: int
    command: bytes


@dataclass(frozen=True, slots=True)
class ServerFacts:
    """One look. `engine` is "Redis" or "Valkey"; `clock_ms`: how far its clock is ahead of this host's, give or take
    `clock_error_ms`; `slow`: scripts of the last hour, the slowest first; `script_us`: the mean of all since the start,
    where the slow log may not be read. None is what may not be asked. Of a cluster it is the first master that
    answers, `node`, and `others` are the rest; of one that did not answer nothing is known but `away`, why."""

    at_ms: int
    answers: AnswerTimes
    engine: str | None = None
    version: str | None = None
    cluster: bool = False
    port: int | None = None
    up_ms: int | None = None
    memory: Memory | None = None
    clients: Clients | None = None
    persistence: Persistence | None = None
    replication: Replication | None = None
    clock_ms: int | None = None
    clock_error_ms: int = 0
    slow: tuple[SlowScript, ...] | None = None
    script_us: int | None = None
    node: str = ""
    away: str = ""
    others: tuple[ServerFacts, ...] = ()

    @property
    def all(self) -> tuple[ServerFacts, ...]:
        """Every server that was asked: of a cluster its masters."""
        return self, *self.others


@dataclass(slots=True)
class _Known:
    pings_us: deque[int] = field(default_factory=lambda: deque[int](maxlen=PINGS))
    facts: ServerFacts | None = None


_known: WeakKeyDictionary[Link, _Known] = WeakKeyDictionary()


def server_facts(
    link: Link, now_ms: int, *, wall: Callable[[], int] = wall_clock, timer: Callable[[], float] = time.perf_counter
) -> ServerFacts:
    """A look at the server in two round trips, whatever it holds; of a cluster, as many at each master.

    Raises what Redis raised when none answered."""
    masters = link.each_master()
    looks: list[dict[str, Any]] = []
    error: Exception | None = None
    known = _known.setdefault(link, _Known())
    for node, ask in masters or [("", link.pipeline)]:
        try:
            given, took = _look(ask, now_ms, wall, timer)
        except REDIS_ERRORS as failed:
            error = error or failed
            looks.append({"node": node, "away": explain_redis_error(failed), "cluster": True})
            continue
        if not masters and given.get("cluster") and link.each_master():  # which this first command has found out
            return server_facts(link, now_ms, wall=wall, timer=timer)
        if not any("away" not in look for look in looks):
            known.pings_us.append(max(int(took * 1e6), 1))
        looks.append({"node": node, **given})
    if error and all("away" in look for look in looks):
        raise error
    looks.sort(key=lambda look: "away" in look)  # the first is the one that is shown
    first, *others = (ServerFacts(now_ms, answer_times(link), **look) for look in looks)
    known.facts = replace(first, others=tuple(others))
    return known.facts


def _look(
    ask: Callable[[Commands], list[Any]], now_ms: int, wall: Callable[[], int], timer: Callable[[], float]
) -> tuple[dict[str, Any], float]:
    before, began = wall(), timer()
    _, server = map(unless_withheld, ask([("PING",), ("TIME",)]))
    took, after = timer() - began, wall()
    asked = (("INFO",), ("INFO", "commandstats"), ("SLOWLOG", "GET", str(SLOW_READ)))
    replies = ask([("HELLO",), *(if_permitted(*command) for command in asked)])
    hello, info, commands, slow = map(unless_withheld, replies)
    given: dict[str, Any] = {**_said_by_hello(hello), **_said_by_info(info_of(info))}
    if (ahead := _ahead(server, (before + after) // 2)) is not None:
        given.update(clock_ms=ahead, clock_error_ms=(after - before + 1) // 2)
    if slow is not None:
        given["slow"] = _slow_scripts(slow, now_ms, given.get("clock_ms") or 0)
    elif commands is not None:
        given["script_us"] = _mean_of_scripts(info_of(commands))
    return given, took


def seen_facts(link: Link) -> ServerFacts | None:
    """What the last look of this process saw, without a call; None before the first."""
    known = _known.get(link)
    return known.facts if known else None


def measure_answer(link: Link, timer: Callable[[], float] = time.perf_counter) -> None:
    """One ping more, so that a page has figures of some time and not of its own moment alone."""
    began = timer()
    link.pipeline([("PING",)])  # a refusal took as long as an answer
    _known.setdefault(link, _Known()).pings_us.append(max(int((timer() - began) * 1e6), 1))


def answer_times(link: Link) -> AnswerTimes:
    """Of the pings that this process took."""
    known = _known.get(link)
    if known is None or not known.pings_us:
        return AnswerTimes(0, 0, 0)
    taken = list(known.pings_us)
    p99 = sorted(taken)[math.ceil(len(taken) * 0.99) - 1]
    return AnswerTimes(len(taken), int(statistics.median(taken[-LATELY:])), p99)


def _said_by_hello(reply: Any) -> dict[str, Any]:
    """Version and mode, which every user may ask for."""
    if reply is None:
        return {}
    pairs: Any = cast(Any, reply).items() if isinstance(reply, dict) else zip(reply[::2], reply[1::2], strict=False)
    said = {_text(name): value for name, value in pairs}
    engine = "Valkey" if _text(said.get("server")) == "valkey" else "Redis"
    return {"engine": engine, "version": _text(said.get("version")), "cluster": _text(said.get("mode")) == "cluster"}


def _said_by_info(info: Any) -> dict[str, Any]:
    if info is None:
        return {}
    said = cast(Mapping[str, Any], info)

    def count(name: str) -> int:
        return read_count(said.get(name))

    def fine(name: str) -> bool:
        return _text(said.get(name)) in ("ok", "")

    valkey = _text(said.get("valkey_version"))
    # A copy sent to a replica counts as a save in all figures but `rdb_saves`, which servers before 7.0 do not have.
    saves = read_int(said.get("rdb_saves", 1)) and (read_int(said.get("rdb_last_bgsave_time_sec")) or 0) >= 0
    saved = count("rdb_last_save_time") if saves else 0
    return {
        "engine": "Valkey" if valkey else "Redis",
        "version": valkey or _text(said.get("redis_version")),
        "cluster": count("cluster_enabled") == 1,
        "port": count("tcp_port") or None,
        "up_ms": count("uptime_in_seconds") * 1000,
        "memory": Memory(count("used_memory"), count("maxmemory"), _text(said.get("maxmemory_policy"))),
        "clients": Clients(count("connected_clients"), count("blocked_clients"), count("maxclients")),
        "persistence": Persistence(
            aof=count("aof_enabled") == 1,
            aof_fine=fine("aof_last_write_status") and fine("aof_last_bgrewrite_status"),
            saved_ms=saved * 1000 or None,
            save_fine=fine("rdb_last_bgsave_status"),
        ),
        "replication": Replication(
            primary=_text(said.get("role")) != "slave",
            replicas=count("connected_slaves"),
            link_up=_text(said.get("master_link_status")) == "up",
        ),
    }


def _ahead(reply: Any, middle_ms: int) -> int | None:
    if reply is None:
        return None
    seconds, rest = read_int(reply[0]), read_int(reply[1])
    return None if seconds is None or rest is None else seconds * 1000 + rest // 1000 - middle_ms


def _slow_scripts(entries: Any, now_ms: int, ahead_ms: int) -> tuple[SlowScript, ...]:
    found: list[SlowScript] = []
    for entry in entries:
        words = [word if isinstance(word, bytes) else str(word).encode() for word in entry[3]]
        at_ms = entry[1] * 1000 - ahead_ms
        ours = len(words) > 1 and words[1].startswith(ASK)  # what a look itself costs is not what it looks for
        if words and words[0].upper() in _SCRIPTS and not ours and now_ms - at_ms < SLOW_FOR_MS:
            # The name, the script, how many keys and the first key: what comes after the keys is data.
            shown = words[:3] if words[2:3] == [b"0"] else words[:4]
            found.append(SlowScript(at_ms, entry[2], b" ".join(shown)[:_SHOWN_BYTES]))
    return tuple(sorted(found, key=lambda one: -one.took_us))


def _mean_of_scripts(said: Mapping[str, Any]) -> int:
    rows: list[Mapping[str, Any]] = [said.get(f"cmdstat_{name.decode().lower()}") or {} for name in _SCRIPTS]
    calls = sum(read_count(row.get("calls")) for row in rows)
    return sum(read_count(row.get("usec")) for row in rows) // calls if calls else 0


def _text(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else "" if value is None else str(value)
