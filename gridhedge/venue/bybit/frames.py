"""What the account's websocket pushes, translated into the inbox. Called by the client's thread: it parses, copies and
puts."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from decimal import Decimal

from gridhedge.domain.events import ConnectionChanged, Execution, Funding, OrderUpdate, Seen
from gridhedge.domain.values import ZERO, Millis, Quantity
from gridhedge.venue.bybit import parse
from gridhedge.venue.fields import Malformed, Row, amount, millis, row, rows, word

__all__ = ["PRIVATE", "PRIVATE_TOPICS", "Frames"]

PRIVATE = "private stream"
PRIVATE_TOPICS = ("order", "execution", "wallet", "position")
_PATIENCE_MS = 1_000
_MOST_ORDERS = 10_000


class _Endings:
    """Holds the end of an order back until its executions are there: Bybit sends the two in no certain order, and an
    end without them looks like a loss, which only a question to the venue could explain. After a second it is one.
    """

    def __init__(self) -> None:
        self._executed: dict[str, Quantity] = {}
        """By the venue's order id."""
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


class Frames:
    """Turns messages into events for ``tell``. It never raises for what a message holds: one of the account's that can
    not be read is a gap, and a gap is told as a connection that has come back, so that the session asks the venue."""

    def __init__(
        self, symbols: Sequence[str], tell: Callable[[Seen], None], now: Callable[[], Millis], log: logging.Logger
    ) -> None:
        self._symbols = frozenset(symbols)
        self._tell = tell
        self._now = now
        self._log = log
        self._leverage: dict[str, Decimal] = {}
        """What ``expect_leverage`` wants, by symbol."""
        self._moved: set[str] = set()
        self._endings = _Endings()
        self._lock = threading.Lock()
        """Endings are touched by the client's thread and, when they are overdue, by the session's."""

    def expect_leverage(self, symbol: str, leverage: Decimal) -> None:
        """From now on another leverage on this symbol stops trading until it is put right."""
        self._leverage[symbol] = leverage

    def private(self, message: object) -> None:
        """A message of the private stream."""
        try:
            frame = row(message, "message")
            topic = word(frame, "topic")
            at = millis(frame, "creationTime")
            items = rows(frame, "data")
        except Malformed as error:
            self.gap(str(error))
            return
        for item in items:
            try:
                self._take(topic, item, at)
            except Malformed as error:
                self.gap(str(error))

    def gap(self, text: str) -> None:
        """Something has been missed: only the venue can tell what."""
        self._log.warning("a private message could not be read: %s", text)
        self._tell(ConnectionChanged(PRIVATE, True, self._now(), text))

    def _take(self, topic: str, item: Row, at: Millis) -> None:
        if topic == "wallet":
            self._tell(parse.account(item, at))
        elif item.get("category") == "linear" and word(item, "symbol") in self._symbols:
            if topic == "order":
                self._take_order(parse.order_update(item))
            elif topic == "execution":
                self._take_execution(parse.execution(item))
            elif topic == "position":
                self._watch_leverage(item)

    def _take_order(self, update: OrderUpdate) -> None:
        with self._lock:
            if self._endings.may_pass(update, self._now()):
                self._tell(update)

    def _take_execution(self, fact: Execution | Funding) -> None:
        with self._lock:
            self._tell(fact)
            ended = self._endings.completed(fact) if isinstance(fact, Execution) else None
            if ended is not None:
                self._tell(ended)

    def next_due(self) -> Millis | None:
        """When ``release`` has something to do."""
        with self._lock:
            return self._endings.next_due()

    def release(self) -> None:
        """Tell the ends of orders whose executions have not come."""
        with self._lock:
            for update in self._endings.overdue(self._now()):
                self._tell(update)

    def _watch_leverage(self, item: Row) -> None:
        """Positions are ours to count from executions; the stream tells what a hand has changed about them."""
        symbol = word(item, "symbol")
        expected = self._leverage.get(symbol)
        if expected is None:
            return
        leverage = amount(item, "leverage", empty=ZERO)
        name = f"leverage of {symbol}"
        if leverage not in (expected, ZERO) and symbol not in self._moved:
            self._moved.add(symbol)
            text = f"it was changed from {expected:f}x to {leverage:f}x; set it back, nothing is sent before"
            self._tell(ConnectionChanged(name, False, self._now(), text))
        elif leverage == expected and symbol in self._moved:
            self._moved.discard(symbol)
            self._tell(ConnectionChanged(name, True, self._now()))
