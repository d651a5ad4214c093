"""Batches of 100 on a queue with a million jobs, and on one with 200.

A batch on the long queue is judged by what another client sees: the longest PING meanwhile. The median of the rounds
is told, because on a shared machine any single PING may have waited for a CPU: beside it stand the longest PING of a
moment without a batch, and how long the script took by Redis's own clock.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from typing import Any

from .judged import Cost, Result, compared, in_turn
from .pinging import Pinger
from .sides import Bench, reference_client

T = 1_750_000_000_000
STEP = 1_000
# Jobs as the scripts of publish and ack_fail leave them.
FILL = """
local base, lane, first, last, now = string.sub(KEYS[1], 1, -6), ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local ids, scores = {}, {}
for n = first, last do
  local id = string.format("%s-%09d", lane, n)
  redis.call("HSET", base .. ":job:" .. id, "id", id, "payload", '{"n":' .. n .. '}', "state", lane, "attempt", "1",
    "max_attempts", "1", "timeout_ms", "30000", "backoff_ms", "5000", "created_ms", now, "updated_ms", now,
    "queued_ms", now, "first_started_ms", now, "last_started_ms", now, "completed_ms", "", "failed_ms", now,
    "lease_token", "", "lock_until_ms", "")
  ids[#ids + 1] = id
  scores[#scores + 1], scores[#scores + 2] = string.format("%.0f", now + n), id
end
redis.call(lane == "wait" and "RPUSH" or "LPUSH", base .. ":" .. lane, unpack(ids))
redis.call("ZADD", base .. ":idx:" .. lane, unpack(scores))
for _, field in ipairs(lane == "wait" and { "waiting", "waiting_total" } or { "failed" }) do
  redis.call("HINCRBY", base .. ":stats", field, #ids)
end
"""


def fill(redis: Any, queue: str, lane: str, jobs: int) -> None:
    """`jobs` jobs of one lane (wait or failed), one for each ms."""
    run = redis.register_script(FILL)
    for first in range(0, jobs, STEP):
        run(keys=[f"{{{queue}}}:meta"], args=[lane, first, min(first + STEP, jobs) - 1, T])


def take(client: Any, queue: str, lane: str, places: range) -> None:
    """Retries (failed) or removes (wait) the jobs at those places, counted from the oldest."""
    ids = [f"{lane}-{n:09}" for n in places]
    if lane == "failed":
        done = client.retry_failed_batch(queue=queue, job_ids=ids)
    else:
        done = client.remove_jobs_batch(queue=queue, lane=lane, job_ids=ids)
    if [item.status for item in done] != ["OK"] * len(ids):
        raise RuntimeError("a batch did not do all of its work")


class Long:
    """Batches of 100 on the queue with a million jobs. No two take the same jobs."""

    def __init__(self, bench: Bench, theirs: Any, pinger: Pinger) -> None:
        self._bench, self._theirs, self._pinger = bench, theirs, pinger

    def measure(self, key: str, lane: str, *places: Callable[[int], range]) -> Result:
        """The longest PING during a batch, the worst of the given places; the n-th batch takes `places(n)`."""
        rounds = self._bench.rounds
        mine = [self._longest(self._bench.ours, lane, places, n) for n in range(rounds)]
        # The reference takes a second for each.
        other = [self._longest(self._theirs, lane, places, rounds + n) for n in range(min(rounds, 3))]
        value, idle, script = (statistics.median(column) for column in zip(*mine, strict=True))
        theirs = statistics.median(longest for longest, _, _ in other)
        return Result(key, value, f"{value:.1f} ms (idle {idle:.1f}, script {script:.1f})", f"{theirs:,.0f} ms")

    def _longest(
        self, client: Any, lane: str, places: tuple[Callable[[int], range], ...], n: int
    ) -> tuple[float, float, float]:
        """In ms: the longest PING during a batch, during nothing, and the script; the worst of the places."""
        found: list[tuple[float, float, float]] = []
        for at in places:
            self._pinger.longest_ms()
            time.sleep(0.005)
            idle = self._pinger.longest_ms()
            _, in_script = self._bench.timed(lambda at=at: take(client, "long", lane, at(n)))
            found.append((self._pinger.longest_ms(), idle, in_script * 1000))
        return max(found)


def batches(bench: Bench) -> Iterator[Result]:
    """The short queues, then the long one."""
    yield _short(bench, "retry_small", "failed")
    yield _short(bench, "remove_small", "wait")
    waiting, failed = bench.size(1_000_000, 4_000), bench.size(200_000, 2_000)
    fill(bench.redis, "long", "wait", waiting)
    fill(bench.redis, "long", "failed", failed)
    pinger = Pinger(bench.server.host, bench.server.port)
    try:
        with bench.server.client(socket_timeout=120, decode_responses=True) as patient:
            long = Long(bench, reference_client(bench.server, redis=patient), pinger)
            oldest, newest = _from(0), _from(failed - 100, -100)
            yield long.measure("retry_ends", "failed", oldest, newest)
            yield long.measure("retry_middle", "failed", _from(failed // 2))
            yield long.measure("remove_middle", "wait", _from(waiting // 2))
    finally:
        pinger.close()
    bench.server.flush()


def _from(place: int, step: int = 100) -> Callable[[int], range]:
    return lambda n: range(place + step * n, place + step * n + 100)


def _short(bench: Bench, key: str, lane: str) -> Result:
    def one(client: Any) -> Cost:
        bench.redis.delete("{short}:stats", f"{{short}}:{lane}", f"{{short}}:idx:{lane}")
        fill(bench.redis, "short", lane, 200)
        began = time.perf_counter()
        take(client, "short", lane, range(50, 150))
        return Cost(time.perf_counter() - began)

    for client in (bench.ours, bench.reference):
        one(client)
    mine, other = in_turn(bench.rounds, lambda: one(bench.ours), lambda: one(bench.reference))
    return compared(key, mine, other)
