"""Closed candles on their way to a strategy: asked for at the start and after every close, until they are there."""

from __future__ import annotations

import sys

from gridhedge.domain.errors import RateLimited, VenueError
from gridhedge.domain.events import SignalSeen
from gridhedge.domain.values import Millis
from gridhedge.engine.ports import Venue
from gridhedge.strategy.view import CandleReader

GRACE_MS: Millis = 2_000
"""So long after a close a venue may still count trades of the candle."""
_FIRST_PAUSE_MS: Millis = 1_000
_AFTER_ERROR_MS: Millis = 5_000


class CandleWatch:
    """One symbol's candles."""

    def __init__(self, symbol: str, reader: CandleReader) -> None:
        self._symbol = symbol
        self._reader = reader
        self.timeframe = reader.timeframe
        self._newest: Millis = 0
        """When the newest candle that was read has closed."""
        self._pause = _FIRST_PAUSE_MS
        self._next: Millis = 0
        self.signal: SignalSeen | None = None
        """What the newest candle said."""

    @property
    def due(self) -> Millis:
        """When to wake up for a candle."""
        return self._next

    def is_due(self, now: Millis) -> bool:
        """Whether to ``look``."""
        return self._next <= now

    def hold(self, signal: SignalSeen) -> None:
        """Ask no more: this is what candles say (a walk that has none)."""
        self.signal, self._next = signal, sys.maxsize

    def look(self, venue: Venue, now: Millis) -> bool:
        """Read the venue's candles; True if there is a newer one. Raises VenueError: it will be tried again.

        A candle that is not there yet is asked for again, less and less often; one that never comes (an outage of the
        venue) until the next has closed.
        """
        frame = self.timeframe
        opened = frame.opened(now - GRACE_MS)
        following = opened + frame.ms + GRACE_MS
        try:
            candles = venue.candles(self._symbol, frame, self._reader.limit)
        except VenueError as error:
            self._next = max(error.until, now + 1) if isinstance(error, RateLimited) else now + _AFTER_ERROR_MS
            raise
        if len(candles.times) and candles.times[-1] >= opened:
            candles = candles.part(0, -1)  # it has closed this very moment, and may not be final
        newest = candles.times[-1] + frame.ms if len(candles.times) else 0
        if newest >= opened:
            self._next, self._pause = following, _FIRST_PAUSE_MS
        else:
            self._next, self._pause = min(now + self._pause, following), 2 * self._pause
        if newest <= self._newest:
            return False
        self._newest = newest
        self.signal = self._reader.read(self._symbol, candles, now)
        return True
