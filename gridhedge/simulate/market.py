"""The price of a simulated world: a seeded walk that can be made to gap, to spike, to freeze and to rest."""

from __future__ import annotations

from decimal import Decimal

from gridhedge.domain.values import Millis, Price
from gridhedge.simulate.dice import Dice
from gridhedge.venue.paper.feed import PointFeed

__all__ = ["WildFeed"]

_SCALE = 1000
"""The walk counts in thousandths of a tick."""
_BELL_MEAN = 131_070
_BELL_DEVIATION = 37_837
_MOST_SPIKES = 20
"""Within a second. A spike may answer a request, and the bot answers a spike: without a bound both never end."""


class WildFeed(PointFeed):
    """A new price every ``step_ms``; ``volatility_ppm`` is the standard deviation of a step in millionths."""

    def __init__(self, dice: Dice, at: Millis, price: Price, tick: Price, step_ms: Millis, volatility_ppm: int) -> None:
        super().__init__(at, price)
        self._dice = dice
        self._tick = tick
        self._step_ms = step_ms
        self._volatility = volatility_ppm
        self._home = self._level = int(price / tick) * _SCALE
        self._made_at = at
        self._frozen_until: Millis = 0
        self._is_calm = False
        self._spikes = (0, 0)
        """The second of the last one, and how many there were in it."""

    def gap(self, per_mille: int) -> None:
        """The next price lies this much higher (lower where negative)."""
        self._level = self._bounded(self._level + self._level * per_mille // 1000)

    def spike(self, *prices: Price) -> None:
        """The price is for a moment, one after the other, at each of these, and then where it was."""
        second, times = self._spikes
        times = times + 1 if second == self.at // 1000 else 1
        self._spikes = (self.at // 1000, times)
        if times > _MOST_SPIKES:
            return
        for offset, price in enumerate((*prices, self.price)):
            self._add(self.at, price)
            self._points.insert(self._next + offset, self._points.pop())

    def freeze(self, until: Millis) -> None:
        self._frozen_until = until

    def calm(self) -> None:
        """From now on the price stays where it is."""
        self._is_calm = True
        self._level = int(self.price / self._tick) * _SCALE
        del self._points[self._next :]
        self._made_at = max(self._made_at, self.at)

    def _extend(self) -> bool:
        self._made_at += self._step_ms
        if not self._is_calm and self._made_at >= self._frozen_until:
            bits = self._dice.bits()
            bell = (bits & 0xFFFF) + (bits >> 16 & 0xFFFF) + (bits >> 32 & 0xFFFF) + (bits >> 48) - _BELL_MEAN
            pull = 30 * (self._level - self._home) // self._home
            moved = self._level * (bell * self._volatility // _BELL_DEVIATION - pull) // 1_000_000
            self._level = self._bounded(self._level + moved)
        self._add(self._made_at, Decimal(self._level // _SCALE) * self._tick)
        return True

    def _bounded(self, level: int) -> int:
        return min(max(level, self._home // 3), self._home * 3)
