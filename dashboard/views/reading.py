"""Reads of a queue's pages: what they raise becomes a page that explains it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from omniq_core import BadCursor

from ..problems import BadInput, no_such_queue
from ..queries.queue import UnknownQueue


@contextmanager
def explained(queue: str) -> Iterator[None]:
    """Around a read of this queue: it is not there, or the address names a place that its list does not have."""
    try:
        yield
    except UnknownQueue:
        raise no_such_queue(queue) from None
    except BadCursor:
        raise BadInput("cursor", "This is no page of this list. Start at its first page.") from None
