"""How average price and take-profit of a side moved: read back from a journal, for charts."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from gridhedge.domain.book import SymbolBook
from gridhedge.domain.events import (
    ChangeSettled,
    Event,
    Execution,
    OrderSettled,
    PositionMended,
    StopLifted,
    StopRaised,
)
from gridhedge.domain.ladder_book import average_price
from gridhedge.domain.values import Millis, Price, Role, Side


class PriceStep(NamedTuple):
    """From ``at`` on these are the side's average and take-profit; None: it holds nothing."""

    at: Millis
    side: Side
    average: Price | None
    take_profit: Price | None


_TELLING = (Execution, OrderSettled, ChangeSettled, PositionMended)


def price_steps(account: str, symbol: str, events: Iterable[Event]) -> list[PriceStep]:
    """One step per side and change, oldest first."""
    book = SymbolBook(account, symbol)
    steps: list[PriceStep] = []
    last: dict[Side, tuple[Price | None, Price | None]] = {}
    for event in events:
        if isinstance(event, StopRaised | StopLifted) or event.symbol != symbol:
            continue
        book.apply(event)
        if not isinstance(event, _TELLING):
            continue
        for side in (book.long, book.short):
            held = side.held > 0
            order = side.exits.get(Role.TAKE_PROFIT)
            now = (average_price(side) if held else None, order.price if held and order else None)
            if last.get(side.side) != now:
                last[side.side] = now
                steps.append(PriceStep(event.at, side.side, *now))
    return steps
