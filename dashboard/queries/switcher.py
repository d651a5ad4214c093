"""The queues that the switcher of a queue's page offers, by what is typed into it."""

from __future__ import annotations

from collections.abc import Callable

from omniq_core import Link, read_overview

from .queue import OtherQueue, other_queues


def matching_queues(
    link: Link, queue: str, text: str, *, now_ms: int, may_read: Callable[[str], bool]
) -> tuple[OtherQueue, ...]:
    """The eight with the most failures of those whose name contains the text, in one round trip."""
    found = read_overview(link, now_ms).snapshots
    needle = text.lower()
    matching = {name: figures for name, figures in found.items() if needle in name.lower()}
    return other_queues(matching, queue, may_read=may_read)[0]
