"""The record of what operators did, entry by entry as the page was drawn."""

from __future__ import annotations

from typing import Any

from omniq_core import Activity, OmniqClient, note_activity
from screenshots.data import HOUR, MAIN, MINUTE, NOW, SECOND

_DAY = {"since_ms": str(NOW - 24 * HOUR - 4 * MINUTE)}
_CONNECTION = {"q": "ConnectionError", **_DAY}
_UNDO = (
    ("crm-sync", "83521c8a83521c8a", 128, 14 * MINUTE + 12 * SECOND),
    ("image-resize", "adda4c56adda4c56", 1, 4 * MINUTE + 50 * SECOND),
)
"""Queue, batch, jobs, and for how long each can still be put back."""


def _at(ago: int, action: str, queue: str, who: str, state: Any = "done", **more: Any) -> Activity:
    values: dict[str, Any] = {"who": who, "address": "10.0.0.7", "queue": queue, **more}
    return Activity(NOW - ago, action, state, **values)


_ENTRIES = (
    _at(17 * HOUR, "remove", "push-notify", "support", lane="failed", jobs=12_480, done=12_480,
        filter={"q": "InvalidToken"}),
    _at(207 * MINUTE, "publish", "crm-sync", "ops-eu", done=1, facts={"copy_of": "01KKAK2M9Q0BETBK4K3Y0RVX5W"}),
    _at(150 * MINUTE, "repair", "tenant-import", "oncall", jobs=1, done=1, facts={"before": "3", "after": "1"}),
    _at(124 * MINUTE, "pause", "email-digest", "oncall", done=1, facts={"reason": "digest template is wrong"}),
    _at(69 * MINUTE, "pause", "invoice-pdf", "support", done=1, facts={"until_ms": str(NOW - 8 * MINUTE)}),
    _at(31 * MINUTE, "retry", MAIN, "oncall", "ended", lane="failed", jobs=402, done=390, skipped={"LEFT_LANE": 12},
        filter={"q": "deadline exceeded"}, facts={"task": "a" * 16}),
    _at(15 * MINUTE, "limit", "tenant-import", "ops-eu", done=1,
        facts={"gid": "tenant-1198", "limit": "8", "before": "5"}),
    _at(10 * MINUTE, "remove", "image-resize", "support", lane="failed", jobs=1, done=1,
        ids=("01KKAV7T3C0BETBK4K3Y0RVX5W",), facts={"batch": _UNDO[1][1]}),
    _at(8 * MINUTE, "resume", "invoice-pdf", "support", done=1),
    _at(204 * SECOND, "retry", MAIN, "oncall", lane="failed", jobs=10, done=10, filter=_CONNECTION),
    _at(131 * SECOND, "remove", MAIN, "ops-eu", "refused", lane="failed", jobs=4_213, filter=_CONNECTION,
        why="ops-eu may retry and pause, not remove"),
    _at(48 * SECOND, "remove", "crm-sync", "oncall", lane="failed", jobs=128, done=128,
        filter={"q": "HubspotRateLimit"}, facts={"batch": _UNDO[0][1]}),
)  # fmt: skip


def write_activity(client: OmniqClient) -> None:
    """The record, and the trash of the removals that can still be undone."""
    for entry in _ENTRIES:
        note_activity(client.link, entry)
    client.link.pipeline(
        [("HSET", f"{{{queue}}}:x:trash", batch, f"{NOW + left} {jobs} 1000") for queue, batch, jobs, left in _UNDO]
    )
