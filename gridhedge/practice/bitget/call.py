"""One request as its handler sees it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias

from gridhedge.domain.values import Millis
from gridhedge.practice.bitget.answers import Answer
from gridhedge.practice.bitget.classic_rows import ClassicRows
from gridhedge.practice.bitget.query import Params, required
from gridhedge.practice.bitget.unified_rows import UnifiedRows
from gridhedge.practice.desk import Desk
from gridhedge.practice.world import World
from gridhedge.venue.paper.market import Market

__all__ = ["PRODUCT", "Call", "Handler", "Rows", "is_hedged"]

PRODUCT = "USDT-FUTURES"
Rows: TypeAlias = ClassicRows | UnifiedRows


class Call(NamedTuple):
    """``desk`` is the account that has signed; public requests get the first one, whose prices are everybody's."""

    world: World
    desk: Desk
    rows: Rows
    params: Params
    now: Millis
    """What clients take for the time."""
    failing: dict[int, Answer]
    """Items of a batch that are made to fail."""

    def is_ours(self) -> bool:
        """Whether this is about USDT futures; other products exist and are empty."""
        product = str(self.params.get("productType") or self.params.get("category") or PRODUCT).upper()
        return product == PRODUCT

    def market(self) -> Market:
        """A listed symbol that the request must name."""
        return self.market_of(required(self.params, "symbol"))

    def market_of(self, symbol: str) -> Market:
        market = self.desk.exchange.markets.get(symbol.upper())
        if market is None or not self.is_ours():
            raise Answer("40034", f"Parameter {symbol} does not exist")
        return market

    def markets(self) -> list[Market]:
        """The symbol asked for, or all of them."""
        if self.params.get("symbol"):
            return [self.market()]
        return list(self.desk.exchange.markets.values()) if self.is_ours() else []


Handler: TypeAlias = Callable[[Call], Any]


def is_hedged(call: Call) -> bool:
    return not call.world.faults.active("no_hedge_mode") and call.desk.settings.get("hedged", True) is True
