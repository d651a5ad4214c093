"""Another client of the same Redis: how long its PINGs waited.

Runs as a process of its own (`python -m benchmarks.pinging HOST PORT [EVERY_MS]`), so that no work of ours slows it but
Redis. With EVERY_MS each PING has its time, and one that comes late because Redis was busy counts as that much longer.
"""

from __future__ import annotations

import select
import socket
import subprocess
import sys
import time


class Pinger:
    """A process that sends one PING after the other, or one each `every_ms`. `figures` asks it."""

    def __init__(self, host: str, port: int, every_ms: float = 0) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.pinging", host, str(port), str(every_ms)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            bufsize=1,
        )

    def figures(self) -> tuple[float, float]:
        """The 99th percentile and the longest of the PINGs since this was asked before, in ms."""
        process = self._process
        assert process.stdin is not None and process.stdout is not None
        process.stdin.write("\n")
        p99, longest = process.stdout.readline().split()
        return float(p99), float(longest)

    def longest_ms(self) -> float:
        """The longest PING since one of the two was asked before."""
        return self.figures()[1]

    def close(self) -> None:
        """Ends the process."""
        self._process.communicate(timeout=10)


def main(host: str, port: int, every_s: float) -> None:
    """Pings until stdin is closed; a line on it is answered with the figures since the last one."""
    took: list[float] = []
    due = time.perf_counter()
    with socket.create_connection((host, port)) as connection:
        while True:
            began = time.perf_counter()
            if every_s:
                due += every_s
                if due > began:
                    time.sleep(due - began)
                began = due
            connection.sendall(b"PING\r\n")
            connection.recv(64)
            took.append(time.perf_counter() - began)
            if select.select([sys.stdin], [], [], 0)[0]:
                if not sys.stdin.readline():
                    return
                took.sort()
                print(took[len(took) * 99 // 100] * 1000, took[-1] * 1000, flush=True)
                took.clear()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]) / 1000)
