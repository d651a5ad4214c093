"""ULIDs: 26 characters of Crockford base32, ordered by the time they were made."""

from __future__ import annotations

import secrets
import threading

from . import clock

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_RANDOM_BITS = 80
# Two characters at a time: making an id is a good part of what a publish costs its caller.
_PAIRS = [first + second for first in _ALPHABET for second in _ALPHABET]
_SHIFTS = range(120, -10, -10)

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
    return "".join([_PAIRS[(number >> shift) & 1023] for shift in _SHIFTS])
