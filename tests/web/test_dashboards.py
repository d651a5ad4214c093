"""Several dashboards in one application: a menu leads from one to the others, and nothing of one reaches another."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask, Request
from redis.exceptions import ConnectionError

from dashboard import OmniqDashboard, allow_all
from dashboard.access import Access, Decision, Deny
from dashboard.background import _Measured  # pyright: ignore[reportPrivateUsage]
from dashboard.state import EXTENSION, Mount
from omniq_core import OmniqClient
from tests.support.clock import Clock
from tests.support.factories import fail_jobs
from tests.support.redis_server import RedisServer
from tests.web.pages_support import NOW, OURS, SCRIPT, words
from tests.web.trial import UNREACHABLE, parsed

AWAY = "redis://127.0.0.1:1/3"


def nobody(_request: Request, _action: str, _queue: str | None) -> Decision:
    return Deny("No.")


def host_of(*mounts: dict[str, Any], **usual: Any) -> Flask:
    host = Flask("host")
    host.config["SECRET_KEY"] = "the host's secret"
    for one in mounts:
        OmniqDashboard(host, **{"access": allow_all, "background": False, "clock": lambda: NOW, **usual, **one})
    return host


def menu(text: str) -> list[tuple[str, str, str | None, str | None]]:
    """Each line of the menu: address, words, tone of its dot, and whether it is this page's."""
    links = parsed(text).select("#dashboards a")
    return [(a["href"], words(a), a.select_one(".dot").get("data-tone"), a.get("aria-current")) for a in links]


def mounts(host: Flask) -> list[Mount]:
    return list(host.extensions[EXTENSION].values())


def test_one_dashboard_names_its_redis_and_has_no_menu(client: OmniqClient) -> None:
    page = parsed(host_of({"redis": client}).test_client().get("/omniq/").text)
    assert page.select("#dashboards-menu") == []
    assert words(page.select_one(".env-detail")) == client.link.label


@pytest.mark.parametrize("root", ["", "/team", "/two words"])
def test_the_menu_leads_to_each_under_any_prefix(client: OmniqClient, root: str) -> None:
    host = host_of(
        {"redis": client, "env": "production"},
        {"redis": AWAY, "url_prefix": "/eu west/é", "name": "eu"},
        {"redis": AWAY, "url_prefix": "/omniq/read", "read_only": True},
    )
    http = host.test_client()
    shown = menu(http.get("/omniq/", environ_overrides={"SCRIPT_NAME": root}).text)
    assert shown == [
        (f"{root}/omniq/", f"{client.link.label} production", "ok", "true"),
        (f"{root}/eu%20west/%C3%A9/", "127.0.0.1:1/3 /eu west/é", None, None),
        (f"{root}/omniq/read/", "127.0.0.1:1/3 /omniq/read", None, None),
    ]
    # The page of one whose Redis is away is the way to the others.
    away = http.get("/eu%20west/%C3%A9/")
    assert (away.status_code, [line[2] for line in menu(away.text)]) == (503, [None, "danger", None])


@pytest.mark.parametrize(("access", "seen"), [(allow_all, 2), (nobody, 1)])
def test_only_what_this_reader_may_read_is_in_it(client: OmniqClient, access: Access, seen: int) -> None:
    host = host_of({"redis": client}, {"redis": AWAY, "url_prefix": "/eu", "access": access})
    page = host.test_client().get("/omniq/").text
    assert len(menu(page)) == (seen if seen > 1 else 0)
    assert ("127.0.0.1:1/3" in page) == (seen > 1)


def test_opened_later_it_says_how_things_are_by_then_and_asks_no_redis(client: OmniqClient) -> None:
    host = host_of({"redis": client}, {"redis": AWAY, "url_prefix": "/eu", "env": "staging"})
    here, other = mounts(host)

    class Threads:
        running, away_since = True, None

        def ensure_started(self) -> None: ...

        def look_for_tasks(self) -> None: ...

        def look_for_checks(self) -> None: ...

    threads: Any = Threads()
    other.background = threads
    http = host.test_client()
    summary = parsed(http.get("/omniq/").text).select_one("#dashboards-menu summary")
    assert menu(http.get("/omniq/").text)[1][1:3] == ("127.0.0.1:1/3 staging", "ok")
    threads.away_since = NOW - 240_000
    before = here.link.round_trips, other.link.round_trips
    answer = http.get(summary["hx-get"], headers=SCRIPT)
    assert menu(answer.text)[1][1:3] == ("127.0.0.1:1/3 staging, away 4 min", "danger")  # its own name stays
    assert (here.link.round_trips, other.link.round_trips) == before
    assert http.get(summary["hx-get"]).headers["Location"] == "/omniq/"


def test_since_when_redis_is_away_is_when_it_answered_last(clock: Clock, client: OmniqClient) -> None:
    class Work:
        error: Exception | None = None

        def tick(self) -> float:
            if self.error:
                raise self.error
            return 1.0

        def close(self) -> None: ...

    work = Work()
    measured = _Measured(client.link, clock, work)
    measured.tick()
    well_at = clock()
    assert measured.away_since is None
    work.error = ConnectionError("gone")
    for _ in range(3):
        clock.advance(60_000)
        with pytest.raises(ConnectionError):
            measured.tick()
        assert measured.away_since == well_at
    work.error = None
    measured.tick()
    assert measured.away_since is None


def test_the_first_request_starts_the_threads_of_all(client: OmniqClient) -> None:
    started: list[str] = []
    host = host_of({"redis": client}, {"redis": AWAY, "url_prefix": "/eu", "name": "eu"})

    class Threads:
        running, away_since = True, None

        def __init__(self, name: str) -> None:
            self.name = name

        def ensure_started(self) -> None:
            started.append(self.name)

        def look_for_tasks(self) -> None: ...

        def look_for_checks(self) -> None: ...

    for mount in mounts(host):
        mount.background = Threads(mount.name)
    host.test_client().get("/omniq/shortcuts")
    assert started == ["omniq_dashboard", "eu"]


def test_what_one_signed_another_does_not_take(client: OmniqClient) -> None:
    """One below the other, so that the browser sends it both cookies; both have the host's SECRET_KEY."""
    host = host_of({"redis": client}, {"redis": client, "url_prefix": "/omniq/two"})
    http = host.test_client()
    fail_jobs(client, "mail", ["a", "b"], now_ms=NOW)
    form = {"id": ["a", "b"]}
    dialog = parsed(http.post("/omniq/queues/mail/jobs/retry/confirm", data=form, headers=OURS).text)
    sent = {i["name"]: i["value"] for i in dialog.select("dialog input[type=hidden]") if i["name"] != "id"}
    refused = http.post("/omniq/two/queues/mail/jobs/retry", data={**sent, **form}, headers=OURS)
    assert refused.status_code == 409 and client.link.call("LLEN", "{mail}:failed") == 2
    done = http.post("/omniq/queues/mail/jobs/retry", data={**sent, **form}, headers=OURS)
    assert done.status_code == 303
    # The message waits for its own dashboard.
    assert "Retried 2 jobs" not in http.get("/omniq/two/queues/mail/failed").text


def test_activity_stands_in_the_redis_it_is_about(client: OmniqClient, throwaway_redis: RedisServer) -> None:
    with OmniqClient(redis_url=throwaway_redis.url) as other:
        host = host_of({"redis": client}, {"redis": other, "url_prefix": "/eu"})
        http = host.test_client()
        fail_jobs(other, "mail", ["a"], now_ms=NOW)
        assert http.post("/eu/queues/mail/pause", data={}, headers=OURS).status_code == 303
        assert "Paused" in parsed(http.get("/eu/activity").text).select_one("main").get_text()
        assert "Paused" not in parsed(http.get("/omniq/activity").text).select_one("main").get_text()


def test_a_dashboard_that_is_away_from_the_start_is_mounted_all_the_same() -> None:
    assert len(mounts(host_of({"redis": UNREACHABLE}, {"redis": AWAY, "url_prefix": "/eu"}))) == 2
