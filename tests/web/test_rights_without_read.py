"""Whoever may do something with a queue that they may not look at is told nothing of what it holds."""

from __future__ import annotations

from typing import Any

import pytest

from dashboard.tokens import to_token
from omniq_core import OmniqClient
from tests.support.factories import lease_jobs, publish_jobs
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
