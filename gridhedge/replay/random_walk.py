"""Made-up candles for tests and benchmarks: a random walk from a seed."""

from __future__ import annotations

from decimal import Decimal

import numpy as np

from gridhedge.domain.values import Millis, Price
from gridhedge.replay.candles import Candles, Prices
from gridhedge.replay.tables import MINUTE_MS

_START: Millis = 1_767_225_600_000
"""2026-01-01 00:00 UTC."""


def random_walk(minutes: int, volatility: float, seed: int, price: Price, tick: Price) -> Candles:
    """One-minute candles from 2026-01-01 whose logarithm walks with standard deviation ``volatility`` per minute (0.001
    = 0.1 %), beginning at ``price``. Every price is on the tick, at least one tick, and the double nearest to its
    decimal text; each candle opens where the one before closed.
    """
    dice = np.random.Generator(np.random.PCG64(seed))
    path = np.log(float(price / tick)) + np.cumsum(dice.normal(0.0, volatility, minutes))
    close = np.maximum(np.rint(np.exp(path)), 1.0)
    opened = np.concatenate(([np.rint(float(price / tick))], close[:-1]))
    wick = np.exp(np.abs(dice.normal(0.0, volatility / 2, (2, minutes))))
    high = np.rint(np.maximum(opened, close) * wick[0])
    low = np.maximum(np.rint(np.minimum(opened, close) / wick[1]), 1.0)
    times = _START + np.arange(minutes, dtype=np.int64) * MINUTE_MS
    return Candles(
        times,
        open=_from_ticks(opened, tick),
        high=_from_ticks(high, tick),
        low=_from_ticks(low, tick),
        close=_from_ticks(close, tick),
        volume=None,
        interval_ms=MINUTE_MS,
        source=f"random walk {seed}",
    )


def _from_ticks(ticks: Prices, tick: Price) -> Prices:
    """``ticks`` times ``tick``; one exact division, so that the result is the double nearest to the decimal."""
    numerator, denominator = Decimal(tick).as_integer_ratio()
    return ticks * numerator / denominator
