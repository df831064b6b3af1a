"""What a side remembers of its baskets beyond the one that is open: when they were opened, what they brought, and why
the present one is being closed. Days and limits are reckoned from it."""

from __future__ import annotations

from collections import deque
from enum import Enum

from gridhedge.domain.values import ZERO, Millis, Money

_KEPT_MS = 49 * 3600 * 1000
"""Two days, one of which may have an hour more."""


class Cause(Enum):
    """Why a basket is closed: the names of the settings."""

    SINGLE = "single_order_profit"
    BASKET = "basket_profit"
    PAIR = "pair_global_profit"
    DAY_PROFIT = "global_profit"
    DAY_LOSS = "max_loss"
    OTHER = "closed by hand or by the venue"

    __hash__ = object.__hash__


class RunningTotal:
    """A sum that grows in steps, of which the last two days are remembered step by step."""

    __slots__ = ("steps",)

    def __init__(self) -> None:
        self.steps: deque[tuple[Millis, Money]] = deque()

    def note(self, at: Millis, total: Money) -> None:
        """From ``at`` on the sum is ``total``."""
        steps = self.steps
        steps.append((at, total))
        while len(steps) > 1 and steps[1][0] < at - _KEPT_MS:
            steps.popleft()

    def before(self, at: Millis) -> Money:
        """The sum as it was just before a moment of the last two days."""
        return next((total for noted, total in reversed(self.steps) if noted < at), ZERO)


class BasketMemory:
    """Beside a side's cycle; changed by the symbol's book only."""

    __slots__ = (
        "_openings",
        "added_at",
        "closing",
        "closing_cycle",
        "last_closing",
        "last_orders",
        "opened_at",
        "results",
        "told",
        "told_total",
    )

    def __init__(self) -> None:
        self._openings: deque[Millis] = deque()
        self.opened_at: Millis = 0
        """When the last basket was opened."""
        self.added_at: Millis = 0
        """When an order was last added at the close of a candle."""
        self.closing: Cause | None = None
        self.closing_cycle = 0
        """The cycle that is being closed."""
        self.last_closing: Cause | None = None
        """Why the last basket was closed, if that was decided."""
        self.last_orders = 0
        """How many orders it had."""
        self.results = RunningTotal()
        """Net profit of all ended cycles."""
        self.told = 0
        """Ended cycles of which the end has been told."""
        self.told_total: Money = ZERO
        """Net profit of those."""

    def note_end(self, cycle: int, orders: int, total: Money, at: Millis) -> None:
        """A basket of so many orders has ended; all that ever did have brought ``total``."""
        self.last_closing = self.closing if self.closing_cycle == cycle else None
        self.last_orders = orders
        self.closing = None
        self.results.note(at, total)

    def remembered(self) -> tuple[object, ...]:
        """All of it as plain values."""
        closing = self.closing.value if self.closing is not None else ""
        steps = (*self.results.steps, *self._openings)
        last = self.last_closing.value if self.last_closing is not None else "", self.last_orders
        return steps, self.opened_at, self.added_at, closing, self.closing_cycle, last, self.told, self.told_total

    def note_opening(self, at: Millis) -> None:
        """A basket is opened by a signal."""
        self.opened_at = at
        self._openings.append(at)
        while self._openings[0] < at - _KEPT_MS:
            self._openings.popleft()

    def openings_since(self, at: Millis) -> int:
        """Baskets opened at or after a moment of the last two days."""
        return sum(opened >= at for opened in self._openings)
