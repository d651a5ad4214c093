"""What travels: the first load of the overview, and a tick of 50 queues. Run: python -m benchmarks.page_bytes"""

from __future__ import annotations

import gzip
import re
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urljoin

from dashboard import create_app
from dashboard.access import allow_all
from omniq_core import OmniqClient
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

    tick = http.get("/?live=1&v=old", headers=SCRIPT)
    print(f"tick, {QUEUES} rows: {len(tick.data):,} bytes, {len(gzip.compress(tick.data)):,} gzipped (at most 6,144)")
    same = http.get(f"/?live=1&v={tick.headers['X-Omniq-Version']}", headers=SCRIPT)
    print(f"tick, nothing changed: {same.status_code}, {len(same.data)} bytes")


if __name__ == "__main__":
    main()
