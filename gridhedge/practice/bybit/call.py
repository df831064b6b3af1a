"""One request as its handler sees it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias

from gridhedge.domain.values import Millis
from gridhedge.practice.bybit.answers import Answer, bad_parameter
from gridhedge.practice.bybit.query import Params, required
from gridhedge.practice.bybit.rows import Rows
from gridhedge.practice.desk import Desk
from gridhedge.practice.world import World
from gridhedge.venue.paper.market import Market

__all__ = ["Call", "Handler", "Result"]

Result: TypeAlias = dict[str, Any]


class Call(NamedTuple):
    """``desk`` is the account that has signed; public requests get the first one, whose prices are everybody's."""

    world: World
    desk: Desk
    rows: Rows
    params: Params
    now: Millis
    """What clients take for the time."""

    def symbol(self) -> str:
        """A listed symbol that the request must name."""
        return self.market().symbol

    def market(self) -> Market:
        market = self.desk.exchange.markets.get(required(self.params, "symbol"))
        if market is None:
            raise Answer(10001, "params error: symbol invalid")
        return market

    def markets(self) -> list[Market]:
        """The symbol asked for, or all of them."""
        if self.params.get("symbol"):
            return [self.market()]
        return list(self.desk.exchange.markets.values())

    def linear(self) -> bool:
        """Whether this is about linear perpetuals; other categories exist and are empty."""
        category = required(self.params, "category")
        if category not in ("linear", "inverse", "spot", "option"):
            raise bad_parameter(f"category {category!r} is unknown")
        return category == "linear"


Handler: TypeAlias = Callable[[Call], Result]
