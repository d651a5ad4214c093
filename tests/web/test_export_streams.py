"""A file that is written while it is read: at once, in memory that does not grow, and no longer than somebody reads."""

from __future__ import annotations

import json
import socket
import threading
import tracemalloc
from collections.abc import Callable
from typing import Any

import pytest

from benchmarks.many_requests import resident_mib
from dashboard.views import export as export_view
from omniq_core import OmniqClient
from omniq_core.operator import export as walk
from tests.operator.lanes_by_hand import write_failed
from tests.support.factories import fail_jobs
from tests.support.live_server import LiveServer
from tests.web.pages_support import NOW, QUEUE, browser, pages_app

FAILED = f"/queues/{QUEUE}/failed/export"
pytestmark = pytest.mark.broken_data


@pytest.fixture(autouse=True)
def no_rests(monkeypatch: pytest.MonkeyPatch) -> None:
    """Redis has nothing else to do."""
    monkeypatch.setattr(walk, "LONGEST_REST_S", 0.0)


def _read(client: OmniqClient, query: str) -> tuple[int, int, int]:
    """How many lines and bytes there were, and how many bytes Python held at most meanwhile."""
    http = browser(client).http
    http.get(f"{FAILED}?q=nothing", buffered=True)  # what is loaded once is no part of the measure
    lines = size = 0
    tracemalloc.start()
    response = http.get(f"{FAILED}?{query}", buffered=False)
    for piece in response.iter_encoded():
        lines, size = lines + piece.count(b"\n"), size + len(piece)
    held = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    response.close()
    return lines, size, held


@pytest.mark.parametrize("query", ["payloads=1", "format=csv&payloads=1", "live=1&payloads=1"])
def test_memory_does_not_grow_with_the_file(client: OmniqClient, redis: Any, query: str) -> None:
    ids = write_failed(redis, QUEUE, 300, error="E: no")
    pipe = redis.pipeline(transaction=False)
    for job in ids:
        pipe.hset(f"{{{QUEUE}}}:job:{job}", "payload", '{"text":' + f'"{job * 6000}"' + "}")
    pipe.execute()
    lines, size, held = _read(client, query)
    assert (lines, size > 19_000_000) == (301 if "csv" in query else 300, True)
    assert held < 9_000_000


@pytest.mark.long
@pytest.mark.parametrize("format", ["jsonl", "csv"])
def test_200_000_jobs(client: OmniqClient, redis: Any, format: str) -> None:
    write_failed(redis, QUEUE, 200_000)
    # What Python holds is not traced here, which takes five times as long, but what the process holds.
    response = browser(client).http.get(f"{FAILED}?format={format}&payloads=1", buffered=False)
    lines = size = 0
    held: list[float] = []
    for piece in response.iter_encoded():
        lines, size = lines + piece.count(b"\n"), size + len(piece)
        held += [resident_mib()] if lines > 20_000 * (len(held) + 1) else []
    response.close()
    assert (lines, size > 15_000_000) == (200_000 + (format == "csv"), True)
    assert len(held) >= 9 and max(held) - held[0] < 9


def test_an_answer_begins_before_anything_was_found(client: OmniqClient, redis: Any) -> None:
    write_failed(redis, QUEUE, 3_000)
    redis.hset("{mail}:job:job-0000000", "last_error", "E: needle")
    response = browser(client).http.get(f"{FAILED}?q=needle", buffered=False)
    pieces = response.iter_encoded()
    assert next(pieces) == b" "
    assert json.loads(b"".join(pieces))["id"] == "job-0000000"
    response.close()


def test_nobody_goes_on_writing_for_a_reader_who_left(
    client: OmniqClient, monkeypatch: pytest.MonkeyPatch, wait_until: Callable[..., None]
) -> None:
    fail_jobs(client, QUEUE, 40, now_ms=NOW, error="x" * 4_000)
    monkeypatch.setattr(walk, "MOST_ROWS", 1)
    read_on = threading.Event()
    chunks: list[int] = []
    step = walk.Walk.step

    def slowly(self: walk.Walk, limit: int) -> Any:
        chunks.append(limit)
        if len(chunks) == 3:
            read_on.wait(20)
        return step(self, limit)

    monkeypatch.setattr(walk.Walk, "step", slowly)
    server = LiveServer(pages_app(client))
    try:
        with socket.create_connection(("127.0.0.1", server.port)) as reader:
            reader.sendall(f"GET {FAILED} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
            wait_until(lambda: len(chunks) == 3)
            assert export_view._under_way
        read_on.set()
        wait_until(lambda: not export_view._under_way)
        assert len(chunks) < 40
    finally:
        read_on.set()
        server.stop()
