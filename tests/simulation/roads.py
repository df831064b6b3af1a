"""What the worlds over the wire must know of a venue: how to practise it, to reach it, and where it can go wrong."""

from __future__ import annotations

import logging
from collections.abc import Callable
from decimal import Decimal
from typing import Any, NamedTuple

from gridhedge.domain.instrument import Instrument
from gridhedge.domain.values import Millis, Price, Quantity
from gridhedge.practice import binance as practice_binance
from gridhedge.practice import bybit as practice_bybit
from gridhedge.practice.books import Entry
from gridhedge.practice.bybit.rows import wire_id
from gridhedge.practice.clock import Clock
from gridhedge.practice.desk import Desk
from gridhedge.practice.server import Handle
from gridhedge.practice.world import Options
from gridhedge.simulate.market import WildFeed
from gridhedge.venue.binance import client as binance_client
from gridhedge.venue.binance.venue import BinanceVenue
from gridhedge.venue.bybit import client as bybit_client
from gridhedge.venue.bybit.tickers import price_streams
from gridhedge.venue.bybit.venue import BybitVenue
from gridhedge.venue.clock import ServerClock
from gridhedge.venue.keeper import Pace
from gridhedge.venue.paper.exchange import Exchange
from gridhedge.venue.paper.funding import ConstantFunding
from gridhedge.venue.paper.instruments import fees, instrument
from gridhedge.venue.paper.market import Listing

_PUBLIC = Pace(attempts=3, pongs_count=False, silence=1.5, look_every=0.1, first=0.1, slowest=0.4, handshake=3.0)
_TIMEOUT_S = 0.6
_NEVER = 100 * 525_600
"""Minutes between two fundings where there shall be none."""


class Road(NamedTuple):
    """One venue."""

    name: str
    rules: Instrument
    price: Price
    liquidity: Quantity
    """What trades on a leg of the path, where that is limited: a part of an order."""
    funding_minutes: tuple[int, ...]
    adapter: type[Any]
    start: Callable[..., Handle]
    access: type[Any]
    talks: Callable[..., Any]
    """Makes the adapter's client."""
    prices: Callable[[str, logging.Logger], dict[str, Any]]
    """What the adapter is told of the price streams at an address."""
    private_pace: Pace
    orders: tuple[str, ...]
    """Addresses that orders go to, others that are read, the topics and the channels of the streams."""
    reads: tuple[str, ...]
    topics: tuple[str, ...]
    channels: tuple[str, ...]
    item_codes: tuple[int, ...]
    """Refusals of one order of a batch: for a reason, and without one."""
    refusal_codes: tuple[int, ...]
    """Answers after which nobody knows."""
    name_of: Callable[[Desk, Entry], str]
    """The adapter's name of an execution or payment."""

    def exchange(self, feed: WildFeed, funding: ConstantFunding, liquidity: Quantity | None) -> Exchange:
        """The exchange behind it, with 10,000 of the quote currency."""
        is_binance = self.name == "binance"
        terms = fees(self.name, self.rules.symbol)
        listing = Listing(self.rules, terms, feed, funding, margin_holds_fees=not is_binance)
        return Exchange([listing], Decimal(10_000), liquidity=liquidity, ids_return=is_binance)

    def practise(self, exchange: Exchange, clock: Clock) -> Handle:
        """Open its doors."""
        return self.start(exchange, clock=clock, options=Options(rules=self.name, keys={"practice": "practice"}))

    def client(self, endpoint: str, receive_window_ms: Millis, clock: ServerClock, log: logging.Logger) -> Any:
        """Who talks to it."""
        access = self.access(True, endpoint, "practice", "practice", receive_window_ms, timeout_s=_TIMEOUT_S)
        return self.talks(access, clock, log)


BYBIT = Road(
    name="bybit",
    rules=instrument("bybit", "DOGEUSDT"),
    price=Decimal("0.2"),
    liquidity=Decimal(700),
    funding_minutes=(1, 480),
    adapter=BybitVenue,
    start=practice_bybit.start,
    access=bybit_client.Access,
    talks=bybit_client.Client,
    prices=lambda endpoint, log: {"prices": price_streams(endpoint, log, _PUBLIC, _TIMEOUT_S)},
    private_pace=_PUBLIC._replace(pongs_count=True, silence=30.0),
    orders=("/v5/order/create-batch", "/v5/order/amend-batch", "/v5/order/cancel-batch"),
    reads=("/v5/order/realtime", "/v5/order/history", "/v5/execution/list", "/v5/position/list", "/v5/account/wallet"),
    topics=("order", "execution", "wallet", "tickers"),
    channels=("public", "private"),
    item_codes=(110007, 110001, 10016),
    refusal_codes=(10016, 10000),
    name_of=lambda desk, entry: wire_id(desk.key, "execution", entry.number),
)
BINANCE = Road(
    name="binance",
    rules=instrument("binance", "ETHUSDC"),
    price=Decimal(3000),
    liquidity=Decimal("0.05"),
    funding_minutes=(_NEVER,),  # it is charged and named by the hour, and a world lasts for seconds
    adapter=BinanceVenue,
    start=practice_binance.start,
    access=binance_client.Access,
    talks=binance_client.Client,
    prices=lambda endpoint, log: {"public_pace": _PUBLIC},
    private_pace=_PUBLIC._replace(silence=86_400.0),
    orders=("/fapi/v1/batchOrders", "/fapi/v1/order"),
    reads=(
        "/fapi/v1/openOrders",
        "/fapi/v1/allOrders",
        "/fapi/v1/userTrades",
        "/fapi/v3/positionRisk",
        "/fapi/v3/account",
    ),
    topics=("ORDER_TRADE_UPDATE", "ORDER_TRADE_UPDATE TRADE", "ACCOUNT_UPDATE"),
    channels=("public", "market", "private"),
    item_codes=(-2019, -2011, -1007),
    refusal_codes=(-1007, -1000),
    name_of=lambda desk, entry: f"{entry.booking.symbol}-{entry.number + 1}",
)
