"""Candles from Binance's public endpoint: no keys, 1,500 per request."""

from __future__ import annotations

import time
from collections.abc import Mapping
from decimal import Decimal
from typing import TypeAlias

from gridhedge.domain.candles import Candles, Timeframe
from gridhedge.domain.errors import RateLimited, Refused
from gridhedge.domain.values import Millis
from gridhedge.venue.binance.client import Answer, Client
from gridhedge.venue.clock import ServerClock
from gridhedge.venue.fields import Malformed, Row, amount, millis, row, rows

__all__ = ["Bar", "BinanceCandles", "closed"]

_MINUTE: Millis = 60_000
_CODES: Mapping[Millis, str] = {
    **{minutes * _MINUTE: f"{minutes}m" for minutes in (1, 3, 5, 15, 30)},
    **{hours * 60 * _MINUTE: f"{hours}h" for hours in (1, 2, 4, 6, 8, 12)},
    1440 * _MINUTE: "1d",
}
_COLUMNS = ("time", "open", "high", "low", "close", "volume")
_LONGEST_SILENCE_MS = 60_000

Bar: TypeAlias = tuple[Millis, Decimal, Decimal, Decimal, Decimal, Decimal]
"""Opening time, open, high, low, close, volume."""


class BinanceCandles:
    """Candles of USDⓈ-M perpetuals. Every method raises VenueError."""

    name = "binance"
    page_size = 1500
    intervals = tuple(_CODES)

    def __init__(self, client: Client, clock: ServerClock) -> None:
        self._client = client
        self._clock = clock

    def first(self, symbol: str) -> Millis:
        """Since when the symbol is listed. Raises Refused when it is not."""
        listed = rows(row(self._read("futures_exchange_info").body, "exchange"), "symbols")
        for item in listed:
            if item.get("symbol") == symbol:
                return millis(item, "onboardDate")
        raise Refused(f"{symbol} is not listed at Binance; correct the symbol")

    def newest(self, symbol: str, interval: Millis) -> Millis | None:
        """When the newest candle opened, which is still forming; None where there is none."""
        found = self._bars(symbol, interval, limit=1)
        return found[-1][0] if found else None

    def page(self, symbol: str, interval: Millis, first: Millis, last: Millis) -> list[Bar]:
        """The candles that open in [first, last], at most ``page_size``, oldest first."""
        found = self._bars(symbol, interval, startTime=first, endTime=last, limit=self.page_size)
        return [bar for bar in found if first <= bar[0] <= last]

    def close(self) -> None:
        self._client.close()

    def _bars(self, symbol: str, interval: Millis, **window: int) -> list[Bar]:
        return _bars(symbol, self._read("futures_klines", symbol=symbol, interval=_CODES[interval], **window))

    def _read(self, method: str, **query: object) -> Answer:
        """Waits as long as the venue asks for, once, if that is not too long."""
        try:
            return self._client.read(method, **query)
        except RateLimited as limited:
            ahead = limited.until - self._clock.now()
            if ahead > _LONGEST_SILENCE_MS:
                raise
            time.sleep(max(ahead, 0) / 1000)
            return self._client.read(method, **query)


def closed(client: Client, symbol: str, timeframe: Timeframe, limit: int, now: Millis) -> Candles:
    """The last ``limit`` candles that have closed by ``now``. Raises VenueError."""
    code = _CODES[timeframe.ms]
    answer = client.read("futures_klines", symbol=symbol, interval=code, limit=limit + 1)
    ended = [bar for bar in _bars(symbol, answer) if bar[0] + timeframe.ms <= now][-limit:]
    times, _, high, low, close, _ = zip(*ended, strict=True) if ended else ((),) * len(_COLUMNS)
    return Candles(times, tuple(map(float, high)), tuple(map(float, low)), tuple(map(float, close)))


def _bars(symbol: str, answer: Answer) -> list[Bar]:
    if not isinstance(answer.body, list):
        raise Malformed("the list of candles is not a list")
    return sorted(_bar(symbol, item) for item in answer.body)


def _bar(symbol: str, item: object) -> Bar:
    if not isinstance(item, list) or len(item) < len(_COLUMNS):
        raise Malformed(f"a candle of {symbol} has not {len(_COLUMNS)} columns")
    named: Row = dict(zip(_COLUMNS, item, strict=False))
    open_, high, low, close = (amount(named, name, positive=True) for name in ("open", "high", "low", "close"))
    if not low <= min(open_, close) <= max(open_, close) <= high:
        raise Malformed(f"a candle of {symbol} has its open or close outside of low and high")
    return millis(named, "time"), open_, high, low, close, amount(named, "volume")
