"""A lane as a file: what stands in it, under which name, and that an incomplete one says so."""

from __future__ import annotations

import csv
import io
import json
import re
from typing import Any

import pytest

from dashboard.views import export as export_view
from omniq_core import OmniqClient
from omniq_core.operator import export as walk
from tests.support.factories import delay_jobs, fail_jobs, lease_jobs, publish_jobs
from tests.support.redis_server import RedisServer
from tests.web.pages_support import NOW, QUEUE, Browser, browser

FAILED = f"/queues/{QUEUE}/failed/export"
COLUMNS = (
    "id,state,group,attempt,max_attempts,created,queued,first_started,started,completed,failed,due,lease_until,updated,"
    "entered_lane,timeout_ms,backoff_ms,error,error_at,payload_bytes,note"
)


@pytest.fixture
def visitor(client: OmniqClient) -> Browser:
    return browser(client)


def lines(visitor: Browser, path: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in visitor.get(path).text.splitlines()]


def cells(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


def one_failure(client: OmniqClient) -> None:
    fail_jobs(
        client, QUEUE, ["a,1"], now_ms=NOW, gid="zoë", timeout_ms=2_000, backoff_ms=0, payload={"k": 'say "hi"'},
        error='ValueError: "no",\nreally',
    )  # fmt: skip


def test_a_job_as_a_json_line(client: OmniqClient, visitor: Browser) -> None:
    one_failure(client)
    page = visitor.get(f"{FAILED}?payloads=1")
    at = '"2025-06-15T15:06:40.000Z"'
    assert page.text == (
        '{"id":"a,1","state":"failed","group":"zo\\u00eb","attempt":1,"max_attempts":1,'
        f'"created":{at},"queued":{at},"first_started":{at},"started":{at},"completed":null,"failed":{at},"due":null,'
        f'"lease_until":null,"updated":{at},"entered_lane":{at},"timeout_ms":2000,"backoff_ms":0,'
        f'"error":"ValueError: \\"no\\",\\nreally","error_at":{at},"payload_bytes":18,"note":"",'
        '"payload":"{\\"k\\":\\"say \\\\\\"hi\\\\\\"\\"}"}\n'
    )
    assert page.headers["Content-Type"] == "application/x-ndjson"
    assert "payload" not in lines(visitor, FAILED)[0]


def test_a_job_as_a_row_of_csv(client: OmniqClient, visitor: Browser) -> None:
    one_failure(client)
    response = visitor.http.get(f"{FAILED}?format=csv&payloads=1")
    at = "2025-06-15T15:06:40.000Z"
    assert response.data.decode() == (
        f"{COLUMNS},payload\r\n"
        f'"a,1",failed,zoë,1,1,{at},{at},{at},{at},,{at},,,{at},{at},2000,0,'
        f'"ValueError: ""no"",\nreally",{at},18,,"{{""k"":""say \\""hi\\""""}}"\r\n'
    )
    assert response.headers["Content-Type"] == "text/csv; charset=utf-8"


@pytest.mark.parametrize("queue", [QUEUE, "..", "-rf.", "q" * 128])
@pytest.mark.parametrize(("asked", "ending"), [("", "jsonl"), ("format=csv", "csv")])
def test_the_file_has_a_name_that_is_none_but_a_name(
    client: OmniqClient, visitor: Browser, queue: str, asked: str, ending: str
) -> None:
    fail_jobs(client, queue, 1, now_ms=NOW)
    token = {"..": "~Li4"}.get(queue, queue)
    headers = visitor.get(f"/queues/{token}/failed/export?{asked}").headers
    assert headers["Content-Disposition"] == f'attachment; filename="omniq-{queue}-failed-20250615-150640.{ending}"'
    assert (headers["X-Content-Type-Options"], headers["Cache-Control"]) == ("nosniff", "no-store")
    assert "Content-Length" not in headers


@pytest.mark.parametrize("queue", ["a%0d%0aX-Evil:%201", "a%22;b", "%ff"])
def test_a_name_that_is_no_queues_becomes_no_files(client: OmniqClient, visitor: Browser, queue: str) -> None:
    page = visitor.get(f"/queues/{queue}/failed/export", 404)
    assert "X-Evil" not in page.headers and "Content-Disposition" not in page.headers


@pytest.mark.parametrize(
    ("error", "cell"),
    [
        ("=HYPERLINK(1)", "'=HYPERLINK(1)"),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@SUM(1)", "'@SUM(1)"),
        ("\t=1", "'\t=1"),
        ("\r=1", "'\r=1"),
        ("＝1", "'＝1"),
        ("'=1", "''=1"),
        ("a=1", "a=1"),
        ("a\x1b[31m\x00\u202e", "a‹U+001B›[31m‹U+0000›‹U+202E›"),
        ("a‹U+202E› ‹0xFF› ‹no›", "a‹U+2039›U+202E› ‹U+2039›0xFF› ‹no›"),
        ('"; DROP,\r\nTABLE', '"; DROP,\r\nTABLE'),
    ],
)
def test_no_cell_is_a_formula_and_every_cell_can_be_read_back(
    client: OmniqClient, visitor: Browser, error: str, cell: str
) -> None:
    fail_jobs(client, QUEUE, ["a"], now_ms=NOW, error=error)
    (row,) = cells(visitor.http.get(f"{FAILED}?format=csv").data.decode())
    assert row["error"] == cell
    back = cell.removeprefix("'") if cell.startswith("'") else cell
    assert re.sub("‹U[+]([0-9A-F]+)›", lambda m: chr(int(m[1], 16)), back) == error
    assert lines(visitor, FAILED)[0]["error"] == error


@pytest.mark.broken_data
def test_ids_groups_and_payloads_are_no_formulas_either_and_bytes_survive(
    client: OmniqClient, redis: Any, visitor: Browser
) -> None:
    fail_jobs(client, QUEUE, ["=a"], now_ms=NOW, gid="@g")
    redis.hset("{mail}:job:=a", "payload", b'-{"n":"\xff\xc3\xa9"}')
    redis.hset("{mail}:job:=a", "state", "=odd")
    (row,) = cells(visitor.http.get(f"{FAILED}?format=csv&payloads=1").data.decode())
    assert [row[name] for name in ("id", "group", "state", "payload")] == ["'=a", "'@g", "'=odd", '\'-{"n":"‹0xFF›é"}']
    (line,) = lines(visitor, f"{FAILED}?payloads=1")
    assert line["payload"].encode("utf-8", "surrogateescape") == b'-{"n":"\xff\xc3\xa9"}'


def test_filters_and_order_are_those_of_the_page(client: OmniqClient, visitor: Browser) -> None:
    fail_jobs(client, QUEUE, ["a1", "a2", "b1"], now_ms=NOW - 120_000, error=lambda n: "E: odd" if n % 2 else "E: even")
    fail_jobs(client, QUEUE, ["a3"], now_ms=NOW - 1_200_000, gid="G", payload={"user": {"id": 7}})

    def ids(query: str) -> list[str]:
        page = visitor.get(f"/queues/{QUEUE}/failed?{query}")
        found = [line["id"] for line in lines(visitor, f"{FAILED}?{query}")]
        assert found == page.job_ids()
        return found

    assert ids("") == ["b1", "a2", "a1", "a3"]
    assert ids("sort=-failed&prefix=a") == ["a3", "a1", "a2"]
    assert ids("q=ODD") == ["a2"]
    assert ids("group=G") == ids("payload=user.id:7") == ["a3"]
    assert ids("since=15m") == ["b1", "a2", "a1"]
    assert visitor.get(f"{FAILED}?q=nowhere").text == ""
    assert visitor.http.get(f"{FAILED}?q=nowhere&format=csv").text == f"{COLUMNS}\r\n"


def test_every_lane_and_never_a_lease_token(client: OmniqClient, visitor: Browser) -> None:
    tokens = lease_jobs(client, QUEUE, ["a1", "a2"], now_ms=NOW - 100, timeout_ms=60_000)
    delay_jobs(client, QUEUE, 2, now_ms=NOW, due_ms=NOW + 5_000, gid="G")
    publish_jobs(client, QUEUE, ["w"], now_ms=NOW)
    client.publish(queue="empty", payload={})
    active = visitor.get(f"/queues/{QUEUE}/active/export?payloads=1").text
    assert [json.loads(line)["id"] for line in active.splitlines()] == ["a1", "a2"]
    assert json.loads(active.splitlines()[0])["lease_until"] == "2025-06-15T15:07:39.900Z"
    assert not any(token in active for token in tokens.values()) and "token" not in active
    assert [line["due"][11:] for line in lines(visitor, f"/queues/{QUEUE}/delayed/export")] == [
        "15:06:45.000Z", "15:06:45.001Z",
    ]  # fmt: skip
    assert [(line["id"], line["state"]) for line in lines(visitor, f"/queues/{QUEUE}/waiting/export")] == [
        ("w", "waiting")
    ]
    assert [lines(visitor, f"/queues/{QUEUE}/completed/export"), lines(visitor, "/queues/empty/failed/export")] == [
        [],
        [],
    ]


@pytest.mark.broken_data
def test_what_is_not_in_a_record_is_said_in_it(client: OmniqClient, redis: Any, visitor: Browser) -> None:
    fail_jobs(client, QUEUE, ["gone", "huge"], now_ms=NOW)
    redis.delete("{mail}:job:gone")
    redis.hset("{mail}:job:huge", mapping={"payload": "x" * (5 * 1024 * 1024), "last_error": "x" * 20_000})
    huge, gone = lines(visitor, f"{FAILED}?payloads=1")
    assert (gone["id"], gone["state"], gone["attempt"], gone["note"]) == ("gone", None, None, "its record is gone")
    assert (huge["payload"], huge["error"]) == (None, None)
    assert huge["note"] == "an error of 19 KB is left out; a payload of 5 MB is left out"


@pytest.mark.parametrize("asked", ["format=jsonl", "format=csv", "format=jsonl&payloads=1", "format=csv&payloads=1"])
def test_a_redis_that_goes_away_leaves_a_file_that_says_so(
    throwaway_redis: RedisServer, asked: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(walk, "MOST_ROWS", 3)
    with OmniqClient(redis_url=throwaway_redis.url) as client:
        fail_jobs(client, QUEUE, 9, now_ms=NOW, error='E: "x",\ny')
        response = browser(client).http.get(f"{FAILED}?{asked}", buffered=False)
        pieces = response.iter_encoded()
        got = b""
        while b"job-7" not in got:
            got += next(pieces)
        throwaway_redis.kill()
        text = (got + b"".join(pieces)).decode()
        response.close()
    if "csv" in asked:
        *jobs, last = csv.reader(io.StringIO(text, newline=""))
        assert [row[0] for row in jobs] == ["id", "job-9", "job-8", "job-7"] and len({len(row) for row in jobs}) == 1
        assert last == ["# incomplete after 3 jobs: connection refused"]
    else:
        *jobs, last = (json.loads(line) for line in text.splitlines())
        assert [job["id"] for job in jobs] == ["job-9", "job-8", "job-7"]
        assert last == {"incomplete": "connection refused", "jobs": 3}


def test_a_mistake_of_ours_is_no_complete_file_either(
    client: OmniqClient, visitor: Browser, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    fail_jobs(client, QUEUE, 1, now_ms=NOW)
    monkeypatch.setattr("dashboard.exports.fields", lambda *_, **__: 1 / 0)
    (line,) = lines(visitor, FAILED)
    assert line == {"incomplete": "the dashboard made a mistake; its log says which", "jobs": 0}
    assert "ZeroDivisionError" in caplog.text


def test_two_are_written_at_once_and_each_that_ends_makes_room(client: OmniqClient, visitor: Browser) -> None:
    fail_jobs(client, QUEUE, 1, now_ms=NOW)
    for _ in range(export_view.MOST_AT_ONCE + 1):
        visitor.http.head(FAILED).close()
        visitor.get(f"{FAILED}?since=soon", 400)
        visitor.get("/queues/nobody/failed/export", 404)
    open_ones = [visitor.http.get(FAILED, buffered=False) for _ in range(export_view.MOST_AT_ONCE)]
    assert "Other exports are under way" in visitor.get(FAILED, 429).words()
    open_ones.pop().close()  # a reader who went away before the first byte
    assert len(lines(visitor, FAILED)) == 1
    visitor.http.get(FAILED, buffered=False).close()
    visitor.get(FAILED)
    open_ones.pop().close()


@pytest.mark.broken_data
def test_a_broken_lane_is_no_empty_file(client: OmniqClient, redis: Any, visitor: Browser) -> None:
    publish_jobs(client, QUEUE, ["w"], now_ms=NOW)
    redis.set("{mail}:failed", "x")
    page = visitor.get(FAILED, 409)
    assert "The key {mail}:failed is of type string" in page.words()
    visitor.get("/queues/mail/nowhere/export", 404)


def test_a_page_leads_to_its_file(client: OmniqClient, visitor: Browser) -> None:
    fail_jobs(client, QUEUE, 3, now_ms=NOW, error=lambda n: "E: odd" if n % 2 else "E: even")
    page = visitor.get(f"/queues/{QUEUE}/failed?q=even&size=25&sort=-failed")
    assert page.words("#lane-menu .menu-item.dim") == "Export 2 matching"
    links = {" ".join(a.get_text().split()): a["href"] for a in page.soup.select("#lane-menu a")}
    assert list(links) == ["JSON lines", "CSV", "JSON lines with payloads", "CSV with payloads"]
    assert links["CSV"] == f"{FAILED}?format=csv&sort=-failed&q=even"
    assert [row["id"] for row in cells(visitor.http.get(links["CSV with payloads"]).text)] == ["job-1", "job-3"]
    assert visitor.get(f"/queues/{QUEUE}/failed").words("#lane-menu .menu-item.dim") == "Export 3"
    assert not visitor.get(f"/queues/{QUEUE}/waiting").soup.select("#lane-menu")


def test_who_may_only_look_may_export_unless_it_is_forbidden(client: OmniqClient) -> None:
    from dashboard import Allow, Deny

    fail_jobs(client, QUEUE, 1, now_ms=NOW)
    reader = browser(client, read_only=True)
    assert len(lines(reader, FAILED)) == 1 and reader.get(f"/queues/{QUEUE}/failed").soup.select("#lane-menu")
    kept = browser(client, access=lambda _request, action, _queue: Deny("No.") if action == "export" else Allow())
    kept.get(FAILED, 403)
    assert not kept.get(f"/queues/{QUEUE}/failed").soup.select("#lane-menu")
