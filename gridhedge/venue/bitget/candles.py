"""Closed candles from Bitget's public endpoint, which is the same for both generations of accounts."""

from __future__ import annotations

from gridhedge.domain.candles import Candles, Timeframe
from gridhedge.domain.values import Millis
from gridhedge.venue.bitget.client import Client
from gridhedge.venue.fields import Malformed, Row, amount, millis

__all__ = ["closed"]

_GRANULARITIES = {timeframe: timeframe.value for timeframe in Timeframe} | {Timeframe.D1: "1Dutc"}
"""A day without ``utc`` opens at 16:00 UTC."""
_PRODUCT = "USDT-FUTURES"
_COLUMNS = ("time", "open", "high", "low", "close")


def closed(client: Client, symbol: str, timeframe: Timeframe, limit: int) -> Candles:
    """The last ``limit`` candles that have closed. Raises VenueError."""
    answer = client.look(
        "v2/mix/market/candles",
        symbol=symbol,
        productType=_PRODUCT,
        granularity=_GRANULARITIES[timeframe],
        limit=limit + 1,
    )
    if not isinstance(answer.data, list):
        raise Malformed("the list of candles is not a list")
    bars = sorted(_bar(symbol, item) for item in answer.data)
    ended = [bar for bar in bars if bar[0] % timeframe.ms == 0 and bar[0] + timeframe.ms <= answer.at][-limit:]
    times, high, low, close = zip(*ended, strict=True) if ended else ((),) * 4
    return Candles(times, high, low, close)


def _bar(symbol: str, item: object) -> tuple[Millis, float, float, float]:
    if not isinstance(item, list) or len(item) < len(_COLUMNS):
        raise Malformed(f"a candle of {symbol} has not {len(_COLUMNS)} columns")
    named: Row = dict(zip(_COLUMNS, item, strict=False))
    open_, high, low, close = (amount(named, name, positive=True) for name in _COLUMNS[1:])
    if not low <= min(open_, close) <= max(open_, close) <= high:
        raise Malformed(f"a candle of {symbol} has its open or close outside of low and high")
    return millis(named, "time"), float(high), float(low), float(close)
