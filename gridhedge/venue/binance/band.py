"""Limit prices too far through the mark: Binance refuses them, where Bybit moves them into its band by itself.

Such a price is marketable. What is left of a take-profit whose promise is kept asks for any price at all, and an exit
whose price the market has passed while nobody looked for its own: refused, neither would ever close.
"""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

from gridhedge.domain.values import ONE, Price

__all__ = ["Band"]

_INSIDE = Decimal("0.9")
"""The mark moves while a request is on its way: prices keep a tenth of the band from its edge."""


class Band(NamedTuple):
    """A symbol's PERCENT_PRICE filter: a buy at most at ``mark x up``, a sell at least at ``mark x down``."""

    down: Decimal
    up: Decimal
    tick: Price

    def inside(self, buys: bool, price: Price, mark: Price) -> Price:
        """The price where it may stand; otherwise one inside the band, on the tick.

        ``mark``: or the touch, where that has run ahead of it. A price that is moved executes all the same.
        """
        if buys:
            return min(price, mark * (ONE + (self.up - ONE) * _INSIDE) // self.tick * self.tick)
        least = mark * (ONE - (ONE - self.down) * _INSIDE)
        floored = least // self.tick * self.tick
        return max(price, floored if floored == least else floored + self.tick)
