"""/metrics, as Prometheus reads it."""

from __future__ import annotations

import gzip
import math
import re
import struct
import sys
from typing import Any

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as read_openmetrics
from prometheus_client.parser import text_string_to_metric_families

from dashboard import Allow, Deny, create_app
from dashboard.exposition import AGE, COUNTERS, DENIED, GAUGES, KEPT
from omniq_core import Background, HistorySampler, OmniqClient
from tests.support.factories import complete_jobs, delay_jobs, fail_jobs, lease_jobs, publish_jobs
from tests.support.sources import ROOT

NOW = 1_750_000_000_000


def dashboard_of(client: OmniqClient, **settings: Any) -> Any:
    return create_app(redis=client, insecure=True, background=False, clock=lambda: NOW, **settings).test_client()


def figures(text: str, read: Any = text_string_to_metric_families) -> dict[tuple[str, str], float]:
    return {(one.name, one.labels.get("queue", "")): one.value for family in read(text) for one in family.samples}


@pytest.fixture
def mail(client: OmniqClient) -> OmniqClient:
    """3 wait since 8 s before NOW, 2 run (one lease is over), 1 is delayed, 2 have failed, 1 has completed."""
    publish_jobs(client, "mail", ["gone"], now_ms=NOW - 90_000)
    client.reserve(queue="mail", now_ms_override=NOW - 90_000)
    complete_jobs(client, "mail", ["c"], now_ms=NOW - 20_000)
    fail_jobs(client, "mail", ["f1", "f2"], now_ms=NOW - 15_000)
    lease_jobs(client, "mail", ["l"], now_ms=NOW - 1_000)
    delay_jobs(client, "mail", ["d"], now_ms=NOW, due_ms=NOW + 5_000)
    publish_jobs(client, "mail", ["a", "b"], now_ms=NOW - 8_000)
    publish_jobs(client, "mail", ["g"], now_ms=NOW - 7_000, gid="x")
    return client


def test_the_figures_of_a_queue(mail: OmniqClient) -> None:
    mail.pause(queue="other")
    answer = dashboard_of(mail, queues="mail,other,unheard").get("/metrics")
    assert answer.status_code == 200
    assert answer.content_type.startswith("text/plain")
    found = figures(answer.text)
    assert {name: found[name, "mail"] for name in [*GAUGES, "omniq_jobs_started_total"]} == {
        "omniq_jobs_waiting": 3,
        "omniq_jobs_active": 2,
        "omniq_leases_expired": 1,
        "omniq_jobs_delayed": 1,
        "omniq_jobs_failed": 2,
        "omniq_oldest_waiting_age_seconds": 8,
        "omniq_queue_paused": 0,
        "omniq_queue_stalled": 0,
        "omniq_jobs_started_total": 5,
    }
    assert (found["omniq_queue_paused", "other"], found["omniq_jobs_waiting", "other"]) == (1, 0)
    assert ("omniq_oldest_waiting_age_seconds", "other") not in found
    assert not [queue for _, queue in found if queue == "unheard"]


def test_the_total_of_what_started_never_falls(mail: OmniqClient) -> None:
    http = dashboard_of(mail, queues="mail")
    for one in ("f1", "f2"):
        mail.remove_job(queue="mail", job_id=one, lane="failed")
    found = figures(http.get("/metrics").text)
    assert (found["omniq_jobs_failed", "mail"], found["omniq_jobs_started_total", "mail"]) == (0, 5)


def test_the_total_of_failures_counts_each_that_stood_for_20_s(client: OmniqClient) -> None:
    fail_jobs(client, "q", ["f1", "f2"], now_ms=NOW - 15_000)
    http = dashboard_of(client, queues="q")

    def total_at(late_ms: int) -> float | None:
        HistorySampler(client.link).step(NOW + late_ms, ("q",))
        return figures(http.get("/metrics").text).get(("omniq_job_failures_total", "q"))

    assert ("omniq_job_failures_total", "q") not in figures(http.get("/metrics").text), "nobody has looked yet"
    assert total_at(0) == 0
    assert total_at(9_000) == 0
    assert total_at(10_000) == 2, "those of 25 s ago"
    fail_jobs(client, "q", ["f3", "f4"], now_ms=NOW + 11_000)
    client.retry_failed(queue="q", job_id="f4", now_ms_override=NOW + 12_000)
    assert [total_at(late) for late in (20_000, 30_000, 40_000)] == [2, 2, 3]
    client.remove_job(queue="q", job_id="f1", lane="failed")
    client.remove_job(queue="q", job_id="f4", lane="wait")
    fail_jobs(client, "q", ["f5"], now_ms=NOW + 51_000)
    assert total_at(200_000) == 4, "one that failed while nobody looked is still there"
    assert total_at(210_000) == 4
    client.link.call("DEL", "{q}:idx:failed")
    assert total_at(220_000) is None, "an old SDK keeps no times"


def test_rubbish_in_the_place_of_the_total_is_no_figure(mail: OmniqClient) -> None:
    HistorySampler(mail.link).step(NOW, ("mail",))
    http = dashboard_of(mail, queues="mail")
    for value in (math.nan, math.inf, -1.0, 1e300):
        mail.link.call("SETRANGE", "{mail}:x:hist:1", 48, struct.pack(">d", value))
        assert figures(http.get("/metrics").text)["omniq_job_failures_total", "mail"] == 0
        assert http.get("/").status_code == 200


def test_openmetrics_for_whoever_accepts_it_and_gzip(mail: OmniqClient) -> None:
    wanted = {"Accept": "application/openmetrics-text; version=1.0.0", "Accept-Encoding": "gzip"}
    answer = dashboard_of(mail, queues="mail").get("/metrics", headers=wanted)
    assert answer.content_type.startswith("application/openmetrics-text")
    text = gzip.decompress(answer.data).decode()
    assert figures(text, read_openmetrics)["omniq_jobs_waiting", "mail"] == 3
    both = {"Accept": "application/openmetrics-text;version=1.0.0;q=0.6,text/plain;version=0.0.4;q=0.5,*/*;q=0.1"}
    answer = dashboard_of(mail, queues="mail").get("/metrics", headers=both)
    assert answer.content_type.startswith("text/plain; version=0.0.4"), "which takes half as long to write"
    assert figures(answer.text)["omniq_jobs_started_total", "mail"] == 5


def test_queues_that_one_may_not_read_are_left_out(mail: OmniqClient) -> None:
    publish_jobs(mail, "secret", ["a"], now_ms=NOW)

    def access(_request: Any, _action: str, queue: str | None) -> Any:
        return Deny() if queue == "secret" else Allow()

    answer = dashboard_of(mail, queues="mail,secret", access=access).get("/metrics")
    assert "secret" not in answer.text
    refused = dashboard_of(mail, access=lambda *_: Deny()).get("/metrics")
    assert refused.status_code == 403


def test_what_cannot_be_read_has_no_figure_and_hides_no_other(mail: OmniqClient) -> None:
    mail.link.call("HSET", "{broken}:lease:seq", "a", 1)
    mail.link.call("SET", "{broken}:failed", "a")
    found = figures(dashboard_of(mail, queues="broken,mail").get("/metrics").text)
    assert ("omniq_jobs_failed", "broken") not in found
    assert ("omniq_jobs_started_total", "broken") not in found
    assert found["omniq_jobs_waiting", "broken"] == 0
    assert (found["omniq_jobs_failed", "mail"], found["omniq_jobs_started_total", "mail"]) == (2, 5)


def test_two_round_trips_and_one_for_500_queues(mail: OmniqClient) -> None:
    http, link = dashboard_of(mail, queues=[f"q{n}" for n in range(600)] + ["mail"]), mail.link
    http.get("/metrics")
    before = link.round_trips
    http.get("/metrics")
    assert link.round_trips - before == 4  # what is kept; 601 queues without that, in two; the one that is there


def test_without_the_library_it_says_what_to_install(mail: OmniqClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "dashboard.exposition")
    monkeypatch.setitem(sys.modules, "prometheus_client", None)
    answer = dashboard_of(mail).get("/metrics")
    assert answer.status_code == 501
    assert "pip install prometheus-client" in answer.text


def test_whether_anybody_keeps_figures_and_the_rule_for_it(mail: OmniqClient, redis: Any) -> None:
    """Figures of a background that worked until 20 s ago, then those of one that ended 60.001 s ago, then none."""
    rules = (ROOT / "docs/alerts.yml").read_text("utf-8")
    assert re.findall(r"OmniqFiguresOld\s+expr: (.+)", rules) == [f"{KEPT} == 0"]
    found: list[tuple[Any, ...]] = []
    for late in (20_000, 60_000, 60_001):
        background = Background(mail.link, lambda: NOW - late)  # noqa: B023
        for _ in range(3):
            background.tick()
        background.close()
        one = figures(dashboard_of(mail).get("/metrics").text)
        found.append((one[KEPT, ""], one[AGE, ""], one["omniq_jobs_waiting", "mail"]))
        redis.delete("{omniq:x}:now")
    assert found == [(1, 20, 3), (1, 60, 3), (0, 60.001, 3)]
    redis.flushdb()
    assert figures(dashboard_of(mail).get("/metrics").text) == {(KEPT, ""): 0, (DENIED, ""): 0}, "and no age of nothing"
    publish_jobs(mail, "mail", 1, now_ms=NOW)
    listed = figures(dashboard_of(mail, queues="mail").get("/metrics").text)
    assert (listed[KEPT, ""], listed["omniq_jobs_waiting", "mail"], (AGE, "") in listed) == (0, 1, False)


def test_redis_away_is_a_503() -> None:
    app = create_app(redis="redis://127.0.0.1:1/0", insecure=True, background=False)
    assert app.test_client().get("/metrics").status_code == 503


def test_the_docs_name_each_metric_and_the_rules_no_other() -> None:
    names = {*GAUGES, *(f"{name}_total" for name in COUNTERS), KEPT, DENIED, AGE}
    page = (ROOT / "docs/metrics.md").read_text("utf-8")
    assert set(re.findall(r"`(omniq_\w+)`", page)) == names
    rules = (ROOT / "docs/alerts.yml").read_text("utf-8")
    assert set(re.findall(r"\bomniq_\w+", rules)) <= names
    assert set(re.findall(r"\$labels\.(\w+)", rules)) == {"queue"}
    # Of two dashboards only the series of the same one belong together: they differ in labels that we do not know.
    assert not re.findall(
        r"\b(?:on|ignoring|group_left|group_right|by|without)\b", "".join(re.findall("expr: .+", rules))
    )
