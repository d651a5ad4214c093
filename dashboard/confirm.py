"""Confirmation tokens: what a dialog showed is what its button does."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field

from .signing import BadSignature, Signing

FIELD = "confirm_token"
MAX_AGE_MS = 10 * 60_000
_PURPOSE = "confirm"


class NotConfirmed(ValueError):
    """The token is missing, foreign, too old, or confirms something else. Its text says which, in one sentence."""


def ids_digest(ids: Iterable[str]) -> str:
    """A digest of a set of job ids; their order and repetition do not matter."""
    digest = hashlib.sha256()
    for raw in sorted({job_id.encode("utf-8", "surrogateescape") for job_id in ids}):
        digest.update(len(raw).to_bytes(8, "big") + raw)
    return digest.hexdigest()


def fresh_nonce() -> str:
    """What tells two confirmations apart; the id of the task that one begins."""
    return secrets.token_hex(8)


@dataclass(frozen=True, slots=True)
class Confirmation:
    """What somebody agreed to: `ids` is `ids_digest(...)`; or, in bulk, `filter` is the selection."""

    action: str
    queue: str
    actor: str
    count: int
    ids: str = ""
    filter: str = ""
    mark: str = ""
    nonce: str = field(default_factory=fresh_nonce, compare=False)


def seal(signing: Signing, what: Confirmation, now_ms: int) -> str:
    """The token of a dialog, good for ten minutes."""
    return signing.seal(_PURPOSE, asdict(what), now_ms)


def open_token(signing: Signing, token: str, now_ms: int) -> Confirmation:
    """What a token confirms. Raises NotConfirmed."""
    if not token:
        raise NotConfirmed("This needs a confirmation.")
    try:
        return Confirmation(**signing.open(_PURPOSE, token, now_ms, MAX_AGE_MS))
    except (BadSignature, TypeError) as error:
        late = str(error) == "too old"
        raise NotConfirmed(
            "The confirmation is older than 10 min." if late else "The confirmation is not valid."
        ) from None


def check(
    signing: Signing, token: str, now_ms: int, *, action: str, queue: str, actor: str, ids: Iterable[str]
) -> Confirmation:
    """The confirmation of exactly these ids by this actor. Raises NotConfirmed."""
    found = open_token(signing, token, now_ms)
    given = list(dict.fromkeys(ids))
    wanted = Confirmation(action, queue, actor, len(given), ids_digest(given), "", found.mark, found.nonce)
    if found != wanted:
        raise NotConfirmed("The confirmation was for something else.")
    return found
