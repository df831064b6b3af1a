"""Lists of orders, executions and closed profits."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gridhedge.domain.events import Execution
from gridhedge.domain.order import OrderState
from gridhedge.domain.values import ZERO
from gridhedge.practice.books import Entry
from gridhedge.practice.bybit.answers import Answer, plain, rounded
from gridhedge.practice.bybit.call import Call, Result
from gridhedge.practice.bybit.query import DAY, page, time_window, whole
from gridhedge.practice.bybit.rows import status
from gridhedge.practice.bybit.trade import named_order
from gridhedge.venue.paper.orders import PaperOrder

__all__ = ["closed_profits", "executions", "open_orders", "order_history"]


def open_orders(call: Call) -> Result:
    """Working orders, newest first; by id also one that has ended a short while ago."""
    params, desk = call.params, call.desk
    if not call.linear():
        return _orders(call, [], "")
    if params.get("orderId") or params.get("orderLinkId"):
        order = named_order(call)
        known = order is not None and (order.state is OrderState.WORKING or order in desk.recent)
        return _orders(call, [order] if known and order is not None else [], "")
    if not any(params.get(name) for name in ("symbol", "baseCoin", "settleCoin")):
        raise Answer(10001, "params error: symbol, settleCoin or baseCoin is missing")
    source = reversed(desk.recent) if whole(params, "openOnly", 0) == 1 else _by_age(call)
    found, cursor = page((order for order in source if _fits(call, order)), lambda order: order.number, params, 20, 50)
    return _orders(call, found, cursor)


def _by_age(call: Call) -> Iterator[PaperOrder]:
    return iter(sorted(call.desk.exchange.account.open.values(), key=lambda order: -order.number))


def _fits(call: Call, order: PaperOrder) -> bool:
    params = call.params
    stop = order.trigger_price is not None
    return (
        params.get("symbol") in (None, "", order.symbol)
        and params.get("settleCoin") in (None, "", "USDT")
        and params.get("orderFilter", "") in ("", "StopOrder" if stop else "Order")
        and params.get("orderStatus", "") in ("", status(order))
    )


def _orders(call: Call, found: list[PaperOrder], cursor: str) -> Result:
    rows = [call.rows.order(call.desk, order) for order in found]
    return {"category": call.params["category"], "nextPageCursor": cursor, "list": rows}


def order_history(call: Call) -> Result:
    """Orders that have ended, newest first. Those that never executed are forgotten after a day, and all of a demo
    account after seven."""
    params, clock = call.params, call.world.clock
    if not call.linear():
        return _orders(call, [], "")
    lag = call.world.faults.active("history_lag")
    late = call.now + DAY if lag is None else call.now - int(lag.seconds * 1000)
    kept_since = call.now - 7 * DAY if call.world.faults.active("demo") else 0
    by_id = bool(params.get("orderId") or params.get("orderLinkId"))
    start, end = time_window(params, call.now, 7 * DAY)

    def fitting() -> Iterator[PaperOrder]:
        if by_id:
            named = named_order(call)
            source = iter([] if named is None else [named])
        else:
            source = call.desk.orders()
        for order in source:
            ended, created = clock.shown(order.changed), clock.shown(order.created)
            forgotten = ended < kept_since or (not order.filled and ended < call.now - DAY)
            if order.state is OrderState.WORKING or ended > late or forgotten or not _fits(call, order):
                continue
            if by_id or start <= created <= end:
                yield order

    found, cursor = page(fitting(), lambda order: order.number, params, 20, 50)
    return _orders(call, found, cursor)


def executions(call: Call) -> Result:
    """Executions and funding payments, newest first. With an order's id all other filters are ignored."""
    params, desk = call.params, call.desk
    if not call.linear():
        return {"category": params["category"], "nextPageCursor": "", "list": []}
    if params.get("orderId") or params.get("orderLinkId"):
        order = named_order(call)
        source = [] if order is None else list(reversed(desk.books.of(order.venue_id)))
    else:
        source = list(_entries(call))
    found, cursor = page(source, lambda entry: entry.number + 1, params, 50, 100)
    hidden = ("category", "execPnl", "isLeverage")
    rows = [
        {name: value for name, value in call.rows.entry(desk, entry).items() if name not in hidden} for entry in found
    ]
    return {"category": "linear", "nextPageCursor": cursor, "list": rows}


def _entries(call: Call) -> Iterator[Entry]:
    """Entries in the window of time that pass the filters, newest first."""
    params, clock = call.params, call.world.clock
    start, end = time_window(params, call.now, 7 * DAY)
    wanted = params.get("execType", "")
    for entry in reversed(call.desk.books.entries):
        shown = clock.shown(entry.booking.at)
        if shown < start:
            return
        if (
            shown <= end
            and params.get("symbol") in (None, "", entry.booking.symbol)
            and wanted in ("", call.rows.entry(call.desk, entry)["execType"])
        ):
            yield entry


def closed_profits(call: Call) -> Result:
    """One row per closing order, newest first; the profit is net of both fees."""
    params, desk, clock = call.params, call.desk, call.world.clock
    if not call.linear():
        return {"category": params["category"], "nextPageCursor": "", "list": []}
    start, end = time_window(params, call.now, 7 * DAY)
    last = {}
    for entry in desk.books.entries:
        booking = entry.booking
        if isinstance(booking, Execution) and booking.closing and start <= clock.shown(booking.at) <= end:
            last[booking.venue_id or f"-{entry.number}"] = entry
    newest = sorted(last.values(), key=lambda entry: -entry.number)
    newest = [entry for entry in newest if params.get("symbol") in (None, "", entry.booking.symbol)]
    found, cursor = page(newest, lambda entry: entry.number + 1, params, 50, 100)
    return {"category": "linear", "nextPageCursor": cursor, "list": [_closed(call, entry) for entry in found]}


def _closed(call: Call, last: Entry) -> dict[str, Any]:
    desk = call.desk
    booking = last.booking
    assert isinstance(booking, Execution)
    parts = desk.books.of(booking.venue_id) or [last]
    row = call.rows.entry(desk, last)
    size = sum((part.booking.quantity for part in parts if isinstance(part.booking, Execution)), ZERO)
    exit_value = sum(
        (part.booking.quantity * part.booking.price for part in parts if isinstance(part.booking, Execution)), ZERO
    )
    realised = sum((part.realised for part in parts), ZERO)
    opening = sum((part.opening_fee for part in parts), ZERO)
    closing = sum((part.booking.fee for part in parts if isinstance(part.booking, Execution)), ZERO)
    entry_value = exit_value - realised * booking.side.sign
    return {
        "symbol": booking.symbol,
        "orderId": row["orderId"],
        "side": row["side"],
        "qty": row["orderQty"],
        "orderPrice": row["orderPrice"],
        "orderType": row["orderType"],
        "execType": row["execType"],
        "closedSize": plain(size),
        "cumEntryValue": plain(entry_value),
        "avgEntryPrice": rounded(entry_value / size),
        "cumExitValue": plain(exit_value),
        "avgExitPrice": rounded(exit_value / size),
        "closedPnl": plain(realised - opening - closing),
        "openFee": plain(opening),
        "closeFee": plain(closing),
        "fillCount": str(len(parts)),
        "leverage": str(desk.exchange.market(booking.symbol).leverage),
        "createdTime": row["execTime"],
        "updatedTime": row["execTime"],
    }
