"""Placing, replacing and cancelling, in words that both generations' requests are translated into."""

from __future__ import annotations

import re
from typing import NamedTuple

from gridhedge.domain.order import OrderState, Reject, TimeInForce
from gridhedge.domain.values import ZERO, Price, Quantity, Side
from gridhedge.practice.bitget.answers import Answer, bad_parameter, plain, refused
from gridhedge.practice.bitget.call import Call, is_hedged
from gridhedge.practice.bitget.facts import is_plan, is_waiting_plan, order_id, plan_id
from gridhedge.practice.bitget.ids import number_of
from gridhedge.venue.paper.market import Market
from gridhedge.venue.paper.orders import PaperOrder, Refusal

__all__ = [
    "BATCH_SIZE",
    "Wish",
    "cancel",
    "cancel_plan",
    "find",
    "find_plan",
    "names",
    "place",
    "place_plan",
    "replace",
    "working",
]

BATCH_SIZE = 20
_CLIENT_ID = re.compile(r"[.A-Z:/a-z0-9_#-]{1,64}\Z")
_IN_FORCE = {"gtc": TimeInForce.GTC, "ioc": TimeInForce.IOC, "fok": TimeInForce.IOC, "post_only": TimeInForce.POST_ONLY}
_GONE = Answer("40768", "Order does not exist")


class Wish(NamedTuple):
    """An order that a request asks for. ``price`` is None at market."""

    market: Market
    side: Side
    closing: bool
    price: Price | None
    quantity: Quantity
    force: str
    client_id: str


def place(call: Call, wish: Wish) -> PaperOrder:
    """Accept an order. What becomes of it is told by the streams: also that post-only was cancelled at once."""
    exchange, market = call.desk.exchange, wish.market
    _check(call, wish)
    quantity = _closable(wish) if wish.closing else wish.quantity
    call.desk.note_order(force=wish.force)
    try:
        return exchange.place(
            market.symbol,
            wish.client_id,
            wish.side,
            wish.closing,
            wish.price or ZERO,
            quantity,
            market=wish.price is None,
            time_in_force=_IN_FORCE[wish.force],
        )
    except Refusal as refusal:
        if refusal.reason is not Reject.WOULD_TAKE:
            raise refused(refusal) from refusal
        assert wish.price is not None, "only limit orders are post-only"
        order = PaperOrder(
            exchange.orders + 1, market.symbol, wish.client_id, wish.side, wish.closing, wish.price, quantity,
            exchange.now(),
        )  # fmt: skip
        order.reason, order.text = refusal.reason, str(refusal)
        call.desk.enter_cancelled(order)
        return order


def _check(call: Call, wish: Wish) -> None:
    exchange, market, rules = call.desk.exchange, wish.market, wish.market.instrument
    if not is_hedged(call):
        raise Answer("40774", "The order type for unilateral position must also be the unilateral position type.")
    if wish.client_id and not _CLIENT_ID.match(wish.client_id):
        raise Answer("40305", "client_oid length is not greater than 64, and cannot be Martian characters")
    if wish.client_id and wish.client_id in exchange.account.ids:
        raise Answer("40786", "Duplicate clientOid")
    most = rules.max_market_quantity if wish.price is None else rules.max_quantity
    if wish.quantity <= 0 or wish.quantity % rules.lot_step:
        text = f"Parameter verification exception size checkBDScale error value={wish.quantity}"
        raise Answer("40808", text)
    if wish.quantity < rules.min_quantity:
        raise Answer("45111", f"less than the minimum order quantity {plain(rules.min_quantity)}")
    if wish.quantity > most:
        raise Answer("45112", f"more than the maximum order quantity {plain(most)}")
    if wish.price is not None:
        _check_price(market, (wish.side is Side.LONG) is not wish.closing, wish.price)
    if not wish.closing and wish.quantity * (wish.price or market.price) < rules.min_notional:
        raise Answer("45110", f"less than the minimum amount {plain(rules.min_notional)} USDT")
    if sum(order.symbol == market.symbol for order in exchange.account.open.values()) >= exchange.max_open_orders:
        raise Answer("40723", "The maximum number of open orders is reached")


def _check_price(market: Market, buys: bool, price: Price) -> None:
    tick = market.instrument.tick_size
    if price <= 0 or price % tick:
        raise Answer("45115", f"The price you enter should be a multiple of {plain(tick)}")
    if market.banded(buys, price) != price:
        code, word = ("40815", "higher") if buys else ("40816", "lower")
        raise Answer(code, f"Order price cannot be {word} than the limit")


def _closable(wish: Wish) -> Quantity:
    """A limit close must fit into what is free of the position; one at market closes what is free."""
    holding = wish.market.holding(wish.side)
    free = holding.quantity - holding.reserved
    if free <= 0:
        raise Answer("22002", "No position to close")
    if wish.quantity > free and wish.price is not None:
        raise Answer("40757", "Not enough position is available.")
    return min(wish.quantity, free)


# ---- finding, cancelling, replacing ----------------------------------------------------------------------------------


def find(call: Call, venue_id: str, client_id: str) -> PaperOrder | None:
    """An order of the market, working or not, by Bitget's id (which goes first) or the client's."""
    desk = call.desk
    if venue_id:
        number = number_of(desk.key, "order", venue_id)
        found = None if number is None else desk.find(f"P{number}", "")
        return None if found is None or is_waiting_plan(desk, found) else found
    if not client_id:
        raise bad_parameter("orderId or clientOid is missing")
    found = desk.find("", client_id)
    return None if found is None or is_plan(desk, found) else found


def find_plan(call: Call, venue_id: str, client_id: str) -> PaperOrder | None:
    """A plan order, whatever it has become."""
    desk = call.desk
    number = number_of(desk.key, "plan", venue_id) if venue_id else None
    found = desk.find("" if number is None else f"P{number}", "" if venue_id else client_id)
    return found if found is not None and is_plan(desk, found) else None


def working(call: Call, venue_id: str, client_id: str) -> PaperOrder:
    order = find(call, venue_id, client_id)
    if order is None or order.state is not OrderState.WORKING:
        raise _GONE
    return order


def cancel(call: Call, venue_id: str, client_id: str) -> PaperOrder:
    order = working(call, venue_id, client_id)
    call.desk.exchange.cancel("", order.venue_id)
    return order


def cancel_plan(call: Call, venue_id: str, client_id: str) -> PaperOrder:
    """Withdraw a plan order that waits. Raises Answer where there is none."""
    order = find_plan(call, venue_id, client_id)
    if order is None or not is_waiting_plan(call.desk, order) or order.state is not OrderState.WORKING:
        raise Answer("43020", "The plan order does not exist")
    call.desk.exchange.cancel("", order.venue_id)
    return order


def replace(call: Call, order: PaperOrder, client_id: str, price: Price, quantity: Quantity) -> None:
    """The classic way to modify: the order ends, and another one comes, under another id and behind all others."""
    market = call.desk.exchange.markets[order.symbol]
    if not client_id or client_id == order.client_id:
        raise Answer("40786", "Duplicate clientOid")
    if (price, quantity) == (order.price, order.quantity):
        raise Answer("40923", "The order is not changed")
    _check_price(market, order.buys, price)
    if quantity <= order.filled or quantity % market.instrument.lot_step:
        raise Answer("40808", f"Parameter verification exception size checkBDScale error value={quantity}")
    call.desk.exchange.cancel("", order.venue_id)
    wish = Wish(market, order.side, order.closing, price, quantity - order.filled, "gtc", client_id)
    place(call, wish)


# ---- plans -----------------------------------------------------------------------------------------------------------


def place_plan(
    call: Call, market: Market, side: Side, kind: str, trigger: Price, quantity: Quantity | None, client_id: str
) -> PaperOrder:
    """A stop that closes at market when the mark has come: ``pos_loss`` the whole position, whatever it is by then."""
    desk, exchange = call.desk, call.desk.exchange
    holding = market.holding(side)
    if not holding.quantity:
        raise Answer("43043", "There is no position, or it is smaller")
    if kind == "pos_loss" and any(_is_of(call, order, market, side, kind) for order in exchange.account.open.values()):
        raise Answer("43031", "The maximum number of position stop-losses is one")
    if trigger % market.instrument.tick_size:
        raise Answer("45115", f"The price you enter should be a multiple of {plain(market.instrument.tick_size)}")
    if trigger >= market.price if side is Side.LONG else trigger <= market.price:
        code, word = ("40917", "less") if side is Side.LONG else ("45122", "greater")
        raise Answer(code, f"stop loss price of a {side.value} position must be {word} than the mark price")
    if client_id and client_id in exchange.account.ids:
        raise Answer("40786", "Duplicate clientOid")
    desk.note_order(plan=kind, trigger=plain(trigger))
    try:
        return exchange.place(
            market.symbol,
            client_id,
            side,
            True,
            trigger,
            quantity or market.instrument.max_market_quantity,
            trigger_price=trigger,
        )
    except Refusal as refusal:
        raise refused(refusal) from refusal


def _is_of(call: Call, order: PaperOrder, market: Market, side: Side, kind: str) -> bool:
    note = call.desk.order_notes.get(order.number, {})
    return (order.symbol, order.side, note.get("plan")) == (market.symbol, side, kind)


def names(call: Call, order: PaperOrder) -> dict[str, str]:
    """What a request that has succeeded is told."""
    desk = call.desk
    found = plan_id(desk, order) if is_plan(desk, order) else order_id(desk, order)
    return {"orderId": found, "clientOid": order.client_id or found}
