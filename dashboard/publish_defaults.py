"""The options that this browser published with last: a small cookie of the mount. Not signed: it decides nothing."""

from __future__ import annotations

import re
from collections.abc import Mapping

from flask import Response, request

from .publish_form import USUAL
from .state import mount_path

COOKIE = "omniq_publish"
_MAX_AGE_S = 31_536_000
_VALUE = re.compile(r"\d{1,15}(?:\.\d{1,3})?", re.ASCII)


def kept_defaults() -> dict[str, str]:
    """The kept options by their field; none that somebody spoiled."""
    kept = zip(USUAL, request.cookies.get(COOKIE, "").split("~"), strict=False)
    return {name: value for name, value in kept if _VALUE.fullmatch(value)}


def keep_defaults(response: Response, form: Mapping[str, str]) -> Response:
    """Sends the cookie with the options of this form."""
    value = "~".join(form[name].strip() for name in USUAL)
    response.set_cookie(
        COOKIE, value, max_age=_MAX_AGE_S, path=mount_path(), httponly=True, samesite="Lax", secure=request.is_secure
    )
    return response
