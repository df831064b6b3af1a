"""Recorded candles as a path: open, one extreme, the other extreme, close. The only module here that needs NumPy.

Where nothing is due the candles are not stepped through: minima and maxima of blocks of candles tell which block can
hold the next event. A hit costs the same however many years were skipped, up to a scan over the blocks.
"""

from __future__ import annotations

from bisect import bisect_right
from decimal import Decimal
from typing import Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from gridhedge.domain.candles import NO_CANDLES, Candles, Timeframe
from gridhedge.domain.errors import UsageError
from gridhedge.domain.values import Millis, Price
from gridhedge.venue.paper.feed import Cursor, Leg, price_at

__all__ = ["CandleFeed", "CandlePath", "Search"]

CandlePath: TypeAlias = Literal["nearer", "farther", "low", "high"]
"""Which extreme comes first: the one nearer to the open (the low where both are as far), the farther, low or high."""

_Prices: TypeAlias = npt.NDArray[np.float64]
_WINDOW = 512
"""Candles looked through at once before blocks are asked: as cheap as a few, and a day's third at one minute."""
_BLOCK = 256
_SUPER = 64


class _Path:
    """One candle's four points in the order in which the price meets them; decimals are made when asked for."""

    __slots__ = ("_prices", "candle", "sizes", "times")

    def __init__(self, candle: int, times: tuple[Millis, ...], sizes: tuple[float, ...]) -> None:
        self.candle = candle
        self.times = times
        self.sizes = sizes
        self._prices: list[Price | None] = [None, None, None, None]

    def price(self, point: int) -> Price:
        price = self._prices[point]
        if price is None:
            price = self._prices[point] = Decimal(repr(self.sizes[point]))
        return price

    def leg(self, number: int) -> Leg:
        """The leg that ends at a point; the first one is the jump to the open."""
        ends, target = self.times[number], self.price(number)
        if number == 0:
            return Leg(4 * self.candle, ends, ends, target, target, True)
        return Leg(4 * self.candle + number, self.times[number - 1], ends, self.price(number - 1), target, False)


class CandleFeed:
    """A price on recorded candles (``times`` are opening times in ms; all five arrays equally long, oldest first).

    It opens at the first candle's open and ends with the last candle's close, a millisecond before the candle's end.
    """

    def __init__(
        self,
        times: npt.NDArray[np.int64],
        open: _Prices,
        high: _Prices,
        low: _Prices,
        close: _Prices,
        interval_ms: Millis,
        path: CandlePath = "nearer",
    ) -> None:
        if len(times) == 0 or not (len(times) == len(open) == len(high) == len(low) == len(close)):
            raise UsageError("a candle feed needs five arrays of the same length, at least one candle")
        assert interval_ms >= 4, "a candle must last at least four milliseconds"
        self._search = Search(np.ascontiguousarray(low, dtype=np.float64), np.ascontiguousarray(high, dtype=np.float64))
        self._times = np.ascontiguousarray(times, dtype=np.int64).data
        self._open, self._high, self._low, self._close = (
            np.ascontiguousarray(array, dtype=np.float64).data for array in (open, high, low, close)
        )
        self._interval = interval_ms
        self._first_extreme = path
        self.end: Millis | None = self._times[-1] + interval_ms - 1
        self._here = self._found = self._decode(0)
        """The candle in which the price is, and the one that ``seek`` found last."""
        self._leg = 1
        """The leg of this candle that is under way or comes next; 4 when the candle is over."""
        self.at: Millis = self._times[0]
        self.price: Price = self._here.price(0)
        self._joined: dict[Timeframe, Candles] = {}
        """The whole series in the timeframes that have been asked for."""
        self._horizon = (self.at, 0)
        """A moment asked about, and the last candle that has opened by then."""

    @property
    def number(self) -> int:
        here, leg = self._here, self._leg
        return 4 * here.candle + (leg - 1 if leg and self.at <= here.times[leg - 1] else leg)

    def seek(self, below: float, above: float, until: Millis) -> Leg | None:
        here = self._here
        for number in range(self._leg, 4):
            size = here.sizes[number]
            if size <= below or size >= above:
                return here.leg(number)
        last = self._candle_at(until)
        found = self._search.first(here.candle + 1, last + 1, below, above)
        if found < 0:
            return None
        if self._found.candle != found:
            self._found = self._decode(found)
        sizes = self._found.sizes
        number = 0
        while not (sizes[number] <= below or sizes[number] >= above):
            number += 1
        return self._found.leg(number)

    def move(self, leg: Leg, at: Millis, price: Price) -> None:
        index, number = divmod(leg.number, 4)
        self._enter(index)
        self._leg = number + 1 if price == leg.target and at >= leg.ends else number
        self.at = at
        self.price = price

    def pass_to(self, until: Millis) -> None:
        self._enter(self._candle_at(until))
        here = self._here
        number = self._leg
        while number < 4 and here.times[number] <= until:
            number += 1
        self._leg = number
        if number == 4:
            self.price = here.price(3)
        elif number > 0:
            passed = price_at(here.leg(number), until)
            # An event may have stopped the price beyond the point to which this moment is cut: never go back.
            started = self.price if self.at >= here.times[number - 1] else here.price(number - 1)
            rises = here.price(number) > started
            self.price = max(passed, started) if rises else min(passed, started)
        self.at = until

    def candles(self, timeframe: Timeframe, limit: int) -> Candles:
        """Raises what ``series`` raises."""
        joined = self.series(timeframe)
        stop = bisect_right(joined.times, self.at - timeframe.ms)
        return joined.part(max(stop - limit, 0), stop)

    def series(self, timeframe: Timeframe) -> Candles:
        """The candles of the whole path. Raises UsageError where the recorded ones can not be joined into such ones."""
        joined = self._joined.get(timeframe)
        if joined is None:
            joined = self._joined[timeframe] = self._join(timeframe)
        return joined

    def _join(self, timeframe: Timeframe) -> Candles:
        """The whole series in longer candles. What begins in the middle of one is not part of any."""
        if timeframe.ms % self._interval:
            raise UsageError(
                f"candles of {timeframe.value} can not be made of recorded ones of {self._interval // 60_000} minutes; "
                "choose a longer timeframe, or give finer data"
            )
        opened = np.asarray(self._times) // timeframe.ms * timeframe.ms
        starts = np.flatnonzero(np.diff(opened, prepend=-1))
        if self._times[0] != opened[0]:
            starts = starts[1:]
        if not len(starts):
            return NO_CANDLES
        last = np.append(starts[1:], len(opened)) - 1
        return Candles(
            opened[starts].data,
            np.maximum.reduceat(self._high, starts).data,
            np.minimum.reduceat(self._low, starts).data,
            np.asarray(self._close)[last].data,
        )

    def cursor(self) -> Cursor:
        here = self._here
        return {
            "at": self.at,
            "price": str(self.price),
            "candle": here.candle,
            "opened": here.times[0],
            "leg": self._leg,
        }

    def restore(self, cursor: Cursor) -> None:
        """Only for a feed of the same candles as the one whose cursor this is; UsageError if they are not."""
        candle = cursor["candle"]
        if candle >= len(self._times) or self._times[candle] != cursor["opened"]:
            raise UsageError(
                "the kept paper exchange stands in other candles than these: give it the same data file, or remove it"
            )
        self._here = self._found = self._decode(candle)
        self._leg = cursor["leg"]
        self.at = cursor["at"]
        self.price = Decimal(cursor["price"])

    def _enter(self, index: int) -> None:
        if index != self._here.candle:
            assert index > self._here.candle, "a feed never goes back"
            self._here = self._found if self._found.candle == index else self._decode(index)
            self._leg = 0

    def _candle_at(self, at: Millis) -> int:
        """The last candle that has opened by ``at``."""
        if self._horizon[0] != at:
            # Without gaps in the data the first guess is right.
            guess = self._here.candle + (at - self._here.times[0]) // self._interval
            count = len(self._times)
            if not (0 <= guess < count - 1 and self._times[guess] <= at < self._times[guess + 1]):
                guess = bisect_right(self._times, at) - 1
            self._horizon = (at, guess)
        return self._horizon[1]

    def _decode(self, index: int) -> _Path:
        first, high, low, last = self._open[index], self._high[index], self._low[index], self._close[index]
        way = self._first_extreme
        if way == "nearer":
            low_first = first - low <= high - first
        elif way == "farther":
            low_first = first - low > high - first
        else:
            low_first = way == "low"
        sizes = (first, low, high, last) if low_first else (first, high, low, last)
        start, span = self._times[index], self._interval
        return _Path(index, (start, start + span // 3, start + span * 2 // 3, start + span - 1), sizes)


class Search:
    """Finds the first candle whose low or high reaches a bound: window, block, super-block."""

    def __init__(self, low: _Prices, high: _Prices) -> None:
        self._levels = [(low, high)]
        for size in (_BLOCK, _SUPER):
            lows, highs = self._levels[-1]
            starts = np.arange(0, len(lows), size)
            self._levels.append((np.minimum.reduceat(lows, starts), np.maximum.reduceat(highs, starts)))
        self._quiet: tuple[float, float, int, int] = (0.0, 0.0, 0, 0)
        """(below, above, from, to): no candle in [from, to) reaches these bounds or wider ones."""

    def first(self, start: int, stop: int, below: float, above: float) -> int:
        """The first candle in [start, stop) with low <= below or high >= above; -1 if there is none."""
        if start >= stop:
            return -1
        low, high, quiet_from, quiet_to = self._quiet
        begin = start
        if quiet_from <= start <= quiet_to and below <= low and above >= high:
            begin = quiet_to
            if begin >= stop:
                return -1
        else:
            quiet_from = start
        found = self._scan(0, begin, min(begin + _WINDOW, stop), below, above)
        if found < 0 and begin + _WINDOW < stop:
            found = self._climb(begin + _WINDOW, stop, below, above)
        self._quiet = (below, above, quiet_from, stop if found < 0 else found)
        return found

    def _climb(self, start: int, stop: int, below: float, above: float) -> int:
        """Candle by candle to the end of the block, block by block to the end of the super-block, and down again."""
        edge = min(-(-start // _BLOCK) * _BLOCK, stop)
        found = self._scan(0, start, edge, below, above)
        if found >= 0 or edge >= stop:
            return found
        first, last = edge // _BLOCK, -(-stop // _BLOCK)
        edge = min(-(-first // _SUPER) * _SUPER, last)
        block = self._scan(1, first, edge, below, above)
        if block < 0 and edge < last:
            top = self._scan(2, edge // _SUPER, -(-last // _SUPER), below, above)
            if top < 0:
                return -1
            block = self._scan(1, top * _SUPER, min((top + 1) * _SUPER, last), below, above)
        if block < 0:
            return -1
        return self._scan(0, block * _BLOCK, min((block + 1) * _BLOCK, stop), below, above)

    def _scan(self, level: int, start: int, stop: int, below: float, above: float) -> int:
        if start >= stop:
            return -1
        lows, highs = self._levels[level]
        reached: Any = lows[start:stop] <= below
        reached |= highs[start:stop] >= above
        offset = int(reached.argmax())
        return start + offset if reached[offset] else -1
