"""A message that outlives one redirect: signed, in a cookie of the mount, gone after it was shown or a minute."""

from __future__ import annotations

from typing import Any

from flask import Response, request

from .cookies import send_cookie
from .kept import kept
from .signing import BadSignature
from .state import current, mount_path, now_ms

COOKIE = "omniq_notice"
MAX_AGE_MS = 60_000
_PURPOSE = "notice"
_MAX_LINES = 12
_MAX_CHARS = 200


def leave(data: dict[str, Any]) -> None:
    """Keeps a message (JSON) for the next page of this browser. Long lists are cut, so that a cookie holds them."""
    lines = [line if len(line) <= _MAX_CHARS else line[:_MAX_CHARS] + "…" for line in data["lines"]]
    while len(lines) > 1 and (len(lines) > _MAX_LINES or sum(map(len, lines)) > 1200):
        lines.pop()
    if len(lines) < len(data["lines"]):
        lines.append(f"and {len(data['lines']) - len(lines):,} more")
    kept.notice = current().signing.seal(_PURPOSE, {**data, "lines": lines}, now_ms())


def waits() -> bool:
    """Did the browser bring a message that no page has shown yet?"""
    return bool(request.cookies.get(COOKIE))


def take() -> dict[str, Any] | None:
    """The message that was left for this page, once."""
    text = request.cookies.get(COOKIE)
    if not text:
        return None
    kept.notice = ""
    try:
        return current().signing.open(_PURPOSE, text, now_ms(), MAX_AGE_MS)
    except BadSignature:
        return None


def send(response: Response) -> Response:
    """Sets the cookie of a message that was left, or removes that of one that was shown."""
    text = kept.get("notice")
    if text:
        send_cookie(response, COOKIE, text, max_age_s=MAX_AGE_MS // 1000)
    elif text == "":
        response.delete_cookie(COOKIE, path=mount_path(), httponly=True, samesite="Lax")
    return response
