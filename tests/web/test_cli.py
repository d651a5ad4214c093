"""The command line as people meet it: a real child process, its exit code and what it prints."""

from __future__ import annotations

import base64
import signal
import socket
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.support.clock import wait_until
from tests.support.programs import Program, get
from tests.support.redis_server import RedisServer, free_port
from tests.web.signing_in import WORD, Door

Start = Callable[..., Program]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """`start("serve", "--port", "0", OMNIQ_USER="ops")`: the command line, ended after the test."""
    programs: list[Program] = []

    def run(*arguments: str, by: tuple[str, ...] = ("-m", "dashboard"), **environment: str) -> Program:
        programs.append(Program(tmp_path, [*by, *arguments], **environment))
        return programs[-1]

    yield run
    for program in programs:
        program.end()


def refused(program: Program) -> str:
    """The one line with which the program refused to start (exit code 2)."""
    assert program.wait(60) == 2, program.err
    assert program.out == ""
    assert program.err.startswith("omniq-dashboard: ")
    assert program.err.count("\n") == 1, program.err
    return program.err


LISTED = "--redis holds credentials, which whoever lists processes may have read: set OMNIQ_REDIS_URL instead"


def title_of(program: Program) -> list[str]:
    """What a list of processes says after the name of Python; nothing where the system has no /proc."""
    file = Path(f"/proc/{program.process.pid}/cmdline")
    return file.read_text().split("\0")[1:-1] if file.exists() else []


def test_serve_says_where_it_listens_and_what_it_shows(start: Start, redis_server: RedisServer) -> None:
    script = str(Path(sys.executable).with_name("omniq-dashboard"))
    place = f"127.0.0.1:{redis_server.port}/3"
    program = start("serve", f"--redis=redis://user:s3cr3t@{place}", "--port", "0", by=(script,))
    assert program.url.startswith("http://127.0.0.1:")
    assert title_of(program) in ([], [script, "serve", f"--redis=redis://user:***@{place}", "--port", "0"])
    program.send(signal.SIGTERM)
    assert program.wait() == 0  # it has said all then; the address comes first
    assert program.err.startswith(f"omniq-dashboard: {LISTED}\n")
    assert f"Redis  127.0.0.1:{redis_server.port}/3\n" in program.out
    assert "Stop   Ctrl-C" in program.out
    assert "s3cr3t" not in program.out + program.err


def test_serve_needs_no_right_to_name_its_connections(start: Start, throwaway_redis: RedisServer) -> None:
    with throwaway_redis.client() as admin:
        admin.acl_setuser("shy", enabled=True, passwords=["+s3cr3t"], keys=["*"], commands=["+@all", "-client"])
    url = throwaway_redis.url.replace("://", "://shy:s3cr3t@")
    program = start("serve", "--redis", url, "--port", "0", REDIS_URL="nonsense", OMNIQ_REDIS_URL="nonsense")
    assert [get(f"{program.url}{path}")[0] for path in ("/", "/health", "/activity")] == [200, 200, 200]
    assert program.err == f"omniq-dashboard: {LISTED}\n"
    masked = url.replace("s3cr3t", "***")
    assert title_of(program) in ([], ["-m", "dashboard", "serve", "--redis", masked, "--port", "0"])


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_cleanly(start: Start, redis_server: RedisServer, redis: Any, number: signal.Signals) -> None:
    program = start("serve", "--redis", redis_server.url, "--port", "0")
    assert get(f"{program.url}/")[0] == 200
    wait_until(lambda: redis.exists("{omniq:x}:leader"), what="a leader")
    program.send(number)
    assert program.wait() == 0
    assert not redis.exists("{omniq:x}:leader"), "another process need not wait for a claim of one that is gone"
    assert program.out.endswith("Stopped.\n")
    assert program.err == ""


def test_the_prefix_is_served_and_printed(start: Start, redis_server: RedisServer) -> None:
    program = start("serve", "--redis", redis_server.url, "--port", "0", "--prefix", "ops/queues/")
    assert program.url.endswith("/ops/queues")
    assert get(f"{program.url}/")[0] == 200


def test_serve_without_a_redis_says_what_to_set(start: Start) -> None:
    line = refused(start("serve", "--port", "0"))
    assert "--redis" in line
    assert "OMNIQ_REDIS_URL" in line


def test_both_variables_name_the_redis(start: Start, redis_server: RedisServer) -> None:
    for variable in ("OMNIQ_REDIS_URL", "REDIS_URL"):
        url = redis_server.url.replace("://", "://default:any@")
        program = start("serve", **{"OMNIQ_PORT": "0", variable: url})
        assert (get(f"{program.url}/")[0], program.err) == (200, "")


@pytest.mark.parametrize(
    "url",
    [
        "redis://:s3cr3t@127.0.0.1:port/0",
        "http://ops:s3cr3t@127.0.0.1:6379/0",
        "127.0.0.1:6379?password=s3cr3t",
        "redis://ops:s3cr3t@[::1/0",
        "redis://ops:s3cr3t@127.0.0.1:6379/0?socket_timeout=s3cr3t",
        "redis://:s3cr3t@127.0.0.1:6379/0?zzz=1",
        "redis://ops:p@s3cr3t#x@127.0.0.1:6379/0",
        "redis://:s3cr3t@127.0.0.1:6379/0?retry_on_timeout=yes&retry=3",
    ],
)
def test_a_bad_redis_url_is_one_line_without_the_password(refuses: Callable[..., str], url: str) -> None:
    line = refuses("serve", "--redis", url, "--port", "0")
    assert "s3cr3t" not in line
    assert "--redis: " in line
    for command in ("serve", "demo"):
        line = refuses(command, "--port", "0", OMNIQ_REDIS_URL=url)
        assert "OMNIQ_REDIS_URL: " in line and "s3cr3t" not in line


def test_a_redis_that_is_away_is_no_reason_not_to_start(start: Start, throwaway_redis: RedisServer) -> None:
    throwaway_redis.stop()
    program = start("serve", "--redis", throwaway_redis.url, "--port", "0")
    assert get(f"{program.url}/")[0] == 503
    wait_until(lambda: "Redis does not answer (connection refused)" in program.err, what="the warning")
    assert program.err.count("\n") == 1, program.err
    throwaway_redis.start()
    wait_until(lambda: get(f"{program.url}/")[0] == 200, what="the page of the Redis that is back")


def test_a_redis_that_hangs_keeps_no_reader_waiting_for_another(start: Start) -> None:
    """Each answer takes the 1.9 s that Redis is given; one after the other they would take 26 s."""

    def ask(url: str) -> tuple[int, float]:
        begun = time.monotonic()
        return get(url)[0], time.monotonic() - begun

    with socket.create_server(("127.0.0.1", 0)) as silent, ThreadPoolExecutor(14) as readers:
        program = start("serve", "--redis", f"redis://127.0.0.1:{silent.getsockname()[1]}/0", "--port", "0")
        wait_until(lambda: "Redis does not answer" in program.err, what="the end of the start")
        answers = list(readers.map(ask, [f"{program.url}/"] * 14))
    assert {status for status, _ in answers} == {503}
    assert max(took for _, took in answers) < 13


@pytest.mark.parametrize(
    ("arguments", "environment", "words"),
    [
        (["--port", "abc"], {}, "port: a whole number"),
        (["--port", "70000"], {}, "port: use 0 to 65,535"),
        ([], {"OMNIQ_PORT": "abc"}, "OMNIQ_PORT: a whole number"),
        (["--prefix", "a b"], {}, "prefix: "),
        (["--user", "ops"], {}, "OMNIQ_PASSWORD is not set"),
        (["--user", "ops"], {"OMNIQ_READ_ONLY": "perhaps"}, "OMNIQ_READ_ONLY: "),
        (["--host", "no-such-host.invalid"], {}, "no-such-host.invalid is no address"),
        (["--host", "192.0.2.7"], {}, "192.0.2.7 is no address of this machine"),
        (["--nope"], {}, "No such option"),
        (["surplus"], {}, "unexpected extra argument"),
    ],
)
def test_each_mistake_is_one_line(
    refuses: Callable[..., str], arguments: list[str], environment: dict[str, str], words: str
) -> None:
    given = {"OMNIQ_REDIS_URL": "redis://127.0.0.1:6379/0", "OMNIQ_PORT": "0", **environment}
    assert words in refuses("serve", *arguments, **given)


def test_an_option_wins_over_the_environment(start: Start, redis_server: RedisServer) -> None:
    port = free_port()
    program = start("serve", "--port", str(port), "--redis", redis_server.url, OMNIQ_PORT="1", REDIS_URL="nonsense")
    assert program.url == f"http://127.0.0.1:{port}"


def test_a_named_port_that_is_taken_is_an_error(start: Start) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        given = {"OMNIQ_REDIS_URL": "redis://127.0.0.1:6379/0"}
        assert f"port {port} of 127.0.0.1 is taken" in refused(start("serve", "--port", port, **given))
        assert f"port {port} of 127.0.0.1 is taken" in refused(start("serve", OMNIQ_PORT=port, **given))


@pytest.mark.parametrize("command", ["serve", "demo"])
def test_without_credentials_it_listens_on_this_machine_alone(
    refuses: Callable[..., str], command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dashboard.cli.serve", lambda *_: pytest.fail("it listens"))
    line = refuses(command, "--redis", "redis://127.0.0.1:1/0", "--port", "0", "--host", "0.0.0.0")
    assert "nobody would have to sign in on 0.0.0.0" in line
    for way in ("user add", "--users-file", "OMNIQ_PROXY_HEADER", "127.0.0.1", "--insecure"):
        assert way in line


def test_with_credentials_it_listens_to_the_world(start: Start, redis_server: RedisServer) -> None:
    common = ("serve", "--redis", redis_server.url, "--port", "0", "--host", "0.0.0.0")
    for lifted in (start(*common, "--insecure"), start(*common, "--user", "ops", OMNIQ_PASSWORD="s3cr3t")):
        get(f"{lifted.url}/")
        assert lifted.err == ""


def test_users_of_a_file_sign_in_and_out_in_two_processes(
    start: Start, redis_server: RedisServer, tmp_path: Path
) -> None:
    door = Door(tmp_path)
    common = ("serve", "--redis", redis_server.url, "--port", "0", "--host", "0.0.0.0", "--users-file", str(door.path))
    one, other = start(*common), start(*common)
    page = get(f"{one.url}/")
    assert page[0] == 200 and 'autocomplete="current-password"' in page[1]
    jar = urllib.request.HTTPCookieProcessor()
    browser = urllib.request.build_opener(jar)

    def press(url: str, **form: str) -> str:
        sent = urllib.request.Request(url, urlencode(form).encode(), {"Sec-Fetch-Site": "same-origin"})
        with browser.open(sent, timeout=30) as reply:
            return str(reply.read().decode())

    assert "Signed in as ana" in press(f"{one.url}/sign-in", user="ana", password=WORD)
    # Cookies know no ports, so this is the same browser at the other process.
    with browser.open(f"{other.url}/", timeout=30) as reply:
        assert "Signed in as ana" in reply.read().decode()
    (kept,) = [f"{cookie.name}={cookie.value}" for cookie in jar.cookiejar if cookie.name.startswith("omniq_session_")]
    assert "signed out everywhere" in press(f"{other.url}/sign-out-everywhere")
    assert "current-password" in get(f"{one.url}/", Cookie=kept)[1]
    assert one.err == other.err == ""


def test_a_users_file_that_is_not_there_or_shown_to_others_is_one_line(
    refuses: Callable[..., str], tmp_path: Path
) -> None:
    given = ("serve", "--redis", "redis://127.0.0.1:1/0", "--port", "0", "--users-file", str(tmp_path / "users.json"))
    assert "no users stand in" in refuses(*given)
    (tmp_path / "users.json").write_text("{}")
    (tmp_path / "users.json").chmod(0o644)
    assert "others may read" in refuses(*given)


def test_a_proxy_before_it_is_seen_through_the_server(start: Start, redis_server: RedisServer) -> None:
    program = start("serve", "--redis", redis_server.url, "--port", "0")
    assert get(f"{program.url}/")[0] == 200
    for name in ("Forwarded", "X_Forwarded_For", "X_Forwarded_Proto", "X_Forwarded_Host"):
        assert get(f"{program.url}/", **{name: "203.0.113.9"})[0] == 403, name


def test_user_and_password_are_asked_for(start: Start, redis_server: RedisServer) -> None:
    program = start("serve", "--redis", redis_server.url, "--port", "0", "--user", "ops", OMNIQ_PASSWORD="s3cr3t")
    assert get(f"{program.url}/")[0] == 401
    pair = base64.b64encode(b"ops:s3cr3t").decode()
    assert get(f"{program.url}/", Authorization=f"Basic {pair}")[0] == 200
