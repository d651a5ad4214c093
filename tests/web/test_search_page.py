"""Finding a job from the page head: the whole id, its beginning, what was opened last in this browser."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pytest
from flask import Request

from dashboard.access import Allow, Decision, Deny
from dashboard.recent import COOKIE
from dashboard.tokens import to_token
from omniq_core import OmniqClient
from omniq_core.operator.overview import DiscoveryState, pack_scan
from tests.support.factories import fail_jobs, publish_jobs
from tests.web.pages_support import NOW, SCRIPT, Browser, Page, browser, job_url

HOSTILE = ("a\nb", "..", "🔥", "\udcff", "<b>", "a/b", "~x", "x" * 300)


@pytest.fixture
def visitor(client: OmniqClient, redis: Any) -> Browser:
    publish_jobs(client, "mail", ["01KK-one", "01KK-two", "both"], now_ms=NOW)
    fail_jobs(client, "crm", ["both", "01KK-three"], now_ms=NOW)
    redis.sadd("{omniq:x}:queues", "mail", "crm")
    return browser(client)


def found(visitor: Browser, text: str) -> list[list[str]]:
    page = visitor.http.get("/search", query_string={"id": text}, follow_redirects=True)
    assert page.status_code == 200
    return Page("/search", page).rows("jobs")


def test_a_whole_id_leads_to_the_job(visitor: Browser) -> None:
    form = visitor.get("/").one(".topbar form.search")
    assert (form["action"], form.input["name"]) == ("/search", "id")
    page = visitor.get("/search?id=+01KK-two+")
    assert page.path == job_url("mail", "01KK-two")
    assert visitor.get("/search?id=01KK-three").path == job_url("crm", "01KK-three")


@pytest.mark.parametrize("job_id", [" lead", "trail ", " both sides ", "\u2003wide", "é" * 256], ids=ascii)
def test_an_id_that_can_be_published_is_found_as_it_is(visitor: Browser, client: OmniqClient, job_id: str) -> None:
    field = visitor.get("/").one("#job-search")
    assert (field["maxlength"], len(job_id.encode()) <= 512) == ("512", True)
    publish_jobs(client, "crm", [job_id], now_ms=NOW)
    assert visitor.get(f"/search?{urlencode({'id': job_id})}").path == job_url("crm", job_id)


def test_blanks_around_an_id_are_part_of_it_where_a_job_has_them(visitor: Browser, client: OmniqClient) -> None:
    publish_jobs(client, "crm", [" 01KK-two"], now_ms=NOW)
    assert found(visitor, " 01KK-two") == [["01KK-two", "Waiting", "crm"], ["01KK-two", "Waiting", "mail"]]
    assert visitor.get("/search?id=01KK-two").path == job_url("mail", "01KK-two")
    assert found(visitor, " 01KK-t") == [["01KK-three", "Failed", "crm"], ["01KK-two", "Waiting", "mail"]]


def test_an_id_in_two_queues_is_a_list(visitor: Browser, redis: Any) -> None:
    page = visitor.get("/search?id=both")
    assert page.rows("jobs") == [["both", "Failed", "crm"], ["both", "Waiting", "mail"]]
    asked = "2 of 2 queues were asked for this id;"
    assert page.words("#search-foot") == f"{asked} no process looks for others: OMNIQ_BACKGROUND is off here."
    assert page.one("#job-search")["value"] == "both"
    assert visitor.follow(page, "#jobs tr:first-child a.job-id").path == job_url("crm", "both")
    redis.set("{omniq:x}:scan", pack_scan(DiscoveryState(seen=1, total=9), 1))  # another process does
    assert visitor.get("/search?id=both").words("#search-foot") == f"{asked} others are still being looked for."


def test_a_beginning_finds_jobs_of_all_queues(visitor: Browser) -> None:
    assert found(visitor, "01KK") == [
        ["01KK-one", "Waiting", "mail"],
        ["01KK-three", "Failed", "crm"],
        ["01KK-two", "Waiting", "mail"],
    ]
    page = visitor.get("/search?id=zzz")
    assert "No job has this id, or an id that begins so." in page.words("main")
    assert page.words("#search-foot").startswith("No job has an id that begins so. All ")


@pytest.mark.parametrize("job_id", HOSTILE, ids=ascii)
def test_hostile_ids_are_found_as_an_address_spells_them(client: OmniqClient, redis: Any, job_id: str) -> None:
    publish_jobs(client, "mail", [job_id], now_ms=NOW)
    redis.sadd("{omniq:x}:queues", "mail")
    visitor = browser(client)
    assert visitor.get(f"/search?id={to_token(job_id)}").path == job_url("mail", job_id)


def test_a_search_that_goes_on_adds_its_rows(client: OmniqClient, redis: Any) -> None:
    client.publish_many(queue="mail", jobs=[{"payload": {}, "job_id": f"z{n:05}"} for n in range(600)])
    visitor = browser(client)
    page = visitor.get("/search?id=z")
    seen = {row[0] for row in page.rows("jobs")}
    assert "so far." in page.words("#search-foot")
    for _ in range(100):
        more = visitor.get(page.one("#search-foot a, [id=search-foot] a")["href"], headers=SCRIPT)
        assert more.targets() == ["jobs", "search-none", "search-foot"]
        rows = [cell.get_text(strip=True) for cell in more.soup.select("[id=jobs] th")]
        assert 0 < len(rows) < 350
        seen.update(rows)
        page = more
        if not more.soup.select("[id=search-foot] a"):
            break
    assert seen == {f"z{n:05}" for n in range(600)}


def test_a_thousand_queues_in_four_round_trips(client: OmniqClient, redis: Any) -> None:
    redis.sadd("{omniq:x}:queues", *(f"q{n:04}" for n in range(2_500)))
    publish_jobs(client, "q0001", ["a", "b"], now_ms=NOW)
    publish_jobs(client, "q0900", ["a"], now_ms=NOW)
    publish_jobs(client, "q2400", ["late"], now_ms=NOW)
    visitor = browser(client)
    visitor.get("/search?id=first")
    before = client.link.round_trips
    page = visitor.get("/search?id=a")
    assert client.link.round_trips - before <= 5  # 2,000 queues; one trip looks for bulk work, once in 900 ms
    assert [row[2] for row in page.rows("jobs")] == ["q0001", "q0900"]
    assert page.words("#search-foot").startswith("2,000 of 2,500 queues were asked for this id")
    late = visitor.get("/search?id=late")
    assert "Not found yet" in late.words("main")
    assert [row[2] for row in visitor.follow(late, "#search-foot a").rows("jobs")] == ["q2400"]


def test_what_a_reader_may_not_see_is_not_found(client: OmniqClient, visitor: Browser) -> None:
    def access(_request: Request, _action: str, queue: str | None) -> Decision:
        return Deny("No.") if queue == "crm" else Allow()

    limited = browser(client, access=access)
    assert limited.get("/search?id=both").path == job_url("mail", "both")
    assert "three" not in limited.get("/search?id=01KK").text
    assert "No such job" in limited.get("/search?id=01KK-three").words("main")
    listed = browser(client, queues=("crm",))
    assert listed.get("/search?id=both").path == job_url("crm", "both")
    assert "01KK-one" not in listed.get("/search?id=01KK").text


def test_the_jobs_opened_last_stand_on_the_empty_search(visitor: Browser) -> None:
    assert "No job opened yet" in visitor.get("/search").words("main")
    for job_id in ("01KK-one", "both", "01KK-one"):
        visitor.get(job_url("mail", job_id))
    visitor.get(job_url("mail", "01KK-two") + "?live=1", headers=SCRIPT)
    visitor.get(job_url("mail", "gone"), 404)
    rows = visitor.get("/search").rows("recent")
    assert [row[1] for row in rows] == ["mail", "mail"]
    assert [row[0] for row in rows] == ["01KK-one", "both"]
    for _ in range(3):
        visitor.http.get(job_url("mail", "both"))
    assert len(visitor.get("/search").rows("recent")) == 2


@pytest.mark.parametrize("cookie", ["x", "a b:c", "mail:", "mail:~%%", "mail:" + "x" * 500, "/:/", "\udcff"], ids=ascii)
def test_a_spoiled_cookie_names_nothing(visitor: Browser, cookie: str) -> None:
    headers = {"Cookie": f"{COOKIE}={cookie}".encode("utf-8", "surrogateescape").decode("latin-1")}
    assert "No job opened yet" in visitor.get("/search", headers=headers).words("main")


@pytest.mark.parametrize("query", ["id=" + "x" * 513, "id=a&cursor=x", "id=a&cursor=-1", "id=a&from=x", "id=a&seen=x"])
def test_bad_input_is_a_400(visitor: Browser, query: str) -> None:
    visitor.get(f"/search?{query}", 400)
