"""The only Python that spells a Redis key, and the rules for the names in it."""

from __future__ import annotations

import re

QUEUE_NAME = re.compile(r"[A-Za-z0-9._-]{1,128}")
MAX_NUMBER = 10**14
"""Numbers at or above this print in scientific notation inside Lua, so they are refused before any call."""


def validate_queue(queue: object) -> str:
    """The queue's name, or ValueError when it breaks the rule (1 to 128 of A-Z a-z 0-9 . _ -)."""
    if not isinstance(queue, str) or not QUEUE_NAME.fullmatch(queue):
        raise ValueError(f"not a queue name: {queue!r} (1 to 128 of A-Z a-z 0-9 . _ -)")
    return queue


def validate_completion_key(key: object) -> str:
    """The stripped completion key, or ValueError (1 to 128 characters, no braces)."""
    text = key.strip() if isinstance(key, str) else ""
    if not 1 <= len(text) <= 128 or "{" in text or "}" in text:
        raise ValueError(f"not a completion key: {key!r} (1 to 128 characters, no braces)")
    return text


def encode_text(text: str) -> bytes:
    """UTF-8, with bytes that `decode_id` smuggled through put back as they were.

    Lone surrogates that are no smuggled byte (a JSON text may hold them) become `?` rather than raise.
    """
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return "".join(
            c if not 0xD800 <= ord(c) <= 0xDC7F and not 0xDD00 <= ord(c) <= 0xDFFF else "?" for c in text
        ).encode("utf-8", "surrogateescape")


def encode_id(text: object) -> bytes:
    """The bytes of a job id or gid; a number counts as its digits.

    Never changes a character, because that would be another job's id. Raises TypeError for None, ValueError for lone
    surrogates that are no smuggled byte.
    """
    if text is None:
        raise TypeError("an id is a string, not None")
    return str(text).encode("utf-8", "surrogateescape")


def decode_id(raw: bytes) -> str:
    """A job id or gid as text, lossless: `encode_id` gives the same bytes back."""
    return raw.decode("utf-8", "surrogateescape")


def decode_text(raw: bytes) -> str:
    """Free text for people: bytes that are no UTF-8 show as replacement characters."""
    return raw.decode("utf-8", "replace")


class QueueKeys:
    """Every key of one queue, as bytes. Raises ValueError for a name that breaks the rule."""

    __slots__ = ("anchor", "base", "queue")

    def __init__(self, queue: str) -> None:
        self.queue = validate_queue(queue)
        self.base = b"{" + queue.encode("ascii") + b"}"
        self.anchor = self.base + b":meta"

    def of(self, suffix: str) -> bytes:
        """A plain key of the queue: `of("stats")`, `of("idx:failed")`, `of("x:pause")`."""
        return self.base + b":" + suffix.encode("ascii")

    def job(self, job_id: str) -> bytes:
        """The job's hash."""
        return self.base + b":job:" + encode_id(job_id)

    def group(self, gid: str, part: str) -> bytes:
        """A group's key; part is `wait`, `inflight` or `limit`."""
        return self.base + b":g:" + encode_id(gid) + b":" + part.encode("ascii")


def completion_anchor(key: str) -> bytes:
    """KEYS[1] of the child counter scripts for a validated completion key."""
    return b"{cc:" + encode_text(key) + b"}:meta"


def global_key(name: str) -> bytes:
    """A key of ours that belongs to no queue: `{omniq:x}:NAME`."""
    return b"{omniq:x}:" + name.encode("ascii")
