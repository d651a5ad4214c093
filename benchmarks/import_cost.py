"""What `import omniq_core` costs beside the `import redis` that it contains: CPU time, in fresh processes."""

from __future__ import annotations

import statistics
import subprocess
import sys
from collections.abc import Iterator

from .judged import Result, in_turn
from .sides import Bench

_PROBE = """
import sys, time
began = time.process_time()
import {name}
print(time.process_time() - began)
"""


def cost(name: str) -> float:
    """CPU seconds of importing `name` in a fresh process."""
    command = [sys.executable, "-c", _PROBE.format(name=name)]
    return float(subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout)


def import_cost(bench: Bench) -> Iterator[Result]:
    """Ours beside redis, which every SDK has to import."""
    for name in ("redis", "omniq_core"):  # the first of each writes the byte code
        cost(name)
    mine, other, ratio = in_turn(bench.rounds, lambda: cost("omniq_core"), lambda: cost("redis"))
    ours, redis = (f"{statistics.median(each) * 1000:.0f} ms of CPU" for each in (mine, other))
    yield Result("import", 1 / ratio, ours, f"redis {redis}")
