"""Whoever may do something with a queue that they may not look at is told nothing of what it holds."""

from __future__ import annotations

from typing import Any

import pytest

from dashboard.tokens import to_token
from omniq_core import OmniqClient
from tests.support.factories import fail_jobs, lease_jobs, publish_jobs
from tests.web.groups_support import GROUPS
from tests.web.pages_support import NOW, OURS, QUEUE, SCRIPT, Browser, browser
from tests.web.test_roles import access, only
from tests.web.trial import UNREACHABLE


def blind(redis: OmniqClient | str, action: str) -> Browser:
    """Somebody with that right in each queue, and no other."""
    return browser(redis, access=access(only(action)))


def answered(visitor: Browser, path: str, form: dict[str, str], *, script: bool) -> Any:
    return visitor.http.post(path, data=form, headers=SCRIPT if script else OURS)


@pytest.mark.parametrize("script", [True, False])
def test_a_limit_is_set_and_no_group_is_shown(client: OmniqClient, redis: Any, script: bool) -> None:
    lease_jobs(client, QUEUE, ["a"], now_ms=NOW, gid="G", group_limit=7)
    publish_jobs(client, QUEUE, ["b"], now_ms=NOW, gid="customer-2")
    visitor = blind(client, "edit_limit")
    for limit, seen, status, told in (
        ("0", "7", 400, "Not saved: the limit is 1 to 1,000."),
        ("3", "4", 409, "Not saved: somebody set it to another limit meanwhile."),
    ):
        sent = {"gid": to_token("G"), "limit": limit, "seen": seen, "back": GROUPS}
        refused = answered(visitor, f"{GROUPS}/limit", sent, script=script)
        assert (refused.status_code, told in refused.text) == (status, True)
        assert "customer-2" not in refused.text and "set it to 7" not in refused.text and "<tr" not in refused.text
    assert redis.get(f"{{{QUEUE}}}:g:G:limit") == b"7"
    sent = {"gid": to_token("G"), "limit": "3", "seen": "7", "back": GROUPS}
    done = answered(visitor, f"{GROUPS}/limit", sent, script=script)
    assert (done.status_code, redis.get(f"{{{QUEUE}}}:g:G:limit")) == (200 if script else 303, b"3")
    assert ("Limit of G is 3 now" in done.text) is script
    assert not [word for word in ("customer-2", "It was", "<tr") if word in done.text]


@pytest.mark.parametrize(
    ("action", "path", "form"),
    [
        ("repair", f"{GROUPS}/repair", {}),
        ("repair", f"/queues/{QUEUE}/repairs/orphans", {}),
        ("remove", "/children/remove/confirm", {"key": to_token("k")}),
        ("remove", "/children/remove", {"key": to_token("k")}),
        ("repair", "/children/finish/confirm", {"key": to_token("k")}),
        ("repair", "/children/finish", {"key": to_token("k")}),
    ],
)
def test_a_button_that_answers_with_its_dialog_takes_what_the_dialog_takes(
    action: str, path: str, form: dict[str, str]
) -> None:
    """Redis is away: it is not asked."""
    assert answered(blind(UNREACHABLE, action), path, form, script=True).status_code == 403
    sees = browser(UNREACHABLE, access=access(only("read", action)))
    assert answered(sees, path, form, script=True).status_code == 503


@pytest.fixture
def of_each_lane(client: OmniqClient, redis: Any) -> OmniqClient:
    """A job that failed, one that waits, and one that waits out a backoff."""
    del redis
    fail_jobs(client, QUEUE, ["failed-one"], now_ms=NOW - 60_000, error="CardDeclinedError: 4111")
    (lease,) = lease_jobs(client, QUEUE, ["backs-off"], now_ms=NOW - 20_000, max_attempts=3).values()
    client.ack_fail(queue=QUEUE, job_id="backs-off", lease_token=lease, error="E: x", now_ms_override=NOW)
    publish_jobs(client, QUEUE, ["waits"], now_ms=NOW - 1_000)
    return client


@pytest.mark.parametrize("verb", ["remove", "run-now"])
def test_the_question_about_one_job_says_nothing_of_it(of_each_lane: OmniqClient, verb: str) -> None:
    """It is the same about each id, be there such a job or not."""
    ids = ("failed-one", "waits", "backs-off", "never-was")
    form = {"lane": "failed"}

    def asked(visitor: Browser) -> set[str]:
        path = f"/queues/{QUEUE}/jobs/{verb}/confirm"
        return {visitor.post(path, {**form, "id": to_token(one)}).words("dialog").replace(one, "ID") for one in ids}

    action = verb.replace("-", "_")
    assert len(asked(browser(of_each_lane, access=access(only("read", action))))) > 1
    (same,) = asked(blind(of_each_lane, action))
    assert "ID" in same and not [word for word in ("CardDeclined", "Waiting", "backoff") if word in same]


def test_without_script_a_job_that_moved_on_is_not_said_to_be_elsewhere(of_each_lane: OmniqClient) -> None:
    sent, path = {"id": to_token("waits")}, f"/queues/{QUEUE}/jobs/retry"
    sees = answered(browser(of_each_lane, access=access(only("read", "retry"))), path, sent, script=False)
    assert (sees.status_code, "is waiting now" in sees.text) == (409, True)
    assert answered(blind(of_each_lane, "retry"), path, sent, script=False).status_code == 303


def test_an_id_that_exists_is_said_to_and_no_more(of_each_lane: OmniqClient) -> None:
    form = {"payload": "{}", "job_id": "failed-one"}
    shown = browser(of_each_lane, access=access(only("read", "publish"))).post(f"/queues/{QUEUE}/jobs", form)
    told = blind(of_each_lane, "publish").post(f"/queues/{QUEUE}/jobs", form)
    assert shown.words("#f-job_id-e") == "This id exists: that job is failed. Nothing was published. Show the job"
    assert (told.status, told.words("#f-job_id-e")) == (409, "This id exists. Nothing was published.")
