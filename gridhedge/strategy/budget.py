"""The untouchable reserve: what an order ties up, and what may be spent."""

from __future__ import annotations

from decimal import Decimal

from gridhedge.domain.book import SymbolBook
from gridhedge.domain.instrument import Fees
from gridhedge.domain.ladder_book import SideBook
from gridhedge.domain.values import ZERO, Money, Price, Quantity

_SAFETY = Decimal("1.01")
RETURN_FACTOR = Decimal("1.1")
"""A withdrawn look-ahead returns when the check passes with this multiple of the reserve."""


def entry_margin(quantity: Quantity, price: Price, leverage: int, taker_fee: Decimal) -> Money:
    """What one entry may tie up: initial margin, and taker fees for opening and closing."""
    notional = quantity * price
    return notional / leverage + 2 * notional * taker_fee


def level_margin(quantity: Quantity, price: Price, leverage: int, taker_fee: Decimal) -> Money:
    """``entry_margin`` with one percent on top: what a new level must find in the budget."""
    return entry_margin(quantity, price, leverage, taker_fee) * _SAFETY


def gross_margin(book: SymbolBook, mark: Price, leverage: int, fees: Fees) -> Money:
    """Initial margin of both sides at the mark price and of every entry that may still execute.

    Venues are kinder (MT5 reserves nothing for pending orders, wallet pushes lag): this is our own floor.
    """
    value = (book.long.held + book.short.held) * mark
    total = value / leverage + value * fees.taker
    resting = ZERO
    for order in book.orders.values():
        if order.key.role.is_entry:
            resting += order.exposure * order.price
    return total + resting / leverage + 2 * resting * fees.taker


def missing_margin(
    side: SideBook, level: int, quantity: Quantity, price: Price, leverage: int, taker_fee: Decimal
) -> Money:
    """Margin of a leg of the look-ahead pair that does not rest yet; 0 for one that does."""
    if level in side.entries:
        return ZERO
    return level_margin(quantity, price, leverage, taker_fee)
