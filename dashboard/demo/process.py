"""The workload as a child process that cannot outlive its parent."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

STOP_S = 5.0
RESTARTS = 3

# `-P` and a path at the end of sys.path: the child finds this package wherever it stands, and neither a `dashboard` in
# the working directory nor a module beside ours can take the place of what it imports.
_BOOT = "import sys; sys.path.append(sys.argv[1]); from dashboard.demo.child import main; main()"
_PACKAGES = str(Path(__file__).resolve().parents[2])


class Workload:
    """The running child: `pid`, `running`, `stop()`. One that died (and did not end by itself) is started again."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._stopping = False
        self._lock = threading.Lock()  # so that nothing is started after `stop`
        self._process = _start(url)
        threading.Thread(target=self._watch, name="omniq-demo", daemon=True).start()

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
        with self._lock:
            self._stopping = True
        _let_go(self._process)
        try:
            self._process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _watch(self) -> None:
        """Waits for the child, so that a dead one is no zombie either."""
        for left in range(RESTARTS, -1, -1):
            code = self._process.wait()
            with self._lock:
                if self._stopping or code == 0:
                    return
                _let_go(self._process)
                if left == 0:
                    _say("the workload died again and stays away: start the demo anew")
                    return
                _say("the workload died and is started again")
                try:
                    self._process = _start(self._url)
                except OSError as error:
                    _say(f"the workload cannot be started again ({error.strerror})")
                    return


def start_workload(url: str) -> Workload:
    """Starts the child on the Redis at `url`, whose database the demo has claimed. Raises OSError."""
    return Workload(url)


def _start(url: str) -> subprocess.Popen[bytes]:
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
    return process


def _let_go(process: subprocess.Popen[bytes]) -> None:
    if process.stdin is not None and not process.stdin.closed:
        process.stdin.close()


def _say(line: str) -> None:
    print(f"omniq-dashboard: demo: {line}", file=sys.stderr, flush=True)
