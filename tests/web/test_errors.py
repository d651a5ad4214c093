"""What goes wrong says what happened and what to do, and answers in time."""

from __future__ import annotations

import socket
import threading
import time
from typing import Any

import pytest
from werkzeug.test import TestResponse

from tests.support.redis_server import RedisServer
from tests.web.trial import DONE, parsed, trial_app

SCRIPT = {"HX-Request": "true", "HX-Request-Type": "partial", "Sec-Fetch-Site": "same-origin"}


def get(path: str, headers: dict[str, str] | None = None, **settings: Any) -> TestResponse:
    return trial_app(**settings).test_client().get(path, headers=headers or {})


def words(response: TestResponse) -> str:
    main = parsed(response.text).select_one("main")
    return " ".join(main.get_text(" ").split()) if main else ""


def test_an_unknown_job() -> None:
    response = get("/gone")
    assert response.status_code == 404
    assert "No such job mail holds no job a‹U+000A›b." in words(response)
    assert "404, NO_JOB" in words(response)


def test_a_job_that_moved_on() -> None:
    response = get("/lost")
    assert response.status_code == 409
    assert "The job moved on" in words(response) and "409, LANE_MISMATCH" in words(response)
    assert 'href="/queues/mail/jobs/~Li4"' in response.text


def test_for_script_a_problem_is_a_toast_that_stays() -> None:
    response = get("/lost", SCRIPT)
    region = parsed(response.text).find("hx-partial")
    assert (response.status_code, region["hx-target"]) == (409, "#toasts")
    assert region.select_one("[role=alert]") and "(LANE_MISMATCH)" in region.get_text()


@pytest.mark.parametrize("path", ["/nowhere", "/queues/mail/nowhere", "/queues/mail/jobs/a/b", "/assets/0/a.css"])
def test_an_unknown_address(path: str) -> None:
    response = get(path)
    assert response.status_code == 404
    assert "No such page" in words(response)


@pytest.mark.parametrize("segment", ["~!", "~YWJj", "a%20b", "%C3%A9", "a" * 129])
def test_a_name_no_queue_can_have(segment: str) -> None:
    response = get(f"/queues/{segment}/")
    assert response.status_code == 404
    assert "No such queue" in words(response)


def test_a_queue_that_is_not_on_the_list() -> None:
    assert get("/queues/mail/", queues="mail, other").status_code == 200
    assert "No such queue" in words(get("/queues/third/", queues="mail,other"))


def test_queues_named_with_dots_open() -> None:
    assert get("/queues/~Lg/jobs/~Li4").text == "('.', '..')"


@pytest.mark.parametrize(
    ("segment", "job_id"),
    [("~_w", "\udcff"), ("a%3Ab", "a:b"), ("%F0%9F%94%A5", "🔥"), ("~YQpi", "a\nb"), ("~dXNlci8yMzQ", "user/234")],
)
def test_a_job_in_an_address(segment: str, job_id: str) -> None:
    assert get(f"/queues/mail/jobs/{segment}").text == repr(("mail", job_id))


@pytest.mark.parametrize("segment", ["a%0Ab", "%FF", "%20a", "~"])
def test_an_address_that_may_have_been_rewritten_leads_to_no_job(segment: str) -> None:
    if segment == "~":
        assert get("/queues/mail/jobs/~").text == "('mail', '')"
    else:
        assert get(f"/queues/mail/jobs/{segment}").status_code == 404


def test_a_button_takes_no_raw_name() -> None:
    client = trial_app().test_client()
    for path in ("/queues/%6Dail/jobs/retry", "/queues/a%20b/jobs/retry", "/queues/~bWFpbA/jobs/retry"):
        status = client.post(path, data={"id": "1"}, headers=SCRIPT).status_code
        assert (path, status) == (path, 200 if "%6D" in path else 404)
    # %6D is an m before any of us sees it, so that is the token itself.
    assert DONE == [("mail", ("1",))]


def test_the_wrong_method() -> None:
    app = trial_app()
    response = app.test_client().get("/queues/mail/pause")
    assert (response.status_code, response.headers["Allow"], DONE) == (405, "POST", [])
    assert "Nothing was changed" in words(response)
    response = app.test_client().post("/queues/mail/", headers=SCRIPT)
    assert (response.status_code, response.headers["Allow"]) == (405, "GET")


def test_bad_input_keeps_what_was_typed() -> None:
    response = get('/queues/mail/?size=7&q="><script>')
    page = parsed(response.text)
    assert response.status_code == 400
    assert page.select_one("input[name=q]")["value"] == '"><script>'
    bad = page.select_one("input[aria-invalid=true]")
    assert (bad["name"], bad["value"]) == ("size", "7")
    assert page.find(id=bad["aria-describedby"]).get_text() == "Use a whole number from 25 to 100."
    assert page.select_one("main form")["method"] == "get"


def test_a_cursor_that_was_cut() -> None:
    response = get("/cursor?cursor=x&q=a")
    assert response.status_code == 400
    assert parsed(response.text).select_one("input[aria-invalid=true]")["name"] == "cursor"
    assert parsed(response.text).select_one("input[name=q]")["value"] == "a"


@pytest.mark.parametrize("ids", [[], ["~!"], [str(n) for n in range(101)]])
def test_bad_ids_change_nothing(ids: list[str]) -> None:
    client = trial_app().test_client()
    response = client.post("/queues/mail/jobs/retry", data={"id": ids}, headers={"Sec-Fetch-Site": "same-origin"})
    assert (response.status_code, DONE) == (400, [])
    assert client.post("/queues/mail/jobs/retry", data={"id": ids}, headers=SCRIPT).status_code == 400


def test_a_bug_of_ours_shows_no_detail(caplog: pytest.LogCaptureFixture) -> None:
    response = get("/bug")
    assert response.status_code == 500
    assert "This page failed" in words(response)
    assert "a detail nobody should see" not in response.text
    assert "a detail nobody should see" in caplog.text


def test_redis_away_and_back_without_a_restart(throwaway_redis: RedisServer) -> None:
    app = trial_app(redis=throwaway_redis.url)
    client = app.test_client()
    assert client.get("/ping").status_code == 200
    throwaway_redis.stop()
    away = client.get("/ping")
    assert away.status_code == 503
    assert "Redis does not answer" in words(away) and "503, connection refused" in words(away)
    assert "This page could not be read." in words(away)
    assert "Nothing was changed" not in words(away), "what was pressed before it may have been carried out"
    assert (away.headers["Refresh"], away.headers["Retry-After"]) == ("4", "4")
    throwaway_redis.start()
    assert client.get("/ping").status_code == 200
    app.extensions["omniq_dashboard"]["omniq_dashboard"].client.close()


def test_a_redis_that_hangs_is_a_503_within_two_seconds() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        begun = time.monotonic()
        response = get("/ping", redis=f"redis://127.0.0.1:{silent.getsockname()[1]}/0")
        assert (response.status_code, time.monotonic() - begun < 2.5) == (503, True)
        assert "no answer in time" in words(response)


def test_a_button_whose_answer_is_lost_does_not_claim_that_nothing_happened() -> None:
    # A server that says who it is, takes the command and hangs up.
    with socket.create_server(("127.0.0.1", 0)) as server:

        def hang_up() -> None:
            for hello in (b"-ERR unknown command\r\n", b""):
                connection, _ = server.accept()
                with connection:
                    connection.recv(1)
                    connection.sendall(hello)

        taker = threading.Thread(target=hang_up)
        taker.start()
        app = trial_app(redis=f"redis://127.0.0.1:{server.getsockname()[1]}/0", secret="")
        # With neither header the token is checked, and that needs the secret in Redis.
        client = app.test_client()
        client.set_cookie("omniq_csrf", "x")
        response = client.post("/queues/mail/jobs/retry", data={"id": "1"})
        taker.join()
    assert response.status_code == 503
    assert "not known" in words(response) or "connection refused" in words(response)
    assert "Refresh" not in response.headers
