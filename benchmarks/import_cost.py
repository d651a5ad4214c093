"""What `import omniq_core` costs beside the `import redis` that it contains: CPU time, in fresh processes."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator

from .judged import Cost, Result, in_turn
from .sides import Bench

_PROBE = """
import sys, time
began = time.process_time()
import {name}
print(time.process_time() - began)
"""


def cost(name: str, byte_code: str) -> Cost:
    """CPU seconds of importing `name` in a fresh process; byte code is kept in that folder, whatever the shell says."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    ran = subprocess.run(
        [sys.executable, "-c", _PROBE.format(name=name)],
        env=environment | {"PYTHONPYCACHEPREFIX": byte_code},
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    )
    return Cost(float(ran.stdout))


def import_cost(bench: Bench) -> Iterator[Result]:
    """Ours beside redis, which every SDK has to import."""
    with tempfile.TemporaryDirectory() as folder:
        for name in ("redis", "omniq_core"):  # the first of each writes the byte code
            cost(name, folder)
        mine, other = in_turn(bench.rounds, lambda: cost("omniq_core", folder), lambda: cost("redis", folder))
    ratio = statistics.median(a.wall / b.wall for a, b in zip(mine, other, strict=True))
    ours, redis = (f"{statistics.median(one.wall for one in each) * 1000:.0f} ms of CPU" for each in (mine, other))
    yield Result("import", ratio, ours, f"redis {redis}")
