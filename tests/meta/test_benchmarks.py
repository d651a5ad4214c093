"""Each benchmark still runs, with tiny sizes whose figures mean nothing, and stands on the page about them."""

from __future__ import annotations

import subprocess
import sys

import pytest

from benchmarks.judged import LIMITS
from tests.support.sources import ROOT


@pytest.mark.long
def test_every_measure_of_the_table_is_taken() -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "benchmarks", "--smoke"], cwd=ROOT, capture_output=True, text=True, timeout=100
    )
    assert ran.returncode == 0, ran.stderr
    for limit in LIMITS.values():
        assert f"\n{limit.name} " in ran.stdout, f"{limit.name} was not measured"
    assert "omniq-dashboard" in ran.stdout  # the table of the peers, of those that are installed


def test_the_page_has_a_row_with_floor_and_aim_for_every_measure() -> None:
    page = (ROOT / "docs" / "benchmarks.md").read_text("utf-8")
    rows = {
        cells[1]: cells[3:5] for line in page.splitlines() if len(cells := [c.strip() for c in line.split("|")]) == 7
    }
    del rows["measure"], rows["---"]
    assert rows == {limit.name: [f"{limit.floor:g}", f"{limit.aim:g}"] for limit in LIMITS.values()}


@pytest.mark.long
def test_the_dashboard_is_measured_beside_its_limits() -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "benchmarks.dashboard", "--part", "400"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert ran.returncode == 0, ran.stderr
    for words in ("waiting, deep page of 50", "by error", "retry of 25", "memory after 25 requests", "longest command"):
        assert f"\n{words}" in ran.stdout or ran.stdout.startswith(words), ran.stdout


@pytest.mark.long
def test_a_round_of_looks_is_measured_beside_its_limits() -> None:
    command = [sys.executable, "-m", "benchmarks.sampling", "--part", "200"]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=100)
    assert ran.returncode == 0, ran.stderr
    for words in ("a round of 5 looks", "  the longest command", "the page of all of them"):
        assert f"\n{words}" in f"\n{ran.stdout}", ran.stdout


def test_a_check_is_measured_beside_its_limits() -> None:
    command = [sys.executable, "-m", "benchmarks.checking", "--part", "1000"]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=100)
    assert ran.returncode == 0, ran.stderr
    for words in ("jobs checked", "  the longest command", "PING beside it, p99", "steps back of its progress"):
        assert f"\n{words}" in f"\n{ran.stdout}", ran.stdout


@pytest.mark.long
def test_metrics_are_measured_beside_their_limits() -> None:
    command = [sys.executable, "-m", "benchmarks.metrics", "--part", "100"]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=100)
    assert ran.returncode == 0, ran.stderr
    for words in ("before the background", "/metrics of 10 queues", "  beside a tenth", "the same with 12,000 jobs"):
        assert f"\n{words}" in f"\n{ran.stdout}", ran.stdout
