"""Figures in the formats of Prometheus, by its own library, which need not be installed: import this late.

Each answer has a registry of its own, so that several mounts and the host keep out of each other's way.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import choose_encoder

from .queries.metrics import MetricsPage, QueueFigures

GAUGES = {
    "omniq_jobs_waiting": "Jobs that wait for a worker, grouped and ungrouped.",
    "omniq_jobs_active": "Jobs that workers hold.",
    "omniq_leases_expired": "Active jobs whose lease ran out and that nobody took back.",
    "omniq_jobs_delayed": "Jobs that wait for their time.",
    "omniq_jobs_failed": "Failed jobs that are kept. A retry or a removal lowers it.",
    "omniq_oldest_waiting_age_seconds": "How long the oldest waiting job waits. Absent where none does.",
    "omniq_queue_paused": "1 while the queue is paused.",
    "omniq_queue_stalled": "1 while jobs wait and nobody takes any.",
}
COUNTERS = {
    "omniq_jobs_started": "Leases that the queue ever gave; a retried job counts again.",
    "omniq_job_failures": "Jobs that failed for good and were still failed 20 s later, since the history began.",
}
AGE = "omniq_figures_age_seconds"
KEPT = "omniq_figures_kept"
DENIED = "omniq_queues_not_permitted"


def expose(page: MetricsPage, accept: str) -> tuple[bytes, str]:
    """The text, and its content type: OpenMetrics for whoever takes nothing else, since it says the same and costs the
    library twice the time."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Once(page))
    if "text/plain" in accept:
        accept = ",".join(one for one in accept.split(",") if "openmetrics" not in one)
    encode, content_type = choose_encoder(accept)
    return encode(registry), content_type


class _Once:
    def __init__(self, page: MetricsPage) -> None:
        self._page = page

    def collect(self) -> Iterator[Metric]:
        figures = [(one.queue, _figures(one)) for one in self._page.queues]
        for make, texts in ((GaugeMetricFamily, GAUGES), (CounterMetricFamily, COUNTERS)):
            for name, text in texts.items():
                family: Any = make(name, text, labels=("queue",))
                for queue, of in figures:
                    value = of[name]
                    if value is not None:
                        family.add_metric((queue,), value)
                yield family
        kept = "1 while some process looks for queues and keeps figures. If 0, queues may be missing."
        yield GaugeMetricFamily(KEPT, kept, value=int(self._page.kept))
        denied = "Queues that are missing: the access list of Redis keeps this dashboard from reading their keys."
        yield GaugeMetricFamily(DENIED, denied, value=self._page.denied)
        if self._page.age_ms is not None:
            yield GaugeMetricFamily(AGE, "How old the figures of most queues are.", value=self._page.age_ms / 1000)


def _figures(one: QueueFigures) -> dict[str, float | None]:
    return {
        "omniq_jobs_waiting": one.waiting,
        "omniq_jobs_active": one.active,
        "omniq_leases_expired": one.expired,
        "omniq_jobs_delayed": one.delayed,
        "omniq_jobs_failed": one.failed,
        "omniq_oldest_waiting_age_seconds": None if one.oldest_ms is None else one.oldest_ms / 1000,
        "omniq_queue_paused": int(one.paused),
        "omniq_queue_stalled": int(one.stalled),
        "omniq_jobs_started": one.started,
        "omniq_job_failures": one.failed_total,
    }
