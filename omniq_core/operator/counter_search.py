"""Which child counters are open: picked out of the pages that the search for queues reads anyway."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from ..connection import Link
from ..explaining import is_moving
from ..keys import completion_anchor, decode_id
from .children import CHILDREN, MOST_COUNTERS, counter_name
from .overview import state_of
from .rights import keeps_out

BATCH = 500
_BEFORE, _AFTER = b"{cc:", (b"}:count", b"}:done")

Write = Callable[[list[Any]], None]


class CounterSearch:
    """The counters one process met. `meet` costs nothing but a look at the key; a pass that ends asks only for those
    it did not meet. At most 10,000 are kept: more are met again when some have left.

    `write` sends commands that change something and takes care of a Redis that refuses them.
    """

    def __init__(self, link: Link, write: Write) -> None:
        self.link = link
        self._write = write
        self._met: set[bytes] = set()
        self._fresh: set[bytes] = set()
        self._set_read = False

    def take_over(self) -> None:
        """Another process kept the set until now: it is read again before anything is added."""
        self._set_read = False

    def meet(self, keys: Iterable[object]) -> None:
        """Notes the counters among the keys of one page of the scan."""
        for key in keys:
            name = counter_of(key)
            if name is not None and len(self._fresh) < MOST_COUNTERS:
                self._fresh.add(name)

    def store(self) -> None:
        """Makes what was met known to the pages."""
        state = state_of(self.link)
        if not self._set_read:
            self._read_set()
        known = state.counters
        self._met |= self._fresh & known
        room = MOST_COUNTERS - len(known)
        added = sorted(self._fresh - known)[:room] if room > 0 else []
        self._fresh.clear()
        if added:
            state.counters = known.union(added)
            self._met.update(added)
            self._send("SADD", added)

    def end_pass(self) -> None:
        """A counter that was there during the whole pass was met. Of the others those without keys leave at once."""
        state = state_of(self.link)
        if state.writable and self._stored() != len(state.counters):
            self._read_set()
        unmet = sorted(state.counters - self._met)
        gone = [name for name, keys in zip(unmet, self._keys_of(unmet), strict=True) if not keys]
        self._met.clear()
        if gone:
            state.counters = state.counters.difference(gone)
            self._send("SREM", gone)

    def _read_set(self) -> None:
        """The set in Redis is what pages read; this process then thinks the same."""
        state = state_of(self.link)
        self._set_read = True
        if not state.writable:
            return
        members = self.link.pipeline([("SMEMBERS", CHILDREN)])[0]
        if isinstance(members, Exception):
            if "WRONGTYPE" in str(members):  # the key is ours: what another type holds there is rubbish
                self._write([("DEL", CHILDREN)])
            members = ()
        names = sorted(name for name in members if counter_name(name) is not None)
        state.counters = frozenset(names[:MOST_COUNTERS])
        self._send("SREM", [name for name in members if name not in state.counters])

    def _stored(self) -> int:
        reply = self.link.pipeline([("SCARD", CHILDREN)])[0]
        return -1 if isinstance(reply, Exception) else reply

    def _keys_of(self, names: Sequence[bytes]) -> list[int]:
        found: list[int] = []
        for at in range(0, len(names), BATCH):
            commands = [("EXISTS", *counter_keys(name)) for name in names[at : at + BATCH]]
            for reply in self.link.pipeline(commands):
                if is_moving(reply) or keeps_out(reply):
                    reply = 1  # its keys are on their way to another node of a cluster, or nobody may say
                if isinstance(reply, Exception):
                    raise reply
                found.append(reply)
        return found

    def _send(self, verb: str, names: Sequence[bytes]) -> None:
        if names and state_of(self.link).writable:
            self._write([(verb, CHILDREN, *names[at : at + BATCH]) for at in range(0, len(names), BATCH)])


def counter_keys(name: bytes) -> tuple[bytes, bytes]:
    """The count and the set of children that are done."""
    base = completion_anchor(decode_id(name)).removesuffix(b"meta")
    return base + b"count", base + b"done"


def counter_of(key: object) -> bytes | None:
    """The completion key that a key of the protocol belongs to, None for any other key."""
    if not isinstance(key, bytes) or not key.startswith(_BEFORE):
        return None
    for after in _AFTER:
        if key.endswith(after):
            name = key[len(_BEFORE) : -len(after)]
            return name if counter_name(name) is not None else None
    return None
