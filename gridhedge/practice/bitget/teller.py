"""What the private streams say, in a generation's own words, at the moment it happens."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from gridhedge.practice.bitget.call import Rows
from gridhedge.practice.books import Entry
from gridhedge.practice.desk import Desk, Happening
from gridhedge.venue.paper.matching import Cause
from gridhedge.venue.paper.orders import PaperOrder

__all__ = ["Teller"]


class Teller:
    """Implements the desk's ``Teller``. ``positions``: what the generation calls that topic."""

    def __init__(self, rows: Rows, positions: str) -> None:
        self._rows: Final = rows
        self._positions = positions

    def changed(self, desk: Desk, order: PaperOrder, cause: Cause) -> list[Happening]:
        told = self._rows.order(desk, order)
        return [self._rows.pushed_plan(desk, order), told] if cause == "triggered" else [told]

    def executed(self, desk: Desk, entry: Entry, order: PaperOrder | None) -> list[Happening]:
        return self._rows.executed(desk, entry, order)

    def funded(self, desk: Desk, entry: Entry) -> list[Happening]:
        """Payments are not pushed: only the wallet shows them."""
        return []

    def settled(self, desk: Desk, symbols: Sequence[str]) -> list[Happening]:
        rows = [row for symbol in symbols for row in self._rows.positions(desk, symbol)]
        return [*(Happening(self._positions, row) for row in rows), Happening("account", self._rows.wallet(desk))]
