"""What a strategy of baskets writes into a side: table, order that executes now, why it closes, what it brought."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gridhedge.domain.events import BasketClosed, CloseDecided, LevelStarted, TableFixed
from gridhedge.domain.ladder_book import SideBook


def _fix_table(side: SideBook, event: TableFixed) -> None:
    side.fix_table(event.quantities)


def _start_level(side: SideBook, event: LevelStarted) -> None:
    side.now_levels = max(side.now_levels, event.level + 1)
    side.basket.added_at = event.at


def _decide_close(side: SideBook, event: CloseDecided) -> None:
    side.basket.closing, side.basket.closing_cycle = event.cause, side.cycle


def _tell_closed(side: SideBook, event: BasketClosed) -> None:
    side.basket.told, side.basket.told_total = side.cycles, side.realised


BASKET_STEPS: dict[type[Any], Callable[[SideBook, Any], None]] = {
    TableFixed: _fix_table,
    LevelStarted: _start_level,
    CloseDecided: _decide_close,
    BasketClosed: _tell_closed,
}
