"""Hidden values: which a path hides, what an error says, and that a copy brings them back only where they were."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest

from dashboard import Allow, Deny, SettingsError
from dashboard.redact_errors import KEPT
from dashboard.redaction import LOOKED_INTO, read_redaction
from dashboard.settings import load_settings
from omniq_core import Activity, Counting, OmniqClient, note_activity
from omniq_core.payloads import MAX_ERROR_BYTES
from tests.support.factories import fail_jobs
from tests.web.pages_support import NOW, QUEUE, browser

H = '"‹hidden›"'


@pytest.mark.parametrize(
    ("paths", "text", "shown"),
    [
        ("password", '{"a":[{"Password":1.50}],"passwords":2}', f'{{"a":[{{"Password":{H}}}],"passwords":2}}'),
        ("password", '{"password":null,"password":{"a":[1]}}', f'{{"password":{H},"password":{H}}}'),
        ("password", r'{"pass\u0077ord":"x"}', rf'{{"pass\u0077ord":{H}}}'),
        ("auth/token", r'{"auth\/token":"x"}', rf'{{"auth\/token":{H}}}'),
        (r'"a\"bc"', r'{"a\"bc":"x"}', rf'{{"a\"bc":{H}}}'),
        (r'"ab\\c"', r'{"ab\\c":"x"}', rf'{{"ab\\c":{H}}}'),
        ('" password "', '{"password":"x"}', f'{{"password":{H}}}'),
        (
            "*.token",
            '{"token":1,"a":{"token":2,"b":[{"token":3}]}}',
            f'{{"token":1,"a":{{"token":{H},"b":[{{"token":{H}}}]}}}}',
        ),
        ("cards[*].number", '{"number":1,"cards":[{"number":2}]}', f'{{"number":1,"cards":[{{"number":{H}}}]}}'),
        ("cards[1].number", '{"cards":[{"number":1},{"number":2}]}', f'{{"cards":[{{"number":1}},{{"number":{H}}}]}}'),
        ('"a.b".c', '{"a.b":{"c":1},"a":{"b":{"c":2}}}', f'{{"a.b":{{"c":{H}}},"a":{{"b":{{"c":2}}}}}}'),
        ("*_key", '{"api_key":1,"key":2}', f'{{"api_key":{H},"key":2}}'),
        ("body.pin", r'{"body":"{\"pin\":7,\"x\":1}"}', r'{"body":"{\"pin\":\"‹hidden›\",\"x\":1}"}'),
    ],
)
def test_what_a_path_hides(paths: str, text: str, shown: str) -> None:
    assert read_redaction(paths).payload(text.encode()).text == shown


@pytest.mark.parametrize(
    "raw", [b"{'password': 'x'}", b'{"password":"x"', b'{"password":"\xff"}', b'{"password":' + b"[" * 9_000]
)
def test_what_cannot_be_told_apart_is_hidden_whole(raw: bytes) -> None:
    seen = read_redaction("password").payload(raw)
    assert (seen.text, bool(seen.why), seen.values) == (None, True, None)


def test_a_long_text_is_hidden_when_it_may_hold_one() -> None:
    rules, much = read_redaction("password"), b"x" * LOOKED_INTO
    assert rules.payload(b'{"password":"' + much + b'"}').text is None
    assert rules.payload(b'{"other":"' + much + b'"}').text is not None


def test_what_an_error_says() -> None:
    rules = read_redaction("password")
    seen = rules.payload(b'{"password":"it\'s a \\"pw\\"","p":{"password":123}}')
    for said in ('E: it\'s a "pw" 1234', 'E: it\'s a \\"pw\\" 1234', "E: it%27s%20a%20%22pw%22 1234"):
        assert rules.error(said, seen) == "E: ‹hidden› 1234"
    assert rules.error("E: 123 it's a", seen) == "E: ‹hidden› it's a"
    assert rules.error("E: password='other one', x=1", seen) == "E: password=‹hidden›, x=1"
    assert rules.field("note", b"says it's a", seen, whole=True).decode() == "says it's a"
    assert rules.field("note", b"it's a, 123", seen, whole=True).decode() == "it's a, ‹hidden›"
    assert rules.field("note", b"something", None, whole=True).decode() == "‹hidden›"
    assert rules.error("a.b.TimeoutError: something", None) == "a.b.TimeoutError: ‹hidden›"
    assert rules.error("something", None) == "‹hidden›"


@pytest.mark.parametrize(
    ("hidden", "said", "shown"),
    [
        ("12.50", "E: 12.5, 12,5 and 1.25E+1 of 112.5 kg", "E: #, # and # of 112.5 kg"),
        ("90210777.50", "[1,90210777.5,3] 90,210,777.5 9.02107775e7", "[1,#,3] # #"),
        ("1e3", "1000.0 1000 1_000 01000 1000.5 x1000ms", "# # # # 1000.5 x#ms"),
        ("-7", "-7.0 is 7 of 70 in x7", "# is # of 70 in x7"),
        ('"0042"', "PIN 42 is none", "PIN # is none"),
        ("12345678901234567890", "got 12345678901234567000", "got #"),
        (r'"Pass\u00e9x"', r"E: Pass\xe9x passe\u0301x b'Pass\xc3\xa9x' Pass%C3%A9X Pass\\\u00e9x", "E: # # b'#' # #"),
        (r'"Pass\u00e9x"', "E: pass&eacute;x Pass\\303\\251x PASSE\u0301X Pass\\u00", "E: # # # Pass\\u00"),
        (r'"k\ud83d\ude00ey"', r"E: k\U0001f600ey k\ud83d\ude00ey k\u{1F600}ey k\xf0\x9f\x98\x80ey", "E: # # # #"),
        ('"stra\u00dfe \\n end"', r"E: STRASSE\n END and stra\xdfe  end", "E: # and #"),
        (r'"C:\\new\\x41"', r"E: C:\new\x41 C:\\new\\x41", "E: # #"),
        (r'"p\\r\u00df%c0<b"', r"E: p%5Cr%C3%9F%25c0%3Cb p\\r\xdf%c0&amp;lt;b P\RSS%C0&lt;B", "E: # # #"),
        ('"p%20q&amp;y"', "p%2520q%26amp%3By p%20q&amp;amp;y &#x70;&#37;20q&#38;amp;y", "# # #"),
        (r'"caf\u00e9"', r"caf%u00E9 caf=C3=A9 %22caf%5Cu00e9 \u0026caf\u0026eacute;", r"# # %22# \u0026#"),
        ('"=x\u00ady="', "=3Dxy=3D =xy=, =x=y", "# #, =x=y"),
        ('"o\'brien"', """'o''brien' 'o'"'"'brien' 'o'\\''brien' o%27%27brien o&#39;&#39;brien""", "'#' '#' '#' # #"),
        (r'"say \"hi\""', 'CSV "say ""hi""",1 say \\"hi\\" "say ""h', 'CSV "#""",1 # "say ""h'),
        ('"ab12cd"', r"100%ab12cd of \123ab12cd", r"100%# of \123#"),
        ('"+49 170"', "tel=%2B49%20170&x +49+170", "tel=%2B#&x +#"),
        ('{"Secretkey":1,"value":{"x":"yes!"}}', "ValueError: 'Secretkey' value yes! x ax", "ValueError: '#' # # # ax"),
        ('"password"', "E: password=other, password", "E: #=#, #"),
        ('"hidden"', "E: hidden hidden", "E: # #"),
        ("4111111111111111", "4111-1111-1111-1111 of 12 4111 1111 1111 1111 12/28", "# of 12 # 12/28"),
        ('"4111 1111 1111 1111"', "card 4111111111111111, 41111111", "card #, 41111111"),
        ("0", "a[password]=x&password[]=y %5Bpassword%5D%5b%5d=z", "a[password]=#&password[]=# %5Bpassword%5D%5b%5d=#"),
        ("0", "password == x1 password := x2", "password == # password := #"),
        ("0", "password===x3 password != x4", "password===# password != #"),
        ("0", "Key (password)=(x 1) already exists.", "Key (password)=# already exists."),
        ("0", 'Key (id, "password", at)=(7, x)1, (8)) exists.\nE: (8)', 'Key (id, "password", at)=# exists.\nE: (8)'),
        ("0", "Key (lower(password::text))=(x1", "Key (lower(password::text))=#"),
        ("0", r"a\npassword: x4 b\u0026password=x5%26password%3Dx6", r"a\npassword: # b\u0026password=#"),
        ("0", r"""password='it\'s' {\"password\":\"x\\\"y\",\"a\":1}""", r"""password=# {\"password\":#,\"a\":1}"""),
    ],
)  # fmt: skip
def test_an_error_says_no_hidden_value_however_it_spells_it(hidden: str, said: str, shown: str) -> None:
    rules = read_redaction("password")
    assert rules.error(said, rules.payload(f'{{"password":{hidden}}}'.encode())) == shown.replace("#", "‹hidden›")


@pytest.mark.parametrize(
    ("hidden", "end"),
    [
        ("sk_live_9fQ2zK7", "sk_live_9"),
        ("sk_live_9fQ2zK7", "%73k%5Fli%7"),
        ("Pass\u00e9x", "Pass\\u00"),
        ('say "hi"', 'say ""h'),
        ("line one\r\nline two", "line t"),
    ],
)
def test_only_an_error_that_fills_what_is_kept_was_cut_in_a_value(hidden: str, end: str) -> None:
    """In a shorter one a value that only begins is somebody's guess, and would be read out letter by letter."""
    assert KEPT == MAX_ERROR_BYTES
    rules = read_redaction("password")
    seen = rules.payload(json.dumps({"password": hidden}).encode())
    assert rules.error(f"E: unknown type {end}", seen) == f"E: unknown type {end}"
    for missing, at_end in ((0, "‹hidden›"), (3, "‹hidden›"), (4, end)):
        before = "é".ljust(KEPT - missing - 1 - len(end), ".")
        assert rules.error(before + end, seen) == before + at_end, missing


def test_a_function_sees_whole_texts_and_its_failure_hides_them(caplog: pytest.LogCaptureFixture) -> None:
    asked: list[tuple[str, str]] = []

    def rule(field: str, text: str) -> str:
        asked.append((field, text))
        if "boom" in text:
            raise ValueError(text)
        return text.replace("zoe", "***")

    rules = read_redaction([rule, "password"])
    assert rules.payload(b'{"a":"zoe"}').text == '{"a":"***"}'
    assert rules.error("E: zoe", rules.payload(b"{}")) == "E: ***"
    assert rules.payload(b'{"a":"boom"}').text is None
    assert ("payload", '{"a":"zoe"}') in asked
    assert ("error", "E: zoe") in asked
    assert "ValueError" in caplog.text
    assert "boom" not in caplog.text
    assert caplog.records[0].levelno == logging.WARNING


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        ("a..b", "is no path"),
        (" , ", "no path between the commas"),
        (["password", ",,"], "no path between the commas"),
        ("**", "is not needed"),
        ("[*]", "names no key"),
        ("a[", "is no path"),
        ("password;token", "paths are separated by commas"),
        ("password|token", "stands in quotes"),
        ("password:token", "stands in quotes"),
        ("'a.b'.c", "stands in quotes"),
        ("pass?ord", "stands in quotes"),
        (["/re/"], "begins with a slash"),
        (["$"], "names no key"),
        ("$[0].x", "names no key"),
        (3, "are wanted, not 3"),
        (True, "are wanted, not True"),
        ({"password": True}, "are wanted, not a dict"),
        (b"password", "are wanted, not a bytes"),
        (["a", 3], "are wanted, not 3"),
    ],
    ids=str,
)
def test_a_bad_path_is_told_at_the_start(bad: Any, says: str) -> None:
    """It would be taken for the name of a key that no payload has, and hide nothing."""
    with pytest.raises(SettingsError, match=rf"^redact: .*{says}"):
        load_settings({}, redact=bad)
    quoted = load_settings({}, redact=""" "password;token","'", "/re/","$",a.$ref """).redact
    assert quoted.payload(b'{"$":1,"/re/":2,"$ref":3}').hidden == 2
    assert load_settings({"OMNIQ_REDACT": "password,*.token"}).redact.on
    assert not load_settings({}).redact.on


PAYLOAD = {"user": "zoe", "password": "hunterzwei", "cards": [{"number": 41}], "body": json.dumps({"password": 7})}


def test_what_could_confirm_a_value_is_refused(client: OmniqClient) -> None:
    fail_jobs(client, QUEUE, ["a"], now_ms=NOW - 1_000, payload=PAYLOAD)
    visitor = browser(client, redact="password")
    page = visitor.get("/queues/mail/failed")
    assert page.soup.select("[name=payload]") == []
    for query in ("payload=user:zoe", "q=hunter"):
        for at in ("failed", "failed/export"):
            visitor.get(f"/queues/mail/{at}?{query}", 403)
        refused = visitor.post(f"/queues/mail/jobs/retry/confirm?{query}", {"scope": "filter"})
        assert refused.status == 403
    about = json.dumps({"v": 1, "kind": "filter", "q": "", "payload": "password:h"})
    assert visitor.post("/queues/mail/jobs/retry/confirm", {"scope": "filter", "about": about}).status == 403
    assert visitor.get("/queues/mail/failed?q=ValueError").job_ids() == ["a"]


def test_an_error_is_asked_for_its_type_and_nothing_that_it_repeats(client: OmniqClient) -> None:
    """`q=ny_default`, a letter more each time, read a value that ends like a type."""
    fail_jobs(client, QUEUE, ["a"], now_ms=NOW - 1_000, error="lib.AuthError: Sunny_default was refused\nOldError: x")
    visitor = browser(client, redact="password")
    asked = {"q": "", "v": 1, "kind": "filter"}
    for q, found in {"AuthError": 1, "lib.AuthError": 1, "Sunny_deFault": 0, "ny_deFault": 0, "OldError": 0}.items():
        page = visitor.get(f"/queues/mail/failed?q={q}")
        assert page.job_ids() == ["a"] * found
        assert "by_type" not in page.text
        file = visitor.get(f"/queues/mail/failed/export?q={q}&format=jsonl").text
        assert file.count('"a"') == found
        for by_hand in ({}, {"q": q}, {"q": q, "by_type": False}):
            form = {"scope": "filter"} | ({"about": json.dumps(asked | by_hand)} if by_hand else {})
            dialog = visitor.post(f"/queues/mail/jobs/retry/confirm?q={q}", form)
            assert ("Retry 1 job" in dialog.text) is bool(found)
            assert ("Error type" in dialog.text) is bool(found)


def test_a_counting_that_began_before_values_were_hidden_is_refused(
    client: OmniqClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    fail_jobs(client, QUEUE, ["a"], now_ms=NOW - 1_000, payload=PAYLOAD)
    unfinished = Counting(b"", b"", count=0, scanned=0, total=1, finished=False)
    monkeypatch.setattr("dashboard.views.bulk.counted", lambda *_: unfinished)
    path = "/queues/mail/jobs/retry/confirm"
    begun = browser(client).post(f"{path}?payload=password:hunterzwei", {"scope": "filter"})
    form = {name: begun.one(f"input[name={name}]")["value"] for name in ("counting", "lane", "scope")}
    assert browser(client).post(path, form).status == 200
    assert browser(client, redact="password").post(path, form).status == 403


def test_who_may_not_read_payloads_sees_no_value_that_was_looked_for(client: OmniqClient) -> None:
    asked = {"payload": "user.email:zoe@…"}
    note_activity(client.link, Activity(NOW, "retry", "done", queue=QUEUE, jobs=1, done=1, filter=asked))

    def access(_request: Any, action: str, _queue: str | None) -> Any:
        return Deny() if action == "read_payload" else Allow()

    for at in ("/activity", "/activity/export"):
        assert "zoe@" in browser(client).get(at).text
        assert "user.email" in (text := browser(client, access=access).get(at).text)
        assert "zoe@" not in text
