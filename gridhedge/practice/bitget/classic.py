"""Requests of classic accounts: ``/api/v2``. ``side`` means the position's direction."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gridhedge.domain.values import Side
from gridhedge.practice.bitget import history, settings, trade
from gridhedge.practice.bitget.answers import Answer, bad_parameter
from gridhedge.practice.bitget.call import Call, is_hedged
from gridhedge.practice.bitget.classic_rows import ClassicRows
from gridhedge.practice.bitget.facts import held
from gridhedge.practice.bitget.query import Params, choice, number, required
from gridhedge.venue.paper.orders import PaperOrder

__all__ = ["ACCOUNT", "TRADE"]

_AFTER = "idLessThan"
_LEGS = {"long": Side.LONG, "short": Side.SHORT}


def _rows(call: Call) -> ClassicRows:
    assert isinstance(call.rows, ClassicRows), "the door has looked at the account's generation"
    return call.rows


# ---- the account -----------------------------------------------------------------------------------------------------


def account(call: Call) -> dict[str, Any]:
    """One coin's account, with the leverage and the mode of the symbol that is asked for."""
    leverage = call.market().leverage
    return {
        **_rows(call).account(call.desk),
        "crossedMarginLeverage": str(leverage),
        "isolatedLongLever": str(leverage),
        "isolatedShortLever": str(leverage),
        "marginMode": "crossed",
        "posMode": "hedge_mode" if is_hedged(call) else "one_way_mode",
    }


def accounts(call: Call) -> list[dict[str, Any]]:
    return [_rows(call).account(call.desk)] if call.is_ours() else []


def positions(call: Call) -> list[dict[str, Any]]:
    """Legs that hold something."""
    legs = [holding for market in call.markets() for holding in market.holdings if holding.quantity]
    return [_rows(call).position(held(call.desk, holding)) for holding in legs]


def set_position_mode(call: Call) -> dict[str, str]:
    mode = required(call.params, "posMode")
    settings.set_hedged(call, mode)
    return {"posMode": mode}


def set_margin_mode(call: Call) -> dict[str, str]:
    settings.set_crossed(call, required(call.params, "marginMode"))
    return _leverages(call)


def set_leverage(call: Call) -> dict[str, str]:
    settings.set_leverage(call, call.market(), number(call.params, "leverage"))
    return _leverages(call)


def _leverages(call: Call) -> dict[str, str]:
    market = call.market()
    said = str(market.leverage)
    names = ("longLeverage", "shortLeverage", "crossMarginLeverage")
    return {"symbol": market.symbol, "marginCoin": "USDT", **dict.fromkeys(names, said), "marginMode": "crossed"}


# ---- orders ----------------------------------------------------------------------------------------------------------


def _wish(call: Call, item: Params) -> trade.Wish:
    if choice(item, "marginMode", ("crossed", "isolated")) != "crossed":
        raise Answer("45109", "The margin mode of the order is not that of the account")
    if not item.get("tradeSide"):
        raise Answer("40774", "The order type for unilateral position must also be the unilateral position type.")
    side = Side.LONG if choice(item, "side", ("buy", "sell")) == "buy" else Side.SHORT
    at_market = choice(item, "orderType", ("limit", "market")) == "market"
    for name in ("presetStopSurplusPrice", "presetStopLossPrice"):
        if item.get(name):
            raise bad_parameter(f"{name}: the practice exchange does not have it; place an order of its own instead")
    return trade.Wish(
        call.market_of(required(item, "symbol")),
        side,
        choice(item, "tradeSide", ("open", "close")) == "close",
        None if at_market else number(item, "price"),
        number(item, "size"),
        choice(item, "force", ("gtc", "ioc", "fok", "post_only"), "gtc"),
        str(item.get("clientOid") or ""),
    )


def place(call: Call) -> dict[str, str]:
    return trade.names(call, trade.place(call, _wish(call, call.params)))


def place_batch(call: Call) -> dict[str, Any]:
    shared = {name: call.params.get(name) for name in ("symbol", "productType", "marginMode", "marginCoin")}

    def one(item: Params) -> PaperOrder:
        return trade.place(call, _wish(call, {**item, **shared}))

    return _each(call, _items(call, "orderList"), one)


def _items(call: Call, name: str) -> list[Params]:
    items = call.params.get(name)
    if not isinstance(items, list) or not items or not all(isinstance(item, dict) for item in items):
        raise bad_parameter(f"{name} is not a list of orders")
    if len(items) > trade.BATCH_SIZE:
        raise Answer("40306", f"Batch processing orders can only process up to {trade.BATCH_SIZE}")
    return items


def _each(call: Call, items: list[Params], carry_out: Callable[[Params], PaperOrder]) -> dict[str, Any]:
    """Success of the whole says nothing about its parts."""
    done: list[dict[str, str]] = []
    failed: list[dict[str, str]] = []
    for index, item in enumerate(items):
        try:
            if index in call.failing:
                raise call.failing[index]
            done.append(trade.names(call, carry_out(item)))
        except Answer as answer:
            ids = {"orderId": str(item.get("orderId") or ""), "clientOid": str(item.get("clientOid") or "")}
            failed.append({**ids, "errorMsg": answer.text, "errorCode": answer.code})
    return {"successList": done, "failureList": failed, "result": not failed}


def _ids(item: Params) -> tuple[str, str]:
    return str(item.get("orderId") or ""), str(item.get("clientOid") or "")


def cancel(call: Call) -> dict[str, str]:
    return trade.names(call, trade.cancel(call, *_ids(call.params)))


def cancel_batch(call: Call) -> dict[str, Any]:
    """The orders named, or all of the symbol."""
    if call.params.get("orderIdList") is None:
        market = call.market()
        orders = [order for order in call.desk.exchange.account.open.values() if order.symbol == market.symbol]
        names = [trade.names(call, order) for order in orders if order.trigger_price is None]
        return _each(call, [dict(name) for name in names], lambda item: trade.cancel(call, *_ids(item)))
    return _each(call, _items(call, "orderIdList"), lambda item: trade.cancel(call, *_ids(item)))


def cancel_all(call: Call) -> dict[str, Any]:
    orders = [order for order in call.desk.exchange.account.open.values() if order.trigger_price is None]
    names: list[Params] = [dict(trade.names(call, order)) for order in orders]
    return _each(call, names, lambda item: trade.cancel(call, *_ids(item)))


def modify(call: Call) -> dict[str, Any]:
    """The answer does not know the new order's id yet: it is found by ``newClientOid``."""
    params = call.params
    order = trade.working(call, *_ids(params))
    if not params.get("newSize") or not params.get("newPrice"):
        raise Answer("40925", "Price and size must be given together")
    client_id = required(params, "newClientOid")
    trade.replace(call, order, client_id, number(params, "newPrice"), number(params, "newSize"))
    return {"orderId": None, "clientOid": client_id}


def close_positions(call: Call) -> dict[str, Any]:
    """At market: one leg, or both; of a symbol, or of all."""
    wanted = call.params.get("holdSide")
    legs = [(market, holding) for market in call.markets() for holding in market.holdings if holding.quantity]
    done = []
    for market, holding in legs:
        if wanted in (None, "", holding.side.value):
            wish = trade.Wish(market, holding.side, True, None, holding.quantity, "ioc", "")
            done.append({**trade.names(call, trade.place(call, wish)), "symbol": market.symbol})
    if not done:
        raise Answer("22002", "No position to close")
    return {"successList": done, "failureList": []}


# ---- plans -----------------------------------------------------------------------------------------------------------


def place_tpsl(call: Call) -> dict[str, str]:
    """Stop-losses of a position or a part of one; the practice exchange has no other kinds."""
    params = call.params
    kind = choice(params, "planType", ("pos_loss", "loss_plan"))
    side = _LEGS[choice(params, "holdSide", ("long", "short"))]
    quantity = number(params, "size") if kind == "loss_plan" else None
    order = trade.place_plan(
        call, call.market(), side, kind, number(params, "triggerPrice"), quantity, str(params.get("clientOid") or "")
    )
    return trade.names(call, order)


def place_plan(call: Call) -> dict[str, str]:
    """A trigger order that closes at market."""
    params = call.params
    side = _LEGS["long" if choice(params, "side", ("buy", "sell")) == "buy" else "short"]
    closes = choice(params, "tradeSide", ("open", "close")) == "close"
    if not closes or choice(params, "orderType", ("limit", "market")) != "market":
        raise bad_parameter("the practice exchange has trigger orders that close at market only")
    trigger, client_id = number(params, "triggerPrice"), str(params.get("clientOid") or "")
    order = trade.place_plan(call, call.market(), side, "normal_plan", trigger, number(params, "size"), client_id)
    return trade.names(call, order)


def cancel_plan(call: Call) -> dict[str, Any]:
    answer = _each(call, _items(call, "orderIdList"), lambda item: trade.cancel_plan(call, *_ids(item)))
    for failure in answer["failureList"]:
        del failure["errorCode"]
    return answer


# ---- lists -----------------------------------------------------------------------------------------------------------


def detail(call: Call) -> dict[str, Any]:
    call.market()
    row = history.order_row(call)
    row["state"] = row.pop("status")
    return row


def _entrusted(page: history.Page) -> dict[str, Any]:
    rows, cursor = page
    return {"entrustedList": rows or None, "endId": cursor or None}


def open_orders(call: Call) -> dict[str, Any]:
    """Without a status only those that have not executed at all are listed."""
    status = call.params.get("status") or "live"
    return _entrusted(history.open_orders(call._replace(params={**call.params, "status": status}), _AFTER))


def ended_orders(call: Call) -> dict[str, Any]:
    return _entrusted(history.ended_orders(call, _AFTER))


def open_plans(call: Call) -> dict[str, Any]:
    return _planned(call, history.open_plans(call, _AFTER))


def ended_plans(call: Call) -> dict[str, Any]:
    return _planned(call, history.ended_plans(call, _AFTER))


def _planned(call: Call, page: history.Page) -> dict[str, Any]:
    wanted = choice(call.params, "planType", ("normal_plan", "track_plan", "profit_loss"))
    rows = [row for row in page[0] if (row["planType"] == "normal_plan") == (wanted == "normal_plan")]
    return _entrusted((rows, page[1]))


def fills(call: Call) -> dict[str, Any]:
    rows, cursor = history.fills(call, _AFTER)
    return {"fillList": rows or None, "endId": cursor or None}


def bills(call: Call) -> dict[str, Any]:
    rows, cursor = history.bills(call, _AFTER)
    return {"bills": rows, "endId": cursor or None}


ACCOUNT = {
    "spot/account/info": ("GET", settings.classic_key, 1),
    "common/trade-rate": ("GET", settings.fee_rates, 10),
    "mix/account/account": ("GET", account, 10),
    "mix/account/accounts": ("GET", accounts, 10),
    "mix/account/bill": ("GET", bills, 10),
    "mix/account/set-position-mode": ("POST", set_position_mode, 5),
    "mix/account/set-margin-mode": ("POST", set_margin_mode, 5),
    "mix/account/set-leverage": ("POST", set_leverage, 5),
    "mix/position/all-position": ("GET", positions, 5),
    "mix/position/single-position": ("GET", positions, 10),
}
TRADE = {
    "mix/order/place-order": ("POST", place, 10),
    "mix/order/batch-place-order": ("POST", place_batch, 5),
    "mix/order/modify-order": ("POST", modify, 10),
    "mix/order/cancel-order": ("POST", cancel, 10),
    "mix/order/batch-cancel-orders": ("POST", cancel_batch, 10),
    "mix/order/cancel-all-orders": ("POST", cancel_all, 10),
    "mix/order/close-positions": ("POST", close_positions, 1),
    "mix/order/place-tpsl-order": ("POST", place_tpsl, 10),
    "mix/order/place-plan-order": ("POST", place_plan, 10),
    "mix/order/cancel-plan-order": ("POST", cancel_plan, 10),
    "mix/order/detail": ("GET", detail, 10),
    "mix/order/orders-pending": ("GET", open_orders, 10),
    "mix/order/orders-history": ("GET", ended_orders, 10),
    "mix/order/orders-plan-pending": ("GET", open_plans, 10),
    "mix/order/orders-plan-history": ("GET", ended_plans, 10),
    "mix/order/fills": ("GET", fills, 10),
}
