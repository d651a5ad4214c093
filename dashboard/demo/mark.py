"""The mark that says: this database is the demo's. Nothing is ever written to one that is somebody else's."""

from __future__ import annotations

import json
from typing import Any, cast

from omniq_core import OmniqClient

MARK_KEY = "{omniq:x}:demo"
VERSION = 1


class NotOurDatabase(Exception):
    """The database holds something, and the demo did not put it there; the text is one line. Nothing was written."""


def claim_database(client: OmniqClient) -> None:
    """Marks an empty database as the demo's, or finds the mark there.

    Raises NotOurDatabase before anything is written, and what the link raises when Redis does not answer.
    """
    mark, size = client.link.pipeline([("GET", MARK_KEY), ("DBSIZE",)])
    if _read(mark) is not None:
        return
    if isinstance(size, Exception):
        raise size
    if size:
        keys = "1 key" if size == 1 else f"{size:,} keys"
        raise NotOurDatabase(
            f"{client.link.label} holds {keys} that the demo did not write, so it is left alone: "
            "give it an empty database, or no --redis at all"
        )
    client.link.call("SET", MARK_KEY, json.dumps({"v": VERSION, "seeded": []}), "NX")


def seeded_queues(client: OmniqClient) -> list[str] | None:
    """Queues that have their history already; None when the mark is gone, and with it the right to write."""
    mark = _read(client.link.call("GET", MARK_KEY, read=True))
    if mark is None:
        return None
    names = mark.get("seeded")
    return [str(name) for name in cast(list[Any], names)] if isinstance(names, list) else []


def note_seeded(client: OmniqClient, names: list[str]) -> None:
    """Writes down which queues have their history, so that the next start does not add another one."""
    client.link.call("SET", MARK_KEY, json.dumps({"v": VERSION, "seeded": names}), "XX")


def _read(raw: object) -> dict[str, Any] | None:
    if not isinstance(raw, bytes):
        return None
    try:
        mark = json.loads(raw)
    except ValueError:
        return None
    return cast(dict[str, Any], mark) if isinstance(mark, dict) and mark.get("v") == VERSION else None
