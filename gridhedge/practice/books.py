"""What a venue's history tells beyond bare executions: realised profit, balances and sums, folded from the bookings."""

from __future__ import annotations

from typing import NamedTuple

from gridhedge.domain.events import Execution, Funding
from gridhedge.domain.values import SIDES, ZERO, Millis, Money, Price, Quantity, Side
from gridhedge.venue.paper.account import Booking
from gridhedge.venue.paper.market import Holding

__all__ = ["Books", "Entry", "Leg"]


class Entry(NamedTuple):
    """One booking and what it did. ``balance`` is the wallet afterwards, ``position`` the leg's size afterwards."""

    number: int
    """Place in the books, from 0."""
    booking: Booking
    realised: Money
    opening_fee: Money
    """Of a closing execution: its share of the fees that opening the position has cost."""
    average: Price
    """Average entry price of the leg before this booking (0 if it was flat)."""
    position: Quantity
    filled: Quantity
    """Executed quantity of the order, this execution included."""
    balance: Money


class Leg:
    """Sums of one position leg."""

    def __init__(self, symbol: str, side: Side) -> None:
        self.holding = Holding(symbol, side)
        self.opening_fees: Money = ZERO
        """Paid for what is open."""
        self.current: Money = ZERO
        """Realised since the position was opened, fees and funding paid."""
        self.total: Money = ZERO
        """Realised ever, fees and funding paid."""
        self.opened: Millis = 0
        self.changed: Millis = 0
        self.sequence = -1


class Books:
    """All bookings of an account in order. The same bookings always give the same books, so nothing needs saving."""

    def __init__(self, wallet: Money) -> None:
        self.entries: list[Entry] = []
        self.balance = wallet
        self._legs: dict[tuple[str, Side], Leg] = {}
        self._by_order: dict[str, list[Entry]] = {}

    def leg(self, symbol: str, side: Side) -> Leg:
        key = symbol, side
        if key not in self._legs:
            self._legs.update({(symbol, each): Leg(symbol, each) for each in SIDES})
        return self._legs[key]

    def of(self, venue_id: str) -> list[Entry]:
        """The executions of an order, oldest first."""
        return self._by_order.get(venue_id, [])

    def deposit(self, amount: Money) -> None:
        self.balance += amount

    def add(self, booking: Booking) -> Entry:
        """Book one execution or funding payment."""
        leg = self.leg(booking.symbol, booking.side)
        if isinstance(booking, Execution):
            entry = self._execution(leg, booking)
            if booking.venue_id:
                self._by_order.setdefault(booking.venue_id, []).append(entry)
        else:
            entry = self._funding(leg, booking)
        leg.changed, leg.sequence = booking.at, entry.number + 1
        self.entries.append(entry)
        return entry

    def _execution(self, leg: Leg, execution: Execution) -> Entry:
        holding, value = leg.holding, execution.price * execution.quantity
        average = holding.average if holding.quantity else ZERO
        realised = share = ZERO
        if execution.closing:
            share = leg.opening_fees * execution.quantity / holding.quantity
            realised = holding.reduce(execution.quantity, value)
            leg.opening_fees -= share
        else:
            if not holding.quantity:
                leg.opened, leg.current, leg.opening_fees = execution.at, ZERO, ZERO
            holding.enlarge(execution.quantity, value)
            leg.opening_fees += execution.fee
        change = realised - execution.fee
        leg.current += change
        leg.total += change
        self.balance += change
        before = self._by_order.get(execution.venue_id)
        filled = execution.quantity + (before[-1].filled if before else ZERO)
        return Entry(len(self.entries), execution, realised, share, average, holding.quantity, filled, self.balance)

    def _funding(self, leg: Leg, funding: Funding) -> Entry:
        holding = leg.holding
        leg.current -= funding.amount
        leg.total -= funding.amount
        self.balance -= funding.amount
        average = holding.average if holding.quantity else ZERO
        return Entry(len(self.entries), funding, ZERO, ZERO, average, holding.quantity, ZERO, self.balance)
