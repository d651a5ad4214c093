"""Whoever calls omniq_core can read what each public name does, and a type checker knows what goes in and out."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

import pytest

import omniq_core

# What is neither a class nor a function has its docstring behind its assignment, where only readers see it.
VALUES = {
    *(
        "COUNTED_POSITIONS",
        "COUNTER_STILL_MS",
        "CounterEnd",
        "FINDING_KINDS",
        "FindingKind",
        "JOB_KINDS",
        "LARGEST_EXPORTED",
        "LONGEST_PAUSE_MS",
        "MAX_ERROR_BYTES",
        "MOST_CHECKED",
        "MOST_COUNTERS",
        "MOST_FOUND",
        "MOST_GROUPS",
        "MOST_LIVE",
        "MOST_REASON",
        "SLOW_READ",
    ),
    *("PayloadT", "REDIS_ERRORS"),
}
NAMES = sorted(set(omniq_core.__all__) - VALUES)
SENTENCE_ENDS = (".", "`", ":")


def _functions(name: str) -> Iterator[tuple[str, Any]]:
    """The function itself, or a class's public methods and properties, those of our base classes too."""
    public = getattr(omniq_core, name)
    if not inspect.isclass(public):
        yield name, public
        return
    for base in public.__mro__:
        if not base.__module__.startswith("omniq_core"):
            continue
        for attribute, value in vars(base).items():
            plain = value.fget if isinstance(value, property) else getattr(value, "__func__", value)
            if not attribute.startswith("_") and inspect.isfunction(plain):
                yield f"{name}.{attribute}", plain


@pytest.mark.parametrize("name", NAMES)
def test_a_public_name_says_what_it_is(name: str) -> None:
    public = getattr(omniq_core, name)
    own = vars(public).get("__doc__") if inspect.isclass(public) else public.__doc__
    # a dataclass or a NamedTuple without a docstring gets its signature as one
    assert own and not own.startswith(f"{name}("), f"{name} has no docstring"
    assert inspect.cleandoc(own).endswith(SENTENCE_ENDS), f"{name}: a docstring is made of sentences"


@pytest.mark.parametrize("name", NAMES)
def test_public_functions_have_docstrings_and_types(name: str) -> None:
    for where, function in _functions(name):
        assert function.__doc__, f"{where} has no docstring"
        signature = inspect.signature(function)
        assert signature.return_annotation is not inspect.Signature.empty, f"{where} has no return type"
        for parameter in signature.parameters.values():
            typed = parameter.annotation is not inspect.Parameter.empty or parameter.name in ("self", "cls")
            assert typed, f"{where}: {parameter.name} has no type"


def test_methods_are_looked_at() -> None:
    seen = {where for name in NAMES for where, _ in _functions(name)}
    assert {"OmniqClient.publish", "OmniqClient.publish_many", "QueueMonitor.stats", "Link.label", "consume"} <= seen
    assert set(omniq_core.__all__) >= VALUES, "a name in VALUES is not public any more"


@pytest.mark.parametrize("name", sorted(VALUES))
def test_values_are_values(name: str) -> None:
    public = getattr(omniq_core, name)
    assert not inspect.isclass(public) and not inspect.isfunction(public), f"{name} can have a docstring of its own"
