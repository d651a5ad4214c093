"""What the failed jobs of the main queue died of, kind by kind, as the page of errors is drawn."""

from __future__ import annotations

from screenshots.data import HOUR, MINUTE

DAY = 24 * HOUR
DEADLINE = (
    'post ledger entry: Post "https://ledger.internal/v1/entries": context deadline exceeded '
    "(Client.Timeout exceeded while awaiting headers)"
)
DEADLINES = 399
"""So many of the failures of the last half hour, besides the ConnectionErrors."""

_TYPE = (
    "TypeError: Cannot read properties of undefined (reading 'amount') "
    "at captureCharge (/app/src/handlers/charge.js:{n}:17)"
)
_SERIAL = (
    "SerializationFailure: could not serialize access due to concurrent update. "
    'CONTEXT: while updating tuple (0,{n}) in relation "ledger_entries"'
)
_PANIC = (
    "panic: runtime error: index out of range [{n}] with length 4 in goroutine 118: "
    "webhooks.(*Router).Dispatch(0xc0000b6000)"
)
_INVALID = (
    "ValidationError: 1 validation errors for WebhookEvent: data.object.currency "
    "Input should be ['eur', 'usd'] [type=literal_error]"
)
_DECODE = "JSONDecodeError: Expecting value: line 1 column 1 (char 0)"

# the error (None: the lease ran out), how many, when the first and the last failed (ms ago)
_EARLIER: tuple[tuple[str | None, int, int, int], ...] = (
    (DEADLINE, 3, 6 * DAY, 2 * HOUR),
    (_TYPE, 148, 31 * DAY, 36 * MINUTE),
    (_SERIAL, 71, 12 * DAY, 40 * MINUTE),
    (None, 22, 9 * DAY, 4 * HOUR),
    (_PANIC, 9, 3 * HOUR, 2 * HOUR),
    (_INVALID, 5, 20 * DAY, 7 * HOUR),
    (_DECODE, 1, 15 * HOUR, 15 * HOUR),
)


def earlier() -> list[tuple[int, str | None]]:
    """The failures before the last half hour: how long ago, and the error; the oldest first.

    The older, the rarer: what is over long ago was mostly put right.
    """
    found: list[tuple[int, str | None]] = []
    for error, count, first, last in _EARLIER:
        for nth in range(count):
            ago = round(first * (last / first) ** (nth / max(1, count - 1)))
            found.append((ago, error and error.format(n=40 + nth)))
    return sorted(found, key=lambda one: -one[0])
