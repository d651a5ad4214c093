"""Which values of jobs are hidden from everybody, and what is shown of a text instead."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, cast

from .redact_errors import is_type, masked, type_only
from .redact_paths import BadPattern, Patterns, compile_patterns, named, split_patterns
from .redact_walk import HIDDEN, Found, NoJson, is_key, leaves, quoted, rewrite

LOOKED_INTO = 1_048_576
"""Bytes of a payload. A longer one that may hold such a value is hidden whole, so that no page waits for it."""
KNOWN_UP_TO = 65_536
"""Bytes of a payload that is read so that its hidden values can be taken out of its job's error."""

Rule = Callable[[str, str], str]
"""`rule(field, text)`, with field `payload`, `error` or `field`, gives the text as it may be shown."""

_NO_JSON = "it is no JSON that its hidden values could be told apart in"
TOO_LONG = "it is too long to be looked into for hidden values"
_FAILED = "the rule that hides values failed, see the dashboard's log"
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Seen:
    """What may be shown of a payload: `text`, None where it is hidden whole, and then `why`.

    `values` are those that were hidden, keys among them, None where they are not known. `hidden` counts them.
    """

    text: str | None
    why: str = ""
    values: tuple[str, ...] | None = ()
    hidden: int = 0


@dataclass(frozen=True, slots=True)
class Redaction:
    """The rules of one dashboard. Without any it changes nothing."""

    patterns: Patterns | None = None
    rules: tuple[Rule, ...] = ()
    names: re.Pattern[str] | None = field(default=None, repr=False)

    @property
    def on(self) -> bool:
        """Is anything hidden at all?"""
        return self.patterns is not None or bool(self.rules)

    def payload(self, raw: bytes) -> Seen:
        """What may be shown of a whole payload; one that was cut must not come here."""
        if not self.on:
            return Seen(raw.decode("utf-8", "replace"))
        try:
            text = raw.decode()
        except UnicodeDecodeError:
            return Seen(None, _NO_JSON, None)
        looked = self.patterns is not None and self.patterns.may_hide(text)
        if len(raw) > LOOKED_INTO and (looked or self.rules):
            return Seen(None, TOO_LONG, None)
        seen = self._by_paths(text) if looked else Seen(text)
        for rule in self.rules if seen.text is not None else ():
            changed = _asked(rule, "payload", seen.text or "")
            seen = Seen(None, _FAILED, None) if changed is None else Seen(changed, "", seen.values, seen.hidden)
            if changed is None:
                break
        return seen

    def error(self, text: str, payload: Seen | None) -> str:
        """What may be shown of an error; `payload` is its job's, None where that is not known."""
        if not self.on or not text:
            return text
        if self.patterns is not None:
            left = _masked(text, payload, self.names)
            text = type_only(text) if left is None else left
        return self._ruled("error", text)

    def kind(self, name: str) -> str:
        """What may be shown of the name of a kind of errors, of which no job is at hand."""
        return name if not self.on or is_type(name) else HIDDEN

    def hides(self, path: str) -> bool:
        """Is what keys joined by dots lead to hidden, or may it be?"""
        return bool(self.rules) or (self.patterns is not None and self.patterns.hides_path(path.split(".")))

    def told(self, path: str) -> str:
        """This path where it may be read, "" where it is hidden."""
        return "" if self.hides(path) else path

    def looked_for(self, payload: str) -> str:
        """What may be said of a filter by payload to somebody who may not see its value: at most its path.

        Without a sign between the two nobody knows whether it is a path, or a value in the wrong place.
        """
        path, sign, value = (*re.split("([:=])", payload, maxsplit=1), "", "")[:3]
        keys = path.strip().split(".")
        into = bool(self.rules) or (self.patterns is not None and self.patterns.hides_path(keys[:-1]))
        if into or not sign:
            return HIDDEN
        return f"{path}{sign}{HIDDEN}" if value.strip() else path

    def field(self, name: str, value: bytes, payload: Seen | None, *, whole: bool) -> bytes:
        """What may be shown of a field that somebody put into a job's record; `payload` as in `error`."""
        if not self.on or not value:
            return value
        text = value.decode("utf-8", "replace")
        if not whole or (self.patterns is not None and self.patterns.hides_path([name])):
            return HIDDEN.encode()
        if self.patterns is not None and self.patterns.may_hide(text):
            seen = self._by_paths(text)
            text = HIDDEN if seen.text is None else seen.text
        if self.patterns is not None and text != HIDDEN:
            left = _masked(text, payload, None)
            text = HIDDEN if left is None else left
        return self._ruled("field", text).encode("utf-8", "replace")

    def _ruled(self, kind: str, text: str) -> str:
        for rule in self.rules:
            changed = _asked(rule, kind, text)
            if changed is None:
                return HIDDEN
            text = changed
        return text

    def _by_paths(self, text: str) -> Seen:
        values: list[str] = []
        count, known = 0, True

        def put(found: Found) -> str:
            nonlocal count, known
            count, known = count + 1, known and not found.vague
            values.extend(leaves(found.token))
            return quoted(HIDDEN)

        assert self.patterns is not None
        try:
            shown = rewrite(text, self.patterns, put)
        except NoJson:
            return Seen(None, _NO_JSON, None)
        # A text that is a value and a key is looked for as a value.
        return Seen(shown, "", tuple(dict.fromkeys(sorted(values, key=is_key))) if known else None, count)


NOTHING = Redaction()


def read_redaction(given: object) -> Redaction:
    """The rules of a setting: patterns, separated by commas in one text; a callable; or a list of both.

    Raises ValueError (BadPattern among them) and TypeError for what is neither.
    """
    if isinstance(given, str) or callable(given):
        given = [given]
    if not isinstance(given, list | tuple | set | frozenset):
        what = f"a {type(given).__name__}" if isinstance(given, dict | bytes) else repr(given)
        raise ValueError(f'paths like "*.token" or functions of field and text are wanted, not {what}')
    parts: list[Any] = list(cast(Iterable[Any], given))
    texts = [one for part in parts if isinstance(part, str) for one in split_patterns(part)]
    rules: tuple[Any, ...] = tuple(part for part in parts if not isinstance(part, str))
    for rule in rules:
        if not callable(rule):
            raise ValueError(f'paths like "*.token" or functions of field and text are wanted, not {rule!r}')
    # An empty text is how a setting is turned off; one of commas was meant to say something.
    if any(isinstance(part, str) and part.strip() and not split_patterns(part) for part in parts):
        raise BadPattern("there is no path between the commas, so nothing would be hidden: write password,*.token")
    patterns = compile_patterns(texts) if texts else None
    return Redaction(patterns, rules, named(patterns.names) if patterns else None)


def _masked(text: str, payload: Seen | None, names: re.Pattern[str] | None) -> str | None:
    values = payload.values if payload else None
    return None if values is None else masked(text, values, names)


def _asked(rule: Rule, kind: str, text: str) -> str | None:
    """What a rule makes of a text, None when it fails. Neither the log nor its traceback may hold the text."""
    try:
        made: object = rule(kind, text)
    except Exception as error:
        _log.warning(
            "omniq: what hides values raised %s for a text of field %s; all of it is hidden", type(error).__name__, kind
        )
        return None
    if isinstance(made, str):
        return made
    _log.warning("omniq: what hides values gave no text for field %s; all of it is hidden", kind)
    return None
