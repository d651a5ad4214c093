"""Applications in their dozens: each test makes its own, and none compiles again what another has compiled."""

from __future__ import annotations

from typing import Any

from werkzeug.routing import Rule

_built: dict[Any, Any] = {}


def compile_rules_once() -> None:
    """What builds the URL of a rule is kept for the next application: to compile it is nine tenths of `create_app`.

    It is a function of the rule's parts alone. Where werkzeug has no such method any more, tests are slower.
    """
    compile_builder: Any = getattr(Rule, "_compile_builder", None)

    def once(self: Any, append_unknown: bool = True) -> Any:
        if self.defaults:
            return compile_builder(self, append_unknown)
        key = (self.rule, tuple(self._trace), append_unknown)
        if key not in _built:
            _built[key] = compile_builder(self, append_unknown)
        return _built[key]

    if compile_builder is not None and compile_builder.__name__ != once.__name__:
        Rule._compile_builder = once
