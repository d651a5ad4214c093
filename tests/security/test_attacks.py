"""Each attack by its name, on every address that there is. Those on single features stand beside these in tests/web."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask import Flask

from dashboard import create_app
from omniq_core import OmniqClient
from tests.security.requests_made_up import field_names
from tests.support.factories import fail_jobs
from tests.web.pages_support import NOW, OURS, QUEUE, everything, pages_app
from tests.web.trial import parsed

FILLED = {"queue": QUEUE, "job_id": "job-1", "lane": "failed", "kind": "no-message"}
MARK = "\"'><zzz onzzz=1 href=javascript:zzz></textarea></title><script>zzz</script>"


def addresses(app: Flask, method: str) -> list[str]:
    """Every address that takes this method, with a queue and a job that are there."""
    found: list[str] = []
    for rule in app.url_map.iter_rules():
        if rule.methods and method in rule.methods and not rule.endpoint.endswith("static"):
            found.append(re.sub(r"<[^>]*?(\w+)>", lambda part: FILLED.get(part[1], "a" * 16), rule.rule))
    return sorted(found)


@pytest.fixture
def app(client: OmniqClient) -> Flask:
    """The real pages, and three failed jobs to lose."""
    fail_jobs(client, QUEUE, 3, now_ms=NOW - 1_000)
    return pages_app(client)


@pytest.mark.parametrize(
    "sent",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
        {"Sec-Fetch-Site": "cross-site", "Origin": "http://localhost"},
        {"Origin": "null"},
        {"Origin": "http://evil.example"},
        {"Origin": "http://localhost.evil.example"},
        {"Origin": "http://localhost:8080"},
        {"Origin": "file://"},
        {"Origin": "http://localhost@evil.example"},
        {},
    ],
    ids=str,
)
def test_csrf_a_foreign_page_sends_each_of_our_forms(app: Flask, redis: Any, sent: dict[str, str]) -> None:
    http: Any = app.test_client()
    before = everything(redis)
    form = {"id": "job-1", "omniq_csrf": "0" * 64, "scope": "all", "reason": "x", "payload": "{}"}
    answers = {to: http.post(to, data=form, headers=sent).status_code for to in addresses(app, "POST")}
    assert len(answers) > 20 and set(answers.values()) == {403}
    assert everything(redis) == before


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_link_or_an_image_names_an_address_that_writes(app: Flask, redis: Any, method: str) -> None:
    http: Any = app.test_client()
    before = everything(redis)
    query = {"id": "job-1", "scope": "all", "key": "order"}
    for to in addresses(app, "POST"):
        answer = http.open(to, method=method, query_string=query, headers=OURS)
        assert answer.status_code < 500, to
        assert answer.status_code != 303, to
    assert everything(redis) == before


@pytest.mark.parametrize(
    "to",
    [
        *(
            "//evil.example",
            "///evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "https://evil.example/",
            "/..//x",
        ),
        *(
            "javascript:alert(1)",
            "/%2e%2e//evil.example",
            "/a\r\nLocation: //evil.example",
            "\t//evil.example",
            "@evil",
        ),
    ],
)
def test_open_redirect_a_form_says_where_to_go_back_to(app: Flask, to: str) -> None:
    http: Any = app.test_client()
    for path in ("/settings/display", f"/queues/{QUEUE}/pause"):
        answer = http.post(path, data={"back": to, "theme": "dark"}, headers=OURS)
        assert answer.status_code == 303
        parts = urlsplit(answer.headers["Location"])
        assert (parts.scheme, parts.netloc) == ("", "") and not parts.path.startswith("//")
        assert "evil" not in answer.headers["Location"]
    page = http.get(f"/queues/{QUEUE}/pause/confirm", query_string={"back": to}).text
    assert not [a for a in parsed(page).select("a[href]") if "evil" in a["href"] or "alert" in a["href"]]


@pytest.mark.parametrize(
    "host", ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "[::1", "", "10.0.0.1"]
)
def test_dns_rebinding_a_foreign_name_that_points_here(client: OmniqClient, host: str) -> None:
    http = create_app(redis=client, background=False).test_client()
    assert http.get("/", headers={"Host": "localhost"}).status_code == 200
    for to in ("/", f"/queues/{QUEUE}/failed", "/activity"):
        assert http.get(to, headers={"Host": host}).status_code in (400, 403), to


def test_clickjacking_and_host_header_no_page_can_be_framed_and_no_address_is_made_of_a_host(app: Flask) -> None:
    http: Any = app.test_client()
    for to in ["/nowhere", *addresses(app, "GET")]:
        with http.get(to, headers={"Host": "evil.example", "X-Forwarded-Host": "evil.example"}) as answer:
            assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"], to
            assert "evil.example" not in answer.headers.get("Location", ""), to
            if answer.mimetype == "text/html":
                assert "evil.example" not in answer.text, to


@pytest.mark.parametrize(
    "trick",
    [
        *(
            "../../etc/passwd",
            "%2e%2e/%2e%2e/etc/passwd",
            "..%2F..%2Fetc%2Fpasswd",
            "..\\..\\etc\\passwd",
            "%00",
            "a%00.css",
        ),
        *(
            "/etc/passwd",
            "//etc/passwd",
            "x" * 5_000,
            "css/%2e%2e/%2e%2e/templating.py",
            "..%c0%af..",
            "%5c..%5csettings.py",
        ),
    ],
)
def test_path_tricks_lead_to_no_file_and_no_other_job(app: Flask, redis: Any, trick: str) -> None:
    http: Any = app.test_client()
    before = everything(redis)
    asset = re.search(r"/assets/[0-9a-f]{8}/", http.get("/").text)
    assert asset
    for base in (asset[0], "/", f"/queues/{QUEUE}/", f"/queues/{QUEUE}/jobs/"):
        with http.get(base + trick) as answer:
            assert answer.status_code in (308, 404), base
            assert "root:" not in answer.text and "import " not in answer.text
    assert http.post(f"/queues/{QUEUE}/{trick}/pause", headers=OURS).status_code in (404, 405)
    assert everything(redis) == before


PAGE, REGIONS = OURS, {**OURS, "HX-Request": "true", "HX-Request-Type": "partial"}


def reflected(app: Flask, method: str, headers: dict[str, str], sent: dict[str, str]) -> int:
    """How many answers showed the mark; each of them as text."""
    http: Any = app.test_client()
    looked = 0
    for to in addresses(app, method):
        given: dict[str, Any] = {"query_string": sent} if method == "GET" else {"data": sent}
        with http.open(to, method=method, headers=headers, **given) as answer:
            assert answer.status_code < 500, to
            if answer.mimetype == "text/html" and "zzz" in answer.text:
                looked += 1
                unmarked(answer.text, to)
    return looked


def test_reflected_xss_what_somebody_searches_for(app: Flask) -> None:
    assert reflected(app, "GET", PAGE, {"q": MARK, "id": MARK, "back": MARK}) > 2


@pytest.mark.long
@pytest.mark.parametrize("headers", [PAGE, REGIONS], ids=["page", "regions"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_reflected_xss_in_each_field_of_each_page(app: Flask, method: str, headers: dict[str, str]) -> None:
    singly = [{name: MARK} for name in field_names()]
    assert sum(reflected(app, method, headers, sent) for sent in [dict.fromkeys(field_names(), MARK), *singly]) > 2


def unmarked(text: str, where: str) -> None:
    """Fails when a mark became an element, an attribute or a script."""
    for element in parsed(text).find_all(True):
        assert element.name != "zzz" and "onzzz" not in element.attrs, where
        assert not str(element.get("href", "")).lower().startswith("javascript:"), where
        assert element.name != "script" or element.get("src", "").startswith("/assets/"), where
