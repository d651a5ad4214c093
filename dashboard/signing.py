"""Keys for what the dashboard signs: one secret, one HMAC per purpose."""

from __future__ import annotations

import hashlib
import hmac
import logging
import secrets
import threading
from collections.abc import Callable
from typing import Any, cast

from itsdangerous import BadData, URLSafeSerializer

from omniq_core import Link

SECRET_KEY_IN_REDIS = "{omniq:x}:secret"
_log = logging.getLogger(__name__)


class BadSignature(ValueError):
    """The text was not signed by us for this purpose, was changed, or is too old."""


class Signing:
    """Signs and opens small texts. The secret is looked for at the first use, so Redis may be away before.

    In this order: `secret`, else what `host_secret()` gives (the host's SECRET_KEY, only read), else one that all
    processes share in Redis, else one of this process, with a warning, when Redis does not let us write.
    `scope` keeps mounts apart that have one secret: what one of them signed, another does not take.
    Raises what the link raises when Redis does not answer; the next use tries again.
    """

    def __init__(
        self,
        link: Link,
        secret: str = "",
        host_secret: Callable[[], str | bytes | None] = lambda: None,
        scope: str = "",
    ) -> None:
        self._link, self._scope = link, scope
        self._given = secret
        self._host_secret = host_secret
        self._found: bytes | None = None
        self._lock = threading.Lock()

    def key(self, purpose: str) -> bytes:
        """32 bytes that belong to this purpose alone."""
        return hmac.digest(self._secret(), f"omniq-dashboard/{self._scope}/{purpose}".encode(), "sha256")

    def seal(self, purpose: str, data: dict[str, Any], now_ms: int) -> str:
        """A URL-safe text that carries `data` (JSON) and its moment."""
        return str(self._serializer(purpose).dumps({"at": now_ms, "data": data}))

    def open(self, purpose: str, text: str, now_ms: int, max_age_ms: int) -> dict[str, Any]:
        """The data of `seal`. Raises BadSignature."""
        try:
            loaded = cast(dict[str, Any], self._serializer(purpose).loads(text))
            at, data = int(loaded["at"]), cast(dict[str, Any], loaded["data"])
        except (BadData, KeyError, TypeError, ValueError):
            raise BadSignature("not signed here") from None
        if not -max_age_ms <= now_ms - at <= max_age_ms:
            raise BadSignature("too old")
        return data

    def digest(self, purpose: str, text: str) -> str:
        """A keyed digest of a text, as 64 hex digits."""
        return hmac.new(self.key(purpose), text.encode(), hashlib.sha256).hexdigest()

    def _serializer(self, purpose: str) -> URLSafeSerializer:
        return URLSafeSerializer(
            self.key(purpose), salt=purpose.encode(), signer_kwargs={"digest_method": hashlib.sha256}
        )

    def _secret(self) -> bytes:
        if self._found is not None:
            return self._found
        with self._lock:
            if self._found is None:
                self._found = self._find()
        return self._found

    def _find(self) -> bytes:
        for known in (self._given, self._host_secret()):
            if known:
                return known if isinstance(known, bytes) else known.encode()
        fresh = secrets.token_hex(32).encode()
        # Both in one round trip: whoever was first wins, and everybody reads the winner's.
        _, kept = self._link.pipeline([("SET", SECRET_KEY_IN_REDIS, fresh, "NX"), ("GET", SECRET_KEY_IN_REDIS)])
        if isinstance(kept, bytes) and kept:
            return kept
        _log.warning("Redis keeps no secret for us, so forms are signed per process: set OMNIQ_SECRET")
        return fresh
