"""Hypothesis looks for a sequence of operations after which the queue is not what a plain model says."""

from __future__ import annotations

import logging
import os
from typing import Any

import pytest

from omniq_core import OmniqClient
from tests.core.queue_machine import run_queue_machine

TIMES = max(1, int(os.environ.get("OMNIQ_SEEDS", "40")) // 40)


@pytest.mark.walk
def test_the_queue_is_what_the_model_says(client: OmniqClient, redis: Any, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL, "omniq_core")  # ids are published again and again
    run_queue_machine(client, redis, 150 * TIMES)
