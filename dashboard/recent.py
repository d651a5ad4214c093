"""The jobs that this browser opened last: a small cookie of the mount. Not signed: it names, and decides nothing."""

from __future__ import annotations

from flask import Response, request

from .cookies import YEAR_S, send_cookie
from .tokens import QUEUE_NAME, BadToken, from_token, to_token

COOKIE = "omniq_recent"
KEPT = 8
_LONGEST = 200


def opened() -> list[tuple[str, str]]:
    """Queue and id of each, the last one first; what somebody spoiled is left out."""
    found: list[tuple[str, str]] = []
    for entry in request.cookies.get(COOKIE, "").split("/")[:KEPT]:
        queue, _, token = entry.partition(":")
        if not QUEUE_NAME.fullmatch(queue) or len(token) > _LONGEST:
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
    return send_cookie(response, COOKIE, value, max_age_s=YEAR_S)
