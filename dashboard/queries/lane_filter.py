"""What the address of a lane asks for, as it was typed."""

from __future__ import annotations

from dataclasses import dataclass, field

from omniq_core import Filter

SINCE_MS = {"15m": 15 * 60_000, "1h": 3_600_000, "24h": 24 * 3_600_000, "7d": 7 * 24 * 3_600_000}
"""How far back `since` looks, in delayed how far ahead."""

WITH_ERRORS = ("failed", "delayed")
"""The lanes whose jobs may have an error to search."""


@dataclass(frozen=True, slots=True)
class LaneFilter:
    """The texts of the fields, "" where nothing was typed; what they mean is said by `omniq_core.Filter`.

    `by_type` is not typed: it is so where values are hidden.
    """

    q: str = ""
    group: str = ""
    prefix: str = ""
    payload: str = ""
    since: str = ""
    by_type: bool = field(default=False, compare=False)

    @property
    def asks(self) -> bool:
        """Whether anything is asked at all."""
        return self != LaneFilter()

    @property
    def typed(self) -> dict[str, str]:
        """What an address has of it."""
        texts = {"q": self.q, "group": self.group, "prefix": self.prefix, "payload": self.payload, "since": self.since}
        return {name: value for name, value in texts.items() if value}

    def wanted(self, lane: str, now_ms: int) -> Filter:
        """The filter at this moment, for a lane by its word in addresses. Raises BadFilter."""
        span = SINCE_MS.get(self.since)
        ahead = lane == "delayed"
        return Filter(
            q=self.q,
            group=self.group,
            prefix=self.prefix,
            payload=self.payload,
            since_ms=now_ms - span if span and not ahead else 0,
            due_by_ms=now_ms + span if span and ahead else 0,
            by_type=self.by_type and bool(self.q),
        )
