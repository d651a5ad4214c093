"""How one reader wants the pages shown: a small cookie of the mount. It is not signed, for it decides nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import astuple, dataclass, fields

from flask import Response, request

from .cookies import YEAR_S, send_cookie

COOKIE = "omniq_display"
CHOICES: dict[str, tuple[str, ...]] = {
    "theme": ("auto", "light", "dark"),
    "refresh": ("2", "1", "5", "15"),
    "zone": ("utc", "local"),
    "keys": ("on", "off"),
    "live": ("on", "off"),
}
"""What each setting may be, its default first. `refresh` is in seconds."""


@dataclass(frozen=True, slots=True)
class Display:
    """The settings, in the order in which the cookie holds them."""

    theme: str = "auto"
    refresh: str = "2"
    zone: str = "utc"
    keys: str = "on"
    live: str = "on"

    def live_title(self, every: int) -> str:
        """What the Live button says under the pointer. `every`: seconds, a page's own slower pace."""
        key = ". Press p to turn them {}." if self.keys == "on" else "."
        return (
            f"Updates every {max(int(self.refresh), every)} s{key.format('off')}"
            if self.live == "on"
            else f"Updates off{key.format('on')}"
        )


_NAMES = tuple(field.name for field in fields(Display))


def from_cookie(text: str) -> Display:
    """The settings in a cookie's text. What it does not know, or what somebody changed, is the default."""
    return Display(**{name: _valid(name, value) for name, value in zip(_NAMES, text.split("."), strict=False)})


def from_form(form: Mapping[str, str], now: Display) -> Display:
    """`now` with what the form changes. A value that is no choice counts as the default."""
    given = {name: _valid(name, form[name]) for name in _NAMES if name in form}
    return Display(**{**dict(zip(_NAMES, astuple(now), strict=True)), **given})


def wanted() -> Display:
    """The settings of this request's reader."""
    return from_cookie(request.cookies.get(COOKIE, ""))


def keep(response: Response, display: Display) -> Response:
    """Sends the cookie. Script may read it: a page that comes back from the browser's memory looks there."""
    return send_cookie(response, COOKIE, ".".join(astuple(display)), max_age_s=YEAR_S, script=True)


def _valid(name: str, value: str) -> str:
    known = CHOICES[name]
    found = value.lower().removesuffix(" s")
    return found if found in known else known[0]
