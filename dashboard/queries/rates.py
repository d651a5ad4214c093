"""What happened in one queue lately, as its row and its tiles show it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from omniq_core import parse_spark

from ..rate_charts import SparkPaths, spark_paths

_MOST_KEPT = 4_000
_BUCKET_MS = 10_000


@dataclass(frozen=True, slots=True)
class QueueRates:
    """`paths` are the last hour. Rates are of the last minute, a second, None when nobody looked.

    `failed_before_s` is the rate an hour ago, `since_ms` the first look ever: None where there was none.
    """

    paths: SparkPaths
    started_s: float | None
    ended_s: float | None
    failed_s: float | None
    failed_before_s: float | None
    since_ms: int | None


def queue_rates(raw: object, now_ms: int) -> QueueRates:
    """From the answer to `spark_command`, or the spark of a snapshot."""
    # It is made of the same bytes until the next look, and costs as much as the rest of a row.
    return _rates(raw if isinstance(raw, bytes) else b"", now_ms // _BUCKET_MS)


@lru_cache(maxsize=_MOST_KEPT)
def _rates(raw: bytes, bucket: int) -> QueueRates:
    spark = parse_spark(raw, bucket * _BUCKET_MS)
    return QueueRates(
        spark_paths(spark), spark.started_s, spark.ended_s, spark.failed_s, spark.failed[0], spark.since_ms
    )
