"""Placing, amending and cancelling, one by one and in batches."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from gridhedge.domain.order import Reject, TimeInForce
from gridhedge.domain.values import ZERO, Price, Quantity, Side
from gridhedge.practice.bybit.account import is_hedged
from gridhedge.practice.bybit.answers import Answer, bad_parameter, plain, refused
from gridhedge.practice.bybit.call import Call, Result
from gridhedge.practice.bybit.query import number, whole
from gridhedge.practice.bybit.rows import number_of, order_id
from gridhedge.venue.paper.market import MAX_STOPS, Market
from gridhedge.venue.paper.orders import PaperOrder, Refusal

__all__ = ["BATCH_SIZE", "amend", "batch", "batch_items", "cancel", "cancel_all", "create", "named_order"]

BATCH_SIZE = 20
_LINK_ID = re.compile(r"[A-Za-z0-9_-]{1,36}\Z")
_MOST_CANCELLED = 500
_UNSUPPORTED = ("takeProfit", "stopLoss", "tpslMode", "tpLimitPrice", "slLimitPrice", "bboSideType")
_IN_FORCE = ("GTC", "IOC", "FOK", "PostOnly")


def create(call: Call) -> Result:
    """Accept an order. What becomes of it is told by the streams: also that post-only was cancelled at once."""
    if not call.linear():
        raise bad_parameter("only category linear is traded here")
    order = _place(call)
    return {"orderId": order_id(call.desk.key, order), "orderLinkId": order.client_id}


def _place(call: Call) -> PaperOrder:
    params, market, exchange = call.params, call.market(), call.desk.exchange
    side, closing = _leg(call)
    at_market = _choice(params, "orderType", ("Limit", "Market")) == "Market"
    in_force = _choice(params, "timeInForce", _IN_FORCE, "GTC")
    link = _link_id(params)
    _check_count(call, market)
    trigger = number(params, "triggerPrice") if params.get("triggerPrice") not in (None, "", "0") else None
    price = ZERO if at_market else _price(market, number(params, "price"))
    buys = (side is Side.LONG) is not closing
    if trigger is not None:
        _check_trigger(call, market, buys, trigger, at_market)
    quantity = _quantity(call, market, side, closing, at_market)
    if not at_market:
        _check_band(call, market, buys, price)
    if not closing:
        _check_notional(market, quantity, trigger or (market.price if at_market else price))
    call.desk.note_order(
        timeInForce=in_force,
        reduceOnly=params.get("reduceOnly") is True,
        closeOnTrigger=params.get("closeOnTrigger") is True,
        lastPrice=plain(market.price),
        **({} if trigger is None else _trigger_note(params, trigger)),
    )
    try:
        return exchange.place(
            market.symbol,
            link,
            side,
            closing,
            price,
            quantity,
            market=at_market and trigger is None,
            trigger_price=trigger,
            time_in_force=TimeInForce(in_force if in_force != "FOK" else "IOC"),
        )
    except Refusal as refusal:
        if refusal.reason is not Reject.WOULD_TAKE:
            raise refused(refusal) from refusal
        order = PaperOrder(exchange.orders + 1, market.symbol, link, side, closing, price, quantity, exchange.now())
        order.reason, order.text = refusal.reason, str(refusal)
        call.desk.enter_cancelled(order)
        return order


def _leg(call: Call) -> tuple[Side, bool]:
    """Position side, and whether the order closes: Buy 1 and Sell 2 open, Sell 1 and Buy 2 close."""
    buys = _choice(call.params, "side", ("Buy", "Sell")) == "Buy"
    index = whole(call.params, "positionIdx", 0)
    hedged = is_hedged(call.world, call.desk, call.symbol())
    if not hedged or index not in (1, 2):
        if index == 0 and not hedged:
            raise Answer(10001, "params error: the practice exchange trades in hedge mode only; switch the mode to 3")
        raise Answer(10001, "position idx not match position mode")
    side = Side.LONG if index == 1 else Side.SHORT
    closing = buys is not (side is Side.LONG)
    if call.params.get("reduceOnly") is True and not closing:
        raise Answer(110017, "Reduce-only rule not satisfied")
    return side, closing


def _choice(params: dict[str, Any], name: str, choices: tuple[str, ...], default: str = "") -> str:
    value = params.get(name) or default
    if value not in choices:
        raise bad_parameter(f"{name} {value!r} is not one of {', '.join(choices)}")
    return str(value)


def _link_id(params: dict[str, Any]) -> str:
    for name in _UNSUPPORTED:
        if params.get(name) not in (None, "", "0"):
            raise bad_parameter(f"{name}: the practice exchange does not have it; place an order of its own instead")
    link = params.get("orderLinkId") or ""
    if isinstance(link, str) and len(link) > 36:
        raise Answer(10001, "order link id is longer than 36")
    if link and not (isinstance(link, str) and _LINK_ID.match(link)):
        raise bad_parameter(f"orderLinkId {link!r} has other characters than A-Z a-z 0-9 - _")
    return str(link)


def _price(market: Market, price: Price) -> Price:
    if price <= 0 or price % market.instrument.tick_size:
        raise Answer(10001, f"params error: price {price} is not a multiple of {market.instrument.tick_size}")
    return price


def _check_band(call: Call, market: Market, buys: bool, price: Price) -> None:
    """A price beyond the band is moved to its edge, unless the account has chosen to have it refused."""
    if market.banded(buys, price) != price and not call.desk.settings.get("modifyPrices", True):
        raise Answer(110003, "Order price exceeds the allowable range.")


def _quantity(call: Call, market: Market, side: Side, closing: bool, at_market: bool) -> Quantity:
    """The quantity within the rules; zero with closeOnTrigger and reduceOnly is all that is held."""
    params, rules = call.params, market.instrument
    quantity = number(params, "qty")
    if quantity == 0 and closing and params.get("reduceOnly") is True and params.get("closeOnTrigger") is True:
        quantity = min(market.holding(side).quantity, rules.max_market_quantity)
        if not quantity:
            raise Answer(110017, "current position is zero, cannot fix reduce-only order qty")
    if quantity % rules.lot_step or quantity <= 0:
        raise Answer(10001, "Qty invalid")
    if quantity < rules.min_quantity:
        raise Answer(10001, "The number of contracts exceeds minimum limit allowed")
    if quantity > (rules.max_market_quantity if at_market else rules.max_quantity):
        raise Answer(10001, "The number of contracts exceeds maximum limit allowed: too large")
    return quantity


def _check_count(call: Call, market: Market) -> None:
    exchange = call.desk.exchange
    if sum(order.symbol == market.symbol for order in exchange.account.open.values()) >= exchange.max_open_orders:
        raise Answer(110020, f"You can only have {exchange.max_open_orders} active orders")


def _check_notional(market: Market, quantity: Quantity, price: Decimal) -> None:
    if quantity * price < market.instrument.min_notional:
        least = plain(market.instrument.min_notional)
        raise Answer(110094, f"Order does not meet minimum order value {least}USDT")


def _check_trigger(call: Call, market: Market, buys: bool, trigger: Price, at_market: bool) -> None:
    """Conditional orders here are stops: a buy waits for a rise, a sell for a fall, and both then go to market."""
    direction = whole(call.params, "triggerDirection", 1 if buys else 2)
    if not at_market or direction != (1 if buys else 2):
        raise bad_parameter("the practice exchange has stop-market orders only (a buy on a rise, a sell on a fall)")
    _price(market, trigger)
    if trigger <= market.price if buys else trigger >= market.price:
        code, text = (110092, "higher") if buys else (110093, "lower")
        raise Answer(code, f"expect {text} trigger price than the current price {plain(market.price)}")
    if market.stops >= MAX_STOPS:
        raise Answer(110009, "The number of stop orders exceeds the maximum allowable limit")


def _trigger_note(params: dict[str, Any], trigger: Price) -> dict[str, Any]:
    return {
        "triggerPrice": plain(trigger),
        "triggerDirection": whole(params, "triggerDirection", 0),
        "triggerBy": params.get("triggerBy", "LastPrice"),
    }


# ---- amending and cancelling -----------------------------------------------------------------------------------------


def named_order(call: Call) -> PaperOrder | None:
    """The order that the request names by ``orderId`` (which goes first) or ``orderLinkId``, working or not."""
    wanted, link = call.params.get("orderId"), call.params.get("orderLinkId")
    if wanted:
        found = number_of(call.desk.key, str(wanted))
        return None if found is None else call.desk.find(f"P{found}", "")
    if link:
        return call.desk.find("", str(link))
    raise Answer(10001, "params error: OrderId or orderLinkId is required")


def _working(call: Call) -> PaperOrder:
    symbol, order = call.symbol(), named_order(call)
    if order is None or order.symbol != symbol or order.venue_id not in call.desk.exchange.account.open:
        raise Answer(110001, "order not exists or too late to replace or cancel")
    return order


def amend(call: Call) -> Result:
    """Another price, another total quantity, or both. The order keeps its id."""
    order = _working(call)
    market = call.market()
    changes_price = call.params.get("price") not in (None, "")
    changes_quantity = call.params.get("qty") not in (None, "")
    if not changes_price and not changes_quantity:
        raise Answer(10001, "The order remains unchanged as the parameters entered match the existing ones.")
    price = _price(market, number(call.params, "price")) if changes_price else order.price
    quantity = _quantity(call, market, order.side, False, False) if changes_quantity else order.quantity
    if (price, quantity) == (order.price, order.quantity):
        raise Answer(10001, "The order remains unchanged as the parameters entered match the existing ones.")
    if quantity <= order.filled:
        raise Answer(110064, "The order quantity cannot be lower than the executed quantity")
    if order.trigger_price is not None:
        raise bad_parameter("the practice exchange can not amend conditional orders; cancel it and place it anew")
    if changes_price:
        _check_band(call, market, order.buys, price)
    if not order.closing:
        _check_notional(market, quantity, price)
    try:
        call.desk.exchange.amend("", order.venue_id, price, quantity)
    except Refusal as refusal:
        raise refused(refusal) from refusal
    return {"orderId": order_id(call.desk.key, order), "orderLinkId": order.client_id}


def cancel(call: Call) -> Result:
    order = _working(call)
    call.desk.exchange.cancel("", order.venue_id)
    return {"orderId": order_id(call.desk.key, order), "orderLinkId": order.client_id}


def cancel_all(call: Call) -> Result:
    """Of a symbol, or of everything settled in a coin: both legs, at most 500 orders."""
    call.linear()
    params, desk = call.params, call.desk
    if not any(params.get(name) for name in ("symbol", "baseCoin", "settleCoin")):
        raise Answer(10001, "params error: symbol, baseCoin or settleCoin is missing")
    symbols = {market.symbol for market in call.markets() if _fits(params, market)}
    wanted = params.get("orderFilter", "")
    cancelled = []
    for order in list(desk.exchange.account.open.values())[:_MOST_CANCELLED]:
        stop = order.trigger_price is not None
        if order.symbol in symbols and (wanted == "" or (wanted == "StopOrder") is stop):
            desk.exchange.cancel("", order.venue_id)
            cancelled.append({"orderId": order_id(desk.key, order), "orderLinkId": order.client_id})
    return {"list": cancelled, "success": "1"}


def _fits(params: dict[str, Any], market: Market) -> bool:
    if params.get("symbol"):
        return True
    if params.get("baseCoin"):
        return bool(market.instrument.base == params["baseCoin"])
    return bool(market.instrument.quote == params.get("settleCoin"))


# ---- batches ---------------------------------------------------------------------------------------------------------


def batch_items(call: Call) -> list[Call]:
    """The items of a batch as calls of their own."""
    if not call.linear():
        raise bad_parameter("only category linear is traded here")
    items = call.params.get("request")
    if not isinstance(items, list) or not items or not all(isinstance(item, dict) for item in items):
        raise bad_parameter("request is not a list of orders")
    if len(items) > BATCH_SIZE:
        raise Answer(10001, f"params error: a batch has at most {BATCH_SIZE} orders")
    return [call._replace(params={**item, "category": call.params["category"]}) for item in items]


def batch(single: Callable[[Call], Result], call: Call, spare: int, failing: dict[int, Answer]) -> tuple[Result, Any]:
    """Carry out item by item. Items beyond ``spare`` are over the rate limit; those in ``failing`` are made to fail.

    The answer is always "OK": each item's outcome stands in the second part.
    """
    rows, outcomes = [], []
    for index, item in enumerate(batch_items(call)):
        names = {"category": item.params["category"], "symbol": item.params.get("symbol", "")}
        link = item.params.get("orderLinkId") or ""
        try:
            if index >= spare:
                raise Answer(10006, "Too many visits. Exceeded the API Rate Limit.")
            if index in failing:
                raise failing[index]
            done = single(item)
            row, outcome = {**names, **done}, {"code": 0, "msg": "OK"}
        except Answer as answer:
            row = {**names, "orderId": item.params.get("orderId") or "", "orderLinkId": link}
            outcome = {"code": answer.code, "msg": answer.text}
        if single is create:
            row["createAt"] = "" if outcome["code"] else str(call.now)
        rows.append(row)
        outcomes.append(outcome)
    return {"list": rows}, {"list": outcomes}
