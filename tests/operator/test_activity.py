"""The record of what operators did: what comes back, in which order, how far back; and rubbish in its place."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

import pytest

from omniq_core import (
    Activity,
    ActivityPage,
    BadCursor,
    Filter,
    KindSelection,
    Matching,
    OmniqClient,
    WholeLane,
    every_activity,
    filter_facts,
    note_activity,
    one_activity,
    read_activity,
)
from omniq_core.operator import activity as record

NOW = 1_750_000_000_000
KEY = "{omniq:x}:activity"
HOSTILE = "<b>\"]]'\\ \x00\u202e🔥 {0} %s\n\udcff"


def note(client: OmniqClient, n: int, **more: Any) -> str:
    return note_activity(client.link, Activity(NOW + n, "retry", "done", jobs=n, **more))


def jobs(page: ActivityPage) -> list[int | None]:
    return [entry.jobs for entry in page.entries]


def read(client: OmniqClient, size: int = 10, **where: Any) -> ActivityPage:
    where = {"keep": lambda _entry: True, **where}
    return read_activity(client.link, size=size, **where)


def test_an_entry_comes_back_as_it_was(client: OmniqClient) -> None:
    entry = Activity(
        NOW, "retry", "done", who=HOSTILE, address="10.0.0.7", queue="mail", lane="failed", jobs=402,
        ids=(HOSTILE, "b", "c"), filter={"q": HOSTILE, "since_ms": "17"}, facts={"reason": HOSTILE, "task": "ab"},
        done=390, skipped={"NOT_FAILED": 12}, why=HOSTILE,
    )  # fmt: skip
    entry_id = note_activity(client.link, entry)
    assert read(client).entries == (replace(entry, entry_id=entry_id),)
    assert one_activity(client.link, entry_id) == replace(entry, entry_id=entry_id)
    assert note_activity(client.link, Activity(NOW, "pause", "begun")) != entry_id
    assert read(client).entries[0] == Activity(NOW, "pause", "begun", entry_id=read(client).newest)


def test_no_text_is_longer_than_200_characters(client: OmniqClient) -> None:
    long = "é" * 5_000
    note(client, 1, who=long, why=long, ids=(long,) * 9, facts={"reason": long}, filter={"q": long})
    entry = read(client).entries[0]
    cut = long[:200]
    assert (entry.who, entry.why, entry.ids, entry.facts, entry.filter) == (
        cut, cut, (cut,) * 3, {"reason": cut}, {"q": cut},
    )  # fmt: skip


def test_a_result_takes_the_place_of_what_was_begun(client: OmniqClient, redis: Any) -> None:
    note(client, 1)
    begun = note_activity(client.link, Activity(NOW, "retry", "begun", jobs=2))
    note(client, 3)
    note_activity(client.link, Activity(NOW, "retry", "done", jobs=4), instead_of=begun)
    assert jobs(read(client)) == [4, 3, 1]
    assert one_activity(client.link, begun) is None
    assert redis.xlen(KEY) == 3


ROOMS: tuple[tuple[str, Any], ...] = (("retry", "done"), ("retry", "refused"), ("export", "done"))


@pytest.mark.parametrize("rooms", [1, 3])
def test_pages_go_both_ways_and_meet_at_the_ends(client: OmniqClient, rooms: int) -> None:
    """Wherever entries are kept: changes, refusals, and what changes nothing."""
    noted = [Activity(NOW, *ROOMS[n % rooms], jobs=n) for n in range(1, 8)]
    ids = [note_activity(client.link, entry) for entry in noted]
    assert len(set(ids)) == 7
    first = read(client, 3)
    assert (jobs(first), first.newest, first.further) == ([7, 6, 5], ids[6], ids[4])
    second = read(client, 3, before=first.further)
    assert (jobs(second), second.newest, second.further) == ([4, 3, 2], ids[6], ids[1])
    last = read(client, 3, before=second.further)
    assert (jobs(last), last.further) == ([1], "")
    back = read(client, 3, after=ids[0])
    assert (jobs(back), back.further) == ([4, 3, 2], ids[3])
    front = read(client, 3, after=back.further)
    assert (jobs(front), front.further) == ([7, 6, 5], "")
    assert jobs(read(client, 3, after=ids[6])) == []
    assert [entry.jobs for entry in every_activity(client.link, keep=lambda entry: entry.jobs != 3)] == [
        7, 6, 5, 4, 2, 1,
    ]  # fmt: skip


@pytest.mark.parametrize("place", ["1", "x", "-", "+", "1-", "1-1 ", "(1-1", "1" * 17 + "-0", "1-" + "1" * 11])
def test_what_is_no_place(client: OmniqClient, place: str) -> None:
    note(client, 1)
    with pytest.raises(BadCursor):
        read(client, before=place)
    with pytest.raises(BadCursor):
        read(client, after=place)
    assert one_activity(client.link, place) is None


def test_one_answer_reads_so_much_and_says_where_to_go_on(client: OmniqClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(record, "PIECE", 4)
    for n in range(40):
        note(client, n)
    before, found, at = client.link.round_trips, [], ""
    while True:
        page = read(client, 2, before=at, keep=lambda entry: entry.jobs in (38, 35, 2))
        found.append(jobs(page))
        at = page.further
        if not at:
            break
    assert found == [[38, 35], [], [], [2]]  # of 3 + 4 + 4 entries each: from 39, 28, 17 and 6 down
    assert client.link.round_trips - before == 4 * 3


def test_rubbish_is_left_out(client: OmniqClient, redis: Any) -> None:
    note(client, 1)
    good = '{"v":1,"at":5,"action":"retry","state":"done"}'
    for text in ("", "{", "[]", "null", '{"v":2,"at":5,"action":"retry","state":"done"}', "\xff", "[" * 100_000):
        redis.xadd(KEY, {"e": text})
    for broken in ('"at":"5"', '"at":true', '"state":"odd"', '"state":[]'):
        redis.xadd(KEY, {"e": good[:-1] + "," + broken + "}"})
    redis.xadd(KEY, {"other": "field", "more": "x"})
    for odd in ('"ids":[1,"a"]', '"ids":5', '"filter":[]', '"facts":{"a":1}', '"done":"x"', '"skipped":{"a":true}'):
        redis.xadd(KEY, {"e": good[:-1] + "," + odd + "}"})
    entries = read(client, 100).entries
    assert [entry.at_ms for entry in entries] == [5] * 6 + [NOW + 1]
    assert [entry.ids for entry in entries if entry.ids] == [("a",)]
    assert {(*entry.facts, *entry.filter, *entry.skipped, entry.done) for entry in entries} == {(None,)}


def test_a_key_of_another_type_is_cleared_away(client: OmniqClient, redis: Any) -> None:
    redis.set(KEY, "x")
    assert (read(client).entries, read(client).newest) == ((), "")
    note(client, 1)
    assert jobs(read(client)) == [1]


def test_it_is_bounded_by_number_and_by_age(client: OmniqClient, redis: Any) -> None:
    pipe = redis.pipeline(transaction=False)
    for n in range(1, 301):  # as if long ago
        pipe.xadd(KEY, {"e": "{}"}, id=f"{n}-0")
        pipe.xadd(f"{KEY}:refused", {"e": "{}"}, id=f"{n}-0")
    pipe.execute()
    note(client, 1)
    assert (redis.xlen(KEY), redis.xlen(f"{KEY}:refused")) == (1, 0)
    server_ms = int(redis.time()[0]) * 1_000
    pipe = redis.pipeline(transaction=False)
    for n in range(10_150):
        pipe.xadd(KEY, {"e": "{}"}, id=f"{server_ms + 5_000}-{n}")
    pipe.execute()
    note(client, 2)
    assert 10_000 <= redis.xlen(KEY) <= 10_100
    assert 0 < redis.pttl(KEY) <= record.KEPT_MS


def test_neither_refusals_nor_files_push_a_change_out(
    client: OmniqClient, redis: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(record, "ROOMS", tuple((name, 100) for name, _ in record.ROOMS))
    changed = note(client, 1)
    for action, state in (("remove", "refused"), ("export", "done")):
        for _ in range(210):
            note_activity(client.link, Activity(NOW, action, cast(Any, state), jobs=2))
    found = read(client, 1_000).entries
    assert len(found) <= 401 and found[-1] == one_activity(client.link, changed)
    # A clock was ahead when one of the keys was written: what comes later stands later all the same.
    redis.xadd(f"{KEY}:refused", {"e": "{}"}, id="1999999999999-4")
    assert note(client, 3) == "1999999999999-5"
    assert jobs(read(client, 2)) == [3, 2]


def test_what_a_selection_asks_without_the_values_of_payloads() -> None:
    asked = Filter("Timeout", "acme", "01", since_ms=17, payload="user.email:zoe@example.com", due_by_ms=5)
    texts = {"q": "Timeout", "group": "acme", "prefix": "01", "payload": "user.email:zoe@…"}
    assert filter_facts(Matching(asked)) == {**texts, "since_ms": "17", "due_by_ms": "5"}
    assert filter_facts(Matching(Filter(payload="a: 1234 "))) == {"payload": "a:1234"}
    assert filter_facts(Matching(Filter(payload="pin=12345"))) == {"payload": "pin=1234…"}
    assert filter_facts(Matching(Filter(payload="user.email"))) == {"payload": "user.email"}
    assert filter_facts(KindSelection("ab", "TimeoutError")) == {"kind": "TimeoutError"}
    assert filter_facts(WholeLane()) == filter_facts(None) == {}
