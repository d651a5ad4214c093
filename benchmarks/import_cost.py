"""What `import omniq_core` costs beside the `import redis` that it contains: time and memory, in fresh processes.

    python -m benchmarks.import_cost [ROUNDS]        (default 15)

The two take turns, so that a busy machine slows both; the medians and their ratio are printed. The aim is at most 1.15.
"""

from __future__ import annotations

import statistics
import subprocess
import sys

AIM = 1.15
_PROBE = """
import sys, time
began = time.process_time()
import {name}
took = time.process_time() - began
import resource
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(took * 1000, peak / (1024 * 1024 if sys.platform == "darwin" else 1024))
"""


def cost(name: str) -> tuple[float, float]:
    """CPU time (ms) of importing `name` in a fresh process, and that process's peak memory (MB)."""
    ran = subprocess.run(
        [sys.executable, "-c", _PROBE.format(name=name)], check=True, capture_output=True, text=True, timeout=60
    )
    took, peak = ran.stdout.split()
    return float(took), float(peak)


def main(rounds: int) -> None:
    """Prints a line per package and the ratios of time and memory."""
    names = ("redis", "omniq_core")
    costs: dict[str, list[tuple[float, float]]] = {name: [] for name in names}
    for turn in range(rounds + 1):
        for name in names:
            measured = cost(name)
            if turn:  # the first of each writes the byte code
                costs[name].append(measured)
    medians = {name: [statistics.median(column) for column in zip(*costs[name], strict=True)] for name in names}
    for name in names:
        took, peak = medians[name]
        print(f"import {name:<12} {took:>7.1f} ms of CPU  {peak:>6.1f} MB")
    time_ratio, memory_ratio = (medians["omniq_core"][at] / medians["redis"][at] for at in (0, 1))
    verdict = "within" if time_ratio <= AIM else "above"
    print(f"ratio: {time_ratio:.2f} in time ({verdict} the aim of {AIM}), {memory_ratio:.2f} in memory")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 15)
