"""Signals that end a consumer: a first one lets the running handler finish, a second SIGINT leaves at once."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def stop_signals(*, drain: bool, stop_on_ctrl_c: bool) -> Generator[Callable[[], bool]]:
    """Yields a function that says whether to stop. Signals are handled in the main thread only, and restored."""
    stopped = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield stopped.is_set
        return

    def on_term(_signal: int, _frame: FrameType | None) -> None:
        stopped.set()

    def on_int(_signal: int, _frame: FrameType | None) -> None:
        if stopped.is_set() or not drain:
            raise KeyboardInterrupt
        stopped.set()

    before = {signal.SIGTERM: signal.signal(signal.SIGTERM, on_term)}
    if stop_on_ctrl_c:
        before[signal.SIGINT] = signal.signal(signal.SIGINT, on_int)
    try:
        yield stopped.is_set
    except KeyboardInterrupt:
        if not stop_on_ctrl_c:
            raise
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
