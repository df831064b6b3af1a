"""Indicators against arithmetic by hand, and against slow ones over recorded and invented candles."""

from __future__ import annotations

import gzip
import math
from collections.abc import Sequence
from decimal import Decimal as D
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridhedge.domain.candles import Candles, Timeframe
from gridhedge.strategy.indicators import channel_index, parabolic_sar, weighted_average
from tests.strategy.slow_indicators import slow_average, slow_channel_index, slow_sar


def made_of(*rows: tuple[float, float, float]) -> Candles:
    """Candles of (high, low, close), an hour apart."""
    high, low, close = zip(*rows, strict=True)
    return Candles([number * Timeframe.H1.ms for number in range(len(rows))], high, low, close)


def settled(values: Sequence[float], first: int) -> list[float]:
    """The values after the warm-up, which is NaN to its last place."""
    assert all(math.isnan(value) for value in values[:first])
    return list(values[first:])


@st.composite
def walks(draw: st.DrawFn) -> Candles:
    """Forty candles in steps of 1/8, so that sums of few of them are exact."""
    rows, last = [], 800
    steps = st.tuples(st.integers(-40, 40), st.integers(0, 15), st.integers(0, 15))
    for move, up, down in draw(st.lists(steps, min_size=40, max_size=40)):
        close = max(last + move, 40)
        rows.append(((max(last, close) + up) / 8, (min(last, close) - down) / 8, close / 8))
        last = close
    return made_of(*rows)


# ---- by hand ---------------------------------------------------------------------------------------------------------


def test_the_average_weighs_the_close_twice_and_the_newest_candle_most() -> None:
    """(12+8+2·10)/4 = 10, (14+10+2·12)/4 = 12, (18+14+2·16)/4 = 16: (1·10 + 2·12 + 3·16) / 6 = 82/6."""
    candles = made_of((12.0, 8.0, 10.0), (14.0, 10.0, 12.0), (18.0, 14.0, 16.0))
    assert settled(weighted_average(candles, 3), 2) == pytest.approx([82 / 6], rel=1e-15)
    assert settled(weighted_average(candles, 1), 0) == [10.0, 12.0, 16.0]


def test_the_channel_index_is_the_deviation_in_mean_deviations() -> None:
    """Typical prices 10, 11, 15: mean 12, mean deviation (2+1+3)/3 = 2, so 3 / (0.015 · 2) = 100. Exactly the bound."""
    candles = made_of((10.0, 10.0, 10.0), (12.0, 10.0, 11.0), (16.0, 14.0, 15.0))
    assert settled(channel_index(candles, 3), 2) == pytest.approx([100.0], rel=1e-12)


def test_a_flat_market_has_an_index_of_nothing() -> None:
    """There is no deviation to divide by."""
    assert settled(channel_index(made_of(*[(10.0, 10.0, 10.0)] * 5), 3), 2) == [0.0, 0.0, 0.0]


def test_the_parabolic_rises_by_a_tenth_of_the_way_and_turns_at_the_extreme() -> None:
    """af 0.1, most 0.8. Up from low 9, extreme 12: 9; +0.1·(12−9) = 9.3; new extreme 14, af 0.2: 9.3+0.2·4.7 = 10.24,
    but not inside the last two candles: 10 …; then a low of 8 touches it, and SAR turns to the extreme 14."""
    candles = made_of((11.0, 9.0, 10.0), (12.0, 10.0, 11.0), (14.0, 11.0, 13.0), (14.0, 8.0, 9.0))
    assert settled(parabolic_sar(candles, D("0.1"), D("0.8")), 1) == pytest.approx([9.0, 9.3, 14.0], rel=1e-15)


# ---- the slow way ----------------------------------------------------------------------------------------------------


@given(walks(), st.integers(1, 20))
def test_the_average_agrees_with_the_slow_one(candles: Candles, period: int) -> None:
    """To the last digits of a float, whatever the period."""
    assert settled(weighted_average(candles, period), period - 1) == pytest.approx(slow_average(candles, period))


@given(walks(), st.integers(2, 20))
def test_the_channel_index_agrees_with_the_slow_one(candles: Candles, period: int) -> None:
    """Also where little deviates."""
    found = settled(channel_index(candles, period), period - 1)
    assert found == pytest.approx(slow_channel_index(candles, period), rel=1e-6, abs=1e-6)


@given(walks(), st.sampled_from([("0.1", "0.8"), ("0.02", "0.2"), ("1", "1"), ("0.001", "0.003")]))
def test_the_parabolic_agrees_with_the_slow_one(candles: Candles, factors: tuple[str, str]) -> None:
    """Reversals included."""
    found = settled(parabolic_sar(candles, D(factors[0]), D(factors[1])), 1)
    assert found == pytest.approx(slow_sar(candles, float(factors[0]), float(factors[1])), rel=1e-12)


def test_recorded_hours_agree_with_the_slow_way(market_data: Path) -> None:
    """51 days of BTC in candles of an hour; of where it began, SAR remembers nothing after 50 of them."""
    candles = hours(market_data / "candles" / "binance-usdm_BTCUSDT_1m_2025-05-04_2025-06-24.csv.gz")
    assert len(candles.times) == 1218
    assert settled(weighted_average(candles, 7), 6) == pytest.approx(slow_average(candles, 7), rel=1e-12)
    assert settled(channel_index(candles, 14), 13) == pytest.approx(slow_channel_index(candles, 14), rel=1e-8, abs=1e-8)
    sar = parabolic_sar(candles, D("0.1"), D("0.8"))
    assert settled(sar, 1) == pytest.approx(slow_sar(candles, 0.1, 0.8), rel=1e-12)
    window = parabolic_sar(candles.part(-500, None), D("0.1"), D("0.8"))
    assert window[50:].tolist() == sar[-450:].tolist()


def hours(file: Path) -> Candles:
    """Recorded minutes as whole hours; the first one, cut by the beginning of the data, is left out."""
    rows: dict[int, list[float]] = {}
    with gzip.open(file, "rt") as lines:
        next(lines)
        for line in lines:
            at, _, high, low, close, _ = line.split(",")
            hour = Timeframe.H1.opened(int(at))
            seen = rows.setdefault(hour, [float(high), float(low), float(close)])
            rows[hour] = [max(seen[0], float(high)), min(seen[1], float(low)), float(close)]
    times = sorted(rows)[1:-1]
    return Candles(times, *([rows[at][column] for at in times] for column in range(3)))
