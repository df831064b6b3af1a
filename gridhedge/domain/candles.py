"""Closed candles, as a venue tells them. Their prices are floats: indicators are computed from them, never money."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from typing import NamedTuple

from gridhedge.domain.values import Millis

_MINUTE_MS = 60_000


class Timeframe(Enum):
    """How long a candle lasts. Candles open at whole multiples of it since the epoch, UTC: a day opens at 00:00."""

    M1 = "1m"
    M5 = "5m"
    M15 = "15m"
    M30 = "30m"
    H1 = "1H"
    H4 = "4H"
    D1 = "1D"

    __hash__ = object.__hash__

    def __init__(self, name: object) -> None:
        minutes = {"1m": 1, "5m": 5, "15m": 15, "30m": 30, "1H": 60, "4H": 240, "1D": 1440}
        self.ms: Millis = minutes[str(name)] * _MINUTE_MS

    def opened(self, at: Millis) -> Millis:
        """When the candle that forms at a moment opened; the one before it has closed then."""
        return at // self.ms * self.ms


class Candles(NamedTuple):
    """Candles of one symbol that have closed, oldest first, in columns of equal length.

    ``times`` are their opening times. A price is the float nearest to the venue's decimal text.
    """

    times: Sequence[Millis]
    high: Sequence[float]
    low: Sequence[float]
    close: Sequence[float]

    def part(self, start: int | None, stop: int | None) -> Candles:
        """The candles from ``start`` to before ``stop``, counted as slices do."""
        cut = slice(start, stop)
        return Candles(self.times[cut], self.high[cut], self.low[cut], self.close[cut])


NO_CANDLES = Candles((), (), (), ())
