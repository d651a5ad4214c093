"""Requests as nobody's browser would send them, made from the URL map and the names of all fields."""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote_from_bytes

from flask import Flask
from hypothesis import strategies as st

from dashboard.tokens import to_token
from tests.support.sources import DASHBOARD, files

METHODS = ("GET", "POST", "HEAD", "PUT", "DELETE", "OPTIONS", "PROPFIND")
_READ = re.compile(r'(?:args|form|fields|typed|given|_?params\.\w+\([^"\n]*?)[\[(.,][^"\n]{0,40}"([a-z_]+)"')
_WRITTEN = re.compile(r'\bname="([a-z_]+)"')


def field_names() -> tuple[str, ...]:
    """Every name that code reads from an address or a form, or that a template gives a field."""
    found: set[str] = set()
    for path in files("*.py", DASHBOARD):
        found.update(_READ.findall(path.read_text("utf-8")))
    for path in files("*.html", DASHBOARD):
        found.update(_WRITTEN.findall(path.read_text("utf-8")))
    return tuple(sorted(found))


@dataclass(frozen=True)
class Made:
    """A request: what the server hands to an application."""

    method: str
    path: bytes
    query: bytes
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def environ(self) -> dict[str, Any]:
        """As WSGI has it."""
        usual: dict[str, Any] = {
            "REQUEST_METHOD": self.method,
            "SCRIPT_NAME": "",
            "PATH_INFO": self.path.decode("latin-1"),
            "QUERY_STRING": self.query.decode("latin-1"),
            "SERVER_NAME": "localhost",
            "SERVER_PORT": "80",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "HTTP_HOST": "localhost",
            "REMOTE_ADDR": "127.0.0.1",
            "CONTENT_TYPE": "application/x-www-form-urlencoded",
            "CONTENT_LENGTH": str(len(self.body)),
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(self.body),
            "wsgi.errors": io.StringIO(),
            "wsgi.multithread": False,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
        }
        return usual | dict(self.headers)


NASTY = st.sampled_from(
    (
        *(b"", b" ", b"0", b"-1", b"1", b"25", b"100", b"9" * 25, b"-" + b"9" * 400, b"1e309", b"NaN", b"0x10", b"1.5"),
        *("\u0661\u0662".encode(), "\u00b2".encode(), b"1_000", b"..", b"../..", b"%", b"%2e%2e", b"~", b"~!", b"~Li4"),
        *(b"\x00", b"a\x00b", b"\xff\xfe", b"\xc3", b"\xed\xa0\x80", "\U0001f525".encode(), "\u202e".encode()),
        *(
            b"\r\nX: 1",
            b"<script>",
            b"'\"",
            b"{}",
            b"[" * 3_000,
            b'{"a":' * 500,
            b'{"a":1e999}',
            b'"\\ud800"',
            b"a" * 9_000,
        ),
        *(b"2026-02-30T25:61", b"9999-12-31T23:59", b"0000-00-00", b"24h", b"99999999999d", b"-5m", b"now", b"all"),
        *(b"//evil.example", b"https://evil.example/", b"\\evil", b"/queues/mail/failed", b"a.b[*].c=1", b"a:=", b"=1"),
    )
)
VALUES = st.one_of(NASTY, st.binary(max_size=20), st.text(max_size=12).map(lambda text: text.encode("utf-8", "ignore")))
HEADERS = st.lists(
    st.one_of(
        st.just(("HTTP_HX_REQUEST", "true")),
        st.just(("HTTP_HX_HISTORY_RESTORE_REQUEST", "true")),
        st.sampled_from(("localhost:99999", "[", "a b", "evil.example", "", "localhost:x", "[::1]:80", "\xff")).map(
            lambda host: ("HTTP_HOST", host)
        ),
        st.sampled_from(("application/json", "multipart/form-data", "multipart/form-data; boundary=x", "\xff", "")).map(
            lambda sort: ("CONTENT_TYPE", sort)
        ),
        st.sampled_from(("", "-1", "x", "99999999999999", "3")).map(lambda size: ("CONTENT_LENGTH", size)),
        st.tuples(
            st.sampled_from(
                (
                    *("HTTP_COOKIE", "HTTP_ACCEPT", "HTTP_ACCEPT_ENCODING", "HTTP_RANGE", "HTTP_IF_NONE_MATCH"),
                    *("HTTP_AUTHORIZATION", "HTTP_ORIGIN", "HTTP_REFERER", "HTTP_IF_MODIFIED_SINCE", "HTTP_HX_TARGET"),
                )
            ),
            st.one_of(
                st.sampled_from(
                    (
                        *("omniq_csrf=\xff; omniq_notice=x.y; omniq_display=......", "omniq_notice=" + "a" * 4_000),
                        *(
                            "bytes=0-",
                            "bytes=9-1",
                            "bytes=x",
                            "Basic !",
                            "Basic Og==",
                            "Basic /w==",
                            "null",
                            "gzip;q=x",
                        ),
                        *("http://[", "http://localhost:x", "W/", "Thu, 99 Nov 9999"),
                    )
                ),
                VALUES.map(lambda value: value.decode("latin-1")),
            ),
        ),
    ),
    max_size=3,
)


def requests(app: Flask, known: dict[str, tuple[str, ...]]) -> st.SearchStrategy[Made]:
    """Requests to all rules of the application; `known`: for an argument of a rule, values that name something."""
    names = st.sampled_from([*field_names(), "nobody_reads_this"])
    fields = st.lists(st.tuples(names, VALUES), max_size=8)
    rules = sorted({(rule.rule, tuple(rule.arguments)) for rule in app.url_map.iter_rules()})
    right = [value.encode() for values in known.values() for value in values]
    given = st.one_of(VALUES, st.sampled_from(right))

    def filled(rule: tuple[str, tuple[str, ...]]) -> st.SearchStrategy[bytes]:
        parts = re.split(r"<[^>]*?(\w+)>", rule[0])
        made = [
            st.just(part.encode()) if n % 2 == 0 else st.one_of(
                st.sampled_from([to_token(value).encode() for value in known.get(part, ("x",))]), VALUES)
            for n, part in enumerate(parts)
        ]  # fmt: skip
        return st.tuples(*made).map(b"".join)

    def encoded(pairs: list[tuple[str, bytes]]) -> bytes:
        return b"&".join(name.encode() + b"=" + quote_from_bytes(value).encode() for name, value in pairs)

    pairs = st.lists(st.tuples(names, given), max_size=8).map(encoded)
    raw = st.one_of(pairs, pairs, fields.map(encoded), st.binary(max_size=30))
    own = st.booleans().map(lambda sent: (("HTTP_SEC_FETCH_SITE", "same-origin"),) if sent else ())
    return st.builds(
        lambda method, path, query, headers, mine, body: Made(method, path, query, (*mine, *headers), body),
        st.one_of(st.sampled_from(("GET", "POST")), st.sampled_from(METHODS)),
        st.sampled_from(rules).flatmap(filled),
        raw,
        HEADERS.map(tuple),
        own,
        raw,
    )
