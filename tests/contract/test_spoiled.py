"""The tests themselves are tested: with one thing wrong in the scripts, each kind of them fails."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from omniq_core import OmniqClient, OmniqError
from tests.contract.mixed import Mixed
from tests.contract.pair import Pair
from tests.contract.spoils import MACHINE, MIXED, SPOILS, WALK, Spoil, spoiled
from tests.contract.walk import Walk
from tests.core.queue_machine import run_queue_machine
from tests.support.clock import Clock
from tests.support.redis_server import RedisServer

pytestmark = pytest.mark.broken_data
SHORT = 12


@pytest.fixture
def pair(redis_server: RedisServer, reference: Any, redis: Any, caplog: pytest.LogCaptureFixture) -> Iterator[Pair]:
    """A pair whose client has loaded no script yet."""
    caplog.set_level(logging.CRITICAL, "omniq_core")
    with OmniqClient(redis_url=redis_server.url) as client:
        yield Pair(client, reference, redis, Clock())


def _walk(pair: Pair) -> None:
    for seed in range(SHORT):
        pair.redis.flushall()
        Walk(Pair(pair.client, pair.reference, pair.redis, Clock()), seed).run()


def _mixed(pair: Pair) -> None:
    for seed in range(SHORT):
        pair.redis.flushall()
        Walk(Mixed(pair.client, pair.reference, pair.redis, Clock(), seed), seed).run()


def _machine(pair: Pair) -> None:
    run_queue_machine(pair.client, pair.redis, 150)


KINDS: dict[str, Callable[[Pair], None]] = {WALK: _walk, MIXED: _mixed, MACHINE: _machine}


@pytest.mark.parametrize("spoil", SPOILS, ids=lambda spoil: spoil.name)
def test_the_test_of_the_operation_notices(pair: Pair, spoil: Spoil) -> None:
    with spoiled(spoil), pytest.raises((AssertionError, OmniqError)):
        spoil.test(pair)


@pytest.mark.parametrize(
    ("spoil", "kind"),
    [
        # One kind for each fault, in turn, and the others in `make test-long`.
        pytest.param(spoil, kind, marks=[] if number % len(spoil.seen_by) == place else [pytest.mark.long])
        for number, spoil in enumerate(SPOILS)
        for place, kind in enumerate(spoil.seen_by)
    ],
    ids=lambda one: getattr(one, "name", one),
)
def test_random_sequences_notice(pair: Pair, spoil: Spoil, kind: str) -> None:
    with spoiled(spoil), pytest.raises(AssertionError):
        KINDS[kind](pair)


@pytest.mark.parametrize("spoil", SPOILS, ids=lambda spoil: spoil.name)
def test_the_test_of_the_operation_passes_without_the_fault(pair: Pair, spoil: Spoil) -> None:
    spoil.test(pair)
