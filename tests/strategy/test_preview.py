"""The ladder that a profile implies."""

from __future__ import annotations

from decimal import Decimal

from gridhedge.strategy.preview import preview
from gridhedge.strategy.settings import SymmetricSettings

D = Decimal


def test_the_long_ladder_has_the_worked_numbers(doge, bybit_fees) -> None:
    """376 @ 0.19933, 752 @ 0.19733, 1504 @ 0.19535; take-profits 0.20148, 0.20008, 0.19854."""
    ladder = preview(SymmetricSettings(initial_position_size_usd=D(1)), doge, bybit_fees, 75, D("0.19933"))
    assert [line.price for line in ladder.long[:4]] == [D("0.19933"), D("0.19733"), D("0.19535"), D("0.19339")]
    assert [line.quantity for line in ladder.long[:4]] == [D(376), D(752), D(1504), D(3008)]
    assert [line.take_profit for line in ladder.long[:3]] == [D("0.20148"), D("0.20008"), D("0.19854")]


def test_margins_add_up(doge, bybit_fees) -> None:
    """Level 0 ties up 376 x 0.19933 / 75 = 0.9993; level 1 adds 752 x 0.19733 / 75 = 1.9786."""
    ladder = preview(SymmetricSettings(initial_position_size_usd=D(1)), doge, bybit_fees, 75, D("0.19933"))
    assert round(ladder.long[0].margin, 4) == D("0.9993")
    assert round(ladder.long[1].cumulative_margin, 4) == D("2.9779")


def test_the_short_ladder_rises_and_takes_profit_below(doge, bybit_fees) -> None:
    """ceil(0.19933 x 1.01) = 0.20133; its distance is +1 %."""
    ladder = preview(SymmetricSettings(initial_position_size_usd=D(1)), doge, bybit_fees, 75, D("0.19933"))
    assert ladder.short[1].price == D("0.20133")
    assert round(ladder.short[1].distance_percent, 1) == D("1.0")
    assert all(line.take_profit < line.average for line in ladder.short)
