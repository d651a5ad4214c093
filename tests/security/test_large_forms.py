"""Forms that no page of ours makes: too large, of too many fields or parts, or nested without end."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import run_wsgi_app

from dashboard import OmniqDashboard, allow_all
from omniq_core import OmniqClient
from tests.security.requests_made_up import Made
from tests.support.factories import fail_jobs
from tests.web.pages_support import NOW, OURS, QUEUE, everything, pages_app
from tests.web.signing_in import Door
from tests.web.trial import UNREACHABLE

FORM = "application/x-www-form-urlencoded"
RETRY, PUBLISH, DISPLAY = f"/queues/{QUEUE}/jobs/retry", f"/queues/{QUEUE}/jobs", "/settings/display"


@pytest.fixture
def app(client: OmniqClient) -> Flask:
    """The real pages, and three failed jobs."""
    fail_jobs(client, QUEUE, 3, now_ms=NOW - 1_000)
    return pages_app(client)


class Endless(io.RawIOBase):
    """A body that goes on for ever; `given`: how much of it was read."""

    given = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self.given += len(buffer)
        assert self.given < 64 * 1024 * 1024, "nothing stops it"
        buffer[:] = b"a" * len(buffer)
        return len(buffer)


def chunked(app: Any, path: str) -> tuple[int, str, int]:
    """Sends an endless body without a length, as gunicorn hands it on: status, text, and what was read of it."""
    made = Made("POST", path.encode(), b"", (("HTTP_SEC_FETCH_SITE", "same-origin"),), b"").environ()
    del made["CONTENT_LENGTH"]
    body = Endless()
    made |= {"wsgi.input": body, "wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"}
    chunks, status, _ = run_wsgi_app(app, made)
    return int(status[:3]), b"".join(chunks).decode(), body.given


@pytest.mark.parametrize(("to", "limit"), [(RETRY, 1), (DISPLAY, 1), (PUBLISH, 4)])
def test_a_form_above_the_limit_is_refused_in_words_and_never_read_whole(
    app: Flask, redis: Any, to: str, limit: int
) -> None:
    before = everything(redis)
    megabytes = limit * 1024 * 1024
    answer = app.test_client().post(to, data="a=" + "x" * megabytes, content_type=FORM, headers=OURS)
    words = f"This form is more than this page takes: at most {limit} MB in 1,000 parts. Nothing was changed."
    assert (answer.status_code, words in answer.text) == (413, True)
    status, text, read = chunked(app, to)
    assert (status, words in text) == (413, True)
    assert read <= megabytes + 64 * 1024
    assert everything(redis) == before


def test_a_stranger_sends_an_endless_form_to_sign_in(tmp_path: Path) -> None:
    status, text, read = chunked(Door(tmp_path).app(), "/sign-in")
    assert (status, "This form is more than this page takes: at most 1 MB" in text) == (413, True)
    assert read <= 1024 * 1024 + 64 * 1024


def test_the_limits_of_a_host_are_left_alone_and_its_smaller_one_counts() -> None:
    host = Flask("host")
    host.config["MAX_CONTENT_LENGTH"] = 1_000
    host.add_url_rule("/own", "own", lambda: "", methods=["POST"])
    config = dict(host.config)
    OmniqDashboard(host, redis=UNREACHABLE, access=allow_all, background=False)
    http = host.test_client()
    for path in (f"/omniq{DISPLAY}", f"/omniq{PUBLISH}"):
        answer = http.post(path, data="a=" + "x" * 1_000, content_type=FORM, headers=OURS)
        assert (answer.status_code, "at most 1000 B" in answer.text) == (413, True), path
    assert dict(host.config) == config
    host.config["MAX_CONTENT_LENGTH"] = None
    assert http.post("/own", data="a=" + "x" * 9_000_000, content_type=FORM).status_code == 200


def test_a_hundred_thousand_fields_come_back_as_a_short_page(app: Flask, redis: Any) -> None:
    before = everything(redis)
    for fields in ("&".join(f"f{n}=" for n in range(100_000)), "&".join(["id=job-1"] * 100_000)):
        answer = app.test_client().post(RETRY, data=fields, content_type=FORM, headers=OURS)
        assert answer.status_code == 400
        assert len(answer.data) < 30_000
    assert everything(redis) == before


def test_a_hundred_thousand_parts_are_refused(app: Flask, redis: Any) -> None:
    before = everything(redis)
    part = '--x\r\nContent-Disposition: form-data; name="id"\r\n\r\n\r\n'
    answer = app.test_client().post(
        RETRY, data=part * 10_000 + "--x--\r\n", content_type="multipart/form-data; boundary=x", headers=OURS
    )
    assert (answer.status_code, "Nothing was changed" in answer.text) == (413, True)
    assert everything(redis) == before


def test_a_payload_nested_without_end_is_published_as_it_is_and_every_page_of_it_opens(
    app: Flask, client: OmniqClient, redis: Any
) -> None:
    http = app.test_client()
    deep = '{"a":' * 20_000 + "1" + "}" * 20_000
    answer = http.post(PUBLISH, data={"payload": deep, "job_id": "deep"}, headers=OURS)
    assert answer.status_code == 303
    assert redis.hget(f"{{{QUEUE}}}:job:deep", "payload").decode() == deep
    for path in ("/jobs/deep", "/waiting", "/waiting?payload=a.a=1", "/jobs/deep/copy"):
        assert http.get(f"/queues/{QUEUE}{path}").status_code == 200, path


def test_a_form_that_is_not_understood_while_redis_is_away() -> None:
    """Its page would have to sign the form that it shows again; that is no fault of ours."""
    answer = pages_app(UNREACHABLE, secret="").test_client().post(RETRY, data={"id": ""}, headers=OURS)
    assert (answer.status_code, "Redis does not answer" in answer.text) == (503, True)
