"""What the private stream tells too early, and therefore waits: ends of orders, executions of unknown orders."""

from __future__ import annotations

from gridhedge.domain.events import Execution, OrderUpdate
from gridhedge.domain.values import ZERO, Millis, Quantity
from gridhedge.venue.fields import Row

__all__ = ["Endings", "Strangers"]

_PATIENCE_MS = 1_000
_MOST_ORDERS = 10_000


class Endings:
    """Holds the end of an order back until its executions are there: Bitget sends the two on channels of their own, and
    an end without them looks like a loss, which only a question to the venue could explain. After a second it is one.
    """

    def __init__(self) -> None:
        self._executed: dict[str, Quantity] = {}
        """By Bitget's order id."""
        self._held: dict[str, tuple[Millis, OrderUpdate]] = {}

    def may_pass(self, update: OrderUpdate, now: Millis) -> bool:
        """Whether an update may be told now; if not, ``completed`` or ``overdue`` will hand it out."""
        if not update.state.is_final:
            return True
        if update.filled > self._executed.get(update.venue_id, ZERO):
            self._held[update.venue_id] = now + _PATIENCE_MS, update
            return False
        self._executed.pop(update.venue_id, None)
        return True

    def completed(self, execution: Execution) -> OrderUpdate | None:
        """The end that this execution was the last to be waited for."""
        order = execution.venue_id
        total = self._executed.pop(order, ZERO) + execution.quantity
        if order in self._held and total >= self._held[order][1].filled:
            return self._held.pop(order)[1]
        self._executed[order] = total
        if len(self._executed) > _MOST_ORDERS:
            del self._executed[next(iter(self._executed))]
        return None

    def next_due(self) -> Millis | None:
        return min((due for due, _ in self._held.values()), default=None)

    def overdue(self, now: Millis) -> list[OrderUpdate]:
        """Ends that have waited long enough."""
        late = [order for order, (due, _) in self._held.items() if due <= now]
        return [self._held.pop(order)[1] for order in late]


class Strangers:
    """Executions of orders that nobody has told of yet: their leg, or our id, is not in the row itself."""

    def __init__(self) -> None:
        self._waiting: dict[str, tuple[Millis, list[Row]]] = {}

    def keep(self, order: str, item: Row, now: Millis) -> None:
        self._waiting.setdefault(order, (now + _PATIENCE_MS, []))[1].append(item)

    def of(self, order: str) -> list[Row]:
        """What has waited for this order; it waits no longer."""
        return self._waiting.pop(order, (0, []))[1]

    def next_due(self) -> Millis | None:
        return min((due for due, _ in self._waiting.values()), default=None)

    def overdue(self, now: Millis) -> int:
        """Give up what has waited long enough; how many there were."""
        late = [order for order, (due, _) in self._waiting.items() if due <= now]
        return sum(len(self._waiting.pop(order)[1]) for order in late)
