"""Small exchanges whose numbers can be worked by hand."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from gridhedge.domain.change import Place, Urgency
from gridhedge.domain.events import Execution, Funding, Seen
from gridhedge.domain.instrument import Fees, Instrument, Tier
from gridhedge.domain.order import OrderKey
from gridhedge.domain.values import Role, Side
from gridhedge.venue.paper.exchange import Exchange
from gridhedge.venue.paper.feed import Feed, ScriptedFeed
from gridhedge.venue.paper.funding import FundingPlan, RecordedFunding
from gridhedge.venue.paper.market import Listing
from gridhedge.venue.paper.matching import Cause
from gridhedge.venue.paper.orders import PaperOrder

D = Decimal
LONG, SHORT = Side.LONG, Side.SHORT
NEVER = RecordedFunding((), ())
START = 1_000_000


def toy(symbol: str = "TOYUSDT", **changes: Any) -> Instrument:
    """Tick 0.5, step 1, quantities 1 to 1000 (market 100), notional from 10; maintenance 1 % to 10,000, then 2 %."""
    facts: dict[str, Any] = {
        "symbol": symbol,
        "base": "TOY",
        "quote": "USDT",
        "tick_size": D("0.5"),
        "lot_step": D(1),
        "min_quantity": D(1),
        "max_quantity": D(1000),
        "max_market_quantity": D(100),
        "min_notional": D(10),
        "max_leverage": 50,
        "tiers": (Tier(D(10_000), D("0.01"), D(0), 50), Tier(D(1_000_000), D("0.02"), D(100), 20)),
    }
    return Instrument(**{**facts, **changes})


FEES = Fees(maker=D("0.001"), taker=D("0.002"))


def script(*points: tuple[int, str]) -> ScriptedFeed:
    """Prices at milliseconds after START; the first is the price to begin with."""
    return ScriptedFeed((START + at, D(price)) for at, price in points)


def listing(feed: Feed, symbol: str = "TOYUSDT", funding: FundingPlan = NEVER, **facts: Any) -> Listing:
    return Listing(toy(symbol, **facts), FEES, feed, funding)


def exchange(*points: tuple[int, str], wallet: str = "1000", **options: Any) -> Exchange:
    """One toy symbol on a scripted price, without funding, at leverage 10."""
    return Exchange([listing(script(*points))], D(wallet), **options)


def limit(
    exchange: Exchange, name: str, side: Side, price: str, quantity: str, reduce_only: bool = False
) -> PaperOrder:
    return exchange.place("TOYUSDT", name, side, reduce_only, D(price), D(quantity))


def market(exchange: Exchange, name: str, side: Side, quantity: str, reduce_only: bool = False) -> PaperOrder:
    return exchange.place("TOYUSDT", name, side, reduce_only, D(0), D(quantity), market=True)


def run(exchange: Exchange, until: int) -> int:
    """Advance to ``until`` ms after START, through all happenings; returns how many there were."""
    happenings = 0
    while exchange.advance(START + until):
        happenings += 1
    return happenings


def executions(exchange: Exchange) -> list[Execution]:
    return [booking for booking in exchange.account.bookings if isinstance(booking, Execution)]


def fundings(exchange: Exchange) -> list[Funding]:
    return [booking for booking in exchange.account.bookings if isinstance(booking, Funding)]


def fills(exchange: Exchange) -> list[tuple[str, str, str]]:
    """(client id, quantity, price) of every execution, without trailing zeros."""
    return [
        (made.client_id, f"{made.quantity.normalize():f}", f"{made.price.normalize():f}")
        for made in executions(exchange)
    ]


def entry(name: str, side: Side, price: str, quantity: str, **more: Any) -> Place:
    """A place as the engine sends it."""
    key = OrderKey(side, Role.GRID, 0, 1, 0)
    reduce_only = bool(more.pop("reduce_only", False))
    return Place("TOYUSDT", name, key, D(price), D(quantity), reduce_only, Urgency.OPENING, "test", **more)


class Box:
    """An inbox: a list."""

    def __init__(self) -> None:
        self.seen: list[Seen] = []

    def put(self, seen: Seen) -> None:
        self.seen.append(seen)

    def drain(self) -> list[Seen]:
        drained, self.seen = self.seen, []
        return drained

    def kinds(self) -> list[str]:
        """The names of what has arrived; empties the inbox."""
        return [type(seen).__name__ for seen in self.drain()]


class Witness:
    """A listener that writes everything down."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def order_changed(self, order: PaperOrder, cause: Cause) -> None:
        self.lines.append(f"{order.client_id or order.venue_id} {cause} {order.filled}/{order.quantity}")

    def executed(self, execution: Execution) -> None:
        self.lines.append(f"{execution.kind.value} {execution.quantity} at {execution.price}")

    def funded(self, funding: Funding) -> None:
        self.lines.append(f"funding {funding.side.value} {funding.amount}")

    def price_met(self, symbol: str) -> None:
        self.lines.append(f"watched price of {symbol}")

    def wallet_changed(self) -> None:
        self.lines.append("wallet")


def conserved(exchange: Exchange) -> bool:
    """Whether the wallet is what deposits, profits, fees and funding make of it, from history alone."""
    account = exchange.account
    fees = sum((made.fee for made in executions(exchange)), D(0))
    funding = sum((made.amount for made in fundings(exchange)), D(0))
    total = account.deposits + account.realised - fees - funding + account.covered
    return account.wallet == total


def held(made: Iterable[Execution], side: Side) -> Decimal:
    """The position that the executions of a side add up to."""
    return sum((-one.quantity if one.closing else one.quantity for one in made if one.side is side), D(0))
