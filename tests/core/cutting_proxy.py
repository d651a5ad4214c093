"""A TCP proxy before Redis that can swallow an answer: the server has done the work, the client never hears of it."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable
from typing import Any


class CuttingProxy:
    """Listens on a free loopback port.

    After `cut(word)`, the next request that holds `word` is passed on, its answer is read and thrown away, and the
    connection is closed. `cuts` counts how often that happened. While `mute` is true no answer gets through, and the
    connections stay open.
    """

    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        self._word: bytes | None = None
        self._then: Callable[[], object] | None = None
        self._before = False
        self.always = False
        self.mute = False
        self.cuts = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self._threads: list[threading.Thread] = []
        self._sockets: list[socket.socket] = []
        self._start(self._accept)

    def cut(
        self, word: bytes, *, always: bool = False, before: bool = False, then: Callable[[], object] | None = None
    ) -> None:
        """Swallow the answer of the next request (`always`: of every request) that holds `word`, do `then`, hang up.

        With `before` the request is swallowed itself.
        """
        self._word, self.always, self._before, self._then = word, always, before, then

    def close(self) -> None:
        """Ends all connections and the listener."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for one in self._sockets:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(timeout=5)
        for one in self._sockets:
            one.close()

    def _start(self, work: Any, *args: Any) -> None:
        thread = threading.Thread(target=work, args=args, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                far = socket.create_connection(self._target)
                self._sockets += [near, far]
                self._start(self._serve, near, far)

    def _serve(self, near: socket.socket, far: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while request := _whole(near):
                answer = b""
                meant = self._word is not None and self._word in request
                if not (meant and self._before):
                    far.sendall(request)
                    answer = _whole(far, _values(request) or 0)
                if meant:
                    self.cuts += 1
                    if not self.always:
                        self._word = None
                    if self._then is not None:
                        self._then()
                    break
                if not self.mute:
                    near.sendall(answer)
        for one in (near, far):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)


def _whole(sock: socket.socket, wanted: int = 1) -> bytes:
    """At least `wanted` values, nothing of another one after them; a client may send one command in many pieces.

    b"" when the other side went away.
    """
    data = b""
    while (have := _values(data)) is None or have < wanted:
        piece = sock.recv(1 << 20)
        if not piece:
            return b""
        data += piece
    return data


def _values(data: bytes) -> int | None:
    """How many values (of RESP 2 or 3) these bytes are; None when the last one is not whole."""
    count = at = 0
    while at < len(data):
        end = _end(data, at)
        if end is None:
            return None
        count, at = count + 1, end
    return count


def _end(data: bytes, at: int) -> int | None:
    """Where the value that begins at `at` ends, or None when it is not whole."""
    line = data.find(b"\r\n", at)
    if line < 0:
        return None
    kind, end = data[at : at + 1], line + 2
    if kind in b"$=!":
        size = int(data[at + 1 : line])
        end += size + 2 if size >= 0 else 0
        return end if end <= len(data) else None
    if kind in b"*~>%":
        for _ in range(max(int(data[at + 1 : line]), 0) * (2 if kind == b"%" else 1)):
            inner = _end(data, end)
            if inner is None:
                return None
            end = inner
    return end
