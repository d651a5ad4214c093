"""Publishing by hand: the payload as its bytes, at most once, and never in the place of a job that exists."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, cast

from ..connection import Link
from ..keys import QueueKeys, decode_id, decode_text, encode_id
from ..numbers import checked_number
from ..publishing import chosen_id, job_options
from ..registry import remember_queue
from ..scripts import script

REMEMBERED_MS = 86_400_000
_AGAIN = (b"again",)


@dataclass(frozen=True, slots=True)
class Publication:
    """What became of a `publish_once`: the job that was published, now or by an earlier call, or that exists already.

    `state` is the state the job is in (`wait`, `delayed` …), "" when it has left the queue since. `gone`: nothing was
    published, for the original has no payload, or there is none.
    """

    outcome: Literal["published", "repeated", "exists", "gone"]
    job_id: str
    state: str


def publish_once(
    link: Link,
    queue: str,
    payload: bytes | None,
    *,
    nonce: str,
    now_ms: int,
    job_id: str | None = None,
    max_attempts: int = 3,
    timeout_ms: int = 30_000,
    backoff_ms: int = 5_000,
    due_ms: int = 0,
    gid: str | None = None,
    group_limit: int = 0,
    copy_of: str | None = None,
) -> Publication:
    """Publishes the bytes of a payload as they are; whoever calls it again with this nonce within a day adds nothing.

    Unlike `OmniqClient.publish` it leaves a job of this id alone in whatever state, completed too. The bytes should be
    a JSON object or array in UTF-8, but are not looked at. `copy_of` links the new job with another one of the queue
    (`x_copy_of`, and `x_copied_to` in the other's record), which stays as it is. None as payload takes that of the
    other one, whatever it is, without fetching it. Options and times (ms): see `publish`.

    One script, sent again when its answer is lost. Raises ValueError or TypeError before any call for what `publish`
    refuses and for an empty payload or nonce, and what Redis raised.
    """
    if payload == b"" or (payload is None and not copy_of) or not nonce:
        raise ValueError("a payload and a nonce are needed")
    keys = QueueKeys(queue)
    options = job_options(
        max_attempts=max_attempts,
        timeout_ms=timeout_ms,
        backoff_ms=backoff_ms,
        due_ms=due_ms,
        gid=gid,
        group_limit=group_limit,
    )
    _, id_bytes = chosen_id(job_id)
    reply = link.run(
        script("operator/publish_once"),
        keys.anchor,
        checked_number("now_ms", now_ms),
        id_bytes,
        payload or b"",
        *options,
        nonce,
        REMEMBERED_MS,
        encode_id(copy_of or ""),
        again=_AGAIN,
    )
    outcome, published, state = cast(list[bytes], reply)
    if outcome == b"published":
        remember_queue(link, queue)
    return Publication(cast(Literal["published"], outcome.decode()), decode_id(published), decode_text(state))


def published_before(link: Link, queue: str, nonce: str) -> Publication | None:
    """What `publish_once` did for this nonce within a day, None when it did nothing. At most two calls.

    For whoever cannot send the payload again, because what it was made of is gone. Raises what Redis raised.
    """
    keys = QueueKeys(queue)
    job = cast(bytes | None, link.call("GET", keys.of(f"x:pub:{nonce}"), read=True))
    if not job:
        return None
    state = cast(bytes | None, link.call("HGET", keys.job(decode_id(job)), "state", read=True))
    return Publication("repeated", decode_id(job), decode_text(state or b""))
