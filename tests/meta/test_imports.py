"""Who may import whom: the layers of ARCHITECTURE.md."""

from __future__ import annotations

import subprocess
import sys

import pytest

import omniq_core
from tests.support.sources import CORE, DASHBOARD, ROOT, Import, files, imports_of, module_name, where

# A module of omniq_core imports its own rank and lower ones. Not listed: rank 3.
RANKS = {
    **dict.fromkeys(("errors", "keys", "models", "ids", "clock", "numbers", "payloads", "monitor_models"), 0),
    **dict.fromkeys(("scripts", "explaining", "once", "cluster", "addresses"), 1),
    **dict.fromkeys(("connection", "replies", "registry"), 2),
    "consumer": 4,
    "operator": 5,
    "": 6,
}
SPEAKS_REDIS = {"connection", "once", "cluster", "addresses", "explaining", "scripts", "replies"}
# OmniqClient.consume is a method of the client that only starts the consumer.
LAZY_UPWARDS = {("omniq_core.client", "omniq_core.consumer")}
WEB = {"flask", "werkzeug", "jinja2", "markupsafe", "click", "waitress", "itsdangerous"}
ASSEMBLED_BY = {
    "dashboard.extension": {"dashboard", "dashboard.cli"},
    "dashboard.cli": {"dashboard.__main__"},
    "dashboard.blueprint": {"dashboard.extension"},
}


def rank(module: str) -> int:
    part = module.removeprefix("omniq_core").removeprefix(".").split(".")[0]
    return RANKS.get(part, 3)


def top(imported: Import) -> str:
    return imported.module.split(".")[0]


CORE_FILES = files("*.py", CORE)
DASHBOARD_FILES = files("*.py", DASHBOARD)


@pytest.mark.parametrize("path", CORE_FILES, ids=where)
def test_core_imports_downwards_only(path) -> None:
    name = module_name(path)
    for imported in imports_of(path):
        line = f"{where(path)}:{imported.line} imports {imported.module}"
        if top(imported) == "omniq_core":
            assert imported.relative, f"{line}: inside the package imports are relative"
            allowed = imported.lazy and (name, imported.module) in LAZY_UPWARDS
            assert allowed or rank(imported.module) <= rank(name), f"{line}, which is a layer above it"
        elif top(imported) == "redis":
            assert name.split(".")[1] in SPEAKS_REDIS, f"{line}: only {sorted(SPEAKS_REDIS)} speak to Redis"
        else:
            assert top(imported) in sys.stdlib_module_names, f"{line}: omniq_core needs redis-py alone"


def test_scores_are_read_as_either_protocol_gives_them() -> None:
    asking = [path for path in CORE_FILES if '"WITHSCORES"' in path.read_text("utf-8")]
    assert len(asking) >= 3
    careless = [where(path) for path in asking if "scored(" not in path.read_text("utf-8")]
    assert careless == [], "a client that speaks RESP 3 gives nested entries: omniq_core/replies.py"


@pytest.mark.parametrize("path", DASHBOARD_FILES, ids=where)
def test_dashboard_knows_core_by_its_public_names_and_never_redis(path) -> None:
    for imported in imports_of(path):
        line = f"{where(path)}:{imported.line} imports {imported.module}"
        assert top(imported) != "redis", line
        assert imported.module != "flask" or "g" not in imported.names, f"{line}: `g` outlives requests, use kept.py"
        if top(imported) == "dashboard":
            assert imported.relative, f"{line}: a host may have its own package of that name"
        if top(imported) == "omniq_core":
            assert imported.module == "omniq_core", f"{line}: a submodule"
            assert imported.names, f"{line}: use `from omniq_core import …`"
            private = set(imported.names) - set(omniq_core.__all__)
            assert not private, f"{line}: {sorted(private)} are not public"


@pytest.mark.parametrize("path", files("*.py", DASHBOARD / "queries", DASHBOARD / "actions"), ids=where)
def test_queries_and_actions_know_nothing_of_the_web(path) -> None:
    for imported in imports_of(path):
        line = f"{where(path)}:{imported.line} imports {imported.module}"
        assert top(imported) not in WEB, line
        assert not imported.module.startswith("dashboard.views"), f"{line}: no layer calls upwards"


def test_only_the_assembly_imports_the_outermost_modules() -> None:
    for path in DASHBOARD_FILES:
        for imported in imports_of(path):
            users = ASSEMBLED_BY.get(imported.module)
            if users is not None:
                assert module_name(path) in users, f"{where(path)}:{imported.line} imports {imported.module}"
            if imported.module.startswith("dashboard.views"):
                assert module_name(path).startswith(("dashboard.views", "dashboard.blueprint", "dashboard.routes")), (
                    f"{where(path)}:{imported.line} imports {imported.module}"
                )


def test_everything_that_core_exports_exists() -> None:
    missing = [name for name in omniq_core.__all__ if not hasattr(omniq_core, name)]
    assert missing == []
    assert sorted(set(omniq_core.__all__)) == sorted(omniq_core.__all__), "a name stands twice in __all__"


def test_a_worker_does_not_pay_for_what_operators_use() -> None:
    asked = "import sys, omniq_core; print(*(name for name in sys.modules if name.startswith('omniq_core.')))"
    ran = subprocess.run(
        [sys.executable, "-c", asked], cwd=ROOT, check=True, capture_output=True, text=True, timeout=60
    )
    loaded = set(ran.stdout.split())
    assert "omniq_core.client" in loaded
    assert {name for name in loaded if name.startswith(("omniq_core.operator", "omniq_core.monitor"))} == set()


def test_a_name_that_is_not_there_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nope'"):
        _ = omniq_core.nope  # type: ignore[attr-defined]
