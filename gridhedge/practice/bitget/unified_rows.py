"""Rows of unified accounts. ``side`` is the transaction's; fees that were paid are positive."""

from __future__ import annotations

from typing import Any

from gridhedge.domain.events import Execution
from gridhedge.domain.values import ZERO
from gridhedge.practice.bitget import facts
from gridhedge.practice.bitget.answers import plain, rounded
from gridhedge.practice.bitget.facts import Held, OrderFacts
from gridhedge.practice.bitget.ids import wire_id
from gridhedge.practice.books import Entry
from gridhedge.practice.clock import Clock
from gridhedge.practice.desk import Desk, Happening
from gridhedge.venue.paper.orders import PaperOrder

__all__ = ["UnifiedRows"]

_STATES = {"canceled": "cancelled"}


class UnifiedRows:
    """Renders with the clock that clients see."""

    def __init__(self, clock: Clock) -> None:
        self._shown = clock.shown

    # ---- orders ------------------------------------------------------------------------------------------------------

    def listed_order(self, desk: Desk, order: PaperOrder) -> dict[str, Any]:
        return self.order_row(desk, facts.order_facts(desk, order))

    def order_row(self, desk: Desk, told: OrderFacts) -> dict[str, Any]:
        """As lists show it."""
        return {
            "orderId": told.id,
            "clientOid": told.client_id,
            "category": "USDT-FUTURES",
            "symbol": told.symbol,
            "orderType": "market" if told.market else "limit",
            "side": "buy" if told.buys else "sell",
            "price": plain(told.price),
            "qty": plain(told.quantity),
            "amount": "0",
            "cumExecQty": plain(told.filled),
            "cumExecValue": plain(told.value),
            "avgPrice": rounded(told.value / told.filled) if told.filled else "0",
            "timeInForce": told.force,
            "orderStatus": _STATES.get(told.state, told.state),
            "posSide": told.side.value,
            "holdMode": "hedge_mode",
            "tradeSide": told.deed,
            "delegateType": "position_stop_loss_market" if told.source == "pos_loss_market" else told.source,
            "reduceOnly": "NO",
            "marginMode": "crossed",
            "feeDetail": [{"feeCoin": "USDT", "fee": plain(told.fee)} if told.filled else {"feeCoin": "", "fee": ""}],
            "cancelReason": "normal_cancel" if told.state == "canceled" else "",
            "execType": "normal",
            "stpMode": "none",
            "tpTriggerBy": None,
            "slTriggerBy": None,
            "takeProfit": None,
            "stopLoss": None,
            "tpOrderType": None,
            "slOrderType": None,
            "tpLimitPrice": None,
            "slLimitPrice": None,
            "createdTime": str(self._shown(told.created)),
            "updatedTime": str(self._shown(told.changed)),
        }

    def plan(self, desk: Desk, order: PaperOrder) -> dict[str, Any]:
        note = desk.order_notes[order.number]
        waits = facts.is_waiting_plan(desk, order)
        state = "success" if not waits else "pending" if order.venue_id in desk.exchange.account.open else "cancelled"
        return {
            "orderId": facts.plan_id(desk, order),
            "clientOid": order.client_id,
            "category": "USDT-FUTURES",
            "symbol": order.symbol,
            "qty": "" if note["plan"].startswith("pos_") else plain(order.quantity),
            "posSide": order.side.value,
            "status": state,
            "tpTriggerBy": "",
            "slTriggerBy": "mark",
            "takeProfit": "",
            "stopLoss": note["trigger"],
            "tpOrderType": "",
            "slOrderType": "market",
            "tpLimitPrice": "",
            "slLimitPrice": "",
            "createdTime": str(self._shown(order.created)),
            "updatedTime": str(self._shown(order.changed)),
        }

    def order(self, desk: Desk, order: PaperOrder) -> Happening:
        """The pushed row: of the market's orders, or of strategies."""
        if facts.is_waiting_plan(desk, order):
            return self.pushed_plan(desk, order)
        return Happening("order", self.pushed_order(desk, facts.order_facts(desk, order)))

    def pushed_plan(self, desk: Desk, order: PaperOrder) -> Happening:
        """Which order it has become is not told here."""
        row = self.plan(desk, order)
        return Happening("strategy-order", {**row, "category": "usdt-futures", "type": "tpsl"})

    def pushed_order(self, desk: Desk, told: OrderFacts) -> dict[str, Any]:
        row = self.order_row(desk, told)
        row["holdSide"] = row.pop("posSide")
        return {
            **{name: value for name, value in row.items() if value is not None},
            "category": "usdt-futures",
            "price": "" if told.market else plain(told.price),
            "reduceOnly": "no",
            "marginCoin": "USDT",
            "totalProfit": plain(told.profit),
            "leverage": str(desk.exchange.market(told.symbol).leverage),
            "orderStatus": "new" if told.state == "live" else row["orderStatus"],
        }

    # ---- executions --------------------------------------------------------------------------------------------------

    def listed_fill(self, desk: Desk, entry: Entry) -> dict[str, Any]:
        """As the list of fills shows it."""
        made = facts.fill(desk, entry)
        return {
            "execId": made.id,
            "execLinkId": made.id,
            "orderId": made.order,
            "clientOid": made.client_id,
            "category": "USDT-FUTURES",
            "symbol": made.symbol,
            "orderType": "market" if made.market else "limit",
            "side": "buy" if made.buys else "sell",
            "execPrice": plain(made.price),
            "execQty": plain(made.quantity),
            "execValue": plain(made.price * made.quantity),
            "tradeScope": "maker" if made.maker else "taker",
            "tradeSide": made.deed,
            "feeDetail": [{"feeCoin": "USDT", "fee": plain(made.fee)}],
            "createdTime": str(self._shown(made.at)),
            "updatedTime": str(self._shown(made.at)),
            "execPnl": plain(made.profit),
            "isRPI": "no",
        }

    def executed(self, desk: Desk, entry: Entry, order: PaperOrder | None) -> list[Happening]:
        """The pushed rows of an execution: its order's before its own."""
        made = facts.fill(desk, entry)
        told = facts.foreign_order(desk, entry) if order is None else facts.order_facts(desk, order)
        row = self.listed_fill(desk, entry)
        row["execTime"] = row.pop("createdTime")
        row |= {"category": "usdt-futures", "holdSide": made.side.value}
        return [Happening("order", self.pushed_order(desk, told)), Happening("fill", row)]

    def bill(self, desk: Desk, entry: Entry) -> dict[str, Any]:
        """A change of the wallet; ``amount`` is without the fee."""
        booking = entry.booking
        if isinstance(booking, Execution):
            made = facts.fill(desk, entry)
            kind, amount, fee = f"{made.deed}_{booking.side.value}".upper(), entry.realised, booking.fee
        else:
            way = "OUT" if booking.amount > 0 else "IN"
            kind, amount, fee = f"CONTRACT_MAIN_SETTLE_FEE_USER_{way}", -booking.amount, ZERO
        return {
            "category": "USDT-FUTURES",
            "id": wire_id(desk.key, "bill", entry.number),
            "symbol": booking.symbol,
            "coin": "USDT",
            "type": kind,
            "amount": plain(amount),
            "fee": plain(-fee),
            "balance": plain(entry.balance),
            "ts": str(self._shown(booking.at)),
        }

    # ---- positions and account ---------------------------------------------------------------------------------------

    def position(self, leg: Held) -> dict[str, Any]:
        """As REST shows it."""
        return {
            "category": "USDT-FUTURES",
            "symbol": leg.symbol,
            "marginCoin": "USDT",
            "holdMode": "hedge_mode",
            "posSide": leg.side.value,
            "marginMode": "crossed",
            "positionBalance": rounded(leg.margin),
            "available": plain(leg.quantity - leg.locked),
            "frozen": plain(leg.locked),
            "total": plain(leg.quantity),
            "leverage": str(leg.leverage),
            "curRealisedPnl": plain(leg.realised),
            "avgPrice": rounded(leg.average),
            "positionStatus": "normal",
            "unrealisedPnl": plain(leg.profit),
            "liquidationPrice": "0",
            "mmr": rounded(leg.needed / (leg.quantity * leg.mark)) if leg.quantity else "0",
            "profitRate": "0",
            "markPrice": plain(leg.mark),
            "breakEvenPrice": "",
            "totalFunding": plain(leg.funding),
            "openFeeTotal": "0",
            "closeFeeTotal": "0",
            "createdTime": str(self._shown(leg.opened)),
            "updatedTime": str(self._shown(leg.changed)),
        }

    def positions(self, desk: Desk, symbol: str) -> list[dict[str, Any]]:
        """The pushed rows; a leg that has been closed is told with size 0."""
        rows = []
        for holding in desk.exchange.market(symbol).holdings:
            row = self.position(facts.held(desk, holding))
            if holding.quantity or desk.books.leg(symbol, holding.side).opened:
                row["size"] = row.pop("total")
                row["totalFundingFee"] = row.pop("totalFunding")
                row["positionStatus"] = "opening" if holding.quantity else "ended"
                rows.append(row)
        return rows

    def account(self, desk: Desk) -> dict[str, Any]:
        """The account's assets; one USDT counts as one USD."""
        seen, figures = desk.exchange.account_seen(), desk.exchange.account.figures()
        equity, profit = plain(seen.margin_balance), plain(figures.unrealised)
        needed = seen.maintenance_margin
        return {
            "accountEquity": equity,
            "usdtEquity": equity,
            "btcEquity": "0",
            "unrealisedPnl": profit,
            "usdtUnrealisedPnl": profit,
            "btcUnrealizedPnl": "0",
            "effEquity": equity,
            "mmr": plain(needed),
            "imr": plain(seen.initial_margin),
            "mgnRatio": rounded(needed / seen.margin_balance) if seen.margin_balance > 0 else "0",
            "positionMgnRatio": "0",
            "assets": [
                {
                    "coin": "USDT",
                    "equity": equity,
                    "usdValue": equity,
                    "balance": plain(seen.wallet_balance),
                    "available": equity,
                    "debt": "0",
                    "locked": "0",
                }
            ],
        }

    def wallet(self, desk: Desk) -> dict[str, Any]:
        """The pushed row."""
        row = self.account(desk)
        coins = [{**coin, "debts": "0", "borrow": "0"} for coin in row["assets"]]
        names = ("positionMgnRatio", "mmr", "effEquity", "imr", "mgnRatio")
        told = {name: row[name] for name in names}
        return {**told, "unrealisedPnL": row["unrealisedPnl"], "totalEquity": row["accountEquity"], "coin": coins}
