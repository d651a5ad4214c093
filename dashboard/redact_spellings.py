"""Texts as hidden values are looked for in them: what programs spell in many ways reads as one."""

from __future__ import annotations

import html
import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property, lru_cache, partial
from itertools import accumulate
from secrets import token_hex
from string import ascii_lowercase, ascii_uppercase

Span = tuple[int, int]
"""Where a piece of a text begins, and where it ends."""

_H = "[0-9a-fA-F]"
_SENT = re.compile(
    rf"(?=[%&])(?:(?P<octets>(?:%(?:25)*{_H}{{2}})+)|(?P<entity>&(?:amp;)*\#?\w{{1,32}};)"
    rf"|(?P<code>%[uU][dD][89abAB]{_H}{{2}}%[uU][dD][c-fC-F]{_H}{{2}}|%[uU]{_H}{{4}}))"
)
"""What URLs and HTML make of a text, once or again and again. The look ahead only makes it quick."""
_SPELLED = re.compile(
    r"(?=[\\\x00-\x20+\x80-\U0010ffff])(?:"
    rf"(?P<octets>(?:\\+[xX]{_H}{{2}}|\\+[0-3][0-7]{{2}})+)"
    rf"|(?P<code>\\+[uU][dD][89abAB]{_H}{{2}}\\+[uU][dD][c-fC-F]{_H}{{2}}|\\+U{_H}{{8}}|\\+[uU](?:{_H}{{4}}|\{{{_H}{{1,6}}\}}))"
    r"|(?P<blank>(?:[\s\x00-\x1f+]|\\+[nrtfvNRTFV]){2,}|[^\S ]|[\x00-\x1f+]|\\+[nrtfvNRTFV])"
    r"|(?P<foreign>[^\x00-\x7f])"
    r"|\\+)"
)
"""What does not stand for itself: octets, characters by their number, blanks, and backslashes before anything else."""
_MAILED = re.compile(r"(?P<octets>(?:=[0-9A-F]{2})+)|=\r?\n")
"""What mail makes of a text. A `=` means something else more often, so that is a reading of its own."""
_IS_MAILED = re.compile(r"=(?:[89A-F][0-9A-F]|3D|[01][0-9A-F]|\r?\n)")
_BETWEEN = f"\x7f{token_hex(8)}\x7f"
"""Stands for itself in every reading, and no text says it, in whatever spelling: nobody knows it."""
GRAM = 4
"""Characters of a piece that two texts share, or do not."""
_PLAIN = re.compile(rf"(?<![0-9A-Za-z_%&\\=#;{{}}\r\n\x80-\U0010ffff])[0-9A-Za-z_]{{{GRAM},}}")
"""What stands for itself in every reading: no part of an escape, and of none that one within another makes."""
_QUOTES = re.compile("['\"`]+")
_UNSEEN = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]+")
"""What takes no place on a screen: logs leave it out."""
_ROUNDS = 3
"""So often an escape within an escape is read."""
_HALF = re.compile(rf"(?:\\+(?:[uxU]\{{?{_H}{{0,7}})?|%[uU]?{_H}{{0,3}}|&\#?\w{{0,31}}|=[0-9A-F]?)$")
"""What is left of one at the end of a text that was cut."""
_NUMBER = re.compile(r"(?:(?<!\d)\d+(?:\.\d+)?|(?<![\d.])\.\d+)(?:[eE][+-]?\d{1,3})?")
_GROUPED = re.compile(
    r"(?<!\d)(?P<whole>\d{1,3}(?:[,.'_ \xa0\u2009\u202f\u2019]\d{3})+|\d+)(?:[.,](?P<part>\d+))?(?![\d_])"
)
"""Numbers as people write them: 1,000.50 and 1.000,50."""
_LOWER = str.maketrans(ascii_uppercase, ascii_lowercase)
_LONGEST_NUMBER = 60
_FEWEST_DIGITS = 6
_DIGITS = re.compile(r"\d+(?:[ ./-]\d+)*")
"""A number of a card, say, in groups or not."""


class _Layer:
    """A text as it reads in one of the ways. Where each piece of it stood is made out when that is asked for."""

    def __init__(self, way: re.Pattern[str], text: str) -> None:
        self.text = _in_way(way, text)
        self._from = way, text

    @cached_property
    def _places(self) -> tuple[list[int], list[Span]]:
        """Where each piece ends here, and where it stood."""
        pieces = list(_pieces(*self._from))
        return list(accumulate(len(piece) for piece, _ in pieces)), [span for _, span in pieces]

    def stood(self, begin: int, end: int) -> Span:
        """Where stood what is from `begin` to `end`."""
        return self._at(begin)[0], self._at(end - 1)[1]

    def _at(self, at: int) -> Span:
        ends, spans = self._places
        nth = bisect_right(ends, at)
        before = ends[nth - 1] if nth else 0
        begin, end = spans[nth]
        if ends[nth] - before != end - begin:
            return begin, end
        # As long as it was: character by character.
        return begin + at - before, begin + at - before + 1


class Reading:
    """A text as it reads: without case, escapes and differences of blanks. Knows where each piece of it stands."""

    def __init__(self, text: str, layers: tuple[_Layer, ...] = ()) -> None:
        self.text, self._layers = text, layers

    def through(self, way: re.Pattern[str]) -> Reading:
        """What that reads as in one of these ways."""
        layer = _Layer(way, self.text)
        return Reading(layer.text, (*self._layers, layer))

    def stands(self, begin: int, end: int) -> Span:
        """Where that stands in the text which it reads from `begin` to `end`."""
        for layer in reversed(self._layers):
            begin, end = layer.stood(begin, end)
        return begin, end

    @property
    def bare(self) -> Reading:
        """It without quotation marks: SQL, CSV and shells double those within a text, each in its own way."""
        return self.through(_QUOTES)


def readings(text: str) -> list[Reading]:
    """What a text reads as: more than once where escapes stand within escapes, or where it may have been mailed."""
    found = list(_read(Reading(text)))
    if _IS_MAILED.search(text):
        found += _read(Reading(text).through(_MAILED))
    return found


def read_all(texts: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Each text with all that it reads as, without the places: all at once, for each reading has a cost of its own.

    Quick for texts that stand for themselves, as most do.
    """
    mailed: list[str] = []
    spelled: list[str] = []
    for text in texts:
        if "%" in text or "&" in text or "=" in text or _SPELLED.search(text):
            spelled.append(text)
            if _IS_MAILED.search(text):
                mailed.append(text)
        else:
            yield text, text.lower()
    yield from _at_once(spelled, Reading(_BETWEEN.join(spelled)))
    yield from _at_once(mailed, Reading(_BETWEEN.join(mailed)).through(_MAILED))


def _at_once(texts: Sequence[str], joined: Reading) -> Iterator[tuple[str, str]]:
    known: set[tuple[str, str]] = set()
    for reading in _read(joined) if texts else ():
        for found in zip(texts, map(str.strip, reading.text.split(_BETWEEN)), strict=True):
            if found not in known:
                known.add(found)
                yield found


def grams_of(texts: Iterable[str]) -> frozenset[str]:
    """All pieces of GRAM characters."""
    return frozenset(text[at : at + GRAM] for text in texts for at in range(len(text) - GRAM + 1))


def may_stand(text: str, grams: frozenset[str], *, begun: bool) -> bool:
    """May this stand where there are these pieces of GRAM characters, however it reads? `begun`: or begin."""
    found = _PLAIN.match(text) if begun else _PLAIN.search(text)
    if not found or found[0][:GRAM].lower() not in grams:
        return not found
    return begun or all(run[:GRAM].lower() in grams and run[-GRAM:].lower() in grams for run in _PLAIN.findall(text))


def _read(reading: Reading) -> Iterator[Reading]:
    for _ in range(_ROUNDS):
        before = reading.text
        if "%" in before or "&" in before:
            reading = reading.through(_SENT)
        reading = reading.through(_SPELLED)
        yield reading
        if reading.text == before or not ("\\" in reading.text or _SENT.search(reading.text)):
            return


def without_quotes(text: str) -> str:
    """A text as `Reading.bare` has it."""
    return _QUOTES.sub("", text)


def without_half(text: str) -> str:
    """A text without what is left at its end of an escape that was cut."""
    return text[:-40] + _HALF.sub("", text[-40:])


def number_of(text: str) -> float | None:
    """The number that a text is, without its sign; None when it is none, or one that cannot be told from others."""
    text = text.strip().lstrip("+-")
    return _float(text) if _NUMBER.fullmatch(text) else None


def texts_in(text: str, value: str, *, alone: bool) -> Iterator[Span]:
    """Where this stands; `alone`: only where it is no part of a word."""
    at = text.find(value)
    while at >= 0:
        end = at + len(value)
        if not alone or stands_alone(text, at, end):
            yield at, end
        at = text.find(value, end)


def stands_alone(text: str, begin: int, end: int) -> bool:
    """Is that no part of a longer word?"""
    return not re.search(r"\w", text[max(begin - 1, 0) : begin] + text[end : end + 1])


def numbers_in(text: str, wanted: Iterable[float]) -> Iterator[Span]:
    """Where these numbers stand, however they are written: 12.50 is 12.5, 1e3 is 1,000.0."""
    known = frozenset(wanted)
    for match in _NUMBER.finditer(text) if known else ():
        if _float(match[0]) in known:
            yield match.span()
    for match in _GROUPED.finditer(text) if known else ():
        if (
            not match[0].isdecimal()
            and _float(re.sub(r"\D", "", match["whole"]) + "." + (match["part"] or "0")) in known
        ):
            yield match.span()


def digits_in(text: str, values: Iterable[str]) -> Iterator[Span]:
    """Where the digits of these values stand, in whatever groups: 4111 1111 is 4111-1111."""
    plain = {re.sub("[ ./-]", "", value) for value in values}
    known = {value for value in plain if value.isdecimal() and _FEWEST_DIGITS <= len(value) <= _LONGEST_NUMBER}
    longest = max(map(len, known), default=0)
    for run in _DIGITS.finditer(text) if known else ():
        groups = [(found.start() + run.start(), found[0]) for found in re.finditer(r"\d+", run[0])]
        for first, (at, _) in enumerate(groups):
            joined = ""
            for begin, group in groups[first : first + longest]:
                joined += group
                if joined in known:
                    yield at, begin + len(group)
                if len(joined) >= longest:
                    break


def _float(text: str) -> float | None:
    if len(text) > _LONGEST_NUMBER:
        return None
    found = float(text)
    return found if found != float("inf") else None


def _in_way(way: re.Pattern[str], text: str) -> str:
    """What `_pieces` are when they are put together."""
    last = way is _SPELLED
    found = way.sub(partial(_piece, last), text)
    # What was said is folded already. All else is ASCII, and some letters of other alphabets would change once more.
    return found.translate(_LOWER) if last else found


def _pieces(way: re.Pattern[str], text: str) -> Iterator[tuple[str, Span]]:
    kept = 0
    for match in way.finditer(text):
        at, end = match.span()
        if kept < at:
            yield (text[kept:at].lower() if way is _SPELLED else text[kept:at]), (kept, at)
        kept = end
        if piece := _piece(way is _SPELLED, match):
            yield piece, (at, end)
    if kept < len(text):
        yield (text[kept:].lower() if way is _SPELLED else text[kept:]), (kept, len(text))


def _piece(last: bool, match: re.Match[str]) -> str:
    return (_remembered if len(match[0]) < 32 else _said)(last, match.lastgroup, match[0])


def _said(last: bool, kind: str | None, text: str) -> str:
    if kind == "octets":
        text = _decoded(bytes(int(*one) for one in _octets(text)))
    elif kind == "code":
        text = _by_number(text)
    elif kind == "entity":
        text = html.unescape("&" + text[1:-1].rpartition(";")[2] + ";")
    elif kind != "foreign":
        return " " if kind == "blank" else ""
    if not last:
        return text
    # Composed or not, in whichever width: the same to a reader. What an escape says may be a blank, too.
    return re.sub(r"[\s\x00-\x1f+]+", " ", _UNSEEN.sub("", unicodedata.normalize("NFKD", text).casefold()))


_remembered = lru_cache(2_048)(_said)
"""Most texts have few of them, again and again."""


def _octets(text: str) -> Iterator[tuple[str, int]]:
    for hexed, octal in re.findall(rf"[xX%=](?:25)*({_H}{{2}})|([0-3][0-7]{{2}})", text):
        yield (hexed, 16) if hexed else (octal, 8)


def _decoded(octets: bytes) -> str:
    """As UTF-8, and what is none as Latin-1."""
    text = octets.decode("utf-8", "surrogateescape")
    return re.sub("[\udc80-\udcff]", lambda lone: chr(ord(lone[0]) - 0xDC00), text)


def _by_number(text: str) -> str:
    codes = [int(code, 16) for code in re.findall(rf"[uU]\{{?({_H}+)", text)]
    if len(codes) == 2:
        codes = [0x10000 + (codes[0] - 0xD800) * 0x400 + codes[1] - 0xDC00]
    return chr(codes[0]) if codes[0] <= 0x10FFFF else ""
