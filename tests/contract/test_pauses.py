"""Pauses of the dashboard and those of the reference SDK, on one queue."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from omniq_core import OmniqClient, pause_queue, queue_snapshots
from tests.support.clock import Clock


def test_a_pause_ends_for_the_reference_when_nobody_of_ours_is_there(
    redis_server: Any, reference: Any, clock: Clock, wait_until: Callable[..., None]
) -> None:
    with OmniqClient(redis_url=redis_server.url) as client:
        client.publish(queue="q", payload={}, job_id="a", now_ms_override=clock.now_ms)
        assert pause_queue(client.link, "q", now_ms=clock.now_ms, by="ana", reason="deploying v2", length_ms=150)
        assert (reference.is_paused(queue="q"), reference.reserve(queue="q").status) == (True, "PAUSED")
    wait_until(lambda: not reference.is_paused(queue="q"), 2)
    assert reference.reserve(queue="q").job_id == "a"


def test_a_pause_and_a_resume_of_the_reference_take_our_reason_away(
    client: OmniqClient, reference: Any, clock: Clock
) -> None:
    def pause() -> Any:
        found = queue_snapshots(client.link, ["q"], clock.now_ms)["q"]
        return found.pause and (found.pause.by or "outside", found.pause_left_ms is None)

    assert pause_queue(client.link, "q", now_ms=clock.now_ms, by="ana", length_ms=60_000)
    assert pause() == ("ana", False)
    reference.pause(queue="q")
    assert pause() == ("outside", True)
    reference.resume(queue="q")
    assert pause() is None
    reference.pause(queue="q")
    assert pause() == ("outside", True)
    assert client.resume(queue="q", now_ms_override=clock.now_ms) == 1
    assert reference.is_paused(queue="q") is False
