"""The cookie of who has signed in: signed for this user as they are now, over after a time, nothing kept elsewhere."""

from __future__ import annotations

import base64
import hmac
import json
import secrets
from dataclasses import asdict, dataclass, field, replace
from typing import Any, cast

from flask import Request, Response, request

from .accounts import NAME, User, Users
from .cookies import send_cookie
from .state import mount_path

COOKIE = "omniq_session"
_LONGEST = 1_024


@dataclass(frozen=True, slots=True)
class Session:
    """Who signed in when (ms), and when they last clicked; `nonce` makes each sign-in another text."""

    name: str
    at_ms: int
    seen_ms: int
    nonce: str = field(default_factory=lambda: secrets.token_hex(16))

    def seen(self, now_ms: int) -> Session:
        """The same one, of somebody who clicked now."""
        return replace(self, seen_ms=now_ms)


def seal(session: Session, users: Users, user: User) -> str:
    """The text of the cookie: it holds for the user's password, role and epoch of now, so another of these ends it."""
    text = base64.urlsafe_b64encode(json.dumps(asdict(session), separators=(",", ":")).encode()).decode()
    return f"{text}.{_mac(text, users, user)}"


def unseal(text: str, users: Users, *, now_ms: int, lifetime_ms: int, idle_ms: int) -> Session | None:
    """The session in a cookie's text; None when it is none of ours, edited, or over."""
    body, dot, mac = text.partition(".")
    if not dot or len(text) > _LONGEST or not text.isascii():
        return None
    try:
        # The name tells whose stamp it has to carry; nothing else is believed before that was found right.
        session = Session(**cast(dict[str, Any], json.loads(base64.urlsafe_b64decode(body))))
        user = users.by_name.get(session.name) if NAME.fullmatch(session.name) else None
    except (ValueError, TypeError, RecursionError):
        return None
    if user is None or not hmac.compare_digest(_mac(body, users, user), mac):
        return None
    # A clock that was put back makes no session older than it can be.
    alive = abs(now_ms - session.at_ms) < lifetime_ms and abs(now_ms - session.seen_ms) < idle_ms
    return session if alive else None


def cookie_name(users: Users) -> str:
    """One name for each users file, since cookies know no ports: dashboards of different users on one host would sign
    each other's out. With a prefix that keeps foreign hosts and plain HTTP from setting it, wherever there is TLS."""
    name = f"{COOKIE}_{hmac.digest(bytes.fromhex(users.secret), b'omniq-dashboard/cookie', 'sha256').hex()[:8]}"
    if not request.is_secure:
        return name
    return f"__Host-{name}" if mount_path() == "/" else f"__Secure-{name}"


def given(req: Request, users: Users) -> str:
    """The text of the cookie that came with a request, or ""."""
    return req.cookies.get(cookie_name(users), "")


def send(response: Response, text: str, users: Users) -> Response:
    """Sends the cookie, until the browser ends; with "" takes it away."""
    return send_cookie(response, cookie_name(users), text, max_age_s=None if text else 0)


def _mac(text: str, users: Users, user: User) -> str:
    return hmac.digest(
        bytes.fromhex(users.secret), f"omniq-dashboard/session\n{text}\n{user.name}\n{user.stamp}".encode(), "sha256"
    ).hex()
