"""How it is headed that a Redis cannot be worked with just now: most of what is wrong is no silence."""

from __future__ import annotations

HEADINGS = {
    "redis": "Redis does not answer",
    "closed": "Redis does not let us in",
    "loading": "Redis is loading its data",
    "busy": "Redis is busy with a script",
    "moving": "Keys are moving to another node",
    "cluster": "The cluster is down",
    "alone": "Redis is a replica without its master",
    "pool": "No connection to Redis is free",
}
"""By kind, which script is told in a header."""

_KINDS = {
    "a password is required": "closed",
    "wrong user name or password": "closed",
    "it has no password, but was given one": "closed",
    "it wants a certificate of ours": "closed",
    "it takes no more connections": "closed",
    "all connections of its pool are in use": "pool",
    "the cache of its client wants Redis 7.4": "closed",
    "it is loading its data": "loading",
    "it is busy with a script": "busy",
    "its keys are moving to another node": "moving",
    "its cluster is down": "cluster",
    "its cluster has slots that no node serves": "cluster",
    "it is a replica that has lost its master": "alone",
}

_SAID_BY_HEADING = {
    "it is loading its data",
    "it is busy with a script",
    "its keys are moving to another node",
    "its cluster is down",
    "it is a replica that has lost its master",
}


def outage_kind(why: str) -> str:
    """The key of HEADINGS for what explain_redis_error says of an outage."""
    return _KINDS.get(why, "redis")


def outage_heading(why: str) -> str:
    """The heading for what explain_redis_error says of an outage."""
    return HEADINGS[outage_kind(why)]


def outage_line(why: str) -> str:
    """Heading and reason in one line, for a log; a reason that only repeats the heading is left out."""
    heading = outage_heading(why)
    return heading if why in _SAID_BY_HEADING else f"{heading} ({why})"
