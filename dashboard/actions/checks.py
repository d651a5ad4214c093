"""What operators say to the check of queues."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from omniq_core import Link, order_check, start_check

from .telling import Did, told


def _begun(_new: bool, given: Mapping[str, Any]) -> Did:
    return Did(facts={"queues": str(len(given["queues"]))})


@told(_begun)
def check(link: Link, queues: Sequence[str], *, by: str, now_ms: int) -> bool:
    """Begins a check of these queues, 2,000 at most; False when it adds them to the one that runs, or that was stopped:
    one queue takes nothing away from a check of many."""
    return start_check(link, secrets.token_hex(8), queues, by=by, now_ms=now_ms, beside=len(queues) == 1)[1]


def _ordered(was: str | None, given: Mapping[str, Any]) -> Did:
    fits = {"stop": "running", "resume": "stopped"}[given["what"]]
    return Did() if was == fits else Did(0, {"CHECK_OVER": 1})


@told(_ordered)
def order(link: Link, what: Literal["stop", "resume"], *, now_ms: int) -> str | None:
    """Stops the check, or lets a stopped one go on; the state it was in, None without one."""
    return order_check(link, what, now_ms=now_ms)
