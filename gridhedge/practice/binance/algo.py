"""The service of conditional orders: stop-market orders that wait for the price, and close a position if they should.

They have numbers, lists and events of their own, reserve no margin, and are triggered into ordinary market orders.
"""

from __future__ import annotations

from gridhedge.domain.order import OrderState
from gridhedge.domain.values import ZERO, Price, Side
from gridhedge.practice.binance.answers import Answer, bad_parameter, plain, refused
from gridhedge.practice.binance.call import Call, Result
from gridhedge.practice.binance.query import choice, is_true, limited, number, time_window
from gridhedge.practice.binance.rows import algo_number, is_algo
from gridhedge.practice.binance.trade import CONDITIONAL, check_quantity, client_id, leg, named
from gridhedge.venue.paper.market import Market
from gridhedge.venue.paper.orders import PaperOrder, Refusal

__all__ = ["cancel", "cancel_all", "create", "find", "history", "open_orders"]


def create(call: Call) -> Result:
    """A stop that becomes a market order: a buy on a rise, a sell on a fall."""
    params, market = call.params, call.market()
    choice(params, "algoType", ("CONDITIONAL",))
    kind = choice(params, "type", CONDITIONAL)
    side, closing = leg(call)
    trigger = _trigger(market, number(params, "triggerPrice" if kind != "TRAILING_STOP_MARKET" else "activatePrice"))
    if kind != "STOP_MARKET":
        raise Answer(-1116, "Invalid orderType: the practice exchange has STOP_MARKET only.")
    buys = (side is Side.LONG) is not closing
    if trigger <= market.price if buys else trigger >= market.price:
        raise Answer(-2021, "Order would immediately trigger.")
    closes_all = is_true(params, "closePosition")
    if closes_all and not closing:
        raise Answer(-4129, "Close position only closes.")
    if closes_all and "quantity" in params:
        raise Answer(-4137, "Quantity must be zero with closePosition equals true")
    most = market.instrument.max_market_quantity
    quantity = most if closes_all else check_quantity(call, market, True)
    call.desk.note_order(
        algo=True,
        type=kind,
        triggerPrice=plain(trigger),
        closePosition=closes_all,
        workingType=choice(params, "workingType", ("MARK_PRICE", "CONTRACT_PRICE"), "CONTRACT_PRICE"),
    )
    name = client_id(call, "clientAlgoId")
    try:
        order = call.desk.exchange.place(market.symbol, name, side, closing, ZERO, quantity, trigger_price=trigger)
    except Refusal as refusal:
        raise refused(refusal) from refusal
    row = call.rows.algo(call.desk, order)
    return {name: value for name, value in row.items() if not name.startswith(("actual", "tp", "sl"))}


def _trigger(market: Market, price: Price) -> Price:
    if price <= 0 or price % market.instrument.tick_size:
        raise Answer(-4014, "Price not increased by tick size.")
    return price


def _is_waiting(call: Call, order: PaperOrder) -> bool:
    return is_algo(call.desk, order) and order.trigger_price is not None and order.state is OrderState.WORKING


def find(call: Call) -> Result:
    """One conditional order, whatever has become of it."""
    order = named(call, algo=True)
    if order is None:
        raise Answer(-2013, "Order does not exist.")
    return call.rows.algo(call.desk, order)


def open_orders(call: Call) -> Result:
    """Those that wait."""
    symbols = {market.symbol for market in call.markets()}
    waiting = (order for order in call.desk.exchange.account.open.values() if _is_waiting(call, order))
    return [call.rows.algo(call.desk, order) for order in waiting if order.symbol in symbols]


def history(call: Call) -> Result:
    """All of a symbol, oldest first."""
    market, shown = call.market(), call.world.clock.shown
    start, end = time_window(call.params, call.now)
    limit = limited(call.params, 100, 100)
    found = [
        order
        for order in call.desk.orders()
        if is_algo(call.desk, order) and order.symbol == market.symbol and start <= shown(order.created) <= end
    ]
    return [call.rows.algo(call.desk, order) for order in reversed(found[:limit])]


def cancel(call: Call) -> Result:
    """Only one that still waits."""
    order = named(call, algo=True)
    if order is None or not _is_waiting(call, order) or order.stuck:
        raise Answer(-2011, "Unknown order sent.")
    call.desk.exchange.cancel("", order.venue_id)
    return {
        "algoId": algo_number(order),
        "clientAlgoId": order.client_id,
        "code": "200",
        "msg": "success",
    }


def cancel_all(call: Call) -> Result:
    """All of a symbol that still wait."""
    market = call.market()
    for order in list(call.desk.exchange.account.open.values()):
        if order.symbol == market.symbol and _is_waiting(call, order) and not order.stuck:
            call.desk.exchange.cancel("", order.venue_id)
    if "algoType" in call.params and call.params["algoType"] != "CONDITIONAL":
        raise bad_parameter("algoType")
    return {"code": 200, "msg": "The operation of cancel all open order is done."}
