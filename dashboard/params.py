"""Query strings and forms, read into typed values. Bad input is a BadInput: a 400 that keeps what was typed."""

from __future__ import annotations

from collections.abc import Sequence

from werkzeug.datastructures import MultiDict

from .problems import BadInput, too_many
from .tokens import BadToken, from_token

Fields = MultiDict[str, str]
MAX_IDS = 100
MAX_FILTER_BYTES = 500


def text(fields: Fields, name: str, *, max_bytes: int = MAX_FILTER_BYTES, exact: bool = False) -> str:
    """A free text without blanks at its ends, or with them where they count (`exact`); "" when absent or blank."""
    value = fields.get(name, "")
    value = value if exact and value.strip() else value.strip()
    if len(value.encode("utf-8", "surrogatepass")) > max_bytes:
        raise BadInput(name, f"This is too long: at most {max_bytes:,} bytes.")
    return value


def choice(fields: Fields, name: str, options: Sequence[str], default: str) -> str:
    """One of `options`; `default` when absent or empty."""
    value = fields.get(name, "") or default
    if value not in options and value != default:
        raise BadInput(name, f"Use one of {', '.join(option for option in options if option)}.")
    return value


def integer(fields: Fields, name: str, *, low: int, high: int, default: int) -> int:
    """A whole number between `low` and `high`; `default` when absent or empty."""
    value = fields.get(name, "").strip()
    if not value:
        return default
    if not value.isascii() or not value.isdigit() or len(value) > 15 or not low <= int(value) <= high:
        raise BadInput(name, f"Use a whole number from {low:,} to {high:,}.")
    return int(value)


def token(fields: Fields, name: str) -> str:
    """One text that forms and addresses carry as a token (a gid, say)."""
    try:
        return from_token(fields.get(name, ""))
    except BadToken:
        raise BadInput(name, "This names nothing.") from None


def tokens(fields: Fields, name: str, *, at_most: int) -> tuple[str, ...]:
    """Texts carried as tokens, each once, the first `at_most` of them; one that names nothing is left out."""
    found: list[str] = []
    for value in fields.getlist(name)[:at_most]:
        try:
            found.append(from_token(value))
        except BadToken:
            continue
    return tuple(dict.fromkeys(found))


def job_ids(fields: Fields, name: str = "id", *, at_most: int = MAX_IDS) -> tuple[str, ...]:
    """The job ids of a form: tokens, each once, in the order of the form. None at all is a BadInput."""
    given = fields.getlist(name)
    if len(given) > at_most:
        raise too_many(at_most, len(given))
    try:
        found = tuple(dict.fromkeys(from_token(value) for value in given))
    except BadToken:
        raise BadInput(name, "One of the selected jobs cannot be read from the form.") from None
    if not found:
        raise BadInput(name, "No job is selected.")
    return found
