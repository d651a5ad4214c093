"""Rates over time as the path data of an SVG, the labels at its axes, and what it says in words."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from omniq_core import History, Spark

from .formatting import DAY, plural, rate

HEIGHT, FAILED_HEIGHT = 150, 36
SPARK_HEIGHT, SPARK_BASE, SPARK_TOP = 20, 19, 5
POINT_S = 90
"""So long is a point of a sparkline."""

_BAR, _STEP = 3, 4
_PARTS = 3
"""The upper axis has so many equal parts."""


@dataclass(frozen=True, slots=True)
class RateChart:
    """A chart of a history. Paths stand in boxes of `width` by 150 (lines) and of `failed_width` by 36 (bars).

    `axis` and `failed_axis` are the labels from the top, `moments` (ms) those below, `by_day` when they are days.
    `figures` has the rates of each point, started, ended and failed, `;` between points and nothing for a gap.
    """

    width: int
    started: str
    ended: str
    area: str
    gaps: str
    axis: tuple[str, ...]
    failed_width: int
    failed: str
    failed_axis: tuple[str, ...]
    moments: tuple[int, ...]
    by_day: bool
    from_ms: int
    step_ms: int
    figures: str
    sentence: str


def rate_chart(history: History, words: str) -> RateChart:
    """The chart; `words` say how long it is ("15 min", "1 h")."""
    points = history.points
    started, ended, failed = ([getattr(p, f"{name}_s") for p in points] for name in ("started", "ended", "failed"))
    top = _axis_top([*started, *ended], _PARTS)
    failed_top = _axis_top(failed, 1)
    below = _line(ended, top, HEIGHT, HEIGHT)
    from_ms, length = points[0].at_ms, history.step_ms * len(points)
    spaces = 5 if length == 15 * 60_000 else 6
    return RateChart(
        width=len(points) - 1,
        started="".join(run for run, _ in _line(started, top, HEIGHT, HEIGHT)),
        ended="".join(run for run, _ in below),
        area="".join(f"{run}V{HEIGHT}H{first}z" for run, first in below),
        gaps=_gaps(history),
        axis=tuple(_label(top * part / _PARTS) for part in range(_PARTS, -1, -1)),
        failed_width=len(points) * _STEP - 1,
        failed=_bars(failed, failed_top),
        failed_axis=(_label(failed_top), "0"),
        moments=tuple(from_ms + length * at // spaces for at in range(spaces + 1)),
        by_day=length > DAY,
        from_ms=from_ms,
        step_ms=history.step_ms,
        figures=";".join(
            " ".join(map(rate, three)) if three[0] is not None else ""
            for three in zip(started, ended, failed, strict=True)
        ),
        sentence=_sentence(words, started, ended, failed),
    )


@dataclass(frozen=True, slots=True)
class SparkPaths:
    """The path data of sparklines in boxes of 39 by 20: starts as a line, failures as ticks and as a line."""

    line: str
    bad: str
    failed: str


def spark_paths(spark: Spark) -> SparkPaths:
    """The sparklines of a queue's last hour."""
    return SparkPaths(
        _spark_line(spark.started, SPARK_BASE - SPARK_TOP),
        _ticks(spark.failed),
        _spark_line(spark.failed, SPARK_BASE - 2),
    )


def _spark_line(values: Sequence[float | None], height: int) -> str:
    top = max((value for value in values if value is not None), default=0)
    return "".join(run for run, _ in _line(values, top or 1, SPARK_BASE, height))


def _line(values: Sequence[float | None], top: float, base: int, height: int) -> list[tuple[str, int]]:
    """Each run without a gap, and where it begins. Steps are relative and whole, for they travel with every tick."""
    found: list[tuple[str, int]] = []
    for first, run in _runs(values):
        heights = [base - round(value / top * height) for value in run]
        path, letter = f"M{first} {heights[0]}", ""
        for before, now in pairwise(heights):
            path += ("" if letter else "l") + (" " if letter else "") + f"1{'' if now < before else ' '}{now - before}"
            letter = "l"
        found.append((path if letter else f"{path}h.5", first))
    return found


def _runs(values: Sequence[float | None]) -> Iterator[tuple[int, list[float]]]:
    run: list[float] = []
    for at, value in enumerate([*values, None]):
        if value is not None:
            run.append(value)
        elif run:
            yield at - len(run), run
            run = []


def _bars(values: Sequence[float | None], top: float) -> str:
    path, place = "", 0
    for at, value in enumerate(values):
        if value:
            height = max(round(value / top * FAILED_HEIGHT), 1)
            path += f"m{at * _STEP - place} 0" if path else f"M{at * _STEP} {FAILED_HEIGHT}"
            path += f"v-{height}h{_BAR}v{height}z"
            place = at * _STEP
    return path


def _ticks(rates: Sequence[float | None]) -> str:
    """Heights go by the logarithm, as in the histograms: one failure is still seen beside thousands."""
    path, place, down = "", 0, 0
    for at, value in enumerate(rates):
        if value:
            height = min(2 + round(2 * math.log10(max(value * POINT_S, 1))), 8)
            path += f"m{at - place} {down}" if path else f"M{at} {SPARK_HEIGHT}"
            path += f"v-{height}"
            place, down = at, height
    return path


def _gaps(history: History) -> str:
    """The spans without figures, from the first look on: before it there is nothing to miss."""
    path, last = "", len(history.points) - 1
    missing = [
        history.since_ms is not None and not point.seen_ms and point.at_ms >= history.since_ms
        for point in history.points
    ]
    for first, run in _runs([1.0 if gap else None for gap in missing]):
        from_, to = max(first - 1, 0), min(first + len(run), last)
        # What was seen last is not final yet: an end that is still open is no gap.
        if to < last or len(run) * history.step_ms > 60_000:
            path += f"M{from_} 0H{to}V{HEIGHT}H{from_}z"
    return path


def _axis_top(values: Sequence[float | None], parts: int) -> float:
    """The least round number that is not below any value: `parts` times 1, 2, 3, 4, 5, 6 or 8 with zeros."""
    most = max((value for value in values if value is not None), default=0) / parts
    if most <= 0:
        return float(parts)
    scale = 10.0 ** math.floor(math.log10(most))
    return next(step * scale for step in (1, 2, 3, 4, 5, 6, 8, 10) if step * scale >= most * 0.999999) * parts


def _label(value: float) -> str:
    return f"{value:,.0f}" if value >= 10 else f"{value:.3g}"


def _sentence(
    words: str,
    started: Sequence[float | None],
    ended: Sequence[float | None],
    failed: Sequence[float | None],
) -> str:
    said = [f"Jobs per second over the last {words}."]
    for name, values in (("Started", started), ("Ended", ended), ("Failed", failed)):
        known = [value for value in values if value is not None]
        if known:
            low, high, last = rate(min(known)), rate(max(known)), rate(known[-1])
            said.append(f"{name} {f'from {low} to {high}' if low != high else f'always {low}'}, at last {last}.")
    unknown = sum(value is None for value in started)
    if unknown == len(started):
        said.append("Nothing was seen in that time.")
    elif unknown:
        said.append(f"Nothing is known of {plural(unknown, 'point')} of {len(started)}.")
    return " ".join(said)
