"""What closed candles say."""

from __future__ import annotations

import math
import random
from decimal import Decimal as D
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridhedge.domain.candles import NO_CANDLES, Candles, Timeframe
from gridhedge.domain.events import SignalSeen
from gridhedge.domain.values import SIDES, Side
from gridhedge.replay.candles import load_candles
from gridhedge.strategy.settings import SignalSettings
from gridhedge.strategy.signals import WINDOW, candles_needed, crossings, signal_of, signals_of
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
    assert last_crossing(index) == sides


def last_crossing(index: list[float]) -> tuple[Side, ...]:
    told = crossings(np.array(index), LEAST, MOST)
    return {0: (), 1: (L,), 2: (S,)}[told[-1].item()] if index else ()


@given(st.lists(st.sampled_from([-150.0, -100.0, 0.0, 100.0, 150.0]), max_size=30))
def test_crossings_agree_with_a_machine_that_remembers(index: list[float]) -> None:
    """Armed or not, one value after the other; at the beginning both are."""
    armed, expected = {L, S}, []
    for place, value in enumerate(index):
        expected.append(0)
        if -100 <= value <= 100:
            armed = {L, S}
        else:
            side = L if value > 100 else S
            if side in armed and place:
                expected[-1] = 1 if side is L else 2
            armed.discard(side)
    assert crossings(np.array([math.nan, math.nan, *index]), LEAST, MOST).tolist() == [0, 0, *expected]


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
    crossed = crossings(np.array(index), LEAST, MOST)
    for stop in range(100, len(candles.times) + 1):
        seen = read(candles.part(stop - 100, stop), cci_period=14)
        assert seen is not None
        stands = (L,) if sar[stop - 2] > average[stop - 7] else (S,)
        assert (seen.stands, seen.crossed) == (stands, {0: (), 1: (L,), 2: (S,)}[crossed[stop - 14].item()])
        for side in seen.crossed:
            told[side.value] = told.get(side.value, 0) + 1
    assert told == {"long": 69, "short": 66}


# ---- the whole series at once ----------------------------------------------------------------------------------------


def wandering(seed: int, count: int, flat: float, gaps: float) -> Candles:
    """A walk in ticks of 0.01. Some candles are as flat as a quiet night, some are missing, some for days."""
    dice = random.Random(seed)
    rows: list[tuple[int, float, float, float]] = []
    at, last = dice.randrange(5000), 10_000
    for _ in range(count):
        at += dice.randrange(2, 400) if dice.random() < gaps else 1
        close = last if dice.random() < flat else max(last + dice.randint(-30, 30), 100)
        up, down = (0, 0) if close == last else (dice.randint(0, 9), dice.randint(0, 9))
        rows.append((at * HOUR, (max(last, close) + up) / 100, (min(last, close) - down) / 100, close / 100))
        last = close
    times, high, low, closes = zip(*rows, strict=True)
    return Candles(times, high, low, closes)


def assert_windows_tell_the_same(values: SignalSettings, candles: Candles, places: Any, window: int = WINDOW) -> None:
    signals = signals_of(values, candles)
    for place in places:
        seen = signal_of(values, "X", candles.part(max(place + 1 - window, 0), place + 1), 7)
        assert signals.seen("X", place, 7) == seen


@given(
    seed=st.integers(0, 2**32),
    count=st.integers(1, 1500),
    flat=st.sampled_from([0.0, 0.3, 0.95]),
    gaps=st.sampled_from([0.0, 0.01, 0.3]),
    changed=st.fixed_dictionaries({
        "use_sma_sar": st.booleans(),
        "sma_period": st.sampled_from([1, 2, 7, 200]),
        "cci_period": st.sampled_from([0, 2, 14, 200]),
        "sar_af": st.sampled_from([D("0.0001"), D("0.02"), D("0.1")]),
        "cci_max": st.sampled_from([D(0), D(50), D(100)]),
    }),
    window=st.sampled_from([WINDOW - 1, WINDOW]),
    data=st.data(),
)  # fmt: skip
def test_a_candle_says_the_same_in_a_window_and_in_the_whole_series(
    seed: int, count: int, flat: float, gaps: float, changed: dict[str, Any], window: int, data: st.DataObject
) -> None:
    """Sides and figures, whatever is missing and however slow SAR is; a window may lack the candle that just closed."""
    candles = wandering(seed, count, flat, gaps)
    places = data.draw(st.lists(st.integers(0, count - 1), min_size=1, max_size=30))
    assert_windows_tell_the_same(settings(**changed), candles, places, window)


@pytest.mark.parametrize(
    ("file", "timeframe", "count"),
    [
        ("binance-usdm_BTCUSDT_1m_2025-05-04_2025-06-24.csv.gz", "1m", 6000),
        ("binance-usdm_SOLUSDT_1m_2025-05-04_2025-06-24.csv.gz", "1m", 6000),
        ("binance-spot_DOGEUSDT_1m_2021-04-02_2021-06-15.csv.gz", "1m", 6000),
        ("binance-usdm_ETHUSDT_5m_2024-12-31_2026-02-19.csv.gz", "5m", 6000),
        ("binance-usdm-mark_BTCUSDT_1h_2024-12-31_2026-02-19.csv.gz", "1H", 10_000),
    ],
)
def test_recorded_candles_say_the_same_in_windows_and_as_a_whole(
    market_data: Path, file: str, timeframe: str, count: int
) -> None:
    """Every one of them; the same indicators over the whole series differ in the last digits of four of five."""
    found = load_candles(market_data / "candles" / file, allow_gaps=True)
    columns = (found.times, found.high, found.low, found.close)
    candles = Candles(*(column[:count].data for column in columns))
    values = settings(timeframe=timeframe, cci_period=14)
    assert_windows_tell_the_same(values, candles, range(len(candles.times)))


def test_the_candles_that_speak_for_a_side_are_found_at_once() -> None:
    """Those whose signal names it, from the first on that says something."""
    candles = wandering(3, 400, 0.2, 0.01)
    signals = signals_of(settings(cci_period=14, use_sma_sar=False), candles)
    for sides in ((), (L,), (S,), SIDES):
        found = [signals.seen("X", place, 7) for place in range(400)]
        assert signals.speaking(sides) == [
            place for place, seen in enumerate(found) if seen is not None and set(seen.crossed) & set(sides)
        ]
    assert signals.speaking((L,))
    assert signals.speaking((S,))


def test_a_series_too_short_to_say_something_is_silent() -> None:
    """Six candles, and an average of seven."""
    signals = signals_of(settings(), falling(6))
    assert [signals.seen("X", place, 7) for place in range(6)] == [None] * 6
    assert signals.speaking(SIDES) == []
