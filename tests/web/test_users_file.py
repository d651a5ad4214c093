"""The file of users and the commands that change it: whole or not at all, and nobody else's to read."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from click.testing import CliRunner

from dashboard import accounts
from dashboard.accounts import UsersError, UsersFile
from dashboard.cli import cli
from tests.support.programs import ROOT, clean_environment
from tests.web.signing_in import WORD, fast_hash

Run = Callable[..., str]


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(accounts, "generate_password_hash", fast_hash)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "new folder" / "users.json"


@pytest.fixture
def run(path: Path) -> Run:
    """`run("add", "ana", typed="the password")`: what the command printed."""

    def user(*arguments: str, typed: str = "") -> str:
        done = CliRunner(env={"OMNIQ_USERS_FILE": str(path)}).invoke(cli, ["user", *arguments], input=typed)
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        return done.output

    return user


def test_the_commands(run: Run, path: Path) -> None:
    assert "ana may sign in as operator" in run("add", "ana", "--role", "operator", typed=f"{WORD}\n{WORD}\n")
    run("add", "vic", "--password-stdin", typed=f"{WORD}\n")
    assert run("list") == "ana  operator\nvic  viewer\n"
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    before = UsersFile(path).read()
    assert WORD not in path.read_text() and len(before.secret) == 64
    run("role", "vic", "operator")
    run("password", "ana", "--password-stdin", typed="another one\n")
    after = UsersFile(path).read()
    assert after.secret == before.secret
    assert after.by_name["vic"].role == "operator"
    assert after.by_name["ana"].password != before.by_name["ana"].password
    run("remove", "ana")
    assert run("list") == "vic  operator\n"
    assert sorted(one.name for one in path.parent.iterdir()) == [".users.json.lock", "users.json"]


def test_what_was_typed_is_not_shown(run: Run) -> None:
    assert WORD not in run("add", "ana", typed=f"{WORD}\n{WORD}\n")


@pytest.mark.parametrize(
    ("arguments", "typed", "words"),
    [
        (["add", "ana b", "--password-stdin"], WORD, "a name has"),
        (["add", "", "--password-stdin"], WORD, "a name has"),
        (["add", "ana", "--password-stdin"], "short12", "8 to 1,024"),
        (["add", "ana", "--password-stdin"], "x" * 1_025, "8 to 1,024"),
        (["add", "ana", "--role", "root"], "", "viewer or operator"),
        (["add", "vic", "--password-stdin"], WORD, "vic is a user already"),
        (["remove", "nobody"], "", "'nobody' is no user"),
        (["password", "nobody"], "", "'nobody' is no user"),
        (["role", "vic", "root"], "", "viewer or operator"),
        (["list", "--users-file", "/nowhere/users.json"], "", "no users stand in /nowhere/users.json"),
        (["remove", "vic", "--users-file", "/nowhere/users.json"], "", "cannot be changed: No such file"),
    ],
)
def test_each_mistake_is_a_line_and_changes_nothing(
    run: Run, path: Path, arguments: list[str], typed: str, words: str
) -> None:
    run("add", "vic", "--password-stdin", typed=WORD)
    before = path.read_bytes()
    with pytest.raises(UsersError, match=words):
        run(*arguments, typed=typed)
    assert path.read_bytes() == before


def test_without_a_file_the_command_asks_for_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OMNIQ_USERS_FILE", raising=False)
    with pytest.raises(UsersError, match="OMNIQ_USERS_FILE"):
        CliRunner().invoke(cli, ["user", "list"], catch_exceptions=False)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o777])
def test_a_file_that_others_may_read_is_refused(run: Run, path: Path, mode: int) -> None:
    run("add", "vic", "--password-stdin", typed=WORD)
    file = UsersFile(path)
    file.read()
    path.chmod(mode)
    for reader in (file, UsersFile(path)):
        with pytest.raises(UsersError, match=r"others may read .*chmod 600"):
            reader.read()
    with pytest.raises(UsersError, match="others may read"):
        run("role", "vic", "operator")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"v":2}',
        "[" * 100_000,
        json.dumps({"v": 1, "secret": "short", "users": {}}),
        json.dumps({"v": 1, "secret": "a" * 64, "users": {"ana": {"role": "root", "password": "x", "epoch": 0}}}),
        json.dumps({"v": 1, "secret": "a" * 64, "users": {"ana": {"role": "viewer", "password": 1, "epoch": 0}}}),
        json.dumps({"v": 1, "secret": "a" * 64, "users": {"ana": {"role": "viewer", "more": 1}}}),
        json.dumps({"v": 1, "secret": "a" * 64, "users": {"a b": {"role": "viewer", "password": "x", "epoch": 0}}}),
        json.dumps({"v": 1, "secret": "a" * 64, "users": []}),
    ],
    ids=range(11),
)
def test_what_is_no_file_of_users_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "users.json"
    path.write_text(text)
    path.chmod(0o600)
    with pytest.raises(UsersError, match="no file of users"):
        UsersFile(path).read()


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "link.json").symlink_to(tmp_path / "real.json")
    UsersFile(tmp_path / "link.json").add("ana", WORD, "viewer")
    assert (tmp_path / "link.json").is_symlink()
    assert list(UsersFile(tmp_path / "real.json").read().by_name) == ["ana"]


def test_a_change_that_breaks_off_leaves_the_file_as_it_was(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = UsersFile(path)
    file.add("ana", WORD, "viewer")

    def full(_fd: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(UsersError, match="cannot be changed: No space left"):
        file.add("ben", WORD, "viewer")
    monkeypatch.undo()
    assert list(UsersFile(path).read().by_name) == ["ana"]
    assert sorted(one.name for one in path.parent.iterdir()) == [".users.json.lock", "users.json"]


def test_of_many_that_add_at_once_none_is_lost(path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: UsersFile(path).add(f"user-{n}", WORD, "viewer"), range(40)))
    assert len(UsersFile(path).read().by_name) == 40


def test_two_processes_that_add_at_once(tmp_path: Path) -> None:
    path = tmp_path / "users.json"
    command = [sys.executable, "-m", "dashboard", "user", "add", "--users-file", str(path), "--password-stdin"]
    both = [
        subprocess.Popen([*command, name], stdin=subprocess.PIPE, cwd=ROOT, env=clean_environment(tmp_path))
        for name in ("ana", "ben", "ana")
    ]
    for one in both:
        one.communicate(WORD.encode(), timeout=60)
    assert sorted(one.returncode for one in both) == [0, 0, 2]
    assert sorted(UsersFile(path).read().by_name) == ["ana", "ben"]
