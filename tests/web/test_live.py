"""Ticks of the live refresh: regions of what changed, 204 when nothing did, rows held in place."""

from __future__ import annotations

import gzip
from typing import Any
from urllib.parse import urlencode

import pytest
from bs4 import BeautifulSoup

from dashboard import create_app
from dashboard.access import allow_all
from dashboard.tokens import to_token
from omniq_core import OmniqClient
from tests.support.factories import fail_jobs, publish_jobs

NOW = 1_750_000_000_000
SCRIPT = {"HX-Request": "true", "HX-Request-Type": "partial", "Sec-Fetch-Site": "same-origin"}
FAILED = "/queues/mail/failed"


class Page:
    """A page that is open: it remembers what script remembers."""

    def __init__(self, client: OmniqClient, path: str) -> None:
        self.now = NOW
        self.http = create_app(redis=client, access=allow_all, clock=lambda: self.now, background=False).test_client()
        self.path = path
        drawn = self.http.get(path)
        assert drawn.status_code == 200
        soup = BeautifulSoup(drawn.data, "html.parser")
        self.version = soup.select_one("main")["data-version"]  # type: ignore[index]
        newer = soup.select_one("#newer")
        self.mark = newer["data-mark"] if newer else ""

    def tick(self, *, hold: bool = False, sel: tuple[str, ...] = ()) -> Any:
        query: list[tuple[str, str]] = [("live", "1"), ("v", str(self.version))]
        query += [("mark", str(self.mark))] if self.mark else []
        query += [("hold", "1")] if hold else []
        query += [("sel", to_token(job_id)) for job_id in sel]
        joiner = "&" if "?" in self.path else "?"
        answer = self.http.get(f"{self.path}{joiner}{urlencode(query)}", headers=SCRIPT)
        self.version = answer.headers.get("X-Omniq-Version", self.version)
        return answer


def targets(answer: Any) -> list[str]:
    assert answer.status_code == 200
    soup = BeautifulSoup(answer.data, "html.parser")
    return [part["id"] for part in soup.select("hx-partial") if part.has_attr("id")]  # type: ignore[misc]


def part(answer: Any, target: str) -> BeautifulSoup:
    found = BeautifulSoup(answer.data, "html.parser").select_one(f'hx-partial[id="{target}"]')
    assert found is not None, target
    return found  # type: ignore[return-value]


@pytest.mark.parametrize("path", ["/", FAILED, "/queues/mail/waiting", "/queues/mail/jobs/a"])
def test_nothing_changed_is_a_204_also_when_time_goes_by(client: OmniqClient, path: str) -> None:
    fail_jobs(client, "mail", ["a", "b"], now_ms=NOW - 90_000)
    publish_jobs(client, "mail", 2, now_ms=NOW - 20_000)
    page = Page(client, path)
    page.now += 5_000
    answer = page.tick()
    assert (answer.status_code, answer.data) == (204, b"")
    assert answer.headers["X-Omniq-Now"] == str(NOW + 5_000)


def test_a_change_brings_the_regions_of_the_overview(client: OmniqClient) -> None:
    publish_jobs(client, "mail", 1, now_ms=NOW - 1_000)
    page = Page(client, "/")
    client.publish(queue="mail", payload={}, now_ms_override=NOW)
    answer = page.tick()
    assert targets(answer) == ["totals", "queue-states", "queues-head", "foot", "queues"]
    assert part(answer, "totals").select(".tile-value")[0].get_text() == "2"
    assert page.tick().status_code == 204


def test_held_queues_come_row_by_row(client: OmniqClient) -> None:
    for queue in ("a", "b"):
        publish_jobs(client, queue, 1, now_ms=NOW - 1_000)
    page = Page(client, "/?sort=waiting")
    client.publish(queue="b", payload={}, now_ms_override=NOW)
    answer = page.tick(hold=True)
    assert "queues" not in targets(answer)
    assert len([name for name in targets(answer) if name.startswith("queue-") and len(name) == 22]) == 2
    assert page.tick(hold=True).status_code == 204
    # Letting go brings the new order, though no figure changed since.
    assert "queues" in targets(page.tick())


def test_newer_failures_are_counted_while_held_and_listed_when_not(client: OmniqClient) -> None:
    fail_jobs(client, "mail", 3, now_ms=NOW - 60_000)
    page = Page(client, FAILED)
    fail_jobs(client, "mail", ["x", "y"], now_ms=NOW - 1_000)
    held = page.tick(hold=True)
    assert "jobs" not in targets(held)
    assert part(held, "newer").get_text() == "2 newer failures. Show them."
    free = page.tick()
    assert [a.get_text() for a in part(free, "jobs").select("a.job-id")][:2] == ["y", "x"]
    assert part(free, "newer").get_text() == ""
    assert part(free, "newer").select_one("a")["data-mark"] != page.mark  # type: ignore[index]


def test_a_second_page_announces_and_never_inserts(client: OmniqClient) -> None:
    fail_jobs(client, "mail", 60, now_ms=NOW - 60_000)
    first = Page(client, f"{FAILED}?size=25")
    soup = BeautifulSoup(first.http.get(first.path).data, "html.parser")
    page = Page(client, soup.select_one("#pager a[rel=next]")["href"])  # type: ignore[index,arg-type]
    rows = [a.get_text() for a in BeautifulSoup(page.http.get(page.path).data, "html.parser").select("a.job-id")]
    fail_jobs(client, "mail", ["new"], now_ms=NOW - 1_000)
    answer = page.tick()
    assert part(answer, "newer").get_text() == "1 newer failure. Show it."
    assert [a.get_text() for a in part(answer, "jobs").select("a.job-id")] == rows
    assert "26–50 of 61" not in part(answer, "pager").get_text()
    assert "27–51 of 61" in part(answer, "pager").get_text()


def test_rows_asked_for_by_id_are_dim_when_their_job_has_left(client: OmniqClient) -> None:
    gone, removed, stays = fail_jobs(client, "mail", ["gone", "removed", "stays"], now_ms=NOW - 60_000)
    page = Page(client, FAILED)
    client.retry_failed(queue="mail", job_id=gone, now_ms_override=NOW)
    client.remove_job(queue="mail", job_id=removed, lane="failed")
    answer = page.tick(hold=True, sel=(gone, removed, stays))
    rows = BeautifulSoup(answer.data, "html.parser").select("tr[data-gone]")
    words = [[word.get_text() for word in row.select(".gone-words")] for row in rows]
    assert words == [["No longer failed"], ["No longer in the queue"]]
    assert all(not row.select("button") for row in rows)
    assert all(row.find_parent("hx-partial")["hx-swap"] == "outerMorph" for row in rows)  # type: ignore[index]
    assert {row.select_one(".row-check")["value"] for row in rows} == {gone, removed}  # type: ignore[index]


def test_a_page_that_emptied_becomes_the_page_before(client: OmniqClient) -> None:
    ids = fail_jobs(client, "mail", 101, now_ms=NOW - 60_000)
    page = Page(client, FAILED)
    for _ in range(2):
        soup = BeautifulSoup(page.http.get(page.path).data, "html.parser")
        page = Page(client, soup.select_one("#pager a[rel=next]")["href"])  # type: ignore[index,arg-type]
    client.remove_job(queue="mail", job_id=ids[0], lane="failed")
    answer = page.tick()
    assert len(part(answer, "jobs").select("a.job-id")) == 50
    assert "51–100 of 100" in part(answer, "pager").get_text()
    moved = answer.headers["HX-Replace-Url"]
    assert "live" not in moved
    again = BeautifulSoup(page.http.get(moved).data, "html.parser")
    assert len(again.select("a.job-id")) == 50


def test_a_tick_is_at_most_two_round_trips_and_fetches_no_payload(client: OmniqClient) -> None:
    fail_jobs(client, "mail", ["big"], now_ms=NOW - 60_000)
    client.link.r.hset("{mail}:job:big", "payload", '{"x":"' + "y" * 1_000_000 + '"}')
    for path in ("/", FAILED, "/queues/mail/jobs/big"):
        page = Page(client, path)
        client.publish(queue="mail", payload={}, now_ms_override=NOW)
        before = client.link.round_trips
        page.version = ""
        answer = page.tick()
        assert client.link.round_trips - before <= 2
        assert len(answer.data) < 30_000


def test_a_job_that_went_away_ends_its_page_with_a_banner(client: OmniqClient) -> None:
    fail_jobs(client, "mail", ["a", "b"], now_ms=NOW - 60_000)
    page = Page(client, "/queues/mail/jobs/a")
    client.remove_job(queue="mail", job_id="a", lane="failed")
    answer = page.tick()
    assert answer.status_code == 404
    soup = BeautifulSoup(answer.data, "html.parser")
    assert [p["id"] for p in soup.select("hx-partial")] == ["banners"]
    assert "no longer refreshed" in soup.get_text()


def test_links_of_a_tick_lead_back_to_the_page_itself(client: OmniqClient) -> None:
    publish_jobs(client, "mail", 1, now_ms=NOW - 1_000)
    page = Page(client, "/?sort=name")
    page.version = ""
    answer = page.tick(hold=True)
    assert b"live=1" not in answer.data
    assert b"back=/?sort%3Dname" in answer.data or b"back=%2F%3Fsort%3Dname" in answer.data


def test_a_tick_of_somebody_elses_page_changes_nothing_and_needs_script(client: OmniqClient) -> None:
    publish_jobs(client, "mail", 1, now_ms=NOW - 1_000)
    page = Page(client, "/")
    plain = page.http.get("/?live=1")
    assert plain.status_code == 200
    assert b"<!doctype html>" in plain.data


def test_ticks_and_static_files_are_compressed_and_pages_are_not(client: OmniqClient) -> None:
    publish_jobs(client, "mail", 1, now_ms=NOW - 1_000)
    page = Page(client, "/")
    gzipped = {"Accept-Encoding": "gzip"}
    tick = page.http.get("/?live=1&v=old", headers=SCRIPT | gzipped)
    assert tick.headers["Content-Encoding"] == "gzip"
    assert b'hx-partial id="totals"' in gzip.decompress(tick.data)
    assert "Accept-Encoding" in tick.headers["Vary"]
    drawn = page.http.get("/", headers=gzipped)
    assert "Content-Encoding" not in drawn.headers
    style = BeautifulSoup(drawn.data, "html.parser").select_one("link[rel=stylesheet]")["href"]  # type: ignore[index]
    plain, packed, first = (
        _body(page, str(style), headers) for headers in ({}, gzipped, gzipped | {"Range": "bytes=0-9"})
    )
    assert gzip.decompress(packed) == plain
    assert len(packed) < len(plain) / 3
    assert first == plain[:10]


def _body(page: Page, path: str, headers: dict[str, str]) -> bytes:
    with page.http.get(path, headers=headers) as answer:
        return answer.data


def test_the_version_of_a_page_confirms_no_guess_at_what_it_hides(client: OmniqClient) -> None:
    fail_jobs(client, "mail", ["a"], now_ms=NOW, error="login of ann: password=swordfish")

    def version(secret: str) -> Any:
        app = create_app(
            client, redact=["password"], access=allow_all, secret=secret, clock=lambda: NOW, background=False
        )
        main = BeautifulSoup(app.test_client().get(FAILED).data, "lxml").select_one("main")
        return main and main["data-version"]

    assert version("first secret") == version("first secret"), "every process has the same"
    assert version("first secret") != version("second secret"), "without the key it can be worked out at home"
