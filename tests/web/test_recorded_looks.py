"""What is looked at and may not be, and each file that is taken away, stand in the record."""

from __future__ import annotations

import pytest
from redis.exceptions import ReadOnlyError

from dashboard import Allow, Deny, recording
from dashboard.file_words import file_entry, look_entry
from dashboard.refusals import SAME_MS
from omniq_core import Activity, OmniqClient, note_activity
from tests.operator.bulk import begin
from tests.support.factories import fail_jobs
from tests.web.pages_support import NOW, QUEUE, Browser, pages_app
from tests.web.test_recorded_refusals import kept, somebody

FAILED = f"/queues/{QUEUE}/failed"
EXPORT = f"{FAILED}/export"


def words(client: OmniqClient, query: str = "") -> list[str]:
    page = Browser(pages_app(client)).get(f"/activity{query}")
    return [" ".join(cell.get_text(" ", strip=True).split()) for cell in page.soup.select("main table tbody tr")]


def test_a_look_that_is_refused(client: OmniqClient) -> None:
    visitor = somebody(client, access=lambda _request, _action, queue: Deny("Not yours.") if queue else Allow())
    visitor.get(FAILED, 403)
    (entry,) = kept(client)
    assert (entry.who, entry.address, entry.queue, entry.at_ms) == ("ana", "10.0.0.7", QUEUE, NOW)
    assert (entry.action, entry.state, entry.why, entry.facts) == ("look", "refused", "Not yours.", {"right": "read"})
    (row,) = words(client, "?action=look")
    assert "Look at a page" in row and "Refused" in row


def test_only_to_queues_and_tasks_that_are_there_is_a_link(client: OmniqClient) -> None:
    visitor = somebody(client, access=lambda _request, _action, queue: Deny() if queue else Allow())
    for queue in (QUEUE, "no-such"):
        visitor.get(f"/queues/{queue}/failed", 403)
        facts = {"task": "a" * 16}
        note_activity(client.link, Activity(NOW, "retry", "ended", queue=queue, jobs=1, done=1, facts=facts))
    fail_jobs(client, QUEUE, 1, now_ms=NOW)
    begin(client.link, QUEUE, "retry", "failed", now_ms=NOW)  # its id is that one
    page = Browser(pages_app(client)).get("/activity")
    places = [a["href"] for a in page.soup.select("#activity td a")]
    assert places == [f"/queues/{QUEUE}/", f"/queues/{QUEUE}/tasks/{'a' * 16}", f"/queues/{QUEUE}/"]
    assert [row[3] for row in page.rows("activity")] == ["no-such", "no-such", QUEUE, QUEUE]
    for entry, link in zip(page.soup.select("#activity th a"), ([], [], places[:2], places[:1]), strict=True):
        facts_of = Browser(pages_app(client)).get(entry["href"]).soup.select("dl.facts a")
        assert [a["href"] for a in facts_of] == link


def test_an_open_page_that_asks_again_writes_no_more(client: OmniqClient) -> None:
    now = [NOW]
    visitor = somebody(client, access=lambda *_: Deny(), clock=lambda: now[0])
    for _ in range(5):
        visitor.get(f"{FAILED}?live=1", 403)
    assert len(kept(client)) == 1
    now[0] += SAME_MS - 1
    visitor.get(FAILED, 403)
    assert len(kept(client)) == 1
    now[0] += 1
    visitor.get(FAILED, 403)
    assert len(kept(client)) == 2


def test_looks_at_queue_after_queue_do_not_fill_it(client: OmniqClient) -> None:
    visitor = somebody(client, access=lambda *_: Deny())
    for n in range(70):
        visitor.get(f"/queues/q{n}/pause/confirm", 403)
    assert len(kept(client)) == 60


def test_an_export_that_is_refused(client: OmniqClient) -> None:
    fail_jobs(client, QUEUE, 1, now_ms=NOW)
    may = ("read", "export")
    visitor = somebody(client, access=lambda _request, action, _queue: Allow() if action in may else Deny())
    visitor.get(f"{EXPORT}?payloads=1", 403)
    (entry,) = kept(client)
    assert (entry.action, entry.state, entry.queue) == ("export", "refused", QUEUE)
    assert entry.why == "You may not read the payloads of this queue."


def test_an_export_that_is_served(client: OmniqClient) -> None:
    fail_jobs(client, QUEUE, 1, now_ms=NOW, payload={"user": {"email": "zoe@example.com"}})
    visitor = somebody(client)
    visitor.get(f"{EXPORT}?format=csv&payloads=1&prefix=job&payload=user.email:zoe@example.com")
    visitor.get(EXPORT)
    plain, filtered = kept(client)
    assert (filtered.who, filtered.action, filtered.state, filtered.queue) == ("ana", "export", "done", QUEUE)
    assert (filtered.lane, filtered.facts) == ("failed", {"format": "csv", "payloads": "1"})
    assert filtered.filter == {"prefix": "job", "payload": "user.email:zoe@…"}
    assert (plain.filter, plain.facts) == ({}, {"format": "jsonl"})
    first, second = words(client, "?action=export")
    assert "Exported failed jobs as JSON lines" in first and "payloads" not in first
    assert "Exported matching failed jobs as CSV, with payloads" in second


def test_a_payload_and_the_record_itself_as_files(client: OmniqClient) -> None:
    fail_jobs(client, QUEUE, ["a"], now_ms=NOW)
    visitor = somebody(client)
    visitor.get(f"/queues/{QUEUE}/jobs/a/payload")
    exported = visitor.get("/activity/export").text
    assert '"action": "export"' in exported or '"action":"export"' in exported
    both = [row for row in words(client) if "Exported" in row]
    assert "Exported the activity" in both[0] and "Exported the payload of job a" in both[1]


def test_a_redis_that_takes_no_writes_serves_the_export(client: OmniqClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> str:
        raise ReadOnlyError("You can't write against a read only replica.")

    fail_jobs(client, QUEUE, 1, now_ms=NOW)
    monkeypatch.setattr(recording, "note_activity", refuse)
    assert '"job-' in somebody(client).get(EXPORT).text


def test_a_dashboard_that_only_looks_writes_nothing(client: OmniqClient) -> None:
    fail_jobs(client, QUEUE, 1, now_ms=NOW)
    somebody(client, read_only=True).get(EXPORT)
    somebody(client, read_only=True, access=lambda *_: Deny()).get(FAILED, 403)
    assert kept(client) == ()


def test_the_words_of_a_look_show_what_is_hostile_as_text(client: OmniqClient) -> None:
    hostile = Activity(NOW, "export", "done", lane="<b>\n", facts={"format": "\x1b", "right": "\x00"})
    assert "\n" not in file_entry(hostile) and "\x1b" not in file_entry(hostile)
    assert "\x00" not in look_entry(hostile)


def test_what_is_hidden_since_is_hidden_in_what_was_exported_before(client: OmniqClient) -> None:
    fail_jobs(client, QUEUE, 1, now_ms=NOW, payload={"card": "4111-1111"}, error="CardError: card 4111-1111 is blocked")
    before = somebody(client)
    before.get(f"{EXPORT}?payload=card:4111-1111&q=4111-1111+is+blocked")
    before.get(f"{EXPORT}?q=CardError%3A+card+4111-1111")
    open_page = Browser(pages_app(client)).get("/activity?action=export")
    assert "4111-1111 is blocked" in open_page.words()
    after = Browser(pages_app(client, redact=["card"]))
    for path in ("/activity?action=export", f"/activity/{kept(client)[0].entry_id}", "/activity/export?action=export"):
        answer = after.http.get(path)
        assert answer.status_code == 200 and "4111" not in answer.text and "blocked" not in answer.text
    listed = after.get("/activity?action=export").words()
    assert listed.count("Exported matching failed jobs as JSON lines") == 2
    # By its type alone an error can still be looked for, and the file says so.
    after.get(f"{EXPORT}?q=CardError", 200)
    assert '"q": "CardError"' in after.http.get("/activity/export?action=export").text


def test_a_search_that_redact_refuses_tells_no_value_either(client: OmniqClient) -> None:
    fail_jobs(client, QUEUE, 1, now_ms=NOW, payload={"card": "4111-1111"})
    visitor = somebody(client, redact=["card"])
    visitor.get(f"{EXPORT}?payload=card:4111-1111", 403)
    assert "4111" not in str(kept(client))
