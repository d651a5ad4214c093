"""Does a request come from a browser on this machine, or does something on this machine pass on a stranger's?"""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import urlsplit

from flask import Request

_PASSED_ON = frozenset(
    {
        *("forwarded", "via", "client-ip", "x-real-ip", "x-client-ip", "x-cluster-client-ip", "x-proxyuser-ip"),
        *("true-client-ip", "fastly-client-ip", "cdn-loop", "front-end-https", "x-scheme", "x-varnish"),
    }
)
_PASSED_ON_BEGIN = ("x-forwarded", "x-original-", "cf-", "x-envoy-", "x-amzn-", "x-arr-", "x-azure-", "fly-")
"""What proxies and networks for delivery add, and browsers never send."""
_SAID = ("Origin", "Referer", "HX-Current-URL")
"""In which a browser says what page it is on."""
_KEPT = "omniq.not_local"


def why_not_local(request: Request) -> str:
    """Why this is no request of a browser on this machine that names it: words that follow "this request". Else "".

    A proxy on this machine is loopback, too, and may name itself as Host; so each sign of one counts.
    """
    kept = request.environ.get(_KEPT)
    if not isinstance(kept, str):
        # A page asks this for every button.
        kept = request.environ[_KEPT] = _why(request)
    return kept


def _why(request: Request) -> str:
    if not _is_loopback(request.remote_addr or ""):
        return "came from another one"
    if header := next((name for name, _ in request.headers if _is_of_a_proxy(name.lower())), ""):
        return f"came through a proxy (it has {header[:64]})"
    if request.environ.get("SERVER_PROTOCOL", "") in ("HTTP/1.0", "HTTP/0.9"):
        # nginx before 1.29.7 does so unless it is told otherwise, and adds no header either.
        return "is HTTP/1.0, which proxies speak and browsers do not (with curl leave out -0)"
    if not _host_is_local(request.headers.get("Host", "")):
        return "asks for another name than localhost or 127.0.0.1"
    if _is_on_a_foreign_page(request):
        return "came through a proxy (the page that it was made on has another address than localhost)"
    return ""


def _is_of_a_proxy(header: str) -> bool:
    return header in _PASSED_ON or header.startswith(_PASSED_ON_BEGIN)


def _is_on_a_foreign_page(request: Request) -> bool:
    # Who follows a link from elsewhere comes from a foreign page as well, which no proxy changed: the browser says so.
    if request.headers.get("Sec-Fetch-Site", "same-origin") != "same-origin":
        return False
    return any(not _names_this_machine(url) for name in _SAID if (url := request.headers.get(name, "null")) != "null")


def _names_this_machine(url: str) -> bool:
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        return False
    return host == "localhost" or host.endswith(".localhost") or _is_loopback(host)


def _is_loopback(address: str) -> bool:
    try:
        ip = ip_address(address)
    except ValueError:
        return False
    return (getattr(ip, "ipv4_mapped", None) or ip).is_loopback


def _host_is_local(host: str) -> bool:
    name, colon, port = host.rpartition(":")
    if not colon or host.endswith("]"):
        name, port = host, ""
    return name.lower() in ("localhost", "127.0.0.1", "[::1]") and (port == "" or port.isdigit())
