"""A payload on its job's page: cut, whole, laid out, and as a file."""

from __future__ import annotations

from typing import Any

import pytest

from omniq_core import OmniqClient
from tests.support.factories import publish_jobs
from tests.web.pages_support import NOW, QUEUE, Browser, browser, job_url, words

LIMIT = 262_144


@pytest.fixture
def visitor(client: OmniqClient) -> Browser:
    return browser(client)


def payload_job(redis: Any, client: OmniqClient, payload: bytes) -> None:
    publish_jobs(client, QUEUE, ["a"], now_ms=NOW)
    redis.hset("{mail}:job:a", "payload", payload)


@pytest.mark.parametrize("more", [0, 1, 1_500_000])
def test_a_payload_is_cut_at_256_kb(client: OmniqClient, redis: Any, visitor: Browser, more: int) -> None:
    payload = b'"' + b"x" * (LIMIT - 2 + more) + b'"'
    payload_job(redis, client, payload)
    page = visitor.get(job_url(QUEUE, "a"))
    shown = page.one("#payload").get_text().strip("\n")
    foot = page.soup.select("section[aria-labelledby=payload-h] footer")
    assert shown == payload.decode()[:LIMIT]
    assert bool(foot) == bool(more)
    if more:
        assert words(foot[0]).startswith("The first 256 KB of ")
        whole = visitor.follow(page, "section[aria-labelledby=payload-h] footer a:-soup-contains('Show all')")
        assert whole.one("#payload").get_text().strip("\n") == payload.decode()
        assert not whole.soup.select("section[aria-labelledby=payload-h] footer")


def test_over_2_mb_nothing_is_fetched_until_it_is_asked_for(client: OmniqClient, redis: Any, visitor: Browser) -> None:
    payload_job(redis, client, b"x" * 3 * 1024 * 1024)
    page = visitor.get(job_url(QUEUE, "a"))
    foot = page.words("section[aria-labelledby=payload-h] footer")
    assert foot == "3 MB, too large to show unasked. Show all Download"
    assert not page.soup.select("#payload")
    whole = visitor.follow(page, "section[aria-labelledby=payload-h] footer a:-soup-contains('Show all')")
    assert len(whole.one("#payload").get_text().strip("\n")) == 3 * 1024 * 1024


def test_the_cut_is_a_setting(client: OmniqClient, redis: Any) -> None:
    payload_job(redis, client, b"[" + b"1," * 1_000 + b"1]")
    page = browser(client, payload_limit=1024).get(job_url(QUEUE, "a"))
    assert words(page.one("section[aria-labelledby=payload-h] footer")).startswith("The first 1 KB of 1.9 KB.")


def test_half_a_character_at_the_cut(client: OmniqClient, redis: Any) -> None:
    payload_job(redis, client, b"x" * 1023 + "é".encode() + b"y")
    page = browser(client, payload_limit=1024).get(job_url(QUEUE, "a"))
    assert page.one("#payload").get_text().strip("\n") == "x" * 1023


@pytest.mark.parametrize(
    "payload", [b"{}", b"<script>alert(1)</script>", bytes(range(256)) * 9, "é".encode()[:1], b"x" * 5_000_000]
)
def test_download_is_byte_for_byte(client: OmniqClient, redis: Any, visitor: Browser, payload: bytes) -> None:
    payload_job(redis, client, payload)
    link = visitor.get(job_url(QUEUE, "a")).soup.select("a[download]")[0]
    response = visitor.http.get(link["href"])
    assert response.data == payload
    assert response.headers["Content-Type"] == "application/octet-stream"
    assert response.headers["Content-Disposition"].startswith("attachment;")
    assert response.headers["X-Content-Type-Options"] == "nosniff"


def test_a_payload_over_16_mb_is_not_fetched_for_the_page(client: OmniqClient, redis: Any, visitor: Browser) -> None:
    payload_job(redis, client, b"x" * (16 * 1024 * 1024 + 1))
    page = visitor.get(f"{job_url(QUEUE, 'a')}?show=all")
    assert words(page.one("section[aria-labelledby=payload-h] footer")) == "Too large to show here. Download"
    assert len(page.text) < 100_000


def test_json_is_laid_out_and_loses_nothing(client: OmniqClient, redis: Any, visitor: Browser) -> None:
    payload_job(redis, client, b'{"big":1970670598291982290,"d":10.00,"e":1e400,"k":1,"k":2,"n":NaN,"s":"<b>"}')
    page = visitor.get(job_url(QUEUE, "a"))
    assert page.one("#payload").get_text() == (
        '{\n  "big": 1970670598291982290,\n  "d": 10.00,\n  "e": 1e400,\n  "k": 1,\n  "k": 2,\n  "n": NaN,\n'
        '  "s": "<b>"\n}'
    )
    assert [span.get_text() for span in page.soup.select("#payload .k")][:2] == ['"big"', '"d"']
