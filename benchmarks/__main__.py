"""All that is measured of omniq_core, ours and the reference SDK in turn on one throwaway server.

    make bench                     everything: about five minutes, and 1 GB for the Redis with a million jobs
    make bench ARGS=publish        parts: publish lease drain batches import peers
    make bench ARGS="--rounds 25"  medians of 25 rounds, for a verdict (15 unless told)

Ratios are medians of the rounds' own ratios: a busy machine moves the figures beside them, the ratios hardly. "by CPU"
is the same ratio of the CPU time of client and Redis together, which other work on the machine moves least.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import logging
import os
import platform
import threading
from collections.abc import Callable, Iterator

from . import batches, calls, drain, import_cost, peers
from .judged import HEADING, LIMITS, Result
from .sides import Bench, bench

PARTS: dict[str, Callable[[Bench], Iterator[Result]]] = {
    "publish": calls.publish,
    "lease": calls.lease,
    "drain": drain.drains,
    "batches": batches.batches,
    "import": import_cost.import_cost,
}


def main() -> None:
    """Prints a line per measure, then the peers."""
    options = argparse.ArgumentParser(prog="make bench")
    options.add_argument("parts", nargs="*", help=f"{' '.join(PARTS)} peers; all unless told")
    options.add_argument("--rounds", type=int, default=15)
    options.add_argument("--smoke", action="store_true", help="tiny sizes: only to see that everything runs")
    chosen = options.parse_args()
    wanted = [part for part in (*PARTS, "peers") if not chosen.parts or part in chosen.parts]
    if unknown := set(chosen.parts) - set(wanted):
        options.error(f"no such part: {', '.join(sorted(unknown))}")
    # What ends a drain is raised in a thread, and refusals of the reference are no news.
    logging.disable()
    threading.excepthook = lambda _args: None
    with bench(1 if chosen.smoke else chosen.rounds, small=chosen.smoke) as made:
        print(_machine(made), HEADING, sep="\n", flush=True)
        below = [0, 0]
        for part in wanted:
            for result in PARTS[part](made) if part != "peers" else ():
                limit = LIMITS[result.key]
                below[0] += not limit.holds(result.value, limit.floor)
                below[1] += not limit.holds(result.value, limit.aim)
                print(result.line(), flush=True)
        if set(wanted) - {"peers"}:
            print(f"{below[0]} below their floor, {below[1]} below their aim")
        if "peers" in wanted:
            peers.compare(made)


def _machine(made: Bench) -> str:
    info = made.redis.info("server")
    versions = [f"{name} {_version(name)}" for name in ("redis", "hiredis", "omniq")]
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    return (
        f"{platform.machine()}, {os.cpu_count()} CPUs, load {load:.1f}; Python {platform.python_version()}, "
        f"Redis {info.get('valkey_version') or info['redis_version']}; {', '.join(versions)}; {made.rounds} rounds"
    )


def _version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return "(not installed)"


if __name__ == "__main__":
    main()
