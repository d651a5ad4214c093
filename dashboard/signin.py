"""Who may use the standalone dashboard: users of a file by a cookie, or whom a listed proxy names in a header."""

from __future__ import annotations

import hmac
import logging
import threading
from dataclasses import dataclass, field
from typing import Literal, cast
from urllib.parse import urlencode

from flask import Request, Response
from werkzeug.security import check_password_hash

from . import sessions
from .access import Actor, Allow, Decision, Deny, LoginRequired
from .accounts import LONGEST, NAME, User, Users, UsersError, UsersFile
from .htmx import came_from, here, kind, mount_url, stays_below
from .kept import kept
from .proxied import PEER, is_listed
from .roles import OPERATOR, VIEWER
from .settings import Settings
from .state import now_ms
from .tries import Tries

ACTIONS_OF = {"viewer": VIEWER, "operator": OPERATOR}
HOUR_MS, MINUTE_MS = 3_600_000, 60_000
RENEW_MS = 60_000
"""A click renews the cookie when the last one did so that long ago."""
WAIT_S = 3.0
"""So long a sign-in waits for its turn: scrypt takes 32 MB and a tenth of a second each."""
NOBODY = "scrypt:32768:8:1$QmT0bGVkU2FsdDE2$" + "0" * 128
"""What a password of an unknown name is compared with, which takes as long as any other."""
_at_once = threading.BoundedSemaphore(2)
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Known:
    """Who makes this request; `session` is None for whom a proxy has signed in."""

    name: str
    role: str
    session: sessions.Session | None = None
    users: Users | None = field(default=None, repr=False)
    """The file as it was read for this request: what is renewed holds for that, and not for what came since."""


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of a try: `signed_in`, or `wrong` with `left` tries, `wait` for `wait_ms`, `busy`: too many at once."""

    what: Literal["signed_in", "wrong", "wait", "busy"]
    left: int = 0
    wait_ms: int = 0
    user: str = ""
    """Whose name was given: "" for one that is nobody's, which may be a password in the wrong field."""


@dataclass(slots=True)
class SignIn:
    """The sign-in of one mount: its `access`, its `user`, and what the sign-in page does."""

    settings: Settings
    tries: Tries
    file: UsersFile | None
    _told: str = field(default="", repr=False)

    def access(self, request: Request, action: str, _queue: str | None) -> Decision:
        """Liveness and the sign-in page are for everybody, all else by the role of who is known."""
        if action == "health":
            return Allow()
        try:
            known = self.known(request)
        except UsersError as error:
            if self._told != str(error):
                self._told = str(error)
                _log.error("omniq: %s", error)
            return Deny("Who may sign in cannot be read, so nobody is let in. The log of the server says why.")
        if known is not None:
            return Allow() if action in ACTIONS_OF[known.role] else Deny(f"A {known.role} may not do this.")
        if self.file is None:
            return Deny("The proxy in front of this dashboard did not say who you are, or you may not use it.")
        return LoginRequired(_sign_in_url(request))

    def user(self, request: Request) -> Actor:
        """Who acts, for the record."""
        try:
            known = self.known(request)
        except UsersError:
            known = None
        return Actor(known.name if known else "", request.remote_addr or "")

    def known(self, request: Request) -> Known | None:
        """Who makes this request. Raises UsersError when the file cannot be read."""
        if "known" not in kept:
            kept.known = self._by_proxy(request) or self._by_cookie(request)
        return cast("Known | None", kept.known)

    def has_session(self, request: Request) -> bool:
        """Is there a session that can be ended?"""
        try:
            known = self.known(request)
        except UsersError:
            return False
        return known is not None and known.session is not None

    def try_password(self, name: str, password: str, address: str) -> Tried:
        """Compares a password; the right one signs in with the answer to this request. Raises UsersError.

        An unknown name costs the same, and no try that is not counted costs anything.
        """
        users = self._users()
        key = hmac.digest(bytes.fromhex(users.secret), b"omniq-dashboard/tries", "sha256")
        user = users.by_name.get(name) if NAME.fullmatch(name) else None
        meant = name if user else ""
        attempt = self.tries.take(key, name, address, now_ms())
        if attempt.wait_ms:
            return Tried("wait", wait_ms=attempt.wait_ms, user=meant)
        if not _at_once.acquire(timeout=WAIT_S):
            return Tried("busy", user=meant)
        try:
            right = check_password_hash(user.password if user else NOBODY, password[: LONGEST + 1])
        finally:
            _at_once.release()
        if user is None or not right:
            return Tried("wrong", left=attempt.left, user=meant)
        self.tries.forgive(key, name, address, now_ms())
        begun = sessions.Session(name, now_ms(), now_ms())
        kept.session_text = sessions.seal(begun, users, user)
        kept.known = Known(name, user.role, begun, users)
        kept.pop("actor", None)
        return Tried("signed_in")

    def end(self, known: Known | None, *, everywhere: bool = False) -> None:
        """Takes the cookie away with this answer; `everywhere` ends all sessions of that user. Raises UsersError."""
        if everywhere and known is not None and self.file is not None:
            self.file.end_sessions(known.name)
        kept.session_text = ""

    def finish(self, response: Response, *, clicked: bool) -> Response:
        """Sends the cookie where it changed, or where somebody clicked: what refreshes itself is no click."""
        text = cast("str | None", kept.get("session_text"))
        known = cast("Known | None", kept.get("known"))
        if known is None or known.session is None or known.users is None:
            return response
        if text is None and clicked:
            seen = known.session.seen(now_ms())
            renew = seen.seen_ms - known.session.seen_ms >= RENEW_MS
            text = sessions.seal(seen, known.users, known.users.by_name[known.name]) if renew else None
        return response if text is None else sessions.send(response, text, known.users)

    def _users(self) -> Users:
        return self.file.read() if self.file is not None else Users("", {})

    def _by_proxy(self, request: Request) -> Known | None:
        header = self.settings.proxy_header
        name = request.headers.get(header, "") if header else ""
        # Whoever else sends that header is not even heard.
        if not name or not is_listed(request.environ.get(PEER, ""), self.settings.proxies):
            return None
        user: User | None = self._users().by_name.get(name)
        role = user.role if user else self.settings.proxy_role
        return Known(name, role) if role and NAME.fullmatch(name) else None

    def _by_cookie(self, request: Request) -> Known | None:
        if self.file is None or not any(sessions.COOKIE in name for name in request.cookies):
            return None
        users, limits = self.file.read(), self.settings
        text = sessions.given(request, users)
        if not text:
            return None
        session = sessions.unseal(
            text,
            users,
            now_ms=now_ms(),
            lifetime_ms=limits.session_hours * HOUR_MS,
            idle_ms=limits.idle_minutes * MINUTE_MS,
        )
        return Known(session.name, users.by_name[session.name].role, session, users) if session else None


def _sign_in_url(request: Request) -> str:
    """Where to sign in, and back to: the page that was asked for, else the one that a part or a button is of."""
    if request.method in ("GET", "HEAD") and kind() != "partial":
        back, lost = here(), False
    else:
        back, lost = came_from(), request.method == "POST"
    asked = {"next": back} if stays_below(back) and back != "/" else {}
    query = urlencode(asked | ({"lost": "1"} if lost else {}), safe="/")
    return mount_url("/sign-in") + (f"?{query}" if query else "")
