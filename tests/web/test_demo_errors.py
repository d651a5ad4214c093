"""The demo's errors by kind: some for each queue, and no more than somebody meant."""

from __future__ import annotations

from random import Random

import pytest

from dashboard.demo.errors import error_text
from dashboard.demo.queues import PLANS
from omniq_core.operator.fingerprint import fingerprint

# These two name one of four fields, and each field is a fault of its own.
MANY = {"py_template": 4, "py_key": 4}
KINDS = sorted({kind for plan in PLANS for kind in plan.errors})


@pytest.mark.parametrize("kind", KINDS)
def test_details_that_differ_make_no_other_kind(kind: str) -> None:
    rng = Random(kind)
    found = {fingerprint(error_text(kind, rng)).digest for _ in range(200)}
    assert len(found) == MANY.get(kind, 1)


def test_the_main_queue_shows_several_kinds_one_of_them_by_far_the_most() -> None:
    plan = next(plan for plan in PLANS if plan.name == "payments-webhooks")
    rng = Random(1)
    found = [fingerprint(error_text(kind, rng)).digest for kind in plan.errors]
    assert len(set(found)) == 5
    assert max(map(found.count, found)) * 2 > len(found)
