"""What pages say of a file that was taken away, and of a look that was refused."""

from __future__ import annotations

from omniq_core import Activity

from .present import present

_RIGHTS = {
    "read": "Look at a page",
    "read_payload": "Read payloads",
    "see_activity": "See the activity",
    "task": "Look at a bulk task",
    "publish": "Open the form that publishes",
    "pause": "Open the form of a pause",
    "repair": "Open the preview of a repair",
}
_FORMATS = {"jsonl": "JSON lines", "csv": "CSV"}


def file_entry(entry: Activity) -> str:
    """What was, or was to be, written into a file."""
    verb, facts = ("Exported" if entry.state == "done" else "Export"), entry.facts
    if facts.get("job"):
        return f"{verb} the payload of job {present('id', facts['job'])}"
    if facts.get("what") == "activity":
        return f"{verb} the activity"
    what = f"{'matching ' if entry.filter else ''}{present('value', entry.lane, 40)} jobs".lstrip()
    name = present("value", facts.get("format", ""), 40)
    with_payloads = ", with payloads" if facts.get("payloads") else ""
    return f"{verb} {what}{' as ' if name else ''}{_FORMATS.get(name, name)}{with_payloads}"


def look_entry(entry: Activity) -> str:
    """What somebody wanted to look at."""
    right = entry.facts.get("right", "")
    return _RIGHTS.get(right) or f"Open a page that needs the right {present('value', right, 40)}"
