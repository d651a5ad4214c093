"""Each benchmark still runs: with tiny sizes, whose figures mean nothing."""

from __future__ import annotations

import subprocess
import sys

from benchmarks.judged import LIMITS
from tests.support.sources import ROOT


def test_every_measure_of_the_table_is_taken() -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "benchmarks", "--smoke"], cwd=ROOT, capture_output=True, text=True, timeout=100
    )
    assert ran.returncode == 0, ran.stderr
    for limit in LIMITS.values():
        assert f"\n{limit.name} " in ran.stdout, f"{limit.name} was not measured"
    assert "omniq-dashboard" in ran.stdout  # the table of the peers, of those that are installed
