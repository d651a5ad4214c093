"""Child counters: which are open, how far each is, taking one away, and letting the next child end it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, cast, get_args

from ..connection import Arg, Call, Link
from ..keys import completion_anchor, decode_id, decode_text, encode_id, global_key
from ..numbers import read_int
from ..scripts import script
from .counter_look import COUNTER_JOBS, CounterJobs, look_command, parse_look, parse_looks
from .overview import SCAN, DiscoveryState, discovery_of, state_of
from .rights import keeps_out, unless_absent, unless_withheld

CHILDREN = global_key("children")
CHANGES = global_key("children:seen")
"""Hash: completion key to `<ms>|<how>|<figure>`. Written by counters_note.lua."""

MOST_COUNTERS = 10_000
MOST_KEY_BYTES = 512
"""128 characters of four bytes: no key that the protocol allows is longer."""
BATCH = 2_000

CounterFault = Literal["", "no_count", "no_number", "below_one", "count_type", "done_type"]
FAULTS = get_args(CounterFault)
CounterEnd = Literal["OK", "GONE", "CHANGED", "BROKEN", "LAST"]
"""What became of a counter that was to be removed or finished: all but OK changed nothing."""


@dataclass(frozen=True, slots=True)
class CounterChange:
    """When a counter last changed, as seen from outside. `how`: its figures `moved`; it `started`, so it was new to a
    search that knew all others; or it was only `found` then, and has stood still at least since.
    """

    at_ms: int
    how: Literal["moved", "started", "found"]


@dataclass(frozen=True, slots=True)
class NotedCounter:
    """A counter as the background last saw it, and since when it is so."""

    counter: ChildCounter
    change: CounterChange


@dataclass(frozen=True, slots=True)
class CounterList:
    """The completion keys known, sorted by their bytes. `full`: there may be more than the list holds.

    `searched` is False where an allow-list of queues turned the search of the keyspace off, `searching`: some process
    does it. `noted`: what the background last saw of them, by key. `jobs`: what the jobs of all queues say of those
    that stand still.
    """

    keys: tuple[str, ...]
    full: bool
    searched: bool
    searching: bool
    discovery: DiscoveryState
    noted: Mapping[str, NotedCounter]
    jobs: Mapping[str, CounterJobs]


@dataclass(frozen=True, slots=True)
class ChildCounter:
    """A counter as it stands. `count` is the text in Redis, cut at 32 bytes; None when there is none.

    `fault` says why the count is none that a parent started: missing beside children that are done, no number, below 1
    (a counter that comes to 0 is deleted), or a key of another type. `remaining` and `total` are None then; a count
    below 1 keeps its number. `done` is None when that key has another type. `seen` stands for all that was read of it:
    what is to be done with the counter as it was shown is given it.
    """

    key: str
    count: str | None
    count_bytes: int
    remaining: int | None
    done: int | None
    fault: CounterFault
    seen: str = field(default="", compare=False)

    @property
    def total(self) -> int | None:
        """How many children the counter waits for, those that are done included; None when it is broken."""
        return None if self.fault or self.remaining is None or self.done is None else self.remaining + self.done


def counter_name(raw: object) -> str | None:
    """A completion key in bytes from Redis as lossless text, or None for what no client of the protocol writes."""
    if not isinstance(raw, bytes) or not 0 < len(raw) <= MOST_KEY_BYTES or b"{" in raw or b"}" in raw:
        return None
    return decode_id(raw)


def counter_list(link: Link, now_ms: int) -> CounterList:
    """The counters the background knows, in one round trip; nothing is scanned.

    Raises what Redis raised when it did not answer, and what it refused for another reason than an access list.
    """
    state = state_of(link)
    state.looked_ms = now_ms
    raw: Iterable[object] = state.counters
    scan = noted = jobs = None
    if state.writable:
        asked = [("SMEMBERS", CHILDREN), ("GET", SCAN), ("HGETALL", CHANGES), ("HGETALL", COUNTER_JOBS)]
        members, scan, noted, jobs = map(unless_absent, link.pipeline(asked))
        if members is not None:
            raw = members
    elif not state.counters:  # then no counter is read that would tell whether Redis answers at all
        unless_withheld(link.pipeline([("PING",)])[0])
    known = sorted(name for name in raw if counter_name(name) is not None and isinstance(name, bytes))
    return CounterList(
        keys=tuple(map(decode_id, known[:MOST_COUNTERS])),
        full=len(known) >= MOST_COUNTERS,
        searched=isinstance(scan, bytes) or not state.allow_list,
        searching=isinstance(scan, bytes),
        discovery=discovery_of(state, scan),
        noted=_noted(noted),
        jobs=parse_looks(jobs),
    )


def read_counter(
    link: Link, key: str, now_ms: int
) -> tuple[ChildCounter, CounterChange | None, CounterJobs | None] | None:
    """One counter, its last change (see `last_change`) and what the jobs of all queues say of it (None: not looked at),
    in one round trip; None when it is gone.

    Raises ValueError for a key that is none, and what Redis raised.
    """
    (noted, looked), (reply,) = link.read_many([note_command(key), look_command(key)], [counter_call(key)])
    found = parse_counter(key, noted, reply, now_ms)
    return (*found, parse_look(looked)) if found else None


def note_command(key: str) -> tuple[Arg, ...]:
    """The read of what the background noted of a counter."""
    return ("HGET", CHANGES, encode_id(key))


def counter_call(key: str) -> Call:
    """The read of a counter. Raises ValueError for a key that is none."""
    return script("operator/counter"), counter_anchor(key), []


def parse_counter(key: str, noted: object, reply: Any, now_ms: int) -> tuple[ChildCounter, CounterChange | None] | None:
    """A counter and its last change, from the replies to both reads; None when it is gone. Raises what Redis raised."""
    counter = _parse(key, reply)
    return (counter, last_change(counter, unpack_note(key, noted), now_ms)) if counter else None


def last_change(counter: ChildCounter, noted: NotedCounter | None, now_ms: int) -> CounterChange | None:
    """When a counter that was just read last changed. None: nobody noted it yet."""
    if noted is None:
        return None
    return noted.change if noted.counter == counter else CounterChange(now_ms, "moved")


def read_counters(
    link: Link, keys: Sequence[str], *, denied: set[str] | None = None, now_ms: int | None = None
) -> dict[str, ChildCounter]:
    """How far these counters are, in the order given and one round trip for every 2,000; those that are gone are
    left out. With `denied` those that an access list refuses are put there; with `now_ms` too, they are not asked again
    for a minute.

    Raises ValueError for a key that is none, and what Redis raised when it did not answer or refused."""
    refused = state_of(link).counters_denied
    if denied is not None and now_ms is not None:
        denied |= refused.now(now_ms).intersection(keys)
        keys = [key for key in keys if key not in denied]
    calls = [counter_call(key) for key in keys]
    found: dict[str, ChildCounter] = {}
    for start in range(0, len(calls), BATCH):
        part = keys[start : start + BATCH]
        for key, reply in zip(part, link.run_many(calls[start : start + BATCH]), strict=True):
            if denied is not None and keeps_out(reply):
                denied.add(key)
                if now_ms is not None:
                    refused.note([key], now_ms)
                continue
            counter = _parse(key, reply)
            if counter is not None:
                found[key] = counter
    return found


def remove_counter(link: Link, key: str, seen: str) -> CounterEnd:
    """Deletes the count and the set of children that are done, in one script, if the counter is still as it was `seen`
    (see `ChildCounter`): else CHANGED, or GONE when there is none any more.

    Children that end later get -1 from `child_ack`, so nobody learns that the last one is done. Raises ValueError for
    a key that is none.
    """
    return _end(link, key, "remove", seen)


def finish_counter(link: Link, key: str, seen: str) -> CounterEnd:
    """Sets the count to 1, so that the next child that acks gets 0 and does what the last child does. In one script, if
    the counter is still as it was `seen`; else CHANGED, GONE, BROKEN (see `ChildCounter.fault`) or LAST: it was 1.

    Raises ValueError for a key that is none.
    """
    return _end(link, key, "finish", seen)


def _end(link: Link, key: str, how: str, seen: str) -> CounterEnd:
    return link.run(script("operator/counter_end"), counter_anchor(key), how, seen).decode()


def pack_counter(counter: ChildCounter) -> bytes:
    """The figures as a note keeps them: the same counter has the same bytes."""
    return json.dumps(
        [counter.count, counter.count_bytes, counter.remaining, counter.done, counter.fault], separators=(",", ":")
    ).encode()


def _noted(reply: object) -> dict[str, NotedCounter]:
    if not isinstance(reply, dict):
        return {}
    found: dict[str, NotedCounter] = {}
    for raw, packed in cast(dict[bytes, bytes], reply).items():
        key = counter_name(raw)
        noted = unpack_note(key, packed) if key is not None else None
        if noted:
            found[noted.counter.key] = noted
    return found


def unpack_note(key: str, packed: object) -> NotedCounter | None:
    """A note; None for one that cannot be read."""
    if not isinstance(packed, bytes) or len(packed) > 512 or packed.count(b"|") < 2:
        return None
    at, how, figure = packed.split(b"|", 2)
    at_ms = read_int(at)
    try:
        count, size, remaining, done, fault = json.loads(figure)
    except (ValueError, TypeError, RecursionError):
        return None
    words = {b"moved": "moved", b"started": "started", b"found": "found"}
    if at_ms is None or how not in words or not isinstance(size, int) or fault not in FAULTS:
        return None
    if not isinstance(count, str | None) or not all(isinstance(n, int | None) for n in (remaining, done)):
        return None
    change = CounterChange(at_ms, cast(Any, words[how]))
    return NotedCounter(ChildCounter(key, count, size, remaining, done, fault), change)


def counter_anchor(key: str) -> bytes:
    """KEYS[1] of the scripts about a counter. Raises ValueError for a key that is none."""
    if counter_name(encode_id(key)) is None:
        raise ValueError(f"not a completion key: {key!r} (1 to {MOST_KEY_BYTES} bytes, no braces)")
    return completion_anchor(key)


def _parse(key: str, reply: Any) -> ChildCounter | None:
    if isinstance(reply, Exception):
        raise reply
    has_count, text, length, has_done, members, seen = reply
    if not has_count and not has_done:
        return None
    number = read_int(text) if has_count and length <= 32 else None
    fault: CounterFault = ""
    if not has_count:
        fault = "no_count"
    elif not isinstance(text, bytes):
        fault = "count_type"
    elif number is None:
        fault = "no_number"
    elif number < 1:
        fault = "below_one"
    elif has_done and members is None:
        fault = "done_type"
    return ChildCounter(
        key=key,
        count=decode_text(text) if has_count and isinstance(text, bytes) else None,
        count_bytes=length,
        remaining=number,
        done=members if has_done else 0,
        fault=fault,
        seen=seen.decode(),
    )
