"""Lists of orders, trades and income."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gridhedge.domain.events import Execution
from gridhedge.domain.order import OrderState
from gridhedge.practice.binance.answers import Answer, plain
from gridhedge.practice.binance.call import Call, Result
from gridhedge.practice.binance.query import DAY, choice, limited, time_window, whole
from gridhedge.practice.binance.rows import asset, is_algo, order_id_of, order_number
from gridhedge.practice.binance.trade import named
from gridhedge.practice.books import Entry
from gridhedge.venue.paper.orders import PaperOrder

__all__ = ["all_orders", "find", "find_open", "income", "open_orders", "trades"]

_KINDS = ("FUNDING_FEE", "REALIZED_PNL", "COMMISSION", "TRANSFER")
_FORGOTTEN_AFTER = 3 * DAY


def _is_ordinary(call: Call, order: PaperOrder) -> bool:
    """Conditional orders are so from the moment that they are triggered."""
    return order.trigger_price is None or not is_algo(call.desk, order)


def open_orders(call: Call) -> Result:
    """Working orders, oldest first."""
    symbols = {market.symbol for market in call.markets()}
    return [
        call.rows.order(call.desk, order)
        for order in call.desk.exchange.account.open.values()
        if order.symbol in symbols and _is_ordinary(call, order)
    ]


def find_open(call: Call) -> Result:
    """One order, as long as it works."""
    order = named(call)
    if order is None or order.state is not OrderState.WORKING:
        raise Answer(-2013, "Order does not exist.")
    return call.rows.order(call.desk, order)


def find(call: Call) -> Result:
    """One order, whatever has become of it; one that has just ended may be hidden by a lag."""
    order = named(call)
    if order is None or _is_hidden(call, order):
        raise Answer(-2013, "Order does not exist.")
    return call.rows.order(call.desk, order)


def _is_hidden(call: Call, order: PaperOrder) -> bool:
    """Forgotten (never executed, three days old), or not in the history yet."""
    if order.state is OrderState.WORKING:
        return False
    ended, lag = call.world.clock.shown(order.changed), call.world.faults.active("history_lag")
    is_late = lag is not None and ended > call.now - int(lag.seconds * 1000)
    return is_late or (not order.filled and ended < call.now - _FORGOTTEN_AFTER)


def all_orders(call: Call) -> Result:
    """Orders of a symbol by the time they were placed, oldest first: from an id on, or in a window of time."""
    market, params, shown = call.market(), call.params, call.world.clock.shown
    limit, first = limited(params, 500, 1000), whole(params, "orderId", -1)
    start, end = time_window(params, call.now)
    found = [
        order
        for order in call.desk.orders()
        if order.symbol == market.symbol
        and _is_ordinary(call, order)
        and not _is_hidden(call, order)
        and (order_number(order) >= first if first >= 0 else start <= shown(order.created) <= end)
    ]
    return [call.rows.order(call.desk, order) for order in reversed(found)][:limit]


def trades(call: Call) -> Result:
    """Executions of a symbol, oldest first."""
    market, params = call.market(), call.params
    limit, first = limited(params, 500, 1000), whole(params, "fromId", -1)
    if first >= 0 and ("startTime" in params or "endTime" in params):
        raise Answer(-1128, "Combination of optional parameters invalid.")
    wanted = whole(params, "orderId", -1)
    found = []
    for entry in _entries(call, first):
        execution = entry.booking
        if not isinstance(execution, Execution) or execution.symbol != market.symbol:
            continue
        order = call.desk.find(execution.venue_id, "") if execution.venue_id else None
        if wanted < 0 or order_id_of(entry, order) == wanted:
            found.append(entry)
    chosen = found[:limit] if first >= 0 or "startTime" in params else found[-limit:]
    return [call.rows.trade(call.desk, entry) for entry in chosen]


def _entries(call: Call, first: int) -> Iterator[Entry]:
    """Entries of the books from a trade's number on, or in the window of time, oldest first."""
    if first >= 0:
        yield from call.desk.books.entries[max(first - 1, 0) :]
        return
    start, end = time_window(call.params, call.now)
    for entry in call.desk.books.entries:
        if start <= call.world.clock.shown(entry.booking.at) <= end:
            yield entry


def income(call: Call) -> Result:
    """What has moved the wallet, oldest first. Funding rows name no side."""
    params, wanted = call.params, call.params.get("incomeType", "")
    if wanted:
        choice(params, "incomeType", _KINDS)
    symbols = {market.symbol for market in call.markets()}
    rows = [
        row
        for entry in _entries(call, -1)
        if entry.booking.symbol in symbols
        for row in _incomes(call, entry)
        if wanted in ("", row["incomeType"])
    ]
    limit = limited(params, 100, 1000)
    return rows[:limit] if "startTime" in params else rows[-limit:]


def _incomes(call: Call, entry: Entry) -> list[dict[str, Any]]:
    booking = entry.booking
    if not isinstance(booking, Execution):
        return [_income(call, entry, "FUNDING_FEE", plain(-booking.amount), 0)]
    rows = [_income(call, entry, "COMMISSION", plain(-booking.fee), 1)] if booking.fee else []
    if entry.realised:
        rows.append(_income(call, entry, "REALIZED_PNL", plain(entry.realised), 2))
    return rows


def _income(call: Call, entry: Entry, kind: str, amount: str, place: int) -> dict[str, Any]:
    booking = entry.booking
    is_trade = isinstance(booking, Execution)
    return {
        "symbol": booking.symbol,
        "incomeType": kind,
        "income": amount,
        "asset": asset(call.desk),
        "info": str(entry.number + 1) if is_trade else kind,
        "time": call.world.clock.shown(booking.at),
        "tranId": (entry.number + 1) * 10 + place,
        "tradeId": str(entry.number + 1) if is_trade else "",
    }
