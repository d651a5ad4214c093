"""The child processes of a fault test, and what they noted together."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from tests.support.clock import wait_until

ROOT = Path(__file__).resolve().parents[2]


class Crew:
    """Starts workers and publishers of queue q, kills and stops them; their notes are read from their files."""

    def __init__(self, folder: Path, url: str) -> None:
        self._folder, self._url = folder, url
        self._all: list[subprocess.Popen[bytes]] = []
        self.workers: list[subprocess.Popen[bytes]] = []
        self.publishers: list[subprocess.Popen[bytes]] = []

    def work(self, concurrency: int) -> None:
        """One more worker process."""
        self.workers.append(self._start("work", f"w{len(self._all)}", concurrency))

    def publish(self, count: int) -> None:
        """One more publisher."""
        self.publishers.append(self._start("publish", f"p{len(self._all)}", count))

    def kill(self, index: int) -> None:
        """SIGKILL for one of the workers, which is gone then."""
        process = self.workers.pop(index)
        process.kill()
        process.wait(timeout=15)

    def drain(self) -> None:
        """SIGTERM for all workers; each must leave by itself. One that was just started has to begin first."""
        wait_until(lambda: all(map(self._began, self.workers)), timeout=30, what="the last workers")
        for process in self.workers:
            process.send_signal(signal.SIGTERM)
        codes = [process.wait(timeout=60) for process in self.workers]
        assert codes == [0] * len(codes)

    def close(self) -> None:
        """Ends who is still there."""
        for process in self._all:
            if process.poll() is None:
                process.kill()
            process.wait(timeout=15)

    def ready(self) -> bool:
        """Whether each process noted that it began."""
        return len(self.notes("began")) >= len(self._all)

    def _began(self, process: subprocess.Popen[bytes]) -> bool:
        notes = self._notes_of(f"w{self._all.index(process)}")
        return process.poll() is not None or (notes.exists() and "\n" in notes.read_text())

    def _notes_of(self, name: str) -> Path:
        return self._folder / f"{name}.notes"

    def notes(self, kind: str) -> list[list[str]]:
        """The words of every note of that kind, without the kind; a half line of one that was killed is left out."""
        lines = [line for path in sorted(self._folder.glob("*.notes")) for line in path.read_text().split("\n")[:-1]]
        return [words[1:] for words in (line.split("\t") for line in lines) if words[0] == kind]

    def said(self, text: str) -> list[str]:
        """Lines of the library that hold the text."""
        return [line for _, line in self.notes("said") if text in line]

    def acked(self) -> Counter[str]:
        """How often each job was told that it is done. Raises AssertionError when a lease was answered twice."""
        answers = self.notes("acked")
        twice = [lease for lease, times in Counter((job, token) for job, token, _ in answers).items() if times > 1]
        assert not twice, f"answered twice: {twice}"
        return Counter(job for job, _, answer in answers if answer == "OK")

    def untold(self) -> set[str]:
        """Jobs whose worker sent an ack and was never told in time, or too late, whether it counted."""
        unknown = {job for job, _, code in self.notes("refused") if code == "ACK_UNKNOWN"}
        return unknown | {job for (job,) in self.notes("untold")}

    def _start(self, role: str, name: str, number: int) -> subprocess.Popen[bytes]:
        arguments = [role, self._url, str(self._notes_of(name)), name, str(number)]
        with (self._folder / f"{name}.err").open("wb") as err:
            process = subprocess.Popen(
                [sys.executable, "-m", "tests.core.fault_child", *arguments], cwd=ROOT, stdout=err, stderr=err
            )
        self._all.append(process)
        return process


def wait_for_the_end(redis: Any, timeout: float) -> None:
    """Until nothing of queue q waits, runs or is delayed."""

    def left() -> list[int]:
        return [int(count or 0) for count in redis.hmget("{q}:stats", "waiting_total", "active", "delayed")]

    wait_until(lambda: left() == [0, 0, 0], timeout=timeout, what="the end of all jobs")


def leases(redis: Any) -> int:
    """How many there have been."""
    return int(redis.get("{q}:lease:seq") or 0)
