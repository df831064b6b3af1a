"""Bybit's prices: the topic ``tickers``, a snapshot and then what has changed, merged into whole pictures."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from decimal import Decimal
from functools import partial

from gridhedge.domain.events import MarketSeen
from gridhedge.domain.values import ZERO, Millis
from gridhedge.venue.bybit.client import open_public
from gridhedge.venue.fields import Malformed, Row, amount, choice, integer, millis, row, word
from gridhedge.venue.keeper import Pace
from gridhedge.venue.prices import PriceSource, PriceStreams

__all__ = ["PUBLIC_PACE", "Tickers", "price_streams"]

PUBLIC_PACE = Pace(attempts=10, pongs_count=False)
_PRICES = ("bid1Price", "ask1Price", "lastPrice", "markPrice")
_KINDS = {"snapshot": True, "delta": False}


class _Ticker:
    """A symbol's prices, merged from a snapshot and deltas. Each price remembers the sequence number it came with, so
    that a message that comes late overwrites nothing newer."""

    def __init__(self) -> None:
        self.prices: dict[str, tuple[int, Decimal]] = {}

    def merge(self, data: Row, sequence: int, is_snapshot: bool) -> None:
        """Raises Malformed before anything has been changed."""
        news = {name: amount(data, name, empty=ZERO) for name in _PRICES if name in data}
        if is_snapshot:
            if len(news) < len(_PRICES):
                raise Malformed("Bybit: a ticker snapshot lacks a price")
            self.prices = {name: (sequence, price) for name, price in news.items()}
            return
        for name, price in news.items():
            if name in self.prices and self.prices[name][0] <= sequence:
                self.prices[name] = (sequence, price)

    def seen(self, symbol: str, at: Millis) -> MarketSeen | None:
        """None while a price is missing: before the snapshot, or when a side of the order book is empty."""
        bid, ask, last, mark = (self.prices.get(name, (0, ZERO))[1] for name in _PRICES)
        return MarketSeen(symbol, bid, ask, last, mark, at) if bid and ask and last and mark else None


class Tickers:
    """Turns messages of the public stream into the prices of ``symbols``. It never raises for what a message holds."""

    def __init__(self, symbols: Sequence[str], log: logging.Logger) -> None:
        self._tickers = {symbol: _Ticker() for symbol in symbols}
        self._log = log

    def read(self, message: object) -> MarketSeen | None:
        """A symbol's prices after this message. One that can not be read is dropped: the next one is near."""
        try:
            frame = row(message, "message")
            symbol = word(frame, "topic").removeprefix("tickers.")
            if symbol not in self._tickers:
                return None
            data = row(frame.get("data"), "data")
            if data.get("symbol", symbol) != symbol:
                raise Malformed(f"Bybit: prices of {ascii(data['symbol'])[:40]} under the name of {symbol}")
            at = millis(frame, "ts")
            ticker = self._tickers[symbol]
            ticker.merge(data, integer(frame, "cs", 0, 1 << 62), choice(frame, "type", _KINDS))
        except Malformed as error:
            self._log.warning("dropped a public message: %s", error)
            return None
        return ticker.seen(symbol, at)


def price_streams(
    endpoint: str, log: logging.Logger, pace: Pace = PUBLIC_PACE, timeout_s: float = 10.0
) -> PriceStreams:
    """The public streams at a practice exchange's address, or at Bybit's own (``endpoint`` empty): demo accounts trade
    at the live side's prices and share them. ``log`` belongs to no account: each of them may leave before the others.
    """

    def source(symbols: Sequence[str]) -> PriceSource:
        topics = tuple(f"tickers.{symbol}" for symbol in symbols)
        return PriceSource(topics, partial(open_public, endpoint, timeout_s), Tickers(symbols, log).read)

    return PriceStreams(source, pace, log)
