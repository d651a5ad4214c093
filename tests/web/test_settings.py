"""Settings: one table, read once, and errors of one line without a password."""

from __future__ import annotations

import dataclasses

import pytest

from dashboard import SettingsError, create_app
from dashboard.settings import TABLE, Settings, load_settings


def test_table_and_fields_are_the_same_names() -> None:
    assert [s.name for s in TABLE] == [f.name for f in dataclasses.fields(Settings)]
    assert all(s.help for s in TABLE)


def test_defaults_and_environment_and_keywords() -> None:
    assert load_settings({}).port == 8080
    assert load_settings({"OMNIQ_PORT": "9000"}).port == 9000
    assert load_settings({"OMNIQ_PORT": "9000"}, port=9001).port == 9001
    assert load_settings({"OMNIQ_PORT": "9000"}, port=None).port == 9000


def test_redis_url_falls_back() -> None:
    both = {"OMNIQ_REDIS_URL": "redis://a", "REDIS_URL": "redis://b"}
    assert load_settings(both).redis_url == "redis://a"
    assert load_settings({**both, "OMNIQ_REDIS_URL": ""}).redis_url == "redis://b"


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("OMNIQ_READ_ONLY", "1", True),
        ("OMNIQ_READ_ONLY", "off", False),
        ("OMNIQ_PREFIX", "ops/omniq/", "/ops/omniq"),
        ("OMNIQ_PREFIX", "/", ""),
        ("OMNIQ_QUEUES", " a, b,,a ", ("a", "b")),
        ("OMNIQ_ENV", " staging ", "staging"),
    ],
)
def test_parsed(name: str, text: str, value: object) -> None:
    assert getattr(load_settings({name: text}), name.removeprefix("OMNIQ_").lower()) == value


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("OMNIQ_PORT", "http"),
        ("OMNIQ_PORT", "70000"),
        ("OMNIQ_READ_ONLY", "maybe"),
        ("OMNIQ_PREFIX", "/a/../b"),
        ("OMNIQ_PREFIX", "/a b"),
    ],
)
def test_a_bad_value_is_one_line_that_names_the_variable(name: str, text: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load_settings({name: text})
    assert str(caught.value).startswith(f"{name}: ")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"trusted_origins": "not an origin"}, "trusted_origins: 'not an origin' is no origin"),
        ({"trusted_origins": "ops.example"}, "write https://ops.example"),
        ({"trusted_origins": "https://ops.example, https://ops.example/omniq"}, "'https://ops.example/omniq' is no"),
        ({"trusted_origins": ["*"]}, "is no origin"),
        ({"trusted_origins": "null"}, "is no origin"),
        ({"trusted_origins": "https://ops.example:x"}, "is no origin"),
        ({"trusted_origins": "https://me@ops.example"}, "is no origin"),
        ({"queues": []}, "queues: no queue is named, which would show all"),
        ({"queues": " , "}, "queues: no queue is named, which would show all"),
        ({"proxy_header": "Cookie", "proxies": "10.0.0.7"}, "proxy_header: Cookie is what a browser sends itself"),
        ({"proxy_header": "user-agent", "proxies": "10.0.0.7"}, "use one of the proxy's own like X-Remote-User"),
        ({"queues": 5}, "queues: names separated by commas are wanted, not 5"),
        ({"proxy_header": "X-Remote-User", "proxies": "0.0.0.0/0"}, "could say in X-Remote-User who they are"),
        ({"proxy_header": "X-Remote-User", "proxies": "10.0.0.7, ::/0"}, "could say in X-Remote-User who they are"),
    ],
    ids=str,
)
def test_what_could_not_do_what_it_says_is_refused_at_the_start(given: dict[str, object], says: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load_settings({}, **given)
    assert says in str(caught.value) and "\n" not in str(caught.value)
    good = load_settings({}, trusted_origins="https://Ops.example:8443, http://[::1]/", proxies="10.0.0.0/8,fd00::/8")
    assert len(good.trusted_origins) == len(good.proxies) == 2


@pytest.mark.parametrize(("options", "wrong"), [("zzz=1", "zzz"), ("retry_on_timeout=yes&retry=3", "retry")])
def test_an_address_with_a_bad_option_is_one_line_without_the_password(options: str, wrong: str) -> None:
    with pytest.raises(SettingsError, match=f"its option {wrong} is not known") as caught:
        create_app(redis=f"redis://:hunter2@127.0.0.1:6379/0?{options}")
    assert "hunter2" not in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("OMNIQ_READONLY", "OMNIQ_READ_ONLY"),
        ("OMNIQ_READ_ONYL", "OMNIQ_READ_ONLY"),
        ("OMNIQ_PASSWD", "OMNIQ_PASSWORD"),
        ("OMNIQ_TRUSTED_ORIGIN", "OMNIQ_TRUSTED_ORIGINS"),
    ],
)
def test_a_variable_that_is_nearly_one_of_ours_is_refused(name: str, meant: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load_settings({name: "s3cr3t"})
    assert str(caught.value) == f"{name} is no setting of the dashboard. Did you mean {meant}?"


def test_variables_that_are_not_near_are_left_alone() -> None:
    others = (
        "OMNIQ_QUEUE",
        "OMNIQ_SEEDS",
        "OMNIQ_CONCURRENCY",
        "OMNIQ_WORKER_NAME",
        "OMNIQ_TEST",
        "OMNIQ_REDIS_HOST",
        "REDIS_URI",
    )
    assert load_settings(dict.fromkeys(others, "x")) == load_settings({})


def test_an_unknown_keyword_names_the_near_one() -> None:
    with pytest.raises(TypeError, match=r"readonly is no setting of the dashboard\. Did you mean read_only\?"):
        load_settings({}, readonly=True)


def test_a_name_without_a_password_is_refused() -> None:
    with pytest.raises(SettingsError, match="OMNIQ_PASSWORD is not set"):
        load_settings({"OMNIQ_USER": "oncall"})


def test_no_secret_in_the_repr() -> None:
    loaded = load_settings({}, redis_url="redis://:hunter2@x", user="a", password="hunter2", secret="hunter2")
    assert "hunter2" not in repr(loaded)


@pytest.mark.parametrize(
    "url",
    ["http://:hunter2@h", "redis://:hunter2@h:x/0", "redis://:hunter2@[::1/0", "redis://:p@hunter2?@h", "hunter2"],
)
def test_a_bad_redis_url_is_one_line_without_the_password(url: str) -> None:
    with pytest.raises(SettingsError) as caught:
        create_app(redis=url, background=False)
    assert "hunter2" not in str(caught.value)
    assert "\n" not in str(caught.value)
    assert caught.value.__suppress_context__
