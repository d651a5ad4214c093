"""A payload that somebody typed: checked, made compact without a change to a digit, and compared with another one."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import SequenceMatcher

from .jsontext import Fault, Token, indented, read_tokens
from .present import present

COMPARED_UP_TO = 262_144
"""Characters. Larger texts are told apart, but not line by line."""
_ALIGNED_UP_TO = 800
_SHOWN_LINES = 200
_AROUND = 3
_LINE_CUT = 400
_STRING = re.compile(r'"(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9A-Fa-f]{4}))*')
_WORD = re.compile(r"-?[A-Za-z_]\w*")


class BadPayload(ValueError):
    """A text that is no JSON object or array. Its text is one sentence with line and column, both from 1."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a comparison: kind `del`, `ins`, `gap` (lines left out) or "" (in both), and its printable text."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Changes:
    """What differs between two payloads. `differ` counts lines; `whole` is False when not all of it is shown."""

    lines: tuple[Line, ...]
    differ: int
    whole: bool


def typed(text: str) -> str:
    """What was typed into a field: browsers send CRLF for each line break of it."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def compact(text: str) -> str:
    """The JSON text as it goes to Redis: what stands between the tokens leaves, no token changes. Raises BadPayload."""
    return "".join(token for _, token in _checked(text))


def pretty(text: str) -> str:
    """The same with line breaks and indents, to read and to edit. Raises BadPayload."""
    return _pretty(_checked(text))


def changes(before: str, after: str) -> Changes:
    """Compares two JSON texts line by line as `pretty` lays them out; a comma at a line's end does not count.

    A text that is no JSON is compared as it is. The work is bounded, whatever the size.
    """
    if before == after:
        return Changes((), 0, whole=True)
    if len(before) + len(after) > COMPARED_UP_TO:
        return Changes((), 1, whole=False)
    old, new = _lines(before), _lines(after)
    left, right = [line.rstrip(",") for line in old], [line.rstrip(",") for line in new]
    shown: list[Line] = []
    differ = 0
    blocks = _blocks(left, right)
    for nth, (tag, i, j, k, m) in enumerate(blocks):
        if tag == "equal":
            shown += _context(new[k:m], first=nth == 0, last=nth == len(blocks) - 1)
            continue
        differ += max(j - i, m - k)
        shown += [Line("del", _shown(line)) for line in old[i:j]] + [Line("ins", _shown(line)) for line in new[k:m]]
    return Changes(tuple(shown[:_SHOWN_LINES]) if differ else (), differ, len(shown) <= _SHOWN_LINES or not differ)


def _checked(text: str) -> list[Token]:
    tokens = read_tokens(text, strict=True)
    if isinstance(tokens, Fault):
        at, why = _why(text, tokens)
        raise BadPayload(f"{_place(text, at)}: {why}.")
    if tokens[0] not in (("mark", "{"), ("mark", "[")):
        raise BadPayload("A payload is a JSON object or array: it begins with { or [.")
    return tokens


def _place(text: str, at: int) -> str:
    return f"Line {text.count(chr(10), 0, at) + 1:,}, column {at - text.rfind(chr(10), 0, at):,}"


def _why(text: str, fault: Fault) -> tuple[int, str]:
    """The place and the reason, as a sentence without its end."""
    at, wanted = fault.at, fault.wanted
    found = text[at : at + 1]
    if found == '"' and wanted & {"key", "value"}:
        return _bad_string(text, at)
    if found == "'":
        return at, "a string stands in double quotes"
    if text.startswith(("//", "/*"), at):
        return at, "JSON has no comments"
    if fault.before == ("number", "0") and found.isdigit():
        return at, "a number does not begin with 0"
    word = _WORD.match(text, at)
    if word and wanted & {"key", "value"}:
        if "key" in wanted:
            return at, "a property name stands in double quotes"
        return at, f"{present('value', word[0], 40)} is no JSON value"
    return at, _missing(wanted, fault.before[1] if fault.before else "")


def _missing(wanted: frozenset[str], before: str) -> str:
    after = {",": "the comma", ":": "the colon", "{": "the brace", "[": "the bracket"}.get(before, "")
    if "end" in wanted:
        return "nothing may follow the end of the payload"
    if ":" in wanted:
        return "a colon must follow the property name"
    if "key" in wanted:
        return f"a property name{' or }' if '}' in wanted else ''} must follow {after}"
    if not before:
        return "a payload begins with { or ["
    if "value" in wanted:
        return f"a value{' or ]' if ']' in wanted else ''} must follow {after}"
    return f"a comma or {next(iter(wanted - {','}))} must follow"


def _bad_string(text: str, at: int) -> tuple[int, str]:
    good = _STRING.match(text, at)
    stops = good.end() if good else at + 1
    found = text[stops : stops + 1]
    if not found:
        return at, "this string has no end"
    if found == "\n":
        return stops, r"the string has no end in this line; a line break within it is written \n"
    if found == "\\":
        return stops, "a string has no such escape"
    return stops, rf"this character is written \u{ord(found):04x} in a string"


def _pretty(tokens: list[Token]) -> str:
    return "".join(piece.text for piece in indented(tokens))


def _lines(text: str) -> list[str]:
    tokens = read_tokens(text)
    return (text if isinstance(tokens, Fault) else _pretty(tokens)).split("\n")


def _blocks(left: list[str], right: list[str]) -> list[tuple[str, int, int, int, int]]:
    """The parts that are equal and those that are not. Aligning costs the product of the lengths: only so much."""
    most = min(len(left), len(right))
    head = next((n for n in range(most) if left[n] != right[n]), most)
    tail = next((n for n in range(most - head) if left[-1 - n] != right[-1 - n]), most - head)
    i, k = len(left) - tail, len(right) - tail
    blocks = [("equal", 0, head, 0, head)]
    if i - head + k - head > _ALIGNED_UP_TO:
        blocks.append(("replace", head, i, head, k))
    elif i > head or k > head:
        matched = SequenceMatcher(None, left[head:i], right[head:k]).get_opcodes()
        blocks += [(tag, a + head, b + head, c + head, d + head) for tag, a, b, c, d in matched]
    blocks.append(("equal", i, len(left), k, len(right)))
    return [block for block in blocks if block[1] < block[2] or block[3] < block[4]]


def _context(lines: list[str], *, first: bool, last: bool) -> list[Line]:
    """A few lines of an equal part, next to what differs; `gap` for the rest."""
    head = lines[: 0 if first else _AROUND]
    tail = lines[len(head) :][-_AROUND:] if not last else []
    more = len(lines) - len(head) - len(tail)
    gap = [Line("gap", f"{more:,} more line{'s' if more > 1 else ''}")] if more else []
    return [Line("", _shown(line)) for line in head] + gap + [Line("", _shown(line)) for line in tail]


def _shown(line: str) -> str:
    return present("payload", line, _LINE_CUT)
