"""Requests as nobody's browser would send them: most are those of our own pages with something else in some places."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import unescape
from random import Random
from typing import Any
from urllib.parse import parse_qsl, quote_from_bytes, urljoin, urlsplit

from flask import Flask

from dashboard.tokens import to_token
from tests.support.sources import DASHBOARD, files
from tests.web.crawling import sort_of
from tests.web.pages_support import OURS

OTHER_METHODS = ("PUT", "DELETE", "OPTIONS", "PROPFIND")
_READ = re.compile(r'(?:args|form|fields|typed|given|_?params\.\w+\([^"\n]*?)[\[(.,][^"\n]{0,40}"([a-z_]+)"')
_WRITTEN = re.compile(r'\bname="([a-z_]+)"')
_LINK = re.compile(r'\s(?:href|hx-get)="([^"#]+)"')
_POSTED = re.compile(r'\s(?:formaction|hx-post)="([^"]*)"|<form[^>]*method="post"[^>]*action="([^"]*)"')
_FIELD = re.compile(r"<(?:input|button|select|textarea|option)\b([^>]*)>")
_VALUE = re.compile(r'\svalue="([^"]*)"')
Fields = dict[str, list[str]]


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


NASTY = (
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
HOSTS = ("localhost:99999", "[", "a b", "evil.example", "", "localhost:x", "[::1]:80", "\xff")
SORTS = ("application/json", "multipart/form-data", "multipart/form-data; boundary=x", "\xff", "")
SIZES = ("", "-1", "x", "99999999999999", "3")
TEXT_HEADERS = (
    *("HTTP_COOKIE", "HTTP_ACCEPT", "HTTP_ACCEPT_ENCODING", "HTTP_RANGE", "HTTP_IF_NONE_MATCH", "HTTP_AUTHORIZATION"),
    *("HTTP_ORIGIN", "HTTP_REFERER", "HTTP_IF_MODIFIED_SINCE", "HTTP_HX_TARGET"),
)
TEXTS = (
    *("omniq_csrf=\xff; omniq_notice=x.y; omniq_display=......", "omniq_notice=" + "a" * 4_000),
    *("bytes=0-", "bytes=9-1", "bytes=x", "Basic !", "Basic Og==", "Basic /w==", "null", "gzip;q=x"),
    *("http://[", "http://localhost:x", "W/", "Thu, 99 Nov 9999"),
)


class Seen:
    """What the pages hold: addresses that they lead to, and where they send which fields with which values.

    Up to six of each sort: a link is one by its address without its values, a button by the view that answers it.
    """

    def __init__(self, app: Flask) -> None:
        self._routes = app.url_map.bind("localhost")
        self.links: dict[str, list[str]] = {}
        self.forms: dict[str, list[tuple[str, Fields]]] = {}

    def add_link(self, address: str) -> None:
        """An address of ours."""
        _keep(self.links, sort_of(address), address)

    def add_form(self, to: str, fields: Fields) -> None:
        """Where a button sends these fields."""
        endpoint, _ = self._routes.match(urlsplit(to).path, "POST")
        _keep(self.forms, endpoint, (to, fields))

    def read(self, path: str, text: str) -> list[tuple[str, Fields]]:
        """Takes in a page, and gives its forms."""
        for to in _LINK.findall(text):
            address = urljoin(path, unescape(to))
            if address.startswith("/") and not address.startswith(("//", "/assets/")):
                self.add_link(address)
        fields: Fields = {}
        for tag in _FIELD.findall(text):
            if name := _WRITTEN.search(tag):
                value = _VALUE.search(tag)
                _keep(fields, name[1], unescape(value[1]) if value else "")
        forms = [(urljoin(path, unescape(a or b)), fields) for a, b in _POSTED.findall(text)]
        for to, its in forms:
            self.add_form(to, its)
        return forms


def _keep(found: dict[str, list[Any]], name: str, value: Any) -> None:
    kept = found.setdefault(name, [])
    if value not in kept and len(kept) < 6:
        kept.append(value)


def look_around(app: Flask, pages: Sequence[str]) -> Seen:
    """Opens these pages, and the dialog of each of their buttons that asks first."""
    http, seen, asked = app.test_client(), Seen(app), set[str]()
    for page in pages:
        seen.add_link(page)
        for to, fields in seen.read(page, _text(http.get(page))):
            if to not in asked and to.endswith("/confirm"):
                asked.add(to)
                data = {name: values[:2] for name, values in fields.items()}
                seen.read(to, _text(http.post(to, data=data, headers=OURS)))
    return seen


def _text(answer: Any) -> str:
    return answer.text if answer.mimetype == "text/html" else ""


class Maker:
    """`make(random)`: a request to the application, of which `known` says what names something in its addresses."""

    def __init__(self, app: Flask, known: dict[str, tuple[str, ...]]) -> None:
        self._known = known
        self._names = (*field_names(), "nobody_reads_this")
        self._rules = sorted({rule.rule for rule in app.url_map.iter_rules()})
        seen = look_around(app, self._addresses(app, "GET"))
        for button in self._addresses(app, "POST"):
            seen.add_form(button, {})
        self._links, self._forms = [*seen.links.values()], [*seen.forms.values()]
        self._places = [*self._addresses(app, "GET"), *self._addresses(app, "POST"), "/queues/mail/nonsense"]

    def make(self, random: Random) -> Made:
        """Nine of ten are of a page, or of a button on one."""
        method = random.choices(("GET", "POST", "HEAD", *OTHER_METHODS), (40, 40, 8, 3, 3, 3, 3))[0]
        path, query, body = b"", b"", b""
        headers: list[tuple[str, str]] = []
        if method in OTHER_METHODS or random.random() < 0.1:
            path = self._filled(
                random.choice(self._rules), lambda name: random.choice(self._known.get(name, ("x",)))
            ).encode()
            query, body = self._encoded(random, {}), self._encoded(random, {})
        elif method == "POST":
            to, fields = random.choice(random.choice(self._forms))
            path, query = _parts(to)
            if random.random() < 0.3:  # the page to draw again may be any address, and none of a page
                headers.append(("HTTP_HX_REQUEST", "true"))
                fields = fields | {"back": [random.choice(self._places)]}
            body = self._encoded(random, fields)
        else:
            path, query = _parts(random.choice(random.choice(self._links)))
            query = self._encoded(random, {name: [value] for name, value in parse_qsl(query.decode())})
        if random.random() < 0.1:
            parts = path.split(b"/")
            parts[random.randrange(len(parts))] = self._value(random)
            path = b"/".join(parts)
        headers += [self._header(random) for _ in range(random.choice((0, 0, 0, 1, 2)))]
        if method != "POST" or random.random() < 0.9:
            headers.append(("HTTP_SEC_FETCH_SITE", "same-origin"))
        return Made(method, path, query, tuple(headers), body)

    def _addresses(self, app: Flask, method: str) -> list[str]:
        """Of each rule that takes this method, of what the first values name and of what the second ones do."""
        rules = sorted({rule.rule for rule in app.url_map.iter_rules() if method in (rule.methods or ())})
        known = self._known
        return [
            self._filled(rule, lambda name, n=n: known[name][n % len(known[name])]) for rule in rules for n in (0, 1)
        ]

    def _filled(self, rule: str, value: Any) -> str:
        return re.sub(
            r"<[^>]*?(\w+)>", lambda found: to_token(value(found[1])) if found[1] in self._known else "x", rule
        )

    def _value(self, random: Random) -> bytes:
        sort = random.random()
        if sort < 0.7:
            return random.choice(NASTY)
        if sort < 0.85:
            return random.randbytes(random.randrange(20))
        return "".join(
            chr(random.choice((random.randrange(0xD7FF), random.randrange(0x250)))) for _ in range(9)
        ).encode()

    def _encoded(self, random: Random, fields: Fields) -> bytes:
        """These fields as a browser sends them, some missing, some with other values, and more."""
        if random.random() < 0.03:
            return random.randbytes(random.randrange(30))
        pairs: list[tuple[str, bytes]] = []
        for name, values in fields.items():
            for _ in range(random.choice((0, 1, 1, 1, 1, 1, 2))):
                pairs.append((name, self._value(random) if random.random() < 0.15 else random.choice(values).encode()))
        for _ in range(random.choice((0, 0, 1, 2, 4))):
            own = random.choice(random.choice([*self._known.values()])).encode()
            pairs.append((random.choice(self._names), self._value(random) if random.random() < 0.6 else own))
        return b"&".join(name.encode() + b"=" + quote_from_bytes(value).encode() for name, value in pairs)

    def _header(self, random: Random) -> tuple[str, str]:
        return random.choice(
            (
                ("HTTP_HX_REQUEST", "true"),
                ("HTTP_HX_REQUEST", "true"),
                ("HTTP_HX_HISTORY_RESTORE_REQUEST", "true"),
                ("HTTP_HOST", random.choice(HOSTS)),
                ("CONTENT_TYPE", random.choice(SORTS)),
                ("CONTENT_LENGTH", random.choice(SIZES)),
                (random.choice(TEXT_HEADERS), random.choice(TEXTS)),
                (random.choice(TEXT_HEADERS), self._value(random).decode("latin-1")),
            )
        )


def _parts(address: str) -> tuple[bytes, bytes]:
    parts = urlsplit(address)
    return parts.path.encode(), parts.query.encode()
