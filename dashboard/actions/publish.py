"""Publishing a job, or a copy of one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from omniq_core import Link, Publication, publish_once, published_before

from ..publish_form import JobOptions
from .telling import Did, told


def _published(made: Publication, _given: Mapping[str, Any]) -> Did:
    facts = {"job": made.job_id} if made.job_id else {}
    return Did(1, facts=facts) if made.outcome == "published" else Did(0, {made.outcome.upper(): 1}, facts)


@told(_published)
def publish(
    link: Link, queue: str, payload: bytes | None, options: JobOptions, *, nonce: str, now_ms: int, copy_of: str = ""
) -> Publication:
    """Publishes it once for this nonce, and not when the id exists already: the answer says which.

    `copy_of` is the job that this is a copy of; it stays where it is, and None takes its payload as it is. Raises
    ValueError for an id or a group that is no Unicode.
    """
    return publish_once(link, queue, payload, nonce=nonce, now_ms=now_ms, copy_of=copy_of, **asdict(options))


def before(link: Link, queue: str, nonce: str) -> Publication | None:
    """What this nonce published before, None when nothing. Changes nothing, so nobody is told."""
    return published_before(link, queue, nonce)
