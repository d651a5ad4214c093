"""The project's own files, as the rules about them see them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
CORE = ROOT / "omniq_core"
DASHBOARD = ROOT / "dashboard"
TEMPLATES = DASHBOARD / "templates"
PACKAGES = (CORE, DASHBOARD)


@dataclass(frozen=True)
class Import:
    """One imported module, absolute ("flask", "dashboard.tokens"); `names` for `from … import names`."""

    line: int
    module: str
    names: tuple[str, ...]
    relative: bool
    lazy: bool


def files(pattern: str, *folders: Path) -> list[Path]:
    """Files below the folders, sorted. AssertionError when there are none: a rule about nothing proves nothing."""
    found = sorted(path for folder in folders for path in folder.rglob(pattern) if path.is_file())
    assert found, f"no {pattern} in {folders}"
    return found


def where(path: Path) -> str:
    """The path as a message shows it."""
    return str(path.relative_to(ROOT))


def module_name(path: Path) -> str:
    """dashboard/views/jobs.py → dashboard.views.jobs"""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports_of(path: Path) -> Iterator[Import]:
    """Every import of a file except those under TYPE_CHECKING. `lazy`: inside a function."""
    name = module_name(path)
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    yield from _walk(ast.parse(path.read_text("utf-8")).body, package, lazy=False)


def _walk(body: list[ast.stmt], package: str, *, lazy: bool) -> Iterator[Import]:
    for node in body:
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(node.lineno, alias.name, (), False, lazy)
        elif isinstance(node, ast.ImportFrom):
            yield from _from(node, package, lazy=lazy)
        elif isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            yield from _walk(node.orelse, package, lazy=lazy)
        else:
            inside = lazy or isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
            for part in ("body", "orelse", "finalbody"):
                yield from _walk(getattr(node, part, []), package, lazy=inside)
            for handler in getattr(node, "handlers", []):
                yield from _walk(handler.body, package, lazy=inside)


def _from(node: ast.ImportFrom, package: str, *, lazy: bool) -> Iterator[Import]:
    names = tuple(alias.name for alias in node.names)
    if not node.level:
        yield Import(node.lineno, node.module or "", names, False, lazy)
        return
    base = package.split(".")[: len(package.split(".")) - node.level + 1]
    if node.module:
        yield Import(node.lineno, ".".join([*base, node.module]), names, True, lazy)
        return
    for name in names:  # from . import clock: each name may be a module
        yield Import(node.lineno, ".".join([*base, name]), (), True, lazy)
