"""Whatever stands in a job, its pages show it as text, and each button acts on exactly that job."""

from __future__ import annotations

import re
from typing import Any

import pytest

from dashboard.formatting import row_id
from dashboard.present import present
from dashboard.tokens import to_token
from omniq_core import OmniqClient
from tests.support.factories import complete_jobs, fail_jobs, lease_jobs, publish_jobs
from tests.web.pages_support import NOW, QUEUE, UNDO, Browser, Page, browser, bulk_button, job_url, row_button

FAILED = f"/queues/{QUEUE}/failed"
HALF = "é".encode()[:1]
TEXTS: list[str | bytes] = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "{{7*7}}",
    "{% raw %}${7*7}<%= 7*7 %>",
    "<div hx-get=/x hx-trigger=load>",
    "</pre></title></textarea><script>",
    "'\"`&amp;&#39;<!--",
    b"\x00\x9c\xff",
    HALF,
    b"a" + HALF + b"b",
    "\u202egnp.exe\u202c",
    "🔥",
]
IDS: list[str | bytes] = [
    *TEXTS,
    "user/234",
    ".",
    "..",
    "../..",
    "/a",
    "//a",
    "a:b",
    "..%2f",
    "%2e%2e",
    "a\nb",
    "a\\b",
    "a b",
    " a ",
    "~Li4",
    "~",
    "retry",
    "remove",
    "payload",
    "confirm",
    "-1",
    "x" * 200,
    "a?b#c&d=e",
    "é",
    "e\u0301",
    "ERR",
    "OK",
]


def text(raw: str | bytes) -> str:
    return raw.decode("utf-8", "surrogateescape") if isinstance(raw, bytes) else raw


def named(values: list[str | bytes]) -> list[Any]:
    return [pytest.param(value, id=re.sub(r"[^\x20-\x7e]|[\[\]]", "_", repr(value))[:40]) for value in values]


def sound(page: Page, *shown: str) -> None:
    """The page holds only elements that our templates write, and these texts verbatim."""
    for script in page.soup.find_all("script"):
        assert script["src"].startswith("/assets/") and not script.get_text(), script
    for element in page.soup.find_all(True):
        assert element.name not in ("img", "iframe", "object", "embed", "base", "math"), element
        assert not [name for name in element.attrs if name.startswith("on") or name == "style"], element
        # What the hostile texts ask for; our own pages ask for neither.
        assert element.get("hx-get") != "/x" and element.get("hx-trigger") != "load", element
        assert not str(element.get("href", "")).lower().startswith("javascript:"), element
    everything = page.soup.get_text() + "".join(str(e.get("title", "")) for e in page.soup.find_all(title=True))
    for one in shown:
        assert one in everything, one
    assert "\x00" not in page.text and not re.search(r"[\x80-\x9f]", page.text)


@pytest.fixture
def visitor(client: OmniqClient) -> Browser:
    return browser(client)


@pytest.mark.parametrize("raw", named(TEXTS))
def test_as_payload(client: OmniqClient, redis: Any, visitor: Browser, raw: str | bytes) -> None:
    as_bytes = raw if isinstance(raw, bytes) else raw.encode()
    complete_jobs(client, QUEUE, ["completed"], now_ms=NOW - 1000)
    lease_jobs(client, QUEUE, ["active"], now_ms=NOW - 1000)
    publish_jobs(client, QUEUE, ["waiting"], now_ms=NOW)
    for job_id in ("waiting", "active", "completed"):
        redis.hset(f"{{mail}}:job:{job_id}", "payload", as_bytes)
        sound(visitor.get(job_url(QUEUE, job_id)), present("payload", as_bytes))
        assert visitor.http.get(f"{job_url(QUEUE, job_id)}/payload").data == as_bytes
    sound(visitor.get(f"{job_url(QUEUE, 'waiting')}/copy"))
    for lane in ("waiting", "active", "completed"):
        sound(visitor.get(f"/queues/{QUEUE}/{lane}"), present("excerpt", as_bytes))


@pytest.mark.parametrize("raw", named([t for t in TEXTS if isinstance(t, str)]))
def test_in_a_payload_of_json(client: OmniqClient, visitor: Browser, raw: str) -> None:
    publish_jobs(client, QUEUE, ["a"], now_ms=NOW, payload={raw: [raw]})
    sound(visitor.get(f"/queues/{QUEUE}/waiting"))
    page = visitor.get(job_url(QUEUE, "a"))
    sound(page)
    pre = page.one("#payload").get_text()
    assert pre.count("\n") == 4 and len(page.soup.select("#payload .k")) == 1


@pytest.mark.parametrize("raw", named(TEXTS))
def test_as_error(client: OmniqClient, redis: Any, visitor: Browser, raw: str | bytes) -> None:
    frames = ("{}", "ValueError: {}", "E: x\n  File {}\n\t{}")
    jobs = fail_jobs(client, QUEUE, len(frames), now_ms=NOW)
    as_bytes = raw if isinstance(raw, bytes) else raw.encode()
    for job_id, frame in zip(jobs, frames, strict=True):
        redis.hset(f"{{mail}}:job:{job_id}", "last_error", frame.encode().replace(b"{}", as_bytes))
    lane = visitor.get(FAILED)
    for job_id in jobs:
        row = lane.one(f"tr#{row_id('job', job_id)}")
        assert present("error", as_bytes) in row.get_text() + "".join(str(e["title"]) for e in row.select("[title]"))
        sound(visitor.get(job_url(QUEUE, job_id)), present("error", as_bytes))
    sound(lane)


@pytest.mark.parametrize("raw", named(IDS))
def test_as_job_id(client: OmniqClient, redis: Any, visitor: Browser, raw: str | bytes) -> None:
    """Retry the job of this id among its neighbours, then remove it: nothing else moves."""
    job_id = text(raw)
    others = [other for other in ("a", "234", "b", "Li4", "Lg", "retry-") if other != job_id]
    fail_jobs(client, QUEUE, [*others[:3], job_id, *others[3:]], now_ms=NOW - 1000)
    page = visitor.get(FAILED)
    sound(page, present("id", job_id))
    assert page.job_ids() == [*others[:2:-1], job_id, *others[2::-1]]
    row = page.one(f"tr#{row_id('job', job_id)}")
    opened = visitor.get(row.select_one("a.job-id")["href"])
    assert (opened.path, opened.words("#job-state")) == (job_url(QUEUE, job_id), "Failed")
    sound(opened, present("id", job_id))

    after = visitor.press(page, row_button(page, job_id, "retry"))
    assert after.toast().startswith("Retried 1 job")
    assert after.job_ids() == others[::-1]
    waiting = visitor.get(f"/queues/{QUEUE}/waiting")
    assert waiting.job_ids() == [job_id]
    again = visitor.press(page, row_button(page, job_id, "retry"))
    assert again.status == 409
    sound(again)

    dialog = visitor.press(waiting, row_button(waiting, job_id, "remove"))
    sound(dialog, present("id", job_id))
    after = visitor.press(dialog, dialog.soup.select("dialog .dialog-foot button")[-1])
    assert (after.toast(), after.job_ids()) == (f"Removed 1 job{UNDO}", [])
    gone = visitor.get(job_url(QUEUE, job_id), 404)
    sound(gone, present("id", job_id, 200))
    kept = {key.split(b":job:", 1)[1] for key in redis.scan_iter(match="{mail}:job:*")}
    assert kept == {other.encode() for other in others}


def test_all_ids_at_once(client: OmniqClient, redis: Any, visitor: Browser) -> None:
    ids = fail_jobs(client, QUEUE, [text(raw) for raw in IDS], now_ms=NOW - 1000)
    page = visitor.get(FAILED)
    assert page.job_ids() == ids[::-1]
    rows = [row["id"] for row in page.soup.select("tbody#jobs > tr")]
    assert len(set(rows)) == len(ids) and all(re.fullmatch(r"job-[0-9a-f]{16}", row) for row in rows)
    chosen = ids[::2]
    dialog = visitor.press(page, bulk_button(page, "retry"), check=chosen)
    after = visitor.press(dialog, dialog.soup.select("dialog .dialog-foot button")[-1])
    assert after.toast().startswith(f"Retried {len(chosen)} jobs")
    assert after.job_ids() == ids[::-1][::2] if len(ids) % 2 == 0 else ids[1::2][::-1]
    waits = [job.decode("utf-8", "surrogateescape") for job in redis.lrange("{mail}:wait", 0, -1)]
    assert sorted(waits) == sorted(chosen)


@pytest.mark.parametrize("raw", named([raw for raw in IDS if text(raw).strip()]))
def test_as_group(client: OmniqClient, visitor: Browser, raw: str | bytes) -> None:
    gid = text(raw).strip()
    fail_jobs(client, QUEUE, ["a"], now_ms=NOW - 1000, gid=text(raw))
    publish_jobs(client, QUEUE, ["b", "c"], now_ms=NOW, step_ms=0, gid=text(raw))
    for path in (FAILED, f"/queues/{QUEUE}/waiting", job_url(QUEUE, "a"), job_url(QUEUE, "b")):
        sound(visitor.get(path), present("gid", gid))
    page = visitor.get(FAILED)
    assert visitor.press(page, row_button(page, "a", "retry")).toast().startswith("Retried 1 job")
    page = visitor.get(f"/queues/{QUEUE}/waiting")
    dialog = visitor.press(page, row_button(page, "b", "remove"))
    after = visitor.press(dialog, dialog.soup.select("dialog .dialog-foot button")[-1])
    assert (after.toast(), after.job_ids()) == (f"Removed 1 job{UNDO}", ["a", "c"])


def test_a_raw_id_in_an_address_leads_to_that_job_or_nowhere(client: OmniqClient, visitor: Browser) -> None:
    fail_jobs(client, QUEUE, ["a b", "é", "a", "..", "user/234"], now_ms=NOW)
    assert visitor.get(f"/queues/{QUEUE}/jobs/a%20b").words("h1") == "a b"
    assert visitor.get(f"/queues/{QUEUE}/jobs/%C3%A9").words("h1") == "é"
    for path in ("user/234", "user%2F234", "%2e%2e/x", "~!", "~YQ", "%FF", "a%0A"):
        visitor.get(f"/queues/{QUEUE}/jobs/{path}", 404)


def test_a_button_that_names_the_job_by_anything_but_its_token(client: OmniqClient, visitor: Browser) -> None:
    fail_jobs(client, QUEUE, ["a", "..", "a b"], now_ms=NOW)
    for sent in ("a b", "../a", "%61", "~YQ", "~Li5"):
        assert visitor.post(f"/queues/{QUEUE}/jobs/retry", {"id": sent}).status in (400, 404)
    assert visitor.get(FAILED).job_ids() == ["a b", "..", "a"]
    assert to_token("..") == "~Li4"
