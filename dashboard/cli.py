"""The command line: `omniq-dashboard serve`, `demo` and `user`."""

from __future__ import annotations

import os
import re
import signal
import sys
from collections.abc import Callable
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any, NoReturn

import click

from omniq_core import REDIS_ERRORS, OmniqClient, explain_redis_error

from . import __version__
from .argv import REDIS, REDIS_VARIABLE, hide
from .demo.mark import NotOurDatabase, claim_database
from .demo.process import start_workload
from .embedded import EmbeddedError, EmbeddedRedis, start_embedded
from .extension import create_app
from .outage_words import outage_line
from .serving import CannotListen, Listener, listen, serve
from .settings import TABLE, Settings, SettingsError, load_settings
from .state import EXTENSION
from .user_cli import user_group

PROGRAM = "omniq-dashboard"
CANNOT_START = 2
INTERRUPTED = 130

_SURPLUS = re.compile(r"(unexpected extra arguments?) \(.*\)", re.DOTALL)
_LISTED = f"{REDIS} holds credentials, which whoever lists processes may have read: set {REDIS_VARIABLE} instead"

STOP_S = 2.0
"""So long a process that ends waits for its background: as long as a Redis that hangs is given."""


def _meant(context: click.Context, _: click.Parameter, value: str | None) -> str | None:
    """The address that a masked one stands for."""
    return context.obj.get(value, value)


_OPTIONS = (
    click.option(
        "--redis", "redis_url", metavar="URL", callback=_meant, help="Redis to show, like redis://localhost:6379/0."
    ),
    click.option("--host", metavar="NAME", help="Address to listen on (127.0.0.1)."),
    # a text here, so that the table of settings checks it and the message is the same as for the environment
    click.option("--port", metavar="PORT", help="Port to listen on (8080, or the next free one)."),
    click.option("--prefix", metavar="PATH", help="Path to serve it under, like /omniq."),
    click.option("--redact", metavar="PATHS", help="Hide these values of jobs: password,*.token,cards[*].number."),
    click.option("--read-only", is_flag=True, default=None, help="Show everything, change nothing."),
    click.option("--users-file", metavar="FILE", help="Let the users in this file sign in (see `user add`)."),
    click.option("--user", metavar="NAME", help="Ask for this name and the password in OMNIQ_PASSWORD."),
    click.option("--insecure", is_flag=True, default=None, help="Answer everybody without credentials."),
)


def _options(command: Callable[..., None]) -> Callable[..., None]:
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


@click.group(context_settings={"help_option_names": ["-h", "--help"]}, invoke_without_command=True)
@click.version_option(__version__, prog_name=PROGRAM)
@click.pass_context
def cli(context: click.Context) -> None:
    """See and steer OmniQ job queues in the browser.

    Every option is also an environment variable: OMNIQ_REDIS_URL, OMNIQ_PORT and so on; the option wins.
    """
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


cli.add_command(user_group)


@cli.command("serve")
@_options
def serve_command(**given: Any) -> None:
    """Show the queues of a Redis."""
    settings = load_settings(**given)
    if not settings.redis_url:
        _fail(
            "no Redis is named: give --redis redis://HOST:6379/0 or set OMNIQ_REDIS_URL "
            f"(`{PROGRAM} demo` brings its own)"
        )
    client = _client(settings.redis_url, _source_of("redis_url", given, "--redis"))
    with _listen(settings, given) as listener:
        app = create_app(redis=client, **given)
        _run(app, client, listener, settings)


@cli.command("demo")
@_options
@click.option("--data", metavar="DIR", type=click.Path(path_type=Path), help="Where the demo's Redis keeps its data.")
def demo_command(data: Path | None, **given: Any) -> None:
    """Show queues at work: brings a Redis and jobs of its own.

    With --redis it uses that database instead, if it is empty or the demo's own.
    """
    given["env"] = "demo"
    settings = load_settings(**given)
    with ExitStack() as stack:
        listener = stack.enter_context(_listen(settings, given))
        url, source, works = settings.redis_url, _source_of("redis_url", given, "--redis"), True
        notes = [("Demo", f"publishes and works jobs in this database ({source})")]
        if not url:
            embedded = start_embedded(data or _data_folder())
            stack.callback(embedded.stop)
            stack.callback(_explain_death, embedded)
            embedded.when_it_dies(lambda: os.kill(os.getpid(), signal.SIGTERM))
            # the process that owns an embedded Redis runs its workload too
            url, source, works = embedded.url, "the embedded Redis", not embedded.attached
            kept = _short(embedded.data_dir)
            notes = [("Demo", f"publishes and works jobs in {embedded.engine} {embedded.version}, kept in {kept}")]
        client = stack.enter_context(_client(url, source))
        try:
            claim_database(client)
        except REDIS_ERRORS as error:
            raise SettingsError(f"{source}: {outage_line(explain_redis_error(error))}") from None
        app = create_app(redis=client, **given)
        if works:
            stack.callback(start_workload(url).stop)
        _run(app, client, listener, settings, notes)


def main() -> None:
    """The entry point. Whatever a user can get wrong is one line on stderr and exit code 2."""
    try:
        words, addresses = hide(sys.argv[1:], valued_options(), os.environ)
        cli.main(words, prog_name=PROGRAM, standalone_mode=False, obj=addresses)
    except click.ClickException as error:
        # Somebody may have written a password after a name.
        said = _SURPLUS.sub(r"\1 (not shown: it may be a password)", error.format_message())
        _fail(f"{said} (see {PROGRAM} --help)", error.exit_code)
    except (SettingsError, CannotListen, EmbeddedError, NotOurDatabase) as error:
        _fail(str(error))
    except (KeyboardInterrupt, click.Abort):
        sys.exit(INTERRUPTED)


def valued_options() -> set[str]:
    """The options of all commands that take a value."""
    commands = [*cli.commands.values(), *user_group.commands.values()]
    options = [option for command in commands for option in command.params if isinstance(option, click.Option)]
    return {name for option in options if not option.is_flag for name in option.opts}


def _run(
    app: Any, client: OmniqClient, listener: Listener, settings: Settings, notes: list[tuple[str, str]] | None = None
) -> None:
    backgrounds = [mount.background for mount in app.extensions[EXTENSION].values() if mount.background is not None]
    for background in backgrounds:
        background.ensure_started()

    def announce() -> None:
        lines = [("Open", listener.url(settings.prefix)), ("Redis", client.link.label), *(notes or [])]
        click.echo(f"OmniQ dashboard {__version__}")
        for word, text in [*lines, ("Stop", "Ctrl-C")]:
            click.echo(f"  {word:<6} {text}")
        for warning in _warnings(client, settings):
            click.echo(f"{PROGRAM}: {warning}", err=True)

    try:
        serve(app, listener, announce)
    finally:
        for background in backgrounds:  # before the client is closed: they work with its connections
            background.stop(STOP_S)
    click.echo("Stopped.")


def _warnings(client: OmniqClient, settings: Settings) -> list[str]:
    found: list[str] = []
    if settings.redis_url in click.get_current_context().obj.values():
        found.append(_LISTED)
    try:
        client.link.call("PING", read=True)
    except REDIS_ERRORS as error:
        # not an end: the page says so, and shows the queues as soon as it answers
        found.append(f"{outage_line(explain_redis_error(error))}; the page keeps trying")
    return found


def _listen(settings: Settings, given: dict[str, Any]) -> closing[Listener]:
    named = given["port"] is not None or bool(os.environ.get("OMNIQ_PORT"))
    listener = listen(settings.host, settings.port, fixed=named)
    if not (listener.loopback or settings.asks_who or settings.insecure):
        listener.close()
        raise CannotListen(
            f"nobody would have to sign in on {settings.host}: name users (omniq-dashboard user add NAME, "
            "--users-file FILE), or a proxy that signs them in (OMNIQ_PROXY_HEADER and OMNIQ_PROXIES), or listen on "
            "127.0.0.1 (--insecure lifts this, behind something that checks)"
        )
    return closing(listener)


def _client(url: str, source: str) -> OmniqClient:
    try:
        return OmniqClient(redis_url=url, client_name=PROGRAM)
    except ValueError as error:
        raise SettingsError(f"{source}: {error}") from None


def _source_of(name: str, given: dict[str, Any], option: str) -> str:
    if given[name] is not None:
        return option
    variables = next(setting.variables for setting in TABLE if setting.name == name)
    return next((v for v in variables if os.environ.get(v)), variables[0])


def _data_folder() -> Path:
    share = os.environ.get("XDG_DATA_HOME", "")
    return (Path(share) if Path(share).is_absolute() else Path.home() / ".local" / "share") / PROGRAM


def _short(path: Path) -> str:
    try:
        return f"~/{path.relative_to(Path.home())}"
    except ValueError:
        return str(path)


def _explain_death(embedded: EmbeddedRedis) -> None:
    if embedded.died:
        log = _short(embedded.data_dir / "server.log")
        raise EmbeddedError(f"its {embedded.engine} ended by itself, so the demo did too ({log} may tell why)")


def _fail(message: str, code: int = CANNOT_START) -> NoReturn:
    click.echo(f"{PROGRAM}: {' '.join(message.split())}", err=True)
    sys.exit(code)
