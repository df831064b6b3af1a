"""Orders of the embedded exchange, and the sorted lists in which they wait."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterator

from gridhedge.domain.account import OrderRecord
from gridhedge.domain.errors import Refused
from gridhedge.domain.events import OrderUpdate
from gridhedge.domain.order import OrderState, Reject
from gridhedge.domain.values import ZERO, Millis, Price, Quantity, Side

__all__ = ["PaperOrder", "Queue", "Refusal"]


class Refusal(Refused):
    """The exchange says no to a request, with the reason in the engine's words."""

    def __init__(self, reason: Reject, text: str, until: Millis = 0) -> None:
        super().__init__(text)
        self.reason = reason
        self.until = until
        """With MARKET_CLOSED: when it opens."""


_WORKING = OrderState.WORKING


class PaperOrder:
    """One order as the exchange knows it. ``closing`` orders can only reduce their position side."""

    __slots__ = (
        "buys",
        "changed",
        "client_id",
        "closing",
        "created",
        "filled",
        "market",
        "meets",
        "number",
        "price",
        "quantity",
        "reason",
        "side",
        "state",
        "stuck",
        "symbol",
        "text",
        "trigger_price",
        "venue_id",
    )

    def __init__(
        self,
        number: int,
        symbol: str,
        client_id: str,
        side: Side,
        closing: bool,
        price: Price,
        quantity: Quantity,
        created: Millis,
        market: bool = False,
        trigger_price: Price | None = None,
    ) -> None:
        self.number = number
        """Counts all orders of the exchange; also the place in the queue at a price (an amended order gets a new one
        in the queue, not here)."""
        self.symbol = symbol
        self.client_id = client_id
        self.venue_id = f"P{number}"
        self.side = side
        self.closing = closing
        self.buys = side.is_long is not closing
        self.price = price
        self.quantity = quantity
        self.filled = ZERO
        self.market = market
        self.meets = price
        """The bid at which a resting order is met: a buy meets the ask, which stands a spread above."""
        self.trigger_price = trigger_price
        """Set while it waits for the mark to come; None once it has been triggered."""
        self.stuck = False
        """Whether its price has come, and nothing has come of it."""
        self.state = _WORKING
        self.created = created
        self.changed = created
        self.reason: Reject | None = None
        self.text = ""
        """Why the exchange cancelled or cut it."""

    @property
    def remaining(self) -> Quantity:
        return self.quantity - self.filled

    def record(self) -> OrderRecord:
        """The order as a venue lists it."""
        return OrderRecord(
            self.symbol,
            self.client_id,
            self.venue_id,
            self.side,
            self.closing,
            self.price,
            self.quantity,
            self.filled,
            self.state,
            self.created,
            self.changed,
            self.trigger_price,
        )

    def update(self, at: Millis) -> OrderUpdate:
        """The order as a venue tells of it at this time."""
        return OrderUpdate(
            self.symbol,
            self.client_id,
            self.venue_id,
            self.state,
            self.price,
            self.quantity,
            self.filled,
            at,
            self.reason,
            self.text,
        )


class Queue:
    """Orders sorted by a price, the one that the market meets first in front; then by arrival."""

    __slots__ = ("_falling", "entries", "places")

    def __init__(self, falling: bool) -> None:
        self._falling = falling
        """Whether a falling price meets these orders (buys): then the highest stands in front."""
        self.entries: list[tuple[Price, int, PaperOrder]] = []
        """(price, negated where the highest comes first; arrival; order)."""
        self.places: dict[int, tuple[Price, int, PaperOrder]] = {}
        """The entry of each order by its number."""

    def add(self, order: PaperOrder, price: Price, arrival: int) -> None:
        entry = (-price if self._falling else price, arrival, order)
        self.places[order.number] = entry
        insort(self.entries, entry)

    def remove(self, order: PaperOrder) -> None:
        """Take out an order that waits here."""
        entry = self.places.pop(order.number)
        entries = self.entries
        index = bisect_left(entries, entry)
        assert entries[index][2] is order, "the queue holds the order where its price says"
        del entries[index]

    def __len__(self) -> int:
        return len(self.entries)

    def __iter__(self) -> Iterator[PaperOrder]:
        return (entry[2] for entry in self.entries)
