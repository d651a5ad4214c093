"""The embedded Redis: one server per data folder, shared by the processes that ask for it, gone when its owner goes.

The folder's lock file is locked (flock) by the owner and, through an inherited descriptor, by the server: as long as
either lives, nobody starts a second server on the same files. `server.json` tells later processes where to attach.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any

from .engine import EmbeddedError, Engine, find_engine

__all__ = ["DEFAULT_DATA_DIR", "EmbeddedError", "EmbeddedRedis", "start_embedded"]

DEFAULT_DATA_DIR = Path("~/.local/share/omniq-dashboard")
_HOST = "127.0.0.1"
_START_S = 30.0  # a large append-only file takes its time to load
_STOP_S = 10.0

# Runs in the child before the server. PR_SET_PDEATHSIG (1): the kernel sends SIGTERM to it when we die, however we die.
# Not a preexec_fn, which may deadlock in a process with threads.
_PRELUDE = """
import os, sys
if sys.platform == "linux":
    import ctypes
    ctypes.CDLL(None).prctl(1, 15)
    if os.getppid() != int(sys.argv[1]):
        sys.exit("the parent ended")
os.execv(sys.argv[2], sys.argv[2:])
"""


class EmbeddedRedis:
    """A running server: `url`, `engine` ("valkey" or "redis"), `version`, `data_dir` (its own folder), `attached`.

    Use it as a context manager, or call `stop()`. `attached` means that another process owns it and will end it.
    `died`: it was ours and ended by itself (`when_it_dies` tells).
    """

    def __init__(
        self,
        port: int,
        engine: str,
        version: str,
        data_dir: Path,
        process: subprocess.Popen[bytes] | None = None,
        lock: int | None = None,
    ) -> None:
        self.url = f"redis://{_HOST}:{port}/0"
        self.port = port
        self.engine = engine
        self.version = version
        self.data_dir = data_dir
        self.attached = process is None
        self.died = False
        self._process = process
        self._lock = lock

    def __enter__(self) -> EmbeddedRedis:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def when_it_dies(self, tell: Callable[[], None]) -> None:
        """Calls `tell` once, in a thread of its own, if our server ends before `stop`."""
        process = self._process
        if process is None:
            return

        def watch() -> None:
            process.wait()
            if self._process is process:
                self.died = True
                tell()

        threading.Thread(target=watch, name="omniq-embedded", daemon=True).start()

    def stop(self) -> None:
        """End the server with everything on disk (10 s at most). Nothing happens when it is not ours or ended."""
        process, self._process = self._process, None
        if process is None:
            return
        _end(process)
        (self.data_dir / "server.json").unlink(missing_ok=True)
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


def start_embedded(data_dir: Path) -> EmbeddedRedis:
    """Start a server that keeps its data below `data_dir`, or attach to the one that runs there already.

    The files stand in a folder named by engine and major version, because an older server cannot read a newer one's.
    Call it from the main thread: on Linux the server ends with the thread that started it.
    Raises EmbeddedError: no server program, folder not writable, or a server there that does not answer.
    """
    engine = find_engine()
    folder = data_dir.expanduser().absolute() / f"{engine.name}-{engine.major}"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        (folder / "server.log").open("ab").close()  # else a folder that is not ours reads as a program that fails
        lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise EmbeddedError(
            f"Cannot keep data in {folder}: {error.strerror}. Choose another one with --data."
        ) from None
    try:
        running = _lock_or_attach(lock, folder)
        if running is not None:
            os.close(lock)
            return running
        return _launch(engine, folder, lock)
    except BaseException:
        os.close(lock)
        raise


def _lock_or_attach(lock: int, folder: Path) -> EmbeddedRedis | None:
    """None once the lock is ours; the server of a living owner if it answers."""
    try:
        import fcntl
    except ImportError:
        raise EmbeddedError("The embedded Redis runs on Linux and macOS only: give --redis URL.") from None
    end = time.monotonic() + _START_S
    while True:
        with contextlib.suppress(BlockingIOError):
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return None
        note = _read_note(folder)
        if note and _server_info(note["port"]).get("run_id") == note["run_id"]:
            if _alive(note["owner"]):
                return EmbeddedRedis(note["port"], note["engine"], note["version"], folder)
            # Its owner was killed. Where the kernel did not end it (macOS), we do; then the lock comes free.
            _ask(note["port"], b"SHUTDOWN\r\n")
        if time.monotonic() > end:
            raise EmbeddedError(
                f"{folder} is in use by another process whose Redis does not answer. End it, or use --data."
            )
        time.sleep(0.05)


def _launch(engine: Engine, folder: Path, lock: int) -> EmbeddedRedis:
    log = folder / "server.log"
    for _ in range(3):  # a port that was free may be taken a moment later
        port = _free_port()
        try:
            process = _spawn(engine, folder, lock, port, log)
        except OSError as error:
            raise EmbeddedError(f"Cannot start {engine.path}: {error.strerror}") from None
        try:
            run_id = _wait_for_answer(process, port)
            if run_id:
                _write_note(folder, engine, port, run_id)
                return EmbeddedRedis(port, engine.name, engine.version, folder, process, lock)
        except BaseException:
            _end(process)
            raise
        _end(process)
    lines = log.read_text(errors="replace").strip().splitlines() or ["it printed nothing"]
    raise EmbeddedError(f"{engine.name} {engine.version} did not start in {folder}: {lines[-1]}")


def _spawn(engine: Engine, folder: Path, lock: int, port: int, log: Path) -> subprocess.Popen[bytes]:
    settings = {"bind": _HOST, "port": str(port), "dir": str(folder), "daemonize": "no", "save": ""}
    settings |= {"appendonly": "yes", "appendfsync": "everysec"}
    arguments = [part for name, value in settings.items() for part in (f"--{name}", value)]
    with log.open("wb") as output:
        return subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", _PRELUDE, str(os.getpid()), str(engine.path), *arguments],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd=folder,
            pass_fds=(lock,),
            start_new_session=True,  # Ctrl-C is for us: we end it after the last request
        )


def _wait_for_answer(process: subprocess.Popen[bytes], port: int) -> str | None:
    """The server's run id once its data is loaded; None when it ended. Raises EmbeddedError after 30 s."""
    end = time.monotonic() + _START_S
    while process.poll() is None:
        info = _server_info(port)
        if info.get("process_id") == str(process.pid) and _ask(port, b"PING\r\n").startswith(b"+PONG"):
            return info["run_id"]
        if time.monotonic() > end:
            raise EmbeddedError(f"The Redis server did not answer within {_START_S:.0f} s of its start.")
        time.sleep(0.02)
    return None


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is not None:
        return
    process.terminate()
    try:
        process.wait(timeout=_STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _read_note(folder: Path) -> dict[str, Any] | None:
    try:
        note = json.loads((folder / "server.json").read_text())
    except (OSError, ValueError):
        return None
    wanted = {"port": int, "owner": int, "run_id": str, "engine": str, "version": str}
    good = isinstance(note, dict) and all(isinstance(note.get(name), kind) for name, kind in wanted.items())
    return note if good else None


def _write_note(folder: Path, engine: Engine, port: int, run_id: str) -> None:
    note = {"v": 1, "port": port, "owner": os.getpid(), "run_id": run_id}
    note |= {"engine": engine.name, "version": engine.version}
    fresh = folder / "server.json.new"
    fresh.write_text(json.dumps(note))
    fresh.replace(folder / "server.json")


def _server_info(port: int) -> dict[str, str]:
    lines = _ask(port, b"INFO server\r\n").decode(errors="replace").splitlines()
    return dict(line.split(":", 1) for line in lines if ":" in line)


def _ask(port: int, command: bytes) -> bytes:
    """The answer to an inline command, at most 64 KB; empty when nobody answers. (No redis-py in this package.)"""
    try:
        with socket.create_connection((_HOST, port), timeout=2) as connection:
            connection.sendall(command + b"QUIT\r\n")
            answer = b""
            while len(answer) < 65536 and (part := connection.recv(8192)):
                answer += part
            return answer
    except (OSError, OverflowError):
        return b""


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return True


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((_HOST, 0))
        return int(probe.getsockname()[1])
