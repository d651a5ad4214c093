"""What contract tests share."""

from __future__ import annotations

from typing import Any

import pytest

from omniq_core import OmniqClient
from tests.contract.pair import Pair
from tests.support.clock import Clock


@pytest.fixture
def pair(client: OmniqClient, reference: Any, redis: Any, clock: Clock) -> Pair:
    """Both clients in lockstep, on the queues `ours` and `theirs` of one empty Redis."""
    return Pair(client, reference, redis, clock)
