"""Ids, payloads and errors as a payment shop writes them, from a generator with a fixed seed."""

from __future__ import annotations

import random
from typing import Any

_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_LETTERS = "23456789abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ"
_EVENTS = (
    ("charge.captured", "charge_id", "ch"),
    ("charge.refunded", "charge_id", "ch"),
    ("charge.failed", "charge_id", "ch"),
    ("payout.paid", "payout_id", "po"),
    ("dispute.created", "dispute_id", "dp"),
    ("invoice.finalized", "invoice_id", "in"),
)
_AMOUNTS = (990, 1900, 2490, 4900, 8450, 12900, 35000)
_POOL = "ConnectionError: HTTPSConnectionPool(host='api.paygate.example', port=443): Max retries exceeded with url: "
_TIMEOUT = " (Caused by ConnectTimeoutError: timed out after 10.0 s)"


class Texts:
    """A source of texts; the same seed gives the same texts in the same order."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def job_id(self, created_ms: int) -> str:
        """A ULID of this moment."""
        time, value = "", created_ms
        for _ in range(10):
            time, value = _CROCKFORD[value % 32] + time, value // 32
        return time + "".join(self._random.choices(_CROCKFORD, k=16))

    def name(self, prefix: str, length: int = 8) -> str:
        """An id like ch_3gaRMUnj."""
        return f"{prefix}_" + "".join(self._random.choices(_LETTERS, k=length))

    def payload(self) -> dict[str, Any]:
        """An event of about 90 bytes."""
        event, key, prefix = self._random.choice(_EVENTS)
        amount, currency = self._random.choice(_AMOUNTS), self._random.choice(("EUR", "USD", "GBP"))
        return {"event": event, key: self.name(prefix), "amount": amount, "currency": currency}

    def error(self) -> str:
        """One line of an error; most are the timeout of one payment service."""
        kind = self._random.random()
        if kind < 0.45:
            return f"{_POOL}/v2/charges/{self.name('ch')}{_TIMEOUT}"
        if kind < 0.75:
            return f"{_POOL}/v2/refunds/{self.name('ch')}{_TIMEOUT}"
        if kind < 0.87:
            reset = "ConnectionResetError(104, 'Connection reset by peer')"
            return f"ConnectionError: ('Connection aborted.', {reset}) while posting /v2/events/{self.name('ch')}"
        if kind < 0.95:
            url = f"https://api.paygate.example/v2/payouts/{self.name('ch')}"
            return f"FetchError: request to {url} failed, reason: connect ETIMEDOUT (ConnectionError)"
        return f"post entry {self.name('ch')}: dial tcp 10.4.18.22:443: i/o timeout: ConnectionError"

    def timeout(self) -> str:
        """The error of a capture that timed out."""
        return f"{_POOL}/v2/charges/{self.name('ch')}/capture{_TIMEOUT}"

    def between(self, low: int, high: int) -> int:
        """A whole number from `low` to `high`, both included."""
        return self._random.randint(low, high)

    def chance(self, share: float) -> bool:
        """True in this share of the calls."""
        return self._random.random() < share

    def one_of(self, choices: tuple[str, ...]) -> str:
        """One of them."""
        return self._random.choice(choices)
