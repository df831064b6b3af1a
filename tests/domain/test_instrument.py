"""Rounding laws, smallest quantities, and the maintenance-margin table."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridhedge.domain.instrument import Instrument, Tier
from tests.domain.journal import RULES

D = Decimal
steps = st.sampled_from(["0.00001", "0.0001", "0.01", "0.05", "0.1", "0.5", "1", "5", "100"]).map(D)
numbers = st.decimals(0, 10**9, allow_nan=False, places=9)


@given(tick=steps, price=numbers)
def test_a_floored_price_is_the_nearest_tick_at_or_below(tick: Decimal, price: Decimal) -> None:
    """On the tick, never above, and the next tick would be above."""
    floored = replace(RULES, tick_size=tick).floor_price(price)
    assert floored % tick == 0
    assert floored <= price < floored + tick


@given(tick=steps, price=numbers)
def test_a_ceiled_price_is_the_nearest_tick_at_or_above(tick: Decimal, price: Decimal) -> None:
    """On the tick, never below, and the tick before would be below."""
    ceiled = replace(RULES, tick_size=tick).ceil_price(price)
    assert ceiled % tick == 0
    assert ceiled - tick < price <= ceiled


@given(step=steps, quantity=numbers)
def test_quantities_round_like_prices_on_their_own_step(step: Decimal, quantity: Decimal) -> None:
    """Floor never buys more than asked for, ceil never less; both stay within one step."""
    rules = replace(RULES, lot_step=step, min_quantity=step)
    floored, ceiled = rules.floor_quantity(quantity), rules.ceil_quantity(quantity)
    assert floored % step == ceiled % step == 0
    assert quantity - step < floored <= quantity <= ceiled < quantity + step


@given(tick=steps, price=numbers)
def test_rounding_twice_changes_nothing(tick: Decimal, price: Decimal) -> None:
    """A price on the tick stays where it is, whichever way it is rounded."""
    rules = replace(RULES, tick_size=tick)
    on_tick = rules.floor_price(price)
    assert rules.floor_price(on_tick) == rules.ceil_price(on_tick) == on_tick


@given(price=st.decimals("0.01", 10**6, allow_nan=False, places=2), notional=st.integers(0, 1000))
def test_the_least_quantity_is_accepted_and_one_step_less_is_not(price: Decimal, notional: int) -> None:
    """At or above both minimums; one step below breaks one of them."""
    rules = replace(RULES, min_notional=D(notional))
    least = rules.least_quantity(price)
    assert least >= rules.min_quantity
    assert least * price >= notional
    below = least - rules.lot_step
    assert below < rules.min_quantity or below * price < notional
    assert rules.accepts(least, price)
    assert not rules.accepts(below, price)


def test_the_worked_minimum_of_a_cheap_coin() -> None:
    """5 USDT at 0.19933 is 25.08 units: 26."""
    rules = replace(RULES, tick_size=D("0.00001"))
    assert rules.least_quantity(D("0.19933")) == 26


def test_maintenance_margin_is_continuous_where_tiers_meet() -> None:
    """10,000 at 1 % is 100, and so is 10,000 at 2 % less 100; 20,000 needs 300; the last rate goes on."""
    assert RULES.maintenance_margin(D(10_000)) == D(100)
    assert RULES.maintenance_margin(D("10000.5")) == D("100.01")
    assert RULES.maintenance_margin(D(20_000)) == D(300)
    assert RULES.maintenance_margin(D(100_000)) == D(1900)


@given(notional=st.integers(0, 10**6), more=st.integers(0, 10**6))
def test_a_larger_position_never_needs_less_margin(notional: int, more: int) -> None:
    """Maintenance margin grows with the notional, across tiers."""
    assert RULES.maintenance_margin(D(notional + more)) >= RULES.maintenance_margin(D(notional)) >= 0


@pytest.mark.parametrize(("leverage", "most"), [(1, 50_000), (20, 50_000), (21, 10_000), (50, 10_000), (51, 0)])
def test_higher_leverage_allows_smaller_positions(leverage: int, most: int) -> None:
    """Up to 20x the second tier, up to 50x the first, beyond it none."""
    assert RULES.max_notional_at(leverage) == most


BROKEN: list[tuple[dict[str, object], str]] = [
    ({"tick_size": D(0)}, "tick size must be positive"),
    ({"lot_step": D(-1)}, "lot step must be positive"),
    ({"min_quantity": D("1.5")}, "off the lot step"),
    ({"tiers": ()}, "at least one margin tier"),
]


@pytest.mark.parametrize(("change", "sentence"), BROKEN)
def test_rules_that_can_not_be_are_refused(change: dict[str, object], sentence: str) -> None:
    """A wrong parse of a venue's answer stops before anything is rounded with it."""
    facts = {name: getattr(RULES, name) for name in Instrument.__slots__}
    with pytest.raises(AssertionError, match=sentence):
        Instrument(**{**facts, **change})


def test_tiers_are_taken_in_their_order() -> None:
    """The first tier that is large enough counts."""
    rules = replace(RULES, tiers=(Tier(D(10), D("0.5"), D(0), 50), Tier(D(100), D("0.6"), D(1), 20)))
    assert rules.maintenance_margin(D(10)) == D(5)
    assert rules.maintenance_margin(D(11)) == D("5.6")
