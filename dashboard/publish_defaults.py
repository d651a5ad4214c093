"""The options that this browser published with last: a small cookie of the mount. Not signed: it decides nothing."""

from __future__ import annotations

import re
from collections.abc import Mapping

from flask import Response, request

from .cookies import YEAR_S, send_cookie
from .publish_form import USUAL

COOKIE = "omniq_publish"
_VALUE = re.compile(r"\d{1,15}(?:\.\d{1,3})?", re.ASCII)


def kept_defaults() -> dict[str, str]:
    """The kept options by their field; none that somebody spoiled."""
    kept = zip(USUAL, request.cookies.get(COOKIE, "").split("~"), strict=False)
    return {name: value for name, value in kept if _VALUE.fullmatch(value)}


def keep_defaults(response: Response, form: Mapping[str, str]) -> Response:
    """Sends the cookie with the options of this form."""
    value = "~".join(form[name].strip() for name in USUAL)
    return send_cookie(response, COOKIE, value, max_age_s=YEAR_S)
