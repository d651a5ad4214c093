"""The command line as a real child process, ended by its process id."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path

from tests.support.clock import wait_until

ROOT = Path(__file__).resolve().parents[2]


def clean_environment(home: Path, **more: str) -> dict[str, str]:
    """Ours without any setting of the dashboard, with a home folder of the test's own."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("OMNIQ_") and name != "REDIS_URL"}
    kept.pop("XDG_DATA_HOME", None)
    return kept | {"HOME": str(home), "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "error"} | more


def get(url: str, **headers: str) -> tuple[int, str]:
    """Status and body; header names with _ for -."""
    request = urllib.request.Request(url, headers={name.replace("_", "-"): value for name, value in headers.items()})
    try:
        with urllib.request.urlopen(request, timeout=30) as reply:
            return reply.status, reply.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


class Program:
    """`python ARGUMENTS` under way: `out`, `err`, `send(signal)`, `end()`."""

    def __init__(self, folder: Path, arguments: Sequence[str], **environment: str) -> None:
        number = len(list(folder.glob("*.out")))
        self._out, self._err = folder / f"{number}.out", folder / f"{number}.err"
        with self._out.open("wb") as out, self._err.open("wb") as err:
            self.process = subprocess.Popen(
                [sys.executable, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                cwd=folder,
                env=clean_environment(folder, **environment),
            )

    @property
    def out(self) -> str:
        """What it wrote to stdout so far."""
        return self._out.read_text()

    @property
    def err(self) -> str:
        """What it wrote to stderr so far."""
        return self._err.read_text()

    @property
    def url(self) -> str:
        """The address it printed, without the last slash; waits for it. Fails when the program ended instead."""
        wait_until(lambda: "Stop " in self.out or self.process.poll() is not None, 20, "the printed address")
        found = re.search(r"Open +(\S+)/\n", self.out)
        assert found, f"no address in {self.out!r}; stderr: {self.err!r}"
        return found[1]

    def send(self, number: signal.Signals) -> None:
        """Sends it a signal."""
        self.process.send_signal(number)

    def wait(self, timeout: float = 30.0) -> int:
        """Its exit code. Fails when it takes longer than `timeout` seconds."""
        return self.process.wait(timeout)

    def end(self) -> None:
        """Ends it whatever it does."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(12)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
