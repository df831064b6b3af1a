"""What the account's stream tells, in Binance's letters, at the moment it happens."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from gridhedge.domain.events import Execution, ExecutionKind, Funding
from gridhedge.domain.order import OrderState, Reject
from gridhedge.domain.values import ZERO, Money, Side
from gridhedge.practice.binance.answers import plain
from gridhedge.practice.binance.rows import (
    Rows,
    algo_number,
    algo_status,
    asset,
    average,
    client_id_of,
    is_algo,
    is_hedged,
    order_id_of,
    order_number,
    side_word,
)
from gridhedge.practice.books import Entry
from gridhedge.practice.clock import Clock
from gridhedge.practice.desk import Desk, Happening
from gridhedge.venue.paper.matching import Cause
from gridhedge.venue.paper.orders import PaperOrder

__all__ = ["Events", "event"]

_EXPIRIES = {Reject.REDUCE_ONLY: "4", Reject.MARGIN: "5", Reject.WOULD_TAKE: "0"}


def event(kind: str, at: int, topic: str = "", **fields: Any) -> Happening:
    """An event of the stream; faults find it by its kind, and by the execution type behind it."""
    return Happening(f"{kind} {topic}".strip(), {"e": kind, "T": at, "E": at, **fields})


class Events:
    """Implements the desk's ``Teller``."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._rows = Rows(clock)
        self._traded: dict[str, dict[str, None]] = {}
        """Symbols that have executed since the account was told last, by account."""
        self._funded: dict[str, Money] = {}
        self._wallets: dict[str, Money] = {}

    def changed(self, desk: Desk, order: PaperOrder, cause: Cause) -> list[Happening]:
        if not is_algo(desk, order):
            kind = {"placed": "NEW", "amended": "AMENDMENT", "cancelled": "CANCELED"}.get(cause, "EXPIRED")
            cut = cause == "withdrawn" and order.state is OrderState.WORKING
            return [self._order(desk, order, "AMENDMENT" if cut else kind)]
        if order.trigger_price is not None and not order.stuck:
            return [self._algo(desk, order)]
        if cause == "triggered":
            triggering = self._algo(desk, order, "TRIGGERING")
            for late in ("ap", "aq", "act"):
                del triggering.item["o"][late]
            triggering.item["o"]["ai"] = ""
            if order.stuck:
                return [triggering]
            return [triggering, self._algo(desk, order), self._order(desk, order, "NEW")]
        return [self._order(desk, order, "EXPIRED"), self._algo(desk, order)]

    def executed(self, desk: Desk, entry: Entry, order: PaperOrder | None) -> list[Happening]:
        execution = entry.booking
        assert isinstance(execution, Execution)
        self._traded.setdefault(desk.key, {})[execution.symbol] = None
        told = [self._trade(desk, entry, execution, order)]
        if order is not None and is_algo(desk, order) and order.state is not OrderState.WORKING:
            told.append(self._algo(desk, order))
        return told

    def funded(self, desk: Desk, entry: Entry) -> list[Happening]:
        assert isinstance(entry.booking, Funding)
        self._funded[desk.key] = self._funded.get(desk.key, ZERO) + entry.booking.amount
        return []

    def settled(self, desk: Desk, symbols: Sequence[str]) -> list[Happening]:
        """Balances and positions change together; funding of cross margin names no position."""
        told: list[Happening] = []
        wallet = desk.exchange.account.wallet
        before = self._wallets.get(desk.key)
        self._wallets[desk.key] = wallet
        funded, traded = self._funded.pop(desk.key, None), self._traded.pop(desk.key, None)
        if funded is not None:
            told.append(self._account(desk, "FUNDING_FEE", wallet, -funded, {}))
        if traded is not None:
            told.append(self._account(desk, "ORDER", wallet, ZERO, traded))
        if funded is None and traded is None and before is not None and before != wallet:
            told.append(self._account(desk, "DEPOSIT", wallet, wallet - before, {}))
        return told

    # ---- orders ------------------------------------------------------------------------------------------------------

    def _order(self, desk: Desk, order: PaperOrder, kind: str) -> Happening:
        row = self._rows.order(desk, order)
        return event("ORDER_TRADE_UPDATE", self._clock.shown(order.changed), kind, o=self._letters(row, kind, order))

    def _letters(self, row: dict[str, Any], kind: str, order: PaperOrder) -> dict[str, Any]:
        rest = "9" if order.market else "2"
        expiry = rest if order.reason is None else _EXPIRIES.get(order.reason, rest)
        return {
            "s": row["symbol"],
            "c": row["clientOrderId"],
            "S": row["side"],
            "o": row["type"],
            "f": row["timeInForce"],
            "q": row["origQty"],
            "p": row["price"],
            "ap": row["avgPrice"],
            "sp": row["stopPrice"],
            "x": kind,
            "X": row["status"],
            "i": row["orderId"],
            "l": "0",
            "z": row["executedQty"],
            "L": "0",
            "n": "0",
            "N": None,
            "T": row["updateTime"],
            "t": 0,
            "b": "0",
            "a": "0",
            "m": False,
            "R": row["reduceOnly"],
            "wt": row["workingType"],
            "ot": row["origType"],
            "ps": row["positionSide"],
            "cp": row["closePosition"],
            "rp": "0",
            "pP": False,
            "si": 0,
            "ss": 0,
            "V": "EXPIRE_MAKER",
            "pm": "NONE",
            "gtd": 0,
            "er": expiry if row["status"] == "EXPIRED" else "0",
        }

    def _trade(self, desk: Desk, entry: Entry, execution: Execution, order: PaperOrder | None) -> Happening:
        at = self._clock.shown(execution.at)
        kind = "TRADE" if execution.kind is ExecutionKind.TRADE else "CALCULATED"
        letters = self._foreign(desk, entry, execution) if order is None else self._own(desk, order, kind)
        letters |= {
            "l": plain(execution.quantity),
            "L": plain(execution.price),
            "n": plain(execution.fee),
            "N": asset(desk),
            "T": at,
            "t": entry.number + 1,
            "m": execution.maker,
            "rp": plain(entry.realised),
        }
        return event("ORDER_TRADE_UPDATE", at, kind, o=letters)

    def _own(self, desk: Desk, order: PaperOrder, kind: str) -> dict[str, Any]:
        return self._letters(self._rows.order(desk, order), kind, order)

    def _foreign(self, desk: Desk, entry: Entry, execution: Execution) -> dict[str, Any]:
        """An order that nobody placed here, as if it had been."""
        order = PaperOrder(
            0,
            execution.symbol,
            client_id_of(entry),
            execution.side,
            execution.closing,
            execution.price,
            execution.quantity,
            execution.at,
            True,
        )
        order.state, order.filled = OrderState.FILLED, execution.quantity
        kind = "TRADE" if execution.kind is ExecutionKind.TRADE else "CALCULATED"
        return self._own(desk, order, kind) | {"i": order_id_of(entry, None), "ap": plain(execution.price)}

    def _algo(self, desk: Desk, order: PaperOrder, state: str = "") -> Happening:
        note = desk.order_notes.get(order.number, {})
        at = self._clock.shown(order.changed)
        triggered, state = order.trigger_price is None, state or algo_status(order)
        letters = {
            "caid": order.client_id,
            "aid": algo_number(order),
            "at": "CONDITIONAL",
            "o": note.get("type", "STOP_MARKET"),
            "s": order.symbol,
            "S": side_word(order.buys),
            "ps": order.side.name if is_hedged(desk) else "BOTH",
            "f": "GTC",
            "q": "0" if note.get("closePosition") else plain(order.quantity),
            "X": state,
            "ai": str(order_number(order)) if triggered else "",
            "ap": average(self._rows.value(desk, order), order.filled) if order.filled else "0",
            "aq": plain(order.filled),
            "act": "MARKET" if triggered else "0",
            "tp": note.get("triggerPrice", "0"),
            "p": "0",
            "V": "EXPIRE_MAKER",
            "wt": note.get("workingType", "CONTRACT_PRICE"),
            "pm": "NONE",
            "cp": bool(note.get("closePosition")),
            "pP": False,
            "R": order.closing,
            "tt": at if triggered else 0,
            "gtd": 0,
        }
        if state == "REJECTED":
            letters["rm"] = "Reduce Only reject" if order.reason is Reject.REDUCE_ONLY else "Margin is insufficient."
        return event("ALGO_UPDATE", at, state, o=letters)

    # ---- the account -------------------------------------------------------------------------------------------------

    def _account(self, desk: Desk, why: str, wallet: Money, change: Money, traded: dict[str, None]) -> Happening:
        balance = {"a": asset(desk), "wb": plain(wallet), "cw": plain(wallet), "bc": plain(change)}
        legs = [self._leg(desk, symbol, side) for symbol in traded for side in Side]
        content = {"m": why, "B": [balance], **({"P": legs} if legs else {})}
        return event("ACCOUNT_UPDATE", self._clock.shown(desk.exchange.now()), why, a=content)

    def _leg(self, desk: Desk, symbol: str, side: Side) -> dict[str, Any]:
        holding = desk.exchange.market(symbol).holding(side)
        row = self._rows.position(desk, holding)
        realised: Decimal = desk.books.leg(symbol, side).total
        return {
            "s": symbol,
            "pa": row["positionAmt"],
            "ep": row["entryPrice"],
            "cr": plain(realised),
            "up": row["unRealizedProfit"],
            "mt": "cross",
            "iw": "0",
            "ps": row["positionSide"],
            "bep": row["breakEvenPrice"],
        }
