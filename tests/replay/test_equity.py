"""Equity and margin over a path: the vectorised search finds what a slow walk in decimals finds."""

from __future__ import annotations

from decimal import Decimal as D

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridhedge.domain.instrument import Fees, Instrument, Tier
from gridhedge.domain.values import Side
from gridhedge.replay import equity as equity_module
from gridhedge.replay.candles import Candles
from gridhedge.replay.equity import EquityFigures, EquityScan, Market
from gridhedge.replay.tally import Holding, Step

START = 1_748_131_200_000
MINUTE = 60_000
TIERS = (Tier(D(3000), D("0.01"), D(0), 75), Tier(D(9000), D("0.02"), D(30), 50), Tier(D(99000), D("0.1"), D(750), 5))


def market(rows: list[tuple[int, int, int, int]], start: int = START, leverage: int = 10) -> Market:
    """A market of tick 0.1 from candles in ticks (open, high, low, close)."""
    ticks = np.array(rows, dtype=float) / 10
    times = start + np.arange(len(rows), dtype=np.int64) * MINUTE
    candles = Candles(times, *(column.copy() for column in ticks.T), None, MINUTE, "made")
    instrument = Instrument("XUSDT", "X", "USDT", D("0.1"), D(1), D(1), D(10**6), D(10**6), D(5), 75, TIERS)
    return Market(candles, instrument, Fees(D("0.0002"), D("0.001")), leverage)


def scanned(markets: list[Market], steps: list[Step], end: int | None = None) -> EquityFigures:
    return EquityScan(markets, steps, end or max(each.candles.end for each in markets)).run()


def walk(markets: list[Market], steps: list[Step], end: int) -> list[tuple[int, D, D]]:
    """The same path, point by point: time, equity, margin rate; at events once before (only the rate counts) and once
    after. All symbols share one time grid here."""
    points: list[tuple[int, int, object]] = []
    for index in range(len(markets[0].candles)):
        opened = int(markets[0].candles.times[index])
        points += [(opened + 20_000, 1, (index, 0)), (opened + 40_000, 1, (index, 1))]
    points += [(step.at, 0, number) for number, step in enumerate(steps) if number]
    points = sorted((point for point in points if point[0] <= end), key=lambda point: (point[0], point[1]))
    prices = [D(repr(float(each.candles.open[0]))) for each in markets]
    current = steps[0]
    seen = []
    for at, kind, what in points:
        if kind == 0:
            step = steps[what]
            if step.price is not None:
                prices[step.symbol] = step.price
            seen.append((at, D("NaN"), rate(markets, current, prices)))
            current = step
        else:
            index, number = what
            prices = [extreme(each.candles, index, number) for each in markets]
        seen.append((at, value(current, prices), rate(markets, current, prices)))
    return seen


def extreme(candles: Candles, index: int, number: int) -> D:
    opened, high, low = (D(repr(float(column[index]))) for column in (candles.open, candles.high, candles.low))
    order = (high, low) if high - opened < opened - low else (low, high)
    return order[number]


def value(step: Step, prices: list[D]) -> D:
    return step.cash + sum((held.long - held.short) * price for held, price in zip(step.holdings, prices, strict=True))


def rate(markets: list[Market], step: Step, prices: list[D]) -> D:
    needed = D(0)
    for each, held, price in zip(markets, step.holdings, prices, strict=True):
        for quantity, share in ((held.long, D(1) - D(1) / each.leverage), (held.short, D(1) + D(1) / each.leverage)):
            notional = quantity * price
            tier = next((tier for tier in TIERS if notional <= tier.max_notional), TIERS[-1])
            needed += notional * tier.rate - tier.deduction + notional * share * D("0.001") if notional else 0
    if not needed:
        return D(0)
    equity = value(step, prices)
    return min(D(9999), 100 * needed / equity) if equity > 0 else D(9999)


def falls(seen: list[tuple[int, D, D]], start: D) -> tuple[D, D]:
    """The largest fall in money and in percent of its peak."""
    peak, money, percent = start, D(0), D(0)
    for _, equity, _ in seen:
        if equity.is_nan():
            continue
        peak = max(peak, equity)
        money = max(money, peak - equity)
        percent = max(percent, 100 * (peak - equity) / peak if peak > 0 else D(0))
    return money, percent


price_ticks = st.integers(50, 1500) | st.integers(1, 5).map(lambda number: number * 300)  # the coarse ones make ties
candle = st.tuples(*[price_ticks] * 4).map(lambda four: (four[0], max(four), min(four), four[3]))
holding = st.builds(Holding, st.integers(0, 60).map(D), st.integers(0, 60).map(D))


@st.composite
def accounts(draw: st.DrawFn) -> tuple[list[Market], list[Step], int]:
    """One or two symbols on the same grid, random holdings at random times, and an end within the data."""
    size = draw(st.integers(2, 25))
    count = draw(st.integers(1, 2))
    markets = [market(draw(st.lists(candle, min_size=size, max_size=size))) for _ in range(count)]
    span = size * MINUTE
    end = START + draw(st.integers(MINUTE, span))
    thirds = st.integers(0, (end - START) // 20_000).map(lambda number: START + number * 20_000)  # on a candle's point
    times = sorted(draw(st.lists(st.integers(START, end) | thirds, max_size=12)))
    steps = [Step(START, D(5000), tuple([Holding(D(0), D(0))] * count))]
    for at in times:
        place = draw(st.integers(0, count - 1))
        price = draw(st.none() | st.integers(50, 1500).map(lambda ticks: D(ticks) / 10))
        cash = D(draw(st.integers(2000, 9000)))
        steps.append(Step(at, cash, tuple(draw(holding) for _ in range(count)), place, price))
    return markets, steps, end


@settings(max_examples=300, deadline=None)
@given(accounts(), st.sampled_from([1, 3, 16_384]))
def test_the_search_agrees_with_a_walk_over_every_point(
    account: tuple[list[Market], list[Step], int], chunk: int
) -> None:
    """Falls, margin rate and the range of the curve are those of the slow walk, wherever the path is cut in chunks."""
    markets, steps, end = account
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(equity_module, "_CHUNK", chunk)
        figures = scanned(markets, steps, end)
    seen = walk(markets, steps, end)
    money, percent = falls(seen, D(5000))
    assert abs(figures.deepest_fall.amount - money) < D("1e-9")
    assert abs(figures.deepest_fall_percent.percent - percent) < D("1e-9")
    assert abs(figures.worst_margin_rate - max((point[2] for point in seen), default=D(0))) < D("1e-9")
    equities = [D(5000), *(equity for _, equity, _ in seen if not equity.is_nan())]
    curve = [money for _, money in figures.curve]
    assert abs(max(curve) - max(equities)) < D("1e-7")
    assert abs(min(curve) - min(equities)) < D("1e-7")
    assert [at for at, _ in figures.curve] == sorted(at for at, _ in figures.curve)


def test_a_long_position_by_hand() -> None:
    """10 units bought at 100 fall to 90 and to 80: 200 lost from the peak of 1,050 at 105, 19 % of it at the end."""
    rows = [(1000, 1050, 1000, 1050), (1050, 1050, 900, 900), (900, 950, 800, 850)]
    bought = Step(START, D(0), (Holding(D(10), D(0)),), 0, D(100))
    figures = scanned([market(rows)], [Step(START, D(1000), (Holding(D(0), D(0)),)), bought])
    assert figures.deepest_fall.amount == D(250)
    assert figures.deepest_fall.peak_at == START + 40_000
    # The third candle's path goes 90 -> 95 -> 80: the high is nearer, so the low comes at two thirds.
    assert figures.deepest_fall.bottom_at == START + 2 * MINUTE + 40_000
    assert figures.deepest_fall_percent.percent == D(250) / D(1050) * 100
    # At 105: notional 1,050, 1 % of it and 0.1 % x (1 - 1/10) to close it, over an equity of 1,050.
    assert figures.worst_margin_rate == D("1.09")


def test_the_low_comes_first_where_both_extremes_are_as_far() -> None:
    """Held from the open at 100 through a candle from 90 to 110: it falls by 10 units, not by 20."""
    bought = Step(START, D(0), (Holding(D(1), D(0)),), 0, D(100))
    rows = [(1000, 1100, 900, 1000), (1000, 1000, 1000, 1000)]
    figures = scanned([market(rows)], [Step(START, D(100), (Holding(D(0), D(0)),)), bought])
    assert figures.deepest_fall == (D(10), D(10), START, START + 20_000)


def test_an_event_comes_before_a_point_of_the_same_millisecond() -> None:
    """Sold at 100 in the very millisecond of the low at 90: that low is not lived through any more."""
    bought = Step(START, D(0), (Holding(D(1), D(0)),), 0, D(100))
    sold = Step(START + 20_000, D(100), (Holding(D(0), D(0)),), 0, D(100))
    rows = [(1000, 1100, 900, 1000), (1000, 1000, 1000, 1000)]
    figures = scanned([market(rows)], [Step(START, D(100), (Holding(D(0), D(0)),)), bought, sold])
    assert figures.deepest_fall.amount == 0


def test_a_hedge_neither_falls_nor_rises_but_needs_margin() -> None:
    """Both sides of 10: equity stays 1,000; at 300 each leg is worth 3,000: 30 + 2.7 and 30 + 3.3."""
    rows = [(1000, 3000, 500, 1000)]
    hedged = Step(START, D(1000), (Holding(D(10), D(10)),), 0, D(100))
    figures = scanned([market(rows * 2)], [Step(START, D(1000), (Holding(D(0), D(0)),)), hedged])
    assert figures.deepest_fall.amount == 0
    assert figures.worst_margin_rate == D("6.6")


def test_a_symbol_without_candles_stands_still() -> None:
    """Two symbols whose files begin at different times are valued on the union of their times."""
    early, late = market([(1000, 1000, 1000, 1000)] * 4), market([(500, 500, 400, 400)] * 2, START + 2 * MINUTE)
    holdings = (Holding(D(1), D(0)), Holding(D(10), D(0)))
    steps = [Step(START, D(1000), (Holding(D(0), D(0)),) * 2), Step(START, D(400), holdings, 1, D(50))]
    figures = scanned([early, late], steps)
    assert figures.deepest_fall.amount == D(100)
    assert figures.deepest_fall.bottom_at == START + 2 * MINUTE + 40_000


def test_the_curve_keeps_both_extremes_in_two_thousand_points() -> None:
    """60,000 points are thinned out; the single spike and the single dip stay."""
    rows = [(1000, 1000, 1000, 1000)] * 30_000
    rows[12_345] = (1000, 1400, 1000, 1000)
    rows[23_456] = (1000, 1000, 700, 1000)
    bought = Step(START, D(0), (Holding(D(10), D(0)),), 0, D(100))
    figures = scanned([market(rows)], [Step(START, D(1000), (Holding(D(0), D(0)),)), bought])
    assert len(figures.curve) < 2000
    assert (START + 12_345 * MINUTE + 40_000, D(1400)) in figures.curve
    assert (START + 23_456 * MINUTE + 40_000, D(700)) in figures.curve


def test_closing_fees_are_taken_at_the_bankruptcy_price() -> None:
    """Long closes below its price, short above: taker 0.1 % x (1 - 1/10) and x (1 + 1/10)."""
    each = market([(1000, 1000, 1000, 1000)] * 2)
    assert each.closing_fee_rate(Side.LONG) == D("0.0009")
    assert each.closing_fee_rate(Side.SHORT) == D("0.0011")
