"""What runs in the child process: the workload, until its parent lets go of the pipe."""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
import time

from omniq_core import REDIS_ERRORS, OmniqClient, explain_redis_error

from .mark import NotOurDatabase, claim_database
from .seed import set_stage
from .workload import Workload

AFTER_AN_ERROR_S = 1.0
TICK_S = 0.2
LAST_WORD_S = 4.0


def main() -> None:
    """Reads the URL of a claimed database from stdin and works on it until stdin ends or SIGTERM comes."""
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda _number, _frame: stop.set())
    logging.basicConfig(level=logging.ERROR, format="omniq-dashboard: demo: %(message)s")
    url = sys.stdin.readline().strip()
    if not url:
        return  # the parent was gone before it said anything
    threading.Thread(target=_end_with_parent, args=(stop,), daemon=True).start()
    with OmniqClient(redis_url=url, client_name="omniq-demo") as client:
        run(client, stop)


def run(client: OmniqClient, stop: threading.Event) -> None:
    """Sets the stage and keeps the queues moving until `stop` is set or the database is no longer the demo's."""
    told = False
    while not stop.is_set():
        try:
            # at every new start: after an outage there may be another database behind the same address
            claim_database(client)
            set_stage(client, time.time_ns() // 1_000_000, stop)
            workload = Workload(client)
            told = False
            while not stop.is_set():
                workload.tick()
                stop.wait(TICK_S)
        except NotOurDatabase as error:
            _say(str(error))
            return
        except REDIS_ERRORS as error:
            if not told:
                _say(f"Redis does not answer ({explain_redis_error(error)}), trying again until it does")
                told = True
            stop.wait(AFTER_AN_ERROR_S)


def _end_with_parent(stop: threading.Event) -> None:
    while sys.stdin.readline():
        pass
    stop.set()
    time.sleep(LAST_WORD_S)
    os._exit(1)  # the main thread hangs in a call: nobody is left to wait for it


def _say(line: str) -> None:
    print(f"omniq-dashboard: demo: {line}", file=sys.stderr, flush=True)
