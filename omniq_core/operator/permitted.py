"""Commands that Redis calls dangerous, of which few users have any: what may not be asked is not tried either."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from ..connection import Arg
from ..scripts import script

ASK = script("operator/ask").source[:64]
"""How the script begins that `if_permitted` sends: so much of it is in the slow log."""


def if_permitted(*command: Arg) -> Sequence[Arg]:
    """This command for a pipeline, answered by the error of a refusal where the user may not send it: one that Redis
    itself refuses is an entry in the ACL log each time, which somebody is woken by."""
    return ("EVAL", script("operator/ask").source, 0, *command)


def info_of(reply: Any) -> Any:
    """What INFO said by names: whole numbers and texts; of `commandstats` each value again by names. An exception stays
    one, and None."""
    if reply is None or isinstance(reply, Exception | Mapping):
        return cast(Any, reply)
    return _named(reply.decode("utf-8", "replace").split("\r\n"), ":")


def _named(pairs: Sequence[str], sign: str) -> dict[str, Any]:
    found = (pair.partition(sign) for pair in pairs if sign in pair and not pair.startswith("#"))
    return {name: _value(name, value) for name, _, value in found}


def _value(name: str, value: str) -> Any:
    if name.startswith("cmdstat_"):
        return _named(value.split(","), "=")
    return int(value) if value.isdecimal() and value.isascii() else value
