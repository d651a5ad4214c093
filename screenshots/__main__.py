"""Renders every shot at three widths in both themes.

python -m screenshots [NAME ...]      all of them, or those whose name begins so; into build/screenshots/
python -m screenshots --readme        only docs/images/overview.png
"""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
from pathlib import Path

from screenshots.camera import Camera
from screenshots.shots import SHOTS
from screenshots.studio import Studio

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "build" / "screenshots"
README = ROOT / "docs" / "images" / "overview.png"


def main(arguments: list[str]) -> int:
    """Returns how many files were written; prints them with the time it took."""
    begun = time.perf_counter()
    only_readme = arguments == ["--readme"]
    shots = [shot for shot in SHOTS if not arguments or any(shot.name.startswith(name) for name in arguments)]
    if not arguments:
        shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        studio = Studio(Path(folder))
        try:
            with Camera(studio, FOLDER) as camera:
                if only_readme or not arguments:
                    README.parent.mkdir(parents=True, exist_ok=True)
                    camera.take_readme(README)
                count = sum(camera.take(shot) for shot in ([] if only_readme else shots))
        finally:
            studio.close()
    print(f"{count} files in {FOLDER.relative_to(ROOT)}/, {time.perf_counter() - begun:.0f} s")
    return count


if __name__ == "__main__":
    main(sys.argv[1:])
