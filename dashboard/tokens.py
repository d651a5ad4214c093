"""Free text (job ids, gids, queue names) as one safe URL segment, form value, and back.

A text that is plain stays as it is; anything else is `~` and the base64url of its bytes. Browsers and servers rewrite
`..`, `//` and `%0A` on the way, and one of them would lead to another job.
"""

from __future__ import annotations

import base64
import binascii
import re
import unicodedata

from werkzeug.routing import BaseConverter

QUEUE_NAME = re.compile(r"[A-Za-z0-9._-]{1,128}")
"""What a queue may be called."""

MAX_ID_BYTES = 512
"""The longest id of a job that a form takes."""

_PLAIN = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,127}")
_ENCODED = re.compile(r"~[A-Za-z0-9_-]*")


class BadToken(ValueError):
    """The text is no token that `to_token` could have made."""


def to_token(text: str) -> str:
    """The token of a text. Bytes that are no UTF-8 stand in it as surrogate escapes and survive."""
    if _PLAIN.fullmatch(text):
        return text
    raw = text.encode("utf-8", "surrogateescape")
    return "~" + base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")


def from_token(token: str) -> str:
    """The text of a token. Raises BadToken for everything that is not exactly what `to_token` gives."""
    if _PLAIN.fullmatch(token):
        return token
    if not _ENCODED.fullmatch(token):
        raise BadToken(token)
    body = token[1:]
    try:
        raw = base64.urlsafe_b64decode(body + "=" * (-len(body) % 4))
    except binascii.Error:
        raise BadToken(token) from None
    text = raw.decode("utf-8", "surrogateescape")
    # One text, one address: a second spelling of the same id is refused.
    if to_token(text) != token:
        raise BadToken(token)
    return text


class Unreadable(str):
    """A URL segment that names nothing. Its text is what stood in the address."""


def from_segment(segment: str) -> str:
    """The text of a URL segment: a token, or the raw text itself where nothing can have rewritten it.

    Gives an `Unreadable` instead of raising, so that the dashboard's own 404 page answers and not the host's.
    """
    try:
        return from_token(segment)
    except BadToken:
        return segment if _survives_in_a_url(segment) else Unreadable(segment)


def _survives_in_a_url(segment: str) -> bool:
    if segment.startswith("~") or segment in (".", "..") or segment != segment.strip():
        return False
    # U+FFFD stands for bytes that were lost; control characters are what proxies drop.
    return not any(c in "/\\�" or unicodedata.category(c) in ("Cc", "Cs") for c in segment)


class TokenConverter(BaseConverter):
    """`<omniq:name>` in a route: free text as one segment of a URL."""

    regex = "[^/]+"

    def to_python(self, value: str) -> str:
        return from_segment(value)

    def to_url(self, value: object) -> str:
        return to_token(str(value))


class RestConverter(BaseConverter):
    """`<omniq_rest:rest>`: whatever is left of a path, also when it begins with slashes. Any other rule comes first."""

    regex = r"[\s\S]*"
    weight = 300
    part_isolating = False
