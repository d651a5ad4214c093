"""What a page costs where values of jobs are hidden, beside the same page where none are.

    make bench-dashboard            has it among its parts
    python -m benchmarks.redacting  some seconds

Limits: three times as long for a page of 50 failed jobs, each with six hidden values and an error that repeats one; 2 s
for a payload of 1 MB that is made of hidden keys alone.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from pathlib import Path

from benchmarks.dashboard import CLIENT, times_ms
from benchmarks.limits import line
from dashboard import create_app
from dashboard.redaction import LOOKED_INTO, read_redaction
from omniq_core import OmniqClient
from omniq_core.clock import now_ms
from tests.support.factories import fail_jobs
from tests.support.redis_server import RedisServer

ROUNDS = 41
REDACT = ["password", "*.token", "cards[*].number"]


def payload(n: int) -> dict[str, object]:
    """About 1.5 KB, as a shop might have it; no two jobs have a hidden value in common."""
    return {
        "user": {"id": n, "email": f"user{n}@example.com"},
        "password": f"secret-{n}-of-this-user",
        "session": {"token": f"token-{n:09d}"},
        "cards": [{"number": f"4111-{n:04d}-{i}"} for i in range(3)],
        "items": [{"sku": f"sku-{n}-{i}", "amount": i, "price": "12.50"} for i in range(20)],
        "body": json.dumps({"password": f"other-{n}", "again": n}),
    }


def page(client: OmniqClient, *redact: str) -> Callable[[], None]:
    """Reads the failed lane of a dashboard that hides these."""
    http = create_app(redis=client, background=False, secret=CLIENT, insecure=True, redact=list(redact)).test_client()

    def get() -> None:
        answer = http.get("/queues/shop/failed")
        assert answer.status_code == 200, answer.status
        assert answer.text.count("secret-") == (0 if redact else 100), answer.text.count("secret-")

    return get


def main() -> None:
    """Prints the figures."""

    with tempfile.TemporaryDirectory() as folder:
        server = RedisServer(Path(folder))
        server.start()
        try:
            with OmniqClient(redis_url=server.url) as client:
                for n in range(50):
                    fail_jobs(
                        client,
                        "shop",
                        [f"j{n}"],
                        now_ms=now_ms(),
                        payload=payload(n),
                        error=f"AuthError: secret-{n}-of-this-user",
                    )
                hiding, plain = page(client, *REDACT), page(client)
                # In turn, so that whatever else the machine does meets both.
                pairs = [(times_ms(hiding, 1)[0], times_ms(plain, 1)[0]) for _ in range(ROUNDS)]
                line("a page of 50 jobs with hidden values", sorted(one for one, _ in pairs)[ROUNDS // 2], 60, "ms")
                line("  beside one without", sorted(one / other for one, other in pairs)[ROUNDS // 2], 3, "x")
        finally:
            server.stop()
    rules = read_redaction(REDACT)
    large = json.dumps([{"password": n} for n in range(LOOKED_INTO // 24)]).encode()
    line("a payload of 1 MB, all of it hidden keys", times_ms(lambda: rules.payload(large), 5)[2], 2_000, "ms")


if __name__ == "__main__":
    main()
