"""Lua with one thing wrong: what somebody could break, and which kinds of tests must notice."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest

from omniq_core import scripts
from tests.contract import (
    test_children,
    test_deviations,
    test_leases,
    test_publish,
    test_publish_many,
    test_remove,
    test_reserve,
    test_retry,
    test_sweeps,
)
from tests.contract.pair import Pair
from tests.core import test_trash
from tests.support.invariants import check_invariants

Test = Callable[[Pair], object]
WALK, MIXED, MACHINE = "walk beside the reference", "walk on one queue", "state machine"
ALL = (WALK, MIXED, MACHINE)
# Without the reference beside it nobody can tell these by looking at one moment of a queue.
COMPARED = (WALK, MACHINE)


@dataclass(frozen=True)
class Spoil:
    """In `file` (without .lua) `right` becomes `wrong`; `test` and the kinds of random tests in `seen_by` must fail."""

    name: str
    file: str
    right: str
    wrong: str
    test: Test
    seen_by: tuple[str, ...] = field(default=ALL)


def _a_delayed_one(pair: Pair) -> None:
    test_trash.test_a_job_of_each_lane_comes_back_as_it_was(pair.client, pair.redis, "delayed")
    check_invariants(pair.redis)


def _twice(pair: Pair) -> None:
    test_trash.test_restoring_twice_changes_nothing_the_second_time(pair.client, pair.redis)


SPOILS = [
    Spoil("a counter forgotten", "lib/lanes", 'count("waiting", 1)', "", test_publish.test_delayed_publishes),
    Spoil(
        "last in, first out",
        "lib/lanes",
        'redis.call("RPUSH", key("wait"), id)',
        'redis.call("LPUSH", key("wait"), id)',
        test_reserve.test_lanes_take_turns_and_groups_come_in_the_order_they_became_ready,
        COMPARED,
    ),
    Spoil(
        "an index left behind",
        "lib/leases",
        'redis.call("ZREM", key("idx:active"), id)',
        "",
        test_leases.test_groups_get_their_place_back,
    ),
    Spoil(
        "attempts that count double",
        "lib/reserving",
        "int(kept[3], 0) + 1",
        "int(kept[3], 0) + 2",
        lambda pair: test_reserve.test_attempts_count_up_to_the_maximum(pair, 2),
        COMPARED,
    ),
    Spoil(
        "a lease that is too long",
        "lib/waiting",
        "tonumber(now) + (timeout",
        "tonumber(now) + 1 + (timeout",
        lambda pair: test_reserve.test_the_length_of_a_lease(pair, None, 1),
        COMPARED,
    ),
    Spoil(
        "room never given back",
        "lib/groups",
        '"inflight")), 0) - 1',
        '"inflight")), 0)',
        test_leases.test_groups_get_their_place_back,
    ),
    Spoil(
        "a group forgotten when it has room again",
        "lib/groups",
        "text(inflight > 0 and inflight or 0))\n  ready_if_due(gid, score)",
        "text(inflight > 0 and inflight or 0))",
        test_leases.test_groups_get_their_place_back,
    ),
    Spoil(
        "one job too many in a group",
        "lib/groups",
        "1 or limit, fault",
        "1 or limit + 1, fault",
        test_leases.test_groups_get_their_place_back,
    ),
    Spoil(
        "a retry that keeps the attempts",
        "lib/retrying",
        '"attempt", "0", ',
        "",
        test_retry.test_a_retried_job_starts_afresh,
        COMPARED,
    ),
    Spoil(
        "no backoff",
        "lib/leases",
        "tonumber(now) + backoff",
        "tonumber(now)",
        lambda pair: test_leases.test_when_the_next_attempt_is_due(pair, 1, None),
        COMPARED,
    ),
    Spoil(
        "an attempt too many",
        "lib/leases",
        "attempt >= max_attempts",
        "attempt > max_attempts",
        lambda pair: test_reserve.test_attempts_count_up_to_the_maximum(pair, 1),
        COMPARED,
    ),
    Spoil(
        "promoted before its time",
        "promote_delayed",
        '"-inf", now, "LIMIT"',
        '"-inf", "+inf", "LIMIT"',
        test_sweeps.test_a_job_due_this_very_millisecond_is_due,
        COMPARED,
    ),
    Spoil(
        "a pause without effect",
        "lib/reserving",
        'then return { "PAUSED" } end',
        "then local ignored end",
        test_reserve.test_pausing_stops_reserves_only,
        COMPARED,
    ),
    Spoil(
        "no turns between lanes",
        "lib/reserving",
        'groups_first and "1" or "0"',
        '"0"',
        test_reserve.test_lanes_take_turns_and_groups_come_in_the_order_they_became_ready,
        COMPARED,
    ),
    Spoil(
        "an emptied group still ready",
        "lib/removing",
        'for gid in pairs(groups) do settle_ready(gid, "0") end',
        "",
        test_remove.test_a_group_leaves_ready_with_its_last_waiting_job,
    ),
    Spoil(
        "a removal that keeps the payload",
        "lib/removing",
        'redis.call("UNLINK", unpack(jobs))',
        "",
        lambda pair: test_remove.test_each_removal_takes_exactly_that_job(pair, "OK"),
    ),
    Spoil(
        "too many completed jobs",
        "lib/completing",
        "KEEP, TRIM_AT_ONCE = 100",
        "KEEP, TRIM_AT_ONCE = 101",
        test_leases.test_the_newest_hundred_completed_are_kept,
        (WALK, MIXED),
    ),
    Spoil(
        "a child that counts twice",
        "child_ack",
        'redis.call("SADD", key("done"), ARGV[1]) == 0',
        'redis.call("SADD", key("done"), ARGV[1]) == 2',
        lambda pair: test_children.test_a_counter_from_start_to_end_and_again(
            test_children.Counters(pair.client, pair.reference, pair.redis)
        ),
        COMPARED,
    ),
    Spoil(
        "an id published twice",
        "lib/publishing",
        'if state == "wait" or',
        'if state == "unknown" or',
        lambda pair: test_publish_many.test_ids_that_stand_in_any_lane_are_answered_as_one_by_one(
            pair.client, pair.redis, pair.clock
        ),
        (MIXED, MACHINE),
    ),
    Spoil(
        "a heartbeat that runs away",
        "heartbeat",
        "if current > lock then lock = current end",
        "lock = current + timeout",
        test_deviations.test_deviation_01_a_heartbeat_does_not_run_away,
        (MACHINE,),
    ),
    Spoil(
        "an ack that is forgotten",
        "lib/completing",
        ', "x_ack", token .. "|OK")',
        ")",
        lambda pair: test_deviations.test_deviation_14_the_same_ack_again_answers_the_same_and_changes_nothing(
            pair.client, pair.redis
        ),
        (MACHINE,),
    ),
    Spoil(
        "a removal to the trash that leaves the record",
        "lib/trash",
        '"RENAME", record',
        '"COPY", record',
        _a_delayed_one,
        (MACHINE,),
    ),
    Spoil(
        "a restore that still expires",
        "lib/restoring",
        'redis.call("PERSIST", job_key(id))',
        "",
        _a_delayed_one,
        (MACHINE,),
    ),
    Spoil(
        "a restore that is not counted", "lib/restoring", 'count("delayed", #dues / 2)', "", _a_delayed_one, (MACHINE,)
    ),
    Spoil("a restore with another score", "lib/restoring", "] = score, id", "] = now, id", _a_delayed_one, (MACHINE,)),
    Spoil("a restore done twice", "lib/restoring", 'if by ~= "-" then', "if false then", _twice, (MACHINE,)),
    Spoil(
        "a group forgotten by a restore",
        "lib/restoring",
        'if gid ~= "" then ready_if_due(gid, now) end',
        "",
        lambda pair: test_trash.test_a_group_is_ready_again_from_now_on_and_one_without_room_is_not(
            pair.client, pair.redis
        ),
        (MACHINE,),
    ),
]


@contextmanager
def spoiled(spoil: Spoil) -> Iterator[None]:
    """While it lasts scripts are loaded with the fault; the files stay as they are.

    Raises LookupError when the text to spoil is not there any more: say it anew.
    """
    read, changed = scripts._read, 0

    def read_spoiled(path: str) -> str:
        nonlocal changed
        text = read(path)
        if path != f"lua/{spoil.file}.lua":
            return text
        if text.count(spoil.right) != 1:
            raise LookupError(f"{spoil.file}.lua has no longer, or no longer once, what is spoiled: {spoil.right}")
        changed += 1
        return text.replace(spoil.right, spoil.wrong)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scripts, "_read", read_spoiled)
        scripts.script.cache_clear()
        try:
            yield
        finally:
            scripts.script.cache_clear()
    if not changed:
        raise LookupError(f"nothing loaded {spoil.file}.lua")
