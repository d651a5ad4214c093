"""Hidden values: no address says them and no button's answer does, whoever wrote them into whatever is kept."""

from __future__ import annotations

import logging
import re
import zlib
from base64 import urlsafe_b64decode
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from dashboard import Allow, Deny, OmniqDashboard
from dashboard.access import READ_PAYLOAD
from omniq_core import OmniqClient
from tests.security.hidden_world import REDACT, SECRET, TASK, hide, remember
from tests.security.test_stored_xss import Reader
from tests.web.pages_support import NOW, QUEUE, Page
from tests.web.walking import work_off_tasks

pytestmark = pytest.mark.broken_data
BASE = f"/queues/{QUEUE}"
TYPED = '{"password": "typed by the reader"}'
POSTED: dict[str, dict[str, str]] = {
    f"{BASE}/settings/display": {"theme": "dark"},
    f"{BASE}/jobs": {"payload": "{", "copy_of": "job-1", "job_id": "x" * 300},
    f"{BASE}/jobs/job-1/copy": {"payload": TYPED},
    f"{BASE}/jobs/bad/copy": {"payload": "{}"},
    f"{BASE}/trash/b/restore": {},
    f"{BASE}/tasks/{TASK}/resume": {},
    f"{BASE}/groups/repair": {},
    f"{BASE}/repairs/orphans": {"choice": "put_back"},
    "/children/finish/confirm": {"key": "order"},
    "/children/finish": {"key": "order"},
}
JOBS = [f"{BASE}/jobs/{job}{end}" for job in ("job-1", "bad", "large") for end in ("", "/payload", "/copy")]
FILES = [
    f"{BASE}/{lane}/export?format={kind}&payloads=1" for lane in ("failed", "waiting") for kind in ("csv", "jsonl")
]


SEALED = re.compile(r'value="(\.?)([\w-]{20,})\.[\w-]{20,}"')
"""What a form carries along, signed and not encrypted; with a dot before it, it is compressed."""


def says_it(page: str) -> bool:
    """Does a page say the secret, also to who opens what its forms carry?"""
    carried = ((packed, urlsafe_b64decode(text + "==")) for packed, text in SEALED.findall(page))
    opened = [zlib.decompress(raw) if packed else raw for packed, raw in carried]
    return SECRET in page.lower() or any(SECRET.encode() in raw for raw in opened)


class Spy(Reader):
    """Notes where the secret stands, in an answer or what goes with it."""

    def __init__(self, app: Flask) -> None:
        super().__init__(app)
        self.leaks = list[str]()

    def judge(self, page: Page) -> None:
        """A page, a part of one, or the answer to a button."""
        if says_it(f"{page.text} {page.headers}"):
            self.leaks.append(page.path)

    def file(self, at: str, response: TestResponse) -> None:
        """What is no page."""
        if says_it(f"{response.get_data(as_text=True)} {response.headers}"):
            self.leaks.append(at)


def spy(client: OmniqClient, **given: Any) -> Spy:
    app = Flask("host")
    usual: dict[str, Any] = {"url_prefix": "", "secret": "x", "background": False, "clock": lambda: NOW}
    OmniqDashboard(app, client, **{"access": lambda *_: Allow(), **usual, **given})
    return Spy(app)


def look_everywhere(reader: Spy, client: OmniqClient) -> None:
    """Every address, every button, what was sent by hand, and all of it again as it stands after that."""
    dialogs = [
        f"{BASE}/repairs/orphans",
        f"{BASE}/groups/repair/confirm",
        f"{BASE}/tasks/{TASK}",
        f"{BASE}/tasks/{'b' * 16}",
    ]
    texts = [f"{BASE}/failed?q={SECRET[:6]}", f"{BASE}/waiting?payload=user:zoe", "/search?q=job", f"{BASE}/switch"]
    reader.walk(
        "/",
        *JOBS,
        *FILES,
        *dialogs,
        *texts,
        "/children/order",
        "/failed",
        "/publish",
        "/sign-in",
        "/metrics",
        "/healthz",
        f"{BASE}/shortcuts",
    )
    for path, form in POSTED.items():
        for script in (True, False):
            reader.look(reader.browser.post(path, form, script=script))
        reader.presses.add(reader.endpoint(path, "POST"))
    reader.press_all()
    client.childs_init(key="another", expected=2)
    reader.walk("/children/another")
    work_off_tasks(client)
    for path in ("/", "/activity", "/health", f"{BASE}/tasks/{'b' * 16}", f"{BASE}/failures", f"{BASE}/failed"):
        reader.look(reader.browser.get(path))


def test_hidden_values_are_in_no_answer(client: OmniqClient, redis: Any, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    hide(client, redis)
    remember(client, redis)
    reader = spy(client, redact=REDACT)
    look_everywhere(reader, client)
    assert reader.leaks == []
    assert SECRET not in caplog.text
    assert reader.routes("GET") - reader.gets == {"static", "dashboards"}
    assert reader.routes("POST") - reader.presses == {"check_password", "sign_out", "sign_out_everywhere"}


def test_without_read_payload_the_payload_is_in_no_answer(client: OmniqClient, redis: Any) -> None:
    hide(client, redis, errors=("E: a", "E: b", "E: c"))
    for job in ("bad", "job-1", "large"):
        redis.hdel(f"{{{QUEUE}}}:job:{job}", "password", "note", "detail")  # other fields are no payload
    remember(client, redis, errors=False)
    reader = spy(client, access=lambda _request, action, _queue: Deny() if action == READ_PAYLOAD else Allow())
    look_everywhere(reader, client)
    assert reader.leaks == []


def test_the_same_walk_finds_them_where_nothing_is_hidden(client: OmniqClient, redis: Any) -> None:
    hide(client, redis)
    remember(client, redis)
    reader = spy(client)
    reader.walk("/activity", f"{BASE}/failures", f"{BASE}/tasks/{TASK}", *JOBS, *FILES, follow=False)
    leaks = {urlsplit(path).path.rpartition("/")[2] for path in reader.leaks}
    assert {"job-1", "payload", "copy", "export", "failures", "activity", TASK} <= leaks
