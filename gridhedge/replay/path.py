"""The prices that an account lives through in a replay: both extremes of every candle, in the order in which the
candle's path meets them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from gridhedge.domain.values import Millis
from gridhedge.replay.candles import Candles, Prices, Times


def aligned(candles: Sequence[Candles]) -> list[Candles]:
    """The candles of several symbols on one time grid. Where one has no candle its last close stands still; before its
    first candle its first opening price does."""
    first = candles[0]
    if all(np.array_equal(first.times, other.times) and first.interval_ms == other.interval_ms for other in candles):
        return list(candles)
    grid = np.unique(np.concatenate([each.times for each in candles]))
    interval = min(each.interval_ms for each in candles)
    return [_on_grid(each, grid, interval) for each in candles]


def _on_grid(candles: Candles, grid: Times, interval: Millis) -> Candles:
    place = np.searchsorted(candles.times, grid, "right") - 1
    own = place >= 0
    place = np.maximum(place, 0)
    own &= candles.times[place] == grid
    still = np.where(grid < candles.times[0], candles.open[0], candles.close[place])
    return replace(
        candles,
        times=grid,
        open=np.where(own, candles.open[place], still),
        high=np.where(own, candles.high[place], still),
        low=np.where(own, candles.low[place], still),
        close=np.where(own, candles.close[place], still),
        volume=None,
        interval_ms=interval,
    )


def legs(interval: Millis) -> tuple[Millis, Millis]:
    """How long after its opening a candle is at its first and at its second extreme: its path has three legs of equal
    duration, from the open to the nearer extreme, to the farther one, and to the close."""
    return interval // 3, interval * 2 // 3


def extremes_before(times: Times, interval: Millis, moments: Times) -> npt.NDArray[np.int64]:
    """How many extremes of these candles lie before each moment."""
    candle = np.searchsorted(times, moments, "right") - 1
    late = moments - times[np.maximum(candle, 0)]
    first, second = legs(interval)
    count = 2 * candle + (late > first) + (late > second)
    return np.where(candle < 0, 0, count)


def extremes(candles: Candles, part: slice) -> Prices:
    """Two prices per candle: the extreme nearer to its open (the low if both are as far), then the other one."""
    opened, high, low = candles.open[part], candles.high[part], candles.low[part]
    high_first = high - opened < opened - low
    points = np.empty((len(opened), 2))
    points[:, 0] = np.where(high_first, high, low)
    points[:, 1] = np.where(high_first, low, high)
    return points.reshape(-1)
