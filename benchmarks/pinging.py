"""Another client of the same Redis: how long its longest PING waited.

Runs as a process of its own (`python -m benchmarks.pinging HOST PORT`), so that no work of ours slows it but Redis.
"""

from __future__ import annotations

import select
import socket
import subprocess
import sys
import time


class Pinger:
    """A process that sends one PING after the other. `longest_ms` asks it."""

    def __init__(self, host: str, port: int) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.pinging", host, str(port)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            bufsize=1,
        )

    def longest_ms(self) -> float:
        """The longest PING since this was asked before."""
        process = self._process
        assert process.stdin is not None and process.stdout is not None
        process.stdin.write("\n")
        return float(process.stdout.readline())

    def close(self) -> None:
        """Ends the process."""
        self._process.communicate(timeout=10)


def main(host: str, port: int) -> None:
    """Pings until stdin is closed; a line on it is answered with the longest PING since the last one."""
    longest = 0.0
    with socket.create_connection((host, port)) as connection:
        while True:
            began = time.perf_counter()
            connection.sendall(b"PING\r\n")
            connection.recv(64)
            longest = max(longest, time.perf_counter() - began)
            if select.select([sys.stdin], [], [], 0)[0]:
                if not sys.stdin.readline():
                    return
                print(longest * 1000, flush=True)
                longest = 0.0


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
