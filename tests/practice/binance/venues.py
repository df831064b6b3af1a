"""A practice Binance whose prices are a script and whose wall clock stands still, with or without a network."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal as D
from typing import Any
from urllib.parse import urlencode

from gridhedge.practice.binance.auth import signature
from gridhedge.practice.binance.events import Events
from gridhedge.practice.binance.keys import ListenKeys
from gridhedge.practice.binance.rest import Rest
from gridhedge.practice.binance.server import Handle, start
from gridhedge.practice.clock import Clock, wall_ms
from gridhedge.practice.desk import Desk
from gridhedge.practice.wire import Reply, Request
from gridhedge.practice.world import Options, World
from gridhedge.venue.paper.exchange import Exchange
from gridhedge.venue.paper.feed import ScriptedFeed
from gridhedge.venue.paper.funding import FundingPlan
from gridhedge.venue.paper.instruments import fees, instrument
from gridhedge.venue.paper.market import Listing
from tests.funding import FarFunding

NOW = 1_795_000_000_000
"""2026-11-18T11:06:40Z."""
HOUR = 3_600_000


class Wall:
    """A clock on the wall that is moved by hand."""

    def __init__(self, now: int = NOW) -> None:
        self.now = now

    def __call__(self) -> int:
        return self.now


def scripted(begin: int = NOW, funding: FundingPlan | None = None, **options: Any) -> Exchange:
    """BTCUSDC at 60000 and ETHUSDC at 3000, under Binance's rules, 10,000 USDC in the wallet."""
    listings = [
        Listing(
            instrument("binance", symbol), fees("binance", symbol), ScriptedFeed([(begin, D(price))]), funding,
            margin_holds_fees=False,
        )
        for symbol, price in (("BTCUSDC", "60000"), ("ETHUSDC", "3000"))
    ]  # fmt: skip
    return Exchange(listings, D(10_000), ids_return=True, **options)


class Venue:
    """Requests without a network: signed, carried out at once, answered with the parsed body."""

    def __init__(self, options: Options | None = None) -> None:
        self.wall = Wall()
        clock = Clock(1, self.wall)
        chosen = options or Options(rules="binance", rate_limits=False)
        self.world = World(chosen, Events(clock), clock, scripted())
        self.keys = ListenKeys(self.world.desks, NOW)
        self.rest = Rest(self.world, self.keys)

    @property
    def desk(self) -> Desk:
        return self.world.first

    @property
    def exchange(self) -> Exchange:
        return self.world.first.exchange

    def move(self, price: str, symbol: str = "BTCUSDC") -> None:
        """The price jumps, a second later."""
        self.wall.now += 1000
        self.world.move(symbol, D(price))

    def later(self, milliseconds: int) -> None:
        """So much time passes."""
        self.wall.now += milliseconds
        self.world.catch_up()

    def raw(self, method: str, path: str, query: str = "", body: str = "", key: str = "practice") -> Reply:
        headers = {"x-mbx-apikey": key} if key else {}
        return self.rest.answer(Request(method, path, query.encode(), headers, body.encode()))

    def signed(self, method: str, path: str, params: dict[str, Any], key: str = "practice") -> Reply:
        text = urlencode({**params, "timestamp": self.wall.now, "recvWindow": 5000})
        text = f"{text}&signature={signature(key, text.encode())}"
        return self.raw(method, path, text) if method == "GET" else self.raw(method, path, "", text)

    def ask(self, path: str, method: str = "GET", **params: Any) -> Any:
        """The answer, success or refusal."""
        return json.loads(self.signed(method, f"/fapi/{path}", params).body)

    def order(self, side: str, leg: str, quantity: str, price: str = "", **more: Any) -> Any:
        """Limit where a price is given, else market; on BTCUSDC."""
        params = {"symbol": "BTCUSDC", "side": side, "positionSide": leg, "quantity": quantity, **more}
        params |= {"type": "LIMIT", "price": price} if price else {"type": "MARKET"}
        return self.ask("v1/order", "POST", **({"timeInForce": "GTC"} if price else {}), **params)

    def stop(self, side: str, leg: str, trigger: str, **more: Any) -> Any:
        params = {"symbol": "BTCUSDC", "side": side, "positionSide": leg, "triggerPrice": trigger, **more}
        return self.ask("v1/algoOrder", "POST", algoType="CONDITIONAL", type="STOP_MARKET", **params)

    def told(self) -> list[str]:
        """What the account's stream has to tell, by its topics."""
        return [happening.topic for happening in self.desk.take_told()]


@contextmanager
def serving(options: Options | None = None) -> Iterator[Handle]:
    """A scripted exchange behind a real port; its time is the wall's."""
    chosen = options or Options(rules="binance", rate_limits=False, ack_delay_ms=20)
    now = wall_ms()
    handle = start(scripted(now, FarFunding(now)), options=chosen)
    try:
        yield handle
    finally:
        handle.stop()
