"""Texts that people's programs, or attackers, put into ids, groups, errors and payloads; and how a page prints them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Dialog, Page, Request

from omniq_core import OmniqClient
from tests.support.factories import fail_jobs

NAMES = {
    "<script>alert(1)</script>": "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>': '"><img src=x onerror=alert(1)>',
    "{{7*7}}": "{{7*7}}",
    "<div hx-get=/x hx-trigger=load>": "<div hx-get=/x hx-trigger=load>",
    "\x00\udc9c\udcff": "‹U+0000›‹0x9C›‹0xFF›",
    "caf\udcc3": "caf‹0xC3›",
    "user/234": "user/234",
    "..": "..",
    "/a": "/a",
    "a:b": "a:b",
    "..%2f": "..%2f",
    "a\nb": "a‹U+000A›b",
    "🔥": "🔥",
}
"""Raw text (bytes that are no UTF-8 as surrogate escapes) → what a page shows for a name."""

TEXTS = {raw: printed.replace("‹0x9C›‹0xFF›", "��").replace("‹0xC3›", "�") for raw, printed in NAMES.items()}
"""The same for an error, where bytes that are lost are no more than a mark."""


def raw_bytes(text: str) -> bytes:
    """The bytes that stand in Redis for a text."""
    return text.encode("utf-8", "surrogateescape")


def fail_hostile_jobs(client: OmniqClient, redis: Any, queue: str, *, now_ms: int) -> list[str]:
    """One failed job per name: it is the job's id, group, error and payload. Returns the ids, oldest failure first."""
    for position, name in enumerate(NAMES):
        fail_jobs(client, queue, [name], now_ms=now_ms + position, gid=name)
        # No SDK writes such a payload or error; what is already in Redis has to be shown all the same.
        raw = raw_bytes(name)
        redis.hset(b"{" + queue.encode() + b"}:job:" + raw, mapping={"payload": raw, "last_error": raw})
    return list(NAMES)


@contextmanager
def nothing_of_it_runs(page: Page, wanted: Callable[[str], bool]) -> Iterator[None]:
    """Fails at the end when a script opened a dialog, or a text made the browser ask for a `wanted` address."""
    ran: list[str] = []

    def asked(request: Request) -> None:
        if wanted(request.url):
            ran.append(request.url)

    def opened(dialog: Dialog) -> None:
        ran.append(dialog.message)
        dialog.dismiss()

    page.on("request", asked)
    page.on("dialog", opened)
    yield
    assert ran == []
