"""Candles of a replay: all of them are known, and only those are woken up for from which something could follow."""

from __future__ import annotations

import sys
from bisect import bisect_right
from math import inf

import numpy as np

from gridhedge.domain.candles import Candles
from gridhedge.domain.values import Millis, Side
from gridhedge.engine.candles import GRACE_MS, CandleWatch
from gridhedge.engine.desk import Desk
from gridhedge.engine.ports import Clock, Venue
from gridhedge.strategy.view import CandleReader
from gridhedge.venue.paper.candle_feed import Search


class ForeknownCandles(CandleWatch):
    """What the whole series says is computed at once. Each candle is told at the moment at which it is live, and passed
    over where its signal is not awaited."""

    def __init__(self, desk: Desk, reader: CandleReader, candles: Candles, clock: Clock) -> None:
        super().__init__(desk.symbol, reader)
        self._desk = desk
        self._clock = clock
        self._signals = reader.read_all(candles)
        self._speaking: dict[tuple[Side, ...], list[int]] = {}
        """The candles that have a signal for these sides."""
        self._times = [opened + self.timeframe.ms + GRACE_MS for opened in candles.times]
        """When each candle is told."""
        close = np.asarray(candles.close)
        self._closes = Search(close, close)
        self._seen = -1
        """The newest candle that has been told."""
        self._next = self._told_at(0)

    @property
    def due(self) -> Millis:
        awaited = self._desk.awaited(self._clock.now())
        if awaited is None:
            return self._next
        places = self._speaking.get(awaited.sides)
        if places is None:
            places = self._speaking[awaited.sides] = self._signals.speaking(awaited.sides)
        following = bisect_right(places, self._seen)
        last = places[following] if following < len(places) else len(self._times)
        if awaited.below is not None or awaited.above is not None:
            below = -inf if awaited.below is None else float(awaited.below)
            above = inf if awaited.above is None else float(awaited.above)
            found = self._closes.first(self._seen + 1, last, below, above)
            last = last if found < 0 else found
        return self._told_at(last)

    def look(self, venue: Venue, now: Millis) -> bool:
        self._seen = bisect_right(self._times, now) - 1
        self._next = self._told_at(self._seen + 1)
        self.signal = self._signals.seen(self._symbol, self._seen, self._times[self._seen])
        return True

    def _told_at(self, place: int) -> Millis:
        return self._times[place] if place < len(self._times) else sys.maxsize
