"""docs/security.md names what there is: the actions, and a table of roles that is one."""

from __future__ import annotations

import re
from typing import Any

from flask import Flask

import dashboard
from dashboard.access import ACTIONS
from tests.support.sources import ROOT

PAGE = (ROOT / "docs/security.md").read_text("utf-8")


def test_it_names_each_action() -> None:
    table = PAGE.partition("| action | |")[2].partition("\n\n")[0]
    first = [line.split("|")[1] for line in table.splitlines()[2:]]
    assert {name for cell in first for name in re.findall(r"`(\w+)`", cell)} == ACTIONS


def test_its_roles_are_taken() -> None:
    block = re.search(r"```python\n(.*?)```", PAGE, re.DOTALL)
    assert block is not None
    app = Flask("host")
    names: dict[str, Any] = {"app": app}
    code = block[1].replace(
        "OmniqDashboard(app,", 'OmniqDashboard(app, redis="redis://127.0.0.1:1/0", background=False,'
    )
    exec(compile(code, "docs/security.md", "exec"), names)
    assert names["OmniqDashboard"] is dashboard.OmniqDashboard
    assert "omniq_dashboard" in app.extensions


def test_each_attack_leads_to_tests_that_are_there() -> None:
    rows = PAGE.partition("| attack | test |")[2].partition("\n\n")[0].splitlines()[2:]
    for row in rows:
        named = re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", row)
        assert named, row
        takes_long = False
        for path, test in named:
            text = (ROOT / path).read_text("utf-8")
            assert f"def {test or 'test_'}" in text, f"{path}::{test}"
            takes_long |= re.search(rf"mark\.long\b[^\n]*\n(?:[@)\] ].*\n)*def {test}", text) is not None
        assert ("†" in row) == takes_long, row
    told = " ".join(rows).lower()
    for attack in (
        *("stored xss", "reflected xss", "csrf", "clickjacking", "open redirect", "host header", "dns rebinding"),
        *("path tricks", "oversized bodies", "slow requests", "header injection", "session fixation"),
        *("timing of sign-in", "get and head"),
    ):
        assert attack in told, attack
