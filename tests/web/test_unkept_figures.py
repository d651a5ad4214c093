"""The overview where OMNIQ_BACKGROUND is off in every process."""

from __future__ import annotations

from typing import Any

from omniq_core import Background, HistorySampler, OmniqClient
from tests.support.factories import publish_jobs
from tests.web.pages_support import NOW, browser


def test_where_nobody_looks_for_queues_it_says_so(client: OmniqClient, redis: Any) -> None:
    """Nothing is found, and nothing is on its way."""
    page = browser(client).get("/")
    assert page.words("#notices") == (
        "No process looks for queues and keeps figures: OMNIQ_BACKGROUND is off here. Run one with it on."
    )
    assert page.words("#totals") == " ".join(  # and no zeros
        f"{label} – Not known" for label in ("Waiting", "Active", "Delayed", "Failed", "Started", "Oldest waiting")
    )
    assert "No queue is known" in page.words("#queues")
    assert "No process does so now." in page.words("#throughput")
    publish_jobs(client, "mail", 1, now_ms=NOW)
    listed = browser(client, queues="mail").get("/")
    assert listed.words("#notices").startswith("No process keeps figures: OMNIQ_BACKGROUND is off here.")
    HistorySampler(client.link).step(NOW - 60_000, ("mail",))
    assert "Not collecting now" in browser(client, queues="mail").get("/").words("#legend")
    redis.hset("{omniq:x}:now", ":at", NOW - 2_000)  # another process does
    kept = browser(client, queues="mail").get("/")
    assert (kept.words("#notices"), "Collecting since" in kept.words("#legend")) == ("", True)


def test_where_only_the_queues_of_a_list_are_looked_after_it_says_that_none_are_looked_for(
    client: OmniqClient, redis_server: Any
) -> None:
    for queue in ("mail", "video"):
        publish_jobs(client, queue, 1, now_ms=NOW)
    with OmniqClient(redis_url=redis_server.url) as other:
        Background(other.link, lambda: NOW, ["mail"]).tick()
    page = browser(client).get("/")
    assert page.words("#notices") == "No process looks for queues: OMNIQ_BACKGROUND is off here. Run one with it on."
    assert [row[0] for row in page.rows("queues")] == ["mail", "video"], "those that were published from here"
    assert "omniq_figures_kept 0.0" in browser(client).http.get("/metrics").text
    listed = browser(client, queues="mail")
    assert (listed.get("/").words("#notices"), "omniq_figures_kept 1.0" in listed.http.get("/metrics").text) == (
        "",
        True,
    )
    with OmniqClient(redis_url=redis_server.url) as other:
        Background(other.link, lambda: NOW).tick()
    assert browser(client).get("/").words("#notices") == ""
    assert "omniq_figures_kept 1.0" in browser(client).http.get("/metrics").text
