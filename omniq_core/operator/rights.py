"""What an access list refuses: a command, all writes, or the keys of some queues, which are left alone for a minute."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Generic, TypeVar

from ..explaining import is_outage

ASK_AGAIN_MS = 60_000
"""So long what was not permitted is not tried again: each refusal goes into the ACL log."""

_FORBIDDEN = ("nopermission", "noperm", "no permission", "can't run this command", "can't access at least one")
NameT = TypeVar("NameT")


def is_forbidden(error: object) -> bool:
    """Is it an access list that refuses this command, or these keys?"""
    return _says(error, _FORBIDDEN)


def keeps_out(error: object) -> bool:
    """Is it these keys that an access list refuses? Those of other queues may be permitted."""
    return is_forbidden(error) and _says(error, ("access",))


def refuses_writes(error: object) -> bool:
    """Does this error mean that writing is not allowed, now or at all?"""
    return _says(error, ("readonly", "read only replica", "oom ", "outofmemory", "misconf", "noreplicas", *_FORBIDDEN))


def unless_absent(reply: Any) -> Any:
    """The reply of a pipeline to a read of keys of ours; None where another type stands there or an access list refuses
    them. Raises any other refusal: what is not answered just now (busy, loading, a lost master) is not absent."""
    if not isinstance(reply, Exception):
        return reply
    if is_forbidden(reply) or _says(reply, ("wrongtype",)):
        return None
    raise reply


def unless_withheld(reply: Any) -> Any:
    """What the server said about itself; None where that may not be asked: not permitted, renamed or unknown. Raises
    what says that nothing is answered just now."""
    if not isinstance(reply, Exception):
        return reply
    if is_outage(reply):
        raise reply
    return None


def _says(error: object, words: tuple[str, ...]) -> bool:
    text = f"{type(error).__name__} {error}".lower()
    return isinstance(error, Exception) and any(word in text for word in words)


class Denied(Generic[NameT]):
    """Whose keys were refused in the last minute, as this process met it."""

    def __init__(self) -> None:
        self._until: dict[NameT, int] = {}

    def note(self, names: Iterable[NameT], now_ms: int) -> None:
        """They were refused now."""
        for name in names:
            self._until[name] = now_ms + ASK_AGAIN_MS

    def now(self, now_ms: int) -> frozenset[NameT]:
        """Those that are not asked now. What is not refused when it is asked again is none of them any more."""
        if not self._until:
            return frozenset()
        known = dict(self._until)  # other threads note meanwhile
        for name in [name for name, until in known.items() if until <= now_ms]:
            self._until.pop(name, None)
        return frozenset(name for name, until in known.items() if until > now_ms)
