"""A TCP proxy before Redis that can swallow an answer: the server has done the work, the client never hears of it."""

from __future__ import annotations

import contextlib
import socket
import threading
from typing import Any


class CuttingProxy:
    """Listens on a free loopback port.

    After `cut(word)`, the next request that holds `word` is passed on, its answer is read and thrown away, and the
    connection is closed. `cuts` counts how often that happened.
    """

    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        self._word: bytes | None = None
        self.always = False
        self.cuts = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self._threads: list[threading.Thread] = []
        self._sockets: list[socket.socket] = []
        self._start(self._accept)

    def cut(self, word: bytes, *, always: bool = False) -> None:
        """Swallow the answer of the next request (`always`: of every request) that holds `word`."""
        self._word, self.always = word, always

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
        # Requests of these tests are small and come one at a time, so one recv is one request and one answer.
        with contextlib.suppress(OSError):
            while request := near.recv(1 << 20):
                far.sendall(request)
                answer = far.recv(1 << 20)
                if self._word is not None and self._word in request:
                    self.cuts += 1
                    if not self.always:
                        self._word = None
                    break
                near.sendall(answer)
        for one in (near, far):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
