"""Settings that change while a bot trades: the entries of a cycle follow those with which it began."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Generic, TypeVar

from gridhedge.domain.book import SymbolBook
from gridhedge.domain.ladder_book import SideBook
from gridhedge.domain.values import SIDES, Side

Value = TypeVar("Value")


class PerCycle(Generic[Value]):
    """A setting of entries. A cycle that was under way when it changed keeps the value of before; every other has the
    newest. Immutable."""

    __slots__ = ("_begun", "newest")

    def __init__(self, newest: Value, begun: Mapping[Side, tuple[int, Value]] | None = None) -> None:
        self.newest = newest
        self._begun = begun or {}

    def of(self, side: SideBook) -> Value:
        """What counts for the side's present cycle."""
        if self._begun and side.side in self._begun:
            cycle, value = self._begun[side.side]
            if cycle == side.cycle:
                return value
        return self.newest

    def after(self, newest: Value, book: SymbolBook) -> PerCycle[Value]:
        """The same after a change, for cycles that have not begun yet."""
        under_way = (book.of(side) for side in SIDES if book.of(side).cycle)
        return PerCycle(newest, {side.side: (side.cycle, self.of(side)) for side in under_way})
