"""Requests of unified accounts: ``/api/v3``. ``side`` is the transaction's, ``posSide`` the leg."""

from __future__ import annotations

from typing import Any

from gridhedge.domain.values import Side
from gridhedge.practice.bitget import history, settings, trade
from gridhedge.practice.bitget.answers import Answer, bad_parameter, refused
from gridhedge.practice.bitget.call import PRODUCT, Call, is_hedged
from gridhedge.practice.bitget.facts import held
from gridhedge.practice.bitget.query import Params, choice, number, required
from gridhedge.practice.bitget.unified_rows import UnifiedRows
from gridhedge.venue.paper.orders import Refusal

__all__ = ["ACCOUNT", "TRADE"]

_AFTER = "cursor"
_LEGS = {"long": Side.LONG, "short": Side.SHORT}
_CODES = {"40786": "25212", "40768": "25204", "40762": "25202", "22002": "25601", "40757": "25225"}
"""Classic codes that unified accounts have others for."""


def _rows(call: Call) -> UnifiedRows:
    assert isinstance(call.rows, UnifiedRows), "the door has looked at the account's generation"
    return call.rows


def _in_new_words(answer: Answer) -> Answer:
    return Answer(_CODES.get(answer.code, answer.code), answer.text, answer.status)


# ---- the account -----------------------------------------------------------------------------------------------------


def account_settings(call: Call) -> dict[str, Any]:
    """How the account and its symbols are set: also what tells a client that it is a unified one."""
    markets = call.desk.exchange.markets.values()
    return {
        "uid": str(call.desk.uid),
        "accountMode": "unified",
        "assetMode": "multi_assets",
        "accountLevel": "advanced",
        "holdMode": "hedge_mode" if is_hedged(call) else "one_way_mode",
        "stpMode": "none",
        "symbolConfigList": [
            {"category": PRODUCT, "symbol": each.symbol, "marginMode": "crossed", "leverage": str(each.leverage)}
            for each in markets
        ],
        "coinConfigList": [],
    }


def assets(call: Call) -> dict[str, Any]:
    return _rows(call).account(call.desk)


def positions(call: Call) -> dict[str, Any]:
    """Legs that hold something."""
    wanted = call.params.get("posSide")
    legs = [
        holding
        for market in call.markets()
        for holding in market.holdings
        if holding.quantity and wanted in (None, "", holding.side.value)
    ]
    return {"list": [_rows(call).position(held(call.desk, holding)) for holding in legs]}


def set_hold_mode(call: Call) -> str:
    settings.set_hedged(call, required(call.params, "holdMode"))
    return "success"


def set_leverage(call: Call) -> str:
    settings.set_crossed(call, str(call.params.get("marginMode") or "crossed"))
    settings.set_leverage(call, call.market(), number(call.params, "leverage"))
    return "success"


# ---- orders ----------------------------------------------------------------------------------------------------------


def _wish(call: Call, item: Params) -> trade.Wish:
    for name in ("holdSide", "tradeSide", "size"):
        if name in item:
            raise Answer("25236", f"Parameter {name} is not known")
    if str(item.get("category", "")).upper() != PRODUCT:
        raise bad_parameter("category: only USDT-FUTURES is traded here")
    if not item.get("posSide"):
        raise Answer("40774", "posSide is required in hedge mode")
    for name in ("takeProfit", "stopLoss"):
        if item.get(name):
            raise bad_parameter(f"{name}: the practice exchange does not have it; place an order of its own instead")
    side = _LEGS[choice(item, "posSide", ("long", "short"))]
    buys = choice(item, "side", ("buy", "sell")) == "buy"
    at_market = choice(item, "orderType", ("limit", "market")) == "market"
    return trade.Wish(
        call.market_of(required(item, "symbol")),
        side,
        buys is not (side is Side.LONG),
        None if at_market else number(item, "price"),
        number(item, "qty"),
        choice(item, "timeInForce", ("gtc", "ioc", "fok", "post_only"), "gtc"),
        str(item.get("clientOid") or ""),
    )


def place(call: Call) -> dict[str, str]:
    try:
        return trade.names(call, trade.place(call, _wish(call, call.params)))
    except Answer as answer:
        raise _in_new_words(answer) from answer


def place_batch(call: Call) -> list[dict[str, str]]:
    return _each(call, lambda item: trade.names(call, trade.place(call, _wish(call, item))))


def _each(call: Call, carry_out: Any) -> list[dict[str, str]]:
    """One row per order; what failed has a code."""
    items = call.params.get("list")
    if not isinstance(items, list) or not items or not all(isinstance(item, dict) for item in items):
        raise bad_parameter("the body is not a list of orders")
    if len(items) > trade.BATCH_SIZE:
        raise Answer("40306", f"Batch processing orders can only process up to {trade.BATCH_SIZE}")
    rows: list[dict[str, str]] = []
    for index, item in enumerate(items):
        try:
            if index in call.failing:
                raise call.failing[index]
            rows.append(carry_out(item))
        except Answer as answer:
            said = _in_new_words(answer)
            ids = {"orderId": str(item.get("orderId") or ""), "clientOid": str(item.get("clientOid") or "")}
            rows.append({**ids, "code": said.code, "msg": said.text})
    return rows


def _ids(item: Params) -> tuple[str, str]:
    return str(item.get("orderId") or ""), str(item.get("clientOid") or "")


def cancel(call: Call) -> dict[str, str]:
    try:
        return trade.names(call, trade.cancel(call, *_ids(call.params)))
    except Answer as answer:
        raise _in_new_words(answer) from answer


def cancel_batch(call: Call) -> list[dict[str, str]]:
    return _each(call, lambda item: trade.names(call, trade.cancel(call, *_ids(item))))


def cancel_all(call: Call) -> dict[str, Any]:
    """Cancel what works, of one symbol or of all."""
    symbols = {market.symbol for market in call.markets()}
    orders = [order for order in call.desk.exchange.account.open.values() if order.symbol in symbols]
    names: list[Params] = [dict(trade.names(call, order)) for order in orders if order.trigger_price is None]
    if not names:
        return {"list": []}
    every = call._replace(params={"list": names[: trade.BATCH_SIZE * 20]}, failing={})
    return {"list": [trade.names(call, trade.cancel(every, *_ids(item))) for item in names]}


def modify(call: Call) -> dict[str, str]:
    """The order keeps its ids; what was not said stays as it is."""
    params = call.params
    try:
        order = trade.working(call, *_ids(params))
        price = number(params, "price") if params.get("price") else order.price
        quantity = number(params, "qty") if params.get("qty") else order.quantity
        if (price, quantity) == (order.price, order.quantity):
            raise Answer("25571", "The modification price and qty is the same as the original value.")
        call.desk.exchange.amend("", order.venue_id, price, quantity)
    except Refusal as refusal:
        raise _in_new_words(refused(refusal)) from refusal
    except Answer as answer:
        raise _in_new_words(answer) from answer
    return trade.names(call, order)


def close_positions(call: Call) -> dict[str, Any]:
    """Close legs at market: of a symbol, a side, or all."""
    wanted = call.params.get("posSide")
    done = []
    for market in call.markets():
        for holding in market.holdings:
            if holding.quantity and wanted in (None, "", holding.side.value):
                wish = trade.Wish(market, holding.side, True, None, holding.quantity, "ioc", "")
                done.append({**trade.names(call, trade.place(call, wish)), "code": "00000", "msg": "success"})
    return {"list": done}


# ---- strategies ------------------------------------------------------------------------------------------------------


def place_strategy(call: Call) -> dict[str, str]:
    """Stop-losses of a position or a part of one; the practice exchange has no other kinds."""
    params = call.params
    choice(params, "type", ("tpsl",), "tpsl")
    mode = choice(params, "tpslMode", ("full", "partial"), "full")
    if not params.get("stopLoss") or params.get("takeProfit"):
        raise bad_parameter("the practice exchange has stop-losses only")
    side = _LEGS[choice(params, "posSide", ("long", "short"))]
    kind, quantity = ("pos_loss", None) if mode == "full" else ("loss_plan", number(params, "qty"))
    client_id = str(params.get("clientOid") or "")
    order = trade.place_plan(call, call.market(), side, kind, number(params, "stopLoss"), quantity, client_id)
    return trade.names(call, order)


def cancel_strategy(call: Call) -> None:
    trade.cancel_plan(call, *_ids(call.params))


# ---- lists -----------------------------------------------------------------------------------------------------------


def order_info(call: Call) -> dict[str, Any]:
    try:
        return history.order_row(call)
    except Answer as answer:
        raise Answer("25204", answer.text) from answer


def _listed(page: history.Page) -> dict[str, Any]:
    rows, cursor = page
    return {"list": rows, "cursor": cursor}


def open_orders(call: Call) -> dict[str, Any]:
    return _listed(history.open_orders(call, _AFTER))


def ended_orders(call: Call) -> dict[str, Any]:
    return _listed(history.ended_orders(call, _AFTER))


def open_strategies(call: Call) -> list[dict[str, Any]]:
    return history.open_plans(call, _AFTER)[0]


def ended_strategies(call: Call) -> dict[str, Any]:
    return _listed(history.ended_plans(call, _AFTER))


def fills(call: Call) -> dict[str, Any]:
    return _listed(history.fills(call, _AFTER))


def bills(call: Call) -> dict[str, Any]:
    return _listed(history.bills(call, _AFTER))


ACCOUNT = {
    "account/info": ("GET", settings.unified_key, 5),
    "account/settings": ("GET", account_settings, 20),
    "account/assets": ("GET", assets, 20),
    "account/fee-rate": ("GET", settings.fee_rates, 3),
    "account/financial-records": ("GET", bills, 20),
    "account/set-hold-mode": ("POST", set_hold_mode, 10),
    "account/set-leverage": ("POST", set_leverage, 10),
    "position/current-position": ("GET", positions, 20),
}
TRADE = {
    "trade/place-order": ("POST", place, 10),
    "trade/place-batch": ("POST", place_batch, 5),
    "trade/modify-order": ("POST", modify, 10),
    "trade/cancel-order": ("POST", cancel, 10),
    "trade/cancel-batch": ("POST", cancel_batch, 5),
    "trade/cancel-symbol-order": ("POST", cancel_all, 5),
    "trade/close-positions": ("POST", close_positions, 5),
    "trade/place-strategy-order": ("POST", place_strategy, 10),
    "trade/cancel-strategy-order": ("POST", cancel_strategy, 10),
    "trade/order-info": ("GET", order_info, 20),
    "trade/unfilled-orders": ("GET", open_orders, 20),
    "trade/history-orders": ("GET", ended_orders, 20),
    "trade/unfilled-strategy-orders": ("GET", open_strategies, 20),
    "trade/history-strategy-orders": ("GET", ended_strategies, 20),
    "trade/fills": ("GET", fills, 20),
}
