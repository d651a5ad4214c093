"""Publish as a form without script: what is typed is published once, or comes back as it was typed."""

from __future__ import annotations

from typing import Any

import pytest

from omniq_core import OmniqClient
from tests.support.factories import complete_jobs, delay_jobs, fail_jobs, lease_jobs, publish_jobs
from tests.support.invariants import check_invariants
from tests.support.redis_server import RedisServer
from tests.support.snapshot import snapshot
from tests.web.pages_support import NOW, OURS, QUEUE, SCRIPT, Browser, Page, browser, words

FORM, JOBS = f"/queues/{QUEUE}/publish", f"/queues/{QUEUE}/jobs"
DIGITS = '{"id":1970670598291982290,"big":1e400,"x":10.00}'


@pytest.fixture
def visitor(client: OmniqClient, redis: Any) -> Any:
    yield browser(client)
    check_invariants(redis)


def fields(page: Page) -> dict[str, str]:
    """Every field of the dialog's form, as a browser would send it."""
    form = page.one("dialog form")
    sent = {field["name"]: field.get("value", "") for field in form.select("input[name]:not([type=radio])")}
    sent |= {field["name"]: field["value"] for field in form.select("input[type=radio][checked]")}
    # The line break behind the start tag is no part of the text.
    return sent | {field["name"]: field.get_text().removeprefix("\n") for field in form.select("textarea")}


def send(visitor: Browser, page: Page, *, script: Any = False, **typed: Any) -> Page:
    """Types into the form of a page and presses its button."""
    typed = {name.removesuffix("_"): value for name, value in typed.items()}
    action = page.one("dialog form")["action"]
    response = visitor.http.post(
        action, data=fields(page) | typed, headers=SCRIPT if script else OURS, follow_redirects=True
    )
    return Page(response.request.path, response)


def jobs(redis: Any) -> list[dict[bytes, bytes]]:
    """The records of all jobs that wait."""
    return [redis.hgetall(b"{mail}:job:" + job) for job in redis.lrange(f"{{{QUEUE}}}:wait", 0, -1)]


def test_the_digits_in_redis_are_those_typed(visitor: Browser, redis: Any) -> None:
    after = send(visitor, visitor.get(FORM + "?back=/queues/mail/waiting"), payload=DIGITS)
    assert (after.path, after.toast()) == (
        "/queues/mail/waiting",
        "Published a job to mail It waits at the tail of mail Show",
    )
    (job,) = jobs(redis)
    assert job[b"payload"] == DIGITS.encode()
    assert after.one(".toast a")["href"] == f"/queues/mail/jobs/{job[b'id'].decode()}"
    assert [job[name] for name in (b"max_attempts", b"timeout_ms", b"backoff_ms")] == [b"3", b"30000", b"5000"]
    assert b"gid" not in job


def test_line_breaks_leave_and_every_option_counts(visitor: Browser, redis: Any) -> None:
    typed = {"gid": " A/1 ", "group_limit": "4", "max_attempts": "9", "timeout": "1.5", "backoff": "0"}
    send(visitor, visitor.get(FORM), payload='{\r\n  "a" : [ 1.0,\r\n "\\u00e9 é" ]\r\n}', job_id=" user/7", **typed)
    record = redis.hgetall("{mail}:job: user/7")
    assert record[b"payload"] == '{"a":[1.0,"\\u00e9 é"]}'.encode()
    assert [record[name] for name in (b"gid", b"max_attempts", b"timeout_ms", b"backoff_ms")] == [
        *(b"A/1", b"9", b"1500", b"0")
    ]
    assert redis.get("{mail}:g:A/1:limit") == b"4"


@pytest.mark.parametrize(
    ("when", "due"),
    [
        ({"in_": "90"}, NOW + 90_000),
        ({"in_": "1 d 2h"}, NOW + 26 * 3_600_000),
        ({"in_": "1.5 min"}, NOW + 90_000),
        ({"at": "2025-06-15T15:06:41"}, NOW + 1_000),
    ],
)
def test_later(visitor: Browser, redis: Any, when: dict[str, str], due: int) -> None:
    after = send(visitor, visitor.get(FORM), payload="[]", when=next(iter(when)).strip("_"), **when)
    assert after.toast().startswith("Published a job to mail It is due in ")
    assert [score for _, score in redis.zrange("{mail}:delayed", 0, -1, withscores=True)] == [due]


@pytest.mark.parametrize("script", [False, True])
def test_a_fault_is_named_and_stays_in_the_field(visitor: Browser, redis: Any, script: bool) -> None:
    typed = '\n{"amount":}  <b>&amp;\n'
    page = visitor.get(FORM, headers=SCRIPT if script else None)
    after = send(
        visitor, page, script=script, payload=typed.replace("\n", "\r\n"), gid="G", job_id="x", when="in", in_="5 min"
    )
    assert after.status == 422
    area = after.one("textarea")
    assert (area["aria-invalid"], after.words(f"#{area['aria-describedby']}")) == (
        "true",
        "Line 2, column 11: a value must follow the colon.",
    )
    assert area.has_attr("autofocus")
    kept = fields(after)
    assert [kept[name] for name in ("payload", "gid", "job_id", "when", "in")] == [typed, "G", "x", "in", "5 min"]
    assert kept["nonce"] == fields(page)["nonce"]
    assert redis.keys("{mail}:*") == []


@pytest.mark.parametrize(
    ("field", "value", "why"),
    [
        ("max_attempts", "0", "Use a whole number from 1 up."),
        ("max_attempts", "1" + "0" * 14, "Use a whole number from 1 up."),
        ("timeout", "0.0005", "Use seconds, with at most three decimals."),
        ("timeout", "NaN", "Use seconds, with at most three decimals."),
        ("timeout", "1e999999999", "Use seconds, with at most three decimals."),
        ("backoff", "-1", "Use seconds, with at most three decimals."),
        ("group_limit", "0", "Use a whole number from 1 up."),
        ("group_limit", "2", "A limit belongs to a group: name one, or leave this empty."),
        ("in", "soon", "Use a length of time: 90 s, 10 min, 2 h, 1 d 6 h."),
        ("in", "", "Use a length of time: 90 s, 10 min, 2 h, 1 d 6 h."),
        ("at", "2025-06-15T15:06:39", "This moment is over: 1 s ago. Choose a later one, or Now."),
        ("at", "tomorrow", "Use a date and a time in UTC."),
        ("job_id", "é" * 257, "An id has at most 512 bytes here."),
    ],
)
def test_an_option_that_cannot_be_used(visitor: Browser, redis: Any, field: str, value: str, why: str) -> None:
    when = {"when": field} if field in ("in", "at") else {}
    after = send(visitor, visitor.get(FORM), payload="{}", **{field: value}, **when)
    assert after.status == 422
    at = after.one(f"[name={field}]:not([type=radio])")
    assert (at["value"], after.words(f"#{at['aria-describedby']}"), at.has_attr("autofocus")) == (value, why, True)
    assert redis.keys("{mail}:*") == []


@pytest.mark.parametrize("script", [False, True])
def test_a_hand_made_post_is_refused_and_keeps_what_was_sent(visitor: Browser, redis: Any, script: bool) -> None:
    sent = {"payload": "{}", "gid": "G", "group_limit": "0", "when": "then", "in_": "5 min"}
    after = send(visitor, visitor.get(FORM), script=script, **sent)
    assert after.status == 422
    assert after.words("#f-group_limit-e") == "Use a whole number from 1 up."
    assert after.words("#f-when-e") == "Choose when it runs: Now, In or At."
    assert after.one("fieldset.when")["aria-describedby"] == "f-when-e"
    assert not after.soup.select("[name=when][checked]")
    kept = fields(after)
    assert [kept[name] for name in ("payload", "gid", "group_limit", "in")] == ["{}", "G", "0", "5 min"]
    assert redis.keys("{mail}:*") == []
    assert send(visitor, after, group_limit="2", when="now").toast().startswith("Published a job")


@pytest.mark.parametrize(
    ("make", "word"),
    [
        (publish_jobs, "waiting"),
        (lambda *a, **k: delay_jobs(*a, due_ms=NOW + 9_000, **k), "delayed"),
        (lease_jobs, "active"),
        (fail_jobs, "failed"),
        (complete_jobs, "completed"),
    ],
)
def test_an_id_that_exists_answers_with_its_state(
    client: OmniqClient, visitor: Browser, redis: Any, make: Any, word: str
) -> None:
    make(client, QUEUE, ["a"], now_ms=NOW - 1_000)
    before = snapshot(redis, QUEUE)
    after = send(visitor, visitor.get(FORM), payload='{"n": 2}', job_id="a")
    assert after.status == 409
    assert after.words("#f-job_id-e") == f"This id exists: that job is {word}. Nothing was published. Show the job"
    assert after.one("#f-job_id-e a")["href"] == "/queues/mail/jobs/a"
    assert (fields(after)["payload"], fields(after)["job_id"]) == ('{"n": 2}', "a")
    assert snapshot(redis, QUEUE) == before
    assert send(visitor, after, job_id="b").toast().startswith("Published a job")


def test_two_operators_and_one_id(client: OmniqClient, visitor: Browser, redis: Any) -> None:
    other = browser(client)
    first, second = visitor.get(FORM), other.get(FORM)
    assert send(visitor, first, payload='{"by":1}', job_id="a").toast().startswith("Published a job")
    assert send(other, second, payload='{"by":2}', job_id="a").status == 409
    assert [job[b"payload"] for job in jobs(redis)] == [b'{"by":1}']


def test_a_form_that_is_sent_twice_publishes_once(client: OmniqClient, visitor: Browser, redis: Any) -> None:
    page = visitor.get(FORM)
    send(visitor, page, payload="[1]", when="in", in_="1 s")
    client.promote_delayed(queue=QUEUE, now_ms_override=NOW + 2_000)
    (job,) = jobs(redis)
    again = send(visitor, page, payload="[1]", when="in", in_="1 s")
    assert (
        again.toast() == f"Published already This form published {job[b'id'].decode()} before. Nothing was added. Show"
    )
    client.remove_job(queue=QUEUE, job_id=job[b"id"].decode(), lane="wait")
    again = send(visitor, page, payload="[1]", when="in", in_="1 s")
    assert again.toast().endswith("before. It has left the queue since. Nothing was added.")
    assert jobs(redis) == []
    # Somebody who went back and changed it wants another job.
    assert send(visitor, page, payload="[2]").toast().startswith("Published a job")
    assert [job[b"payload"] for job in jobs(redis)] == [b"[2]"]


def test_options_are_kept_in_this_browser(visitor: Browser, client: OmniqClient) -> None:
    send(visitor, visitor.get(FORM), payload="[]", max_attempts="7", timeout="0.25", backoff="60", gid="G")
    kept = fields(visitor.get("/queues/other/publish"))
    assert [kept[name] for name in ("max_attempts", "timeout", "backoff", "gid")] == ["7", "0.25", "60", ""]
    assert fields(browser(client).get(FORM))["max_attempts"] == "3"
    visitor.http.set_cookie("omniq_publish", "x~9~<b>", path="/")
    spoiled = fields(visitor.get(FORM))
    assert [spoiled[name] for name in ("max_attempts", "timeout", "backoff")] == ["3", "9", "5"]


def test_payloads_up_to_1_mb(visitor: Browser, redis: Any) -> None:
    large = '["' + "%" * 400_000 + '"]'  # three bytes each in the form
    assert send(visitor, visitor.get(FORM), payload=large).toast().startswith("Published a job")
    assert jobs(redis)[0][b"payload"] == large.encode()
    answer = visitor.http.post(JOBS, data={"payload": '["' + "x" * 1_048_573 + '"]'}, headers=OURS)
    assert "This payload has 1,048,577 bytes; at most 1,048,576 can be published here." in answer.text
    assert len(jobs(redis)) == 1


def test_redis_away_while_pressing(throwaway_redis: RedisServer) -> None:
    visitor = browser(throwaway_redis.url)
    page = visitor.get(FORM)
    throwaway_redis.stop()
    after = send(visitor, page, payload='{"a": 1.0}', gid="G", when="in", in_="1 h")
    assert after.status == 503
    assert "does not answer (connection refused). Nothing was published. Press again" in after.words(".alert")
    assert fields(after) == fields(page) | {"payload": '{"a": 1.0}', "gid": "G", "when": "in", "in": "1 h"}
    throwaway_redis.start()
    assert send(visitor, after).toast().startswith("Published a job to mail")


def test_a_damaged_queue_says_so_in_the_form(client: OmniqClient, redis: Any) -> None:
    redis.set("{mail}:stats", "x")
    after = send(browser(client), browser(client).get(FORM), payload="[1]")
    assert (after.status, fields(after)["payload"]) == (409, "[1]")
    assert "Nothing was published" in after.words(".alert")


def test_who_may_not_publish(client: OmniqClient, redis: Any) -> None:
    publish_jobs(client, QUEUE, ["a"], now_ms=NOW)
    visitor = browser(client, read_only=True)
    for path in ("/queues/mail/waiting", "/queues/mail/jobs/a", "/"):
        assert not visitor.get(path).soup.select("a[href*=publish], a[href*=copy]"), path
    before = snapshot(redis, QUEUE)
    visitor.get(FORM, status=403)
    visitor.get("/queues/mail/jobs/a/copy", status=403)
    for headers in (OURS, SCRIPT):
        assert visitor.http.post(JOBS, data={"payload": "[]"}, headers=headers).status_code == 403
    foreign = browser(client).http.post(JOBS, data={"payload": "[]"}, headers={"Sec-Fetch-Site": "cross-site"})
    assert foreign.status_code == 403
    assert snapshot(redis, QUEUE) == before


def test_by_script_the_page_stays(client: OmniqClient, visitor: Browser) -> None:
    publish_jobs(client, QUEUE, ["a"], now_ms=NOW - 1_000)
    page = visitor.get("/queues/mail/waiting")
    link = page.one("#queue-actions a[href*=publish]")
    assert words(link) == "Publish a job"
    dialog = visitor.get(link["hx-get"], headers=SCRIPT)
    assert words(dialog.one("dialog h2")) == "Publish a job to mail"
    answer = send(visitor, dialog, script=True, payload="{}", job_id="b")
    assert answer.status == 200
    assert [link["title"] for link in answer.region("jobs").select("a.job-id")] == ["a", "b"]
    assert answer.region("dialog").get_text() == ""


def test_the_first_job_of_all(visitor: Browser, redis: Any) -> None:
    redis.set("{omniq:x}:scan", '{"v":1,"cursor":0,"done":true,"seen":0,"total":0}')
    page = visitor.follow(visitor.get("/"), "#queues a.button")
    assert (page.path, page.one("form.panel-body")["method"]) == ("/publish", "get")
    form = visitor.get("/publish?queue=+new.queue+")
    after = send(visitor, form, payload="{}")
    assert (after.path, after.toast()) == ("/", "Published a job to new.queue It waits at the tail of new.queue Show")
    wrong = visitor.get("/publish?queue=a/b", 400)
    assert (wrong.one("[name=queue]")["value"], "1 to 128 of" in wrong.words()) == ("a/b", True)
