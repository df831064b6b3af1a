"""The books of a simulated account: positions as tickets, pending orders, and the history of orders and deals."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import NamedTuple

from gridhedge.domain.values import ZERO, Millis, Money, Price, Quantity, Side
from gridhedge.venue.mt5.terminal.constants import Constants as C

__all__ = ["Books", "Deal", "Order", "Ticket"]

_FIRST_TICKET = 100_001


@dataclass(slots=True)
class Ticket:
    """An open position. ``units`` are of the base currency; times are the exchange's."""

    number: int
    symbol: str
    side: Side
    units: Quantity
    price: Price
    opened: Millis
    magic: int
    comment: str
    sl: Price = ZERO
    tp: Price = ZERO
    reason: int = C.POSITION_REASON_EXPERT
    changed: Millis = 0
    swap: Money = ZERO
    hidden: int = 0
    """Reads that do not list it yet."""


@dataclass(slots=True)
class Order:
    """A pending order, or one of the history. ``type`` and ``state`` are the module's numbers."""

    number: int
    symbol: str
    type: int
    units: Quantity
    price: Price
    placed: Millis
    magic: int
    comment: str
    left: Quantity
    sl: Price = ZERO
    tp: Price = ZERO
    stop_limit: Price = ZERO
    filling: int = C.ORDER_FILLING_RETURN
    time_type: int = C.ORDER_TIME_GTC
    expires: Millis = 0
    state: int = C.ORDER_STATE_PLACED
    reason: int = C.ORDER_REASON_EXPERT
    done: Millis = 0
    position: int = 0
    other: int = 0
    """The second position of a close-by."""

    @property
    def buys(self) -> bool:
        return self.type % 2 == 0


class Deal(NamedTuple):
    """One deal; money as the account's currency rounds it. ``entry`` and ``reason`` are the module's numbers."""

    number: int
    order: int
    at: Millis
    type: int
    entry: int
    magic: int
    position: int
    reason: int
    units: Quantity
    price: Price
    commission: Money
    swap: Money
    profit: Money
    symbol: str
    comment: str


@dataclass(slots=True)
class Books:
    """Everything that the server keeps of the account."""

    tickets: dict[int, Ticket] = field(default_factory=dict)
    pending: dict[int, Order] = field(default_factory=dict)
    orders: list[Order] = field(default_factory=list)
    """Ended ones, oldest first."""
    deals: list[Deal] = field(default_factory=list)
    balance: Money = ZERO
    numbers: int = _FIRST_TICKET

    def number(self) -> int:
        """A new ticket number: orders and deals count together here."""
        self.numbers += 1
        return self.numbers

    def book(self, deal: Deal) -> None:
        self.deals.append(deal)
        self.balance += deal.profit + deal.commission + deal.swap

    def end(self, order: Order, state: int, at: Millis) -> None:
        """Move an order into the history."""
        self.pending.pop(order.number, None)
        order.state, order.done = state, at
        self.orders.append(order)

    def held(self, symbol: str, side: Side) -> Decimal:
        """Units of all positions of a side."""
        return sum(
            (ticket.units for ticket in self.tickets.values() if ticket.symbol == symbol and ticket.side is side), ZERO
        )
