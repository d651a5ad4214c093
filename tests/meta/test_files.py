"""Rules about the files themselves: small, named for what they do, and all of them in the package."""

from __future__ import annotations

import re
from importlib import resources
from pathlib import Path

import pytest
from hatchling.builders.wheel import WheelBuilder

from tests.support.sources import CORE, DASHBOARD, PACKAGES, ROOT, TEMPLATES, files, where

LONGEST = {"*.py": 300, "*.lua": 120}
VAGUE = re.compile(r"(utils?|helpers?|common|misc)", re.IGNORECASE)
PRODUCT = files("*.py", *PACKAGES) + files("*.lua", CORE)
COMMANDS_NEVER_SENT = re.compile(r"flush(all|db)|[\"']KEYS[\"']|\bDEBUG\s+SLEEP\b", re.IGNORECASE)


@pytest.mark.parametrize("pattern", LONGEST)
def test_a_file_holds_one_concern(pattern: str) -> None:
    folders = (*PACKAGES, ROOT / "tests") if pattern == "*.py" else PACKAGES
    too_long = {
        where(path): len(lines(path)) for path in files(pattern, *folders) if len(lines(path)) > LONGEST[pattern]
    }
    assert too_long == {}


def test_a_template_fits_on_a_screen() -> None:
    too_long = {where(path): len(lines(path)) for path in files("*.html", TEMPLATES) if len(lines(path)) > 80}
    assert too_long == {}


def test_no_module_is_a_drawer_for_everything() -> None:
    named = [where(path) for path in files("*.py", *PACKAGES, ROOT / "tests") if VAGUE.fullmatch(path.stem)]
    assert named == []


@pytest.mark.parametrize("path", PRODUCT, ids=where)
def test_no_command_that_empties_or_walks_a_whole_database(path: Path) -> None:
    # `"KEYS"` in quotes is the command; KEYS[1] in Lua and .keys() of a dict are not
    found = [match[0] for match in COMMANDS_NEVER_SENT.finditer(path.read_text("utf-8")) if match[0] not in ('"keys"',)]
    assert found == []


@pytest.mark.parametrize("path", files("*.py", *PACKAGES), ids=where)
def test_a_module_says_what_it_is_for(path: Path) -> None:
    first = lines(path)[:1]
    assert not first or first[0].startswith(('"""', 'r"""')), "a module begins with its docstring"


@pytest.mark.parametrize("path", files("*.lua", CORE), ids=where)
def test_a_script_says_what_goes_in_and_comes_out(path: Path) -> None:
    text = path.read_text("utf-8")
    assert text.startswith("-- ")
    if path.parent.name == "lib":
        assert re.search(r"^-- (?!@include)\S", text, re.MULTILINE), "a comment says what the pieces are for"
        return
    header = re.split(r"^(?!--)|^-- @include", text, maxsplit=1, flags=re.MULTILINE)[0]
    for word in ("KEYS[1]", "ARGV", "Returns"):
        assert word in header, f"{word} is missing from the header"


def test_a_wheel_holds_every_file_of_both_packages() -> None:
    builder = WheelBuilder(str(ROOT))
    packed = {Path(file.path) for file in builder.recurse_included_files()}
    own = {
        path
        for package in PACKAGES
        for path in package.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert own - packed == set()
    assert {path for path in packed if "__pycache__" in path.parts or path.suffix == ".pyc"} == set()


def test_data_is_found_as_a_resource_not_by_a_path_of_this_checkout() -> None:
    for package, parts in (
        ("omniq_core", ("lua", "reserve.lua")),
        ("omniq_core", ("lua", "lib", "keys.lua")),
        ("omniq_core", ("operator", "lua", "lane_page.lua")),
        ("omniq_core", ("py.typed",)),
        ("dashboard", ("templates", "omniq", "layouts", "page.html")),
        ("dashboard", ("static", "css", "omniq.css")),
        ("dashboard", ("static", "vendor", "htmx.min.js")),
        ("dashboard", ("py.typed",)),
    ):
        assert resources.files(package).joinpath(*parts).is_file(), (package, parts)


def test_the_vendored_library_stands_beside_its_licence() -> None:
    vendor = DASHBOARD / "static" / "vendor"
    assert (vendor / "VERSIONS").read_text("utf-8").strip()
    assert (vendor / "htmx.LICENSE").read_text("utf-8").strip()


def lines(path: Path) -> list[str]:
    return path.read_text("utf-8").splitlines()
