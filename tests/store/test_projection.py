"""Events as rows: profits of closing executions."""

from __future__ import annotations

from decimal import Decimal

import pytest

from gridhedge.domain.events import (
    Execution,
    PositionMended,
)
from gridhedge.domain.values import Side
from gridhedge.store.ledger import open_ledger


@pytest.fixture
def ledger(tmp_path):
    ledger, _ = open_ledger(tmp_path / "ledger.sqlite3")
    yield ledger
    ledger.close()


def execution(number, side, closing, quantity, price):
    return Execution(
        f"x{number}", "X", "", "", side, closing, Decimal(quantity), Decimal(price), Decimal(0), False, number
    )


def profits(ledger):
    return [row.realised for row in ledger.executions()]


def test_a_long_side_earns_what_it_sells_above_its_average(ledger):
    """1 @ 100 and 3 @ 80 cost 340, average 85; selling 1 @ 90 earns 5, the other 3 @ 80 lose 15."""
    for number, (closing, quantity, price) in enumerate(
        [(False, 1, 100), (False, 3, 80), (True, 1, 90), (True, 3, 80)], start=1
    ):
        ledger.append(execution(number, Side.LONG, closing, quantity, price))
    assert profits(ledger) == [None, None, Decimal(5), Decimal(-15)]


def test_a_short_side_earns_what_it_buys_back_below_its_average(ledger):
    """2 @ 100 sold, bought back @ 97: 6 earned."""
    ledger.append(execution(1, Side.SHORT, False, 2, 100))
    ledger.append(execution(2, Side.SHORT, True, 2, 97))
    assert profits(ledger) == [None, Decimal(6)]


def test_the_parts_of_a_cycle_add_up_to_the_last_digit(ledger):
    """3 bought for 1 in all and sold one by one at 1: the profits are rounded, their sum is exactly 2."""
    ledger.append(execution(1, Side.LONG, False, 2, "0.25"))
    ledger.append(execution(2, Side.LONG, False, 1, "0.5"))
    for number in (3, 4, 5):
        ledger.append(execution(number, Side.LONG, True, 1, 1))
    parts = profits(ledger)[2:]
    assert parts == [Decimal("0.666666666667"), Decimal("0.666666666666"), Decimal("0.666666666667")]
    assert sum(parts) == 2


def test_sides_and_symbols_are_kept_apart(ledger):
    """A short close does not use the long side's cost."""
    ledger.append(execution(1, Side.LONG, False, 1, 100))
    ledger.append(execution(2, Side.SHORT, True, 1, 90))
    assert profits(ledger) == [None, None]


def test_a_close_of_unknown_entries_has_no_profit(ledger):
    """More was closed than this ledger saw opened: no number is better than a wrong one, also for the next cycle."""
    ledger.append(execution(1, Side.LONG, False, 1, 100))
    ledger.append(execution(2, Side.LONG, True, 2, 110))
    ledger.append(execution(3, Side.LONG, False, 1, 50))
    ledger.append(execution(4, Side.LONG, True, 1, 60))
    assert profits(ledger) == [None, None, None, Decimal(10)]


def test_a_mended_position_counts_at_its_average(ledger):
    """The venue said 4 @ 10: closing 1 @ 12 earns 2."""
    ledger.append(PositionMended("X", Side.LONG, Decimal(4), Decimal(10), 1))
    ledger.append(execution(2, Side.LONG, True, 1, 12))
    assert profits(ledger) == [Decimal(2)]


def test_a_repeated_execution_changes_no_holding(ledger):
    """1 @ 100 told twice is 1, not 2: the close of 1 leaves nothing, the next close is unknown."""
    for number in (1, 1):
        ledger.append(execution(number, Side.LONG, False, 1, 100))
    for number in (2, 3):
        ledger.append(execution(number, Side.LONG, True, 1, 101))
    assert profits(ledger) == [None, Decimal(1), None]
