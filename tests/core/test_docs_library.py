"""docs/library.md is true: its blocks run from top to bottom on a real Redis, and print what it says they print."""

from __future__ import annotations

import io
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

from tests.support.redis_server import RedisServer
from tests.support.sources import ROOT

_BLOCK = re.compile(r"^```(python|sh)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_SHOWN = re.compile(r"^\s*print\(.*\)  # (.*)$", re.MULTILINE)
_ADDRESS = "redis://localhost:6379/0"
Wait = Callable[..., None]


def _blocks() -> list[tuple[str, str]]:
    return _BLOCK.findall((ROOT / "docs" / "library.md").read_text("utf-8"))


def _work(program: Path, redis: Any, wait_until: Wait) -> None:
    """Runs the worker until the queue is empty, then ends it as a service manager would."""
    worker = subprocess.Popen([sys.executable, str(program)], cwd=ROOT, env={"PYTHONPATH": str(ROOT)})
    try:
        lanes = ("waiting_total", "delayed", "active")
        wait_until(lambda: not any(int(n or 0) for n in redis.hmget("{emails}:stats", *lanes)), timeout=60)
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(timeout=10) == 0
    finally:
        worker.kill()
        worker.wait()


def test_the_tutorial_runs_and_prints_what_it_says(
    redis_server: RedisServer, redis: Any, tmp_path: Path, wait_until: Wait
) -> None:
    program = tmp_path / "worker.py"
    names: dict[str, Any] = {"__name__": "tutorial"}
    for language, block in _blocks():
        code = block.replace(_ADDRESS, redis_server.url)
        if language == "sh":
            assert code == "python worker.py\n"
            _work(program, redis, wait_until)
        elif code.startswith("# worker.py"):
            program.write_text(code, "utf-8")
        else:
            printed = io.StringIO()
            with redirect_stdout(printed):
                exec(compile(code, "docs/library.md", "exec"), names)
            assert printed.getvalue().splitlines() == _SHOWN.findall(code), code


def test_the_tutorial_is_looked_at() -> None:
    blocks = _blocks()
    assert [language for language, _ in blocks].count("sh") == 2
    assert sum(len(_SHOWN.findall(block)) for _, block in blocks) > 20
