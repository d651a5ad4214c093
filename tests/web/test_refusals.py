"""Who may not, does not: every write address refuses what is not from a reader who may, and nothing changes."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Request

from dashboard import Allow, Deny, read_only
from dashboard.access import Decision
from omniq_core import OmniqClient
from tests.support.factories import complete_jobs, delay_jobs, fail_jobs, lease_jobs, publish_jobs
from tests.web.pages_support import NOW, OURS, QUEUE, Browser, browser, job_url, pages_app

LANES = ("waiting", "active", "delayed", "failed", "completed")
WRITES = (
    f"/queues/{QUEUE}/pause",
    f"/queues/{QUEUE}/resume",
    f"/queues/{QUEUE}/jobs/retry",
    f"/queues/{QUEUE}/jobs/remove",
)
ASKS = (f"/queues/{QUEUE}/jobs/retry/confirm", f"/queues/{QUEUE}/jobs/remove/confirm")
SENT = {"id": "failed-1", "lane": "failed"}
RECORD = b"{omniq:x}:activity"


@pytest.fixture
def jobs(client: OmniqClient, redis: Any) -> OmniqClient:
    """One job in every lane, a paused queue beside."""
    complete_jobs(client, QUEUE, ["completed-1"], now_ms=NOW)
    fail_jobs(client, QUEUE, ["failed-1", "failed-2"], now_ms=NOW)
    lease_jobs(client, QUEUE, ["active-1"], now_ms=NOW)
    publish_jobs(client, QUEUE, ["waiting-1"], now_ms=NOW)
    delay_jobs(client, QUEUE, ["delayed-1"], now_ms=NOW, due_ms=NOW + 1000)
    publish_jobs(client, "stopped", 1, now_ms=NOW)
    client.pause(queue="stopped")
    return client


def all_keys(redis: Any) -> dict[bytes, bytes]:
    """Every key of the server with its contents, but the record that says what was refused."""
    return {key: redis.dump(key) for key in redis.scan_iter(count=1000) if not key.startswith(RECORD)}


@pytest.mark.parametrize("path", [*WRITES, *ASKS])
@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://localhost:81"},
        {"Sec-Fetch-Site": "cross-site", "Origin": "http://localhost"},
        {"Sec-Fetch-Site": "cross-site", "HX-Request": "true"},
        {},
    ],
)
def test_a_post_from_elsewhere(jobs: OmniqClient, redis: Any, path: str, headers: dict[str, str]) -> None:
    visitor = browser(jobs)
    before = all_keys(redis)
    response = visitor.http.post(path, data=SENT, headers=headers)
    assert (response.status_code, all_keys(redis) == before) == (403, True)
    assert "Nothing was changed" in response.text


def test_every_write_address_there_is(jobs: OmniqClient, redis: Any) -> None:
    """Those of pages that come later too: nothing but a form of ours, from somebody who may, is carried out."""
    app = pages_app(jobs)
    posts = {rule.endpoint: rule for rule in app.url_map.iter_rules() if "POST" in (rule.methods or ())}
    urls = app.url_map.bind("localhost")
    build = urls.build
    paths = [build(name, dict.fromkeys(rule.arguments, QUEUE)) for name, rule in posts.items() if "missing" not in name]
    assert {*WRITES, *ASKS} <= set(paths)
    http, reader = app.test_client(), pages_app(jobs, read_only=True).test_client()
    far = pages_app(jobs, insecure=False).test_client()
    before = all_keys(redis)
    for path in paths:
        assert http.post(path, data=SENT, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403, path
        assert http.post(path, data=SENT).status_code == 403, path
        # A page may have the same address (its own form; a group called `limit`), which changes nothing either.
        page = urls.match(path, method="GET")[0].rpartition(".")[2] not in ("missing", "lane")
        assert http.get(path).status_code in ((200, 404) if page else (404, 405)), path
        # The display is a cookie of the reader's own browser: to read is enough to choose it. Here nobody signs in.
        refused = reader.post(path, data=SENT, headers=OURS).status_code
        assert refused == (404 if path.startswith("/sign-") else 403) or path.endswith("/settings/display"), path
        assert far.post(path, data=SENT, headers=OURS, environ_base={"REMOTE_ADDR": "10.0.0.7"}).status_code == 403
    assert all_keys(redis) == before


@pytest.mark.parametrize("path", [*WRITES, *ASKS])
@pytest.mark.parametrize("query", ["", "?id=failed-1&lane=failed"])
def test_a_get_changes_nothing(jobs: OmniqClient, redis: Any, path: str, query: str) -> None:
    before = all_keys(redis)
    for method in ("GET", "HEAD"):
        response = browser(jobs).http.open(path + query, method=method, headers=OURS)
        assert response.status_code in (404, 405)
    assert all_keys(redis) == before


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
def test_other_methods(jobs: OmniqClient, redis: Any, method: str) -> None:
    before = all_keys(redis)
    for path in WRITES:
        response = browser(jobs).http.open(path, method=method, data=SENT, headers=OURS)
        assert (response.status_code, response.headers["Allow"]) == (405, "POST")
        assert "This address only takes what a button sends. Nothing was changed." in response.text
    response = browser(jobs).http.open("/children", method=method, headers=OURS)
    assert (response.status_code, response.headers["Allow"]) == (405, "GET")
    assert "This address is a page." in response.text
    assert browser(jobs).http.open("/nothing", method=method, headers=OURS).status_code == 404
    assert all_keys(redis) == before


def test_looking_changes_nothing(jobs: OmniqClient, redis: Any) -> None:
    before = all_keys(redis)
    visitor = browser(jobs)
    for path in pages():
        visitor.get(path)
    visitor.post(ASKS[0], SENT)
    visitor.post(ASKS[1], {"id": ["failed-1", "failed-2"], "lane": "failed"})
    assert all_keys(redis) == before


def test_several_jobs_without_their_token(jobs: OmniqClient, redis: Any) -> None:
    before = all_keys(redis)
    for path in (f"/queues/{QUEUE}/jobs/retry", f"/queues/{QUEUE}/jobs/remove"):
        assert browser(jobs).post(path, {"id": ["failed-1", "failed-2"]}).status == 409
    assert all_keys(redis) == before


@pytest.mark.parametrize(
    ("peer", "headers"),
    [
        ("10.0.0.7", {}),
        ("127.0.0.1", {"Host": "evil.example"}),
        ("127.0.0.1", {"Host": "localhost.evil.example"}),
        ("127.0.0.1", {"X-Forwarded-For": "127.0.0.1"}),
        ("127.0.0.1", {"Forwarded": "for=127.0.0.1"}),
        ("127.0.0.1", {"X-Forwarded-Host": "localhost"}),
    ],
)
def test_a_mount_without_access_rules(jobs: OmniqClient, redis: Any, peer: str, headers: dict[str, str]) -> None:
    http = pages_app(jobs, insecure=False).test_client()
    before = all_keys(redis)
    for path in [*WRITES, *ASKS]:
        response = http.post(path, data=SENT, headers=OURS | headers, environ_base={"REMOTE_ADDR": peer})
        assert response.status_code == 403
    for path in pages():
        response = http.get(path, headers=headers, environ_base={"REMOTE_ADDR": peer})
        assert (response.status_code, QUEUE in response.text) == (403, False)
        assert "OMNIQ_INSECURE" in response.text
    assert all_keys(redis) == before


def pages() -> list[str]:
    """One of every page, with a job in every state."""
    found = ["/", f"/queues/{QUEUE}/", *(f"/queues/{QUEUE}/{lane}" for lane in LANES), "/queues/stopped/waiting"]
    return found + [job_url(QUEUE, f"{lane}-1") for lane in LANES] + [f"{job_url(QUEUE, 'failed-1')}/payload"]


def controls(visitor: Browser, path: str) -> list[Any]:
    """What could change something on a page: buttons and links to confirm pages, forms that post, boxes to select."""
    page = visitor.get(path)
    found = page.soup.select(
        "form[method=post], [formaction], [formmethod], a[href*='/confirm'], .row-check, #check-all"
    )
    shows = page.soup.select("[form=filters], form#filters *, #live, form#display, form#display *")  # what only looks
    found = [element for element in found if element not in shows]
    return found + [b for b in page.soup.select("button[type=submit], button:not([type])") if b not in shows]


@pytest.mark.parametrize("settings", [{"read_only": True}, {"access": read_only}])
def test_read_only_draws_no_control_and_takes_no_post(jobs: OmniqClient, redis: Any, settings: dict[str, Any]) -> None:
    visitor = browser(jobs, **settings)
    before = all_keys(redis)
    html = [path for path in pages() if not path.endswith("/payload")]
    assert all(controls(browser(jobs), path) for path in html)  # the same pages have some for others
    for path in html:
        assert controls(visitor, path) == [], path
        assert "Read only" in visitor.get(path).words("header.topbar")
        assert visitor.get(path).words("aside.banner").startswith("Read only. You can look at everything")
    for path in [*WRITES, *ASKS]:
        assert visitor.post(path, SENT).status == 403
    visitor.get(f"/queues/{QUEUE}/pause/confirm", 403)
    assert all_keys(redis) == before


def test_a_reader_who_may_only_retry(jobs: OmniqClient, redis: Any) -> None:
    def access(_request: Request, action: str, _queue: str | None) -> Decision:
        return Allow() if action in ("read", "retry") else Deny()

    visitor = browser(jobs, access=access)
    page = visitor.get(f"/queues/{QUEUE}/failed")
    assert {b["formaction"].rsplit("/jobs/", 1)[1] for b in page.soup.select("[formaction]")} == {
        "retry",
        "retry/confirm",
    }
    assert page.words("#queue-actions") == "Retry 2 failed"
    waiting = visitor.get(f"/queues/{QUEUE}/waiting").soup
    assert not [it for it in waiting.select("[formaction], .row-check") if not it.find_parent(id="queue-actions")]
    before = all_keys(redis)
    for path in (WRITES[0], WRITES[1], WRITES[3], ASKS[1]):
        assert visitor.post(path, SENT).status == 403
    assert all_keys(redis) == before
    assert visitor.post(WRITES[2], SENT).toast().startswith("Retried 1 job")


def test_what_may_be_done_in_one_queue_is_refused_in_another(jobs: OmniqClient, redis: Any) -> None:
    def access(_request: Request, action: str, queue: str | None) -> Decision:
        return Allow() if action == "read" or queue == "stopped" else Deny()

    visitor = browser(jobs, access=access)
    before = all_keys(redis)
    assert [visitor.post(path, SENT).status for path in (*WRITES, *ASKS)] == [403] * 6
    assert all_keys(redis) == before
    page = visitor.get("/")
    assert [button["aria-label"] for button in page.soup.select("#queues button")] == ["Resume stopped"]
    assert not page.soup.select("#queues a[href*=confirm]")
    assert visitor.post("/queues/stopped/resume", {}).toast() == "Resumed stopped"
