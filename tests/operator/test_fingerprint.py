"""Which errors are one fault: decided by hand in `error_texts`, and never slow, whatever the text is."""

from __future__ import annotations

import time
from collections import defaultdict

import pytest

from omniq_core.operator.error_excerpt import excerpt
from omniq_core.operator.fingerprint import LEASE, NO_MESSAGE, fingerprint, without_message
from tests.operator.error_texts import LANGUAGES

FAULTS = [(f"{language}: {fault}", texts) for language, table in LANGUAGES.items() for fault, texts in table.items()]
HOSTILE = {
    "no space": "x" * 5_000_000,
    "digits": "1" * 5_000_000,
    "quotes in quotes": "\"'" * 2_500_000,
    "quotes that never close": "'" * 5_000_000,
    "quoted names": "key 'a " * 700_000,
    "brackets": "([{" * 1_600_000,
    "escapes": '"\\' * 2_500_000,
    "dots": "a." * 2_500_000,
    "colons": "a:" * 2_500_000,
    "hex and colons": "f:" * 2_500_000,
    "slashes": "/" * 5_000_000,
    "words": "a b " * 1_250_000,
    "a type without end": "A" * 5_000_000 + ": x",
    "tracebacks": "Traceback (most recent call last):\n  File\n" * 110_000,
    "lines": "\n" * 5_000_000,
    "indented lines": "Traceback (most recent call last):" + "\n " * 2_500_000,
    "causes": "x\nCaused by: " * 380_000,
    "control bytes": "".join(map(chr, range(32))) * 150_000,
    "calls": "Error('" * 700_000,
    "underscores": "a_" * 2_500_000,
    "hyphens": "1-" * 2_500_000,
    "surrogates": "\udcff" * 1_000_000,
}


def test_the_table_is_large_enough() -> None:
    assert len(LANGUAGES) == 6
    assert sum(len(texts) for _, texts in FAULTS) >= 100


def test_no_two_faults_are_merged() -> None:
    found: dict[str, set[str]] = defaultdict(set)
    for fault, texts in FAULTS:
        for text in texts:
            found[fingerprint(text).digest].add(fault)
    assert [sorted(faults) for faults in found.values() if len(faults) > 1] == []


@pytest.mark.parametrize(("fault", "texts"), FAULTS, ids=[fault for fault, _ in FAULTS])
def test_no_fault_is_split(fault: str, texts: list[str]) -> None:
    kinds = {text: fingerprint(text) for text in texts}
    assert len({kind.digest for kind in kinds.values()}) == 1, f"{fault}: " + "\n".join(map(str, kinds.values()))


@pytest.mark.parametrize(
    ("text", "name", "message"),
    [
        (
            "ConnectionError: HTTPSConnectionPool(host='a.b.example', port=443): Max retries exceeded with url: "
            "/v2/charges/ch_7QmT2rWd/capture (Caused by ConnectTimeoutError: timed out after 10.0 s)",
            "ConnectionError",
            "HTTPSConnectionPool(host=‹host›, port=‹n›): Max retries exceeded with url: ‹path› "
            "(Caused by ConnectTimeoutError: timed out after ‹n› s)",
        ),
        (
            'post ledger entry: Post "https://ledger.internal/v1": context deadline exceeded (Client.Timeout exceeded)',
            "context deadline exceeded",
            "post ledger entry: Post ‹url›: context deadline exceeded (Client.Timeout exceeded)",
        ),
        (
            "panic: runtime error: index out of range [5] with length 3\n\ngoroutine 17 [running]:\n"
            "webhooks.(*Router).Dispatch(0xc0001b4000, 0x2f)\n\t/build/router.go:142 +0x3c5",
            "panic: runtime error",
            "index out of range [‹n›] with length ‹n› at webhooks.(*Router).Dispatch",
        ),
        (
            "context deadline exceeded: POST https://ledger.example/v2 (31 ms)",
            "context deadline exceeded",
            "context deadline exceeded: POST ‹url› (‹n› ms)",
        ),
        (
            "transcode 720p: exit status 1: Conversion failed!\nstderr (last lines):\n  no room",
            "Conversion failed!",
            "transcode ‹id›: exit status 1: Conversion failed! stderr (last lines): no room",
        ),
        ("KeyError: 'user_8837'", "KeyError", "'‹id›'"),
        ("TimeoutError", "TimeoutError", ""),
        ("mail to zoë@example.com from [::1]:25 bounced", "mail to ‹email› from ‹host›:25 bounced", None),
        (
            "at 0x7f2b it broke, 1,204 times (3.5%)",
            "at ‹addr› it broke, ‹n› times",
            "at ‹addr› it broke, ‹n› times (‹n›)",
        ),
    ],
)
def test_what_people_read_of_a_kind(text: str, name: str, message: str | None) -> None:
    kind = fingerprint(text)
    assert (kind.name, kind.text) == (name, name if message is None else message)


@pytest.mark.parametrize("text", HOSTILE.values(), ids=list(HOSTILE))
def test_a_hostile_text_takes_no_longer_than_its_length(text: str) -> None:
    began = time.process_time()
    kind = fingerprint(text)
    assert time.process_time() - began < 0.5
    assert len(kind.digest) == 16
    assert len(kind.name) <= 100
    assert len(kind.text) <= 300


def test_no_length_of_a_hostile_text_is_slow() -> None:
    began = time.process_time()
    for text in HOSTILE.values():
        for length in range(1, 300, 13):
            fingerprint(text[:length])
    assert time.process_time() - began < 3.0, "23 lengths of 22 texts, about 6 ms each at most"


def test_beyond_300_characters_nothing_counts() -> None:
    begin = "ValueError: " + "word " * 60
    assert len(begin) == 312
    assert fingerprint(begin + "one").digest == fingerprint(begin + "other").digest


def test_the_length_of_an_id_does_not_decide_what_counts() -> None:
    end = "went wrong while it was carried from the one place where it had been put to the other one " * 3
    assert fingerprint(f"order 1 {end}").digest == fingerprint(f"order 8837188371883718837 {end}").digest


@pytest.mark.parametrize(
    ("text", "head", "cause"),
    [
        ("ValueError: no", "ValueError: no", ""),
        ("Traceback (most recent call last):\n  File\n    x\nE: m\nmore", "E: m\nmore", ""),
        ("Traceback (most recent call last):\n  File", "Traceback (most recent call last):\n  File", ""),
        (
            "A: x\n\tat b\nCaused by: B: y\n\tat c\nCaused by: C: z\n\tat d",
            "A: x\n\tat b\nCaused by: B: y\n\tat c\nCaused by: C: z\n\tat d",
            "C: z",
        ),
    ],
)
def test_the_excerpt(text: str, head: str, cause: str) -> None:
    assert excerpt(text) == (head, cause, False)


@pytest.mark.parametrize(
    ("started", "failed", "timeout", "kind"),
    [
        (1_000, 30_999, 30_000, NO_MESSAGE),
        (1_000, 31_000, 30_000, LEASE),
        (1_000, 60_999, 0, NO_MESSAGE),  # no timeout of its own: leased for 60 s
        (1_000, 61_000, -5, LEASE),
        (None, 31_000, 30_000, LEASE),
        (1_000, None, 30_000, LEASE),
    ],
)
def test_a_failure_without_a_message(started: int | None, failed: int | None, timeout: int, kind: object) -> None:
    assert without_message(started, failed, timeout) == kind
