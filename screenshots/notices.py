"""The notices and top errors of the data set, as its leader would have found them after an hour."""

from __future__ import annotations

from omniq_core import Notice, OmniqClient, TopError
from omniq_core.operator.fingerprint import fingerprint
from omniq_core.operator.notices import NOTICES, Kept, NoticeBoard, pack_board
from omniq_core.operator.top_errors import SPANS, TOP, pack_top
from screenshots.data import HOUR, MAIN, MINUTE, NOW, SECOND

_FOUND = (
    Notice("stalled", "image-resize", 2_318, 16, NOW - 372 * SECOND),
    Notice("failing", MAIN, 1_893, 9, None, "ConnectionError", "", 92),
    Notice("groups", "tenant-import", 2, 1_240),
    Notice("counters", "", 2, 312, NOW - 5 * HOUR, "import:tenant-8841:2026-03-09"),
    Notice("paused", "email-digest", 18_442, 0, NOW - 124 * MINUTE),
)

_ERRORS: tuple[tuple[str, str, tuple[int, ...]], ...] = (
    ("ConnectionError", MAIN, (3, 24, 96, 92, 362, 238, 481, 520, 644, 478, 1_271)),
    ("context deadline exceeded", MAIN, (2, 5, 14, 19, 26, 20, 45, 43, 60, 137)),
    ("HubspotRateLimitError", "crm-sync", (8, 5, 0, 0, 0, 0, 3, 5, 2, 0, 0, 0, 6, 0, 0, 2)),
    ("Lease ran out", "image-resize", (9, 4, 9)),
    ("TypeError: reading 'amount'", MAIN, (1, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 0, 1, 0)),
)
"""The spans up to now; those before had none."""


def write_notices(client: OmniqClient) -> None:
    """They stay as they are: no background of a picture looks again."""
    board = NoticeBoard(NOW, tuple(Kept(one, 2, 0, True, one.count) for one in _FOUND))
    errors = [
        TopError(queue, fingerprint(name).digest, name, sum(last), (0,) * (SPANS - len(last)) + last)
        for name, queue, last in _ERRORS
    ]
    client.link.pipeline([("SET", NOTICES, pack_board(board)), ("SET", TOP, pack_top(NOW, errors, []))])
