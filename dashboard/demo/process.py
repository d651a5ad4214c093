"""The workload as a child process that cannot outlive its parent."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

STOP_S = 5.0

# `-P` and a path at the end of sys.path: the child finds this package wherever it stands, and neither a `dashboard` in
# the working directory nor a module beside ours can take the place of what it imports.
_BOOT = "import sys; sys.path.append(sys.argv[1]); from dashboard.demo.child import main; main()"
_PACKAGES = str(Path(__file__).resolve().parents[2])


class Workload:
    """The running child: `pid`, `running`, `stop()`."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether it has not ended."""
        return self._process.poll() is None

    def stop(self) -> None:
        """Ends it (5 s at most). Nothing happens when it has ended already."""
        if self._process.stdin is not None and not self._process.stdin.closed:
            self._process.stdin.close()
        try:
            self._process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def start_workload(url: str) -> Workload:
    """Starts the child on the Redis at `url`, whose database the demo has claimed. Raises OSError."""
    process = subprocess.Popen(
        [sys.executable, "-P", "-c", _BOOT, _PACKAGES],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        # a Ctrl-C in the terminal is the parent's to handle
        start_new_session=True,
    )
    assert process.stdin is not None
    # The URL may hold a password, so it goes through the pipe and not into the list of processes. The pipe stays open:
    # its end is how the child learns that the parent is gone, even when the parent was killed.
    process.stdin.write(f"{url}\n".encode())
    process.stdin.flush()
    return Workload(process)
