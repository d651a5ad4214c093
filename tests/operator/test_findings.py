"""Findings as they stand in Redis: written whole, read back as they were, bounded."""

from __future__ import annotations

import pytest

from omniq_core import Link
from omniq_core.operator import findings
from omniq_core.operator.findings import FINDING_KINDS, Finding, findings_commands, findings_key, read_findings


@pytest.fixture
def link(client):
    return Link(client.ops.r, owned=False)


def put(link, queue, found) -> None:
    replies = link.pipeline(findings_commands(queue, found))
    assert [reply for reply in replies if isinstance(reply, Exception)] == []


def test_a_finding_comes_back_with_every_byte_of_its_ids(link, redis) -> None:
    wild = Finding("two_lanes", "orders", "a\udcff:b", {"lanes": [["wait", -1], ["g:\udcfe:wait", 3]], "state": "wait"})
    put(link, "orders", [wild])
    assert redis.hkeys(b"{orders}:x:check:two_lanes") == [b"a\xff:b"]
    assert read_findings(link, "orders", "two_lanes", 10) == (wild,)
    assert read_findings(link, "orders", "states", 10) == ()


def test_a_check_takes_the_place_of_the_one_before_in_all_kinds(link, redis) -> None:
    put(link, "orders", [Finding(kind, "orders", "old", {"found": 1}) for kind in FINDING_KINDS])
    put(link, "orders", [Finding("counters", "orders", "waiting", {"stored": 4, "found": 3})])
    assert sorted(redis.keys(b"{orders}:x:check:*")) == [b"{orders}:x:check:counters"]
    assert redis.hgetall(b"{orders}:x:check:counters") == {b"waiting": b'{"stored":4,"found":3}'}
    assert 86_000_000 < redis.pttl(findings_key("orders", "counters")) <= 86_400_000


def test_what_is_kept_and_what_is_read_is_bounded(link, redis, monkeypatch) -> None:
    monkeypatch.setattr(findings, "MOST_FINDINGS", 1_200)
    put(link, "orders", [Finding("ghosts", "orders", f"job-{n}", {"gid": ""}) for n in range(1_500)])
    assert redis.hlen(b"{orders}:x:check:ghosts") == 1_200
    assert len(read_findings(link, "orders", "ghosts", 7)) == 7
    assert len({one.subject for one in read_findings(link, "orders", "ghosts", 2_000)}) == 1_200


def test_an_entry_that_cannot_be_read_is_left_out(link, redis) -> None:
    redis.hset(b"{orders}:x:check:types", mapping={b"stats": b"not json", b"wait": b"[1]", b"failed": b"{}"})
    assert read_findings(link, "orders", "types", 10) == (Finding("types", "orders", "failed", {}),)
