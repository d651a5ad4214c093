"""Which failures are one fault: an error's type and message, with what differs from job to job as placeholders."""

from __future__ import annotations

import functools
import hashlib
import re
from typing import NamedTuple

from .error_excerpt import Excerpt, excerpt
from .placeholders import with_placeholders

RULES_VERSION = 2
"""Goes up with each change of these rules: an index made by other rules is another index."""

KEY = 180
"""Characters of the message that make the kind. Beyond, the length of ids decides what is still in the excerpt."""

LEAST_LEASE_MS = 60_000
"""How long a lease lasts that has no timeout of its own."""


class ErrorKind(NamedTuple):
    """A kind of failure. `digest` is its identity, `name` its type or gist, `text` the message with ‹placeholders›."""

    digest: str
    name: str
    text: str

    @property
    def of_an_error(self) -> bool:
        """Is it the kind of an error, rather than that of jobs that left none?"""
        return self.digest not in STANDING_KINDS


NO_MESSAGE = ErrorKind("no-message", "Failed without a message", "The worker said that it failed, and not why.")
LEASE = ErrorKind(
    "lease-ran-out",
    "Lease ran out, or failed without a message",
    "No error was recorded in the last attempt. The worker stopped answering, or said nothing.",
)
NO_RECORD = ErrorKind("no-record", "No job behind the id", "The lane names ids that have no job behind them.")
TOO_LARGE = ErrorKind("too-large", "An error over 16 KB", "It is too long to be read. The job has it.")
OTHER = ErrorKind("other", "Other", "Kinds beyond the first 500 are counted together.")
STANDING_KINDS = {kind.digest: kind for kind in (NO_MESSAGE, LEASE, NO_RECORD, TOO_LARGE, OTHER)}
"""The kinds that are no error's."""

_ANSI = re.compile(r"\x1b\[[0-9;]{0,20}[A-Za-z]")
_BLANKS = re.compile(r"[\s\x00-\x1f\x7f-\x9f]+")
_FRAME = re.compile(
    r'\s+(?:File "|at |in )|\s*\[cause\]|\s*#\d+ |\tat |goroutine \d+ \[|Stack trace:'
    r"|Traceback \(most recent call last\)|Caused by: |\[stacktrace\]|\[signal "
)
_OWN_FRAME = re.compile(
    r"\s+at (?:async |new )?(?!JSON\.|Object\.<|process\.|Promise\.|Array\.|Module\.|<anon)([A-Za-z_$][\w$.#]{0,80})"
    r"(?: \[as \w+\])? ?\((?!node:)|([\w./-]{1,120}\.\(?\*?\w{1,60}\)?(?:\.\w{1,60})?)\("
)
# Faults of the program itself say nothing but where: the same words in two places are two faults.
_SAYS_WHERE = re.compile(
    r"(?:TypeError|ReferenceError|(?:java\.lang\.)?(?:NullPointer|ClassCast)Exception|panic: runtime error)\Z"
)
_BEFORE_TYPE = re.compile(
    r"(?:PHP )?(?:Fatal error|Parse error|Warning|Notice|Deprecated): +(?:Uncaught +)?|Uncaught (?:\(in promise\) )?"
    r'|Exception in thread "[^"]{0,100}" |Unhandled (?:exception|rejection):? +'
)
_TYPE = re.compile(
    r"((?:[A-Za-z_][\w$-]{0,60}[.\\]){0,10}(?:[A-Z][\w$]{0,80}[a-z][\w$]{0,80}|[a-z]\w{0,60}(?:[eE]rror|Exception)|error))"
    r"((?: \[[A-Z][A-Z0-9_]{2,60}\])?)(?::(?: |\Z)|\Z| in (?=/)|(?=\())"
    r"|(panic|fatal error)(: runtime error)?: "
)
_JAVA = re.compile(r"javax?\.[\w$.]+|(?:jakarta|com|org|net|io|kotlin|scala|sun|jdk|dev|de|fr|uk|eu)\.[\w$]+\.[\w$.]+")
_PLURAL = re.compile(r"(‹n› (?:[a-z]+ )?[a-z]{2,}?)s\b")
_PLACEHOLDER = re.compile(r"‹[a-z]+›")
_ONE = r"[\"'`]?‹[a-z]+›[\"'`]?"
_SAME = re.compile(rf"{_ONE}(?:[-+,;:|/&= ]{{0,3}}(?:(?:and|or) )?{_ONE})*(?: ?\({_ONE}\))?(?:,? ?\.\.\.)?")


def fingerprint(text: str) -> ErrorKind:
    """The kind of an error text, whatever its language and length. Takes time in proportion to the text."""
    return kind_of_excerpt(excerpt(text))


@functools.lru_cache(maxsize=1024)
def kind_of_excerpt(read: Excerpt) -> ErrorKind:
    """The kind of an error of which no more than this is known."""
    lines, frames = _message_lines(_ANSI.sub("", read.head))
    first = _clean(lines)
    before = _BEFORE_TYPE.match(first)
    type_name, message = _split(first[before.end() :] if before else first)
    cut = read.cut and not frames
    text = with_placeholders(message, cut=cut, of=type_name)
    where = _where(frames) if _SAYS_WHERE.search(type_name) else ""
    if where:
        text = f"{text} at {where}".lstrip()
    cause = _cause(read.cause)
    key = _key(text[: text.rfind(" ")] if cut and len(text) <= KEY and " " in text else text)
    digest = hashlib.sha256("\0".join((type_name, key, _key(cause))).encode("utf-8", "surrogatepass")).hexdigest()[:16]
    if cause:
        text = f"{text} (cause: {cause})".lstrip()
    name = type_name or _gist(with_placeholders(_clean(lines[:1]), cut=cut and len(lines) == 1))
    return ErrorKind(digest, name[:100], text[:300])


def without_message(last_started_ms: int | None, failed_ms: int | None, timeout_ms: int) -> ErrorKind:
    """The kind of a job whose last attempt left no error: it failed within its lease, or nobody can know."""
    lease = timeout_ms if timeout_ms > 0 else LEAST_LEASE_MS
    if failed_ms and last_started_ms and failed_ms - last_started_ms < lease:
        return NO_MESSAGE
    return LEASE


def _clean(lines: list[str]) -> str:
    return _BLANKS.sub(" ", " ".join(lines)).strip()


def _message_lines(head: str) -> tuple[list[str], list[str]]:
    """The lines of the message, and those of the frames that follow it."""
    lines = [line for line in re.split(r"[\r\n]+", head) if line.strip()]
    for at, line in enumerate(lines):
        below = lines[at + 1] if at + 1 < len(lines) else ""
        if at and (_FRAME.match(line) or (below.startswith("\t") and not below.startswith("\tat "))):
            return lines[:at], lines[at:]
    return lines, []


def _split(line: str) -> tuple[str, str]:
    match = _TYPE.match(line)
    if not match:
        return "", line
    if match[3]:
        return match[3] + (match[4] or ""), line[match.end() :]
    name = match[1]
    if "." in name and not _JAVA.fullmatch(name):
        name = name.rpartition(".")[2]  # Python: not every SDK writes the module
    return name + match[2], line[match.end() :].lstrip(": ")


def _where(frames: list[str]) -> str:
    for line in frames:
        if "node_modules" in line or line.startswith(("goroutine", "[signal", "runtime.", "panic(")):
            continue
        found = _OWN_FRAME.match(line)
        if found:
            return (found[1] or found[2].rpartition("/")[2]).replace("Object.", "")
    return ""


def _cause(line: str) -> str:
    if not line:
        return ""
    type_name, message = _split(_BLANKS.sub(" ", line).strip())
    text = with_placeholders(message, cut=False, of=type_name)
    return ": ".join(part for part in (type_name, text) if part)[:150]


def _key(text: str) -> str:
    """What two texts of one fault have in common: what stands for a placeholder, and how many of them, is not in it."""
    return _SAME.sub("‹›", _PLURAL.sub(r"\1", text[:KEY])).rstrip(" .")


def _gist(text: str) -> str:
    """A name for an error without a type: the last thing it says before an aside, as chains of Go errors end."""
    said = text.partition(" (")[0].rstrip(" .:\"'")
    for part in reversed(said.split(": ")):
        if len(part) >= 8 and not _PLACEHOLDER.search(part):
            return part
    return said
