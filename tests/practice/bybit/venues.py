"""A practice Bybit whose prices are a script and whose wall clock stands still, with or without a network."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

from gridhedge.practice.bybit.auth import signature
from gridhedge.practice.bybit.rest import Rest
from gridhedge.practice.bybit.rows import Rows
from gridhedge.practice.bybit.server import Handle, start
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

D = Decimal
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
    """DOGEUSDT at 0.2 and BTCUSDT at 60000, under Bybit's rules, 10,000 USDT in the wallet."""
    listings = [
        Listing(instrument("bybit", symbol), fees("bybit", symbol), ScriptedFeed([(begin, D(price))]), funding, D(band))
        for symbol, price, band in (("DOGEUSDT", "0.2", "0.1"), ("BTCUSDT", "60000", "0.02"))
    ]
    return Exchange(listings, D(10_000), **options)


class Venue:
    """Requests without a network: signed, carried out at once, answered with the parsed envelope."""

    def __init__(self, options: Options | None = None) -> None:
        self.wall = Wall()
        clock = Clock(1, self.wall)
        self.rows = Rows(clock)
        self.world = World(options or Options(rate_limits=False), self.rows, clock, scripted())
        self.rest = Rest(self.world)

    @property
    def desk(self) -> Desk:
        return self.world.first

    @property
    def exchange(self) -> Exchange:
        return self.world.first.exchange

    def move(self, price: str, symbol: str = "DOGEUSDT") -> None:
        """The price jumps, a second later."""
        self.wall.now += 1000
        self.world.move(symbol, D(price))

    def later(self, milliseconds: int) -> None:
        """So much time passes."""
        self.wall.now += milliseconds
        self.world.catch_up()

    def raw(self, method: str, path_and_query: str, body: str = "", key: str = "practice", secret: str = "") -> Reply:
        path, _, query = path_and_query.partition("?")
        payload = (query if method == "GET" else body).encode()
        stamp = str(self.wall.now)
        headers = {
            "x-bapi-api-key": key,
            "x-bapi-timestamp": stamp,
            "x-bapi-recv-window": "5000",
            "x-bapi-sign": signature(secret or key, f"{stamp}{key}5000".encode() + payload),
        }
        return self.rest.answer(Request(method, path, query.encode(), headers, body.encode()))

    def ask(self, path: str, **params: Any) -> dict[str, Any]:
        query = "&".join(f"{name}={value}" for name, value in {"category": "linear", **params}.items())
        answer: dict[str, Any] = json.loads(self.raw("GET", f"/v5/{path}?{query}").body)
        return answer

    def rows_of(self, path: str, **params: Any) -> list[dict[str, Any]]:
        """The list in an answer that must be a success."""
        answer = self.ask(path, **params)
        assert answer["retCode"] == 0, answer
        rows: list[dict[str, Any]] = answer["result"]["list"]
        return rows

    def say(self, path: str, **params: Any) -> dict[str, Any]:
        body = json.dumps({"category": "linear", **params})
        answer: dict[str, Any] = json.loads(self.raw("POST", f"/v5/{path}", body).body)
        return answer

    def order(self, side: str, index: int, qty: str, price: str = "", **more: Any) -> dict[str, Any]:
        """Limit where a price is given, else market; on DOGEUSDT."""
        params = {"symbol": "DOGEUSDT", "side": side, "positionIdx": index, "qty": qty, **more}
        params |= {"orderType": "Limit", "price": price} if price else {"orderType": "Market"}
        return self.say("order/create", **params)


@contextmanager
def serving(options: Options | None = None) -> Iterator[Handle]:
    """A scripted exchange behind a real port; its time is the wall's."""
    chosen = options or Options(rate_limits=False, ack_delay_ms=20)
    now = wall_ms()
    handle = start(scripted(now, FarFunding(now)), options=chosen)
    try:
        yield handle
    finally:
        handle.stop()
