"""The levels of one side: what has executed of each, and how a quantity is spread over them."""

from __future__ import annotations

from gridhedge.domain.values import ZERO, Millis, Money, Price, Quantity

FIRST_LEVEL = 1
"""Grids number their levels from 1, as their users do; place 0 of their tables is empty."""


class LevelFill:
    """What has executed of one level."""

    __slots__ = ("cost", "created", "executed", "fee", "order_id", "quantity")

    def __init__(self) -> None:
        self.quantity: Quantity = ZERO
        self.cost: Money = ZERO
        self.fee: Money = ZERO
        self.created: Millis = 0
        self.executed: Millis = 0
        self.order_id = ""

    @property
    def average(self) -> Price:
        """Average execution price; only asked of a level that has executed."""
        return self.cost / self.quantity


def spread(
    reference: tuple[Quantity, ...], fills: list[LevelFill], quantity: Quantity
) -> tuple[tuple[int, Quantity], ...]:
    """Distribute ``quantity`` over the levels that have room, from the bottom; what exceeds the table goes on top."""
    shares: list[tuple[int, Quantity]] = []
    for level, size in enumerate(reference):
        room = size - (fills[level].quantity if level < len(fills) else ZERO)
        if quantity <= 0:
            break
        if room > 0:
            share = min(room, quantity)
            shares.append((level, share))
            quantity -= share
    if quantity > 0:
        shares.append((len(shares) if not reference else len(reference) - 1, quantity))
    return tuple(shares)


def raised(table: tuple[Quantity, ...], level: int, quantity: Quantity) -> tuple[Quantity, ...]:
    """The table with ``quantity`` more at ``level``."""
    return tuple(size + quantity if index == level else size for index, size in enumerate(table))
