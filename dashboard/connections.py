"""Connections of the standalone server that ask for nothing, or for ever: they must not keep others out."""

from __future__ import annotations

import time
from typing import Any

WHOLE_REQUEST_S = 60.0
"""So long a client may take to send a request: the largest form, 4 MB, needs half of it at 1 MBit/s."""

UNREAD_S = 60.0
"""So long an answer is kept for a client that takes nothing of it."""

QUIET_S = 60
"""So long a connection is kept on which nothing is asked. A browser that comes later opens another one."""

WAITING = 300
"""So many connections may wait for the rest of a request, or for a first one; of more those that wait longest are
closed. Whoever holds open thousands closes only their own this way, since anybody else's request arrives at once."""

LIMIT = WAITING + 150
"""Connections at once: those that wait, and room for requests that are being answered."""

EVERY_S = 0.2


class Caretaker:
    """Closes what waits too long. Waitress itself looks only for silence, and one byte a minute is no silence; and at
    its limit of connections it takes no new ones until somebody leaves.
    """

    def __init__(self, server: Any) -> None:
        self._server = server
        self._since: dict[Any, float] = {}
        self._next = 0.0

    def look(self) -> None:
        """Call it after each turn of the server's loop, in the thread of that loop."""
        now = time.monotonic()
        channels = self._server.active_channels
        if now < self._next and len(channels) <= WAITING:
            return
        self._next = now + EVERY_S
        # By request and not by connection: one connection may be asked for much in its life.
        self._since = {one: self._since.get(one, now) for one in map(_what_it_waits_with, list(channels.values()))}
        waiting: list[tuple[float, Any]] = []
        for channel in list(channels.values()):
            quiet_s = time.time() - channel.last_activity
            if channel.total_outbufs_len:
                if quiet_s > UNREAD_S:
                    channel.handle_close()
            elif not channel.requests:
                since = self._since.get(_what_it_waits_with(channel), now)
                if channel.request is not None and now - since > WHOLE_REQUEST_S:
                    channel.handle_close()
                else:
                    waiting.append((now - since, channel))
        waiting.sort(key=lambda one: -one[0])
        for _, channel in waiting[: max(len(waiting) - WAITING, 0)]:
            channel.handle_close()


def _what_it_waits_with(channel: Any) -> Any:
    """The request that has arrived in part, else the connection."""
    return channel if channel.request is None else channel.request
