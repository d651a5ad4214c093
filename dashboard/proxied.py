"""A proxy in front of the standalone dashboard: who is believed, and what of its headers."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from ipaddress import IPv4Network, IPv6Network, ip_address
from typing import Any

from werkzeug.middleware.proxy_fix import ProxyFix

PEER = "omniq.peer"
_FIXED = "werkzeug.proxy_fix.orig"
Networks = tuple[IPv4Network | IPv6Network, ...]
Wsgi = Callable[..., Iterable[bytes]]


class ListedProxies:
    """Takes address, scheme and host of the browser from X-Forwarded-* where the peer is a listed proxy.

    Who really stands at the other end of the connection is kept in the environ, for what only that may say.
    """

    def __init__(self, app: Wsgi, proxies: Networks) -> None:
        self._app, self._proxies = app, proxies
        self._fixed = ProxyFix(app, x_for=1, x_proto=1, x_host=1)

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        before = environ.get(_FIXED)
        environ[PEER] = (before or environ).get("REMOTE_ADDR", "")
        # Somebody else's ProxyFix around us has done it: once more would believe what a browser wrote.
        app = self._fixed if before is None and is_listed(environ[PEER], self._proxies) else self._app
        return app(environ, start_response)


def is_listed(peer: str, proxies: Networks) -> bool:
    """Is that address one of the proxies?"""
    try:
        address = ip_address(peer)
    except ValueError:
        return False
    address = getattr(address, "ipv4_mapped", None) or address
    return any(address in network for network in proxies)
