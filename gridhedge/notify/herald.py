"""What is worth telling: trades, errors, the status every few ticks, a balance that runs low, a new state.

Trades come from the journal, and the outbox remembers how far: so each execution is told once for every time that it
is journaled, which is once, whatever kills the process in between.
"""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from gridhedge.domain.errors import DiskFailure
from gridhedge.domain.events import ExecutionKind
from gridhedge.domain.values import Millis, Money, Price, Quantity, Role, Side
from gridhedge.domain.wire import Json, exact_json, iso_time
from gridhedge.engine.ports import Level
from gridhedge.engine.status import AccountStatus
from gridhedge.notify.outbox import Letter, Outbox

__all__ = ["Herald", "Trade"]

_STATUS_EVERY_TICKS = 5
_ENOUGH_AGAIN = 11, 10
"""A warning about the balance is over at 1.1 times the reserve, as the strategies withdraw and return look-ahead."""


class Trade(NamedTuple):
    """An execution as the journal keeps it. ``profit`` is what a closing one earned after its own fee, if known."""

    number: int
    execution_id: str
    symbol: str
    at: Millis
    side: Side
    role: Role | None
    level: int | None
    closing: bool
    quantity: Quantity
    price: Price
    fee: Money
    profit: Money | None
    order_id: str
    kind: ExecutionKind = ExecutionKind.TRADE


class Herald:
    """Puts messages into an outbox. A full disk costs messages, never a trade: failures are logged.

    ``who`` stands at the beginning of every message's data, ``documents`` are the data of ``status_update``, one per
    symbol.
    """

    def __init__(
        self,
        who: Mapping[str, Json],
        outbox: Outbox,
        documents: Callable[[AccountStatus], Sequence[Mapping[str, Json]]],
        log: logging.Logger,
    ) -> None:
        self._who = dict(who)
        self._outbox = outbox
        self._documents = documents
        self._log = log
        self._low = False
        self._told_at = -1
        """The tick of the last status told."""

    def said(self, level: Level, text: str) -> None:
        """What the engine says: errors and worse are worth telling."""
        if level in ("error", "critical"):
            self.failed(text, level)

    def begin(self, last: int) -> None:
        """Before the first trade of a run: ``last`` is the number of the newest in the journal. A new outbox begins
        there, because what happened before there was a webhook is history; so does one that knows of later trades,
        because then the journal was begun anew."""
        try:
            cursor = self._outbox.cursor
            if cursor is None or cursor > last:
                self._outbox.add([], last)
        except DiskFailure as error:
            self._log.error("trades could not be told: %s", error)

    def catch_up(self, trades: Callable[[int], Sequence[Trade]]) -> None:
        """Tell the executions after the last one told. ``trades`` reads the journal after a number."""
        try:
            news = trades(self._outbox.cursor or 0)
            if news:
                self._outbox.add([self._trade(trade) for trade in news], max(trade.number for trade in news))
        except DiskFailure as error:
            self._log.error("trades could not be told: %s", error)

    def tick(self, status: AccountStatus) -> None:
        """At the start and after each tick: the status every few ticks, and a balance that begins to run low."""
        if status.ticks % _STATUS_EVERY_TICKS == 0 and status.ticks != self._told_at:
            self._told_at = status.ticks
            for document in self._documents(status):
                self._tell("status_update", document, kept=False)
        more, least = _ENOUGH_AGAIN
        if not self._low and status.available < status.reserve:
            self._low = True
            self._tell("balance_warning", _balance(status))
        elif self._low and status.available * least >= status.reserve * more:
            self._low = False

    def changed(self, state: str, previous: str, reason: str) -> None:
        """The session's state: registered, starting, running, stopped, error."""
        self._tell("status_changed", {"status": state, "previousStatus": previous, "reason": reason})

    def failed(self, text: str, level: str = "error") -> None:
        """Something went wrong that a person should know of."""
        self._tell("error_occurred", {"level": level, "error": text})

    def limit_hit(self, total: Money, limit: Money, closed: int, text: str) -> None:
        """A limit of the day has been reached, its profit (``limit`` > 0) or its loss, and ``closed`` positions with
        it."""
        kind = "PROFIT" if limit > 0 else "LOSS"
        data: dict[str, Json] = {
            "totalPnl": total,
            "limitType": kind,
            "limitValue": limit,
            "positionsClosed": closed,
            "message": text,
        }
        self._tell("global_limit_hit", data)

    # ---- inside --------------------------------------------------------------------------------------------------

    def _tell(self, event: str, data: Mapping[str, Json], *, kept: bool = True) -> None:
        try:
            self._outbox.add([self._letter(uuid.uuid4().hex, event, data, kept)])
        except DiskFailure as error:
            self._log.error("%s could not be told: %s", event, error)

    def _trade(self, trade: Trade) -> Letter:
        event = "trade_closed" if trade.closing else "trade_opened"
        return self._letter(f"{trade.symbol}-{trade.execution_id}", event, _trade_data(trade), True)

    def _letter(self, name: str, event: str, data: Mapping[str, Json], kept: bool) -> Letter:
        now = time.time_ns() // 1_000_000
        body = {"id": name, "event": event, "timestamp": iso_time(now), "data": {**self._who, **data}}
        return Letter(name, event, exact_json(body), kept, now)


def _trade_data(trade: Trade) -> dict[str, Json]:
    return {
        "symbol": trade.symbol,
        "side": "buy" if trade.side is Side.LONG else "sell",
        "price": trade.price,
        "lot": trade.quantity,
        "orderId": trade.order_id,
        "gridLevel": trade.level,
        "reason": _reason(trade),
        "fee": trade.fee,
        "pnl": trade.profit,
        "executionId": trade.execution_id,
        "closedAt" if trade.closing else "openedAt": iso_time(trade.at),
    }


def _reason(trade: Trade) -> str:
    if trade.kind is not ExecutionKind.TRADE:
        return str(trade.kind.value)
    return "by hand" if trade.role is None else trade.role.name.lower().replace("_", "-")


def _balance(status: AccountStatus) -> dict[str, Json]:
    low = f"{status.available:.2f} {status.quote} are available, less than the reserve of {status.reserve:.2f}"
    return {
        "balance": status.margin_balance,
        "available": status.available,
        "reserve": status.reserve,
        "marginRatePercent": status.mm_rate,
        "message": low,
    }
