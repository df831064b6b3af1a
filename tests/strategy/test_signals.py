"""What closed candles say."""

from __future__ import annotations

from decimal import Decimal as D
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridhedge.domain.candles import NO_CANDLES, Candles, Timeframe
from gridhedge.domain.events import SignalSeen
from gridhedge.domain.values import SIDES, Side
from gridhedge.strategy.settings import SignalSettings
from gridhedge.strategy.signals import candles_needed, crossings, signal_of
from tests.strategy.slow_indicators import slow_average, slow_channel_index, slow_sar
from tests.strategy.test_indicators import hours

L, S = Side.LONG, Side.SHORT
HOUR = Timeframe.H1.ms
LEAST, MOST = D(-100), D(100)


def settings(**changed: Any) -> SignalSettings:
    values = {"space_percent": D(1), "space_orders": 2, "space_lots": D(1), "basket_profit": D(1)} | changed
    return SignalSettings.model_validate(values)


def falling(count: int, step: float = 1.0) -> Candles:
    """Closes 100, 99, 98 …, each candle from half a step above to half a step below its close."""
    closes = [100.0 - step * number for number in range(count)]
    half = abs(step) / 2
    return Candles([number * HOUR for number in range(count)], [c + half for c in closes], [c - half for c in closes],
                   closes)  # fmt: skip


def read(candles: Candles, **changed: Any) -> SignalSeen | None:
    return signal_of(settings(**changed), "DOGEUSDT", candles, 7)


def test_sar_above_the_average_opens_buy_below_it_sell() -> None:
    """In a fall SAR stands above the prices, in a rise below them; reverse_order swaps."""
    down, up = read(falling(20)), read(falling(20, -1.0))
    assert down is not None
    assert up is not None
    assert (down.stands, up.stands) == ((L,), (S,))
    assert down.sar is not None
    assert down.average is not None
    assert down.sar > down.average
    swapped = read(falling(20), reverse_order=True)
    assert swapped is not None
    assert swapped.stands == (S,)


def test_a_signal_carries_the_close_and_when_the_candle_closed() -> None:
    """The 20th candle opens at 19:00, closes at 20:00 and at 81; CCI was not asked for."""
    seen = read(falling(20))
    assert seen is not None
    assert (seen.symbol, seen.candle, seen.close, seen.at) == ("DOGEUSDT", 20 * HOUR, D(81), 7)
    assert (seen.crossed, seen.cci) == ((), None)


def test_without_indicators_both_sides_stand() -> None:
    """One candle is enough."""
    seen = read(falling(1), use_sma_sar=False)
    assert seen is not None
    assert (seen.stands, seen.crossed) == (SIDES, ())


@pytest.mark.parametrize(
    ("changed", "needed"),
    [
        ({}, 7),
        ({"sma_period": 1}, 2),
        ({"cci_period": 14}, 15),
        ({"use_sma_sar": False, "cci_period": 14}, 15),
        ({"use_sma_sar": False}, 1),
    ],
)
def test_too_few_candles_say_nothing(changed: dict[str, Any], needed: int) -> None:
    """The average needs its period, SAR two candles, a crossing one more than CCI's period."""
    assert candles_needed(settings(**changed)) == needed
    assert read(falling(needed - 1) if needed > 1 else NO_CANDLES, **changed) is None
    assert read(falling(needed), **changed) is not None


@pytest.mark.parametrize(
    ("index", "sides"),
    [
        ([50.0, 101.0], (L,)),
        ([100.0, 100.1], (L,)),
        ([50.0, 100.0], ()),
        ([101.0, 120.0], ()),
        ([-50.0, -101.0], (S,)),
        ([-100.0, -100.1], (S,)),
        ([-120.0, -110.0], ()),
        ([110.0, 0.0, 110.0], (L,)),
        ([110.0, -110.0, 110.0], ()),
        ([110.0, -110.0], (S,)),
        ([-110.0, 110.0, -110.0], ()),
        ([0.0, -110.0, 110.0], (L,)),
        ([-110.0, 110.0], (L,)),
        ([120.0], ()),
        ([], ()),
    ],
)
def test_a_side_re_arms_between_the_bounds(index: list[float], sides: tuple[Side, ...]) -> None:
    """A bound itself lies between them. A jump through the whole band gives each side one signal, and no second."""
    assert crossings(index, LEAST, MOST) == sides


@given(st.lists(st.sampled_from([-150.0, -100.0, 0.0, 100.0, 150.0]), max_size=30))
def test_crossings_agree_with_a_machine_that_remembers(index: list[float]) -> None:
    """Armed or not, one value after the other; at the beginning both are."""
    armed, expected = {L, S}, ()
    for place, value in enumerate(index):
        expected = ()
        if -100 <= value <= 100:
            armed = {L, S}
        else:
            side = L if value > 100 else S
            if side in armed and place:
                expected = (side,)
            armed.discard(side)
    assert crossings(index, LEAST, MOST) == expected


def test_a_crossing_is_told_once() -> None:
    """Flat at 100, then a jump to 103: CCI leaves its band upwards; the candle after it stays above."""
    flat = falling(20, 0.25)
    prices = [*flat.close, 103.0, 106.0]
    candles = Candles([n * HOUR for n in range(22)], prices, prices, prices)
    found = [read(candles.part(0, stop), use_sma_sar=False, cci_period=14) for stop in (20, 21, 22)]
    assert [seen.crossed for seen in found if seen is not None] == [(), (L,), ()]
    assert all(seen is not None and seen.stands == () for seen in found)


def test_both_indicators_may_speak() -> None:
    """Each gives a signal by itself."""
    flat = falling(20, 0.25)
    prices = [*flat.close, 103.0]
    seen = read(Candles([n * HOUR for n in range(21)], prices, prices, prices), cci_period=14)
    assert seen is not None
    assert seen.crossed == (L,)
    assert seen.stands in ((L,), (S,))


def test_recorded_hours_give_the_slow_way_s_signals(market_data: Path) -> None:
    """51 days of BTC: every signal of every hour, from windows of 100 candles and from the whole series."""
    candles = hours(market_data / "candles" / "binance-usdm_BTCUSDT_1m_2025-05-04_2025-06-24.csv.gz")
    average, index, sar = slow_average(candles, 7), slow_channel_index(candles, 14), slow_sar(candles, 0.1, 0.8)
    told: dict[str, int] = {}
    for stop in range(100, len(candles.times) + 1):
        seen = read(candles.part(stop - 100, stop), cci_period=14)
        assert seen is not None
        stands = (L,) if sar[stop - 2] > average[stop - 7] else (S,)
        assert (seen.stands, seen.crossed) == (stands, crossings(index[: stop - 13], LEAST, MOST))
        for side in seen.crossed:
            told[side.value] = told.get(side.value, 0) + 1
    assert told == {"long": 69, "short": 66}
