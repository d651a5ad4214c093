"""What is wrong with chosen jobs: where each stands in all lists, then one verdict in one moment."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Sequence
from typing import Any, cast

from ..connection import Arg, Link
from ..keys import QueueKeys, decode_id, decode_text, encode_id
from ..scripts import script
from .findings import Finding, FindingKind
from .job_walk import Steps, Work, waiting_list, walk_lists

Places = dict[bytes, list[tuple[bytes, int]]]

_LISTS = (b"wait", b"failed", b"completed")
_PRINTED, _JUDGED = 100, 50


def place_jobs(
    link: Link, queue: str, ids: Iterable[bytes], suffixes: Iterable[bytes], work: Work
) -> Generator[None, None, Places]:
    """Every place of these ids in these lists, a script at a time."""
    places: Places = {job_id: [] for job_id in ids}
    for windows in walk_lists(link, queue, suffixes, work, judged=False):
        for window in windows:
            for job_id, place in zip(window.ids, window.places, strict=True):
                if job_id in places:
                    places[job_id].append((window.suffix, place))
        yield
    return places


def place_args(job_id: bytes, digest: str, places: Sequence[tuple[bytes, int]]) -> list[Arg]:
    """A job as the scripts that judge and repair are told of it."""
    return [job_id, digest, len(places), *(part for place in places for part in place)]


def judge_jobs(
    link: Link, queue: str, gids: Iterable[str], ids: Iterable[bytes], tell: Callable[[int], None]
) -> Generator[None, None, list[Finding]]:
    """What is wrong with these jobs, a script at a time; of a job that moves meanwhile nothing is said. `tell` is given
    how many a script has dealt with: two scripts deal with each.

    That a job is in no list cannot be told by one script: that its record and its other places are the same before and
    after all lists were read tells it, for whoever enters a list writes these too.
    """
    anchor, work = QueueKeys(queue).anchor, Work()
    asked, prints, groups = list(dict.fromkeys(ids)), dict[bytes, str](), dict.fromkeys(map(encode_id, gids))
    for at in range(0, len(asked), _PRINTED):
        part = asked[at : at + _PRINTED]
        for job_id, (digest, gid) in zip(
            part, link.run(script("operator/jobs_prints"), anchor, *part, read=True), strict=True
        ):
            prints[job_id] = decode_text(digest)
            if gid:
                groups[gid] = None
        tell(len(part))
        yield
    found: list[Finding] = []
    if not asked:
        return found
    suffixes = (*_LISTS, *(waiting_list(decode_id(gid)) for gid in groups))
    places = yield from place_jobs(link, queue, asked, suffixes, work)
    for at in range(0, len(asked), _JUDGED):
        part = asked[at : at + _JUDGED]
        args = [arg for job_id in part for arg in place_args(job_id, prints[job_id], places[job_id])]
        told = cast(list[list[Any]], link.run(script("operator/jobs_judge"), anchor, *args, read=True))
        for job_id, one in zip(part, told, strict=True):
            if one:
                found.append(_finding(queue, job_id, prints[job_id], one))
        tell(len(part))
        yield
    return found


class JobLook:
    """The second look at findings of jobs, a part of a check: `found` are those that show the same trouble still,
    `judged` counts each job twice at the end."""

    def __init__(self, link: Link, queue: str, gids: Iterable[str], findings: Iterable[Finding]) -> None:
        self.link, self.queue = link, queue
        self.judged = 0
        self.found: list[Finding] = []
        self._gids, self._findings = gids, {one.subject: one for one in findings}
        self._steps = self._go()

    def step(self) -> bool:
        """One script; True when it is through. Raises what Redis raised."""
        return next(self._steps, self) is self

    def _go(self) -> Steps:
        ids = [encode_id(subject) for subject in self._findings]
        again = yield from judge_jobs(self.link, self.queue, self._gids, ids, self._tell)
        self.found = [one for one in again if _trouble(one) == _trouble(self._findings[one.subject])]

    def _tell(self, jobs: int) -> None:
        self.judged += jobs


def _trouble(finding: Finding) -> tuple[Any, ...]:
    lists = sorted(one[0] for one in finding.facts["lanes"])
    return finding.kind, finding.facts["print"], lists


def _finding(queue: str, job_id: bytes, digest: str, told: list[Any]) -> Finding:
    kind, state, gid, updated, keep, indexes, *entries = told
    lanes = [
        [decode_id(suffix), None if place < 0 else place]
        for suffix, place in zip(entries[::2], entries[1::2], strict=True)
    ]
    facts = {
        "state": decode_id(state),
        "gid": decode_id(gid),
        "lanes": lanes,
        "idx": [decode_text(one) for one in indexes],
        "updated": decode_id(updated),
        "keep": decode_id(keep),
        "print": digest,
    }
    return Finding(cast(FindingKind, decode_text(kind)), queue, decode_id(job_id), facts)
