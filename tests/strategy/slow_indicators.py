"""The indicators once more, the slow way: loops over floats, written from their definitions."""

from __future__ import annotations

from gridhedge.domain.candles import Candles


def slow_average(candles: Candles, period: int) -> list[float]:
    """Sum of weight times (H + L + 2C) / 4 over the sum of weights 1 … period, the newest weighing most."""
    prices = [
        (high + low + 2 * close) / 4 for high, low, close in zip(candles.high, candles.low, candles.close, strict=True)
    ]
    weights = range(1, period + 1)
    return [
        sum(weight * price for weight, price in zip(weights, prices[end - period : end], strict=True)) / sum(weights)
        for end in range(period, len(prices) + 1)
    ]


def slow_channel_index(candles: Candles, period: int) -> list[float]:
    """(typical price − its mean) / (0.015 × mean absolute deviation from that mean)."""
    typical = [sum(row) / 3 for row in zip(candles.high, candles.low, candles.close, strict=True)]
    found = []
    for end in range(period, len(typical) + 1):
        window = typical[end - period : end]
        mean = sum(window) / period
        deviation = sum(abs(price - mean) for price in window) / period
        found.append(0.0 if deviation == 0 else (window[-1] - mean) / (0.015 * deviation))
    return found


def slow_sar(candles: Candles, step: float, most: float) -> list[float]:
    """Wilder's parabolic, from the second candle on.

    The first trend is down if the low fell by more than the high rose. A SAR never lies inside the last two candles;
    one that is touched turns round at the extreme price of the trend that ends.
    """
    high, low = list(candles.high), list(candles.low)
    fell, rose = low[0] - low[1], high[1] - high[0]
    rises = not (fell > 0 and fell > rose)
    extreme, sar = (high[1], low[0]) if rises else (low[1], high[0])
    factor, found = step, []
    for at in range(1, len(high)):
        before = max(at - 1, 1)
        if (low[at] <= sar) if rises else (high[at] >= sar):
            rises, factor = not rises, step
            sar = _outside(extreme, rises, (low[before], low[at]), (high[before], high[at]))
            found.append(sar)
            extreme = high[at] if rises else low[at]
        else:
            found.append(sar)
            best = max(extreme, high[at]) if rises else min(extreme, low[at])
            if best != extreme:
                extreme, factor = best, min(factor + step, most)
        sar = _outside(sar + factor * (extreme - sar), rises, (low[before], low[at]), (high[before], high[at]))
    return found


def _outside(sar: float, rises: bool, lows: tuple[float, float], highs: tuple[float, float]) -> float:
    return min(sar, *lows) if rises else max(sar, *highs)
