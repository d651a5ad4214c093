"""Stored XSS: whatever wants to be more than a text is shown as one, on every address and after every press."""

from __future__ import annotations

import re
from collections import deque
from html import unescape
from typing import Any
from urllib.parse import quote, urljoin, urlsplit

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from dashboard import OmniqDashboard
from dashboard.access import Actor, allow_all
from dashboard.tokens import to_token
from omniq_core import OmniqClient
from tests.security.hostile_world import BATCH, FIELDS, fill, mark
from tests.web.crawling import sort_of
from tests.web.pages_support import NOW, QUEUE, SCRIPT, Browser, Page

pytestmark = pytest.mark.broken_data
BASE = f"/queues/{QUEUE}"
POSTED = {
    "/children/finish/confirm": {"key": to_token(mark("counter"))},
    "/children/finish": {"key": to_token(mark("counter")), "confirm": mark("typed")},
    f"{BASE}/jobs": {
        "payload": mark("typed"),
        "job_id": mark("typed"),
        "gid": mark("typed"),
        "max_attempts": mark("typed"),
    },
    f"{BASE}/jobs/{to_token('waits')}/copy": {"payload": mark("typed"), "gid": mark("typed")},
    f"{BASE}/trash/{BATCH}/restore": {"back": mark("typed")},
    f"{BASE}/settings/display": {"theme": mark("typed"), "back": mark("typed")},
    f"{BASE}/groups/repair": {"omniq_confirm": mark("typed"), "back": mark("typed")},
    f"{BASE}/repairs/orphans": {"choice": "put_back", "confirm": mark("typed")},
}
"""What is sent as it stands: forms that are kept as typed, and what no page of this Redis offers."""
NOT_PRESSED = {"check_password", "sign_out", "sign_out_everywhere"}
"""They change nothing where nobody signs in; what they show is not from Redis."""
LEADS = ("href", "src", "action", "formaction", "hx-get")
"""The attributes whose value is an address that a browser follows."""


LINK = re.compile(r'\s(?:href|src|hx-get)="([^"#][^"]*)"')


def _sends(text: str) -> list[str]:
    forms = re.findall(r'<form[^>]*method="post"[^>]*?action="([^"]+)"', text)
    return forms + re.findall(r'\sformaction="([^"]+)"', text)


class Reader:
    """Somebody who opens every address that there is, and presses what stands there."""

    def __init__(self, app: Flask) -> None:
        self.browser = Browser(app)
        self.gets, self.presses = set[str](), set[str]()
        self.seen: dict[str, str] = {}
        self.buttons: dict[str, tuple[Page, Any]] = {}
        self._rules = app.url_map.bind("localhost")

    def endpoint(self, path: str, method: str = "GET") -> str:
        """The route of an address."""
        return str(self._rules.match(urlsplit(path).path, method)[0]).rpartition(".")[2]

    def routes(self, method: str) -> set[str]:
        """All routes of the first dashboard that take this method."""
        rules = [one for one in self.browser.app.url_map.iter_rules() if one.endpoint.startswith("omniq_dashboard.")]
        return {one.endpoint.rpartition(".")[2] for one in rules if method in (one.methods or ())}

    def look(self, page: Page) -> list[str]:
        """Judges an answer and notes what can be pressed there; gives the addresses that it names."""
        self.judge(page)
        # A page is parsed only when something new can be pressed on it: that is most of the time of a walk.
        known = all(self.endpoint(urljoin(page.path, unescape(to)), "POST") in self.buttons for to in _sends(page.text))
        for button in () if known else page.soup.select("button[type=submit]"):
            form = page.soup.find(id=button["form"]) if button.get("form") else button.find_parent("form")
            to = button.get("formaction") or (form and form.get("action"))
            if form and form.get("method") == "post" and to:
                self.buttons.setdefault(self.endpoint(urljoin(page.path, to), "POST"), (page, button))
        found = [urlsplit(urljoin(page.path, unescape(text))) for text in LINK.findall(page.text)]
        return [to.path + (f"?{to.query}" if to.query else "") for to in found]

    def judge(self, page: Page) -> None:
        """Fails for what became markup, and notes which fields are shown."""
        everything = [page.soup.get_text()]
        for element in page.soup.find_all(True):
            assert not element.name.startswith("xss"), f"{page.path}: {element}"
            for name, value in element.attrs.items():
                text = " ".join(value) if isinstance(value, list) else str(value)
                assert not name.startswith("on") and name != "style", f"{page.path}: {element}"
                assert not (name.startswith("hx-") and text == "/xss"), f"{page.path}: {element}"
                everything.append(text)
                if name in LEADS and text and not text.startswith("#"):
                    to = urlsplit(urljoin(page.path, text))
                    assert (to.scheme, to.netloc) == ("", ""), f"{page.path}: {element}"
            if element.name == "script":
                assert element["src"].startswith("/assets/") and not element.get_text(), f"{page.path}: {element}"
        whole = " ".join(everything)
        assert str(99_991 * 99_989) not in whole, f"{page.path}: a template was evaluated"
        for field in FIELDS - self.seen.keys():
            if f"<xss-{field} onxss=1>" in whole:
                self.seen[field] = page.path

    def file(self, at: str, response: TestResponse) -> None:
        """Fails for a file that a browser might take for a page."""
        assert response.headers["X-Content-Type-Options"] == "nosniff", at
        assert response.status_code == 204 or "html" not in response.headers["Content-Type"], at

    def walk(self, *first: str, follow: bool = True) -> None:
        """These addresses and every one that a page leads to, one of each sort, as a page, as a part and as a tick."""
        ahead, asked, begun = deque(first), set[str](), len(first)
        while ahead:
            path = ahead.popleft()
            begun -= 1
            if (begun < 0 and sort_of(path) in asked) or path.startswith(("/assets/", "/other/")):
                continue
            asked.add(sort_of(path))
            self.gets.add(self.endpoint(path))
            for at, headers in ((path, {}), (path, SCRIPT), (f"{path}{'&' if '?' in path else '?'}live=1", SCRIPT)):
                response = self.browser.http.get(at, headers=headers)
                assert response.status_code < 500, f"{at}: {response.status_code}"
                if response.mimetype == "text/html":
                    leads_to = self.look(Page(at, response))
                    ahead.extend(leads_to if follow else ())
                else:
                    self.file(at, response)
                response.close()

    def press_all(self) -> None:
        """Each kind of button once, and what its answer offers next."""
        while waiting := [name for name in self.buttons if name not in self.presses]:
            for name in waiting:
                self.presses.add(name)
                page, button = self.buttons[name]
                self.look(self.browser.press(page, button))
                self.look(self.browser.press(page, button, script=True))


@pytest.fixture
def reader(client: OmniqClient, redis: Any) -> Reader:
    fill(client, redis)
    app = Flask(__name__)
    said: dict[str, Any] = {"secret": "not secret", "background": False, "clock": lambda: NOW, "access": allow_all}
    said["user"] = lambda _request: Actor(mark("me"), "127.0.0.1")
    OmniqDashboard(app, client, url_prefix="", env=mark("env"), **said)
    OmniqDashboard(app, client, url_prefix="/other", name="other", env=mark("dashboard"), **said)
    return Reader(app)


def test_stored_xss_every_field_on_every_page_and_after_every_press(reader: Reader) -> None:
    jobs = [f"{BASE}/jobs/{to_token(job)}" for job in ("text", "waits", mark("lost"), mark("id"))]
    texts = [f"{job}{end}" for job in jobs[:2] for end in ("/payload", "/copy")]
    dialogs = [f"{BASE}/repairs/{kind}" for kind in ("orphans", "ready_extra")] + [f"{BASE}/groups/repair/confirm"]
    asked = [
        f"/search?q={quote(mark('query'))}",
        f"{BASE}/failed?q={quote(mark('query'))}",
        f"{BASE}/switch",
        f"{BASE}/shortcuts",
    ]
    reader.walk("/", *jobs, *texts, *dialogs, *asked, "/failed", "/publish", "/sign-in", "/metrics", "/healthz")
    for name, form in POSTED.items():
        for script in (True, False):
            reader.look(reader.browser.post(name, form, script=script))
        reader.presses.add(reader.endpoint(name, "POST"))
    reader.press_all()
    for path in ("/", "/activity", "/health", f"{BASE}/", f"{BASE}/waiting"):
        reader.look(reader.browser.get(path))
    gets, posts = reader.routes("GET"), reader.routes("POST")
    assert min(len(gets), len(posts)) > 25
    assert gets - reader.gets == {"static"}
    assert posts - reader.presses == NOT_PRESSED
    assert FIELDS - reader.seen.keys() == set()
