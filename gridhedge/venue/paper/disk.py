"""The embedded exchange on disk, so that it outlives the process: one SQLite file, one transaction per change."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from gridhedge.domain.errors import DiskFailure, UsageError
from gridhedge.domain.events import Execution, ExecutionKind, Funding
from gridhedge.domain.order import OrderState, Reject
from gridhedge.domain.values import Side
from gridhedge.venue.paper.account import Booking
from gridhedge.venue.paper.exchange import Exchange
from gridhedge.venue.paper.market import Market
from gridhedge.venue.paper.orders import PaperOrder

__all__ = ["PaperDisk"]

_SCHEMA = """
CREATE TABLE IF NOT EXISTS state (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS orders (number INTEGER PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS bookings (number INTEGER PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS beside (name TEXT PRIMARY KEY, value TEXT NOT NULL);
"""


class PaperDisk:
    """A file that holds one exchange. ``restore`` fills a newly built exchange, ``save`` writes what has changed.

    What was saved survives the death of the process; after a power cut the last moments may be missing, but what is
    there fits together. Used by one thread at a time. Raises DiskFailure when the file can not be written.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._booked = 0
        opened: sqlite3.Connection | None = None
        try:
            self._db = opened = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
            opened.execute("PRAGMA journal_mode=WAL")
            opened.execute("PRAGMA synchronous=NORMAL")
            opened.executescript(_SCHEMA)
        except sqlite3.Error as error:
            if opened is not None:
                opened.close()
            raise DiskFailure(f"{path}: the paper exchange can not be kept there ({error})") from error

    def save(
        self, exchange: Exchange, changed: Iterable[PaperOrder], beside: Mapping[str, str | None] | None = None
    ) -> None:
        """Write the state, the changed orders and the bookings made since the last save, all or nothing; and, in the
        same transaction, what somebody else keeps ``beside`` it by name (None: not any more)."""
        assert exchange.account.keep_history, "only an exchange that keeps its history can be kept on disk"
        bookings = exchange.account.bookings[self._booked :]
        orders = [(order.number, json.dumps(_order_out(order, exchange))) for order in changed]
        made = [(self._booked + index, json.dumps(_booking_out(made))) for index, made in enumerate(bookings)]
        try:
            self._db.execute("BEGIN IMMEDIATE")
            self._db.executemany("INSERT OR REPLACE INTO orders VALUES (?, ?)", orders)
            self._db.executemany("INSERT INTO bookings VALUES (?, ?)", made)
            state = json.dumps(_state_out(exchange))
            self._db.execute("INSERT OR REPLACE INTO state VALUES ('exchange', ?)", (state,))
            for name, text in (beside or {}).items():
                if text is None:
                    self._db.execute("DELETE FROM beside WHERE name = ?", (name,))
                else:
                    self._db.execute("INSERT OR REPLACE INTO beside VALUES (?, ?)", (name, text))
            self._db.execute("COMMIT")
        except sqlite3.Error as error:
            raise DiskFailure(f"{self._path}: the paper exchange can not be saved ({error})") from error
        self._booked += len(made)

    def restore(self, exchange: Exchange) -> bool:
        """Give a newly built exchange the saved state; False if nothing has been saved.

        The exchange must have been built with the same symbols, rules and feeds; UsageError if symbols differ.
        """
        try:
            row = self._db.execute("SELECT value FROM state WHERE name = 'exchange'").fetchone()
            orders = [json.loads(value) for (value,) in self._db.execute("SELECT value FROM orders ORDER BY number")]
            booked = [json.loads(value) for (value,) in self._db.execute("SELECT value FROM bookings ORDER BY number")]
        except sqlite3.Error as error:
            raise DiskFailure(f"{self._path}: the paper exchange can not be read ({error})") from error
        if row is None:
            return False
        state = json.loads(row[0])
        if list(state["markets"]) != list(exchange.markets):
            raise UsageError(
                f"{self._path} keeps a paper exchange for {', '.join(state['markets'])}, the profile wants "
                f"{', '.join(exchange.markets)}: use the same symbols in the same order, or remove the file"
            )
        account = exchange.account
        account.bookings[:] = [_booking_in(value) for value in booked]
        self._booked = len(booked)
        _state_in(exchange, state)
        _orders_in(exchange, orders)
        exchange.matching.arrivals = state["arrivals"]
        return True

    def beside(self) -> dict[str, str]:
        """What was kept beside the exchange."""
        try:
            return dict(self._db.execute("SELECT name, value FROM beside"))
        except sqlite3.Error as error:
            raise DiskFailure(f"{self._path}: what is kept there can not be read ({error})") from error

    def close(self) -> None:
        self._db.close()


# ---- what is written -------------------------------------------------------------------------------------------------


def _text(number: Decimal | None) -> str | None:
    return None if number is None else str(number)


def _number(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def _state_out(exchange: Exchange) -> dict[str, Any]:
    account, matching = exchange.account, exchange.matching
    return {
        "now": matching.now,
        "executions": matching.executions,
        "arrivals": matching.arrivals,
        "orders": exchange.orders,
        "wallet": str(account.wallet),
        "totals": [str(total) for total in account.totals],
        "markets": {symbol: _market_out(market) for symbol, market in exchange.markets.items()},
    }


def _market_out(market: Market) -> dict[str, Any]:
    return {
        "leverage": market.leverage,
        "feed": market.feed.cursor(),
        "next_funding": market.next_funding,
        "left": _text(market.left),
        "leg_number": market.leg_number,
        "watch": [_text(market.watch_below), _text(market.watch_above)],
        "legs": [[str(holding.quantity), str(holding.cost)] for holding in market.holdings],
    }


def _state_in(exchange: Exchange, state: dict[str, Any]) -> None:
    account, matching = exchange.account, exchange.matching
    matching.now, matching.executions, exchange.orders = state["now"], state["executions"], state["orders"]
    account.wallet = Decimal(state["wallet"])
    totals = (Decimal(total) for total in state["totals"])
    account.deposits, account.realised, account.fees, account.funding, account.covered = totals
    for symbol, market in exchange.markets.items():
        kept = state["markets"][symbol]
        market.feed.restore(kept["feed"])
        market.set_leverage(kept["leverage"])
        market.next_funding = kept["next_funding"]
        market.left = _number(kept["left"])
        market.leg_number = kept["leg_number"]
        market.watch_below, market.watch_above = (_number(text) for text in kept["watch"])
        for holding, (quantity, cost) in zip(market.holdings, kept["legs"], strict=True):
            holding.quantity, holding.cost = Decimal(quantity), Decimal(cost)
        market.renew_touch()
        market.stale = True
    exchange.timeline.renew_funding()
    matching.bands_stale = True
    account.unsettle()


def _order_out(order: PaperOrder, exchange: Exchange) -> dict[str, Any]:
    arrival = None
    if order.state is OrderState.WORKING:
        arrival = exchange.markets[order.symbol].queue(order).places[order.number][1]
    return {
        "number": order.number,
        "arrival": arrival,
        "symbol": order.symbol,
        "client_id": order.client_id,
        "side": order.side.value,
        "closing": order.closing,
        "price": str(order.price),
        "quantity": str(order.quantity),
        "filled": str(order.filled),
        "market": order.market,
        "trigger_price": _text(order.trigger_price),
        "state": order.state.value,
        "created": order.created,
        "changed": order.changed,
        "reason": None if order.reason is None else order.reason.value,
        "text": order.text,
    }


def _orders_in(exchange: Exchange, values: list[dict[str, Any]]) -> None:
    """Working orders go back into their queues in the order of their arrival."""
    account, working = exchange.account, []
    for value in values:
        order = PaperOrder(
            value["number"],
            value["symbol"],
            value["client_id"],
            Side(value["side"]),
            value["closing"],
            Decimal(value["price"]),
            Decimal(value["quantity"]),
            value["created"],
            value["market"],
            _number(value["trigger_price"]),
        )
        order.filled = Decimal(value["filled"])
        order.state = OrderState(value["state"])
        order.changed = value["changed"]
        order.reason = None if value["reason"] is None else Reject(value["reason"])
        order.text = value["text"]
        account.enter(order)
        if order.state is OrderState.WORKING:
            working.append((value["arrival"], order))
        else:
            account.end(order, order.state, order.changed)
    for _, order in sorted(working, key=lambda entry: entry[0]):
        exchange.matching.rest(exchange.markets[order.symbol], order)


def _booking_out(booking: Booking) -> list[Any]:
    plain: list[Any] = ["E" if isinstance(booking, Execution) else "F"]
    for field in booking:
        if isinstance(field, Decimal):
            plain.append(str(field))
        else:
            plain.append(field.value if isinstance(field, Side | ExecutionKind) else field)
    return plain


def _booking_in(plain: list[Any]) -> Booking:
    what, *fields = plain
    if what == "F":
        number, symbol, side, amount, rate, at = fields
        return Funding(number, symbol, Side(side), Decimal(amount), Decimal(rate), at)
    number, symbol, client_id, venue_id, side, closing, quantity, price, fee, maker, at, kind = fields
    return Execution(
        number,
        symbol,
        client_id,
        venue_id,
        Side(side),
        closing,
        Decimal(quantity),
        Decimal(price),
        Decimal(fee),
        maker,
        at,
        ExecutionKind(kind),
    )
