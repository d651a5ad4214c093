"""What a job's page is read for: its payload and its error, on the screen and on the clipboard."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

from omniq_core import OmniqClient
from tests.browser.desk import Desk, OpenDesk
from tests.support.clock import Clock
from tests.support.factories import fail_jobs

ERROR = 'ValueError: no  "such" account\nTraceback (most recent call last):\n  File "/app/x.py", line 1\n    pay( )'
PAYLOAD = '{"big":1970670598291982290,"d":10.00,"e":1e400,"k":1,"k":2,"n":NaN,"s":"a  é\u200b🔥\\n"}'
SHOWN = (
    '{\n  "big": 1970670598291982290,\n  "d": 10.00,\n  "e": 1e400,\n  "k": 1,\n  "k": 2,\n  "n": NaN,\n'
    '  "s": "a  é\\u200b🔥\\n"\n}'  # the same JSON, and nothing in it that cannot be seen
)


def pasted(page: Page) -> str:
    """What the clipboard holds, as a text field takes it."""
    page.evaluate("() => { const at = document.createElement('textarea'); at.id = 'paste'; document.body.append(at) }")
    field = page.locator("#paste")
    field.press("Control+v")
    found = field.input_value()
    field.evaluate("field => field.remove()")
    return found


@pytest.mark.parametrize("secure", [True, False], ids=["localhost", "plain-http"])
def test_copying(desk: OpenDesk, client: OmniqClient, redis, page: Page, clock: Clock, secure: bool) -> None:
    fail_jobs(client, "mail", ["a b"], now_ms=clock.now_ms, error=ERROR)
    redis.hset("{mail}:job:a b", "payload", PAYLOAD)
    d = desk(insecure=True)
    if not secure:
        # A name that is not this machine's: browsers have no clipboard for its pages without TLS.
        d = Desk(d.page, f"http://omniq.test:{urlsplit(d.url).port}")
    d.still()
    d.page.clock.install()
    d.open("/queues/mail/failed")
    d.page.get_by_role("link", name="a b", exact=True).click()
    expect(d.page.get_by_role("heading", name="a b", level=1)).to_be_visible()
    assert page.evaluate("isSecureContext && !!navigator.clipboard") == secure
    if secure:
        page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    for source, text in (("#job-id", "a b"), ("#payload", SHOWN), ("#error-text, #error", ERROR)):
        button = page.locator(f"[data-copy='{source}']")
        button.focus()
        button.press("Enter")
        button.press("Enter")
        expect(button.locator("use")).to_have_attribute("href", "#i-check")
        expect(button).to_be_focused()
        assert pasted(page) == text
    page.clock.run_for(2_000)
    expect(page.locator("[data-copy] use[href='#i-copy']")).to_have_count(3)


def test_2000_levels(desk: OpenDesk, client: OmniqClient, redis, page: Page, clock: Clock) -> None:
    fail_jobs(client, "mail", ["a"], now_ms=clock.now_ms)
    payload = '{"a":[' * 1_000 + "10.00" + "]}" * 1_000
    redis.hset("{mail}:job:a", "payload", payload)
    d = desk()
    d.open("/queues/mail/jobs/a")
    shown = page.locator("#payload")
    assert "".join((shown.text_content() or "").split()) == payload
    assert shown.evaluate("code => [...code.children].filter(child => child.children.length).length") == 0
    assert shown.locator(".n").all_inner_texts() == ["10.00"]


def test_wrapping(desk: OpenDesk, client: OmniqClient, page: Page, clock: Clock) -> None:
    fail_jobs(client, "mail", ["a"], now_ms=clock.now_ms, payload={"text": "long " * 200})
    d = desk()
    d.open("/queues/mail/jobs/a")
    shown = page.locator("#payload")
    too_wide = "code => code.scrollWidth > code.clientWidth"
    assert shown.evaluate(too_wide)
    page.get_by_label("Wrap").check()
    assert not shown.evaluate(too_wide)
