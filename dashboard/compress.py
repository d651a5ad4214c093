"""Gzip for what holds no secret: static files, and the ticks of the live refresh.

Whole pages are left as they are: they carry a form token beside text that an address chose, and the length of a
compressed answer would tell about both. A proxy that compresses takes that decision itself.
"""

from __future__ import annotations

import functools
import gzip

from flask import Response, request

SMALLEST = 512
TEXT = ("text/css", "text/javascript", "application/javascript", "image/svg+xml")


def compress_static(response: Response) -> Response:
    """A whole static text file, compressed once per process."""
    if response.status_code != 200 or response.mimetype not in TEXT:
        return response
    response.vary.add("Accept-Encoding")
    if "gzip" not in request.accept_encodings or request.method != "GET":
        return response
    close = getattr(response.response, "close", None)
    body = b"".join(response.iter_encoded())
    if callable(close):
        close()
    response.direct_passthrough = False
    return _with_body(response, _packed(body))


def compress_tick(response: Response) -> Response:
    """The regions of a tick."""
    if response.is_streamed:
        return response  # an export, whatever its address says: it never stands in memory as a whole
    response.vary.add("Accept-Encoding")
    body = response.get_data()
    if response.status_code != 200 or len(body) < SMALLEST or "gzip" not in request.accept_encodings:
        return response
    return _with_body(response, gzip.compress(body, 5, mtime=0))


@functools.lru_cache(maxsize=64)
def _packed(body: bytes) -> bytes:
    return gzip.compress(body, 9, mtime=0)


def _with_body(response: Response, packed: bytes) -> Response:
    response.set_data(packed)
    response.headers["Content-Encoding"] = "gzip"
    response.headers["Content-Length"] = str(len(packed))
    response.headers.pop("Accept-Ranges", None)
    return response
