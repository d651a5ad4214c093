"""The jobs that this browser opened last: a small cookie of the mount. Not signed: it names, and decides nothing."""

from __future__ import annotations

import re

from flask import Response, request

from .state import mount_path
from .tokens import BadToken, from_token, to_token

COOKIE = "omniq_recent"
KEPT = 8
_LONGEST = 200
_QUEUE_NAME = re.compile(r"[A-Za-z0-9._-]{1,128}")
_MAX_AGE_S = 31_536_000


def opened() -> list[tuple[str, str]]:
    """Queue and id of each, the last one first; what somebody spoiled is left out."""
    found: list[tuple[str, str]] = []
    for entry in request.cookies.get(COOKIE, "").split("/")[:KEPT]:
        queue, _, token = entry.partition(":")
        if not _QUEUE_NAME.fullmatch(queue) or len(token) > _LONGEST:
            continue
        try:
            found.append((queue, from_token(token)))
        except BadToken:
            continue
    return found


def keep(response: Response, queue: str, job_id: str) -> Response:
    """Sends the cookie with this job in front. An id that is too long for a cookie is not kept."""
    if len(to_token(job_id)) > _LONGEST:
        return response
    jobs = dict.fromkeys([(queue, job_id), *opened()])
    value = "/".join(f"{name}:{to_token(one)}" for name, one in list(jobs)[:KEPT])
    response.set_cookie(
        COOKIE, value, max_age=_MAX_AGE_S, path=mount_path(), httponly=True, samesite="Lax", secure=request.is_secure
    )
    return response
