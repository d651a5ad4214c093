"""How long counters stand still, the page of one with the children that are done, and counters that jobs name."""

from __future__ import annotations

from typing import Any

import pytest

from dashboard.tokens import to_token
from omniq_core import CounterChanges, Discovery, OmniqClient
from tests.support.clock import Clock
from tests.support.factories import fail_jobs, publish_jobs
from tests.web.pages_support import SCRIPT, Browser, browser, words

MINUTE = 60_000


def find(client: OmniqClient) -> None:
    discovery = Discovery(client.link)
    while not discovery.step(1_000):
        pass


def note(client: OmniqClient, clock: Clock) -> None:
    """What the background of any process does within seconds, in a process that has just started."""
    CounterChanges(client.link, timer=lambda: 0.0).step(clock.now_ms, busy=True)


@pytest.fixture
def visitor(client: OmniqClient, redis: Any, clock: Clock) -> Browser:
    """Somebody who looks at four counters: 50, 12, 2 and 1 min ago they changed, the last was only found then."""
    for key, minutes in (("old", 50), ("slow", 38), ("fast", 10), ("found", 1)):
        client.childs_init(key=key, expected=7)
        find(client)
        note(client, clock)
        if key != "found":
            client.child_ack(key=key, child_id="c1")
            client.child_ack(key=key, child_id="c2")
            note(client, clock)
        if minutes > 1:
            clock.advance({"old": 38, "slow": 10, "fast": 1}[key] * MINUTE)
    clock.advance(MINUTE)
    del redis
    return browser(client, clock=clock)


def states(visitor: Browser, query: str = "") -> list[tuple[str, str, str]]:
    rows = visitor.get(f"/children{query}").rows("children")
    return [(row[0], row[1], row[6]) for row in rows]


def test_what_has_not_moved_for_thirty_minutes_is_stuck(visitor: Browser) -> None:
    page = visitor.get("/children")
    assert page.rows("children")[0] == ["old", "Stuck", "29%", "5", "2", "7", "50 min ago", ""]
    assert states(visitor) == [
        ("old", "Stuck", "50 min ago"),
        ("slow", "Quiet", "12 min ago"),
        ("fast", "Moving", "2 min ago"),
        ("found", "Watching", "Found 1 min ago"),
    ]
    assert page.words("#child-states") == "All 4 Stuck 1 Quiet 1 Moving 1 Watching 1"
    assert "Stuck means no child finished for 30 min." in page.words("#foot")
    assert page.one("th[aria-sort=descending]").text.strip() == "Last change"
    assert page.one("progress[data-tone=danger]")["aria-label"] == "old"


def test_states_filter_and_sort(visitor: Browser) -> None:
    page = visitor.get("/children?state=quiet&key=O")
    assert [row[0] for row in page.rows("children")] == ["slow"]
    assert page.words("#child-states") == "All 3 Stuck 1 Quiet 1 Moving 0 Watching 1"
    assert page.one("input[name=state]")["value"] == "quiet"
    assert [row[0] for row in states(visitor, "?sort=state")] == ["old", "slow", "found", "fast"]
    assert [row[0] for row in states(visitor, "?sort=-change")] == ["found", "fast", "slow", "old"]
    nothing = visitor.get("/children?state=broken")
    assert "No counter is broken" in nothing.words("#children")
    assert visitor.follow(nothing, "#children a.button").path == "/children"


def test_the_thresholds_are_settings(client: OmniqClient, visitor: Browser, clock: Clock) -> None:
    hasty = browser(client, clock=clock, quiet_after=60, stuck_after=120)
    assert [row[1] for row in states(hasty)] == ["Stuck", "Stuck", "Stuck", "Quiet"]
    assert "Stuck means no child finished for 2 min." in hasty.get("/children").words("#foot")


def test_a_change_shows_before_it_is_noted_and_a_state_that_ages_comes_with_a_tick(
    client: OmniqClient, visitor: Browser, clock: Clock
) -> None:
    client.child_ack(key="old", child_id="c3")
    assert states(visitor)[-1] == ("old", "Moving", "now")
    note(client, clock)
    version = visitor.get("/children").one("main")["data-version"]
    clock.advance(8 * MINUTE - 1)
    address = f"/children?live=1&v={version}"
    assert visitor.http.get(address, headers=SCRIPT).status_code == 204
    clock.advance(1)
    assert "Quiet 2" in visitor.get(address, headers=SCRIPT).words('[id="child-states"]')


def test_the_page_of_a_counter_says_who_is_done(client: OmniqClient, visitor: Browser) -> None:
    page = visitor.follow(visitor.get("/children"), "#children tr:first-child th a")
    assert page.words("h1") == "old"
    assert page.words("#counter-state") == "Stuck"
    assert page.words("#facts").startswith("Progress 29% Remaining 5 Done 2 Total 7 Last change 50 min ago Jobs ")
    assert page.rows("done") == [["c1"], ["c2"]]
    before = client.link.round_trips
    asked = visitor.get("/children/old?child=c2")
    assert client.link.round_trips - before <= 3
    assert "c2 is done." in asked.words()
    assert "c9 is not among those that are done." in visitor.get("/children/old?child=c9").words()


@pytest.mark.parametrize("count", [3, 1_000])
def test_every_child_is_in_one_of_the_parts(client: OmniqClient, redis: Any, count: int) -> None:
    redis.set("{cc:many}:count", 5)
    ids = {f"child-{n}" for n in range(count - 2)} | {"<b>\u202e", "x" * 5_000}
    redis.sadd("{cc:many}:done", *ids)
    page = browser(client).get("/children/many")
    seen: set[str] = set()
    for _ in range(20):
        # How Redis cuts a set into parts depends on its seed: one may be empty, and says so.
        rows = [row[0] for row in page.rows("done") if not row[0].startswith("None in this part")]
        assert len(rows) < 400
        seen.update(rows)
        following = page.soup.select("a[rel=next]")
        if not following:
            break
        page = browser(client).get(following[0]["href"])
    assert seen == {f"child-{n}" for n in range(count - 2)} | {"<b>‹U+202E›", "x" * 512}


@pytest.mark.parametrize("key", ["gone", "..", "a\nb", "\udcff"])
def test_one_that_ended_and_one_that_never_was_look_the_same(client: OmniqClient, redis: Any, key: str) -> None:
    client.childs_init(key="gone", expected=1)
    client.child_ack(key="gone", child_id="x")
    page = browser(client).get(f"/children/{to_token(key)}", 404)
    assert "Its last child finished, somebody deleted it, or it never was" in page.words()


@pytest.mark.parametrize("query", ["cursor=-1", "cursor=x", "cursor=99999999999999999999", "child=" + "x" * 501])
def test_bad_input_is_a_400(visitor: Browser, query: str) -> None:
    visitor.get(f"/children/old?{query}", 400)


def test_a_counter_that_ends_while_it_is_open_says_so_and_is_deleted_there(
    client: OmniqClient, redis: Any, visitor: Browser
) -> None:
    page = visitor.get("/children/slow")
    dialog = visitor.press(page, "#counter-actions button[data-key]", script=True)
    after = visitor.press(dialog, dialog.soup.select("dialog .dialog-foot button")[-1], script=True)
    assert after.toast().startswith("Deleted counter slow")
    tick = visitor.get("/children/slow?live=1&v=" + page.one("main")["data-version"], headers=SCRIPT)
    assert tick.targets() == ["counter-state", "counter-actions", "facts"]
    assert "Ended" in tick.words('[id="counter-state"]')
    assert redis.exists("{cc:slow}:count") == 0
    quiet = browser(client, read_only=True).get("/children/old")
    assert quiet.soup.select("#counter-actions button, form[method=post]#row") == []


def counter_fact(visitor: Browser, job_id: str = "j", *, tick: bool = False) -> str:
    path = f"/queues/mail/jobs/{job_id}"
    page = visitor.get(f"{path}?live=1", headers=SCRIPT) if tick else visitor.get(path)
    found = [pair for pair in page.soup.select("[id=facts] > div") if pair.dt.get_text() == "Counter"]
    return words(found[0].dd) if found else ""


def test_a_job_names_the_counter_of_its_payload(client: OmniqClient, redis: Any, visitor: Browser) -> None:
    client.publish(queue="mail", job_id="j", payload={"completion_key": " old ", "n": 1})
    client.publish(queue="mail", job_id="over", payload={"completion_key": "never:was"})
    redis.sadd("{omniq:x}:queues", "mail")
    assert counter_fact(visitor) == "old 2 of 7 done Stuck"
    assert counter_fact(visitor, tick=True) == "old 2 of 7 done Stuck"
    link = visitor.follow(visitor.get("/queues/mail/jobs/j"), "#facts a.mono")
    assert link.path == "/children/old"
    over = counter_fact(visitor, "over")
    assert over == "never:was is over, or never was: Redis keeps nothing of either"
    redis.set("{cc:old}:count", "abc")
    assert counter_fact(visitor) == "old is broken"


def test_a_tick_of_a_job_that_names_a_counter_asks_redis_twice(
    client: OmniqClient, visitor: Browser, clock: Clock
) -> None:
    """For the job, then for all that stands around it: what it waits for, who else failed so, its counter."""
    fail_jobs(client, "mail", ["f"], now_ms=clock.now_ms, payload={"completion_key": "old"})
    publish_jobs(client, "mail", ["j"], now_ms=clock.now_ms, payload={"completion_key": "old"}, gid="acme")
    for job_id in ("j", "f"):
        counter_fact(visitor, job_id, tick=True)
        before = client.link.round_trips
        assert counter_fact(visitor, job_id, tick=True) == "old 2 of 7 done Stuck"
        assert client.link.round_trips - before == 2, job_id


@pytest.mark.broken_data
@pytest.mark.parametrize(
    "payload",
    [
        '{"completion_key":5}', '{"completion_key":["old"]}', '["completion_key"]', '{"completion_key":""}', "{", "",
        '{"completion_key":"a{b"}', '{"completion_key":null}', '{"order":{"completion_key":"old"}}',
        '{"completion_key":"old","x":"' + "x" * 17_000 + '"}', '{"completion_key":"' + "x" * 600 + '"}',
        '{"completion_key":"old","x":' + "[" * 5_000 + "]" * 5_000 + "}",
    ],
    ids=lambda text: text[:30],
)  # fmt: skip
def test_what_names_no_counter_says_nothing(client: OmniqClient, redis: Any, payload: str) -> None:
    client.childs_init(key="old", expected=7)
    client.publish(queue="mail", job_id="j", payload={})
    redis.hset("{mail}:job:j", "payload", payload)
    redis.sadd("{omniq:x}:queues", "mail")
    assert counter_fact(browser(client)) == ""


def test_where_payloads_name_it_is_a_setting(client: OmniqClient, redis: Any) -> None:
    client.childs_init(key="old", expected=7)
    client.publish(queue="mail", job_id="j", payload={"meta": {"counter": "old"}, "completion_key": "x"})
    redis.sadd("{omniq:x}:queues", "mail")
    assert counter_fact(browser(client, completion_key="meta.counter")) == "old 0 of 7 done Watching"
    assert counter_fact(browser(client, completion_key="meta")) == ""
