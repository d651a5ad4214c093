"""Taking a child counter away, and letting the next child end it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from omniq_core import CounterEnd, OmniqClient, finish_counter, remove_counter

from .telling import Did, told

_CODES = {"CHANGED": "COUNTER_CHANGED", "BROKEN": "COUNTER_BROKEN", "LAST": "COUNTER_LAST"}


def _tell(ended: CounterEnd, _given: Mapping[str, Any]) -> Did:
    return Did(1) if ended == "OK" else Did(0, {_CODES.get(ended, ended): 1})


@told(_tell)
def remove(client: OmniqClient, key: str, seen: str) -> CounterEnd:
    """Deletes the counter, if it is still as it was `seen`: its count and its set of children that are done.

    Nothing is told to its parent, and children that end later get -1. ValueError for a text that is no key.
    """
    return remove_counter(client.link, key, seen)


@told(_tell)
def finish(client: OmniqClient, key: str, seen: str) -> CounterEnd:
    """Lets the next child that acks be the last one, if the counter is still as it was `seen`.

    Nothing is told to anybody now. ValueError for a text that is no key.
    """
    return finish_counter(client.link, key, seen)
