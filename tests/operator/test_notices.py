"""Notices come and go by themselves and do not flap; what is kept of them is bounded, and believed only when sound."""

from __future__ import annotations

import json

import pytest

from omniq_core.operator.notices import (
    MOST_KEPT,
    Notice,
    NoticeBoard,
    NoticeKind,
    pack_board,
    read_board,
    worst,
)

STALLED = Notice("stalled", "mail", 7)


def after(board: NoticeBoard, *found: Notice, ms: int = 2_000) -> NoticeBoard:
    return board.after(found, board.at_ms + ms)


def test_it_appears_when_it_held_twice_and_leaves_when_it_did_not_twice() -> None:
    board = after(NoticeBoard(), STALLED)
    assert board.shown == ()
    board = after(board, STALLED)
    assert board.shown == (STALLED,)
    board = after(board)
    assert board.shown == (STALLED,)
    board = after(board)
    assert board.kept == ()


def test_a_condition_that_comes_and_goes_neither_appears_nor_leaves() -> None:
    board = NoticeBoard()
    for _ in range(5):
        board = after(after(board, STALLED))
        assert board.shown == ()
    board = after(after(board, STALLED), STALLED)
    for _ in range(5):
        board = after(after(board), STALLED)
        assert board.shown == (STALLED,)


def test_figures_are_those_of_the_round_in_which_it_last_held() -> None:
    more = Notice("stalled", "mail", 9)
    board = after(after(NoticeBoard(), STALLED), more)
    assert board.shown == (more,)
    assert after(board).shown == (more,)


def test_of_what_is_not_known_the_notice_stays_as_it_is() -> None:
    board = after(after(NoticeBoard(), STALLED), STALLED)
    for _ in range(5):
        board = board.after((), board.at_ms + 2_000, lambda key: key == ("stalled", "mail"))
        assert board.shown == (STALLED,)


def test_rounds_of_two_processes_at_one_time_are_one_round() -> None:
    board = NoticeBoard(at_ms=50_000)
    assert [board.is_early(ms) for ms in (49_999, 50_000, 50_999, 51_000)] == [False, True, True, False]


def test_the_worst_first_and_no_kind_keeps_the_others_out() -> None:
    kinds: list[NoticeKind] = ["paused", "stalled", "clocks", "failing"]
    many = [Notice(kind, f"q{n}", n) for kind in kinds for n in range(4)]
    board = after(after(NoticeBoard(), *many), *many)
    listed = [(one.kind, one.count) for one in board.shown]
    assert listed[:5] == [("stalled", 3), ("stalled", 2), ("stalled", 1), ("stalled", 0), ("failing", 3)]
    five = [(one.kind, one.count) for one in worst(board.shown, 5)]
    assert five == [("stalled", 3), ("stalled", 2), ("failing", 3), ("paused", 3), ("clocks", 3)]


def test_the_order_within_a_kind_stays_while_figures_change() -> None:
    first, second = Notice("stalled", "a", 5), Notice("stalled", "b", 4)
    board = after(after(NoticeBoard(), first, second), first, second)
    board = after(board, Notice("stalled", "a", 5), Notice("stalled", "b", 50))
    assert [(one.queue, one.count) for one in board.shown] == [("a", 5), ("b", 50)]


def test_what_is_kept_is_bounded_and_comes_back_as_it_was() -> None:
    text = "\x00<b>\u202e\udc80\ud800" + "x" * 500
    many = [Notice("counters", "", 2, 3, 4, text)]
    many += [Notice("stalled", "q" * 120 + f"{n:08d}", n) for n in range(1_000)]
    board = after(after(NoticeBoard(), *many), *many)
    assert len(board.kept) == MOST_KEPT
    assert len(pack_board(board)) < 16_000
    assert read_board(pack_board(board)) == board


SOUND = json.loads(pack_board(after(NoticeBoard(), STALLED)))


@pytest.mark.parametrize(
    "raw",
    [
        None,
        ValueError("WRONGTYPE"),
        b"",
        b"[]",
        b"{}",
        b"[" * 10_000,
        b"x" * 100_000,
        json.dumps(SOUND | {"v": 2}).encode(),
        json.dumps(SOUND | {"at": "1"}).encode(),
        json.dumps(SOUND | {"n": [[]]}).encode(),
        json.dumps(SOUND | {"n": 7}).encode(),
        json.dumps(SOUND).replace('"mail"', '"ma il"').encode(),
        json.dumps(SOUND).replace('"stalled"', '"other"').encode(),
        json.dumps(SOUND).replace("false", '"no"').encode(),
        json.dumps(SOUND).replace(" 7,", " true,").encode(),
    ],
)
def test_what_is_no_board_is_an_empty_one(raw: object) -> None:
    assert read_board(raw) == NoticeBoard()
