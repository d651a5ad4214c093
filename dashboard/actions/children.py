"""Taking a child counter away."""

from __future__ import annotations

from omniq_core import OmniqClient, remove_counter

from .telling import Did, told


@told(lambda there, _given: Did(1) if there else Did(0, {"GONE": 1}))
def remove(client: OmniqClient, key: str) -> bool:
    """Deletes the counter: its count and its set of children that are done. False when it is gone already.

    Nothing is told to its parent, and children that end later get -1. ValueError for a text that is no key.
    """
    return remove_counter(client.link, key)
