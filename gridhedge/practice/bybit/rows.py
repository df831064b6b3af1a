"""Orders, executions, positions and the wallet as Bybit's REST answers and private streams show them."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from gridhedge.domain.events import Execution, ExecutionKind
from gridhedge.domain.order import OrderState, Reject
from gridhedge.domain.values import ZERO, Side
from gridhedge.practice.books import Entry
from gridhedge.practice.bybit.answers import plain, rate, rounded
from gridhedge.practice.clock import Clock
from gridhedge.practice.desk import Desk, Happening
from gridhedge.venue.paper.margin import maintenance
from gridhedge.venue.paper.market import Holding, Market
from gridhedge.venue.paper.matching import Cause
from gridhedge.venue.paper.orders import PaperOrder

__all__ = ["Rows", "number_of", "order_id", "position_index", "status", "wire_id"]

_EXECUTION_TYPES = {
    ExecutionKind.TRADE: "Trade",
    ExecutionKind.LIQUIDATION: "BustTrade",
    ExecutionKind.ADL: "AdlTrade",
    ExecutionKind.SETTLEMENT: "Settle",
}
_CREATE_TYPES = {
    ExecutionKind.TRADE: "CreateByUser",
    ExecutionKind.LIQUIDATION: "CreateByTakeOver_PassThrough",
    ExecutionKind.ADL: "CreateByAdl_PassThrough",
    ExecutionKind.SETTLEMENT: "CreateBySettle",
}


def wire_id(key: str, kind: str, number: int) -> str:
    """An id in the shape of a UUID that carries its number, so that it can be read back: the last twelve digits."""
    head = hashlib.blake2s(f"{key}/{kind}".encode(), digest_size=10).hexdigest()
    return str(uuid.UUID(hex=head + f"{number:012x}", version=4))


def order_id(key: str, order: PaperOrder) -> str:
    return wire_id(key, "order", order.number)


def number_of(key: str, text: str) -> int | None:
    """The order number behind an order id; None when it is not one of this account's."""
    try:
        number = int(text[-12:], 16)
    except ValueError:
        return None
    return number if wire_id(key, "order", number) == text else None


def position_index(side: Side) -> int:
    return 1 if side is Side.LONG else 2


def status(order: PaperOrder) -> str:
    """The venue's word for where an order stands in its life."""
    if order.state is OrderState.WORKING:
        if order.trigger_price is not None:
            return "Untriggered"
        return "PartiallyFilled" if order.filled else "New"
    if order.state is OrderState.FILLED:
        return "Filled"
    return "Cancelled" if order.trigger_price is None else "Deactivated"


def _ending(order: PaperOrder) -> tuple[str, str]:
    """cancelType and rejectReason."""
    if order.state is not OrderState.CANCELLED:
        return "UNKNOWN", "EC_NoError"
    if order.reason is Reject.WOULD_TAKE:
        return "UNKNOWN", "EC_PostOnlyWillTakeLiquidity"
    if order.reason is Reject.REDUCE_ONLY:
        return "CancelByReduceOnly", "EC_NoError"
    if order.reason is Reject.MARGIN:
        return ("CancelAllBeforeLiq", "EC_NoError") if order.text == "liquidation" else ("UNKNOWN", "EC_Others")
    if order.text and order.text != "cancelled by hand":
        return "UNKNOWN", "EC_NoImmediateQtyToFill" if not order.filled else "EC_NoEnoughQtyToFill"
    return "CancelByUser", "EC_PerCancelRequest"


class Rows:
    """Renders with the clock that clients see. Implements the desk's ``Teller``."""

    def __init__(self, clock: Clock) -> None:
        self._shown = clock.shown

    # ---- what the streams tell ---------------------------------------------------------------------------------------

    def changed(self, desk: Desk, order: PaperOrder, cause: Cause) -> list[Happening]:
        return [Happening("order", self.order(desk, order, cause == "triggered"))]

    def executed(self, desk: Desk, entry: Entry, order: PaperOrder | None) -> list[Happening]:
        told = [] if order is None else [Happening("order", self.order(desk, order))]
        return [*told, Happening("execution", self.entry(desk, entry))]

    def funded(self, desk: Desk, entry: Entry) -> list[Happening]:
        return [Happening("execution", self.entry(desk, entry))]

    def settled(self, desk: Desk, symbols: Sequence[str]) -> list[Happening]:
        legs = [Happening("position", row) for symbol in symbols for row in self.positions(desk, symbol)]
        return [*legs, Happening("wallet", self.wallet(desk))]

    # ---- orders ------------------------------------------------------------------------------------------------------

    def order(self, desk: Desk, order: PaperOrder, triggered: bool = False) -> dict[str, Any]:
        """An order as REST and the stream show it. ``triggered``: told at the moment when a stop's price has come."""
        note = desk.order_notes.get(order.number, {})
        fills = desk.books.of(order.venue_id)
        value = sum((_value(entry) for entry in fills), ZERO)
        fee = sum((entry.booking.fee for entry in fills if isinstance(entry.booking, Execution)), ZERO)
        profit = sum((entry.realised - entry.opening_fee for entry in fills), ZERO) - (fee if order.closing else ZERO)
        left = order.remaining if order.state is OrderState.WORKING else ZERO
        cancel_type, reject_reason = _ending(order)
        trigger = note.get("triggerPrice", "")
        return {
            "category": "linear",
            "symbol": order.symbol,
            "orderId": order_id(desk.key, order),
            "orderLinkId": order.client_id,
            "parentOrderLinkId": "",
            "blockTradeId": "",
            "side": "Buy" if order.buys else "Sell",
            "positionIdx": position_index(order.side),
            "orderType": "Market" if order.market else "Limit",
            "timeInForce": "IOC" if order.market else note.get("timeInForce", "GTC"),
            "price": plain(order.price),
            "qty": plain(order.quantity),
            "orderStatus": "Triggered" if triggered else status(order),
            "createType": "CreateByUser",
            "cancelType": cancel_type,
            "rejectReason": reject_reason,
            "avgPrice": rounded(value / order.filled) if fills else "",
            "leavesQty": plain(left),
            "leavesValue": plain(left * order.price),
            "cumExecQty": plain(order.filled),
            "cumExecValue": plain(value),
            "cumExecFee": plain(fee),
            "cumFeeDetail": {"USDT": plain(fee)} if fills else {},
            "closedPnl": plain(profit) if order.closing else "0",
            "stopOrderType": "Stop" if trigger else "",
            "triggerPrice": trigger,
            "triggerDirection": note.get("triggerDirection", 0),
            "triggerBy": note.get("triggerBy", ""),
            "takeProfit": "",
            "stopLoss": "",
            "tpslMode": "",
            "tpLimitPrice": "",
            "slLimitPrice": "",
            "tpTriggerBy": "",
            "slTriggerBy": "",
            "reduceOnly": note.get("reduceOnly", order.closing),
            "closeOnTrigger": note.get("closeOnTrigger", False),
            "smpType": "None",
            "smpGroup": 0,
            "smpOrderId": "",
            "placeType": "",
            "lastPriceOnCreated": note.get("lastPrice", ""),
            "isLeverage": "",
            "orderIv": "",
            "marketUnit": "",
            "feeCurrency": "",
            "ocoTriggerBy": "",
            "slippageToleranceType": "UNKNOWN",
            "slippageTolerance": "",
            "createdTime": str(self._shown(order.created)),
            "updatedTime": str(self._shown(order.changed)),
        }

    # ---- executions --------------------------------------------------------------------------------------------------

    def entry(self, desk: Desk, entry: Entry) -> dict[str, Any]:
        """An execution or a funding payment."""
        return self._execution(desk, entry) if isinstance(entry.booking, Execution) else self._funding(desk, entry)

    def _execution(self, desk: Desk, entry: Entry) -> dict[str, Any]:
        execution = entry.booking
        assert isinstance(execution, Execution)
        order = desk.find(execution.venue_id, "") if execution.venue_id else None
        quantity = execution.quantity if order is None else order.quantity
        return {
            **self._booking(desk, entry),
            "orderId": _parent_id(desk, entry, order),
            "orderLinkId": execution.client_id,
            "side": "Buy" if (execution.side is Side.LONG) is not execution.closing else "Sell",
            "orderPrice": plain(execution.price if order is None else order.price),
            "orderQty": plain(quantity),
            "leavesQty": plain(max(ZERO, quantity - entry.filled)),
            "createType": _CREATE_TYPES[execution.kind],
            "orderType": "Market" if order is None or order.market else "Limit",
            "execFee": plain(execution.fee),
            "execPrice": plain(execution.price),
            "execQty": plain(execution.quantity),
            "execPnl": plain(entry.realised),
            "execType": _EXECUTION_TYPES[execution.kind],
            "execValue": plain(_value(entry)),
            "isMaker": execution.maker,
            "markPrice": plain(execution.price),
            "feeRate": plain(execution.fee / _value(entry)),
            "closedSize": plain(execution.quantity if execution.closing else ZERO),
        }

    def _funding(self, desk: Desk, entry: Entry) -> dict[str, Any]:
        funding = entry.booking
        assert not isinstance(funding, Execution)
        rate_of_side = funding.rate * funding.side.sign
        value = abs(funding.amount / funding.rate) if funding.rate else ZERO
        mark = rounded(value / entry.position) if entry.position else "0"
        return {
            **self._booking(desk, entry),
            "orderId": wire_id(desk.key, "funding", entry.number),
            "orderLinkId": "",
            "side": "Buy" if funding.side is Side.LONG else "Sell",
            "orderPrice": "0",
            "orderQty": "0",
            "leavesQty": "0",
            "createType": "",
            "orderType": "UNKNOWN",
            "execFee": plain(funding.amount),
            "execPrice": mark,
            "execQty": plain(entry.position),
            "execPnl": "0",
            "execType": "Funding",
            "execValue": plain(value),
            "isMaker": False,
            "markPrice": mark,
            "feeRate": plain(rate_of_side),
            "closedSize": "0",
        }

    def _booking(self, desk: Desk, entry: Entry) -> dict[str, Any]:
        booking = entry.booking
        return {
            "category": "linear",
            "symbol": booking.symbol,
            "isLeverage": "0",
            "execId": wire_id(desk.key, "execution", entry.number),
            "execTime": str(self._shown(booking.at)),
            "seq": entry.number + 1,
            "stopOrderType": "UNKNOWN",
            "feeCurrency": "USDT",
            "indexPrice": "",
            "underlyingPrice": "",
            "tradeIv": "",
            "markIv": "",
            "blockTradeId": "",
            "marketUnit": "",
            "extraFees": "",
        }

    # ---- positions and wallet ----------------------------------------------------------------------------------------

    def positions(self, desk: Desk, symbol: str) -> list[dict[str, Any]]:
        """Both legs as the stream shows them."""
        rows = []
        for holding in desk.exchange.market(symbol).holdings:
            row = self.position(desk, holding)
            row["category"] = "linear"
            row["entryPrice"] = row.pop("avgPrice")
            rows.append(row)
        return rows

    def position(self, desk: Desk, holding: Holding) -> dict[str, Any]:
        """One leg as REST shows it."""
        market = desk.exchange.market(holding.symbol)
        leg = desk.books.leg(holding.symbol, holding.side)
        held = holding.quantity
        value = held * market.price
        initial = plain(value * holding.rates.position)
        needed = plain(maintenance(market.instrument, value, holding.rates.closing) if held else ZERO)
        tier, limit = _tier(market, value)
        return {
            "positionIdx": position_index(holding.side),
            "riskId": tier,
            "riskLimitValue": plain(limit),
            "symbol": holding.symbol,
            "side": ("Buy" if holding.side is Side.LONG else "Sell") if held else "",
            "size": plain(held),
            "avgPrice": rounded(holding.average) if held else "0",
            "positionValue": plain(value) if held else "",
            "markPrice": plain(market.price),
            "leverage": str(market.leverage),
            "liqPrice": "",
            "bustPrice": "",
            "positionIM": initial,
            "positionIMByMp": initial,
            "positionMM": needed,
            "positionMMByMp": needed,
            "positionBalance": "0",
            "unrealisedPnl": plain((value - holding.cost) * holding.sign) if held else "",
            "curRealisedPnl": plain(leg.current) if held else "0",
            "cumRealisedPnl": plain(leg.total),
            "positionStatus": "Normal",
            "adlRankIndicator": 2 if held else 0,
            "autoAddMargin": 0,
            "isReduceOnly": False,
            "breakEvenPrice": "",
            "takeProfit": "",
            "stopLoss": "",
            "trailingStop": "0",
            "tpslMode": "Full",
            "tradeMode": 0,
            "sessionAvgPrice": "",
            "mmrSysUpdatedTime": "",
            "leverageSysUpdatedTime": "",
            "createdTime": str(self._shown(leg.opened)) if leg.opened else "",
            "updatedTime": str(self._shown(leg.changed)) if leg.changed else "",
            "openTime": self._shown(leg.opened) if held else 0,
            "seq": leg.sequence,
        }

    def wallet(self, desk: Desk) -> dict[str, Any]:
        """The account's row; one USDT counts as one USD."""
        account = desk.exchange.account
        seen, figures, orders = desk.exchange.account_seen(), account.figures(), account.order_margin()
        initial, needed = rate(seen.initial_margin, seen.margin_balance), plain(seen.maintenance_margin)
        mm_rate = rate(seen.maintenance_margin, seen.margin_balance)
        equity, wallet, margin = plain(seen.margin_balance), plain(seen.wallet_balance), plain(seen.initial_margin)
        return {
            "accountType": "UNIFIED",
            "accountIMRate": initial,
            "accountMMRate": mm_rate,
            "accountIMRateByMp": initial,
            "accountMMRateByMp": mm_rate,
            "accountLTV": "0",
            "totalEquity": equity,
            "totalWalletBalance": wallet,
            "totalMarginBalance": equity,
            "totalAvailableBalance": plain(seen.available),
            "totalPerpUPL": plain(figures.unrealised),
            "totalInitialMargin": margin,
            "totalMaintenanceMargin": needed,
            "totalInitialMarginByMp": margin,
            "totalMaintenanceMarginByMp": needed,
            "coin": [
                {
                    "coin": "USDT",
                    "equity": equity,
                    "usdValue": equity,
                    "walletBalance": wallet,
                    "unrealisedPnl": plain(figures.unrealised),
                    "cumRealisedPnl": plain(seen.wallet_balance - account.totals.deposits),
                    "totalOrderIM": plain(orders),
                    "totalPositionIM": plain(figures.initial),
                    "totalPositionMM": needed,
                    "locked": "0",
                    "bonus": "0",
                    "borrowAmount": "0",
                    "accruedInterest": "0",
                    "spotBorrow": "0",
                    "spotHedgingQty": "0",
                    "marginCollateral": True,
                    "collateralSwitch": True,
                    "colRes": "0",
                    "availableToWithdraw": "",
                    "availableToBorrow": "",
                }
            ],
        }


def _value(entry: Entry) -> Decimal:
    execution = entry.booking
    return execution.price * execution.quantity if isinstance(execution, Execution) else ZERO


def _parent_id(desk: Desk, entry: Entry, order: PaperOrder | None) -> str:
    """Executions by hand and of liquidations have orders of their own, which only their id shows."""
    return wire_id(desk.key, "foreign", entry.number) if order is None else order_id(desk.key, order)


def _tier(market: Market, value: Decimal) -> tuple[int, Decimal]:
    """Number and limit of the margin tier in which a position of this value lies."""
    for number, tier in enumerate(market.instrument.tiers, start=1):
        if value <= tier.max_notional:
            return number, tier.max_notional
    return len(market.instrument.tiers), market.instrument.tiers[-1].max_notional
