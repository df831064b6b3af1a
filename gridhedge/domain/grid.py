"""What a strategy with a grid of its own writes into a side: capital, grid, shrunk levels, a surplus taken over."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gridhedge.domain.events import CapitalFixed, GridFixed, LevelShrunk, StopReached, SurplusTaken
from gridhedge.domain.ladder_book import SideBook
from gridhedge.domain.levels import FIRST_LEVEL, LevelFill, raised
from gridhedge.domain.values import ZERO, Role


def _fix_capital(side: SideBook, event: CapitalFixed) -> None:
    side.capital, side.capital_at = event.amount - side.realised, event.at


def _fix_grid(side: SideBook, event: GridFixed) -> None:
    """What is held already becomes level 1."""
    side.center, side.prices, side.grid_at = event.center, event.prices, event.at
    side.reference = side.wished = event.quantities
    side.refused.clear()
    side.squeezes.clear()
    side.stop_is_passed = False
    if side.closed > 0:
        side.settle(event.at)  # an exit that executed late, after its cycle's end
    if side.entered > 0:
        whole, last = LevelFill(), side.fills[-1]
        whole.quantity, whole.cost, whole.fee = side.entered, side.cost, side.fees
        whole.created, whole.executed, whole.order_id = last.created, last.executed, last.order_id
        side.fills = [*(LevelFill() for _ in range(FIRST_LEVEL)), whole]


def _shrink(side: SideBook, event: LevelShrunk) -> None:
    level = event.level
    side.reference = (*side.reference[:level], event.quantity, *side.reference[level + 1 :])
    side.refused.pop(level, None)


def _take_surplus(side: SideBook, event: SurplusTaken) -> None:
    """It counts as executed in the deepest executed level, which grows by it."""
    quantity = event.quantity
    cost = side.surplus_cost * quantity / side.surplus
    level = max(len(side.fills) - 1, FIRST_LEVEL)
    if level < len(side.reference):
        side.reference = raised(side.reference, level, quantity)
        side.wished = raised(side.wished, level, quantity)
    side.enter(((level, quantity),), cost / quantity, ZERO, event.at, "")
    side.surplus -= quantity
    side.surplus_cost -= cost


def _note_stop(side: SideBook, event: StopReached) -> None:
    stop = side.exits.get(Role.STOP_LOSS)
    if stop is not None:
        stop.triggered_at = stop.triggered_at or event.at


GRID_STEPS: dict[type[Any], Callable[[SideBook, Any], None]] = {
    CapitalFixed: _fix_capital,
    GridFixed: _fix_grid,
    LevelShrunk: _shrink,
    StopReached: _note_stop,
    SurplusTaken: _take_surplus,
}
