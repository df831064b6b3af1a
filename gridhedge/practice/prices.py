"""Where the prices of a practice exchange come from: recorded candles or a seeded walk, as feed and as past."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any, NamedTuple, TypeAlias

from gridhedge.domain.errors import UsageError
from gridhedge.domain.values import Millis, Price
from gridhedge.venue.paper.feed import Feed
from gridhedge.venue.paper.instruments import instrument, listing
from gridhedge.venue.paper.market import Listing
from gridhedge.venue.paper.synthetic import SyntheticFeed

__all__ = ["Past", "PastRow", "Prices", "RecordedCandles", "synthetic"]

PastRow: TypeAlias = tuple[Millis, Price, Price, Price, Price, Decimal]
"""Opening time, open, high, low, close, volume."""


class Past(NamedTuple):
    """Candles that were recorded. ``rows(first, last)`` gives those that open in [first, last), oldest first."""

    interval: Millis
    first: Millis
    """When the first of them opens."""
    rows: Callable[[Millis, Millis], list[PastRow]]


class Prices(NamedTuple):
    """The prices of one symbol. ``feed(begin)`` makes a new feed of the same prices, each time it is called."""

    symbol: str
    source: str
    """Names the data, so that an exchange kept on disk is not continued on other prices."""
    begin: Millis | None
    """Where the data begins; None: wherever it is told to."""
    feed: Callable[[Millis], Feed]
    past: Past | None = None

    def listing(self, rules: str, begin: Millis, band: Decimal | None) -> Listing:
        """The symbol under a venue's rules and fees, on a feed of its own."""
        bare = listing(rules, self.symbol, self.feed(begin), None)
        return bare._replace(price_band=band, margin_holds_fees=rules == "bybit")


def synthetic(symbol: str, price: Price, seed: int, rules: str = "bybit", volatility_ppm: int = 400) -> Prices:
    """A seeded walk with one step a second; it begins when the exchange is first started."""
    tick = instrument(rules, symbol).tick_size
    return Prices(
        symbol,
        f"synthetic {price:f} seed {seed}, {volatility_ppm} ppm a second",
        None,
        lambda begin: SyntheticFeed(seed, begin, price, tick, volatility_ppm=volatility_ppm),
    )


class RecordedCandles:
    """Candles as equally long columns (times in ms, floats of the file's digits), of which a part lies in the past.

    Trading begins with the first candle that opens at ``begin`` or later; those before it are history at once.
    """

    def __init__(
        self,
        symbol: str,
        source: str,
        times: Any,
        columns: tuple[Any, Any, Any, Any],
        volume: Any | None,
        interval: Millis,
        begin: Millis | None = None,
    ) -> None:
        self._times, self._columns, self._volume = times, columns, volume
        self._interval = interval
        self._first = 0 if begin is None else int(times.searchsorted(begin))
        if self._first >= len(times):
            raise UsageError(f"{source}: no candle opens that late; choose a start inside the file")
        self.prices = Prices(
            symbol, source, int(times[self._first]), self._feed, Past(interval, int(times[0]), self._rows)
        )

    def _feed(self, begin: Millis) -> Feed:
        from gridhedge.venue.paper.candle_feed import CandleFeed

        first = self._first
        open, high, low, close = (column[first:] for column in self._columns)
        return CandleFeed(self._times[first:], open, high, low, close, self._interval)

    def _rows(self, first: Millis, last: Millis) -> list[PastRow]:
        start, stop = (int(index) for index in self._times.searchsorted((first, last)))
        return [self._row(index) for index in range(start, stop)]

    def _row(self, index: int) -> PastRow:
        open, high, low, close = (Decimal(repr(float(column[index]))) for column in self._columns)
        volume = Decimal(0) if self._volume is None else Decimal(repr(float(self._volume[index])))
        return int(self._times[index]), open, high, low, close, volume
