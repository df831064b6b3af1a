"""Filters, the touch and position legs of one symbol."""

from __future__ import annotations

from decimal import Decimal as D

import pytest
from hypothesis import given
from hypothesis import strategies as st
from paper_worlds import LONG, SHORT, exchange, listing, script

from gridhedge.domain.order import Reject
from gridhedge.venue.paper.market import Holding, Market
from gridhedge.venue.paper.orders import Refusal


def toy_market(price: str = "100", band: str | None = None) -> Market:
    made = listing(script((0, price)))
    if band is not None:
        made = made._replace(price_band=D(band))
    return Market(made, "through", None, 10)


@pytest.mark.parametrize(
    ("quantity", "at_market", "text"),
    [
        ("1.5", False, "quantity 1.5 is not a multiple of 1"),
        ("0", False, "quantity 0 is below the minimum 1"),
        ("1001", False, "quantity 1001 is above the maximum 1000"),
        ("101", True, "quantity 101 is above the maximum 100"),
    ],
)
def test_quantities_out_of_bounds_are_refused(quantity: str, at_market: bool, text: str) -> None:
    """Step, minimum, maximum, and the smaller maximum of market orders."""
    with pytest.raises(Refusal, match=text) as refused:
        toy_market().check_quantity(D(quantity), at_market)
    assert refused.value.reason is Reject.OUT_OF_BOUNDS


def test_quantities_and_prices_on_the_edge_are_allowed() -> None:
    """The limits themselves belong to what is allowed."""
    market = toy_market()
    for quantity in ("1", "1000"):
        market.check_quantity(D(quantity), False)
    market.check_quantity(D(100), True)
    market.check_price(D("0.5"))
    market.check_notional(D("0.5"), D(20))


@pytest.mark.parametrize(
    ("price", "text"),
    [
        ("100.3", "price 100.3 is not a multiple of 0.5"),
        ("0", "price 0 is not positive"),
        ("-1", "price -1 is not positive"),
    ],
)
def test_prices_out_of_bounds_are_refused(price: str, text: str) -> None:
    """Tick, and above zero."""
    with pytest.raises(Refusal, match=text):
        toy_market().check_price(D(price))


def test_the_notional_has_a_minimum() -> None:
    """19 x 0.5 = 9.5 is below 10."""
    with pytest.raises(Refusal, match=r"notional 9\.5 is below the minimum 10"):
        toy_market().check_notional(D("0.5"), D(19))


@pytest.mark.parametrize(
    ("last", "bid", "ask"), [("100", "100", "100.5"), ("100.3", "100", "100.5"), ("100.49", "100.0", "100.5")]
)
def test_the_touch_is_one_tick_wide_around_the_last_price(last: str, bid: str, ask: str) -> None:
    """Bid is the last price floored to the tick, ask one tick above it, so that nothing rests inside."""
    market = toy_market(last)
    assert (market.bid, market.ask) == (D(bid), D(ask))


def test_a_price_beyond_the_band_moves_to_its_edge() -> None:
    """2 % around 100: buys at most 102, sells at least 98; the other direction is free."""
    market = toy_market(band="0.02")
    assert (market.banded(True, D(105)), market.banded(True, D(50))) == (D("102.0"), 50)
    assert (market.banded(False, D(95)), market.banded(False, D(150))) == (D("98.0"), 150)
    assert toy_market().banded(True, D(105)) == 105


def test_averages_follow_from_sums() -> None:
    """1 at 100 and 3 at 80 average 85; closing 2 at 90 earns 2 x 5 and leaves the average."""
    long = Holding("T", LONG)
    long.enlarge(D(1), D(100))
    long.enlarge(D(3), D(240))
    assert long.average == 85
    assert long.reduce(D(2), D(180)) == 10
    assert (long.quantity, long.average) == (2, 85)
    assert long.reduce(D(2), D(160)) == -10
    assert (long.quantity, long.cost) == (0, 0)


def test_a_short_earns_when_the_price_falls() -> None:
    """Sold 2 at 100, bought back 1 at 90 and 1 at 115: 10 - 15."""
    short = Holding("T", SHORT)
    short.enlarge(D(2), D(200))
    assert short.reduce(D(1), D(90)) == 10
    assert short.reduce(D(1), D(115)) == -15


@given(st.lists(st.integers(1, 9), min_size=1, max_size=20), st.integers(1, 99_999))
def test_closing_in_parts_earns_what_closing_at_once_earns(parts: list[int], cost: int) -> None:
    """Costs are cut at 1E-12, never lost: the parts' profits add up exactly."""
    held = Holding("T", LONG)
    held.enlarge(D(sum(parts)), D(cost) / 100_000)
    earned = sum((held.reduce(D(part), D(part) * 7) for part in parts), D(0))
    assert earned == 7 * sum(parts) - D(cost) / 100_000
    assert held.quantity == held.cost == 0


def test_leverage_sets_margin_rates_and_the_largest_notional() -> None:
    """At 10x the toy's second tier is allowed, at 50x the first only."""
    market = exchange((0, "100")).market("TOYUSDT")
    assert (market.leverage, market.long.limit) == (10, 1_000_000)
    market.set_leverage(50)
    assert market.short.limit == 10_000
    assert market.long.rates.position == D("0.02") + D("0.98") * D("0.002")
