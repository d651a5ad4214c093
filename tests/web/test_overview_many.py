"""More queues than a page shows, than are added up, and than have a history: each says so, and nothing breaks."""

from __future__ import annotations

from typing import Any

import pytest

from omniq_core import HistorySampler, OmniqClient, queue_snapshots
from omniq_core.operator import history_sampler, overview
from omniq_core.operator.overview import AT, NOW, pack_figures
from tests.support.factories import publish_jobs
from tests.web.pages_support import NOW as TIME
from tests.web.pages_support import SCRIPT, Page, browser


def write_figures(client: OmniqClient, names: list[str]) -> None:
    """As the leader would have."""
    found = queue_snapshots(client.link, names, TIME)
    flat = [part for name, one in found.items() for part in (name, pack_figures(one))]
    client.link.pipeline([("SADD", "{omniq:x}:queues", *names), ("HSET", NOW, *flat, AT, TIME)])


@pytest.mark.parametrize("path", ["/?state=running", "/?state=running&page=2"])
def test_a_row_that_left_the_filter_makes_no_room_for_one_that_was_not_read(client: OmniqClient, path: str) -> None:
    names = [f"q{n:03d}" for n in range(202)]
    for name in names:
        publish_jobs(client, name, ["only"], now_ms=TIME - 1_000)
    write_figures(client, names)
    visitor = browser(client)
    before = visitor.get(path)
    first = 100 if "page" in path else 0
    assert [row[0] for row in before.rows("queues")] == names[first : first + 100]
    client.remove_job(queue=names[first + 3], job_id="only", lane="wait")  # idle since its figures were written
    page = visitor.get(path)
    assert [row[0] for row in page.rows("queues")] == [n for n in names[first : first + 100] if n != names[first + 3]]
    tick = Page(path, visitor.http.get(f"{path}&live=1&v=old&hold=1", headers=SCRIPT))
    assert (tick.status, names[first + 100] in tick.text) == (200, False)


def test_queues_beyond_those_that_are_looked_at_say_so(
    client: OmniqClient, redis: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (overview, history_sampler):
        monkeypatch.setattr(module, "MOST_SAMPLED", 2)
    names = ["a", "b", "c"]
    redis.sadd("{omniq:x}:queues", *names)
    for at in (TIME - 10_000, TIME):
        for name in names:
            publish_jobs(client, name, [f"{name}-{at}"], now_ms=at)
        HistorySampler(client.link).step(at, names)
    page = browser(client).get("/?sort=name&range=15m")
    assert "Without 1 queue" in page.words("#legend")
    assert "Nor is 1 queue beyond" in page.words("#throughput-about")
    titles = [rate.get("title", "") for rate in page.soup.select("#queues .rate > span")]
    assert titles == ["", "", "No history: a dashboard looks at the first 2,000 queues by name"]
    assert "first 2,000 queues" in browser(client).get("/queues/c/waiting").one("#queue-tiles").decode()
    redis.srem("{omniq:x}:queues", "c")
    assert "Without" not in browser(client).get("/").words("#legend")


def test_a_list_of_more_than_20_queues_is_no_matter_of_the_reader(client: OmniqClient, redis: Any) -> None:
    names = [f"q{n:02d}" for n in range(21)]
    for name in names:
        publish_jobs(client, name, 1, now_ms=TIME)
    redis.sadd("{omniq:x}:queues", *names, "other")
    page = browser(client, queues=",".join(names)).get("/")
    assert "This dashboard shows some of them, and more than 20" in page.words("#throughput")
    assert "You may read" not in page.text
