"""Cookies of a mount: sent to its own addresses only, and over TLS only where the page came by TLS."""

from __future__ import annotations

from flask import Response, request

from .state import mount_path

YEAR_S = 31_536_000


def send_cookie(
    response: Response, name: str, value: str, *, max_age_s: int | None = None, script: bool = False
) -> Response:
    """Sends a cookie with this response, for `max_age_s` or until the browser ends. `script`: ours may read it."""
    response.set_cookie(
        name,
        value,
        max_age=max_age_s,
        path=mount_path(),
        httponly=not script,
        samesite="Lax",
        secure=request.is_secure,
    )
    return response
