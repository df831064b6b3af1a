"""Orders, trades, positions and balances as Binance's REST answers show them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from gridhedge.domain.events import Execution
from gridhedge.domain.order import OrderState, Reject
from gridhedge.domain.values import ZERO, Money, Side
from gridhedge.practice.binance.answers import cents, plain
from gridhedge.practice.books import Entry
from gridhedge.practice.clock import Clock
from gridhedge.practice.desk import Desk
from gridhedge.venue.paper.margin import maintenance
from gridhedge.venue.paper.market import Holding
from gridhedge.venue.paper.orders import PaperOrder

__all__ = [
    "Rows",
    "algo_number",
    "algo_status",
    "asset",
    "average",
    "client_id_of",
    "is_algo",
    "is_hedged",
    "number_of",
    "order_id_of",
    "order_number",
    "side_word",
    "status",
]

_FIRST_ORDER = 1_000_000
_FIRST_ALGO = 1_000_000_000_000_000
_FIRST_FOREIGN = 9_000_000_000
_AVERAGE_STEP = Decimal("1E-10")


def asset(desk: Desk) -> str:
    """The one currency that the account has."""
    return next(iter(desk.exchange.markets.values())).instrument.quote


def is_hedged(desk: Desk) -> bool:
    return desk.settings.get("hedged", True) is True


# ---- names -----------------------------------------------------------------------------------------------------------


def order_number(order: PaperOrder) -> int:
    """``orderId``; of a conditional order, that of the order it is triggered into."""
    return _FIRST_ORDER + order.number


def algo_number(order: PaperOrder) -> int:
    return _FIRST_ALGO + order.number


def number_of(wire: int, algo: bool) -> str:
    """The exchange's own id behind an ``orderId`` or an ``algoId``."""
    return f"P{wire - (_FIRST_ALGO if algo else _FIRST_ORDER)}"


def is_algo(desk: Desk, order: PaperOrder) -> bool:
    """Whether it was placed as a conditional order."""
    return bool(desk.order_notes.get(order.number, {}).get("algo"))


def order_id_of(entry: Entry, order: PaperOrder | None) -> int:
    """Executions by hand and of liquidations have orders of their own, which only their id shows."""
    return _FIRST_FOREIGN + entry.number if order is None else order_number(order)


def client_id_of(entry: Entry) -> str:
    """The client's own id, or the one that the venue gives to what nobody placed."""
    execution = entry.booking
    assert isinstance(execution, Execution)
    names = {"liquidation": "autoclose", "adl": "adl_autoclose", "settlement": "settlement_autoclose"}
    prefix = names.get(execution.kind.value, "web")
    return execution.client_id or f"{prefix}-{entry.number}"


def side_word(buys: bool) -> str:
    return "BUY" if buys else "SELL"


def status(order: PaperOrder) -> str:
    """The venue's word for where an order stands in its life."""
    if order.state is OrderState.WORKING:
        return "PARTIALLY_FILLED" if order.filled else "NEW"
    if order.state is OrderState.FILLED:
        return "FILLED"
    return "EXPIRED" if order.reason is not None or order.text not in ("", "cancelled by hand") else "CANCELED"


def algo_status(order: PaperOrder) -> str:
    """The same for a conditional order, which goes on when it is triggered."""
    if order.trigger_price is not None:
        if order.state is OrderState.WORKING:
            return "TRIGGERING" if order.stuck else "NEW"
        return "EXPIRED" if order.reason is not None else "CANCELED"
    if order.state is OrderState.WORKING:
        return "TRIGGERED"
    rejected = order.reason in (Reject.MARGIN, Reject.REDUCE_ONLY) and not order.filled
    return "REJECTED" if rejected else "FINISHED"


def average(value: Money, quantity: Decimal) -> str:
    """An average price: a quotient, cut where the venue's own digits end."""
    return plain((value / quantity).quantize(_AVERAGE_STEP)) if quantity else "0.00"


class Rows:
    """Renders with the clock that clients see."""

    def __init__(self, clock: Clock) -> None:
        self.shown = clock.shown

    # ---- orders ------------------------------------------------------------------------------------------------------

    def order(self, desk: Desk, order: PaperOrder) -> dict[str, Any]:
        """An ordinary order, or what a conditional one was triggered into."""
        note = desk.order_notes.get(order.number, {})
        value = self.value(desk, order)
        kind = "MARKET" if order.market else "LIMIT"
        return {
            "orderId": order_number(order),
            "symbol": order.symbol,
            "status": status(order),
            "clientOrderId": order.client_id,
            "price": "0" if order.market else plain(order.price),
            "avgPrice": average(value, order.filled),
            "origQty": plain(order.quantity),
            "executedQty": plain(order.filled),
            "cumQty": plain(order.filled),
            "cumQuote": plain(value),
            "timeInForce": "GTC" if order.market else note.get("timeInForce", "GTC"),
            "type": kind,
            "reduceOnly": order.closing,
            "closePosition": bool(note.get("closePosition")),
            "side": side_word(order.buys),
            "positionSide": order.side.name if is_hedged(desk) else "BOTH",
            "stopPrice": note.get("triggerPrice", "0"),
            "workingType": note.get("workingType", "CONTRACT_PRICE"),
            "priceProtect": False,
            "origType": note.get("type", kind),
            "priceMatch": "NONE",
            "selfTradePreventionMode": "EXPIRE_MAKER",
            "goodTillDate": 0,
            "time": self.shown(order.created),
            "updateTime": self.shown(order.changed),
        }

    def value(self, desk: Desk, order: PaperOrder) -> Money:
        """What its executions were worth."""
        parts = (entry.booking for entry in desk.books.of(order.venue_id))
        return sum((part.price * part.quantity for part in parts if isinstance(part, Execution)), ZERO)

    def algo(self, desk: Desk, order: PaperOrder) -> dict[str, Any]:
        """A conditional order."""
        note = desk.order_notes.get(order.number, {})
        triggered = order.trigger_price is None
        closes_all = bool(note.get("closePosition"))
        return {
            "algoId": algo_number(order),
            "clientAlgoId": order.client_id,
            "algoType": "CONDITIONAL",
            "orderType": note.get("type", "STOP_MARKET"),
            "symbol": order.symbol,
            "side": side_word(order.buys),
            "positionSide": order.side.name if is_hedged(desk) else "BOTH",
            "timeInForce": "GTC",
            "quantity": "0" if closes_all else plain(order.quantity),
            "algoStatus": algo_status(order),
            "actualOrderId": str(order_number(order)) if triggered else "",
            "actualPrice": average(self.value(desk, order), order.filled) if triggered else "0",
            "actualQty": plain(order.filled),
            "actualType": "MARKET" if triggered else "",
            "triggerPrice": note.get("triggerPrice", "0"),
            "price": "0",
            "icebergQuantity": None,
            "selfTradePreventionMode": "EXPIRE_MAKER",
            "workingType": note.get("workingType", "CONTRACT_PRICE"),
            "priceMatch": "NONE",
            "closePosition": closes_all,
            "priceProtect": False,
            "reduceOnly": order.closing,
            "activatePrice": "",
            "callbackRate": "",
            "createTime": self.shown(order.created),
            "updateTime": self.shown(order.changed),
            "triggerTime": self.shown(order.changed) if triggered else 0,
            "goodTillDate": 0,
            "tpTriggerPrice": "0.000",
            "tpPrice": "0.000",
            "slTriggerPrice": "0.000",
            "slPrice": "0.000",
            "tpOrderType": "",
        }

    # ---- executions --------------------------------------------------------------------------------------------------

    def trade(self, desk: Desk, entry: Entry) -> dict[str, Any]:
        """A row of ``userTrades``."""
        execution = entry.booking
        assert isinstance(execution, Execution)
        order = desk.find(execution.venue_id, "") if execution.venue_id else None
        buys = (execution.side is Side.LONG) is not execution.closing
        return {
            "symbol": execution.symbol,
            "id": entry.number + 1,
            "orderId": order_id_of(entry, order),
            "side": side_word(buys),
            "price": plain(execution.price),
            "qty": plain(execution.quantity),
            "realizedPnl": plain(entry.realised),
            "marginAsset": asset(desk),
            "quoteQty": plain(execution.price * execution.quantity),
            "commission": plain(execution.fee),
            "commissionAsset": asset(desk),
            "time": self.shown(execution.at),
            "positionSide": execution.side.name if is_hedged(desk) else "BOTH",
            "maker": execution.maker,
            "buyer": buys,
        }

    # ---- positions and balances --------------------------------------------------------------------------------------

    def position(self, desk: Desk, holding: Holding) -> dict[str, Any]:
        """One side as ``positionRisk`` shows it (v3, and what v2 has beyond it)."""
        market = desk.exchange.market(holding.symbol)
        value = holding.quantity * market.price
        unrealised = (value - holding.cost) * holding.sign
        needed = maintenance(market.instrument, value, holding.rates.closing) if holding.quantity else ZERO
        initial, orders = value * holding.rates.position, holding.opening * holding.rates.order
        buys = holding.side is Side.LONG
        return {
            "symbol": holding.symbol,
            "positionSide": holding.side.name if is_hedged(desk) else "BOTH",
            "positionAmt": plain(holding.quantity * holding.sign),
            "entryPrice": average(holding.cost, holding.quantity) if holding.quantity else "0.0",
            "breakEvenPrice": average(holding.cost, holding.quantity) if holding.quantity else "0.0",
            "markPrice": f"{market.price:.8f}",
            "unRealizedProfit": plain(unrealised),
            "liquidationPrice": "0",
            "isolatedMargin": "0",
            "notional": plain(value * holding.sign),
            "marginAsset": market.instrument.quote,
            "isolatedWallet": "0",
            "initialMargin": plain(initial + orders),
            "maintMargin": plain(needed),
            "positionInitialMargin": plain(initial),
            "openOrderInitialMargin": plain(orders),
            "adl": 2 if holding.quantity else 0,
            "bidNotional": plain(holding.opening if buys else ZERO),
            "askNotional": plain(ZERO if buys else holding.opening),
            "updateTime": self.shown(desk.books.leg(holding.symbol, holding.side).changed) if holding.quantity else 0,
            "leverage": str(market.leverage),
            "maxNotionalValue": plain(market.instrument.max_notional_at(market.leverage)),
            "marginType": "cross",
            "isAutoAddMargin": "false",
        }

    def balance(self, desk: Desk) -> dict[str, Any]:
        """The currency's row in ``account``, every digit of the exchange's own books in it."""
        account = desk.exchange.account
        seen, figures = desk.exchange.account_seen(), account.figures()
        wallet = plain(seen.wallet_balance)
        return {
            "asset": asset(desk),
            "walletBalance": wallet,
            "unrealizedProfit": plain(figures.unrealised),
            "marginBalance": plain(seen.margin_balance),
            "maintMargin": plain(seen.maintenance_margin),
            "initialMargin": plain(seen.initial_margin),
            "positionInitialMargin": plain(figures.initial),
            "openOrderInitialMargin": plain(account.order_margin()),
            "crossWalletBalance": wallet,
            "crossUnPnl": plain(figures.unrealised),
            "availableBalance": plain(seen.available),
            "maxWithdrawAmount": cents(max(ZERO, min(seen.available, seen.wallet_balance))),
            "marginAvailable": True,
            "updateTime": self.shown(desk.exchange.now()),
        }
