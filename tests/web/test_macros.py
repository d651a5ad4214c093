"""What the macros make of figures, moments and hostile names."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from dashboard.present import present
from dashboard.templating import render_text
from tests.support.clock import Clock
from tests.web.trial import parsed, trial_app

HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "{{7*7}}",
    "<div hx-get=/x hx-trigger=load>",
    "<hx-partial id=row>",
    "..",
    "a\nb",
    "'onclick='x",
]
Draw = Callable[..., Any]


@pytest.fixture
def draw(clock: Clock) -> Draw:
    """`draw("file", "macro call", **names)`: the tree of what a macro of that file gives."""
    app = trial_app(clock=clock)

    def run(file: str, call: str, **names: Any) -> Any:
        macro = call.partition("(")[0]
        source = f'{{% from "omniq/macros/{file}.html" import {macro} %}}{{{{ {call} }}}}'
        with app.test_request_context("/"):
            app.preprocess_request()
            return parsed(str(render_text(source, **names)))

    return run


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize(
    ("file", "call"),
    [
        ("names", "job_link(x, '/y')"),
        ("names", "job_id(x)"),
        ("names", "group(x)"),
        ("names", "error_line(x)"),
        ("states", "job_state(x)"),
        ("states", "queue_state('paused', x)"),
        ("buttons", "row_button('Retry ' ~ x, 'retry', '/y', x)"),
        ("buttons", "press(x, 'retry', '/y', x)"),
        ("tables", "check_row(x)"),
        ("empty", "empty('search', x, x)"),
        ("figures", "tile(x, x)"),
    ],
)
def test_hostile_texts_stay_texts(draw: Draw, file: str, call: str, text: str) -> None:
    tree = draw(file, call, x=text)
    assert tree.find(["script", "img", "div", "hx-partial"], attrs={"class": None}) is None
    drawn = {name for tag in tree.find_all(True) for name in tag.attrs}
    assert not {name for name in drawn if name.startswith(("on", "hx-"))}
    values = [tree.get_text(), *(str(v) for tag in tree.find_all(True) for v in tag.attrs.values())]
    # Labels are sentences that their caller has presented already; names are presented by the macro.
    wanted = [text[:20], text.replace("\n", "‹U+000A›")[:20]] if file != "names" else [present("id", text)[:20]]
    if "error_line" in call:
        wanted = [present("error", text)[:20]]
    assert any(want in value for want in wanted for value in values)


def test_the_time_part_of_a_ulid_is_dim(draw: Draw) -> None:
    tree = draw("names", "job_link('01KKAVR0BETBK4K3Y0RVX5WBE6', '/j')")
    assert tree.i.get_text() == "01KKAVR0BE"
    assert tree.a.get_text() == tree.a["title"] == "01KKAVR0BETBK4K3Y0RVX5WBE6"


@pytest.mark.parametrize(
    ("n", "text", "title"),
    [(None, "–", None), (0, "0", None), (4213, "4,213", None), (12_345_678, "12.3 M", "12,345,678")],
)
def test_figures(draw: Draw, n: int | None, text: str, title: str | None) -> None:
    tree = draw("figures", "num(n)", n=n)
    assert (tree.get_text(), tree.span.get("title")) == (text, title)
    assert ("dim" in tree.span.get("class", [])) == (not n)


def test_moments(draw: Draw, clock: Clock) -> None:
    tag = draw("times", "ago(ms)", ms=clock() - 125_000).time
    assert tag.get_text() == "2 min ago"
    assert (tag["datetime"], tag["title"]) == ("2025-06-15T15:04:35.000Z", "2025-06-15 15:04:35.000 UTC")
    assert draw("times", "clock(ms)", ms=clock() + 7).time.get_text() == "15:06:40.007"
    assert draw("times", "ago(ms)", ms=0).get_text() == "–"
    odd = draw("times", "ago(ms)", ms=10**15)
    assert (odd.get_text(), odd.time) == ("1,000,000,000,000,000", None)


@pytest.mark.parametrize(
    ("call", "text", "tone"),
    [
        ("queue_state('running')", "Running", "ok"),
        ("queue_state('paused')", "Paused", "warn"),
        ("queue_state('stalled')", "Stalled", "danger"),
        ("job_state('wait')", "Waiting", "neutral"),
        ("job_state('active')", "Active", "accent"),
        ("job_state('active', lease_ran_out=true)", "Lease ran out", "danger"),
        ("job_state('delayed')", "Delayed", "later"),
        ("job_state('failed')", "Failed", "danger"),
        ("job_state('completed')", "Completed", "ok"),
        ("job_state('')", "No state", "neutral"),
    ],
)
def test_states(draw: Draw, call: str, text: str, tone: str) -> None:
    tree = draw("states", call)
    assert (tree.get_text(), tree.select_one("[data-tone]")["data-tone"]) == (text, tone)


def test_a_pager(draw: Draw) -> None:
    tree = draw("pager", "pager(26, 25, 4213, newer='?a', older=none)")
    assert tree.span.get_text() == "26–50 of 4,213"
    newer, older = tree.find_all("a")
    assert (newer["href"], newer["rel"], older.get("href"), older["aria-disabled"]) == ("?a", ["prev"], None, "true")
    assert (newer["hx-get"], newer["hx-push-url"], older.get("hx-get")) == ("?a", "true", None)
    assert draw("pager", "pager(0, 0, 0)").span.get_text() == "0 of 0"


def test_buttons_send_tokens(draw: Draw) -> None:
    button = draw("buttons", "row_button('Retry', 'retry', '/retry', x)", x="a/b").button
    assert (button["form"], button["name"], button["value"], button["formaction"]) == ("row", "id", "~YS9i", "/retry")
    assert draw("tables", "check_row(x)", x="..").input["value"] == "~Li4"
