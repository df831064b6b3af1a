"""The grid's arithmetic: levels, center, exits, in both directions."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from hypothesis import assume, given
from hypothesis import strategies as st

from gridhedge.domain.ladder_book import SideBook
from gridhedge.domain.values import ONE, Side
from gridhedge.strategy.grid import (
    break_even_at,
    center_of,
    grid_around,
    nearest_possible,
    range_edge,
    stop_price,
    take_profit_at,
)
from gridhedge.strategy.settings import TrimSettings
from tests.strategy.grids import RULES, D

LONG, SHORT = TrimSettings(), TrimSettings(direction="short")
FEES = st.integers(0, 10).map(lambda hundredths: D(hundredths) / 10_000)
prices = st.integers(100_000, 20_000_000).map(lambda cents: D(cents) / 100)


def test_the_seed_s_own_example() -> None:
    """Center 100,000: 99,500, 99,000, 96,000 and 95,500 for 100, 400, 500 and 1000 % of 1000; stop-loss at 95,000."""
    grid = grid_around(LONG, RULES, 20, D(100_000), D(1000))
    assert grid.prices == (D(0), D(99_500), D(99_000), D(96_000), D(95_500))
    assert grid.quantities == (D(0), D("0.010"), D("0.040"), D("0.052"), D("0.104"))
    assert stop_price(LONG, RULES, D(100_000)) == D(95_000)
    assert range_edge(LONG, D(100_000)) == D(102_000)


def test_short_is_the_mirror() -> None:
    """Entries above the center, stop-loss above them, the range below."""
    grid = grid_around(SHORT, RULES, 5, D(100_000), D(1000))
    assert grid.prices == (D(0), D(100_500), D(101_000), D(104_000), D(104_500))
    assert grid.quantities[1:3] == (D("0.002"), D("0.009"))
    assert (stop_price(SHORT, RULES, D(100_000)), range_edge(SHORT, D(100_000))) == (D(105_000), D(98_000))


def test_the_grid_after_the_logged_break_even() -> None:
    """0.004 @ 90625.59: center 91080.99, levels at 90170.18, 87437.75 and 86982.35, level 1 is what is held."""
    center = center_of(LONG, D("90625.59"))
    assert round(center, 2) == D("91080.99")
    grid = grid_around(LONG, RULES, 20, center, D(385), level_one=D("0.004"))
    assert grid.quantities[1] == D("0.004")
    assert grid.prices[2:] == (D("90170.18"), D("87437.75"), D("86982.35"))


def test_a_level_below_the_minimum_is_left_out() -> None:
    """With a capital of 30 level 1 is worth 29.85 of at least 50; the others remain."""
    grid = grid_around(LONG, RULES, 20, D(100_000), D(45))
    assert [size > 0 for size in grid.quantities] == [False, False, True, True, True]


def test_the_levels_together_stay_below_the_cap() -> None:
    """1000 and 4000 fit under 6000, 5000 more do not, nor 10,000."""
    grid = grid_around(LONG, RULES, 20, D(100_000), D(1000), max_notional=D(6000))
    assert [size > 0 for size in grid.quantities] == [False, True, True, False, False]


def test_without_capital_nothing_is_placed() -> None:
    """A lost capital is no negative quantity."""
    assert set(grid_around(LONG, RULES, 20, D(100_000), D(-5)).quantities) == {D(0)}


def holding(side: Side, quantity: Decimal, price: Decimal, fee_rate: Decimal) -> SideBook:
    ladder = SideBook(side)
    ladder.center = price
    ladder.enter(((1, quantity),), price, quantity * price * fee_rate, 0, "")
    return ladder


def test_the_logged_exits() -> None:
    """0.004 @ 90995.70 takes its profit at 91450.68; 0.021 @ 90625.59 breaks even at 90716.22."""
    assert take_profit_at(LONG, RULES, holding(Side.LONG, D("0.004"), D("90995.70"), D(0))) == D("91450.68")
    assert break_even_at(LONG, RULES, holding(Side.LONG, D("0.021"), D("90625.59"), D(0)), D(0)) == D("90716.22")


@given(price=prices, entry_fee=FEES, exit_fee=FEES, funding=st.integers(-50, 50).map(D), short=st.booleans())
def test_net_break_even_keeps_its_percentage_after_all_costs(
    price: Decimal, entry_fee: Decimal, exit_fee: Decimal, funding: Decimal, short: bool
) -> None:
    """What closing at that price leaves, entry fees, funding and the closing fee paid, is at least the percentage."""
    side = Side.SHORT if short else Side.LONG
    settings = TrimSettings(direction=side.value, break_even_basis="net")
    ladder = holding(side, D(3), price, entry_fee)
    ladder.funding = funding
    at = break_even_at(settings, RULES, ladder, exit_fee)
    gained = side.sign * (at - price) * 3 - at * 3 * exit_fee - ladder.fees - funding
    assert gained >= price * 3 * D("0.001") - D("1E-15") or at == RULES.tick_size


@given(price=prices, percent=st.integers(0, 500).map(lambda hundredths: D(hundredths) / 100), short=st.booleans())
def test_percent_break_even_is_never_on_the_wrong_side_of_the_average(
    price: Decimal, percent: Decimal, short: bool
) -> None:
    """Rounded towards the profit, on the tick."""
    side = Side.SHORT if short else Side.LONG
    settings = TrimSettings(direction=side.value, break_even_percent=percent)
    at = break_even_at(settings, RULES, holding(side, D(1), price, D(0)), D(0))
    assert (at - price * (ONE + side.sign * percent / 100)) * side.sign >= 0
    assert at % RULES.tick_size == 0


@given(center=prices, capital=st.integers(1, 10**6).map(D), leverage=st.sampled_from([1, 5, 20, 100]))
def test_the_whole_grid_ties_up_no_more_than_the_capital(center: Decimal, capital: Decimal, leverage: int) -> None:
    """Ratios add up to one: floored quantities at their prices need at most the capital."""
    for settings in (LONG, SHORT):
        grid = grid_around(settings, RULES, leverage, center, capital)
        margin = sum(size * price for size, price in zip(grid.quantities, grid.prices, strict=True)) / leverage
        assert margin <= capital


@given(
    st.sampled_from([LONG, SHORT]),
    st.integers(1_000_000, 30_000_000).map(lambda cents: D(cents) / 100),
    st.integers(100, 4000).map(lambda cents: D(cents) / 100),
    st.sampled_from([D(5), D(50), D(100)]),
    st.fractions(0, 1).map(lambda part: D(part.numerator) / part.denominator),
)
def test_a_grid_without_levels_knows_the_nearest_prices_that_have_one(
    settings: TrimSettings, price: Decimal, capital: Decimal, least: Decimal, part: Decimal
) -> None:
    """At both prices a level is possible, and at none between them; without a price there is none far off either."""
    rules = replace(RULES, min_notional=least)

    def has_levels(center: Decimal) -> bool:
        return any(grid_around(settings, rules, 20, center, capital).quantities)

    assume(not has_levels(price))
    # What a level may cost is not within a tick of the least notional.
    assume(all(not least <= capital * ratio * 20 < least * D("1.001") for ratio in settings.entry_ratios))
    below, above = nearest_possible(settings, rules, 20, price, capital)
    for reached in (below, above):
        assert reached is None or has_levels(reached)
    low, high = below or D(1), above or price * 10
    assert low < price < high
    between = low + (high - low) * part
    assert between in (low, high) or not has_levels(between) or abs(between - low) < 1 or abs(high - between) < 1
