"""A copy is edited without its hidden values being seen, and they stay those of the original that was looked at."""

from __future__ import annotations

import json
from typing import Any

import pytest

from omniq_core import OmniqClient
from tests.support.factories import fail_jobs
from tests.web.pages_support import NOW, OURS, QUEUE, Page, browser
from tests.web.test_publish_page import fields, send

PAYLOAD = {"user": "zoe", "password": "hunterzwei", "cards": [{"number": 41}], "body": json.dumps({"password": 7})}


@pytest.fixture
def copied(client: OmniqClient) -> Any:
    fail_jobs(client, QUEUE, ["a"], now_ms=NOW - 1_000, payload=PAYLOAD)
    visitor = browser(client, redact=["password", "cards[*].number"])
    return visitor, visitor.get(f"/queues/{QUEUE}/jobs/a/copy")


def stored(redis: Any, job_id: str) -> Any:
    return json.loads(redis.hget(f"{{{QUEUE}}}:job:{job_id}", "payload") or b"null")


def test_an_edited_copy_keeps_what_is_hidden(copied: Any, redis: Any) -> None:
    visitor, form = copied
    text = fields(form)["payload"]
    assert json.loads(text) | {"body": 0} == {
        "user": "zoe", "password": "‹hidden 1›", "cards": [{"number": "‹hidden 2›"}], "body": 0
    }  # fmt: skip
    assert "Leave one where it is, and the copy has its value." in form.words("dialog form")
    review = send(visitor, form, payload=text.replace("zoe", "tom"), job_id="b")
    assert review.status == 409
    assert "hunterzwei" not in review.text
    send(visitor, review)
    assert stored(redis, "b") == PAYLOAD | {"user": "tom"}
    send(visitor, form, job_id="c")
    assert redis.hget("{mail}:job:c", "payload") == redis.hget("{mail}:job:a", "payload")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('"password": "‹hidden 1›"', '"word": "‹hidden 1›"'),
        ('"zoe"', '"‹hidden 1›"'),
        ("‹hidden 1›", "‹hidden 2›"),
        ("‹hidden 1›", "x ‹hidden 1›"),
        ('"password": "‹hidden 1›"', '"password": "‹hidden 1›", "password": "‹hidden 1›"'),
        ('"password": "‹hidden 1›"', '"password": ["‹hidden 1›"]'),
        ('"password": "‹hidden 1›"', r'"x": "\u2039hidden 1›"'),
    ],
)
def test_a_mark_cannot_be_moved(copied: Any, redis: Any, before: str, after: str) -> None:
    visitor, form = copied
    text = fields(form)["payload"]
    assert before in text
    refused = send(visitor, form, payload=text.replace(before, after), job_id="b")
    assert refused.status == 422
    assert "hunterzwei" not in refused.text
    assert stored(redis, "b") is None


def test_without_its_original_nothing_is_published(copied: Any, client: OmniqClient, redis: Any) -> None:
    visitor, form = copied
    client.remove_job(queue=QUEUE, job_id="a", lane="failed")
    refused = send(visitor, form, job_id="b")
    assert refused.status == 409
    assert stored(redis, "b") is None
    assert "is gone, and with it its payload. Nothing was published." in refused.words("#f-payload-e")
    assert fields(refused)["payload"] == fields(form)["payload"]


@pytest.mark.parametrize("keep", ["", "1"])
def test_sent_again_it_says_that_it_was_published_also_without_its_original(
    copied: Any, client: OmniqClient, redis: Any, keep: str
) -> None:
    visitor, form = copied
    sent = fields(form) | {"job_id": "b", "keep": keep}
    assert Page("", visitor.http.post("/queues/mail/jobs", data=sent, headers=OURS)).status == 303
    client.remove_job(queue=QUEUE, job_id="a", lane="failed")
    again = visitor.http.post("/queues/mail/jobs", data=sent, headers=OURS, follow_redirects=True)
    assert "This form published b before." in Page("", again).toast()
    assert redis.llen("{mail}:wait") == 1


def test_an_original_that_comes_back_does_not_replace_what_was_typed(
    copied: Any, redis: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another operator undoes its removal between the look at it and the publish."""
    visitor, form = copied
    monkeypatch.setattr("dashboard.views.publish.original", lambda *_, **__: None)
    edited = fields(form)["payload"].replace("zoe", "tom")
    refused = send(visitor, send(visitor, form, payload=edited, job_id="b"))
    assert refused.status == 409
    assert stored(redis, "b") is None


def test_values_that_changed_since_are_published_only_after_a_word(copied: Any, redis: Any) -> None:
    visitor, form = copied
    redis.hset("{mail}:job:a", "payload", json.dumps(PAYLOAD | {"password": "other"}))
    told = send(visitor, form, job_id="b")
    assert told.status == 422
    assert "another one than when this form was opened" in told.words("#f-payload-e")
    assert stored(redis, "b") is None
    send(visitor, told)
    assert stored(redis, "b") == PAYLOAD | {"password": "other"}


def test_what_a_form_remembers_of_hidden_values_confirms_no_guess(copied: Any, client: OmniqClient, redis: Any) -> None:
    """Whoever may publish can make jobs with any guess, also under the id of the original."""
    visitor, form = copied
    fail_jobs(client, QUEUE, ["b"], now_ms=NOW - 900, payload=PAYLOAD)
    forms = [form, *(visitor.get(f"/queues/{QUEUE}/jobs/{job}/copy") for job in "ab")]
    assert len({fields(one)["values"] for one in forms}) == 3
    client.remove_job(queue=QUEUE, job_id="a", lane="failed")
    fail_jobs(client, QUEUE, ["a"], now_ms=NOW - 800, payload=PAYLOAD)
    assert send(visitor, form, job_id="c").status == 422
    assert stored(redis, "c") is None


def test_a_form_of_before_publishes_no_marks_where_nothing_is_hidden_any_more(
    copied: Any, client: OmniqClient, redis: Any
) -> None:
    _, form = copied
    refused = send(browser(client), form, job_id="b")
    assert refused.status == 422
    assert stored(redis, "b") is None


def test_a_hidden_value_is_changed_on_purpose(copied: Any, redis: Any) -> None:
    visitor, form = copied
    review = send(visitor, form, payload=fields(form)["payload"].replace("‹hidden 1›", "new one"), job_id="b")
    assert review.status == 409
    send(visitor, review)
    assert stored(redis, "b") == PAYLOAD | {"password": "new one"}
