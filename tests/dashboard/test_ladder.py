"""Ladders: above the line is above the price, and no level goes missing without being counted."""

import pytest

from gridhedge.dashboard.ladder import halves, ladder, rows_wanted
from tests.dashboard.statuses import SAMPLES, deep, depth_three_against_one, re_entry


def test_orders_stand_above_or_below_the_price_line() -> None:
    """Long at depth three: take-profit and fills above the price, the next entry below it."""
    symbol = depth_three_against_one().symbols[0]
    long, short = halves(symbol, symbol.long), halves(symbol, symbol.short)
    assert [(cell.mark, cell.label) for cell in long.above] == [("●", "0"), ("◆", "TP"), ("●", "1"), ("●", "2")]
    assert [(cell.mark, cell.label) for cell in long.below] == [("▷", "3")]
    assert [(cell.mark, cell.label) for cell in short.above] == [("○", "3"), ("○", "2"), ("▷", "1"), ("●", "0")]
    assert [(cell.mark, cell.label) for cell in short.below] == [("◆", "TP")]


def test_every_state_has_its_own_mark() -> None:
    """A re-entry under way: filled, half done, on its way, unanswered, next and resting differ without colours."""
    symbol = re_entry().symbols[0]
    side = halves(symbol, symbol.short)
    marks = {cell.label: cell.mark for cell in (*side.above, *side.below)}
    assert marks == {
        "0": "●",
        "1": "◐",
        "2": "◌",
        "3": "◌",
        "4": "?",
        "5": "◌",
        "6": "▷",
        "7": "○",
        "8": "○",
        "TP": "◆",
    }


def test_a_partly_executed_level_shows_both_quantities() -> None:
    """400 of 752."""
    symbol = re_entry().symbols[0]
    assert any("400/752" in line.plain for line in ladder(symbol, 48, 40))


@pytest.mark.parametrize("name", SAMPLES)
def test_a_ladder_with_room_hides_nothing(name: str) -> None:
    """In the lines that it wants there is no fold."""
    for symbol in SAMPLES[name]().symbols:
        lines = ladder(symbol, 40, rows_wanted(symbol))
        assert len(lines) == rows_wanted(symbol)
        assert not any("more" in line.plain for line in lines)


@pytest.mark.parametrize("rows", range(5, 22))
def test_hidden_levels_are_counted(rows: int) -> None:
    """Of 10 long levels and a take-profit, each is either drawn or counted, at any height."""
    symbol = deep().symbols[0]
    left = [line.plain.split("│")[0] for line in ladder(symbol, 40, rows)]
    assert len(left) <= rows
    drawn = sum(1 for text in left if text[:1] in "●○▷◌◐?◆" and text.strip())
    counted = sum(int(text.split()[1]) for text in left if text.strip().startswith("…"))
    assert drawn + counted == 11


def test_the_take_profit_outlives_the_levels() -> None:
    """When only two lines are left above the price, one of them is the take-profit."""
    symbol = deep().symbols[0]
    assert any(line.plain.startswith("◆ TP 0.18588") for line in ladder(symbol, 40, 5))
