"""Series as the path data of an SVG: drawn by the server, stretched and coloured by the style sheet."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

HEIGHT, BAR, STEP = 28, 4, 5
LOWEST = 6
"""How high a bar of one is."""

LEAST_TOP = 10
"""So few are no full bar, wherever there are no more."""


@dataclass(frozen=True, slots=True)
class Histogram:
    """`bars` and `none` (stubs of 1 px for empty spans) are path data in a box of `width` by 28."""

    width: int
    bars: str
    none: str


def histogram(counts: Sequence[int], top: int) -> Histogram:
    """Bars from left to right. `top` is the count of a bar of full height: the highest of all that stand together.

    Heights go by the logarithm, so that one failure is still seen beside thousands, and by whole pixels.
    """
    bars, none = "", ""
    for at, count in enumerate(counts):
        if count <= 0:
            none += f"M{at * STEP} {HEIGHT - 1}h{BAR}v1h-{BAR}z"
            continue
        share = min(math.log(count) / math.log(max(top, LEAST_TOP)), 1)
        height = f"{LOWEST + (HEIGHT - LOWEST) * share:.0f}"
        bars += f"M{at * STEP} {HEIGHT}v-{height}h{BAR}v{height}z"
    return Histogram(max(len(counts) * STEP - 1, 1), bars, none)
