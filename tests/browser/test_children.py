"""Child counters in the browser: deleting with hostile keys, live figures, the keyboard, axe, narrow windows."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from omniq_core import CounterChanges, Discovery, OmniqClient
from tests.browser.axe import both_themes
from tests.browser.desk import Desk, OpenDesk
from tests.browser.hostile import NAMES, raw_bytes
from tests.support.clock import Clock
from tests.support.watched_page import Complaints

KEYS = {key: shown for key, shown in NAMES.items() if "{" not in key} | {"x" * 128: "x" * 128}
"""The page asks every 5 s."""


def find(client: OmniqClient) -> None:
    discovery = Discovery(client.link)
    while not discovery.step(1_000):
        pass


def write(redis: Any, key: str, count: object, done: int = 0) -> None:
    redis.set(b"{cc:" + raw_bytes(key) + b"}:count", count)
    if done:
        redis.sadd(b"{cc:" + raw_bytes(key) + b"}:done", *range(done))


def left(redis: Any) -> set[bytes]:
    return {key.removeprefix(b"{cc:").removesuffix(b"}:count") for key in redis.scan_iter("{cc:*}:count")}


def shown(page: Page) -> list[str]:
    return page.locator("#children th").all_inner_texts()


def row(page: Page, key: str) -> Any:
    return page.locator("#children tr").filter(has=page.get_by_role("rowheader", name=key, exact=True))


def test_on_a_phone_the_last_change_is_not_cut(
    desk: OpenDesk, client: OmniqClient, redis: Any, page: Page, clock: Clock
) -> None:
    page.set_viewport_size({"width": 320, "height": 700})
    write(redis, "a", 8)
    find(client)
    CounterChanges(client.link, timer=lambda: 0.0).step(clock.now_ms, busy=True)
    clock.advance(59 * 60_000)
    desk().open("/children")
    cell = row(page, "a").locator("[data-label='Last change']")
    expect(cell).to_have_text("Found 59 min ago")
    assert cell.evaluate("cell => cell.scrollWidth - cell.clientWidth") == 0


@pytest.mark.parametrize("script", [True, False], ids=["script", "plain"])
def test_each_button_deletes_exactly_its_counter(
    request: pytest.FixtureRequest, desk: OpenDesk, client: OmniqClient, redis: Any, script: bool
) -> None:
    for key in KEYS:
        write(redis, key, 5, 2)
    find(client)
    d = desk(request.getfixturevalue("page" if script else "plain_page"))
    d.page.on("dialog", lambda dialog: pytest.fail(f"a script ran: {dialog.message}"))
    d.open("/children")
    assert sorted(shown(d.page)) == sorted(KEYS.values())
    there = {raw_bytes(key) for key in KEYS}
    for key, printed in KEYS.items():
        d.press(f"Delete counter {printed}")
        expect(d.dialog.locator(".quote")).to_have_text(printed)
        expect(d.dialog).to_contain_text("5 of 7 children are still missing.")
        assert left(redis) == there
        d.confirm("Delete this counter?", "Delete counter")
        expect(row(d.page, printed)).to_have_count(0)
        there.remove(raw_bytes(key))
        assert left(redis) == there
    expect(d.page.get_by_role("heading", name="No open counters")).to_be_visible()


@pytest.mark.parametrize("script", [True, False], ids=["script", "plain"])
def test_keeping_changes_nothing_and_one_that_ended_says_so(
    request: pytest.FixtureRequest, desk: OpenDesk, client: OmniqClient, redis: Any, script: bool
) -> None:
    client.childs_init(key="order", expected=2)
    find(client)
    d = desk(request.getfixturevalue("page" if script else "plain_page"))
    d.open("/children?sort=-key")
    d.press("Delete counter order")
    d.press("Keep counter")
    expect(d.dialog).to_have_count(0)
    assert redis.get("{cc:order}:count") == b"2"
    d.press("Delete counter order")
    expect(d.dialog).to_be_visible()
    for child in "ab":
        client.child_ack(key="order", child_id=child)
    d.confirm("Delete this counter?", "Delete counter")
    d.told("Counter order is gone already")
    expect(row(d.page, "order")).to_have_count(0)
    assert d.page.url.endswith("/children?sort=-key")


def tick(page: Page) -> None:
    """The pace of this page is 5 s, which pass at once."""
    with page.expect_response(lambda response: "live=1" in response.url):
        page.clock.run_for(5_000)


def test_figures_move_by_themselves_and_rows_stay_under_the_pointer(
    desk: OpenDesk, client: OmniqClient, redis: Any, page: Page
) -> None:
    write(redis, "a", 8, 2)
    write(redis, "b", 5, 5)
    write(redis, "c", 1, 9)
    find(client)
    page.clock.install()
    d = desk()
    d.open("/children?sort=progress")
    expect(row(page, "a")).to_contain_text("20%")
    for child in range(100, 107):
        client.child_ack(key="a", child_id=str(child))
    tick(page)
    expect(row(page, "a")).to_contain_text("90%")
    assert shown(page) == ["b", "a", "c"]
    expect(row(page, "a").get_by_role("progressbar")).to_have_js_property("value", 9)
    row(page, "b").hover()
    for child in range(100, 104):
        client.child_ack(key="b", child_id=str(child))
    client.child_ack(key="a", child_id="last")
    write(redis, "d", 5)
    find(client)
    tick(page)
    expect(row(page, "b")).to_contain_text("90%")
    expect(page.locator("#live")).to_contain_text("Held")
    assert shown(page) == ["b", "a", "c"]
    page.get_by_role("heading", level=1).hover()
    tick(page)
    expect(row(page, "d")).to_be_visible()
    assert shown(page) == ["d", "b", "c"]
    assert page.url.endswith("/children?sort=progress")


def test_filter_sort_and_pages_by_their_controls(desk: OpenDesk, client: OmniqClient, redis: Any, page: Page) -> None:
    for n in range(60):
        write(redis, f"import:{n:02}", n + 1)
    write(redis, "order", 1)
    find(client)
    d = desk()
    d.open("/")
    d.press("Child counters")
    page.get_by_role("searchbox", name="Filter by completion key").fill("IMPORT")
    page.keyboard.press("Enter")
    expect(page.locator("#child-states")).to_contain_text("All 60")
    d.press("Remaining")
    expect(page.locator("#children th").first).to_have_text("import:59")
    d.press("Next")
    expect(page.locator("#children th").first).to_have_text("import:09")
    assert len(shown(page)) == 10
    assert page.url.split("?")[1] == "key=IMPORT&sort=remaining&page=2"
    page.go_back()
    expect(page.locator("#children th").first).to_have_text("import:59")


def test_by_keys_alone(desk: OpenDesk, client: OmniqClient, redis: Any, page: Page) -> None:
    for key in ("a", "b", "c"):
        write(redis, key, 3)
    find(client)
    d = desk()
    d.open("/children")
    d.control("Delete counter b").focus()
    page.keyboard.press("#")
    d.focus_is("Keep counter")
    page.keyboard.press("Escape")
    d.focus_is("Delete counter b")
    page.keyboard.press("Enter")
    d.focus_is("Keep counter")
    page.keyboard.press("Tab")
    d.focus_is("Delete counter")
    page.keyboard.press("Enter")
    expect(row(page, "b")).to_have_count(0)
    d.focus_is("Delete counter c")
    assert left(redis) == {b"a", b"c"}


def test_j_and_the_hash_key_work_on_a_row(desk: OpenDesk, client: OmniqClient, redis: Any, page: Page) -> None:
    for key in ("a", "b"):
        write(redis, key, 5, 2)
    find(client)
    d = desk(page)
    d.open("/children")
    for key in ("j", "j", "#"):
        page.keyboard.press(key)
    expect(d.dialog.locator(".quote")).to_have_text("b")


@pytest.mark.parametrize("width", [pytest.param(1440, marks=pytest.mark.long), 390, 320])
def test_axe_and_the_width_of_the_window(
    desk: OpenDesk, client: OmniqClient, redis: Any, page: Page, complaints: Complaints, width: int
) -> None:
    complaints.allow("htmx:error: timeout")  # on a busy machine axe looks at fifty rows until a tick gives up
    page.set_viewport_size({"width": width, "height": 900})
    for key in KEYS:
        write(redis, key, 123_456_789_012, 3)
    for key, count in (("below", "-1"), ("text", "abc" * 10), ("none", ""), ("long", "9" * 5_000)):
        write(redis, key, count)
    redis.sadd("{cc:lost}:done", "a")
    redis.rpush("{cc:list}:count", "a")
    for n in range(60):
        write(redis, f"k{n}", n + 1, n)
    find(client)
    d = desk(env="production")
    d.open("/children?page=2")
    assert d.overflow <= 0
    for address in ("/children", "/children?key=nothing"):
        d.open(address)
        no_findings(d, address, width)
    if width == 320:
        redis.sadd(b"{cc:" + b"x" * 128 + b"}:done", *(raw_bytes(key) for key in KEYS))
        d.open("/children/" + "x" * 128 + "?child=a")
        expect(page.locator("#done tr")).to_have_count(3 + len(KEYS))
        no_findings(d, "one counter", width)
    d.open("/children?key=xxxx")
    d.press("Delete counter " + "x" * 128)
    expect(d.dialog).to_be_visible()
    no_findings(d, "dialog", width)
    d.press("Delete counter")
    d.told("Deleted counter xxx")
    no_findings(d, "message", width)


def no_findings(d: Desk, where: str, width: int) -> None:
    assert d.overflow <= 0, where
    if width != 390:  # drawn as at 320
        both_themes(d.page, where)
