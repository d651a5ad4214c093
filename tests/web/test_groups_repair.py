"""The repair of stuck groups: shown figure by figure, confirmed, done as far as it is still so."""

from __future__ import annotations

from typing import Any

import pytest

from omniq_core import Background, OmniqClient
from tests.support.invariants import check_invariants
from tests.web.groups_support import GROUPS, four_states, many_groups
from tests.web.pages_support import NOW, QUEUE, SCRIPT, Browser, browser, everything, words


@pytest.fixture
def visitor(client: OmniqClient, redis: Any) -> Browser:
    four_states(client, redis)
    return browser(client)


@pytest.mark.parametrize("script", [True, False])
def test_it_says_what_it_changes_and_changes_that(
    visitor: Browser, client: OmniqClient, redis: Any, script: bool
) -> None:
    dialog = visitor.follow(visitor.get(GROUPS), "#stuck a")
    assert dialog.words("dialog h2") == f"Repair 2 groups of {QUEUE}?"
    assert [[words(cell) for cell in row.select("th, td")] for row in dialog.soup.select("dialog tbody tr")] == [
        ["lost", "In flight", "2", "0"],
        ["lost", "Ready set", "Missing", "In it"],
        ["hidden", "Ready set", "Missing", "In it"],
    ]
    assert "4 waiting jobs can start after it." in dialog.words(".dialog-body")
    done = visitor.press(dialog, "dialog .dialog-foot button.primary", script=script)
    assert "Repaired 2 groups 1 count of jobs in flight, 2 groups put into the ready set." in done.toast()
    assert not done.soup.select("#stuck strong")
    check_invariants(redis, QUEUE)
    started: list[Any] = [client.reserve(queue=QUEUE, now_ms_override=NOW) for _ in range(2)]
    assert {job.gid for job in started} <= {"lost", "hidden", "ready"}


def test_what_changed_before_the_press_is_left_alone(visitor: Browser, client: OmniqClient, redis: Any) -> None:
    dialog = visitor.follow(visitor.get(GROUPS), "#stuck a")
    client.set_group_limit(queue=QUEUE, gid="hidden", limit=1, now_ms_override=NOW)  # that puts it back, too
    done = visitor.press(dialog, "dialog .dialog-foot button.primary")
    assert "Repaired 1 group" in done.toast()
    assert "1 group changed since and was left alone." in done.toast()
    again = visitor.press(dialog, "dialog .dialog-foot button.primary")
    assert "Nothing was repaired 2 groups changed since and were left alone." in again.toast()
    check_invariants(redis, QUEUE)


def test_without_its_confirmation_nothing_is_repaired(visitor: Browser, redis: Any) -> None:
    before = everything(redis)
    refused = visitor.post(f"{GROUPS}/repair", {"back": GROUPS}, script=True)
    assert (refused.status, everything(redis)) == (409, before)
    assert "This needs a confirmation. Nothing was changed." in refused.words(".alert")
    foreign = visitor.follow(visitor.get(GROUPS), "#stuck a").one("input[name=confirm_token]")["value"]
    other = browser(visitor.app.extensions["omniq_dashboard"]["omniq_dashboard"].client, secret="another secret")
    assert other.post(f"{GROUPS}/repair", {"confirm_token": foreign, "back": GROUPS}).status == 409
    assert everything(redis) == before


def test_when_nothing_is_stuck_any_more_it_says_so(visitor: Browser) -> None:
    dialog = visitor.follow(visitor.get(GROUPS), "#stuck a")
    visitor.press(dialog, "dialog .dialog-foot button.primary")
    late = visitor.get(f"{GROUPS}/repair/confirm?back={GROUPS}", headers=SCRIPT)
    assert late.toast() == f"No group of {QUEUE} is stuck any more"


def test_of_many_stuck_groups_a_hundred_are_repaired_at_once(client: OmniqClient, redis: Any) -> None:
    many_groups(redis, 600)
    redis.zremrangebyrank(f"{{{QUEUE}}}:groups:ready", 0, 149)
    visitor = browser(client)
    visitor.get(GROUPS)
    background = Background(client.link, lambda: NOW, (QUEUE,))
    for _ in range(40):
        background.tick()
    page = visitor.get(f"{GROUPS}?state=stuck&size=25")
    assert page.words("#pager").startswith("1–25 of 150")
    assert "150 groups are stuck." in page.words("#stuck") and "; and 148 more. Repair 100 of 150 groups" in page.words(
        "#stuck"
    )
    dialog = visitor.follow(page, "#stuck a")
    assert dialog.words("dialog h2") == f"Repair 100 of 150 stuck groups of {QUEUE}?"
    assert len(dialog.soup.select("dialog tbody tr")) == 100
    done = visitor.press(dialog, "dialog .dialog-foot button.primary")
    assert "Repaired 100 groups 100 groups put into the ready set." in done.toast()
    assert redis.zcard(f"{{{QUEUE}}}:groups:ready") == 550


def test_read_only_nothing_is_offered(visitor: Browser, client: OmniqClient) -> None:
    reader = browser(client, read_only=True)
    page = reader.get(GROUPS)
    assert page.words("#stuck").startswith("2 groups are stuck.")
    assert not page.soup.select("#stuck a, #stuck button")
    assert reader.get(f"{GROUPS}/repair/confirm", 403).status == 403
    assert reader.post(f"{GROUPS}/repair", {"back": GROUPS}).status == 403
    del visitor
