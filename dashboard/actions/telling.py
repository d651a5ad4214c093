"""What an action did, told to whoever keeps a record of it. Actions do not know who listens, if anybody does."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, ParamSpec, Protocol, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Did:
    """How many were changed (None: that is not what it counts), how many were not and by which code, and what else
    became known."""

    done: int | None = None
    skipped: Mapping[str, int] = field(default_factory=dict[str, int])
    facts: Mapping[str, str] = field(default_factory=dict[str, str])


class Listener(Protocol):
    """Who keeps the record: hears that an action begins, and how it ended."""

    def begins(self) -> None: ...

    def did(self, what: Did) -> None: ...

    def failed(self, error: Exception) -> None: ...


_listener: ContextVar[Listener | None] = ContextVar("omniq_listener", default=None)


@contextmanager
def listening(listener: Listener) -> Generator[None]:
    """While this is open, what actions do is told to `listener`."""
    before = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(before)


def told(tell: Callable[[R, Mapping[str, Any]], Did]) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """For an action: its beginning and its end are told. `tell` says what its result means, given its arguments."""

    def decorate(action: Callable[P, R]) -> Callable[P, R]:
        signature = inspect.signature(action)

        @functools.wraps(action)
        def acts(*args: P.args, **kwargs: P.kwargs) -> R:
            listener = _listener.get()
            if listener is None:
                return action(*args, **kwargs)
            listener.begins()
            try:
                result = action(*args, **kwargs)
            except Exception as error:
                listener.failed(error)
                raise
            listener.did(tell(result, signature.bind(*args, **kwargs).arguments))
            return result

        return acts

    return decorate
