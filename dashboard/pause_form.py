"""The form of Pause: what was typed stays text until it is understood, and comes back as typed when it is not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from omniq_core import LONGEST_PAUSE_MS, MOST_REASON

from .formatting import HOUR, MINUTE, moment, read_moment

_PRESETS = {"15m": 15 * MINUTE, "1h": HOUR}
UNTIL = {"15m": "15 min", "1h": "1 h", "at": "Until", "open": "Open"}
"""The choices of the form and their labels."""

Typed = dict[str, str]


@dataclass(frozen=True, slots=True)
class PauseWish:
    """Why, and until when (ms since the epoch; None: until somebody resumes it)."""

    reason: str
    until_ms: int | None


def blank(now_ms: int) -> Typed:
    """The fields of an empty form: open, for nobody knows when it will be over; a time would be within the hour."""
    soon = (now_ms // (HOUR // 2) + 2) * (HOUR // 2)
    return {"reason": "", "until": "open", "at": moment(soon, now_ms).iso[:16]}


def from_form(form: Mapping[str, str], now_ms: int) -> Typed:
    """What was typed, each field as it was; one that is missing is as in an empty form."""
    return {name: form.get(name, value) for name, value in blank(now_ms).items()}


def read_wish(form: Typed, now_ms: int) -> tuple[PauseWish, dict[str, str]]:
    """What is asked for, and a sentence for each field that cannot be used."""
    errors: dict[str, str] = {}
    reason, until_ms = form["reason"].strip(), None
    if len(reason) > MOST_REASON:
        errors["reason"] = f"A reason has at most {MOST_REASON} characters; this one has {len(reason):,}."
    if form["until"] in _PRESETS:
        # A whole second, for that is what pages show.
        until_ms = -(-(now_ms + _PRESETS[form["until"]]) // 1_000) * 1_000
    elif form["until"] == "at":
        until_ms = read_moment(form["at"])
        if until_ms is None:
            errors["at"] = "Use a date and a time in UTC."
        elif until_ms <= now_ms:
            errors["at"] = f"This moment is over: {moment(until_ms, now_ms).ago}. Choose a later one."
        elif until_ms > now_ms + LONGEST_PAUSE_MS:
            errors["at"] = "This is more than a year away. Choose Open, and resume the queue when it is time."
    elif form["until"] != "open":
        errors["until"] = f"Use one of {', '.join(UNTIL.values())}."
    return PauseWish(reason, until_ms), errors
