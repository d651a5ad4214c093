"""The standalone server: waitress on a socket of our own, ended cleanly by SIGTERM or Ctrl-C."""

from __future__ import annotations

import errno
import logging
import signal
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import ip_address
from types import FrameType
from typing import Any

from waitress.server import create_server

from . import connections

DRAIN_S = 9.0
"""How long requests under way may take to finish after the first signal; the process is gone within 10 s."""

THREADS = 16
"""Twice what a browser asks at once: while Redis hangs each request holds one for 2 s, and none should wait for it."""

LARGEST_REQUEST = 5 * 1024 * 1024
"""Above what any form may have, so that our own page says what was too large; waitress itself refuses what is more."""

LARGEST_HEAD, IN_MEMORY = 64 * 1024, 64 * 1024
"""Of a request that has not arrived yet: its head, and how much of its body; the rest of it stands in a file."""

PORTS_TO_TRY = 20


class CannotListen(Exception):
    """There is no way to listen there; the text is one line that says why and what to do."""


@dataclass(frozen=True)
class Listener:
    """A bound socket, and what people need to know about it."""

    sock: socket.socket
    host: str
    port: int

    @property
    def loopback(self) -> bool:
        """Whether only this machine can reach it."""
        return ip_address(self.host).is_loopback

    def url(self, prefix: str) -> str:
        """An address that a browser on this machine can open; `prefix` is "" or like "/omniq"."""
        address = ip_address(self.host)
        if address.is_unspecified:
            host = "127.0.0.1" if address.version == 4 else "[::1]"
        else:
            host = self.host if address.version == 4 else f"[{self.host}]"
        return f"http://{host}:{self.port}{prefix}/"

    def close(self) -> None:
        """Frees the port."""
        self.sock.close()


def listen(host: str, port: int, *, fixed: bool) -> Listener:
    """Binds `host`:`port` (0: the system chooses). With `fixed=False` a port that is taken leads to the next free one.

    Raises CannotListen.
    """
    if port == 0 or fixed:
        candidates = [port]
    else:
        candidates = [*range(port, min(port + PORTS_TO_TRY, 65536)), 0]
    family, address = _resolve(host)
    for candidate in candidates:
        try:
            return _bind(family, address, candidate)
        except OSError as error:
            if error.errno == errno.EADDRINUSE and candidate != candidates[-1]:
                continue
            raise CannotListen(_why(error, host, candidate)) from None
    raise AssertionError("there is always a candidate")


def serve(app: Any, listener: Listener, on_ready: Callable[[], None] = lambda: None) -> None:
    """Answers requests until SIGTERM or SIGINT, lets those under way finish (9 s at most) and returns.

    A second signal ends at once. `on_ready` runs when connections are accepted. Call it in the main thread.
    """
    # waitress warns of each request that waits for a thread, be it for a moment of a busy machine: nothing to act on.
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    server: Any = create_server(
        app,
        sockets=[listener.sock],
        threads=THREADS,
        ident="omniq-dashboard",
        max_request_body_size=LARGEST_REQUEST,
        max_request_header_size=LARGEST_HEAD,
        inbuf_overflow=IN_MEMORY,
        connection_limit=connections.LIMIT,
        channel_timeout=connections.QUIET_S,
        cleanup_interval=10,
        asyncore_use_poll=True,  # select() knows no more than 1,024 files
        # waitress would hide X-Forwarded-* from the application, and with them the sign that a proxy stands before it:
        # the loopback rule would then let the whole world in through that proxy.
        clear_untrusted_proxy_headers=False,
    )
    caretaker = connections.Caretaker(server)
    stopping = False

    def on_signal(_signal: int, _frame: FrameType | None) -> None:
        nonlocal stopping
        if stopping:
            raise SystemExit(1)
        stopping = True
        server.pull_trigger()

    before = {number: signal.signal(number, on_signal) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        on_ready()
        while not stopping:
            _poll(server, 1.0)
            caretaker.look()
        _drain(server)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        server.task_dispatcher.shutdown(timeout=0.5)
        for channel in list(server.active_channels.values()):
            channel.handle_close()
        server.close()


def _drain(server: Any) -> None:
    """No new connections; the loop goes on until every answer has left, since only the loop sends what is buffered."""
    server.accepting = False
    server.del_channel()
    server.socket.close()
    end = time.monotonic() + DRAIN_S
    while time.monotonic() < end and any(_busy(channel) for channel in list(server.active_channels.values())):
        _poll(server, 0.1)


def _busy(channel: Any) -> bool:
    return bool(channel.requests) or channel.total_outbufs_len > 0


def _poll(server: Any, timeout_s: float) -> None:
    server.asyncore.loop(timeout=timeout_s, map=server._map, use_poll=server.adj.asyncore_use_poll, count=1)


def _resolve(host: str) -> tuple[socket.AddressFamily, str]:
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (socket.gaierror, UnicodeError):
        raise CannotListen(f"{host} is no address that can be found: use --host 127.0.0.1") from None
    # A name like localhost stands for both families: IPv4 is what the printed address and the port search use.
    family, _, _, _, address = min(found, key=lambda entry: entry[0] != socket.AF_INET)
    return family, str(address[0])


def _bind(family: socket.AddressFamily, address: str, port: int) -> Listener:
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((address, port))
        sock.listen(1024)  # now, so that a port that is taken is known now
    except OSError:
        sock.close()
        raise
    bound = sock.getsockname()
    return Listener(sock, str(bound[0]), int(bound[1]))


def _why(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"port {port} of {host} is taken: end what listens there, or name another one with --port"
    if error.errno in (errno.EACCES, errno.EPERM):
        return f"no permission to listen on port {port}: use one above 1023, like --port 8080"
    if error.errno == errno.EADDRNOTAVAIL:
        return f"{host} is no address of this machine: use --host 127.0.0.1"
    return f"cannot listen on port {port} of {host}: {error.strerror or 'the system refused it'}"
