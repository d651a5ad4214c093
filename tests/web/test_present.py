"""What people see of a text that a program made up."""

from __future__ import annotations

import pytest

from dashboard.present import first_line, present


@pytest.mark.parametrize(
    ("field", "value", "shown"),
    [
        ("id", "user/234\u202egpj.exe", "user/234‹U+202E›gpj.exe"),
        ("id", "a\nb", "a‹U+000A›b"),
        ("id", b"\x00\x9c\xff", "‹U+0000›‹0x9C›‹0xFF›"),
        ("id", "\udcff", "‹0xFF›"),
        ("gid", "مرحبا", "مرحبا"),
        ("id", "👩\u200d🚀", "👩\u200d🚀"),
        ("id", "a\u200bb\ufeff", "a‹U+200B›b‹U+FEFF›"),
        ("error", "a\tb\u2028", "a‹U+0009›b‹U+2028›"),
        ("error", b"half \xc3", "half �"),
        ("error", "\udcc3", "�"),
        ("payload", "a\n\tb\x07", "a\n\tb‹U+0007›"),
        ("payload", "a\r\nb\rc", "a\nb‹U+000D›c"),
        ("trace", b"x\n\x00", "x\n‹U+0000›"),
        ("error", "\x85", "‹U+0085›"),
        ("error", None, ""),
        ("payload", "<script>alert(1)</script>{{7*7}}", "<script>alert(1)</script>{{7*7}}"),
    ],
)
def test_presented(field: str, value: str | bytes | None, shown: str) -> None:
    assert present(field, value) == shown


def test_a_cut_says_how_much_is_missing() -> None:
    assert present("error", "abcdef", 4) == "abcd… (2 more characters)"
    assert present("error", "abcd", 4) == "abcd"
    assert present("payload", "x" * 5000, 1000).endswith("x… (4,000 more characters)")


def test_every_result_can_be_sent() -> None:
    everything = "".join(map(chr, range(0x300))) + "\ud800\udc80\udfff\U000e0041"
    for field in ("id", "error", "payload"):
        present(field, everything).encode("utf-8")


def test_an_unknown_kind_of_text_is_a_mistake_of_ours() -> None:
    with pytest.raises(KeyError):
        present("colour", "red")


def test_a_list_shows_the_first_line_of_an_error_that_says_something() -> None:
    assert first_line("\n  \n  ValueError: no\x07\n at x") == "ValueError: no‹U+0007›"
    assert first_line("") == ""
    assert first_line("abcdef", 3) == "abc…"
