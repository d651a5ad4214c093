"""Random walks: beside the reference on two queues, and together with it on one. OMNIQ_SEEDS=200 takes more of them."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Any

import pytest

from omniq_core import OmniqClient
from tests.contract.mixed import Mixed, work_off
from tests.contract.pair import Pair
from tests.contract.replies import EVERY_KIND_ALONE, EVERY_KIND_BESIDE
from tests.contract.walk import SEEDS, Walk
from tests.support.clock import Clock
from tests.support.invariants import check_invariants

AT_ONCE = 20
pytestmark = pytest.mark.walk
some_seeds = pytest.mark.parametrize(
    "seeds", [range(first, min(first + AT_ONCE, SEEDS)) for first in range(0, SEEDS, AT_ONCE)], ids=str
)


@some_seeds
def test_beside_the_reference(client: OmniqClient, reference: Any, redis: Any, seeds: range) -> None:
    met: Counter[tuple[str, str]] = Counter()
    for seed in seeds:
        redis.flushall()
        walk = Walk(Pair(client, reference, redis, Clock()), seed)
        walk.run()
        check_invariants(redis)
        met += walk.met
    _everything_was_met(met, EVERY_KIND_BESIDE)


@some_seeds
def test_together_with_the_reference(client: OmniqClient, reference: Any, redis: Any, seeds: range) -> None:
    met: Counter[tuple[str, str]] = Counter()
    for seed in seeds:
        redis.flushall()
        mixed = Mixed(client, reference, redis, Clock(), seed)
        walk = Walk(mixed, seed)
        walk.run()
        work_off(mixed)
        met += walk.met
    _everything_was_met(met, EVERY_KIND_ALONE)


def _everything_was_met(met: Counter[tuple[str, str]], every: dict[str, set[str]]) -> None:
    kinds: defaultdict[str, set[str]] = defaultdict(set)
    for name, kind in met:
        kinds[name].add(kind)
    missing = {name: wanted - kinds[name] for name, wanted in every.items() if wanted - kinds[name]}
    unheard = {name: got - every.get(name, set()) for name, got in kinds.items() if got - every.get(name, set())}
    assert not missing and not unheard, f"never met: {missing}; not expected: {unheard}"
