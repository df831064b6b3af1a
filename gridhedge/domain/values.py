"""The words every room uses: position sides, order roles, and what a number means.

Money is ``Decimal``, never float. The aliases say which unit a number carries; they cost nothing at run time.
Times are ``int`` milliseconds since the epoch, UTC.
"""

from __future__ import annotations

from decimal import Decimal
from enum import Enum
from typing import TypeAlias

Price: TypeAlias = Decimal
"""Quote currency per one unit of the base currency."""
Quantity: TypeAlias = Decimal
"""Base currency (or lots, where a venue counts in lots)."""
Money: TypeAlias = Decimal
"""Quote currency."""
Millis: TypeAlias = int
"""Milliseconds since 1970-01-01 UTC."""

ZERO = Decimal(0)
ONE = Decimal(1)
HUNDRED = Decimal(100)
MONEY_STEP = Decimal("1E-12")
"""Shares of a cost are cut to this everywhere, so that sums of money are exact and agree."""


class Side(Enum):
    """The side of a position in hedge mode. Whether an order buys or sells follows from the side and its role."""

    LONG = "long"
    SHORT = "short"

    # Members are singletons: identity is equality, and this keeps dictionaries keyed by them at C speed.
    __hash__ = object.__hash__

    def __init__(self, name: object) -> None:
        self.is_long = name == "long"
        """As good as ``is Side.LONG``, and faster: Python 3.11 looks a member up through its class like a stranger."""
        self.sign = 1 if self.is_long else -1
        """+1 for long, -1 for short: profit = sign x quantity x (price - average)."""

    @property
    def other(self) -> Side:
        return Side.SHORT if self is Side.LONG else Side.LONG


SIDES = (Side.LONG, Side.SHORT)


class Role(Enum):
    """What an order is for. The letter stands in the client order id."""

    OPENING = "O"
    """An entry that executes now: level 0, and the now-levels of a re-entry."""
    GRID = "G"
    """An entry that rests one grid step beyond the level before it."""
    TAKE_PROFIT = "T"
    BREAK_EVEN = "B"
    STOP_LOSS = "S"
    CLOSE = "C"

    __hash__ = object.__hash__

    def __init__(self, letter: object) -> None:
        self.letter = str(letter)
        self.is_entry = letter in ("O", "G")
