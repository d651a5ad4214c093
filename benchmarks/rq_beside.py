"""rq-dashboard at the same sizes: its list of queues, the first page of a queue and a deep one."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import Any

from tests.support.redis_server import RedisServer

ROUNDS = 3

# KEYS: a job as rq wrote it; ARGV: queue, key of the list or zset, first, count, "zset" or "list"
_COPY = """
local fields = redis.call('HGETALL', KEYS[1])
for n = tonumber(ARGV[3]), tonumber(ARGV[3]) + tonumber(ARGV[4]) - 1 do
  local id = string.format('%s-%08d-0000-4000-8000-000000000000', ARGV[1], n)
  redis.call('HSET', 'rq:job:' .. id, unpack(fields))
  if ARGV[5] == 'zset' then redis.call('ZADD', ARGV[2], n, id) else redis.call('RPUSH', ARGV[2], id) end
end
"""


def nothing() -> None:
    """What the jobs of the comparison would do."""


def measure(waiting: int, failed: int, queues: int) -> None:
    """Prints how long its pages take; nothing where it is not installed."""
    try:
        import rq_dashboard
        from rq import Queue
    except ImportError:
        print("rq-dashboard is not installed, so it is not compared")
        return
    from flask import Flask

    made: Any = rq_dashboard
    with tempfile.TemporaryDirectory() as folder:
        server = RedisServer(Path(folder))
        server.start()
        try:
            with server.client() as redis:
                fill(redis, Queue("large", connection=redis), waiting, failed, queues)
            app = Flask("rq-beside")
            app.config.from_object(made.default_settings)
            app.config["RQ_DASHBOARD_REDIS_URL"] = server.url
            made.web.setup_rq_connection(app)
            app.register_blueprint(made.blueprint)
            http = app.test_client()
            for name, path in (
                ("list of queues", "/0/data/queues.json"),
                ("waiting, first page of 50", "/0/data/jobs/large/queued/50/asc/1.json"),
                ("waiting, deep page of 50", f"/0/data/jobs/large/queued/50/asc/{waiting // 100}.json"),
                ("failed, first page of 50", "/0/data/jobs/large/failed/50/asc/1.json"),
                ("failed, deep page of 50", f"/0/data/jobs/large/failed/50/asc/{failed // 100}.json"),
            ):
                took, size = look(http, path)
                print(f"{'rq-dashboard: ' + name:<44}{took:>9,.0f} ms  {size / 1024:,.0f} KB", flush=True)
        finally:
            server.stop()


def fill(redis: Any, queue: Any, waiting: int, failed: int, queues: int) -> None:
    """Jobs as rq itself writes one, under other ids."""
    pattern = queue.enqueue(nothing)
    copy = redis.register_script(_COPY)
    for key, count, kind in (("rq:queue:large", waiting, "list"), ("rq:failed:large", failed, "zset")):
        for start in range(0, count, 2_000):
            copy(keys=[pattern.key], args=(kind, key, start, min(2_000, count - start), kind))
    for n in range(queues):
        name = f"queue-{n:04d}"
        redis.sadd("rq:queues", f"rq:queue:{name}")
        copy(keys=[pattern.key], args=(name, f"rq:queue:{name}", 0, 2, "list"))


def look(http: Any, path: str) -> tuple[float, int]:
    """The median time in ms, and the bytes."""
    times: list[float] = []
    size = 0
    for _ in range(ROUNDS):
        began = time.perf_counter()
        answer = http.get(path)
        times.append((time.perf_counter() - began) * 1000)
        assert answer.status_code == 200, (path, answer.status)
        size = len(answer.data)
    return sorted(times)[ROUNDS // 2], size
