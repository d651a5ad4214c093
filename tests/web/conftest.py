"""Nothing but speed: what all tests of the web share."""

from __future__ import annotations

from tests.support.rules_once import compile_rules_once

compile_rules_once()
