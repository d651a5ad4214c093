"""What pages say of a sign-in and its end, and of a try that failed."""

from __future__ import annotations

from omniq_core import Activity

from .present import present

SIGNED = {
    "sign-in": ("Signed in", "Sign in"),
    "sign-out": ("Signed out", "Sign out"),
    "sign-out-everywhere": ("Signed out everywhere", "Sign out everywhere"),
}
"""By action: what was done, and what was wanted."""


def sign_entry(entry: Activity) -> str:
    """What somebody did or wanted; of a try also under whose name, where that is one of the users'."""
    words = SIGNED[entry.action][entry.state != "done"]
    if entry.facts.get("as"):
        return f"{words} as {present('value', entry.facts['as'], 64)}"
    return f"{words}, unknown name" if entry.facts.get("unknown") else words
