"""Bookings folded into what a venue's history tells."""

from __future__ import annotations

from decimal import Decimal as D

from gridhedge.domain.events import Execution, Funding
from gridhedge.domain.values import Side
from gridhedge.practice.books import Books

LONG, SHORT = Side.LONG, Side.SHORT


def execution(number: int, side: Side, closing: bool, quantity: str, price: str, fee: str, order: str) -> Execution:
    return Execution(
        f"E{number}", "DOGEUSDT", "", order, side, closing, D(quantity), D(price), D(fee), True, number * 1000
    )


def test_a_cycle_is_booked_to_the_last_digit() -> None:
    """Buy 100 at 0.2 and 100 at 0.1 (average 0.15), sell 50 at 0.3: 7.5 realised, a quarter of the opening fees."""
    books = Books(D(1000))
    books.add(execution(1, LONG, False, "100", "0.2", "0.02", "P1"))
    books.add(execution(2, LONG, False, "100", "0.1", "0.01", "P2"))
    entry = books.add(execution(3, LONG, True, "50", "0.3", "0.03", "P3"))
    assert entry.realised == D("7.5")
    assert entry.opening_fee == D("0.0075")
    assert (entry.average, entry.position, entry.filled) == (D("0.15"), D(150), D(50))
    assert entry.balance == books.balance == D("1007.44")
    leg = books.leg("DOGEUSDT", LONG)
    assert leg.current == leg.total == D("7.44")
    assert (leg.opened, leg.changed, leg.sequence) == (1000, 3000, 3)


def test_a_new_position_begins_with_new_sums() -> None:
    """What was realised before belongs to the total only."""
    books = Books(D(0))
    books.add(execution(1, SHORT, False, "10", "2", "1", "P1"))
    books.add(execution(2, SHORT, True, "10", "1", "1", "P2"))
    books.add(execution(3, SHORT, False, "10", "2", "1", "P3"))
    leg = books.leg("DOGEUSDT", SHORT)
    assert (leg.current, leg.total, leg.opened) == (D(-1), D(7), 3000)


def test_funding_is_paid_from_the_balance() -> None:
    """Positive: paid; the position stays."""
    books = Books(D(100))
    books.add(execution(1, LONG, False, "10", "2", "0", "P1"))
    entry = books.add(Funding("F2", "DOGEUSDT", LONG, D("0.5"), D("0.0001"), 9000))
    assert (entry.realised, entry.position, entry.average, entry.balance) == (D(0), D(10), D(2), D("99.5"))
    assert books.leg("DOGEUSDT", LONG).current == D("-0.5")


def test_parts_of_an_order_are_found_by_the_order() -> None:
    """Executed quantities add up; executions without an order belong to none."""
    books = Books(D(0))
    books.add(execution(1, LONG, False, "10", "2", "0", "P1"))
    books.add(execution(2, LONG, False, "5", "2", "0", ""))
    books.add(execution(3, LONG, False, "7", "2", "0", "P1"))
    assert [(entry.number, entry.filled) for entry in books.of("P1")] == [(0, D(10)), (2, D(17))]
    assert books.of("P9") == []


def test_a_deposit_only_moves_the_balance() -> None:
    """No booking is made of it."""
    books = Books(D(1))
    books.deposit(D(5))
    assert (books.balance, books.entries) == (D(6), [])
