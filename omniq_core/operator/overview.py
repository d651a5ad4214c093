"""All queues at one look, from what the background wrote down. No request scans the keyspace."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, cast
from weakref import WeakKeyDictionary

from ..connection import Link
from ..explaining import explain_redis_error
from ..keys import QUEUE_NAME, global_key
from ..numbers import read_int
from .history import History, history_command, parse_history
from .notice_rules import at_once
from .notices import NOTICES, Notice, NoticeLimits, read_board
from .permitted import if_permitted, info_of
from .rights import Denied, unless_absent, unless_withheld
from .snapshot import QueueSnapshot, queue_snapshots
from .top_errors import TOP, TopErrors, read_top

QUEUES, NOW, SCAN = global_key("queues"), global_key("now"), global_key("scan")
LEADER = global_key("leader")
KEPT_MS = 60_000
"""Figures that are older are kept by nobody; so long after its last look they are gone."""
MOST_WANTED = 100
"""So many queues have their failures read at once: those that somebody looked at last."""

# Fields of the hash `now` that are no queue; a colon is in no queue's name.
AT, LOOKED, RATES, UNREAD = b":at", b":looked", b":rates", b":unread"
MOST_RATES_BYTES = 500_000
MOST_SAMPLED = 2_000
"""So many queues have a history, the first by name: their records take 56 KB each."""
# Who paused a queue and why is read with the rows that are shown, the rest with a page of one queue.
_ELSEWHERE = ("queue", "pause", "oldest_gid", "full_groups", "kinds", "spark")
# What `pack_figures` writes. Its brackets are balanced, so that lists of many can be read as one.
_PACKED = re.compile(rb'\{"v":1,"f":(\[[-0-9,a-u]{0,1000}\])\}')
_FIGURES = frozenset((int, bool, type(None)))
_NAMES = [item.name for item in dataclasses.fields(QueueSnapshot) if item.name not in _ELSEWHERE]


@dataclass(frozen=True, slots=True)
class DiscoveryState:
    """How far the search for queues is: `done` after the first whole pass, else keys seen of about total.

    `refused`: there is none, as SCAN is not permitted; then it is done with what is known otherwise.
    """

    done: bool = False
    seen: int = 0
    total: int = 0
    refused: bool = False


@dataclass(frozen=True, slots=True)
class OverviewData:
    """The queues known, sorted; their figures, `age_ms` old (None: there are none yet); the search for more; what
    happened in all of them together, if that was asked for, `lately` in the last 15 min; what needs attention, the
    worst first; the errors of the last hour, None while nobody reads them; and those whose keys an access list refused
    this process lately, which are not asked. `searching`: some process looks for queues. `unread`: those whose keys
    whoever keeps figures is refused, at most 2,000. `refusal`: why nothing that this process writes is taken, "" when
    it is.
    """

    names: tuple[str, ...]
    snapshots: dict[str, QueueSnapshot]
    age_ms: int | None
    discovery: DiscoveryState
    history: History | None = None
    lately: History | None = None
    rates: dict[str, int] = field(default_factory=dict[str, int])
    notices: tuple[Notice, ...] = ()
    top: TopErrors | None = None
    denied: frozenset[str] = frozenset()
    searching: bool = False
    unread: frozenset[str] = frozenset()
    refusal: str = ""

    @property
    def kept(self) -> bool:
        """Whether the background of some process keeps figures, be it of the queues of a list."""
        return self.age_ms is not None and self.age_ms <= KEPT_MS

    @property
    def unwatched(self) -> int:
        """How many queues have no history, because there are too many."""
        return max(len(self.names) - MOST_SAMPLED, 0)


@dataclass(slots=True)
class ProcessState:
    """What this process knows of one Redis. It stands in for Redis where nothing may be written there."""

    allow_list: tuple[str, ...] = ()
    denied: Denied[str] = field(default_factory=Denied[str])
    writable: bool = True
    refusal: str = ""
    names: frozenset[str] = frozenset()
    counters: frozenset[bytes] = frozenset()
    counters_denied: Denied[str] = field(default_factory=Denied[str])
    discovery: DiscoveryState = DiscoveryState()
    limits: NoticeLimits = field(default_factory=NoticeLimits)
    looked_ms: int = 0
    away_until_s: float = 0.0
    failures_looked: dict[str, int] = field(default_factory=dict[str, int])
    groups_looked: dict[str, int] = field(default_factory=dict[str, int])
    groups: dict[str, frozenset[bytes]] = field(default_factory=dict[str, frozenset[bytes]])

    def lose_writing(self, error: BaseException) -> None:
        """Redis refuses what this process writes."""
        self.writable, self.refusal = False, explain_redis_error(error)


_states: WeakKeyDictionary[Link, ProcessState] = WeakKeyDictionary()


def state_of(link: Link) -> ProcessState:
    """The one state of this process for that link."""
    return _states.setdefault(link, ProcessState())


def read_overview(link: Link, now_ms: int, *, span: str = "") -> OverviewData:
    """Names, figures and the state of the search, in one round trip (see `read_process` for the exception); with a
    `span` of SPANS the history of all queues too."""
    state = state_of(link)
    state.looked_ms = now_ms
    history = [history_command(None, span)] if span else []
    commands = overview_commands() if state.writable else []
    replies = link.pipeline([*commands, *history])
    found = parse_overview(state, replies[: len(commands)], now_ms) if commands else read_process(link, state, now_ms)
    if not span:
        return found
    history, lately = (parse_history(unless_absent(replies[-1]), name, now_ms) for name in (span, "15m"))
    return dataclasses.replace(found, history=history, lately=lately)


def overview_commands() -> list[tuple[str, bytes]]:
    """The reads of `read_overview`, for a pipeline with others."""
    return [("SMEMBERS", QUEUES), ("HGETALL", NOW), ("GET", SCAN), ("GET", NOTICES), ("GET", TOP)]


def read_process(link: Link, state: ProcessState, now_ms: int) -> OverviewData:
    """Where nothing may be written, all queues this process found are read live, 500 a round trip."""
    names = tuple(sorted(state.allow_list or state.names))
    denied, known = set[str](), state.denied.now(now_ms)
    found = queue_snapshots(link, [name for name in names if name not in known], now_ms, denied=denied)
    state.denied.note(denied, now_ms)
    # While no queue is known, nothing else would tell that Redis answers nobody just now.
    memory, alive = link.pipeline([if_permitted("INFO", "memory"), ("PING",)])
    unless_withheld(alive)
    info = info_of(memory)
    notices = tuple(at_once(found.values(), info, now_ms, state.limits))
    denied |= known
    return OverviewData(
        names, found, 0, discovery_of(state, None), notices=notices, denied=frozenset(denied), refusal=state.refusal
    )


def parse_overview(state: ProcessState, replies: list[Any], now_ms: int) -> OverviewData:
    """What Redis answered to `overview_commands`. What may not be read counts as absent; see `unless_absent`."""
    members, figures, scan, notices, top = map(unless_absent, replies)
    found = state.names if members is None else {name for raw in members if (name := queue_name(raw))}
    names = frozenset(state.allow_list or found)
    known: dict[bytes, bytes] = figures or {}
    snapshots, at = unpack_figures(known)
    return OverviewData(
        names=tuple(sorted(names)),
        snapshots={name: snapshot for name, snapshot in snapshots.items() if name in names},
        age_ms=None if at is None else max(now_ms - at, 0),
        discovery=discovery_of(state, scan),
        rates=unpack_rates(known.get(RATES)),
        notices=read_board(notices).shown,
        top=read_top(top),
        denied=state.denied.now(now_ms),
        searching=isinstance(scan, bytes),
        unread=unpack_unread(known.get(UNREAD)) & names,
    )


def discovery_of(state: ProcessState, raw: object) -> DiscoveryState:
    """The state of the search in `{omniq:x}:scan`, by whichever process, else what this process knows of it."""
    if isinstance(raw, bytes):
        return read_scan(raw)[0]
    return DiscoveryState(done=True) if state.allow_list else state.discovery


def queue_name(raw: object) -> str | None:
    """The name in bytes from Redis, or None when it breaks the rule."""
    if not isinstance(raw, bytes) or len(raw) > 128:
        return None
    text = raw.decode("ascii", "replace")
    return text if QUEUE_NAME.fullmatch(text) else None


def pack_rates(rates: Mapping[str, int]) -> bytes:
    """How many jobs started by queue, a minute, as the hash `now` keeps it: one field, for it is written at once."""
    return json.dumps({"v": 1, "started": rates}, separators=(",", ":")).encode()


def unpack_rates(raw: object) -> dict[str, int]:
    """The opposite of `pack_rates`; {} for what cannot be read."""
    started = read_json(raw, longest=MOST_RATES_BYTES).get("started")
    known = cast(dict[str, object], started) if isinstance(started, dict) else {}
    return {name: rate for name, rate in known.items() if isinstance(rate, int)}


def pack_unread(names: Iterable[str]) -> bytes:
    """The queues that whoever keeps the figures may not read, as the hash `now` keeps them."""
    return json.dumps({"v": 1, "unread": sorted(names)[:MOST_SAMPLED]}, separators=(",", ":")).encode()


def unpack_unread(raw: object) -> frozenset[str]:
    """The opposite of `pack_unread`; none for what cannot be read."""
    unread = read_json(raw, longest=MOST_RATES_BYTES).get("unread")
    known = cast(list[object], unread) if isinstance(unread, list) else []
    return frozenset(name for name in known if isinstance(name, str))


def pack_figures(snapshot: QueueSnapshot) -> bytes:
    """A snapshot as the hash `now` keeps it."""
    figures = [getattr(snapshot, name) for name in _NAMES]
    return json.dumps({"v": 1, "f": figures}, separators=(",", ":")).encode()


def unpack_figures(reply: Mapping[bytes, bytes]) -> tuple[dict[str, QueueSnapshot], int | None]:
    """The figures by queue, and when they were taken."""
    names: list[str] = []
    packed: list[bytes] = []
    for raw, value in reply.items():
        name, found = queue_name(raw), _PACKED.fullmatch(value)
        if name and found:
            names.append(name)
            packed.append(found[1])
    return dict(_unpack(names, packed)), read_int(reply.get(AT))


def _unpack(names: list[str], packed: list[bytes]) -> Iterator[tuple[str, QueueSnapshot]]:
    for name, figures in zip(names, _read_lists(packed), strict=True):
        if len(figures) == len(_NAMES) and _FIGURES.issuperset(map(type, figures)):
            yield name, QueueSnapshot(name, *cast(list[Any], figures))


def _read_lists(packed: list[bytes]) -> list[list[object]]:
    """Thousands of lists at once: one by one they take as long as all the rest of a page."""
    try:
        return json.loads(b"[" + b",".join(packed) + b"]")
    except ValueError:
        # One of them looks like ours and is not.
        return [[]] if len(packed) == 1 else [_read_lists([one])[0] for one in packed]


def pack_scan(state: DiscoveryState, cursor: int) -> bytes:
    """The state of the search as `scan` keeps it, with the place where another process can go on."""
    return json.dumps({"v": 1, "cursor": cursor} | dataclasses.asdict(state), separators=(",", ":")).encode()


def read_scan(raw: object) -> tuple[DiscoveryState, int]:
    """The opposite of `pack_scan`; a fresh start for what cannot be read."""
    known = read_json(raw)
    seen, total, cursor = (known.get(name) for name in ("seen", "total", "cursor"))
    if not isinstance(seen, int) or not isinstance(total, int) or not isinstance(cursor, int):
        return DiscoveryState(), 0
    return DiscoveryState(known.get("done") is True, seen, total, known.get("refused") is True), cursor


def read_json(raw: object, *, longest: int = 4096) -> dict[str, object]:
    """A value of ours, or {} for one that cannot be read or has another version."""
    if not isinstance(raw, bytes) or len(raw) > longest:
        return {}
    try:
        value: object = json.loads(raw)
    except (ValueError, RecursionError):
        return {}
    known = cast(dict[str, object], value) if isinstance(value, dict) else {}
    return known if known.get("v") == 1 else {}
