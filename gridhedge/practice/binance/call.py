"""One request as its handler sees it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias

from gridhedge.domain.values import Millis
from gridhedge.practice.binance.answers import Answer
from gridhedge.practice.binance.query import Params, required
from gridhedge.practice.binance.rows import Rows
from gridhedge.practice.desk import Desk
from gridhedge.practice.world import World
from gridhedge.venue.paper.market import Market

__all__ = ["Call", "Handler", "Result"]

Result: TypeAlias = dict[str, Any] | list[Any]


class Call(NamedTuple):
    """``desk`` is the account that has signed; public requests get the first one, whose prices are everybody's."""

    world: World
    desk: Desk
    rows: Rows
    params: Params
    now: Millis
    """What clients take for the time."""

    def market(self) -> Market:
        """The symbol that the request must name."""
        market = self.desk.exchange.markets.get(required(self.params, "symbol"))
        if market is None:
            raise Answer(-1121, "Invalid symbol.")
        return market

    def markets(self) -> list[Market]:
        """The symbol asked for, or all of them."""
        return [self.market()] if "symbol" in self.params else list(self.desk.exchange.markets.values())

    def one_or_all(self, tell: Callable[[Market], dict[str, Any]]) -> Result:
        """Of a symbol that was named an object, else a list of all."""
        rows = [tell(market) for market in self.markets()]
        return rows[0] if "symbol" in self.params else rows


Handler: TypeAlias = Callable[[Call], Result]
