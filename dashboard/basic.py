"""HTTP Basic: one name and one password for the standalone dashboard, with the same limit of tries as the form's."""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field

from flask import Request

from .access import Actor, Allow, Decision, Deny
from .kept import kept
from .state import now_ms
from .tries import Tries, too_many

ASKED_MS = 30_000
"""So long an address whose password was right is not asked for in Redis again: a browser sends it with each request."""
_MOST_ADDRESSES = 1_000
_KEY = b"omniq-dashboard/basic"
"""Spreads names and addresses over the buckets. Made of the password it would tell of it to whoever reads Redis."""
_ASK = Deny("A name and a password are required.", challenge=True)


@dataclass(slots=True)
class Basic:
    """The `access` and the `user` of a mount with one name and password. The liveness page needs none."""

    name: str
    password: str = field(repr=False)
    tries: Tries
    _right: dict[str, int] = field(default_factory=dict[str, int], repr=False)

    def access(self, request: Request, action: str, _queue: str | None) -> Decision:
        """Everything for whoever has both; after too many tries nothing for 5 min, as the sign-in page has it."""
        if action == "health":
            return Allow()
        if "basic" not in kept:
            kept.basic = self._decide(request)
        return kept.basic

    def user(self, request: Request) -> Actor:
        """The name that `access` has checked. Without it anybody could write any name into the header."""
        given = request.authorization
        return Actor((given.username or "") if given is not None else "", request.remote_addr or "")

    def _decide(self, request: Request) -> Decision:
        given, address, now = request.authorization, request.remote_addr or "", now_ms()
        if given is None or given.type != "basic":
            return _ASK
        name = given.username or ""
        right = hmac.compare_digest(name.encode(), self.name.encode()) & hmac.compare_digest(
            (given.password or "").encode(), self.password.encode()
        )
        if not right:
            kept.tried = self.name if hmac.compare_digest(name.encode(), self.name.encode()) else ""
            # A guess from the address of somebody who is in must not find out by them.
            if address in self._right:
                self._right[address] = 0
            wait_ms = self.tries.take(_KEY, name, address, now).wait_ms
            return Deny(too_many(wait_ms), wait_ms=wait_ms) if wait_ms else _ASK
        if 0 < self._right.get(address, 0) - now <= ASKED_MS:
            return Allow()
        # From an address where somebody was right before, guesses from elsewhere at that name do not count.
        if wait_ms := self.tries.wait(_KEY, name, address, now, anywhere=address not in self._right):
            return Deny(too_many(wait_ms), wait_ms=wait_ms)
        if len(self._right) >= _MOST_ADDRESSES:
            self._right.clear()
        self._right[address] = now + ASKED_MS
        return Allow()
