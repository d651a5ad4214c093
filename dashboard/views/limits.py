"""The thresholds of this mount's settings."""

from __future__ import annotations

from ..queries.queue_row import Limits
from ..state import current


def limits() -> Limits:
    """From when on a queue is stalled and its oldest job old, as this mount's settings say."""
    settings = current().settings
    return Limits(settings.stalled_after * 1000, settings.old_after * 1000)
