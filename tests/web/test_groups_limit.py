"""The limit of a group, edited in place: effective at once, never over somebody else's change, kept as it was typed."""

from __future__ import annotations

from typing import Any

import pytest

from dashboard.formatting import row_id
from dashboard.tokens import to_token
from omniq_core import OmniqClient
from tests.support.factories import lease_jobs, publish_jobs
from tests.web.groups_support import GROUPS
from tests.web.pages_support import NOW, QUEUE, SCRIPT, Browser, Page, browser, everything

LIMIT = f"{GROUPS}/limit"


def stored(redis: Any, gid: str = "G") -> bytes | None:
    return redis.get(f"{{{QUEUE}}}:g:{gid}:limit")


@pytest.fixture
def visitor(client: OmniqClient, redis: Any) -> Browser:
    """Somebody who looks at a group of which one job runs and two wait."""
    del redis
    lease_jobs(client, QUEUE, ["a"], now_ms=NOW, gid="G")
    publish_jobs(client, QUEUE, ["b", "c"], now_ms=NOW, gid="G")
    return browser(client)


def field(page: Page) -> Any:
    return page.one("form.inline-edit input[name=limit]")


def test_without_script_the_field_is_a_page_and_saving_leads_back(visitor: Browser, client: OmniqClient) -> None:
    page = visitor.get(f"{GROUPS}?sort=group")
    edit = visitor.follow(page, "a.value-button")
    assert (field(edit)["value"], edit.one("input[name=seen]")["value"]) == ("1", "1")
    assert visitor.follow(edit, "form.inline-edit a").path == f"{GROUPS}?sort=group"
    field(edit)["value"] = "3"
    saved = visitor.press(edit, "form.inline-edit button")
    assert saved.path == f"{GROUPS}?sort=group"
    assert "Limit of G is 3 now It was 1." in saved.toast()
    assert [row[1:6] for row in saved.rows("groups")] == [["Ready", "2", "0 s", "1 of 3", "3"]]
    started = [client.reserve(queue=QUEUE, now_ms_override=NOW) for _ in range(3)]
    assert [getattr(job, "job_id", None) for job in started] == ["b", "c", None]


def test_script_gets_the_row_with_its_field_and_the_row_back(visitor: Browser) -> None:
    row = row_id("group", "G")
    opened = visitor.get(f"{GROUPS}?edit=G", headers=SCRIPT)
    assert opened.targets() == [row]
    assert field(opened).has_attr("autofocus")
    assert opened.one("form").has_attr("data-editing")
    closed = visitor.get(f"{GROUPS}?row=G", headers=SCRIPT)
    assert closed.targets() == [row]
    assert closed.one("a.value-button").has_attr("autofocus")
    tick = visitor.get(f"{GROUPS}?edit=G&live=1", headers=SCRIPT)
    assert not tick.soup.select("form.inline-edit, [autofocus]")


def test_an_answer_to_script_brings_every_region(visitor: Browser, redis: Any) -> None:
    data = {"gid": "G", "limit": "2", "seen": "1", "back": f"{GROUPS}?sort=group"}
    answer = visitor.post(LIMIT, data, script=True)
    assert (answer.status, stored(redis)) == (200, b"2")
    assert {"groups", "queue-tiles", "group-states", "stuck", "pager"} <= set(answer.targets())
    assert answer.one("a.value-button")["aria-label"] == "Edit limit of G, now 2"


@pytest.mark.parametrize("typed", ["0", "-1", "1001", "abc", "", "1.5", "1e3", "9" * 20])
@pytest.mark.parametrize("script", [True, False])
def test_what_is_no_limit_stays_in_the_field(visitor: Browser, redis: Any, typed: str, script: bool) -> None:
    before = everything(redis)
    answer = visitor.post(LIMIT, {"gid": "G", "limit": typed, "seen": "1", "back": GROUPS}, script=script)
    assert answer.status == 400
    assert (field(answer)["value"], field(answer)["aria-invalid"]) == (typed, "true")
    assert answer.words(f"#{field(answer)['aria-describedby']}") == "Not saved: the limit is 1 to 1,000."
    assert answer.targets() == ([row_id("group", "G")] if script else [])
    assert everything(redis) == before


def test_of_two_operators_the_second_learns_what_the_first_did(
    visitor: Browser, client: OmniqClient, redis: Any
) -> None:
    edit = visitor.get(f"{GROUPS}?edit=G")
    client.set_group_limit(queue=QUEUE, gid="G", limit=5, now_ms_override=NOW)
    field(edit)["value"] = "2"
    refused = visitor.press(edit, "form.inline-edit button", script=True)
    assert (refused.status, stored(redis)) == (409, b"5")
    assert "somebody set it to 5 meanwhile" in refused.words(".error")
    assert field(refused)["value"] == "2"
    saved = visitor.press(refused, "form.inline-edit button", script=True)  # now they know
    assert (saved.status, stored(redis)) == (200, b"2")


def test_below_what_runs_nothing_new_starts_and_nothing_is_called_stuck(visitor: Browser, client: OmniqClient) -> None:
    client.set_group_limit(queue=QUEUE, gid="G", limit=3, now_ms_override=NOW)
    client.reserve(queue=QUEUE, now_ms_override=NOW)
    answer = visitor.post(LIMIT, {"gid": "G", "limit": "1", "seen": "3", "back": GROUPS})
    assert "2 of its jobs run on. New ones start when fewer than 1 run." in answer.toast()
    assert [row[1:6] for row in answer.rows("groups")] == [["Busy", "1", "0 s", "2 of 1", "1"]]
    assert not answer.soup.select("#stuck strong")
    assert client.reserve(queue=QUEUE, now_ms_override=NOW) is None


@pytest.mark.parametrize("gid", ["<script>", "a:b/c", "100%", "\udcff"], ids=ascii)
def test_any_name_gets_its_own_limit(visitor: Browser, client: OmniqClient, redis: Any, gid: str) -> None:
    publish_jobs(client, QUEUE, ["x"], now_ms=NOW, gid=gid)
    visitor.post(LIMIT, {"gid": to_token(gid), "limit": "4", "seen": "1", "back": GROUPS})
    assert redis.get(b"{%s}:g:%s:limit" % (QUEUE.encode(), gid.encode("utf-8", "surrogateescape"))) == b"4"
    assert stored(redis) is None


@pytest.mark.parametrize("gid", ["", "~", "~%", "a b"])
def test_what_names_no_group_is_a_400(visitor: Browser, gid: str) -> None:
    assert visitor.post(LIMIT, {"gid": gid, "limit": "4", "back": GROUPS}).status == 400


@pytest.mark.parametrize(("queue", "gid"), [("nobody", "G"), (QUEUE, "gone")])
@pytest.mark.parametrize("script", [True, False])
def test_nothing_is_written_for_a_queue_or_a_group_that_is_gone(
    visitor: Browser, redis: Any, queue: str, gid: str, script: bool
) -> None:
    before = set(redis.keys("*"))
    data = {"gid": gid, "limit": "4", "seen": "1", "back": GROUPS}
    answer = visitor.post(f"/queues/{queue}/groups/limit", data, script=script)
    assert answer.status == (404 if queue == "nobody" else 200)
    if queue == QUEUE:
        assert "Group gone is gone Nothing was changed." in answer.toast()
    assert set(redis.keys("*")) == before


def test_read_only_there_is_nothing_to_edit(visitor: Browser, client: OmniqClient, redis: Any) -> None:
    reader = browser(client, read_only=True)
    page = reader.get(f"{GROUPS}?edit=G")
    assert page.rows("groups")[0][5] == "1"
    assert not page.soup.select("main form[method=post], a.value-button, .row-actions button")
    assert reader.post(LIMIT, {"gid": "G", "limit": "4", "back": GROUPS}).status == 403
    assert stored(redis) is None
    del visitor
