"""Texts that were cut in Redis, and the cursors of lane pages."""

from __future__ import annotations

import base64
import binascii
import codecs
import re
from typing import NamedTuple

_SCORE = re.compile(rb"@[0-9]{1,15}|-?[0-9.]{1,40}(e[+-][0-9]{1,4})?|-?inf")
_KINDS = ("o", "O", "n", "N")


class BadCursor(ValueError):
    """A cursor that no lane page gave out."""


class Position(NamedTuple):
    """A row as a cursor keeps it: score as Redis wrote it, the id (its first bytes when long), SHA-1 of a long id."""

    score: bytes
    job_id: bytes
    digest: bytes


def cut_text(raw: bytes, full_length: int) -> str:
    """Text for people. A character that the cut left half is dropped; other bytes that are no UTF-8 are replaced."""
    if len(raw) >= full_length:
        return raw.decode("utf-8", "replace")
    return codecs.getincrementaldecoder("utf-8")("replace").decode(raw, final=False)


def make_cursor(kind: str, position: Position) -> str:
    """The cursor for the rows older (`o`, `O` with the row itself) or newer (`n`, `N`) than this one."""
    raw = b"\n".join((kind.encode(), position.score, position.digest, position.job_id))
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def read_cursor(cursor: str) -> tuple[str, Position]:
    """The opposite of `make_cursor`. Raises BadCursor."""
    try:
        raw = base64.b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        kind, score, digest, job_id = raw.split(b"\n", 3)
        kind = kind.decode("ascii")
    except (ValueError, binascii.Error):
        raise BadCursor("not a cursor of this list") from None
    if kind not in _KINDS or not _SCORE.fullmatch(score) or not re.fullmatch(rb"([0-9a-f]{40})?", digest):
        raise BadCursor("not a cursor of this list")
    if not score.startswith(b"@"):
        try:
            float(score)
        except ValueError:
            raise BadCursor("not a cursor of this list") from None
    return kind, Position(score, job_id, digest)
