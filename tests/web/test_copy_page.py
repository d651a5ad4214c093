"""Publish a copy: the payload of any job, edited without a loss, and what differs is shown before it is published."""

from __future__ import annotations

from typing import Any

import pytest

from dashboard import Allow, Deny
from omniq_core import OmniqClient
from tests.support.factories import complete_jobs, delay_jobs, fail_jobs, lease_jobs, publish_jobs
from tests.support.invariants import check_invariants
from tests.support.redis_server import RedisServer
from tests.support.snapshot import snapshot
from tests.web.pages_support import NOW, OURS, QUEUE, SCRIPT, Browser, Page, browser, job_url, words
from tests.web.test_publish_page import fields, jobs, send

COPY = f"/queues/{QUEUE}/jobs/a/copy"
DIGITS = b'{"id":1970670598291982290,"big":1e400,"x":10.00}'
STAYS = "The failed job stays where it is."


@pytest.fixture
def visitor(client: OmniqClient, redis: Any) -> Any:
    yield browser(client)
    check_invariants(redis)


@pytest.fixture
def failed(client: OmniqClient, redis: Any) -> str:
    """A failed job `a` with digits that no program's numbers hold, and options of its own."""
    fail_jobs(client, QUEUE, ["a"], now_ms=NOW - 1_000, gid="G", timeout_ms=1_500, backoff_ms=0, max_attempts=1)
    redis.hset("{mail}:job:a", "payload", DIGITS)
    return "a"


def put(redis: Any, payload: bytes) -> None:
    redis.hset("{mail}:job:a", "payload", payload)


def copies(redis: Any) -> list[dict[bytes, bytes]]:
    """The records of the copies of `a` that wait, in whatever list."""
    names = [*redis.lrange("{mail}:wait", 0, -1), *redis.lrange("{mail}:g:G:wait", 0, -1)]
    return [record for name in names if (record := redis.hgetall(b"{mail}:job:" + name)).get(b"x_copy_of") == b"a"]


@pytest.mark.usefixtures("failed")
def test_an_edited_copy(visitor: Browser, redis: Any) -> None:
    page = visitor.get(job := "/queues/mail/jobs/a")
    link = page.one("#job-actions a")
    assert words(link) == "Publish a copy"
    form = visitor.get(link["href"])
    assert fields(form)["payload"] == '{\n  "id": 1970670598291982290,\n  "big": 1e400,\n  "x": 10.00\n}'
    assert form.words("#copy-changes") == f"Nothing differs. {STAYS}"
    kept = fields(form)
    assert [kept[name] for name in ("gid", "group_limit", "max_attempts", "timeout", "backoff", "when", "job_id")] == [
        *("G", "", "1", "1.5", "0", "now", "")
    ]
    edited = kept["payload"].replace("10.00", "10.000")
    before = snapshot(redis, QUEUE)
    review = send(visitor, form, payload=edited)
    assert (review.status, review.words(".alert")) == (
        409,
        "Look at what differs and press again. Nothing was published yet.",
    )
    assert (words(review.one("del")), words(review.one("ins"))) == ('− "x": 10.00', '+ "x": 10.000')
    assert review.words("#copy-changes").endswith(f"1 line differs. {STAYS}")
    assert snapshot(redis, QUEUE) == before
    after = send(visitor, review)
    assert after.toast() == "Published a copy to mail It waits at the tail of its group Show"
    assert after.path == job  # where it began
    (copy,) = copies(redis)
    assert copy[b"payload"] == DIGITS.replace(b"10.00", b"10.000")
    assert [copy[name] for name in (b"gid", b"max_attempts", b"timeout_ms", b"backoff_ms", b"attempt")] == [
        *(b"G", b"1", b"1500", b"0", b"0")
    ]
    assert redis.lrange("{mail}:failed", 0, -1) == [b"a"]
    assert redis.hget("{mail}:job:a", "payload") == DIGITS


@pytest.mark.usefixtures("failed")
def test_the_two_lead_to_each_other(client: OmniqClient, visitor: Browser, redis: Any) -> None:
    send(visitor, visitor.get(COPY), job_id="b")
    copy = visitor.follow(visitor.get("/queues/mail/jobs/a"), "#facts a[href='/queues/mail/jobs/b']")
    assert "Copy of a" in copy.words("#facts")
    visitor.follow(copy, "#facts a[href='/queues/mail/jobs/a']")
    client.remove_job(queue=QUEUE, job_id="a", lane="failed")
    gone = visitor.get("/queues/mail/jobs/b")
    assert "Copy of a has left the queue" in gone.words("#facts")
    assert not gone.soup.select("#facts a[href='/queues/mail/jobs/a']")


@pytest.mark.parametrize(
    ("make", "word"),
    [
        (publish_jobs, "waiting"),
        (lambda *a, **k: delay_jobs(*a, due_ms=NOW + 9_500, **k), "delayed"),
        (lease_jobs, "active"),
        (complete_jobs, "completed"),
    ],
)
def test_of_a_job_in_any_lane(client: OmniqClient, visitor: Browser, redis: Any, make: Any, word: str) -> None:
    make(client, QUEUE, ["a"], now_ms=NOW - 1_000, payload={"k": 1})
    form = visitor.get(visitor.get("/queues/mail/jobs/a").one("#job-actions a[href*=copy]")["href"])
    assert form.words("#copy-changes") == f"Nothing differs. The {word} job stays where it is."
    later = word == "delayed"
    assert (fields(form)["when"], fields(form)["at"]) == (("at", "2025-06-15T15:06:50") if later else ("now", ""))
    assert send(visitor, form).toast().startswith("Published a copy to mail")
    record = redis.hgetall(b"{mail}:job:" + redis.hget("{mail}:job:a", "x_copied_to"))
    assert record[b"payload"] == b'{"k":1}'
    assert record.get(b"due_ms") == (b"1750000010000" if later else None)


@pytest.mark.usefixtures("failed")
@pytest.mark.parametrize(
    ("payload", "why"),
    [
        (b'{"a":"\xff\xfe"}', "Its payload is not UTF-8, so no field can hold it without a change."),
        (b"not JSON\r\n\0", "Its payload has characters that no field can hold without a change."),
        (b'["' + b"x" * 5_000_000 + b'"]', "Its payload of 4.7 MB is too large to be edited here; at most 1 MB is."),
    ],
    ids=["no UTF-8", "no text", "5 MB"],
)
def test_what_no_field_holds_is_copied_by_its_bytes(visitor: Browser, redis: Any, payload: bytes, why: str) -> None:
    put(redis, payload)
    form = visitor.get(COPY)
    assert not form.soup.select("textarea")
    assert form.words(".dialog-body > p").startswith(f"{why} The copy gets the same ")
    assert send(visitor, form).toast().startswith("Published a copy")
    assert [copy[b"payload"] for copy in copies(redis)] == [payload]


@pytest.mark.usefixtures("failed")
@pytest.mark.parametrize(
    ("payload", "shown"),
    [
        (b"null", "null"),
        (b"no JSON <b>&amp;", "no JSON <b>&amp;"),
        (b'{"a" :\r\n 1}', '{\n  "a": 1\n}'),
        (b"[" * 2_000 + b"]" * 2_000, None),
        (b"[" + b"1," * 33_000 + b"1]", None),
    ],
    ids=["null", "no JSON", "blanks", "2,000 levels", "66 KB"],
)
def test_unedited_it_is_the_same_bytes(visitor: Browser, redis: Any, payload: bytes, shown: str | None) -> None:
    put(redis, payload)
    form = visitor.get(COPY)
    assert shown is None or fields(form)["payload"] == shown
    crlf = fields(form)["payload"].replace("\n", "\r\n")
    assert send(visitor, form, payload=crlf).toast().startswith("Published a copy")
    assert [copy[b"payload"] for copy in copies(redis)] == [payload]
    refused = send(visitor, form, payload="null ")
    assert (refused.status, refused.words("#f-payload-e")) == (
        422,
        "A payload is a JSON object or array: it begins with { or [.",
    )


@pytest.mark.usefixtures("failed")
def test_without_a_payload_one_is_typed(visitor: Browser, redis: Any) -> None:
    redis.hdel("{mail}:job:a", "payload")
    form = visitor.get(COPY)
    assert send(visitor, form).status == 422
    review = send(visitor, form, payload="[1]")
    assert review.words("#copy-changes") == "Its original had no payload."
    assert send(visitor, review).toast().startswith("Published a copy")


@pytest.mark.usefixtures("failed")
def test_the_original_is_gone_when_it_is_pressed(client: OmniqClient, visitor: Browser, redis: Any) -> None:
    text, whole = visitor.get(COPY), fields(visitor.get(COPY)) | {"keep": "1"}
    client.remove_job(queue=QUEUE, job_id="a", lane="failed")
    review = send(visitor, text, payload='{"x":1.0}')
    assert "The original has left the queue since" in review.words("#copy-changes")
    done = send(visitor, review)
    assert done.toast().startswith("Published a copy")
    assert [copy[b"payload"] for copy in copies(redis)] == [b'{"x":1.0}']
    assert done.path == f"/queues/mail/jobs/{copies(redis)[0][b'id'].decode()}"  # its form was a page of its own
    lost = Page("", visitor.http.post("/queues/mail/jobs", data=whole, headers=OURS))
    assert "The original is gone, and with it its payload. Nothing was published." in lost.words("dialog")
    visitor.get(COPY, status=404)


@pytest.mark.parametrize("job_id", ["..", "copy", "a\nb", "\udcff", '"><script>alert(1)</script>', "~Li4"])
def test_of_a_job_with_any_id(client: OmniqClient, visitor: Browser, redis: Any, job_id: str) -> None:
    publish_jobs(client, QUEUE, [job_id], now_ms=NOW, payload={"</textarea><script>": "&amp;"})
    page = visitor.get(job_url(QUEUE, job_id))
    form = visitor.follow(page, "#job-actions a[href*=copy]")
    assert not [script for script in form.soup.find_all("script") if not script.get("src")]
    after = send(visitor, form)
    assert (after.path, after.toast()[:16]) == (page.path, "Published a copy")
    raw = job_id.encode("utf-8", "surrogateescape")
    copy = redis.hgetall(b"{mail}:job:" + redis.hget(b"{mail}:job:" + raw, "x_copied_to"))
    assert (copy[b"x_copy_of"], copy[b"payload"]) == (raw, b'{"</textarea><script>":"&amp;"}')


@pytest.mark.parametrize("payload", [b'{"k":1}', b"\xff"])
def test_redis_away_while_a_copy_is_pressed(throwaway_redis: RedisServer, payload: bytes) -> None:
    visitor = browser(throwaway_redis.url)
    with OmniqClient(redis_url=throwaway_redis.url) as client, throwaway_redis.client() as redis:
        publish_jobs(client, QUEUE, ["a"], now_ms=NOW)
        put(redis, payload)
        redis.save()  # so that it comes back with its data
    form = visitor.get(COPY)
    throwaway_redis.stop()
    after = send(visitor, form, max_attempts="9")
    assert (after.status, fields(after)) == (503, fields(form) | {"max_attempts": "9"})
    assert "left the queue" not in after.words("dialog")
    throwaway_redis.start()
    assert send(visitor, after).toast().startswith("Published a copy to mail")
    with throwaway_redis.client() as redis:
        assert [(copy[b"payload"], copy[b"max_attempts"]) for copy in copies(redis)] == [(payload, b"9")]


@pytest.mark.parametrize("gid", [" g", "a\nb", "\udcff\udcfe", "\u202eg"])
def test_a_group_that_no_field_holds_stays_the_same_group(
    client: OmniqClient, visitor: Browser, redis: Any, gid: str
) -> None:
    publish_jobs(client, QUEUE, ["a"], now_ms=NOW, payload={"k": 1})
    redis.hset("{mail}:job:a", "gid", gid.encode("utf-8", "surrogateescape"))
    form = visitor.get(COPY)
    send(visitor, form)
    copy = redis.hget("{mail}:job:a", "x_copied_to")
    assert redis.hget(b"{mail}:job:" + copy, "gid") == gid.strip().encode("utf-8", "surrogateescape")
    send(visitor, form, gid="other")
    copy = redis.hget("{mail}:job:a", "x_copied_to")
    assert redis.hget(b"{mail}:job:" + copy, "gid") == b"other"
    redis.flushdb()  # the job of this test stands in a list that is not its group's


@pytest.mark.usefixtures("failed")
def test_what_differs_follows_the_typing(visitor: Browser, redis: Any) -> None:
    form = visitor.get(COPY + "?back=/queues/mail/jobs/a", headers=SCRIPT)
    area = form.one("textarea")
    before = snapshot(redis, QUEUE)
    data = fields(form) | {"payload": '{"id": 1970670598291982291}'}
    answer = Page("", visitor.http.post(area["hx-post"], data=data, headers=SCRIPT))
    assert answer.targets() == ["copy-changes"]
    assert answer.soup.find("p").get_text() == f"3 lines differ. {STAYS}"
    seen = answer.one("input[name=seen]")["value"]
    half = Page("", visitor.http.post(area["hx-post"], data=data | {"payload": '{"id":'}, headers=SCRIPT))
    assert words(half.soup.find("p")) == "What differs shows here as soon as the payload can be read."
    assert snapshot(redis, QUEUE) == before
    # What was shown is what a press publishes.
    done = send(visitor, form, script=True, payload=data["payload"], seen=seen)
    assert done.toast().startswith("Published a copy to mail")
    assert len(copies(redis)) == 1 and not jobs(redis)


@pytest.mark.usefixtures("failed")
def test_who_may_publish_and_not_look_learns_nothing(client: OmniqClient) -> None:
    visitor = browser(client, access=lambda _request, action, _queue: Allow() if action == "publish" else Deny())
    for path, data in ((COPY, {"payload": "[]"}), ("/queues/mail/jobs", {"payload": "[]", "copy_of": "a"})):
        answer = visitor.http.post(path, data=data, headers=OURS)
        assert answer.status_code == 403 and "1970670598291982290" not in answer.text
