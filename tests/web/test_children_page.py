"""The page of child counters: figures, broken ones, filter, sort and pages in the address, deleting one."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Request

from dashboard.access import Allow, Decision, Deny
from dashboard.formatting import row_id
from dashboard.tokens import to_token
from dashboard.views.children import percent
from omniq_core import ChildCounter, CounterChanges, Discovery, OmniqClient, counter_list
from omniq_core.operator.overview import DiscoveryState, pack_scan
from tests.support.snapshot import snapshot
from tests.web.pages_support import NOW, SCRIPT, Browser, Page, browser, words

HEADS = ["Completion key", "State", "Progress", "Remaining", "Done", "Total", "Last change"]
HOSTILE = {
    "<script>alert(1)</script>": "<script>alert(1)</script>",
    "a\nb": "a‹U+000A›b",
    "🔥": "🔥",
    "\udcff": "‹0xFF›",
    "x" * 128: "x" * 128,
    "..": "..",
    "\u202eevil": "‹U+202E›evil",
}


def raw(key: str) -> bytes:
    return key.encode("utf-8", "surrogateescape")


def write(redis: Any, key: str, count: object = None, done: int = 0) -> None:
    if count is not None:
        redis.set(b"{cc:" + raw(key) + b"}:count", count)
    if done:
        redis.sadd(b"{cc:" + raw(key) + b"}:done", *range(done))


def find(client: OmniqClient) -> None:
    discovery = Discovery(client.link)
    while not discovery.step(1_000):
        pass


def shown(page: Page) -> list[str]:
    return [row[0] for row in page.rows("children")]


def button(page: Page, key: str) -> Any:
    return page.one(f'tbody#children button[value="{to_token(key)}"]')


@pytest.fixture
def visitor(client: OmniqClient, redis: Any) -> Browser:
    del redis
    return browser(client)


def test_figures_as_drawn(visitor: Browser, client: OmniqClient, redis: Any) -> None:
    client.childs_init(key="order:1", expected=7)
    client.child_ack(key="order:1", child_id="c1")
    client.child_ack(key="order:1", child_id="c2")
    write(redis, "digest", 1, 839)
    write(redis, "fresh", 1_480)
    find(client)
    page = visitor.get("/children")
    assert page.heads() == [*HEADS, "Actions"]
    assert page.rows("children") == [
        ["digest", "Watching", "99.9%", "1", "839", "840", "–", ""],
        ["fresh", "Watching", "0%", "1,480", "0", "1,480", "–", ""],
        ["order:1", "Watching", "29%", "5", "2", "7", "–", ""],
    ]
    row = page.one(f"#{row_id('child', 'order:1')}")
    meter = row.select_one("progress")
    assert (meter["max"], meter["value"], meter["aria-label"]) == ("7", "2", "order:1")
    assert page.words("#child-states") == "All 3 Stuck 0 Quiet 0 Moving 0 Watching 3"
    assert page.one("title").text == "Child counters · OmniQ"
    assert [words(a) for a in page.soup.select(".topnav a[aria-current]")] == ["Child counters"]


@pytest.mark.parametrize(
    ("remaining", "done", "text"),
    [(5, 3, "38%"), (2, 3, "60%"), (1, 0, "0%"), (10_000, 1, "<1%"), (1, 99_999, "99.9%"), (1, 99, "99%")],
)
def test_a_share_is_never_whole_while_a_child_is_missing(remaining: int, done: int, text: str) -> None:
    assert percent(ChildCounter("k", str(remaining), 1, remaining, done, "")) == text


def test_broken_counters_are_shown_as_such(visitor: Browser, client: OmniqClient, redis: Any) -> None:
    write(redis, "a-below", "-1", 2)
    write(redis, "b-text", "abc")
    write(redis, "c-lost", None, 3)
    write(redis, "d-empty", "")
    redis.rpush("{cc:e-list}:count", "1")
    write(redis, "f-done", "4")
    redis.set("{cc:f-done}:done", "x")
    write(redis, "g-long", "9" * 5_000)
    find(client)
    page = visitor.get("/children")
    assert page.rows("children") == [
        ["a-below", "Count below 1", "–", "-1", "2", "–", "–", ""],
        ["b-text", "Count is no number", "–", "abc", "0", "–", "–", ""],
        ["c-lost", "No count", "–", "–", "3", "–", "–", ""],
        ["d-empty", "Count is no number", "–", "empty", "0", "–", "–", ""],
        ["e-list", "Count of another type", "–", "–", "0", "–", "–", ""],
        ["f-done", "Done of another type", "–", "4", "–", "–", "–", ""],
        ["g-long", "Count is no number", "–", "999999999999…", "0", "–", "–", ""],
    ]
    assert page.words("#child-states") == "All 7 Stuck 0 Quiet 0 Moving 0 Broken 7"
    assert page.soup.select("tbody#children progress") == []
    dialog = visitor.press(page, button(page, "c-lost"))
    assert "It is broken: no count, 3 children done." in dialog.words("dialog")
    visitor.press(dialog, dialog.soup.select("dialog .dialog-foot button")[-1])
    assert snapshot(redis, "cc:c-lost") == {}


def test_sort_and_filter_stand_in_the_address(visitor: Browser, client: OmniqClient, redis: Any) -> None:
    write(redis, "half", 5, 5)
    write(redis, "most", 1, 9)
    write(redis, "Least", 300)
    write(redis, "broken", "abc")
    find(client)
    assert shown(visitor.get("/children")) == ["Least", "broken", "half", "most"]
    assert shown(visitor.get("/children?sort=-key")) == ["most", "half", "broken", "Least"]
    assert shown(visitor.get("/children?sort=progress")) == ["broken", "Least", "half", "most"]
    assert shown(visitor.get("/children?sort=-progress")) == ["most", "half", "Least", "broken"]
    assert shown(visitor.get("/children?sort=remaining")) == ["broken", "Least", "half", "most"]
    page = visitor.get("/children?key=EA&sort=remaining")
    assert shown(page) == ["Least"]
    assert page.one("input[name=key]")["value"] == "EA"
    assert [words(head) for head in page.soup.select("th[aria-sort=descending]")] == ["Remaining"]
    turned = visitor.follow(page, "th[aria-sort] a.sort")
    assert turned.path == "/children?key=EA&sort=-remaining"
    assert turned.one("select[name=sort] option[selected]")["value"] == "-remaining"
    nothing = visitor.get("/children?key=zzz")
    assert "None of the 4 counters has this in its key." in nothing.words("#children")
    assert visitor.follow(nothing, "#children a.button").path == "/children"


@pytest.mark.parametrize("query", ["sort=total", "state=gone", "page=0", "page=x", "key=" + "x" * 501])
def test_bad_input_is_a_400(visitor: Browser, query: str) -> None:
    visitor.get(f"/children?{query}", 400)


def test_pages_of_fifty_in_two_round_trips(visitor: Browser, client: OmniqClient, redis: Any) -> None:
    for n in range(101):
        write(redis, f"k{n:03}", n + 1)
    find(client)
    page = visitor.get("/children")
    assert (len(shown(page)), page.words("#foot .pager")) == (50, "Previous Next")
    assert page.words("#foot").startswith("1–50 of 101")
    page = visitor.follow(page, "#foot a[rel=next]")
    assert shown(page)[0] == "k050"
    before = client.link.round_trips
    page = visitor.follow(page, "#foot a[rel=next]")
    assert client.link.round_trips - before == 2
    assert (shown(page), page.path) == (["k100"], "/children?page=3")
    dialog = visitor.press(page, button(page, "k100"))
    after = visitor.press(dialog, dialog.soup.select("dialog .dialog-foot button")[-1])
    assert after.path == "/children?page=2"
    assert (shown(after)[-1], after.toast()[:20]) == ("k099", "Deleted counter k100")


def test_ten_thousand_are_sorted_as_they_were_seen_last(visitor: Browser, client: OmniqClient, redis: Any) -> None:
    pipe = redis.pipeline(transaction=False)
    for n in range(10_001):
        pipe.set(f"{{cc:import:{n:05}}}:count", n + 1)
    pipe.execute()
    find(client)
    changes = CounterChanges(client.link, timer=lambda: 0.0)
    for _ in range(40):  # of 10,000 the first 8,000, by key
        changes.step(NOW - 2_400_000, busy=False)
    before = client.link.round_trips
    page = visitor.get("/children?sort=remaining&page=4")
    assert client.link.round_trips - before == 3  # one of them looks for bulk work, at most once in 900 ms
    known = sorted(counter_list(client.link, NOW).keys)
    assert shown(page) == known[7_999:7_799:-1][150:]
    assert page.words("#child-states") == "All 10,000+ Stuck 8,000 Quiet 0 Moving 0 Watching 2,000"
    foot = page.words("#foot")
    assert "151–200 of 10,000" in foot
    assert "There may be more: 10,000 counters are known" in foot
    assert "Over 2,000 counters match, so they are sorted and counted as they were some seconds ago." in foot
    assert shown(visitor.get("/children?sort=-key")) == known[:-51:-1]
    narrow = visitor.get("/children?sort=remaining&key=import:091")
    assert shown(narrow)[:2] == sorted((k for k in known if "import:091" in k), reverse=True)[:2]


def test_counters_that_ended_are_not_counted(visitor: Browser, client: OmniqClient, redis: Any) -> None:
    for n in range(3):
        write(redis, f"k{n}", 1)
    find(client)
    client.child_ack(key="k1", child_id="x")
    page = visitor.get("/children")
    assert (shown(page), page.words("#child-states")[:5]) == (["k0", "k2"], "All 2")
    assert "None of the 2 counters" in visitor.get("/children?key=k1").words("#children")


def test_nothing_yet_says_why(client: OmniqClient, redis: Any) -> None:
    visitor = browser(client)
    nobody, page = "No process looks for counters: OMNIQ_BACKGROUND is off here.", visitor.get("/children")
    assert [nobody in page.words(part) for part in ("#children", "#foot")] == [True, True]
    redis.set("{omniq:x}:scan", pack_scan(DiscoveryState(seen=1, total=9), 1))  # another process does
    assert visitor.get("/children").words("#foot").startswith("Looking for counters: 11% of the keys seen.")
    find(client)
    assert "No open counters" in visitor.get("/children").words("#children")
    redis.delete("{omniq:x}:scan")
    with OmniqClient(redis=client.link.r) as other:
        listed = browser(other, queues=("mail",), background=True)
        assert "Counters are not searched for" in listed.get("/children").words("#children")
        for mount in listed.app.extensions["omniq_dashboard"].values():
            mount.background.stop()


def test_a_tick_brings_what_changed(visitor: Browser, client: OmniqClient, redis: Any) -> None:
    write(redis, "a", 3)
    write(redis, "b", 3)
    find(client)
    version = visitor.get("/children").one("main")["data-version"]
    address = "/children?live=1&v="
    assert visitor.http.get(address + version, headers=SCRIPT).status_code == 204
    client.child_ack(key="a", child_id="x")
    tick = visitor.get(address + version, headers=SCRIPT)
    assert tick.targets() == ["child-states", "children-head", "children", "foot"]
    held = visitor.get(address + version + "&hold=1", headers=SCRIPT)
    assert held.targets() == ["child-states", "children-head", "foot", row_id("child", "a"), row_id("child", "b")]
    assert words(held.region(row_id("child", "a"))) == "a Watching 33% 2 1 3 –"


@pytest.mark.parametrize("script", [True, False], ids=["script", "plain"])
@pytest.mark.parametrize("key", HOSTILE, ids=ascii)
def test_deleting_takes_exactly_that_counter(client: OmniqClient, redis: Any, key: str, script: bool) -> None:
    visitor = browser(client)
    for name in HOSTILE:
        write(redis, name, 5, 2)
    find(client)
    others = {name: snapshot(redis, b"cc:" + raw(name)) for name in HOSTILE if name != key}
    page = visitor.get("/children")
    assert sorted(shown(page)) == sorted(HOSTILE.values())
    dialog = visitor.press(page, button(page, key), script=script)
    assert snapshot(redis, b"cc:" + raw(key)) != {}
    assert words(dialog.one("dialog .quote")) == HOSTILE[key]
    text = dialog.words("dialog")
    assert "5 of 7 children are still missing." in text
    assert "Children that end later get -1 instead of what remains" in text
    assert "the parent is never told" in text
    after = visitor.press(dialog, dialog.soup.select("dialog .dialog-foot button")[-1], script=script)
    assert after.toast().startswith("Deleted counter")
    assert snapshot(redis, b"cc:" + raw(key)) == {}
    assert {name: snapshot(redis, b"cc:" + raw(name)) for name in others} == others
    if script:
        assert after.targets() == ["child-states", "children-head", "children", "foot", "dialog"]
    else:
        assert after.path == "/children"
    assert HOSTILE[key] not in [words(head) for head in after.soup.select("th[scope=row]")]


@pytest.mark.parametrize("path", ["/children/remove/confirm", "/children/remove"])
@pytest.mark.parametrize("script", [True, False], ids=["script", "plain"])
def test_a_counter_that_is_gone_says_so(visitor: Browser, path: str, script: bool) -> None:
    page = visitor.post(path, {"key": "gone", "back": "/children"}, script=script)
    assert page.status == 200
    assert page.toast().startswith("Counter gone is gone already")
    assert "Nothing was changed." in page.toast()


@pytest.mark.parametrize("path", ["/children/remove/confirm", "/children/remove"])
@pytest.mark.parametrize("value", ["", "~", "a b", "~%%", to_token("a{b"), to_token("a}b"), to_token("x" * 513)])
def test_what_is_no_key_is_a_400(visitor: Browser, path: str, value: str) -> None:
    assert visitor.post(path, {"key": value}).status == 400


def test_read_only_draws_no_button_and_deletes_nothing(client: OmniqClient, redis: Any) -> None:
    write(redis, "a", 3)
    find(client)
    visitor = browser(client, read_only=True)
    page = visitor.get("/children")
    assert page.heads() == HEADS
    assert page.soup.select("tbody button, form[method=post]#row") == []
    for path in ("/children/remove/confirm", "/children/remove"):
        assert visitor.post(path, {"key": "a"}).status == 403
    assert redis.get("{cc:a}:count") == b"3"


def test_access_is_asked_without_a_queue(client: OmniqClient, redis: Any) -> None:
    asked: set[tuple[str, str | None]] = set()

    def access(_request: Request, action: str, queue: str | None) -> Decision:
        asked.add((action, queue))
        return Deny("No.") if action in ("remove", "repair") else Allow()

    write(redis, "a", 3)
    find(client)
    visitor = browser(client, access=access)
    assert visitor.get("/children").heads()[-1] == "Last change"
    assert visitor.post("/children/remove", {"key": "a"}).status == 403
    assert asked == {("read", None), ("remove", None), ("repair", None), ("see_activity", None)}
