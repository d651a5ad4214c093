"""Oversized and slow requests under waitress: others are answered meanwhile, and nobody fills memory or stays for ever.

The server is `omniq-dashboard serve` but for its patience, which is two seconds, and the connections that may wait.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from dashboard import connections, serving
from tests.support.clock import wait_until
from tests.support.programs import Program, get

WAITING = 40
SERVER = f"""
import resource
from dashboard import connections, create_app
from dashboard.serving import listen, serve

connections.WHOLE_REQUEST_S, connections.UNREAD_S = 2.0, 1.0
connections.WAITING = {WAITING}
app = create_app(redis="redis://127.0.0.1:1/0", background=False, secret="not secret")
app.add_url_rule("/memory", "memory", lambda: str(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss))

def long():
    try:
        for _ in range(2_000):
            yield b"x" * 65536
    finally:
        print("given up", flush=True)

app.add_url_rule("/long", "long", lambda: long())
listener = listen("127.0.0.1", 0, fixed=True)
serve(app, listener, lambda: print(f"Open {{listener.url('')}}\\nStop ", flush=True))
"""
HEAD = b"POST /queues/mail/jobs/retry HTTP/1.1\r\nHost: localhost\r\nSec-Fetch-Site: same-origin\r\n"
TYPE = b"Content-Type: application/x-www-form-urlencoded\r\n"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    program = Program(tmp_path_factory.mktemp("server"), ["-c", SERVER])
    yield program
    program.end()


@pytest.fixture
def together() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def dial(server: Program, together: ExitStack, sent: bytes = b"") -> socket.socket:
    host, port = server.url.removeprefix("http://").split(":")
    line = together.enter_context(socket.create_connection((host, int(port)), timeout=30))
    line.sendall(sent)
    return line


def answer(line: socket.socket) -> bytes:
    """All that comes until the server closes; what it closed on is an answer as well."""
    found = b""
    try:
        while part := line.recv(65536):
            found += part
    except ConnectionError:
        pass
    return found


def is_closed(line: socket.socket) -> bool:
    line.setblocking(False)
    try:
        return line.recv(1) == b""
    except BlockingIOError:
        return False
    except ConnectionError:
        return True


def memory(server: Program) -> int:
    """The most that it ever had, in KB."""
    return int(get(f"{server.url}/memory")[1])


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"GET / HTTP/1.1\r\nHost: localh",
        HEAD + TYPE + b"Content-Length: 400000\r\n\r\nid=",
        HEAD + TYPE + b"Transfer-Encoding: chunked\r\n\r\n5\r\nid=",
        HEAD + TYPE + b"Expect: 100-continue\r\nContent-Length: 9\r\n\r\n",
    ],
    ids=["nothing", "half a head", "half a body", "half a chunk", "waits to continue"],
)
def test_many_who_send_no_whole_request_keep_nobody_out(server: Program, together: ExitStack, sent: bytes) -> None:
    assert serving.THREADS < WAITING
    lines = [dial(server, together, sent) for _ in range(3 * WAITING)]
    assert get(f"{server.url}/shortcuts")[0] == 200
    # Those that came first leave first, long before their time is up; the others have theirs.
    wait_until(lambda: sum(map(is_closed, lines)) >= 2 * WAITING, what="the first ones to be closed")
    assert get(f"{server.url}/shortcuts")[0] == 200


def test_one_byte_now_and_then_is_no_way_to_stay(server: Program, together: ExitStack) -> None:
    line = dial(server, together, HEAD + TYPE + b"Content-Length: 400000\r\n\r\n")

    def drips() -> bool:
        try:
            line.send(b"a")
        except OSError:
            return True
        return is_closed(line)

    wait_until(drips, what="the end of its time")


def test_an_answer_that_nobody_takes_is_given_up(server: Program, together: ExitStack) -> None:
    line = dial(server, together, b"GET /long HTTP/1.1\r\nHost: localhost\r\n\r\n")
    line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    wait_until(lambda: "given up" in server.out, what="the end of its time")


def test_a_connection_closed_on_one_side(server: Program, together: ExitStack) -> None:
    whole = dial(server, together, b"GET /shortcuts HTTP/1.1\r\nHost: localhost\r\n\r\n")
    whole.shutdown(socket.SHUT_WR)
    assert answer(whole).startswith(b"HTTP/1.1 200 OK")
    half = dial(server, together, HEAD + TYPE + b"Content-Length: 400\r\n\r\nid=a")
    half.shutdown(socket.SHUT_WR)
    assert answer(half) == b""


def test_a_body_above_the_limit_is_refused_at_once_and_not_kept(server: Program, together: ExitStack) -> None:
    before = memory(server)
    for size in (serving.LARGEST_REQUEST, 10**15):
        line = dial(server, together, HEAD + TYPE + b"Content-Length: %d\r\n\r\n" % size)
        said = answer(line)  # before anything of the body was sent
        assert said.startswith(b"HTTP/1.1 413 Request Entity Too Large") and b"exceeds max_body" in said
    endless = dial(server, together, HEAD + TYPE + b"Transfer-Encoding: chunked\r\n\r\n")
    sent = 0
    try:
        while sent < 64 * 1024 * 1024:
            endless.sendall(b"10000\r\n" + b"a" * 65536 + b"\r\n")
            sent += 65536
    except OSError:
        pass
    assert sent < 4 * serving.LARGEST_REQUEST
    assert memory(server) - before < 16 * 1024


def test_what_our_own_limit_refuses_is_told_in_our_words(server: Program, together: ExitStack) -> None:
    size = 1_100_000
    line = dial(server, together, HEAD + TYPE + b"Connection: close\r\nContent-Length: %d\r\n\r\n" % size)
    line.sendall(b"a" * size)
    said = answer(line)
    assert said.startswith(b"HTTP/1.1 413 ") and b"This form is more than this page takes: at most 1 MB" in said


def test_a_head_above_the_limit_is_refused(server: Program, together: ExitStack) -> None:
    line = dial(server, together, b"GET / HTTP/1.1\r\nX: " + b"a" * (serving.LARGEST_HEAD + 1))
    assert answer(line).startswith(b"HTTP/1.0 431 ")


@pytest.mark.parametrize(
    ("line", "status"),
    [
        (b"GET http://evil.example/shortcuts HTTP/1.1", 200),  # as a proxy is asked: the path counts, the name does not
        (b"GET //evil.example/x HTTP/1.1", 404),
        (b"GET /../../etc/passwd HTTP/1.1", 404),
        (b"GET /%00 HTTP/1.1", 404),
        (b"GET /" + b"a/" * 20_000 + b" HTTP/1.1", 404),
        (b"GET /\xff\xfe HTTP/1.1", 400),
        (b"get /shortcuts HTTP/1.1", 400),
        (b"OPTIONS * HTTP/1.1", 404),
        (b"TRACE / HTTP/1.1", 405),
        (b"CONNECT localhost:1 HTTP/1.1", 404),
        (b"GET /shortcuts HTTP/1.1\r\nHost: evil.example", 403),  # two hosts
        (b"POST /queues/mail/jobs/retry HTTP/1.1\r\nContent-Length: -5", 400),
        (b"POST /queues/mail/jobs/retry HTTP/1.1\r\nTransfer-Encoding: gzip, chunked", 501),
        (b"GET /shortcuts HTTP/1.1\r\nX: a\rSet-Cookie: b", 400),
    ],
)
def test_requests_that_no_browser_writes(server: Program, together: ExitStack, line: bytes, status: int) -> None:
    sent = dial(server, together, line + b"\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    said = answer(sent)
    assert int(said.split(b" ", 2)[1]) == status
    head = said.partition(b"\r\n\r\n")[0]
    assert b"evil" not in head and b"Set-Cookie: b" not in head


def test_what_waits_fits_into_what_may_be_open() -> None:
    """Each may hold a file besides its socket, and a process may usually open 1,024."""
    assert connections.LIMIT + connections.WAITING < 900 and connections.WAITING > 2 * serving.THREADS
