"""Reads lists of which Binance hands out a window of time, up to a number of rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from gridhedge.domain.account import OrderRecord
from gridhedge.domain.errors import Refused
from gridhedge.domain.events import Execution, Funding
from gridhedge.domain.instrument import Fees
from gridhedge.domain.values import Millis, Quantity, Side
from gridhedge.venue.binance import funding, parse
from gridhedge.venue.binance.client import Client
from gridhedge.venue.binance.errors import NO_SUCH_ORDER
from gridhedge.venue.binance.fields import table
from gridhedge.venue.failed import Failed
from gridhedge.venue.fields import Malformed, Row, integer, row, text

__all__ = ["algo_orders", "executions", "funding_payments", "orders", "windows"]

_WINDOW_MS = 7 * 24 * 3600 * 1000 - 1
_ROWS = 1000
_ALGO_ROWS = 100
_RATES = 1000
_LISTED_LATE_MS = 120_000
"""An order of which an execution is known is there. It may be listed so much later than the execution."""
_AHEAD_MS = 60_000
"""The last window ends so far in the future: what happens now is in it."""


def windows(client: Client, method: str, since: Millis, now: Millis, limit: int, **query: Any) -> Iterator[Row]:
    """All rows since a time. A window whose rows fill the answer is read again in halves: which end of it was left
    out, the documents do not say. Raises VenueError."""
    begin, last = since, now + _AHEAD_MS
    while begin <= last:
        end = min(begin + _WINDOW_MS, last)
        yield from _window(client, method, begin, end, limit, query)
        begin = end + 1


def _window(
    client: Client, method: str, begin: Millis, end: Millis, limit: int, query: Mapping[str, Any]
) -> Iterator[Row]:
    listed = table(client.read(method, **query, startTime=begin, endTime=end, limit=limit).body, method)
    if len(listed) < limit:
        yield from listed
        return
    if begin == end:
        raise Malformed(f"{method} has {limit} rows and more in one millisecond")
    middle = (begin + end) // 2
    yield from _window(client, method, begin, middle, limit, query)
    yield from _window(client, method, middle + 1, end, limit, query)


def orders(client: Client, symbol: str, since: Millis, now: Millis) -> dict[str, OrderRecord]:
    """Ordinary orders, ended or not, by their id."""
    listed = windows(client, "futures_get_all_orders", since, now, _ROWS, symbol=symbol)
    return {record.venue_id: record for record in map(parse.order, listed) if record.symbol == symbol}


def algo_orders(
    client: Client, symbol: str, since: Millis, now: Millis
) -> tuple[dict[str, OrderRecord], dict[str, str]]:
    """Conditional orders by their id, and their client ids by the id of the order they were triggered into."""
    found: dict[str, OrderRecord] = {}
    children: dict[str, str] = {}
    for item in windows(client, "futures_get_all_algo_orders", since, now, _ALGO_ROWS, symbol=symbol):
        record = parse.algo_order(item, {})
        found[record.venue_id] = record
        child = item.get("actualOrderId")
        if isinstance(child, str) and child:
            children[child] = record.client_id
    return found, children


def executions(
    client: Client,
    symbol: str,
    since: Millis,
    now: Millis,
    names: dict[str, str] | None,
    quote: str,
    rates: Fees,
) -> list[Execution]:
    """Each once, oldest first. ``names``: client ids by order id; those that it lacks are asked for and entered.
    Without it, executions are told without client ids.

    A fresh execution whose order Binance does not know yet is left out: told without a name it would pass for the
    user's, and once its order is listed it is told again.
    """
    found: dict[int, Execution] = {}
    for item in windows(client, "futures_account_trades", since, now, _ROWS, symbol=symbol):
        order = integer(item, "orderId", 1, 1 << 63)
        if names is not None and str(order) not in names:
            names[str(order)] = _name(client, symbol, order)
        name = "" if names is None else names[str(order)]
        made = parse.execution(item, name, quote, rates)
        if names is None or name or now - made.at > _LISTED_LATE_MS:
            found[integer(item, "id", 1, 1 << 63)] = made
    return [execution for _, execution in sorted(found.items(), key=lambda entry: (entry[1].at, entry[0]))]


def _name(client: Client, symbol: str, order: int) -> str:
    """The client id of an order; empty where Binance does not know it, yet or any more."""
    try:
        return text(row(client.read("futures_get_order", symbol=symbol, orderId=order).body, "order"), "clientOrderId")
    except Refused as error:
        if isinstance(error.__cause__, Failed) and error.__cause__.code == NO_SUCH_ORDER:
            return ""
        raise


def funding_payments(
    client: Client,
    symbol: str,
    since: Millis,
    now: Millis,
    held: Mapping[Side, Quantity],
    trades: list[Execution],
) -> list[Funding]:
    """Payments since a time and a little before it. ``trades``: since then at least."""
    begin = since - funding.LAG_MS
    listed = windows(client, "futures_income_history", begin, now, _ROWS, symbol=symbol, incomeType="FUNDING_FEE")
    charges = [one for one in map(funding.charge, listed) if one.symbol == symbol]
    if not charges:
        return []
    first = funding.hour(min(one.at for one in charges))
    told = windows(client, "futures_funding_rate", first, now, _RATES, symbol=symbol)
    rates = dict(funding.rate(item) for item in told if item.get("symbol") == symbol)
    return funding.by_side(charges, rates, held, trades)
