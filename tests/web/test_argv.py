"""What stands in the place of a password on the command line; `test_cli` has the title of a real process."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from dashboard.argv import mask, masked_words
from dashboard.cli import valued_options


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("redis://127.0.0.1:6379/0", "redis://127.0.0.1:6379/0"),
        ("unix:///run/redis.sock?db=0", "unix:///run/redis.sock?db=0"),
        ("redis://ops:s3cr3t@[::1]:6379/0", "redis://ops:***@[::1]:6379/0"),
        ("rediss://:s3c@r:3t@h/0", "rediss://:***@h/0"),
        ("redis://s3cr3t@h", "redis://***@h"),
        ("ops:s3cr3t@h", "ops:***@h"),
        ("unix://:s3cr3t@/run/redis.sock", "unix://:***@/run/redis.sock"),
        ("h:6379?password=s3cr3t", "h:6379?password=***"),
        (
            "redis+sentinel://ops:s3cr3t@a,b:7/m/0?sentinel_password=s3c&r3t&db=0",
            "redis+sentinel://ops:***@a,b:7/m/0?sentinel_password=***&db=0",
        ),
        ("rediss://h/0?ssl_password=s3cr3t&ssl_keyfile=/a.pem", "rediss://h/0?ssl_password=***&ssl_keyfile=/a.pem"),
    ],
)
def test_an_address_is_shown_without_what_opens_it(address: str, shown: str) -> None:
    assert mask(address) == mask(shown) == shown


@pytest.mark.parametrize(
    "words",
    [
        "redis://ops:s3cr3t@h/0",
        "serve redis://ops:s3cr3t@h/0",
        "serve ops:s3cr3t@h",
        "serve --user ops s3cr3t",
        "demo --read-only :s3cr3t@h",
        "serve --redi=redis://ops:s3cr3t@h/0",
        "serve --nope=ops:s3cr3t@h",
        "serve -rredis://ops:s3cr3t@h/0",
        "serve --redis redis://h --host redis://ops:s3cr3t@h/0",
        "demo --redis redis://h --port 0 --users-file redis://ops:s3cr3t@h/0",
        "user redis://ops:s3cr3t@h/0",
        "user list redis://ops:s3cr3t@h/0",
        "user add ana s3cr3t",
        "user add ana --password=s3cr3t",
        "user role ana s3cr3t --users-file /nowhere/users.json",
    ],
)
def test_no_mistake_says_a_password_that_stood_in_it(refuses: Callable[..., str], words: str) -> None:
    assert "s3cr3t" not in refuses(*words.split())


@pytest.mark.parametrize(
    "words",
    [
        ["user", "add", "ana@b.example", "--users-file", "/srv/a:b@c?password=d"],
        ["demo", "--data=/srv/a:b@c", "--redis", "redis://h:1/0"],
        ["serve", "--redact", "a://b:c@d"],
        ["serve", "--redact=b:c@d"],
    ],
)
def test_what_is_no_address_of_a_redis_is_left_as_it_is(words: list[str]) -> None:
    assert masked_words(words, valued_options()) == words
