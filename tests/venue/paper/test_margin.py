"""Margin formulas against rows that Bybit sent, and the band in which liquidation is impossible."""

from __future__ import annotations

from decimal import Decimal as D

import pytest
from hypothesis import given
from hypothesis import strategies as st
from paper_worlds import LONG, SHORT, toy

from gridhedge.domain.instrument import Tier
from gridhedge.domain.values import Side
from gridhedge.venue.paper.margin import MAX_RATE, band, maintenance, margin_rates, mm_rate, steps


@pytest.mark.parametrize(
    ("side", "leverage", "value", "rate", "initial", "needed"),
    [
        # LTCUSDT long at 6x and ETHUSDT short at 30x, taker 0.055 %, as Bybit pushed them: positionIM, positionMM.
        (LONG, 6, "77.519375", "0.01", "12.95542633", "0.81072399"),
        (SHORT, 30, "36.42075", "0.005", "1.23480936", "0.20281586"),
    ],
)
def test_margin_of_a_position_is_what_bybit_pushed(
    side: Side, leverage: int, value: str, rate: str, initial: str, needed: str
) -> None:
    """Within a ten-thousandth: the venue takes the closing fee at a mark that is a moment older than the value."""
    rates = margin_rates(side, leverage, D("0.00055"))
    instrument = toy(tiers=(Tier(D(1_000_000), D(rate), D(0), 50),))
    assert abs(D(value) * rates.position / D(initial) - 1) < D("0.0001")
    assert abs(maintenance(instrument, D(value), rates.closing) / D(needed) - 1) < D("0.0001")


def test_margin_of_a_position_worked_by_hand() -> None:
    """10,000 at 10x, taker 0.06 %, rate 0.5 %: closing costs 10,000 x 0.9 x 0.0006 = 5.4 (short: x 1.1 = 6.6)."""
    long, short = margin_rates(LONG, 10, D("0.0006")), margin_rates(SHORT, 10, D("0.0006"))
    instrument = toy(tiers=(Tier(D(1_000_000), D("0.005"), D(0), 50),))
    assert (10_000 * long.position, 10_000 * short.position) == (D("1005.4"), D("1006.6"))
    assert maintenance(instrument, D(10_000), long.closing) == D("55.4")
    assert maintenance(instrument, D(10_000), short.closing) == D("56.6")


def test_an_opening_order_reserves_margin_and_both_fees() -> None:
    """1000 at 10x with 0.2 %: 100 + 2 to open + 1000 x 0.9 x 0.002 = 1.8 to close a long, 2.2 to close a short."""
    assert margin_rates(LONG, 10, D("0.002")).order * 1000 == D("103.8")
    assert margin_rates(SHORT, 10, D("0.002")).order * 1000 == D("104.2")


def test_tiers_are_marginal() -> None:
    """20,000 lie in the second tier: 20,000 x 0.02 - 100 = 300, plus the closing fee of 20,000 x 0.0018 = 36."""
    assert maintenance(toy(), D(20_000), D("0.0018")) == 336
    assert maintenance(toy(), D(10_000), D("0.0018")) == 118


def test_the_rate_of_an_empty_account_is_shown_as_a_number() -> None:
    """Percent of the balance; nothing held is 0, and a balance that is gone shows the largest rate."""
    assert mm_rate(D(50), D(200)) == 25
    assert mm_rate(D(0), D(0)) == 0
    assert mm_rate(D(1), D(0)) == mm_rate(D(1), D(-5)) == MAX_RATE


def test_a_long_alone_has_a_band_below_and_growth_above() -> None:
    """Slack 100 on 10 units at 100 lasts for a fall of at least 10; rising can only help (no bound but the tier's)."""
    low, high = band(steps(toy()), D(100), D("0.5"), D(10), D(0), D("0.002"), D(100))
    assert low == D("90.5")
    assert high is None


def test_a_short_alone_has_a_band_above() -> None:
    """10 units at 100: each unit up costs 10 + 10 x (0.02 + 0.002) = 10.22, so 100 last for 9.78: edge 109.5."""
    low, high = band(steps(toy()), D(100), D("0.5"), D(0), D(10), D("0.002"), D(100))
    assert (low, high) == (None, D("109.5"))


def test_an_edge_is_never_where_the_price_is() -> None:
    """Almost no slack: the edges are one tick away, so that time goes on."""
    edges = band(steps(toy()), D(100), D("0.5"), D(10), D(0), D("0.002"), D("0.000001"))
    assert edges[0] == D("99.5")
    assert band(steps(toy()), D(100), D("0.5"), D(0), D(10), D("0.002"), D("0.000001"))[1] == D("100.5")


@given(
    price=st.integers(100, 3000),
    long=st.integers(0, 500),
    short=st.integers(0, 500),
    wallet=st.integers(1, 20_000),
    share=st.decimals(0, 1, places=3),
    leverage=st.integers(1, 50),
)
def test_no_price_inside_the_band_is_a_liquidation(
    price: int, long: int, short: int, wallet: int, share: D, leverage: int
) -> None:
    """At every price strictly between the edges the margin balance covers the maintenance margin in full."""
    three = (
        Tier(D(10_000), D("0.01"), D(0), 50),
        Tier(D(50_000), D("0.02"), D(100), 20),
        Tier(D(90_000), D("0.1"), D(4100), 5),
    )
    instrument = toy(tiers=three)
    rates = {side: margin_rates(side, leverage, D("0.002")) for side in (LONG, SHORT)}
    tick = D("0.5")

    def slack(mark: D) -> D:
        needed = maintenance(instrument, long * mark, rates[LONG].closing)
        needed += maintenance(instrument, short * mark, rates[SHORT].closing)
        return wallet + (long - short) * (mark - start) - needed

    start = price * tick
    if slack(start) <= 0:
        return
    low, high = band(steps(instrument), start, tick, D(long), D(short), rates[SHORT].closing, slack(start))
    below = tick if low is None else low + tick
    above = start * 4 if high is None else high - tick
    probe = (below + (above - below) * share) // tick * tick
    for mark in (below, probe, above):
        if below <= mark <= above and mark != start:
            assert slack(mark) > 0
