"""The picture of the README, and the list of what `make screenshots` takes."""

from __future__ import annotations

import re

from screenshots.shots import SHOTS
from tests.support.sources import ROOT

PICTURE = "docs/images/overview.png"
MOST_BYTES = 300_000


def test_the_readme_shows_one_picture_that_is_there_and_small() -> None:
    assert re.findall(r"!\[[^]]+\]\(([^)]+)\)", (ROOT / "README.md").read_text("utf-8")) == [PICTURE]
    picture = (ROOT / PICTURE).read_bytes()
    assert picture.startswith(b"\x89PNG")
    assert len(picture) < MOST_BYTES


def test_no_shot_overwrites_another() -> None:
    names = [shot.name for shot in SHOTS]
    assert len(set(names)) == len(names)


def test_every_lane_and_every_state_of_a_job_is_taken() -> None:
    names = {shot.name for shot in SHOTS}
    for lane in ("waiting", "active", "delayed", "failed", "completed"):
        assert {lane, f"job-{lane}"} <= names
