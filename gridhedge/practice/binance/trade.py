"""Placing, amending and cancelling of ordinary orders, one by one and in batches."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from gridhedge.domain.order import OrderState, TimeInForce
from gridhedge.domain.values import ZERO, Price, Quantity, Side
from gridhedge.practice.binance.answers import Answer, bad_parameter, missing, plain, refused
from gridhedge.practice.binance.call import Call, Result
from gridhedge.practice.binance.market import BAND
from gridhedge.practice.binance.query import choice, number, objects, whole
from gridhedge.practice.binance.rows import is_algo, is_hedged, number_of
from gridhedge.venue.paper.market import Market
from gridhedge.venue.paper.orders import PaperOrder, Refusal

__all__ = [
    "BATCH_SIZE",
    "CLIENT_ID",
    "CONDITIONAL",
    "amend",
    "amend_batch",
    "cancel",
    "cancel_all",
    "cancel_batch",
    "check_quantity",
    "client_id",
    "create",
    "create_batch",
    "leg",
    "named",
    "try_out",
]

BATCH_SIZE = 5
_CANCEL_SIZE = 10
CLIENT_ID = re.compile(r"[.A-Z:/a-z0-9_-]{1,36}\Z")
CONDITIONAL = ("STOP", "STOP_MARKET", "TAKE_PROFIT", "TAKE_PROFIT_MARKET", "TRAILING_STOP_MARKET")
_IN_FORCE = {"GTC": TimeInForce.GTC, "IOC": TimeInForce.IOC, "FOK": TimeInForce.IOC, "GTX": TimeInForce.POST_ONLY}
_UNSUPPORTED = ("priceMatch", "goodTillDate")
_MOST_ORDERS = 200


def create(call: Call) -> Result:
    """Accept an order. What becomes of it is told by the stream, and here at once with newOrderRespType=RESULT."""
    order = _place(call)
    row = call.rows.order(call.desk, order)
    if choice(call.params, "newOrderRespType", ("ACK", "RESULT"), "ACK") == "ACK" and order.state is OrderState.FILLED:
        row |= {"status": "NEW", "executedQty": "0", "cumQty": "0", "cumQuote": "0", "avgPrice": "0.00"}
    del row["time"]
    return row


def try_out(call: Call) -> Result:
    """``order/test``: the parameters are looked at, and nothing happens."""
    market = call.market()
    leg(call)
    check_quantity(call, market, choice(call.params, "type", ("LIMIT", "MARKET")) == "MARKET")
    return {}


def _place(call: Call) -> PaperOrder:
    params, market, exchange = call.params, call.market(), call.desk.exchange
    side, closing = leg(call)
    kind = choice(params, "type", ("LIMIT", "MARKET", *CONDITIONAL))
    if kind in CONDITIONAL:
        text = "Order type not supported for this endpoint. Please use the Algo Order API endpoints instead."
        raise Answer(-4120, text)
    _check_unsupported(call)
    at_market = kind == "MARKET"
    in_force = "GTC" if at_market else choice(params, "timeInForce", tuple(_IN_FORCE))
    name = client_id(call, "newClientOrderId")
    _check_count(call, market)
    quantity = check_quantity(call, market, at_market)
    buys = (side is Side.LONG) is not closing
    price = ZERO if at_market else _price(market, buys, number(params, "price"))
    if closing:
        _check_closable(market, side, quantity)
    else:
        _check_notional(market, quantity, market.price if at_market else price)
    call.desk.note_order(timeInForce=in_force)
    try:
        return exchange.place(
            market.symbol, name, side, closing, price, quantity, market=at_market, time_in_force=_IN_FORCE[in_force]
        )
    except Refusal as refusal:
        raise refused(refusal) from refusal


def leg(call: Call) -> tuple[Side, bool]:
    """Position side, and whether the order closes. In hedge mode both sides are said, and nothing else."""
    params = call.params
    buys = choice(params, "side", ("BUY", "SELL")) == "BUY"
    where = choice(params, "positionSide", ("BOTH", "LONG", "SHORT"), "BOTH")
    if (where == "BOTH") is is_hedged(call.desk):
        raise Answer(-4061, "Order's position side does not match user's setting.")
    if where == "BOTH":
        raise Answer(-4061, "The practice exchange trades in hedge mode only; change positionSide/dual to true.")
    if "reduceOnly" in params:
        raise Answer(-1106, "Parameter 'reduceOnly' sent when not required.")
    side = Side[where]
    return side, buys is not (side is Side.LONG)


def client_id(call: Call, name: str) -> str:
    """The client's own id, or one that the venue makes."""
    wanted = call.params.get(name)
    if wanted is None:
        return f"web{call.desk.exchange.orders + 1:09}"
    if not CLIENT_ID.match(wanted):
        raise Answer(-4015, "Client order id is not valid.")
    return wanted


def _check_unsupported(call: Call) -> None:
    for name in _UNSUPPORTED:
        if call.params.get(name, "NONE") not in ("NONE", "0"):
            raise bad_parameter(name)


def _check_count(call: Call, market: Market) -> None:
    if sum(order.symbol == market.symbol for order in call.desk.exchange.account.open.values()) >= _MOST_ORDERS:
        raise Answer(-2025, "Reach max open order limit.")


def check_quantity(call: Call, market: Market, at_market: bool) -> Quantity:
    """The quantity within the rules."""
    rules, quantity = market.instrument, number(call.params, "quantity")
    if quantity % rules.lot_step:
        raise Answer(-1111, "Precision is over the maximum defined for this asset.")
    if quantity <= 0:
        raise Answer(-4003, "Quantity less than or equal to zero.")
    if quantity < rules.min_quantity:
        raise Answer(-4004, "Quantity less than min quantity.")
    if quantity > (rules.max_market_quantity if at_market else rules.max_quantity):
        raise Answer(-4005, "Quantity greater than max quantity.")
    return quantity


def _price(market: Market, buys: bool, price: Price) -> Price:
    """A price on the tick, and not further beyond the mark than PERCENT_PRICE allows."""
    rules = market.instrument
    if price <= 0 or price % rules.tick_size:
        raise Answer(-4014, "Price not increased by tick size.")
    most = rules.floor_price(market.price * (1 + BAND))
    least = rules.ceil_price(market.price * (1 - BAND))
    if buys and price > most:
        raise Answer(-4016, f"Limit price can't be higher than {plain(most)}.")
    if not buys and price < least:
        raise Answer(-4024, f"Limit price can't be lower than {plain(least)}.")
    return price


def _check_closable(market: Market, side: Side, quantity: Quantity) -> None:
    """Closing orders never exceed what is held and not spoken for: they are refused, not cut."""
    holding = market.holding(side)
    if quantity > holding.quantity - holding.reserved:
        raise Answer(-2022, "ReduceOnly Order is rejected.")


def _check_notional(market: Market, quantity: Quantity, price: Price) -> None:
    least = market.instrument.min_notional
    if quantity * price < least:
        text = f"Order's notional must be no smaller than {plain(least)} (unless you choose reduce only)."
        raise Answer(-4164, text)


# ---- amending and cancelling -----------------------------------------------------------------------------------------


def named(call: Call, algo: bool = False) -> PaperOrder | None:
    """The order that the request names by number (which goes first) or client id, working or not."""
    numbers, names = ("algoId", "clientAlgoId") if algo else ("orderId", "origClientOrderId")
    if numbers in call.params:
        found = call.desk.find(number_of(whole(call.params, numbers, 0), algo), "")
    elif names in call.params:
        found = call.desk.find("", call.params[names])
    else:
        raise missing(names)
    if found is None or (not algo and found.symbol != call.market().symbol):
        return None
    if algo:
        return found if is_algo(call.desk, found) else None
    waits = is_algo(call.desk, found) and found.trigger_price is not None
    return None if waits else found


def _working(call: Call, code: int, text: str) -> PaperOrder:
    order = named(call)
    if order is None or order.venue_id not in call.desk.exchange.account.open:
        raise Answer(code, text)
    return order


def amend(call: Call) -> Result:
    """Another price and total quantity. The order keeps its id and loses its place in the queue."""
    order, market = _working(call, -2013, "Order does not exist."), call.market()
    if is_algo(call.desk, order) or order.market:
        raise Answer(-5025, "Only limit order is supported.")
    if choice(call.params, "side", ("BUY", "SELL")) != ("BUY" if order.buys else "SELL"):
        raise bad_parameter("side")
    quantity = check_quantity(call, market, False)
    price = _price(market, order.buys, number(call.params, "price"))
    if (price, quantity) == (order.price, order.quantity):
        raise Answer(-5027, "No need to modify the order.")
    if quantity <= order.filled:
        call.desk.exchange.cancel("", order.venue_id)
        return _amended(call, order)
    if order.closing:
        _check_closable(market, order.side, quantity - order.quantity)
    else:
        _check_notional(market, quantity, price)
    try:
        call.desk.exchange.amend("", order.venue_id, price, quantity)
    except Refusal as refusal:
        raise refused(refusal) from refusal
    return _amended(call, order)


def _amended(call: Call, order: PaperOrder) -> dict[str, Any]:
    row = call.rows.order(call.desk, order)
    del row["time"]
    return {**row, "pair": order.symbol, "cumBase": "0"}


def cancel(call: Call) -> Result:
    """Withdraw a working order, named by number or client id."""
    order = _working(call, -2011, "Unknown order sent.")
    call.desk.exchange.cancel("", order.venue_id)
    row = call.rows.order(call.desk, order)
    del row["time"]
    return row


def cancel_all(call: Call) -> Result:
    """Of a symbol; conditional orders stay."""
    market, desk = call.market(), call.desk
    for order in list(desk.exchange.account.open.values()):
        if order.symbol == market.symbol and not is_algo(desk, order):
            desk.exchange.cancel("", order.venue_id)
    return {"code": 200, "msg": "The operation of cancel all open order is done."}


# ---- batches ---------------------------------------------------------------------------------------------------------


def _each(call: Call, items: list[dict[str, str]], single: Callable[[Call], Result]) -> Result:
    """Carry out item by item; those that a fault names fail alone. The answer is always a success."""
    failing = {}
    while (fault := call.world.faults.strike(("item_fails",), "batchOrders")) is not None:
        failing[fault.item] = Answer(fault.code or -1000, fault.text or "made to fail")
    rows: list[Any] = []
    for place, item in enumerate(items):
        try:
            if place in failing:
                raise failing[place]
            rows.append(single(call._replace(params=item)))
        except Answer as answer:
            rows.append({"code": answer.code, "msg": answer.text})
    return rows


def _items(call: Call) -> list[dict[str, str]]:
    items = objects(call.params, "batchOrders", BATCH_SIZE)
    if not all(isinstance(item, dict) for item in items):
        raise bad_parameter("batchOrders")
    return [{str(name): str(value) for name, value in item.items() if value not in (None, "")} for item in items]


def create_batch(call: Call) -> Result:
    return _each(call, _items(call), create)


def amend_batch(call: Call) -> Result:
    return _each(call, _items(call), amend)


def cancel_batch(call: Call) -> Result:
    """By numbers, or by client ids."""
    names = {name.lower() for name in call.params}
    kind = "orderId" if "orderidlist" in names else "origClientOrderId"
    wanted = objects(call.params, f"{kind}List", _CANCEL_SIZE)
    return _each(call, [{"symbol": call.market().symbol, kind: str(one)} for one in wanted], cancel)
