"""The center's book: each change once, whoever asks again."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal as D
from itertools import count
from pathlib import Path

import pytest

from gridhedge.mirror.book import Book, Conflict, NotKnown
from tests.mirror.centers import position

ACCOUNT = 501234


@pytest.fixture
def book(tmp_path: Path) -> Iterator[Book]:
    ticking = count(1_000)
    book = Book(tmp_path / "center.sqlite3", lambda: next(ticking))
    yield book
    book.close()


def state(book: Book) -> str:
    (row,) = book.rows("all")
    return row.status


def test_a_position_is_new_once(book: Book) -> None:
    """Sending again changes nothing, 0.1 is 0.10, and other facts are a conflict that names them."""
    assert book.add(position()) is True
    assert book.add(position()) is False
    assert book.add(position(volume=D("0.1"))) is False
    with pytest.raises(Conflict, match=r"known with other facts: side buy, not sell; volume 0.10, not 0.3"):
        book.add(position(side="sell", volume=D("0.3")))
    assert [(row.ticket, row.volume, row.status) for row in book.rows()] == [(987, "0.10", "pending")]


def test_positions_that_need_hedging_come_oldest_first(book: Book) -> None:
    """By when they were told; an account can be asked for."""
    for ticket, account in ((5, 1), (3, 2), (4, 1)):
        book.add(position(ticket, account=account))
    assert [row.ticket for row in book.rows()] == [5, 3, 4]
    assert [row.ticket for row in book.rows("pending", 1)] == [5, 4]


def test_a_hedge_is_recorded_once_and_a_second_one_is_a_conflict(book: Book) -> None:
    """The same ticket again is no change."""
    book.add(position())
    assert book.hedge(1, 900, 77, D("0.10"), D("1.08")) is True
    assert book.hedge(1, 900, 77, D("0.10"), D("1.08")) is False
    with pytest.raises(Conflict, match="is hedged by ticket 77 of account 900 already, not by 78 of 900"):
        book.hedge(1, 900, 78, D("0.10"), D("1.08"))
    assert state(book) == "hedged"
    assert book.rows() == []


def test_a_position_that_closes_before_its_hedge_leaves_the_list(book: Book) -> None:
    """If the hedge was on its way, it must be closed."""
    book.add(position())
    assert book.close_position(ACCOUNT, 987) is True
    assert book.close_position(ACCOUNT, 987) is False
    assert (state(book), book.rows()) == ("closed", [])
    book.hedge(1, 900, 77, D("0.10"), D("1.08"))
    assert state(book) == "closing"
    assert book.close_hedge(1, "its position is closed") is True
    assert book.close_hedge(1, "again") is False
    assert state(book) == "closed"


def test_a_hedge_that_somebody_else_closes_leaves_its_position_unhedged(book: Book) -> None:
    """It is shown; nothing opens it again by itself."""
    book.add(position())
    book.hedge(1, 900, 77, D("0.10"), D("1.08"))
    book.close_hedge(1, "closed at the hedge broker")
    (row,) = book.rows("all")
    assert (row.status, row.reason, row.hedge_volume) == ("unhedged", "closed at the hedge broker", "0")
    assert book.close_position(ACCOUNT, 987) is True
    assert state(book) == "closed"


def test_volumes_follow_on_both_sides(book: Book) -> None:
    """The list tells what is still open, the identity stays what was opened."""
    book.add(position())
    assert book.change(ACCOUNT, 987, D("0.04")) is True
    assert book.change(ACCOUNT, 987, D("0.040")) is False
    (row,) = book.rows()
    assert row.listed() == {
        "account": ACCOUNT, "ticket": 987, "symbol": "EURUSD", "side": "buy", "volume": "0.04", "price": "1.08321",
        "opened_at": "2026-11-21T09:30:00Z", "id": 1, "status": "pending",
    }  # fmt: skip
    assert book.add(position()) is False
    book.hedge(1, 900, 77, D("0.04"), D("1.08"))
    assert book.change_hedge(1, D("0.02")) is True
    assert book.change_hedge(1, D("0.02")) is False


def test_a_refusal_is_a_reason_and_the_position_still_needs_its_hedge(book: Book) -> None:
    """Until it is hedged, which clears it."""
    book.add(position())
    assert book.refuse(1, "10018 Market closed") is True
    assert book.refuse(1, "10018 Market closed") is False
    assert [row.reason for row in book.rows()] == ["10018 Market closed"]
    book.hedge(1, 900, 77, D("0.10"), D("1.08"))
    assert [row.reason for row in book.rows("all")] == [""]
    assert book.refuse(1, "late") is False


def test_what_is_not_known_is_said(book: Book) -> None:
    """By ticket and by number."""
    for ask in (
        lambda: book.close_position(1, 2),
        lambda: book.change(1, 2, D(1)),
        lambda: book.hedge(9, 1, 1, D(1), D(1)),
        lambda: book.close_hedge(9, ""),
    ):
        with pytest.raises(NotKnown):
            ask()


def test_the_book_survives_a_restart_and_numbers_are_never_used_again(book: Book, tmp_path: Path) -> None:
    """And it tells what has happened last, newest first."""
    book.add(position())
    book.close_position(ACCOUNT, 987)
    again = Book(tmp_path / "center.sqlite3", lambda: 5)
    again.add(position(988))
    assert [row.id for row in again.rows()] == [2]
    assert [line["text"] for line in again.history(2)] == ["opened: buy 0.10 EURUSD", "closed at the client"]
    assert again.counts() == [
        {"account": ACCOUNT, "status": "closed", "positions": 1},
        {"account": ACCOUNT, "status": "pending", "positions": 1},
    ]
    again.close()
