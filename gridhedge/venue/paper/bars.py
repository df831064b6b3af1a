"""Candles of a price that jumps from point to point: every interval has one, a quiet one repeats the last price."""

from __future__ import annotations

from gridhedge.domain.candles import Candles, Timeframe
from gridhedge.domain.values import Millis

__all__ = ["MOST_CANDLES", "Bars"]

MOST_CANDLES = 500
"""So many closed candles are remembered: what ``Venue.candles`` may be asked for."""


class Bars:
    """Follows the points in the order in which the price meets them, from ``at`` on."""

    def __init__(self, timeframe: Timeframe, at: Millis, price: float) -> None:
        self._timeframe = timeframe
        self._opened = timeframe.opened(at)
        self._is_whole = self._opened == at
        """Whether the candle under way has been followed from its beginning."""
        self._high = self._low = self._close = price
        self._times: list[Millis] = []
        self._columns: tuple[list[float], list[float], list[float]] = ([], [], [])

    def see(self, at: Millis, price: float) -> None:
        """The price becomes ``price`` at ``at``."""
        self.reach(at)
        self._high, self._low, self._close = max(self._high, price), min(self._low, price), price

    def reach(self, at: Millis) -> None:
        """Time has come to ``at``: close what is over."""
        while self._opened + self._timeframe.ms <= at:
            if self._is_whole:
                self._times.append(self._opened)
                for column, price in zip(self._columns, (self._high, self._low, self._close), strict=True):
                    column.append(price)
            self._is_whole = True
            self._opened += self._timeframe.ms
            self._high = self._low = self._close
        if len(self._times) >= 2 * MOST_CANDLES:
            for each in (self._times, *self._columns):
                del each[:-MOST_CANDLES]

    def closed(self, at: Millis, limit: int) -> Candles:
        """The last candles that have closed by ``at``."""
        self.reach(at)
        high, low, close = self._columns
        return Candles(self._times[-limit:], high[-limit:], low[-limit:], close[-limit:])
