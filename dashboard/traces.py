"""An error text as people read it: what happened, and where in their own code."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from .present import present

# Bounded, so that a long word without a colon costs nothing.
_TYPE = re.compile(r"([A-Za-z_][\w.$]{0,99}[A-Z][\w.$]{0,99}|Error|Exception|panic|error|fatal error):\s")
_FOREIGN = re.compile(
    # Python: packages, its own library, what is frozen into it
    r"""[/\\](?:site|dist)-packages[/\\]|[/\\]lib[/\\]python\d|[/\\]Python\d+[/\\]Lib[/\\]|"<frozen\ |"""
    # Node: packages, its own files by their names of now and of before 16, what has no file
    r"""[/\\]node_modules[/\\]|[/\\]\.yarn[/\\](?:cache|unplugged)[/\\]|[(\ ]node:|\(internal/|\(\w+\.js:\d|"""
    r"""\((?:<anonymous>|native|index\ \d+)\)|"""
    # Go: modules, copies of them, Go's own root where people have it, and its packages in a build with -trimpath
    r"""@v\d+\.\d|/vendor/[\w-]+\.[\w.-]+/|/usr/local/go/|/usr/lib/go[\d.-]*/|/Program\ Files/Go/|"""
    r"""[/\\]go[/\\@]?\d+(?:\.\d+)+[/\\](?:\w+[/\\])?src[/\\]|"""
    r"""^\t(?:runtime|net|os|io|bufio|context|crypto|database|encoding|fmt|internal|log|reflect|strconv|strings|sync|text|time)/""",
    re.VERBOSE,
)
_FRAME = re.compile(r'\s*File "|\s+at \S|\t.+\.go:\d+|goroutine \d+')

Emphasis = Literal["", "own", "last"]


@dataclass(frozen=True, slots=True)
class TraceLine:
    """One line, and what it is: a frame of the user's own code, the last word, or neither."""

    emphasis: Emphasis
    text: str


@dataclass(frozen=True, slots=True)
class ErrorText:
    """`kind` is the error's type with its colon ("" when the text names none), `message` the rest of its first line."""

    kind: str
    message: str
    trace: tuple[TraceLine, ...]


def read_error(raw: str) -> ErrorText:
    """Splits an error text; every character of it is in one of the parts."""
    first, _, rest = raw.partition("\n")
    match = _TYPE.match(first)
    kind = present("error", match[0].rstrip()) if match else ""
    message = present("error", first[match.end() :] if match else first)
    return ErrorText(kind, message, tuple(_trace(rest)) if rest.strip() else ())


def _trace(text: str) -> list[TraceLine]:
    lines = present("trace", text).strip("\n").split("\n")
    last = max((at for at, line in enumerate(lines) if line.strip()), default=-1)
    result: list[TraceLine] = []
    own = False
    for at, line in enumerate(lines):
        if _FRAME.match(line):
            # A Go frame is a function and the file below it; the file says whose code it is.
            own = not _FOREIGN.search(line) and not line.startswith("goroutine")
        elif not line.startswith((" ", "\t")):
            below = lines[at + 1] if at + 1 < len(lines) else ""
            own = below.startswith("\t") and bool(_FRAME.match(below)) and not _FOREIGN.search(below)
        if at == last and not _FRAME.match(line) and not line.startswith((" ", "\t")):
            result.append(TraceLine("last", line))
        elif _TYPE.match(line):
            # An error that another one came of.
            result.append(TraceLine("own", line))
        else:
            result.append(TraceLine("own" if own else "", line))
    return result
