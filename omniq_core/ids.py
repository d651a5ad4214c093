"""ULIDs: 26 characters of Crockford base32, ordered by the time they were made."""

from __future__ import annotations

import secrets
import threading

from . import clock

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_RANDOM_BITS = 80

_lock = threading.Lock()
_last_ms = 0
_last_random = 0


def new_ulid(at_ms: int | None = None) -> str:
    """A fresh ULID for `at_ms` (ms since the epoch, now by default).

    Ids of one process and one millisecond ascend, so the order of publishing is the order of the ids.
    """
    global _last_ms, _last_random
    ms = clock.now_ms() if at_ms is None else at_ms
    with _lock:
        if ms == _last_ms and _last_random < (1 << _RANDOM_BITS) - 1:
            _last_random += 1
        else:
            _last_ms, _last_random = ms, secrets.randbits(_RANDOM_BITS)
        number = (ms << _RANDOM_BITS) | _last_random
    return "".join(_ALPHABET[(number >> shift) & 31] for shift in range(125, -5, -5))
