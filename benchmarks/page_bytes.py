"""What travels: the first load of the overview, and a tick of 50 queues. Run: python -m benchmarks.page_bytes"""

from __future__ import annotations

import gzip
import random
import re
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urljoin

from dashboard import create_app
from dashboard.access import allow_all
from omniq_core import Notice, OmniqClient, TopError
from omniq_core.keys import QueueKeys, global_key
from omniq_core.operator.notices import NOTICES, Kept, NoticeBoard, pack_board
from omniq_core.operator.top_errors import TOP, pack_top
from omniq_core.scripts import script
from tests.support.redis_server import RedisServer

SCRIPT = {"HX-Request": "true", "HX-Request-Type": "partial"}
QUEUES = 50


def main() -> None:
    with TemporaryDirectory() as folder:
        server = RedisServer(Path(folder))
        server.start()
        try:
            measure(server.url)
        finally:
            server.stop()


def measure(url: str) -> None:
    client = OmniqClient(redis_url=url)
    now = time.time_ns() // 1_000_000
    for n in range(QUEUES):
        for job in range(n % 7 + 1):
            client.publish(queue=f"queue-number-{n}", payload={"n": job}, now_ms_override=now - n * 1000 - job)
    names = [f"queue-number-{n}" for n in range(QUEUES)]
    fill_history(client, names, now)
    fill_notices(client, names, now)
    http = create_app(redis=client, access=allow_all, background=False, clock=lambda: now).test_client()

    page = http.get("/")
    found = re.findall(r'(?:href|src)="([^"]+\.(?:css|js|svg))"', page.text)
    seen = {"/": len(gzip.compress(page.data))}
    while found:
        path = found.pop()
        if path in seen:
            continue
        answer = http.get(path)
        seen[path] = len(gzip.compress(answer.data))
        if path.endswith(".js"):
            found += [urljoin(path, name) for name in re.findall(r'(?:from|import) "(\./[^"]+)"', answer.text)]
    print(f"first load: {len(seen)} requests, {sum(seen.values()):,} bytes gzipped (at most 14 and 81,920)")
    for path, size in sorted(seen.items(), key=lambda item: -item[1]):
        print(f"  {size:>7,}  {path}")

    _, notices, chart, errors = http.get("/?live=1", headers=SCRIPT).headers["X-Omniq-Version"].split(".")
    tick = page
    for words, version in (
        ("", f"old.{notices}.{chart}.{errors}"),
        (" and the notices", f"old.other.{chart}.{errors}"),
        (", all else first", "old.other.other.other"),
        (", and then", ""),
    ):
        tick = http.get(f"/?live=1&v={version or tick.headers['X-Omniq-Version']}", headers=SCRIPT)
        packed = len(gzip.compress(tick.data))
        print(f"tick, {QUEUES} rows{words}: {len(tick.data):,} bytes, {packed:,} gzipped (at most 6,144)")
    same = http.get(f"/?live=1&v={tick.headers['X-Omniq-Version']}", headers=SCRIPT)
    print(f"tick, nothing changed: {same.status_code}, {len(same.data)} bytes")


def fill_notices(client: OmniqClient, names: list[str], now: int) -> None:
    """Five notices and five errors, of queues that were told to fail."""
    chance = random.Random(8)
    board = NoticeBoard(
        now,
        tuple(
            Kept(Notice("failing", name, 1893, 9, None, "ConnectionError", "abc", 97), 2, 0, True, nth)
            for nth, name in enumerate(names[:5])
        ),
    )
    spans = [tuple(int(chance.random() * 400) for _ in range(20)) for _ in range(5)]
    errors = [
        TopError(name, f"{chance.getrandbits(64):016x}", "ConnectionError", sum(counts), counts)
        for name, counts in zip(names, spans, strict=False)
    ]
    client.link.pipeline([("SET", NOTICES, pack_board(board)), ("SET", TOP, pack_top(now, errors, []))])


def fill_history(client: OmniqClient, names: list[str], now: int) -> None:
    """An hour in which no two queues did the same, and each of them something else every 10 s."""
    chance = random.Random(7)
    totals = [[0, 0, 0] for _ in range(370)]
    for name in names:
        usual, fails = chance.choice((0.4, 3, 25, 180)), chance.choice((0, 0, 0.1, 2))
        counts = [
            [*(int(chance.gauss(1, 0.1) * usual * 10) for _ in range(2)), int(chance.random() * fails * 10)]
            for _ in totals
        ]
        write_history(client, QueueKeys(name).anchor, counts, now)
        totals = [[mine + more for mine, more in zip(*pair, strict=True)] for pair in zip(totals, counts, strict=True)]
    write_history(client, global_key("meta"), totals, now)


def write_history(client: OmniqClient, anchor: bytes, counts: list[list[int]], now: int) -> None:
    first = now // 10_000 - len(counts)
    calls = [
        (script("operator/history_sum"), anchor, (first + nth, 100, *three, 1, 0, 100, *three[:2], 100, three[2]))
        for nth, three in enumerate(counts)
    ]
    client.link.run_many(calls)


if __name__ == "__main__":
    main()
