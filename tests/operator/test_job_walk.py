"""A walk through a list meets all that stand there all the while, whatever workers push, take and remove."""

from __future__ import annotations

import random
from typing import Any

import pytest

from omniq_core import OmniqClient
from omniq_core.operator.job_walk import IdSet, ListWalk, Work, walk_lists
from tests.core.long_lane import fill

T = 1_750_000_000_000


def read(held: list[bytes], first: int, last: int) -> list[bytes]:
    """LRANGE."""
    low = max(first + len(held), 0) if first < 0 else first
    high = last + len(held) if last < 0 else last
    return held[low : high + 1] if high >= 0 else []


def walk(held: list[bytes], from_tail: bool, rng: random.Random, change: Any) -> tuple[set[bytes], int]:
    one, met, windows = ListWalk(b"wait", from_tail), set[bytes](), 0
    while not one.done:
        ids = read(held, *one.window(rng.choice((20, 45, 100))))
        if from_tail:
            ids.reverse()
        fresh = one.accept(ids)
        for at in range(fresh, len(ids)):
            assert read(held, one.place(at), one.place(at)) == [ids[at]]
        met.update(ids[fresh:])
        windows += 1
        change(held)
    return met, windows


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("from_tail", [True, False])
def test_who_stays_is_met(seed: int, from_tail: bool) -> None:
    rng = random.Random(seed)
    held = [b"%d" % n for n in range(rng.choice((0, 1, 33, 700, 2_000)))]
    stayed, fresh = set(held), iter(range(10**6, 10**7))

    def change(ids: list[bytes]) -> None:
        for _ in range(rng.randrange(15)):
            ids.insert(len(ids) if from_tail else 0, b"%d" % next(fresh))
        for _ in range(rng.randrange(8)):
            if ids:
                stayed.discard(ids.pop(0 if from_tail else -1))
        for _ in range(rng.choice((0, 0, 60))):
            if ids:  # behind the walk, where it has been already
                near = rng.randrange(min(len(ids), 200))
                stayed.discard(ids.pop(len(ids) - 1 - near if from_tail else near))

    met, _ = walk(held, from_tail, rng, change)
    assert stayed <= met


@pytest.mark.parametrize("from_tail", [True, False])
def test_nobody_is_met_twice_while_a_list_only_grows_and_is_worked_off(from_tail: bool) -> None:
    held, rng = [b"%d" % n for n in range(1_000)], random.Random(1)
    fresh = iter(range(10**6, 10**7))

    def change(ids: list[bytes]) -> None:
        for _ in range(7):
            ids.insert(len(ids) if from_tail else 0, b"%d" % next(fresh))
            ids.pop(0 if from_tail else -1)

    one, met = ListWalk(b"wait", from_tail), list[bytes]()
    while not one.done:
        ids = read(held, *one.window(rng.choice((20, 45, 100))))
        if from_tail:
            ids.reverse()
        met += ids[one.accept(ids) :]
        change(held)
    assert len(met) == len(set(met))


def test_a_list_that_is_emptied_behind_the_walk_ends_it() -> None:
    held = [b"%d" % n for n in range(500)]
    _, windows = walk(held, True, random.Random(1), lambda ids: ids.clear())
    assert windows <= 4


def test_many_short_lists_are_read_by_few_scripts(client: OmniqClient, redis: Any) -> None:
    groups = [f"g{n}" for n in range(60)]
    for gid in groups:
        fill(redis, "wait", [f"{gid}-1", f"{gid}-2"], lambda n: T + n, gid=gid)
    before = client.link.round_trips
    lists = [b"g:%s:wait" % gid.encode() for gid in groups]
    windows = [one for step in walk_lists(client.link, "q", lists, Work(), judged=True) for one in step]
    assert client.link.round_trips - before <= 10
    assert [one.suffix for one in windows] == lists
    assert all(len(one.ids) == 2 and not one.odd for one in windows)
    assert windows[0].places == [-1, -2] and windows[0].ids == [b"g0-2", b"g0-1"]


def test_many_long_lists_cost_a_script_no_more_than_a_few(client: OmniqClient, redis: Any, monkeypatch: Any) -> None:
    groups = [f"g{n}" for n in range(30)]
    for gid in groups:
        fill(redis, "wait", [f"{gid}-{n}" for n in range(90)], lambda n: T + n, gid=gid)
    read_by_script: list[int] = []
    run_timed = client.link.run_timed

    def run(script: Any, anchor: bytes, *args: Any) -> Any:
        read_by_script.append(sum(last - first + 1 for first, last in zip(args[2::3], args[3::3], strict=True)))
        return run_timed(script, anchor, *args)[0], 0.001

    monkeypatch.setattr(client.link, "run_timed", run)
    work = Work()
    monkeypatch.setattr(work, "after", lambda _: None)
    lists = [b"g:%s:wait" % gid.encode() for gid in groups]
    windows = [one for step in walk_lists(client.link, "q", lists, work, judged=True) for one in step]
    assert sum(len(one.ids) for one in windows) == 2_700
    assert max(read_by_script) <= work.size == 200


def test_ids_are_remembered_by_their_digests() -> None:
    known = IdSet()
    ids = [b"job-%d" % n for n in range(3_000)]
    known.add(ids)
    assert all(one in known for one in ids)
    assert b"job-3000" not in known
    assert known.doubled() == set()
    known.add(ids[7:9])
    assert known.doubled() == {hash(ids[7]), hash(ids[8])}
