"""What is kept for one request and no longer.

Not in `flask.g`: where a host has pushed an application context, all its requests share that one's, and what the
access rule said of one reader would count for the next.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

from flask import request
from werkzeug.local import LocalProxy

_NAME = "omniq_kept"


class Kept(SimpleNamespace):
    """Whatever is set on it, by names; what was not set is asked for by `in`, `get` and the like."""

    def __contains__(self, name: str) -> bool:
        return name in vars(self)

    def get(self, name: str, default: Any = None) -> Any:
        """What is kept by that name, else `default`."""
        return vars(self).get(name, default)

    def setdefault(self, name: str, default: Any) -> Any:
        """What is kept by that name, which is `default` from now on if nothing was."""
        return vars(self).setdefault(name, default)

    def pop(self, name: str, default: Any = None) -> Any:
        """What was kept by that name, and no longer is."""
        return vars(self).pop(name, default)


def _of_this_request() -> Kept:
    # On the request itself: its environ may come to a second application after this one.
    return cast(Kept, vars(cast(Any, request)._get_current_object()).setdefault(_NAME, Kept()))


kept = cast(Kept, LocalProxy(_of_this_request))
"""Of the request that is being answered. Outside of one it raises RuntimeError."""
