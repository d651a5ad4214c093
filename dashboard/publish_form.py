"""The form of Publish: what was typed stays text until it is understood, and comes back as typed when it is not."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from .formatting import moment, read_moment
from .payload_text import typed
from .present import present
from .tokens import MAX_ID_BYTES, BadToken, from_token, to_token

USUAL = {"max_attempts": "3", "timeout": "30", "backoff": "5"}
"""What the protocol uses where nothing is said; the times in seconds."""
_EMPTY = {"payload": "", "gid": "", "group_limit": "", "when": "now", "in": "", "at": "", "job_id": ""}
FIELDS = (*_EMPTY, *USUAL)
MOST = 10**14 - 1
"""The largest number that a job can hold."""
_UNITS = {"": 1, "ms": Decimal("0.001"), "s": 1, "sec": 1, "m": 60, "min": 60, "h": 3_600, "d": 86_400}
_SPAN = re.compile(r"\s*(\d{1,15}(?:\.\d{1,3})?)\s*(ms|s|sec|m|min|h|d|)(?![a-z])", re.IGNORECASE)
_SECONDS = re.compile(r"\d{1,15}(?:\.\d{1,3})?|\.\d{1,3}", re.ASCII)
_WHOLE = re.compile(r"\d{1,15}", re.ASCII)

Typed = dict[str, str]


@dataclass(frozen=True, slots=True)
class JobOptions:
    """All that is said of a job besides its payload. Times in ms; `job_id` "" for a new one, `gid` "" for no group."""

    max_attempts: int
    timeout_ms: int
    backoff_ms: int
    due_ms: int
    gid: str
    group_limit: int
    job_id: str


def blank(defaults: Mapping[str, str]) -> Typed:
    """The fields of an empty form; `defaults` are options that this browser used last."""
    return {**_EMPTY, **USUAL, **defaults}


def from_form(form: Mapping[str, str]) -> Typed:
    """What was typed, each field as it was; one that is missing is as in an empty form."""
    given = {name: form[name] for name in FIELDS if name in form}
    return {**blank({}), **given, "payload": typed(given.get("payload", ""))}


def of_job(text: str, options: JobOptions, now_ms: int) -> Typed:
    """The fields of a form that is about another job: its payload's text and its options."""
    later = options.due_ms > now_ms
    return {
        **_EMPTY,
        "payload": text,
        "gid": in_field(options.gid),
        "max_attempts": str(options.max_attempts),
        "timeout": _seconds(options.timeout_ms),
        "backoff": _seconds(options.backoff_ms),
        "when": "at" if later else "now",
        # The field knows seconds: the first one that is not before it.
        "at": moment(-(-options.due_ms // 1_000) * 1_000, now_ms).iso[:19] if later else "",
    }


def read_options(form: Typed, now_ms: int, gid_token: str = "") -> tuple[JobOptions | None, dict[str, str]]:
    """The options, or None and a sentence for each field that cannot be used.

    `gid_token` names a group whose bytes no field can hold: it is meant as long as the field was left as it is.
    """
    errors: dict[str, str] = {}
    gid = _gid(form["gid"], gid_token)
    numbers = {
        "max_attempts": _whole(form, "max_attempts", 1, USUAL["max_attempts"], errors),
        "group_limit": _whole(form, "group_limit", 1, "", errors),
    }
    times = {name: _milliseconds(form, name, errors) for name in ("timeout", "backoff")}
    if form["group_limit"].strip() and not gid:
        errors.setdefault("group_limit", "A limit belongs to a group: name one, or leave this empty.")
    if len(form["job_id"].encode("utf-8", "replace")) > MAX_ID_BYTES:
        errors["job_id"] = f"An id has at most {MAX_ID_BYTES} bytes here."
    due = _due(form, now_ms, errors)
    if errors:
        return None, errors
    chosen = form["job_id"] if form["job_id"].strip() else ""
    group_limit, most = numbers["group_limit"], numbers["max_attempts"]
    return JobOptions(most, times["timeout"], times["backoff"], due, gid, group_limit, chosen), {}


def nonce_of(given: str, form: Typed, *more: str) -> str:
    """What publishes once: a form that was changed since is another publish, the same form sent again is not."""
    said = [given, *(form[name] for name in FIELDS), *more]
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()[:32]


def in_field(gid: str) -> str:
    """The group as a field can hold it: itself, or a printable copy where bytes or blanks would not survive."""
    survives = gid.isprintable() and gid == gid.strip()
    return gid if survives else present("gid", gid)


def _gid(text: str, gid_token: str) -> str:
    try:
        meant = from_token(gid_token) if gid_token else ""
    except BadToken:
        meant = ""
    return meant if meant and text == in_field(meant) else text.strip()


def gid_token(gid: str) -> str:
    """What a form carries along for a group whose bytes its field cannot hold, else ""."""
    return "" if in_field(gid) == gid else to_token(gid)


def _whole(form: Typed, name: str, low: int, default: str, errors: dict[str, str]) -> int:
    """What was typed, `default` where nothing was; 0 where that is "", and for what cannot be used."""
    text = form[name].strip() or default
    if not text:
        return 0
    if not _WHOLE.fullmatch(text) or not low <= int(text) <= MOST:
        errors[name] = f"Use a whole number from {low:,} up."
        return 0
    return int(text)


def _milliseconds(form: Typed, name: str, errors: dict[str, str]) -> int:
    text = form[name].strip() or USUAL[name]
    if _SECONDS.fullmatch(text) and (ms := Decimal(text) * 1_000) <= MOST:
        return int(ms)
    errors[name] = "Use seconds, with at most three decimals."
    return 0


def _seconds(ms: int) -> str:
    return f"{Decimal(max(ms, 0)) / 1_000:f}"


def _due(form: Typed, now_ms: int, errors: dict[str, str]) -> int:
    if form["when"] == "in":
        span = _span(form["in"])
        if span is None or now_ms + span > MOST:
            errors["in"] = "Use a length of time: 90 s, 10 min, 2 h, 1 d 6 h."
        return now_ms + (span or 0)
    if form["when"] == "now":
        return 0
    if form["when"] != "at":
        errors["when"] = "Choose when it runs: Now, In or At."
        return 0
    due = read_moment(form["at"])
    if due is None:
        errors["at"] = "Use a date and a time in UTC."
        return 0
    if due <= now_ms:
        errors["at"] = f"This moment is over: {moment(due, now_ms).ago}. Choose a later one, or Now."
    return due


def _span(text: str) -> int | None:
    total, at, text = Decimal(0), 0, text.rstrip()
    while at < len(text):
        part = _SPAN.match(text, at)
        if not part:
            return None
        total, at = total + Decimal(part[1]) * _UNITS[part[2].lower()], part.end()
    ms = total * 1_000
    return int(ms) if text and 0 < ms <= MOST else None
