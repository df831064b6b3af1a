"""Rows of classic accounts. ``side`` is the position's direction in REST rows, the transaction's in pushed fills."""

from __future__ import annotations

from typing import Any

from gridhedge.domain.events import Execution
from gridhedge.domain.values import ZERO, Side
from gridhedge.practice.bitget import facts
from gridhedge.practice.bitget.answers import plain, rounded
from gridhedge.practice.bitget.facts import Fill, Held, OrderFacts
from gridhedge.practice.bitget.ids import wire_id
from gridhedge.practice.books import Entry
from gridhedge.practice.clock import Clock
from gridhedge.practice.desk import Desk, Happening
from gridhedge.venue.paper.orders import PaperOrder

__all__ = ["ClassicRows"]


def _direction(side: Side) -> str:
    return "buy" if side is Side.LONG else "sell"


def _fee(made: Fill) -> list[dict[str, str]]:
    return [{"deduction": "no", "feeCoin": "USDT", "totalDeductionFee": "", "totalFee": plain(-made.fee)}]


_SHORT = {"pos_loss": "psl", "pos_profit": "ptp", "loss_plan": "sl", "profit_plan": "tp"}
"""Kinds of plans as the stream calls them."""


class ClassicRows:
    """Renders with the clock that clients see."""

    def __init__(self, clock: Clock) -> None:
        self._shown = clock.shown

    # ---- orders ------------------------------------------------------------------------------------------------------

    def listed_order(self, desk: Desk, order: PaperOrder) -> dict[str, Any]:
        return self.order_row(desk, facts.order_facts(desk, order))

    def order_row(self, desk: Desk, told: OrderFacts) -> dict[str, Any]:
        """As lists show it; the single answer calls ``status`` ``state``."""
        return {
            "symbol": told.symbol,
            "size": plain(told.quantity),
            "orderId": told.id,
            "clientOid": told.client_id,
            "baseVolume": plain(told.filled),
            "fee": plain(-told.fee),
            "price": "" if told.market else plain(told.price),
            "priceAvg": rounded(told.value / told.filled) if told.filled else "",
            "status": told.state,
            "side": _direction(told.side),
            "force": told.force,
            "totalProfits": plain(told.profit),
            "posSide": told.side.value,
            "marginCoin": "USDT",
            "quoteVolume": plain(told.value),
            "leverage": str(desk.exchange.market(told.symbol).leverage),
            "marginMode": "crossed",
            "reduceOnly": "NO",
            "enterPointSource": "API",
            "tradeSide": told.deed,
            "posMode": "hedge_mode",
            "orderType": "market" if told.market else "limit",
            "orderSource": told.source,
            "cancelReason": "normal_cancel" if told.state == "canceled" else "",
            "presetStopSurplusPrice": "",
            "presetStopLossPrice": "",
            "cTime": str(self._shown(told.created)),
            "uTime": str(self._shown(told.changed)),
        }

    def plan(self, desk: Desk, order: PaperOrder) -> dict[str, Any]:
        """A plan order, waiting, executed or cancelled. The size of one bound to a position is not told."""
        note = desk.order_notes[order.number]
        became = not facts.is_waiting_plan(desk, order)
        state = "executed" if became else "live" if order.venue_id in desk.exchange.account.open else "cancelled"
        return {
            "planType": note["plan"],
            "symbol": order.symbol,
            "size": "" if note["plan"].startswith("pos_") else plain(order.quantity),
            "orderId": facts.plan_id(desk, order),
            "executeOrderId": facts.order_id(desk, order) if became else "",
            "clientOid": order.client_id,
            "price": "",
            "executePrice": "",
            "callbackRatio": "",
            "triggerPrice": note["trigger"],
            "triggerType": "mark_price",
            "planStatus": state,
            "side": _direction(order.side),
            "posSide": order.side.value,
            "marginCoin": "USDT",
            "marginMode": "crossed",
            "enterPointSource": "API",
            "tradeSide": "close" if order.closing else "open",
            "posMode": "hedge_mode",
            "orderType": "market",
            "cTime": str(self._shown(order.created)),
            "uTime": str(self._shown(order.changed)),
        }

    def order(self, desk: Desk, order: PaperOrder) -> Happening:
        """The pushed row: of the market's orders, or of plans."""
        if facts.is_waiting_plan(desk, order):
            return self.pushed_plan(desk, order)
        return Happening("orders", self.pushed_order(desk, facts.order_facts(desk, order)))

    def pushed_plan(self, desk: Desk, order: PaperOrder) -> Happening:
        """Which order it has become is not told here."""
        row = self.plan(desk, order)
        status, kind = row.pop("planStatus"), row.pop("planType")
        del row["executeOrderId"]
        shown = {**row, "instId": row.pop("symbol"), "planType": _SHORT.get(kind, kind), "status": status}
        return Happening("orders-algo", shown)

    def pushed_order(self, desk: Desk, told: OrderFacts) -> dict[str, Any]:
        row = self.order_row(desk, told)
        del row["symbol"], row["quoteVolume"], row["orderSource"]
        last = told.last
        return {
            **row,
            "instId": told.symbol,
            "price": plain(told.price),
            "reduceOnly": "no",
            "accBaseVolume": plain(told.filled),
            "baseVolume": plain(last.quantity if last else ZERO),
            "fillPrice": plain(last.price) if last else "",
            "fillTime": str(self._shown(last.at)) if last else "",
            "fillFee": plain(-last.fee) if last else "",
            "fillFeeCoin": "USDT",
            "tradeId": last.id if last else "",
            "tradeScope": "" if last is None else "M" if last.maker else "T",
            "feeDetail": [{"feeCoin": "USDT", "fee": plain(-told.fee)}],
            "pnl": plain(told.profit),
        }

    # ---- executions --------------------------------------------------------------------------------------------------

    def listed_fill(self, desk: Desk, entry: Entry) -> dict[str, Any]:
        """No client id and no leg: both are the order's."""
        made = facts.fill(desk, entry)
        return {
            "tradeId": made.id,
            "symbol": made.symbol,
            "orderId": made.order,
            "price": plain(made.price),
            "baseVolume": plain(made.quantity),
            "feeDetail": _fee(made),
            "side": _direction(made.side),
            "quoteVolume": plain(made.price * made.quantity),
            "profit": plain(made.profit),
            "enterPointSource": "API",
            "tradeSide": made.deed,
            "posMode": "hedge_mode",
            "tradeScope": "maker" if made.maker else "taker",
            "cTime": str(self._shown(made.at)),
        }

    def executed(self, desk: Desk, entry: Entry, order: PaperOrder | None) -> list[Happening]:
        """The pushed rows of an execution: its order's before its own."""
        made = facts.fill(desk, entry)
        told = facts.foreign_order(desk, entry) if order is None else facts.order_facts(desk, order)
        row = self.listed_fill(desk, entry)
        del row["enterPointSource"]
        row |= {"side": "buy" if made.buys else "sell", "uTime": row["cTime"]}
        return [Happening("orders", self.pushed_order(desk, told)), Happening("fill", row)]

    def bill(self, desk: Desk, entry: Entry) -> dict[str, Any]:
        """A change of the wallet; ``amount`` is without the fee."""
        booking = entry.booking
        is_fill = isinstance(booking, Execution)
        deed = facts.fill(desk, entry).deed if is_fill else ""
        return {
            "billId": wire_id(desk.key, "bill", entry.number),
            "symbol": booking.symbol,
            "amount": plain(entry.realised if isinstance(booking, Execution) else -booking.amount),
            "fee": plain(-booking.fee) if isinstance(booking, Execution) else "0",
            "feeByCoupon": "",
            "businessType": f"{deed}_{booking.side.value}" if is_fill else "contract_settle_fee",
            "coin": "USDT",
            "balance": plain(entry.balance),
            "cTime": str(self._shown(booking.at)),
        }

    # ---- positions and account ---------------------------------------------------------------------------------------

    def position(self, leg: Held) -> dict[str, Any]:
        """As REST shows it."""
        return {
            "marginCoin": "USDT",
            "symbol": leg.symbol,
            "holdSide": leg.side.value,
            "openDelegateSize": "0",
            "marginSize": rounded(leg.margin),
            "available": plain(leg.quantity - leg.locked),
            "locked": plain(leg.locked),
            "total": plain(leg.quantity),
            "leverage": str(leg.leverage),
            "achievedProfits": plain(leg.realised),
            "openPriceAvg": rounded(leg.average),
            "marginMode": "crossed",
            "posMode": "hedge_mode",
            "unrealizedPL": plain(leg.profit),
            "liquidationPrice": "0",
            "keepMarginRate": rounded(leg.needed / (leg.quantity * leg.mark)) if leg.quantity else "0",
            "markPrice": plain(leg.mark),
            "marginRatio": "0",
            "breakEvenPrice": "",
            "totalFee": plain(leg.funding) if leg.funding else "",
            "assetMode": "single",
            "autoMargin": "off",
            "takeProfit": "",
            "stopLoss": "",
            "cTime": str(self._shown(leg.opened)),
            "uTime": str(self._shown(leg.changed)),
        }

    def positions(self, desk: Desk, symbol: str) -> list[dict[str, Any]]:
        """The pushed rows: a leg that has been closed is missing."""
        rows = []
        for holding in desk.exchange.market(symbol).holdings:
            if holding.quantity:
                row = self.position(facts.held(desk, holding))
                row["instId"] = row.pop("symbol")
                row["frozen"] = row.pop("locked")
                row["leverage"] = int(row["leverage"])
                rows.append(row)
        return rows

    def account(self, desk: Desk) -> dict[str, Any]:
        """As the list of accounts shows it."""
        seen, figures = desk.exchange.account_seen(), desk.exchange.account.figures()
        equity, free = plain(seen.margin_balance), plain(seen.available)
        risk = seen.maintenance_margin / seen.margin_balance if seen.margin_balance > 0 else ZERO
        return {
            "marginCoin": "USDT",
            "locked": plain(desk.exchange.account.order_margin()),
            "available": plain(seen.wallet_balance),
            "crossedMaxAvailable": free,
            "isolatedMaxAvailable": free,
            "maxTransferOut": free,
            "accountEquity": equity,
            "usdtEquity": equity,
            "btcEquity": "0",
            "crossedRiskRate": rounded(risk),
            "unrealizedPL": plain(figures.unrealised),
            "crossedUnrealizedPL": plain(figures.unrealised),
            "isolatedUnrealizedPL": "",
            "coupon": "0",
            "grant": "0",
            "assetMode": "single",
            "isolatedMargin": "0",
            "crossedMargin": plain(figures.initial),
        }

    def wallet(self, desk: Desk) -> dict[str, Any]:
        """The pushed row."""
        row = self.account(desk)
        return {
            "marginCoin": "USDT",
            "frozen": row["locked"],
            "available": row["available"],
            "maxOpenPosAvailable": row["crossedMaxAvailable"],
            "maxTransferOut": row["maxTransferOut"],
            "equity": row["accountEquity"],
            "usdtEquity": row["usdtEquity"],
            "crossedRiskRate": row["crossedRiskRate"],
            "unrealizedPL": row["unrealizedPL"],
            "assetsMode": "single",
        }
