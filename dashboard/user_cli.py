"""The command line of the users file: `omniq-dashboard user add`, `remove`, `list`, `password`, `role`."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import Any

import click

from .accounts import LONGEST, UsersError, UsersFile, checked_role

_name = click.argument("name")
_file = click.option("--users-file", metavar="FILE", help="Where the users stand (OMNIQ_USERS_FILE).")
_stdin = click.option("--password-stdin", is_flag=True, help="Read the password from stdin and ask nothing.")


@click.group("user")
def user_group() -> None:
    """Users of the standalone server, in a file of their own."""


def _command(*options: Callable[..., Any]) -> Callable[[Callable[..., None]], click.Command]:
    def make(function: Callable[..., None]) -> click.Command:
        wrapped: Any = function
        for option in reversed((*options, _file)):
            wrapped = option(wrapped)
        return user_group.command(function.__name__.partition("_")[0])(wrapped)

    return make


@_command(_name, click.option("--role", default="viewer", metavar="ROLE", help="viewer (looks) or operator."), _stdin)
def add_user(name: str, role: str, password_stdin: bool, users_file: str | None) -> None:
    """Add a user, and make the file if there is none."""
    checked_role(role)  # before a password is asked for
    _open(users_file).add(name, _password(password_stdin), role)
    click.echo(f"{name} may sign in as {role}.")


@_command(_name)
def remove_user(name: str, users_file: str | None) -> None:
    """Remove a user and end their sessions."""
    _open(users_file).remove(name)
    click.echo(f"{name} is removed; all sessions of theirs are over.")


@_command()
def list_users(users_file: str | None) -> None:
    """List the users and their roles."""
    for name, user in sorted(_open(users_file).read().by_name.items()):
        click.echo(f"{name}  {user.role}")


@_command(_name, _stdin)
def password_of(name: str, password_stdin: bool, users_file: str | None) -> None:
    """Set another password and end the sessions of that user."""
    file = _open(users_file)
    file.user(name)  # before a password is asked for
    file.set_password(name, _password(password_stdin))
    click.echo(f"{name} has a new password; all sessions of theirs are over.")


@_command(_name, click.argument("role"))
def role_of(name: str, role: str, users_file: str | None) -> None:
    """Set another role (viewer or operator) and end the sessions of that user."""
    _open(users_file).set_role(name, role)
    click.echo(f"{name} is {role} now; all sessions of theirs are over.")


def _open(given: str | None) -> UsersFile:
    path = given or os.environ.get("OMNIQ_USERS_FILE", "")
    if not path:
        raise UsersError("no users file is named: give --users-file FILE or set OMNIQ_USERS_FILE")
    return UsersFile(path)


def _password(from_stdin: bool) -> str:
    if not from_stdin:
        return str(click.prompt("Password", hide_input=True, confirmation_prompt="Once more", err=True))
    # One line, so that a file that ends with a line break is the same password.
    return sys.stdin.readline(4 * LONGEST).removesuffix("\n").removesuffix("\r")
