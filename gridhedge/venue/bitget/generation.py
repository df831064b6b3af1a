"""The two generations of accounts behind one protocol, and how to find out which one a key belongs to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any, NamedTuple, Protocol

from gridhedge.domain.account import OrderRecord, Position
from gridhedge.domain.change import Cancel, Place
from gridhedge.domain.events import AccountSeen, Execution, MarketSeen, OrderUpdate
from gridhedge.domain.instrument import Fees, Instrument
from gridhedge.domain.order import parse_client_id
from gridhedge.domain.values import Millis, Money, Role, Side
from gridhedge.engine.ports import Outcome
from gridhedge.venue.bitget.parse import Leg
from gridhedge.venue.bitget.stops import StopNews
from gridhedge.venue.fields import Row

__all__ = ["BATCH_SIZE", "Bill", "Generation", "Identity", "Rate", "Request", "Settings", "is_ours", "is_stop", "plain"]

BATCH_SIZE = 20
"""What both generations take at once (some classic pages say 50)."""


class Identity(NamedTuple):
    """Whom the key belongs to and what it may do; None where Bitget does not tell."""

    uid: str
    may_trade: bool | None
    may_withdraw: bool | None
    may_transfer: bool | None
    is_bound: bool | None
    """To IP addresses: a key that is not works from everywhere."""


class Settings(NamedTuple):
    """How the account is set for a symbol."""

    is_hedged: bool
    is_crossed: bool
    trouble: str
    """What else keeps the bot from trading on it; empty if nothing does."""
    leverage: Decimal
    """0 where it is not told."""


class Bill(NamedTuple):
    """A funding payment as it is booked: positive was received. The leg is not told."""

    id: str
    symbol: str
    amount: Money
    at: Millis


class Rate(NamedTuple):
    """A funding rate that was charged."""

    rate: Decimal
    at: Millis


class Request(NamedTuple):
    """One request and how its answer is read: an outcome by client id, None where the answer does not tell it."""

    path: str
    body: Any


class Generation(Protocol):
    """What the adapter asks of an account, in its generation's own words. All reads raise VenueError."""

    kind: str
    """``classic account`` or ``unified account``."""
    public_stream: str
    private_stream: str

    def public_topics(self, symbols: Sequence[str]) -> list[Row]: ...

    def private_topics(self) -> list[Row]: ...

    # ---- the account

    def identity(self) -> Identity: ...

    def settings(self, symbol: str) -> Settings: ...

    def set_hedge_mode(self) -> None: ...

    def set_crossed(self, symbol: str) -> None: ...

    def set_leverage(self, symbol: str, leverage: int) -> None: ...

    def account(self) -> AccountSeen: ...

    def positions(self) -> Iterator[Position]:
        """Of all symbols. Raises Refused for one in one-way mode."""

    # ---- the market

    def instrument(self, symbol: str) -> Instrument: ...

    def table_fees(self, symbol: str) -> Fees:
        """Those of an account without a discount."""

    def fees(self, symbol: str) -> Fees: ...

    def market(self, symbol: str) -> MarketSeen: ...

    def rates(self, symbol: str, since: Millis) -> list[Rate]: ...

    # ---- orders and bookings

    def open_orders(self) -> Iterator[OrderRecord]:
        """Working orders of all symbols."""

    def open_stops(self, held: Sequence[Position]) -> Iterator[OrderRecord]:
        """Waiting stops of all symbols; one that is bound to a position is as large as that is."""

    def order(self, symbol: str, client_id: str, venue_id: str = "") -> OrderRecord | None:
        """An order, working or ended, by our id or Bitget's."""

    def ended_orders(self, symbol: str, since: Millis, now: Millis) -> Iterator[OrderRecord]: ...

    def ended_stops(self, symbol: str, since: Millis, now: Millis) -> Iterator[tuple[OrderRecord, str]]:
        """Stops that have ended, each with the id of the order that it became (empty if none)."""

    def fills(self, symbol: str, since: Millis, now: Millis) -> Iterator[Row]: ...

    def execution(self, item: Row, known: Leg | None, rates: Fees) -> Execution | None:
        """A row of ``fills``."""

    def bills(self, since: Millis, now: Millis) -> Iterator[Bill]:
        """Funding payments of all symbols."""

    # ---- changes

    def place(self, batch: Sequence[Place]) -> Request: ...

    def place_stop(self, place: Place) -> Request: ...

    def cancel(self, batch: Sequence[Cancel]) -> Request: ...

    def cancel_stop(self, cancel: Cancel) -> Request: ...

    def outcomes(self, data: object, now: Millis) -> dict[str, Outcome]:
        """What became of each order of a batch, by client id. Raises Malformed."""

    # ---- pushed rows

    def symbol_of(self, topic: str, item: Row) -> str: ...

    def pushed_order(self, item: Row) -> tuple[OrderUpdate, Leg]: ...

    def pushed_stop(self, item: Row) -> StopNews: ...

    def pushed_execution(self, item: Row, known: Leg | None, rates: Fees) -> Execution | None: ...

    def pushed_account(self, item: Row, at: Millis) -> AccountSeen | None:
        """None where a row does not tell enough."""

    def pushed_funding(self, item: Row) -> str:
        """Of a position's row: the sum of funding paid so far, to be compared with the last."""


def is_stop(client_id: str) -> bool:
    """Whether one of our ids belongs to a stop, which lives on other endpoints than orders do."""
    key = parse_client_id(client_id[2:8], client_id)
    return key is not None and key.role is Role.STOP_LOSS


def is_ours(client_id: str) -> bool:
    """Whether an id has the form of the bot's."""
    return parse_client_id(client_id[2:8], client_id) is not None


def plain(number: Decimal) -> str:
    return f"{number:f}"


def leg_name(side: Side) -> str:
    return "long" if side is Side.LONG else "short"
