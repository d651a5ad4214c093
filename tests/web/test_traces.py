"""Errors as people read them: type, message, and which frames are their own code."""

from __future__ import annotations

import pytest

from dashboard.traces import ErrorText, read_error

PYTHON = """ConnectionError: upstream timed out
Traceback (most recent call last):
  File "/app/billing/charge.py", line 42, in charge
    client.post(url)
  File "/usr/lib/python3.11/site-packages/requests/api.py", line 115, in post
    return request("post", url)
ConnectionError: upstream timed out"""

NODE = """TypeError: Cannot read properties of undefined (reading 'id')
    at charge (/app/src/charge.js:17:23)
    at next (/app/node_modules/express/lib/router.js:2:1)
    at process.processTicksAndRejections (node:internal/process/task_queues:95:5)"""

GO = """panic: runtime error: invalid memory address or nil pointer dereference
goroutine 34 [running]:
main.charge(0xc000)
\t/src/billing/charge.go:88 +0x1d
net/http.(*Client).Do(...)
\t/usr/local/go/src/net/http/client.go:581
github.com/acme/lib.Call()
\t/go/pkg/mod/github.com/acme/lib@v1.2.0/call.go:12 +0x5"""


@pytest.mark.parametrize(
    ("text", "kind", "message"),
    [
        ("ValueError: no such account", "ValueError:", "no such account"),
        ("requests.exceptions.ConnectTimeout: x: y", "requests.exceptions.ConnectTimeout:", "x: y"),
        ("java.lang.NullPointerException: at null", "java.lang.NullPointerException:", "at null"),
        ("panic: oh", "panic:", "oh"),
        ("Error: connect ECONNREFUSED", "Error:", "connect ECONNREFUSED"),
        ("Exception: x", "Exception:", "x"),
        ("could not connect: refused", "", "could not connect: refused"),
        ("10.0.0.1: refused", "", "10.0.0.1: refused"),
        ("ValueError:no blank", "", "ValueError:no blank"),
        ("", "", ""),
        ("<b>X: y", "", "<b>X: y"),
    ],
)
def test_the_first_line(text: str, kind: str, message: str) -> None:
    assert read_error(text) == ErrorText(kind, message, ())


def emphasis(text: str) -> list[tuple[str, str]]:
    return [(line.emphasis, line.text.strip()) for line in read_error(text).trace if line.emphasis]


def test_python() -> None:
    assert emphasis(PYTHON) == [
        ("own", 'File "/app/billing/charge.py", line 42, in charge'),
        ("own", "client.post(url)"),
        ("last", "ConnectionError: upstream timed out"),
    ]


def test_node() -> None:
    assert emphasis(NODE) == [("own", "at charge (/app/src/charge.js:17:23)")]


def test_go() -> None:
    assert emphasis(GO) == [("own", "main.charge(0xc000)"), ("own", "/src/billing/charge.go:88 +0x1d")]


@pytest.mark.parametrize(
    "frame",
    [
        '  File "<frozen importlib._bootstrap>", line 241, in _call',
        r'  File "C:\Python312\Lib\json\decoder.py", line 2, in decode',
        '  File "/app/.venv/lib/python3.12/site-packages/httpx/_client.py", line 10, in send',
        "    at Promise.all (index 0)",
        "    at new Promise (<anonymous>)",
        "    at JSON.parse (native)",
        "    at async node:internal/process/task_queues:95:5",
        "    at Module._compile (internal/modules/cjs/loader.js:1063:30)",
        "    at TCPConnectWrap.afterConnect [as oncomplete] (net.js:1141:16)",
        r"    at C:\app\node_modules\express\index.js:3:3",
        "    at Query.run (/app/.yarn/cache/pg-npm-8.1.zip/pg/lib/query.js:1:1)",
        "\t/usr/lib/go-1.22/src/runtime/debug/stack.go:24 +0x5e",
        "\t/opt/hostedtoolcache/go/1.22.0/x64/src/runtime/panic.go:770 +0x132",
        "\t/usr/local/Cellar/go/1.22/libexec/src/net/http/client.go:1",
        "\tC:/Program Files/Go/src/net/http/client.go:1",
        "\tnet/http/client.go:581",
        "\tgithub.com/acme/lib@v1.2.0/call.go:12 +0x5",
        "\t/src/app/vendor/github.com/acme/lib/call.go:1",
    ],
)
def test_frames_of_others(frame: str) -> None:
    above = "lib.Call()\n" if frame.startswith("\t") else ""
    assert emphasis(f"E: x\n{above}{frame}\nend") == [("last", "end")]


@pytest.mark.parametrize(
    "frame",
    [
        r'  File "C:\app\worker.py", line 2, in work',
        '  File "/srv/vendor/payments.py", line 2, in pay',
        "    at async /app/src/worker.mjs:3:4",
        "    at file:///app/src/worker.mjs:3:4",
        "    at Object.<anonymous> (/app/index.js:1:1)",
        r"    at C:\app\worker.js:3:3",
        "\tC:/Users/ann/app/worker.go:1",
        "\t/home/ann/go/src/github.com/ann/app/worker.go:1",
        "\tgithub.com/ann/app/billing/call.go:12 +0x5",
    ],
)
def test_frames_of_ones_own(frame: str) -> None:
    above = "app.Work()\n" if frame.startswith("\t") else ""
    found = emphasis(f"E: x\n{above}{frame}\nend")
    assert found == [*([("own", "app.Work()")] if above else []), ("own", frame.strip()), ("last", "end")]


def test_an_error_that_another_came_of_is_not_dimmed() -> None:
    text = PYTHON + "\n\nThe above exception was the direct cause of the following exception:\n\nPaymentError: no"
    assert emphasis(text)[-2:] == [("own", "ConnectionError: upstream timed out"), ("last", "PaymentError: no")]


@pytest.mark.parametrize("text", [PYTHON, NODE, GO, "a\n\n  b\n", "a\n\tb\r\nc"])
def test_no_line_goes(text: str) -> None:
    found = read_error(text)
    head = f"{found.kind} {found.message}" if found.kind else found.message
    assert head == text.partition("\n")[0]
    rest = text.partition("\n")[2].replace("\r\n", "\n").strip("\n")
    assert "\n".join(line.text for line in found.trace) == rest


def test_a_single_line_has_no_trace() -> None:
    assert read_error("E: x\n  \n").trace == ()


def test_control_characters_are_marked() -> None:
    found = read_error("Error: a\u202eb\x00\n\x1b[31mred")
    assert found.message == "a‹U+202E›b‹U+0000›"
    assert found.trace[0].text == "‹U+001B›[31mred"


def test_a_line_without_end_is_read_in_no_time() -> None:
    assert read_error("A." * 8_000 + "\n" + " at" * 5_000).trace
