"""What every answer says to the browser about itself."""

from __future__ import annotations

from flask import Response

CSP = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
STATIC_MAX_AGE_S = 31_536_000


def add_headers(response: Response, *, static: bool) -> Response:
    """Sets the policy. A header that a view has set (a download's Content-Disposition, say) stays."""
    put = response.headers.setdefault
    put("Content-Security-Policy", CSP)
    put("X-Content-Type-Options", "nosniff")
    put("X-Robots-Tag", "noindex")
    # With no-referrer Chromium sends `Origin: null` with forms, and our own posts would be refused.
    put("Referrer-Policy", "same-origin")
    if static:
        # The path carries the version, so what stands there never changes.
        response.headers["Cache-Control"] = f"public, max-age={STATIC_MAX_AGE_S}, immutable"
        return response
    response.headers["Cache-Control"] = "no-store"
    response.vary.update(("HX-Request", "HX-Request-Type"))
    return response
