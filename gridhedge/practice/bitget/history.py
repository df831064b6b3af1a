"""Lists of orders, executions and payments, newest first, in whatever words the rows are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gridhedge.domain.events import Execution
from gridhedge.domain.order import OrderState
from gridhedge.practice.bitget import facts
from gridhedge.practice.bitget.answers import Answer
from gridhedge.practice.bitget.call import Call
from gridhedge.practice.bitget.ids import number_of, wire_id
from gridhedge.practice.bitget.query import DAY, page, within
from gridhedge.practice.bitget.trade import find
from gridhedge.practice.books import Entry
from gridhedge.venue.paper.orders import PaperOrder

__all__ = ["bills", "ended_orders", "ended_plans", "fills", "open_orders", "open_plans", "order_row"]

Page = tuple[list[dict[str, Any]], str]


def order_row(call: Call) -> dict[str, Any]:
    """One order by id, also one that somebody else's execution has left."""
    venue_id, client_id = (str(call.params.get(name) or "") for name in ("orderId", "clientOid"))
    number = number_of(call.desk.key, "foreign", venue_id)
    entries = call.desk.books.entries
    if number is not None and number < len(entries) and isinstance(entries[number].booking, Execution):
        return call.rows.order_row(call.desk, facts.foreign_order(call.desk, entries[number]))
    order = find(call, venue_id, client_id)
    if order is None:
        raise Answer("40109", "The data of the order cannot be found, please confirm the order number")
    return call.rows.listed_order(call.desk, order)


def open_orders(call: Call, after: str) -> Page:
    """Working orders, newest first."""
    wanted = call.params.get("status")
    orders = [order for order in _working(call) if not facts.is_plan(call.desk, order) or order.trigger_price is None]
    fitting = (
        order
        for order in orders
        if wanted in (None, "", "live", "partially_filled")
        and (wanted != "partially_filled" or order.filled)
        and (wanted != "live" or not order.filled)
        and call.params.get("clientOid") in (None, "", order.client_id)
    )
    found, cursor = page(fitting, lambda order: int(facts.order_id(call.desk, order)), call.params, after)
    return [call.rows.listed_order(call.desk, order) for order in found], cursor


def _working(call: Call) -> list[PaperOrder]:
    found = [order for order in call.desk.exchange.account.open.values() if _fits(call, order.symbol)]
    return sorted(found, key=lambda order: -order.number)


def _fits(call: Call, symbol: str) -> bool:
    return call.is_ours() and call.params.get("symbol") in (None, "", symbol)


def open_plans(call: Call, after: str) -> Page:
    waiting = (order for order in _working(call) if facts.is_waiting_plan(call.desk, order))
    found, cursor = page(waiting, lambda order: int(facts.plan_id(call.desk, order)), call.params, after)
    return [call.rows.plan(call.desk, order) for order in found], cursor


def ended_orders(call: Call, after: str) -> Page:
    """Orders that have ended, newest first."""
    ended = (order for order in _ended(call) if not facts.is_waiting_plan(call.desk, order))
    found, cursor = page(ended, lambda order: int(facts.order_id(call.desk, order)), call.params, after)
    return [call.rows.listed_order(call.desk, order) for order in found], cursor


def ended_plans(call: Call, after: str) -> Page:
    ended = (order for order in _ended(call) if facts.is_plan(call.desk, order))
    found, cursor = page(ended, lambda order: int(facts.plan_id(call.desk, order)), call.params, after)
    return [call.rows.plan(call.desk, order) for order in found], cursor


def _ended(call: Call) -> Iterator[PaperOrder]:
    clock = call.world.clock
    lag = call.world.faults.active("history_lag")
    late = call.now + DAY if lag is None else call.now - int(lag.seconds * 1000)
    start, end = within(call.params, call.now)
    for order in call.desk.orders():
        created, ended = clock.shown(order.created), clock.shown(order.changed)
        has_ended = order.state is not OrderState.WORKING and ended <= late
        if has_ended and start <= created <= end and _fits(call, order.symbol):
            yield order


def fills(call: Call, after: str) -> Page:
    """Executions, newest first."""
    wanted = call.params.get("orderId")
    found, cursor = page(
        (entry for entry in _entries(call, True) if wanted in (None, "", facts.fill(call.desk, entry).order)),
        lambda entry: int(wire_id(call.desk.key, "execution", entry.number)),
        call.params,
        after,
    )
    return [call.rows.listed_fill(call.desk, entry) for entry in found], cursor


def bills(call: Call, after: str) -> Page:
    """Everything that has moved the wallet."""
    kind = str(call.params.get("businessType") or call.params.get("type") or "")
    rows = {entry.number: call.rows.bill(call.desk, entry) for entry in _entries(call, False)}
    found, cursor = page(
        (number for number, row in rows.items() if kind in ("", row.get("businessType"), row.get("type"))),
        lambda number: int(wire_id(call.desk.key, "bill", number)),
        call.params,
        after,
    )
    return [rows[number] for number in found], cursor


def _entries(call: Call, executions_only: bool) -> Iterator[Entry]:
    start, end = within(call.params, call.now)
    for entry in reversed(call.desk.books.entries):
        shown = call.world.clock.shown(entry.booking.at)
        if shown < start:
            return
        fits = isinstance(entry.booking, Execution) or not executions_only
        if fits and shown <= end and _fits(call, entry.booking.symbol):
            yield entry
