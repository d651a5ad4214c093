"""A process that answers many requests, and then says how many MiB of memory it holds: `URL COUNT`."""

from __future__ import annotations

import resource
import sys
from pathlib import Path

from benchmarks import million
from dashboard import create_app

PATHS = (
    "/",
    f"/queues/{million.LARGE}/failed",
    f"/queues/{million.LARGE}/waiting?size=100",
    f"/queues/{million.LARGE}/failed?q=KeyError",
    f"/queues/{million.LARGE}/failures",
    f"/queues/{million.SMALL}/delayed",
    "/queues/queue-0001/failed",
    "/children",
)


def resident_mib() -> float:
    """What the process holds now; where the system does not say, the most that it ever held."""
    told = Path("/proc/self/status")
    if told.exists():
        line = next(line for line in told.read_text().splitlines() if line.startswith("VmRSS:"))
        return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main(url: str, count: int) -> None:
    """Opens one page after the other."""
    http = create_app(url, background=False, secret="benchmark", insecure=True).test_client()
    for n in range(count):
        answer = http.get(PATHS[n % len(PATHS)])
        assert answer.status_code == 200, (PATHS[n % len(PATHS)], answer.status)
    print(f"{resident_mib():.1f}")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
