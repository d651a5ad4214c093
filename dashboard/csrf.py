"""Is this POST from one of our own pages? By the browser's word where it gives one, else by a token."""

from __future__ import annotations

import hmac
import secrets
from urllib.parse import urlsplit

from flask import Request, Response, current_app, request
from markupsafe import Markup

from .cookies import send_cookie
from .kept import kept
from .state import current

FIELD = "omniq_csrf"
COOKIE = "omniq_csrf"
HOST_HEADER = "X-Omniq-Host-Token"
"""What script puts into the forms of a page that stays."""
_PORTS = {"http": 80, "https": 443}


def is_own_request(req: Request, trusted: tuple[str, ...]) -> bool | None:
    """True or False by Sec-Fetch-Site, else by Origin; None when the browser sends neither."""
    site = req.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site == "same-origin"
    origin = req.headers.get("Origin")
    if origin is None:
        return None
    ours = _host_port(f"//{req.host}", _scheme(origin))
    theirs = _host_port(origin, _scheme(origin))
    if theirs is None:
        return False
    return theirs == ours or any(_same_origin(origin, other) for other in trusted)


def check(req: Request) -> bool:
    """May this POST be carried out? Needs the signing secret only when no header decides."""
    state = current()
    verdict = is_own_request(req, state.settings.trusted_origins)
    if verdict is not None:
        return verdict
    cookie, given = req.cookies.get(COOKIE, ""), req.form.get(FIELD, "")
    return bool(cookie) and hmac.compare_digest(state.signing.digest("csrf", cookie).encode(), given.encode())


def field() -> Markup:
    """The hidden inputs every form that posts begins with: our token, and the host's where it protects its forms."""
    state = current()
    cookie = kept.get("csrf_cookie") or request.cookies.get(COOKIE) or secrets.token_urlsafe(24)
    kept.csrf_cookie = cookie
    return _hidden(FIELD, state.signing.digest("csrf", cookie)) + host_field()


def host_field() -> Markup:
    """The host's token alone, which needs no Redis: for a form on a page about an error."""
    token = _host_token()
    if not token:
        return Markup("")
    name = current_app.config.get("WTF_CSRF_FIELD_NAME", "csrf_token")
    return Markup('<input type="hidden" name="{}" value="{}" data-host-token>').format(name, token)


def is_hosts_refusal(error: Exception) -> bool:
    """Is it the host's CSRFProtect that did not take a form? Its library may not be there, so its name says it."""
    return type(error).__name__ == "CSRFError"


def _host_token() -> str:
    token = current_app.jinja_env.globals.get("csrf_token")
    return str(token()) if "csrf" in current_app.extensions and callable(token) else ""


def renew() -> None:
    """Binds the forms of this browser to a new cookie: one that was put there before somebody signed in is worth
    nothing after."""
    kept.csrf_cookie = secrets.token_urlsafe(24)


def _hidden(name: str, value: str) -> Markup:
    return Markup('<input type="hidden" name="{}" value="{}">').format(name, value)


def keep_cookie(response: Response) -> Response:
    """Sends the cookie the tokens of this page are bound to."""
    cookie = kept.get("csrf_cookie")
    if cookie and cookie != request.cookies.get(COOKIE):
        send_cookie(response, COOKIE, cookie)
    # The host's token is good for an hour, and until somebody signs in anew; a page may stand for days.
    if request.headers.get("HX-Request") == "true" and (token := _host_token()):
        response.headers[HOST_HEADER] = token
    return response


def _scheme(origin: str) -> str:
    return origin.partition("://")[0].lower()


def _host_port(url: str, scheme: str) -> tuple[str, int] | None:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    if not parts.hostname or scheme not in _PORTS:
        return None
    return parts.hostname.lower(), port or _PORTS[scheme]


def _same_origin(one: str, other: str) -> bool:
    return _scheme(one) == _scheme(other) and _host_port(one, _scheme(one)) == _host_port(other, _scheme(other))
