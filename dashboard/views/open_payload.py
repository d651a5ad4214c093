"""A payload as a file, where values of jobs may be hidden."""

from __future__ import annotations

from ..problems import not_allowed
from ..state import current


def open_payload(raw: bytes) -> bytes:
    """Its bytes, or what may be shown of them. Raises Problem (403) for one that is hidden whole."""
    rules = current().settings.redact
    if not rules.on:
        return raw
    seen = rules.payload(raw)
    if seen.text is None:
        raise not_allowed(f"This payload is hidden: {seen.why}.")
    return seen.text.encode()
