"""How a test ends a consume that runs in one of its threads, where no signal arrives."""

from __future__ import annotations


class Stop(BaseException):
    """Ends a consume from within its own thread."""
