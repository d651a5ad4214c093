"""A job by its id across all queues, and jobs whose id begins with a text."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from omniq_core import DiscoveryState, FoundJob, FoundPart, Link, find_jobs_by_id, find_jobs_by_prefix, read_overview

from ..tokens import BadToken, from_token

MOST_QUEUES = 2_000
"""So many queues are asked for an id in one answer."""


@dataclass(frozen=True, slots=True)
class SearchPage:
    """What was found of `text`. `whole`: jobs of exactly this id, in `asked` of `queues` queues; the search goes on
    from number `following` (None: all were asked). `part`: jobs whose id begins with it, looked for when none has it
    whole. `denied`: how many of those asked last could not be, as an access list refuses their keys.
    `unsought`: no process looks for more queues.
    """

    text: str
    whole: tuple[FoundJob, ...]
    asked: int
    queues: int
    following: int | None
    part: FoundPart | None
    discovery: DiscoveryState
    denied: int
    unsought: bool


def search_page(
    link: Link,
    text: str,
    *,
    now_ms: int,
    may_read: Callable[[str], bool],
    allow_list: Sequence[str] = (),
    first: int = 0,
    works: bool = True,
) -> SearchPage:
    """Looks for the whole id in up to 2,000 queues, from number `first` on, in at most four round trips; when all were
    asked and none has it, also for ids that begin with it. `works`: this process has a background."""
    found = read_overview(link, now_ms)
    queues = [name for name in (allow_list or found.names) if may_read(name)]
    discovery = DiscoveryState(done=True) if allow_list else found.discovery  # another mount may search
    asked = queues[first : first + MOST_QUEUES]
    denied = set(found.denied.intersection(asked))
    whole = find_jobs_by_id(link, _spellings(text), [name for name in asked if name not in denied], denied=denied)
    following = first + len(asked) if first + len(asked) < len(queues) else None
    part = None
    if not whole and following is None:
        part = begins_with(link, text, may_read=may_read, allow_list=allow_list)
    return SearchPage(
        text=text,
        whole=whole,
        asked=first + len(asked),
        queues=len(queues),
        following=following,
        part=part,
        discovery=discovery,
        denied=len(denied),
        unsought=not (discovery.done or works or found.searching),
    )


def begins_with(
    link: Link,
    text: str,
    *,
    may_read: Callable[[str], bool],
    allow_list: Sequence[str] = (),
    cursor: int = 0,
    seen: int = 0,
) -> FoundPart:
    """A part of the search for ids that begin with a text; blanks around it don't count."""
    known: dict[str, bool] = {}

    def may_see(queue: str) -> bool:
        if queue not in known:
            known[queue] = (not allow_list or queue in allow_list) and may_read(queue)
        return known[queue]

    return find_jobs_by_prefix(link, text.strip(), may_see=may_see, cursor=cursor, seen=seen)


def _spellings(text: str) -> tuple[str, ...]:
    """An id as it was typed, without the blanks that a copied one may have around it, and what an address spells so."""
    bare = text.strip()
    try:
        return tuple(dict.fromkeys((text, bare, from_token(bare))))
    except BadToken:
        return tuple(dict.fromkeys((text, bare)))
