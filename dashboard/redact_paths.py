"""Which values of a payload are hidden: patterns of paths, followed key by key."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

Step = str | int
"""A key of an object, or a place in an array."""
States = frozenset[tuple[int, int]]
"""How many steps of which pattern lead to where a walk stands."""

_PART = re.compile(
    r'(?P<index>\[(?:\*|\d{1,9})\])|(?P<dot>\.)?(?:"(?P<quoted>(?:[^"\\]|\\.)+)"|(?P<plain>[^.\[\]",\s]+))'
)
_ANYWHERE = re.compile(r"^(?:\$|payload)\.(?=.)")


class BadPattern(ValueError):
    """A pattern that hides nothing for certain. Its text says what is wrong with it."""


@dataclass(frozen=True, slots=True)
class _Named:
    """A step for keys; `*` in it stands for any characters, alone also for a place in an array."""

    pattern: re.Pattern[str]
    literal: str
    any: bool = False


@dataclass(frozen=True, slots=True)
class Patterns:
    """Compiled patterns. `fragments` are what a key that ends one of them holds, None where that may be anything."""

    steps: tuple[tuple[_Named | int, ...], ...]
    names: tuple[str, ...]
    fragments: tuple[str, ...] | None

    def after(self, states: States, step: Step) -> States:
        """Where a key or a place of an array leads. Any pattern may begin at any key."""
        found: set[tuple[int, int]] = set(states) if isinstance(step, int) else set()
        for nth, at in (*states, *((nth, 0) for nth in range(len(self.steps)))):
            if at < len(self.steps[nth]) and _fits(self.steps[nth][at], step):
                found.add((nth, at + 1))
        return frozenset(found)

    def hides(self, states: States) -> bool:
        """Is the value hidden to which these lead?"""
        return any(at == len(self.steps[nth]) for nth, at in states)

    def may_hide(self, text: str) -> bool:
        """May this text hold a hidden key? Quick, and never a wrong no: only an escape could spell one otherwise."""
        if self.fragments is None or "\\u" in text:
            return True
        folded_text = text.casefold()
        return any(fragment in folded_text for fragment in self.fragments)

    def hides_path(self, keys: Sequence[str]) -> bool:
        """Do these keys, one after the other, lead to or into a hidden value?"""
        states: States = frozenset()
        for key in keys:
            states = self.after(states, key)
            if self.hides(states):
                return True
        return False


def compile_patterns(patterns: Sequence[str]) -> Patterns:
    """The patterns of a setting. Raises BadPattern."""
    steps = tuple(_steps(text) for text in patterns)
    names: list[str] = []
    known = True
    for pattern in steps:
        named = [step for step in pattern if isinstance(step, _Named) and not step.any]
        names += [named[-1].literal] if named else []
        known = known and bool(named) and named[-1] is pattern[-1] and named[-1].literal.isascii()
    # Only what stands in a text as it is: a slash, a quote or a backslash may be escaped there, and blanks don't count.
    pieces = [max(re.split(r'[*"/\\\s\x00-\x1f]', name), key=len).lower() for name in names]
    whole = known and all(len(piece) > 1 for piece in pieces)
    return Patterns(steps, tuple(dict.fromkeys(names)), tuple(dict.fromkeys(pieces)) if whole else None)


def split_patterns(text: str) -> list[str]:
    """The patterns of a text, separated by commas that stand in no quotes."""
    parts = re.findall(r'(?:"(?:[^"\\]|\\.)*"?|[^",])+', text)
    return [part.strip() for part in parts if part.strip()]


def _steps(text: str) -> tuple[_Named | int, ...]:
    whole, at = text, 0
    if "**" in text:
        raise BadPattern(f"{whole!r}: a name is hidden at any depth by itself, so ** is not needed")
    text = _ANYWHERE.sub("", text.strip())
    found: list[_Named | int] = []
    while at < len(text):
        part = _PART.match(text, at)
        if part is None or (bool(part["dot"]) != bool(at) and not part["index"]):
            raise BadPattern(f'{whole!r} is no path: write password, *.token, cards[*].number or "a.b".c')
        if part["index"]:
            found += [] if part["index"] == "[*]" else [int(part["index"][1:-1])]
        else:
            quoted = part["quoted"]
            name = re.sub(r"\\(.)", r"\1", quoted) if quoted else part["plain"]
            found.append(_named(name, glob=quoted is None))
        at = part.end()
    if not found:
        raise BadPattern(f"{whole!r} names no key")
    return tuple(found)


def _named(name: str, *, glob: bool) -> _Named:
    pieces = name.split("*") if glob else [name]
    pattern = ".*".join(re.escape(folded(piece)) for piece in pieces)
    return _Named(re.compile(pattern, re.DOTALL), name, any=glob and name == "*")


def folded(key: str) -> str:
    """A key as it is compared: without case, and without blanks around it."""
    return key.strip().casefold()


def _fits(wanted: _Named | int, step: Step) -> bool:
    if isinstance(step, int):
        return wanted == step if isinstance(wanted, int) else wanted.any
    return isinstance(wanted, _Named) and wanted.pattern.fullmatch(folded(step)) is not None
