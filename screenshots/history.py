"""What happened in the last hour: jobs started, ended and failed in every 10 s. Nothing here is random."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from omniq_core import OmniqClient
from omniq_core.keys import QueueKeys, global_key
from omniq_core.scripts import script
from screenshots.data import MAIN, NOW

_BUCKET = 10_000
_BUCKETS = 400
_NEWEST = NOW // _BUCKET - 1
_TENTHS = 100
Shape = Callable[[float], float]


def waves(phase: float) -> Shape:
    """Waves of some per cent, which no two queues have at the same time: together they are nearly level."""
    return lambda minute: (
        1
        + 0.10 * math.sin(minute / 5.3 + phase)
        + 0.06 * math.sin(minute / 1.7 + 2 * phase)
        + 0.03 * math.sin(minute * 3.1 + phase)
    )


def spikes(minute: float) -> float:
    """A few jobs at a time, and nothing between them."""
    return 14.0 if minute < 0.2 else float(round(minute / 1.5) in (2, 6, 12, 13, 24, 25, 30, 35)) * 14


def humps(minute: float) -> float:
    """Two batches in the hour, the last of which has just begun to end."""
    return (
        0.2 + 1.4 * math.exp(-(((minute - 44) / 4) ** 2)) + math.exp(-(((minute - 16) / 3.5) ** 2)) + 0.8 * (minute < 1)
    )


_LEVEL = waves(0)


@dataclass(frozen=True, slots=True)
class Rates:
    """Jobs a second now, the share of them that also ended, and how they changed; `shape` takes minutes before NOW."""

    started: float
    shape: Shape = _LEVEL
    ended: float = 1.0
    failed: Shape = lambda _minute: 0.0


def _ramp(minute: float) -> float:
    """From 02:39 on the payment service refuses connections."""
    return 0.09 if minute > 35 else 2.1 * min(1, (35.5 - minute) / 6) * (1 + 0.06 * math.sin(minute * 2.3))


QUEUES = {
    MAIN: Rates(182, waves(0.4), ended=0.984, failed=_ramp),
    "crm-sync": Rates(23, waves(1), failed=lambda minute: 0.06 if round(minute) in (8, 26, 27, 28, 46, 47) else 0.0),
    "image-resize": Rates(
        40, lambda minute: waves(2)(minute) if minute > 6.2 else 0.0, failed=lambda minute: 0.1 * (6.2 < minute < 10)
    ),
    "email-transactional": Rates(94, waves(3), ended=0.99),
    "video-transcode": Rates(0.6, spikes),
    "invoice-pdf": Rates(11, waves(4)),
    "tenant-import": Rates(3.1, lambda minute: waves(5)(minute) * (1.1 - minute / 160)),
    "search-index": Rates(61, humps, ended=0.97),
    "fraud-score": Rates(118, waves(2.4)),
    "email-digest": Rates(0),
    "push-notify": Rates(240, waves(4.6), ended=0.97),
    "audit-log": Rates(31, waves(5.5)),
    "sms-otp": Rates(7.4, waves(1.5)),
    "report-nightly": Rates(0),
}


def write_history(client: OmniqClient) -> None:
    """As if a dashboard had looked at every queue, every 10 s, for more than an hour."""
    totals = [[0, 0, 0] for _ in range(_BUCKETS)]
    for name, rates in QUEUES.items():
        counts = [_counts(rates, _BUCKETS - 1 - nth) for nth in range(_BUCKETS)]
        _write(client, QueueKeys(name).anchor, counts)
        for total, count in zip(totals, counts, strict=True):
            for at in range(3):
                total[at] += count[at]
    _write(client, global_key("meta"), totals)


def _counts(rates: Rates, ago: int) -> list[int]:
    """Started, ended and failed in one bucket; fractions are carried on, so that a slow queue starts a job at times."""

    def until(rate: Shape, bucket: int) -> int:
        return math.floor(sum(rate(at / 6) for at in range(bucket, _BUCKETS + 1)) * 10 + 0.5)

    def started(minute: float) -> float:
        # In the last minute it is the figure that is drawn.
        return rates.started * (rates.shape(minute) if minute >= 1.2 or rates.shape(0) == 0 else 1.0)

    found = [until(rate, ago) - until(rate, ago + 1) for rate in (started, rates.failed)]
    return [found[0], round(found[0] * rates.ended), found[1]]


def _write(client: OmniqClient, anchor: bytes, counts: list[list[int]]) -> None:
    calls = []
    for nth, (started, ended, failed) in enumerate(counts):
        minute = [sum(column) for column in zip(*counts[max(nth - 5, 0) : nth + 1], strict=True)]
        entry = (_TENTHS, started, ended, failed, 1, 0)
        lately = (6 * _TENTHS, minute[0], minute[1], 6 * _TENTHS, minute[2])
        calls.append((script("operator/history_sum"), anchor, (_NEWEST - _BUCKETS + 1 + nth, *entry, *lately)))
    client.link.run_many(calls)
