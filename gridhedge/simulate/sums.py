"""What the journal's facts add up to, counted beside the book: positions, and the terms that orders have had."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from gridhedge.domain.book import SymbolBook
from gridhedge.domain.events import (
    AmendIntended,
    ChangeSettled,
    Event,
    Execution,
    OrderAdopted,
    OrderIntended,
    PositionMended,
)
from gridhedge.domain.invariants import Violation
from gridhedge.domain.order import OrderState
from gridhedge.domain.values import SIDES, ZERO, Quantity, Side
from gridhedge.venue.paper.exchange import Exchange
from gridhedge.venue.paper.orders import PaperOrder

__all__ = ["Sums", "Terms"]


class Sums:
    """I-23 at every step: a position moves by what executes and by what the venue is seen to hold, by nothing else."""

    def __init__(self, events: Iterable[Event] = ()) -> None:
        self._held: dict[tuple[str, Side], Quantity] = {}
        for event in events:
            self.told(event)

    def told(self, event: Event) -> None:
        """Count an event of the journal."""
        if isinstance(event, PositionMended):
            self._held[event.symbol, event.side] = event.quantity
        elif isinstance(event, Execution):
            before = self._held.get((event.symbol, event.side), ZERO)
            after = before - event.quantity if event.closing else before + event.quantity
            self._held[event.symbol, event.side] = max(after, ZERO)

    def differing(self, book: SymbolBook) -> Iterator[Violation]:
        """The sides that hold anything else."""
        for name in SIDES:
            side, held = book.of(name), self._held.get((book.symbol, name), ZERO)
            if side.held + side.surplus != held:
                text = f"{book.symbol} {name.value}: {side.held} and {side.surplus} of others, {held} by the journal"
                yield Violation("I-23", text)


class Terms:
    """I-04 at every step: an order that works is in the book as it was placed, as the exchange has confirmed an amend,
    or as it has been seen at the exchange, which may cut it."""

    def __init__(self, exchange: Exchange) -> None:
        self._account = exchange.account
        self._true: dict[str, set[Quantity]] = {}
        self._meant: dict[str, Quantity] = {}
        """Quantities of amends by client id."""

    def told(self, event: Event) -> None:
        """Note what an event of the journal says of an order's quantity."""
        if isinstance(event, OrderIntended | OrderAdopted):
            self._add(event.client_id, event.quantity)
        elif isinstance(event, AmendIntended):
            self._meant[event.client_id] = event.quantity
        elif isinstance(event, ChangeSettled) and event.accepted and event.client_id in self._meant:
            self._add(event.client_id, self._meant[event.client_id])

    def changed(self, order: PaperOrder) -> None:
        """Note what the exchange has just made of an order: within one step it may cut it twice."""
        self._add(order.client_id, order.quantity)

    def untrue(self, book: SymbolBook) -> Iterator[Violation]:
        """The orders that work, and are in the book for anything else."""
        working = {order.client_id for order in self._account.open.values()}
        for order in book.orders.values():
            if order.client_id not in working or order.state is not OrderState.WORKING or order.venue_state is not None:
                continue
            if order.quantity not in self._true[order.client_id]:
                yield Violation("I-04", f"{order.client_id} is in the book for {order.quantity}, which it never was")

    def _add(self, client_id: str, quantity: Quantity) -> None:
        self._true.setdefault(client_id, set()).add(quantity)
