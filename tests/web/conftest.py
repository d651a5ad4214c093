"""Speed, and a command line that is refused: what tests of the web share."""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest

from dashboard.cli import main
from tests.support.rules_once import compile_rules_once

compile_rules_once()


@pytest.fixture
def refuses(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """As `refused(start(...))`, in this process: a start takes half a second, and nothing is left of a refused one."""
    for name in [name for name in os.environ if name.startswith("OMNIQ_") or name == "REDIS_URL"]:
        monkeypatch.delenv(name)

    def run(*arguments: str, **environment: str) -> str:
        with monkeypatch.context() as given, pytest.raises(SystemExit) as ended:
            given.setattr("sys.argv", ["omniq-dashboard", *arguments])
            for name, value in environment.items():
                given.setenv(name, value)
            main()
        out, err = capsys.readouterr()
        assert (ended.value.code, out) == (2, "")
        assert err.startswith("omniq-dashboard: ") and err.count("\n") == 1, err
        return err

    return run
