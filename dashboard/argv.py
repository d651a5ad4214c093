"""What the command line was given, without the passwords in it: they leave the title of the process and every message.

A list of processes shows the arguments of each to every user of the machine, while its environment is its owner's.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress

REDIS, REDIS_VARIABLE, REDACT = "--redis", "OMNIQ_REDIS_URL", "--redact"
HIDDEN = "***"

_SCHEME = re.compile(r"[a-z][a-z0-9+.]*://", re.IGNORECASE)
_LOGIN = re.compile(r"[^@]*:[^@]*@")
# Up to the next option: a & that somebody forgot to write as %26 belongs to the password.
_QUERY = re.compile(r"([?&]\w*(?:password|passwd|secret)\w*=).*?(?=&\w+=|$)", re.IGNORECASE | re.DOTALL)


def mask(address: str) -> str:
    """The address of a Redis as it may be shown. A login of one word is hidden too: it may be meant as a password."""
    scheme, separator, rest = address.partition("://") if _SCHEME.search(address) else ("", "", address)
    login, at, place = rest.rpartition("@")
    if at:
        name, colon, _ = login.partition(":")
        login = f"{name}:{HIDDEN}" if colon else HIDDEN
    return _QUERY.sub(rf"\g<1>{HIDDEN}", f"{scheme}{separator}{login}{at}{place}")


def masked_words(words: Sequence[str], valued: Collection[str]) -> list[str]:
    """The arguments as they may be shown. `valued`: the options that take a value; one of theirs but --redis is hidden
    only when it is an address, for it may be a path that has the signs of one."""
    found: list[str] = []
    before = ""
    for word in words:
        names_option = word.startswith("--")
        option, equals, value = word.partition("=") if names_option else (before, "", word)
        before = word if word in valued else ""
        hidden = (equals or not names_option) and _may_tell(option, value, valued)
        found.append(word.removesuffix(value) + mask(value) if hidden else word)
    return found


def _may_tell(option: str, value: str, valued: Collection[str]) -> bool:
    if option == REDIS:
        return True
    if option in valued:
        return option != REDACT and _SCHEME.match(value) is not None
    return any(pattern.search(value) for pattern in (_SCHEME, _LOGIN, _QUERY))


def hide(words: Sequence[str], valued: Collection[str], environ: Mapping[str, str]) -> tuple[list[str], dict[str, str]]:
    """The arguments to go by, and what a masked address of --redis in them stands for.

    When something had to be masked this process begins anew with them (same process id, open files and environment,
    and OMNIQ_REDIS_URL), since nothing else changes its title everywhere. Where that cannot be it goes on.
    """
    clean = masked_words(words, valued)
    if clean == list(words):
        url = environ.get(REDIS_VARIABLE, "")
        shown = mask(url)
        anew = shown != url and any(word.removeprefix(f"{REDIS}=") == shown for word in words)
        return clean, {shown: url} if anew else {}
    given: dict[str, str] = {}
    for place, word in enumerate(words):
        if word.startswith(f"{REDIS}="):
            given[clean[place].removeprefix(f"{REDIS}=")] = word.removeprefix(f"{REDIS}=")
        elif place and words[place - 1] == REDIS:
            given[clean[place]] = word
    # Of several the last one counts, here as on the command line.
    anew = dict(environ) | ({REDIS_VARIABLE: list(given.values())[-1]} if given else {})
    _begin_anew(words, clean, anew)
    return clean, {shown: url for shown, url in given.items() if shown != url}


def _begin_anew(words: Sequence[str], clean: Sequence[str], environ: Mapping[str, str]) -> None:
    before = sys.orig_argv[: -len(words)]
    # Called by another program the arguments are not ours, a script from stdin is gone, and Windows has no exec.
    if os.name != "posix" or sys.orig_argv != [*before, *words] or sys.argv[0] == "-" or not sys.executable:
        return
    with suppress(OSError):
        # Not by the name it was started with: a search for that may find another Python.
        os.execve(sys.executable, [sys.executable, *before[1:], *clean], environ)
