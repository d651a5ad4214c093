"""The standalone server: where it listens, and how it ends with requests under way."""

from __future__ import annotations

import signal
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from dashboard.serving import DRAIN_S, THREADS, CannotListen, listen
from tests.support.clock import wait_until
from tests.support.programs import Program, get


def test_a_default_port_that_is_taken_leads_to_the_next_free_one() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        listener = listen("127.0.0.1", port, fixed=False)
        listener.close()
        assert listener.port != port
        with pytest.raises(CannotListen, match=f"port {port} of 127.0.0.1 is taken"):
            listen("127.0.0.1", port, fixed=True)


def test_the_printed_address_can_be_opened_whatever_it_listens_on() -> None:
    for host, shown in (("localhost", "127.0.0.1"), ("0.0.0.0", "127.0.0.1"), ("127.0.0.1", "127.0.0.1")):
        listener = listen(host, 0, fixed=True)
        listener.close()
        assert listener.url("/omniq") == f"http://{shown}:{listener.port}/omniq/"
        assert listener.loopback is (host != "0.0.0.0")


SLOW_SERVER = """
import pathlib, sys, threading, time
from dashboard import serving
from dashboard.serving import listen, serve

folder = pathlib.Path(sys.argv[1])
serving.DRAIN_S = float(sys.argv[2])

def app(environ, start_response):
    (folder / "under-way").touch()
    (folder / f"thread-{threading.get_ident()}").touch()
    while not (folder / "go-on").exists():
        time.sleep(0.01)
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "6000000")])
    return [b"x" * 6000000]

listener = listen("127.0.0.1", 0, fixed=True)
serve(app, listener, lambda: print(f"Open {listener.url('')}\\nStop ", flush=True))
print("Stopped.")
"""


@pytest.fixture
def slow_server(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Program]:
    """A server whose only page takes until the file go-on is there, and is too long for any socket buffer.

    It waits 60 s for requests under way, one second where none ever ends.
    """
    program = Program(tmp_path, ["-c", SLOW_SERVER, str(tmp_path), "1" if "never_ends" in request.node.name else "60"])
    yield program
    program.end()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_request_under_way_is_finished(slow_server: Program, tmp_path: Path, number: signal.Signals) -> None:
    url = slow_server.url
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(get, f"{url}/")
        wait_until((tmp_path / "under-way").exists, what="the request")
        slow_server.send(number)
        wait_until(lambda: not _accepts(url), what="the closed port")
        assert slow_server.process.poll() is None
        (tmp_path / "go-on").touch()
        status, body = answer.result(30)
    assert (status, len(body)) == (200, 6_000_000)
    assert slow_server.wait() == 0
    assert slow_server.out.endswith("Stopped.\n")


def test_a_second_signal_ends_at_once(slow_server: Program, tmp_path: Path) -> None:
    url = slow_server.url
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(get, f"{url}/")
        wait_until((tmp_path / "under-way").exists, what="the request")
        slow_server.send(signal.SIGINT)
        wait_until(lambda: not _accepts(url), what="the closed port")
        slow_server.send(signal.SIGINT)
        assert slow_server.wait() == 1
        assert isinstance(answer.exception(30), OSError)


def test_a_request_that_never_ends_does_not_keep_it(slow_server: Program, tmp_path: Path) -> None:
    assert DRAIN_S < 9.5, "a service manager kills after ten seconds"
    url = slow_server.url
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(get, f"{url}/")
        wait_until((tmp_path / "under-way").exists, what="the request")
        slow_server.send(signal.SIGTERM)
        assert slow_server.wait() == 0
        assert isinstance(answer.exception(30), OSError)


def test_requests_that_wait_for_a_thread_are_answered_and_no_line_on_stderr(
    slow_server: Program, tmp_path: Path
) -> None:
    url = slow_server.url
    with ThreadPoolExecutor(30) as readers:
        answers = [readers.submit(get, f"{url}/") for _ in range(30)]
        wait_until(lambda: len(list(tmp_path.glob("thread-*"))) == THREADS, what="as many requests as threads")
        (tmp_path / "go-on").touch()
        assert {answer.result(60)[0] for answer in answers} == {200}
    assert slow_server.err == ""


def _accepts(url: str) -> bool:
    host, port = url.removeprefix("http://").split(":")
    try:
        socket.create_connection((host, int(port)), 1).close()
    except OSError:
        return False
    return True
