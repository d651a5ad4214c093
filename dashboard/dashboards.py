"""The dashboards of one application, for the switcher: what this process knows of each, without a call to Redis."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from flask import request

from .access import READ, Allow, asked
from .state import Mount, all_mounts, can, current, mount_path, now_ms


@dataclass(frozen=True, slots=True)
class Dashboard:
    """One of them. `words` tell it from others on the same Redis; `away_ms`: how long that has not answered, None if
    it does. Without a tone nobody in this process looks after it; without a `url` this reader may not read all of it.
    """

    url: str
    redis: str
    words: str
    here: bool
    tone: Literal["ok", "danger", ""]
    away_ms: int | None


def dashboards() -> tuple[Dashboard, ...]:
    """This one and the others that the request's reader may read, in the order in which they were mounted."""
    here = current()
    shown = [one for one in all_mounts() if one is here or isinstance(asked(one.access, request, READ, None), Allow)]
    return tuple(_seen(one, here=one is here) for one in shown)


def _seen(mount: Mount, *, here: bool) -> Dashboard:
    background = mount.background
    since = background.away_since if background else None
    watched = here or (background is not None and background.running)
    return Dashboard(
        url=mount_path(mount) if not here or can(READ) else "",
        redis=mount.link.label,
        words=mount.settings.env or mount.url_prefix or "/",
        here=here,
        tone="danger" if since is not None else "ok" if watched else "",
        away_ms=None if since is None else max(0, now_ms() - since),
    )
