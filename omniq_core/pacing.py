"""How large the next batch may be and how long to wait before it, so that Redis always has time for others."""

from __future__ import annotations

BUDGET_S = 0.008
FIRST, MOST = 25, 100
REST = 100.0
LONGEST_REST_S = 1.0
"""With gaps of a second, scripts of 21 ms did not show in the PING times of others; and the next batch is smaller."""

SHARE = 0.2
"""Reads that come one after another take a fifth of Redis's time at most: after each, four times as long is waited."""


def rest_after(took_s: float, share: float) -> float:
    """The seconds to wait after a piece of work of `took_s`, so that it takes that share of the time at most."""
    return took_s * (1 / share - 1)


class Pace:
    """Sizes batches after the time that the last one took: a script cannot time itself. `size` is the next batch's."""

    def __init__(self) -> None:
        self.size = FIRST

    def after(self, took_s: float) -> float:
        """Learns from a batch of `size` that held Redis for `took_s` seconds; returns how many seconds to wait now.

        Up to 8 ms need no wait; what is above is waited for a hundred times over, 1 s at most.
        """
        if took_s > BUDGET_S:
            self.size = max(1, int(self.size * BUDGET_S / took_s))
            return min((took_s - BUDGET_S) * REST, LONGEST_REST_S)
        if took_s < BUDGET_S / 2:
            self.size = min(MOST, self.size * 2)
        return 0.0
