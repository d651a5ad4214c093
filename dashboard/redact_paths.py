"""Which values of a payload are hidden: patterns of paths, followed key by key."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

Step = str | int
"""A key of an object, or a place in an array."""
States = frozenset[tuple[int, int]]
"""How many steps of which pattern lead to where a walk stands."""

_PART = re.compile(
    r'(?P<index>\[(?:\*|\d{1,9})\])|(?P<dot>\.)?(?:"(?P<quoted>(?:[^"\\]|\\.)+)"|(?P<plain>[^.\[\]",\s]+))'
)
_WHOLE = (-1, -1)
"""The state of a pattern whose steps were all found."""
_VALUE = (
    r"""(?P<value>(?P<esc>\\*)(?P<q>["']).*?(?:(?<!\\)(?P=esc)(?P=q)|$)|[{\[].*|(?<=\)=)\((?:.*\)|.*)"""
    r"""|[^\s,;&)}\]]+)"""
)
_BEFORE = r"(?:(?<!\w)|(?<=%[0-9a-f]{2})|(?<=\\[nrt])|(?<=\\x[0-9a-f]{2})|(?<=\\u[0-9a-f]{4}))"
"""No letter of a longer name: what ends an escape is none."""
_BRACKETS = r"""(?:(?:\]|%5d|\[[^\[\]\s]{0,64}\]|%5b[\w.-]{0,64}%5d){1,8}\\*["']?)?"""
"""As in `user[password]=…` and `password[0]=…`."""
_COLUMNS = r"""(?:(?=[),:])[^()=\n]{0,100}\){1,3}(?==\())?"""
"""As PostgreSQL says of a key which values it has: `(password, id)=(…, …)`."""
_IS = r"""\s*(?:=>|:=|!==?|={1,3}|:|%3[ad])\s*"""
_REMEMBERED = 10_000
"""Keys whose way is kept: those of jobs are few, and looked up for each of them."""
_ANYWHERE = re.compile(r"^(?:\$|payload)\.(?=.)")


class BadPattern(ValueError):
    """A pattern that hides nothing for certain. Its text says what is wrong with it."""


@dataclass(frozen=True, slots=True)
class _Named:
    """A step for keys; any characters may stand between its pieces. `any`: also a place in an array."""

    pieces: tuple[str, ...]
    literal: str
    any: bool = False


@dataclass(frozen=True, slots=True)
class Patterns:
    """Compiled patterns. `fragments` are what a key that ends one of them holds, None where that may be anything.

    `loose` finds `password=…` for the keys that are hidden wherever they stand.
    """

    steps: tuple[tuple[_Named | int, ...], ...]
    names: tuple[str, ...]
    fragments: tuple[str, ...] | None
    loose: re.Pattern[str] | None
    _places: frozenset[int]
    _ways: dict[tuple[States, Step], States] = field(default_factory=dict[tuple[States, Step], States], compare=False)

    def after(self, states: States, step: Step) -> States:
        """Where a key or a place of an array leads. Any pattern may begin at any key."""
        if isinstance(step, int) and step not in self._places:
            step = -1  # all places that no pattern names are one
        known = self._ways.get((states, step))
        if known is not None:
            return known
        found: set[tuple[int, int]] = set(states) if isinstance(step, int) else set()
        for nth, at in (*states, *((nth, 0) for nth in range(len(self.steps)))):
            if (nth, at) != _WHOLE and _fits(self.steps[nth][at], step):
                found.add((nth, at + 1) if at + 1 < len(self.steps[nth]) else _WHOLE)
        leads = frozenset(found)
        if isinstance(step, int) or len(step) < 100:
            if len(self._ways) >= _REMEMBERED:
                self._ways.clear()
            self._ways[states, step] = leads
        return leads

    def hides(self, states: States) -> bool:
        """Is the value hidden to which these lead?"""
        return _WHOLE in states

    def may_hide(self, text: str) -> bool:
        """May this text hold a hidden key? Quick, and never a wrong no: only an escape could spell one otherwise."""
        if self.fragments is None or "\\u" in text:
            return True
        folded_text = text.casefold()
        return any(fragment in folded_text for fragment in self.fragments)

    def names_in(self, text: str) -> bool:
        """Does this text, which is no JSON, say a hidden value behind its name, like `password=…`?"""
        return self.loose is not None and self.loose.search(text) is not None

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
        keys = [step for step in pattern if isinstance(step, _Named) and not step.any]
        names += [keys[-1].literal] if keys else []
        known = known and bool(keys) and keys[-1] is pattern[-1] and keys[-1].literal.isascii()
    # Only what stands in a text as it is: a slash, a quote or a backslash may be escaped there, and blanks don't count.
    pieces = [max(re.split(r'[*"/\\\s\x00-\x1f]', name), key=len).lower() for name in names]
    whole = known and all(len(piece) > 1 for piece in pieces)
    return Patterns(
        steps,
        tuple(dict.fromkeys(names)),
        tuple(dict.fromkeys(pieces)) if whole else None,
        named(one.literal for one, *more in steps if not more and isinstance(one, _Named)),
        frozenset(step for pattern in steps for step in pattern if isinstance(step, int)),
    )


def named(names: Iterable[str]) -> re.Pattern[str] | None:
    """Finds `password=…`, `"password": "…"` and the like, for hidden keys of these names."""
    spelled: list[str] = []
    for name in names:
        pieces = name.split("*")
        # One star or two: each more would multiply what a hostile text costs.
        pieces = ["", max(pieces, key=len), ""] if len(pieces) > 2 else pieces
        spelled += ["[\\w.-]{0,64}".join(map(re.escape, pieces))] if any(pieces) else []
    if not spelled:
        return None
    return re.compile(rf"""(?im){_BEFORE}(?:{"|".join(spelled)})\\*["']?{_BRACKETS}{_COLUMNS}{_IS}{_VALUE}""")


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
        if (plain := part["plain"]) is not None:
            _refuse_what_means_something_else(plain, whole)
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


def _refuse_what_means_something_else(key: str, whole: str) -> None:
    """What other ways to write paths and patterns have would be looked for as the name of a key, and hide nothing."""
    if key == "$":
        raise BadPattern(f"{whole!r} names no key")
    if key.startswith("/"):
        raise BadPattern(
            f"{whole!r} begins with a slash: keys are separated by dots, and there are no regular expressions"
        )
    if odd := next((c for c in key if c in ";|:'`?!&=<>(){}^\\+~"), ""):
        raise BadPattern(
            f'{whole!r}: paths are separated by commas, and a key that holds {odd} stands in quotes ("a{odd}b")'
        )


def _named(name: str, *, glob: bool) -> _Named:
    pieces = name.split("*") if glob else [name]
    return _Named(tuple(map(folded, pieces)), name, any=glob and name == "*")


def folded(key: str) -> str:
    """A key as it is compared: without case, and without blanks around it."""
    return key.strip().casefold()


def _fits(wanted: _Named | int, step: Step) -> bool:
    if isinstance(step, int):
        return wanted == step if isinstance(wanted, int) else wanted.any
    return isinstance(wanted, _Named) and _holds(wanted.pieces, folded(step))


def _holds(pieces: tuple[str, ...], key: str) -> bool:
    """Is the key made of these pieces, with anything between them? In one pass, whatever a hostile key is like."""
    if len(pieces) == 1:
        return key == pieces[0]
    at, end = len(pieces[0]), len(key) - len(pieces[-1])
    if at > end or not key.startswith(pieces[0]) or not key.endswith(pieces[-1]):
        return False
    for piece in pieces[1:-1]:
        at = key.find(piece, at, end) + len(piece)
        if at < len(piece):
            return False
    return True
