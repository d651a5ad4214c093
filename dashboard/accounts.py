"""The users of the standalone dashboard: one file of JSON, changed whole or not at all, that nobody else may read."""

from __future__ import annotations

import fcntl
import json
import os
import re
import secrets
import stat
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, cast

from werkzeug.security import generate_password_hash

from .settings import SettingsError

ROLES = ("viewer", "operator")
SHORTEST, LONGEST = 8, 1_024
"""Characters of a password."""
MOST_USERS, _MOST_BYTES = 10_000, 8 * 1024 * 1024
NAME = re.compile(r"[A-Za-z0-9._@+-]{1,64}")


class UsersError(SettingsError):
    """The file of users cannot be used, or not be changed so. One line that says what to do, without a secret."""


@dataclass(frozen=True, slots=True)
class User:
    """One user. `epoch` goes up to end all sessions at once."""

    name: str
    role: str
    password: str = field(repr=False)
    epoch: int = 0

    @property
    def stamp(self) -> str:
        """What a session is bound to: it ends when any of this changes."""
        return f"{self.password}\n{self.epoch}\n{self.role}"


@dataclass(frozen=True, slots=True)
class Users:
    """What stands in the file: the secret that signs sessions, and the users by name."""

    secret: str = field(repr=False)
    by_name: dict[str, User]


class UsersFile:
    """The file at `path`. Reads again when it was changed, so all processes see a change at their next request."""

    def __init__(self, path: str | Path) -> None:
        self.path = Path(os.path.realpath(path))
        self._seen: tuple[tuple[int, ...], Users] | None = None
        self._lock = threading.Lock()

    def read(self) -> Users:
        """The users. Raises UsersError when there is no file, when others may read it, or when it is none of ours."""
        try:
            now = _print_of(self.path.stat())
            with self._lock:
                if self._seen is None or self._seen[0] != now:
                    self._seen = self._load()
                return self._seen[1]
        except FileNotFoundError:
            raise UsersError(
                f"no users stand in {self.path}: add one with omniq-dashboard user add NAME --users-file {self.path}"
            ) from None
        except OSError as error:
            raise UsersError(f"{self.path} cannot be read: {error.strerror}") from None

    def user(self, name: str) -> User:
        """One of them. Raises UsersError, also when nobody has that name."""
        return _known(self.read().by_name, name)

    def add(self, name: str, password: str, role: str) -> None:
        """Adds a user, and makes the file if there is none. Raises UsersError."""
        made = User(_checked_name(name), checked_role(role), _hash(password))

        def change(users: dict[str, User]) -> None:
            if name in users:
                raise UsersError(f"{name} is a user already: see user password and user role")
            if len(users) >= MOST_USERS:
                raise UsersError(f"there are {MOST_USERS:,} users already")
            users[name] = made

        self._change(change, create=True)

    def remove(self, name: str) -> None:
        """Removes a user, whose sessions end. Raises UsersError."""

        def take(users: dict[str, User]) -> None:
            del users[_known(users, name).name]

        self._change(take)

    def set_password(self, name: str, password: str) -> None:
        """Another password; the sessions of that user end. Raises UsersError."""
        hashed = _hash(password)
        self._replace(name, lambda user: replace(user, password=hashed))

    def set_role(self, name: str, role: str) -> None:
        """Another role; the sessions of that user end, for good. Raises UsersError."""
        checked = checked_role(role)
        # A session is bound to the role as well, but that may be set back.
        self._replace(name, lambda user: replace(user, role=checked, epoch=user.epoch + 1))

    def end_sessions(self, name: str) -> None:
        """Ends all sessions of that user, in all processes. Raises UsersError."""
        self._replace(name, lambda user: replace(user, epoch=user.epoch + 1))

    def _replace(self, name: str, change: Callable[[User], User]) -> None:
        def put(users: dict[str, User]) -> None:
            users[name] = change(_known(users, name))

        self._change(put)

    def _change(self, change: Callable[[dict[str, User]], None], *, create: bool = False) -> None:
        try:
            with self._alone(create):
                users = Users(secrets.token_hex(32), {})
                if not create or self.path.exists():
                    users = self.read()
                by_name = dict(users.by_name)
                change(by_name)
                self._write(Users(users.secret, by_name))
        except OSError as error:
            raise UsersError(f"{self.path} cannot be changed: {error.strerror}") from None

    @contextmanager
    def _alone(self, create: bool) -> Generator[None]:
        """Of two that change the file the second waits, and then reads what the first has written."""
        if create:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Another file, because this one is a new one after each change.
        lock = os.open(self.path.with_name(f".{self.path.name}.lock"), os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)

    def _load(self) -> tuple[tuple[int, ...], Users]:
        with self.path.open("rb") as file:
            found = os.fstat(file.fileno())
            if not stat.S_ISREG(found.st_mode):
                raise UsersError(f"{self.path} is no file")
            if found.st_mode & 0o077:
                raise UsersError(f"others may read {self.path}: chmod 600 {self.path}")
            text = file.read(_MOST_BYTES + 1)
        users = _parsed(text) if len(text) <= _MOST_BYTES else None
        if users is None:
            raise UsersError(f"{self.path} is no file of users: it was not made by omniq-dashboard user add")
        return _print_of(found), users

    def _write(self, users: Users) -> None:
        told = {name: {k: v for k, v in asdict(user).items() if k != "name"} for name, user in users.by_name.items()}
        text = json.dumps({"v": 1, "secret": users.secret, "users": told}, indent=1) + "\n"
        fresh = self.path.with_name(f".{self.path.name}.{secrets.token_hex(8)}")
        file = os.open(fresh, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600)
        try:
            with os.fdopen(file, "w", encoding="utf-8") as out:
                self._keep_owner(out.fileno())
                out.write(text)
                out.flush()
                os.fsync(out.fileno())
            fresh.replace(self.path)
        except BaseException:
            fresh.unlink(missing_ok=True)
            raise
        folder = os.open(self.path.parent, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def _keep_owner(self, file: int) -> None:
        """An administrator who changes it must not take it from the server that reads it."""
        if os.geteuid() == 0 and self.path.exists():
            before = self.path.stat()
            os.fchown(file, before.st_uid, before.st_gid)


def _print_of(found: os.stat_result) -> tuple[int, ...]:
    return (found.st_dev, found.st_ino, found.st_mtime_ns, found.st_size, found.st_mode)


def _parsed(text: bytes) -> Users | None:
    try:
        kept = cast(dict[str, Any], json.loads(text))
        if kept["v"] != 1 or not re.fullmatch(r"[0-9a-f]{64}", kept["secret"]):
            return None
        by_name = {name: User(name, **given) for name, given in cast(dict[str, Any], kept["users"]).items()}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    sound = all(
        NAME.fullmatch(user.name) and user.role in ROLES and isinstance(user.password, str) and type(user.epoch) is int  # pyright: ignore[reportUnnecessaryIsInstance]
        for user in by_name.values()
    )
    return Users(kept["secret"], by_name) if sound else None


def _known(users: dict[str, User], name: str) -> User:
    if name not in users:
        raise UsersError(f"{name!a} is no user here")
    return users[name]


def _checked_name(name: str) -> str:
    if not NAME.fullmatch(name):
        raise UsersError("a name has 1 to 64 letters, digits or . _ @ + -")
    return name


def checked_role(role: str) -> str:
    """The role, if it is one. Raises UsersError."""
    if role not in ROLES:
        raise UsersError(f"a role is {' or '.join(ROLES)}")
    return role


def _hash(password: str) -> str:
    if not SHORTEST <= len(password) <= LONGEST:
        raise UsersError(f"a password has {SHORTEST} to {LONGEST:,} characters")
    return generate_password_hash(password, method="scrypt")
