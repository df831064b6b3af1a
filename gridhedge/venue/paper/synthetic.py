"""A seeded market without data: calm, lively and trending stretches, and now and then a jump.

Integer arithmetic only, and every random number is a function of seed and step: the same seed gives the same prices on
every machine and Python version, and a step number, a price and a regime are all that a restart needs.
"""

from __future__ import annotations

from decimal import Decimal

from gridhedge.domain.values import Millis, Price
from gridhedge.venue.paper.feed import Cursor, PointFeed

__all__ = ["SyntheticFeed"]

_MASK = (1 << 64) - 1
_SCALE = 1000
"""The walk counts in thousandths of a tick, so that rounding does not stop small moves."""
_DEVIATION = 37837
"""Standard deviation of a sum of four uniform 16-bit numbers: sqrt(4 x 65536^2 / 12)."""
# (share of the volatility in percent, drift in percent of it per step)
_REGIMES = ((50, 0), (150, 0), (100, 12), (100, -12))


def _mix(number: int) -> int:
    """64 well-mixed bits of a counter (the finaliser of SplitMix64, Steele, Lea and Flood 2014)."""
    number = (number ^ (number >> 30)) * 0xBF58476D1CE4E5B9 & _MASK
    number = (number ^ (number >> 27)) * 0x94D049BB133111EB & _MASK
    return number ^ (number >> 31)


class SyntheticFeed(PointFeed):
    """A seeded walk around ``price``, one point every ``step_ms``.

    ``volatility_ppm`` is the standard deviation of a step in millionths of the price; a weak pull towards the first
    price keeps long runs near it.
    """

    def __init__(
        self,
        seed: int,
        start_ms: Millis,
        price: Price,
        tick_size: Price,
        step_ms: Millis = 1000,
        volatility_ppm: int = 400,
    ) -> None:
        self._tick = tick_size
        self._home = int(price / tick_size) * _SCALE
        assert self._home > 0, "a synthetic feed needs a price of at least one tick"
        assert step_ms > 0, "a synthetic feed needs a positive step"
        super().__init__(start_ms, self._home // _SCALE * tick_size)
        self._seed = _mix((seed + 1) * 0x9E3779B97F4A7C15 & _MASK)
        self._path = seed, start_ms, price, tick_size, step_ms, volatility_ppm
        self._start = start_ms
        self._step = step_ms
        self._volatility = volatility_ppm
        # The walk may run ahead of the position: these belong to the last point made.
        self._index = 0
        self._level = self._home
        self._regime = 1
        self._reached = (0, self._home, 1)

    def _again(self) -> SyntheticFeed:
        return SyntheticFeed(*self._path)

    def cursor(self) -> Cursor:
        index, level, regime = self._state_reached()
        return {"at": self.at, "price": str(self.price), "index": index, "level": level, "regime": regime}

    def restore(self, cursor: Cursor) -> None:
        self.at = cursor["at"]
        self.price = Decimal(cursor["price"])
        self._index, self._level, self._regime = cursor["index"], cursor["level"], cursor["regime"]
        self._reached = (self._index, self._level, self._regime)
        self._points.clear()
        self._next = 0
        self._number = self._index

    def _state_reached(self) -> tuple[int, int, int]:
        """The walk's state at the last point reached, walked again from the last state asked for."""
        ahead = self._index, self._level, self._regime
        self._index, self._level, self._regime = self._reached
        reached = self._number + self._next
        while self._index < reached:
            self._walk()
        self._reached = self._index, self._level, self._regime
        self._index, self._level, self._regime = ahead
        return self._reached

    def _extend(self) -> bool:
        self._walk()
        self._add(self._start + self._index * self._step, max(1, self._level // _SCALE) * self._tick)
        return True

    def _walk(self) -> None:
        self._index += 1
        bits = _mix(self._seed + 2 * self._index * 0x9E3779B97F4A7C15 & _MASK)
        chance = _mix(self._seed + (2 * self._index + 1) * 0x9E3779B97F4A7C15 & _MASK)
        if chance % 240 == 0:
            self._regime = (chance >> 32) % 4
        share, drift = _REGIMES[self._regime]
        bell = (bits & 0xFFFF) + (bits >> 16 & 0xFFFF) + (bits >> 32 & 0xFFFF) + (bits >> 48) - 131070
        # In thousandths of a millionth of the price.
        move = bell * self._volatility * share * 10 // _DEVIATION + drift * self._volatility * 10
        if chance >> 20 & 1023 == 0:
            move += (1 if chance >> 40 & 1 else -1) * self._volatility * 1000 * (10 + (chance >> 41 & 15))
        move -= self._volatility * 4 * (self._level - self._home) // self._home
        self._level = max(_SCALE, self._level + self._level * move // 1_000_000_000)
