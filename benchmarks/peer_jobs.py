"""Jobs of the other queues' workers, which find them by their import path."""

from __future__ import annotations

from typing import Any

done = 0


def nothing(*_args: Any, **_options: Any) -> None:
    """A trivial job that counts itself."""
    global done
    done += 1


async def nothing_async(*_args: Any, **_options: Any) -> None:
    """The same for a worker that awaits its jobs."""
    nothing()
