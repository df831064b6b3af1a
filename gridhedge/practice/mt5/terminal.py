"""The functions of the MetaTrader5 module over a simulated broker: same names, same structures, same failures.

Several programs may hold a terminal each over one broker account, as a person does who looks at the same account.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple, TypeVar

from gridhedge.practice.mt5.broker import Broker
from gridhedge.practice.mt5.send import Answer, Desk, check
from gridhedge.practice.mt5.sights import Login, Sights, in_group, seconds
from gridhedge.practice.tape import Tape
from gridhedge.venue.mt5.terminal.structs import (
    OrderCheckResult,
    OrderSendResult,
    Tick,
    TradeDeal,
    TradeOrder,
    TradePosition,
    TradeRequest,
)

__all__ = ["SimulatedTerminal"]

_LONGEST_COMMENT = 31
_KINDS: Mapping[str, type] = {name: type(default) for name, default in TradeRequest._field_defaults.items()}
_Row = TypeVar("_Row", TradePosition, TradeOrder)


class _Past(NamedTuple):
    """What is asked of the history: an order, a position, or a span of time."""

    first: int | datetime | None
    last: int | datetime | None
    group: str
    ticket: int
    position: int

    @property
    def is_whole(self) -> bool:
        spans = isinstance(self.first, int | datetime) and isinstance(self.last, int | datetime)
        return bool(self.ticket or self.position or spans)

    def has(self, time: int, symbol: str, order: int, position: int) -> bool:
        """``time`` by the server's clock, in seconds."""
        if self.ticket:
            return order == self.ticket
        if self.position:
            return position == self.position
        is_then = seconds(self.first) <= time <= seconds(self.last)
        return is_then and (not self.group or in_group(symbol, self.group))


class SimulatedTerminal(Sights):
    """One program's MetaTrader5 module. Nothing works before ``initialize``."""

    def __init__(self, broker: Broker, login: Login, tapes: Mapping[str, Tape] | None = None) -> None:
        super().__init__(broker, login, tapes)
        self._desk = Desk(broker, login.offset_s)
        self._requests = 0

    # ---- orders, positions, history ----------------------------------------------------------------------------------

    def orders_total(self) -> int | None:
        return len(self._broker.books.pending) if self._reads() else None

    def orders_get(self, *, symbol: str = "", ticket: int = 0, group: str = "") -> tuple[TradeOrder, ...] | None:
        """Pending orders."""
        if not self._reads():
            return None
        rows = [self._rows.order(order) for order in self._broker.books.pending.values()]
        return _chosen(rows, symbol, ticket, group)

    def positions_total(self) -> int | None:
        return len(self._broker.books.tickets) if self._reads() else None

    def positions_get(self, *, symbol: str = "", ticket: int = 0, group: str = "") -> tuple[TradePosition, ...] | None:
        """Open positions."""
        if not self._reads():
            return None
        rows = []
        for held in self._broker.books.tickets.values():
            if held.hidden:
                held.hidden -= 1
            else:
                rows.append(self._rows.position(held))
        return _chosen(rows, symbol, ticket, group)

    def history_orders_total(self, date_from: int | datetime, date_to: int | datetime) -> int | None:
        return _count(self.history_orders_get(date_from, date_to))

    def history_orders_get(
        self,
        date_from: int | datetime | None = None,
        date_to: int | datetime | None = None,
        *,
        group: str = "",
        ticket: int = 0,
        position: int = 0,
    ) -> tuple[TradeOrder, ...] | None:
        """Ended orders of a span of time, or by ticket, or of a position."""
        past = _Past(date_from, date_to, group, ticket, position)
        if not self._tells(past):
            return None
        rows = [self._rows.order(order) for order in self._broker.books.orders]
        return tuple(row for row in rows if past.has(row.time_done, row.symbol, row.ticket, row.position_id))

    def history_deals_total(self, date_from: int | datetime, date_to: int | datetime) -> int | None:
        return _count(self.history_deals_get(date_from, date_to))

    def history_deals_get(
        self,
        date_from: int | datetime | None = None,
        date_to: int | datetime | None = None,
        *,
        group: str = "",
        ticket: int = 0,
        position: int = 0,
    ) -> tuple[TradeDeal, ...] | None:
        """Deals of a span of time, or of an order (``ticket``), or of a position."""
        past = _Past(date_from, date_to, group, ticket, position)
        if not self._tells(past):
            return None
        rows = [self._rows.deal(deal) for deal in self._broker.books.deals]
        return tuple(row for row in rows if past.has(row.time, row.symbol, row.order, row.position_id))

    # ---- trading -----------------------------------------------------------------------------------------------------

    def order_calc_margin(self, action: int, symbol: str, volume: float, price: float, /) -> float | None:
        """Margin of an order alone."""
        spec = self._spec(symbol)
        if spec is None:
            return None
        leverage = self._broker.exchange.market(spec.plain).leverage
        return round(volume * float(spec.contract_size) * price / leverage, self._broker.digits)

    def order_calc_profit(
        self, action: int, symbol: str, volume: float, price_open: float, price_close: float, /
    ) -> float | None:
        """Profit of a position between two prices."""
        spec = self._spec(symbol)
        if spec is None:
            return None
        way = 1 if action == self.ORDER_TYPE_BUY else -1
        return round(way * volume * float(spec.contract_size) * (price_close - price_open), self._broker.digits)

    def order_check(self, request: Mapping[str, Any], /) -> OrderCheckResult | None:
        """Whether a request would pass; its success code is 0."""
        asked = self._request(request) if self._reads() else None
        if asked is None:
            return None
        info = self._rows.account()
        return OrderCheckResult(
            check(self._broker, asked), info.balance, info.equity, info.profit, info.margin, info.margin_free,
            info.margin_level, "Done", asked,
        )  # fmt: skip

    def order_send(self, request: Mapping[str, Any], /) -> OrderSendResult | None:
        """Send a request. None where it is malformed, or where nobody knows what became of it."""
        if not self._reads():
            return None
        faults = self._broker.faults
        asked = self._request(request)
        if asked is None:
            return None
        if faults.strike("api_disabled") is not None:
            self._fail(self.RES_E_AUTO_TRADING_DISABLED, "AutoTrading disabled for Python API")
            return None
        if faults.strike("lost_before") is not None:
            self._fail(self.RES_E_INTERNAL_FAIL_TIMEOUT, "IPC timeout")
            return None
        timeout = faults.strike("timeout")
        answer = Answer(self.TRADE_RETCODE_TIMEOUT)
        if timeout is None or timeout.executed:
            carried_out = self._desk.send(asked)
            answer = carried_out if timeout is None else answer
        if faults.strike("lost_after") is not None:
            self._fail(self.RES_E_INTERNAL_FAIL_TIMEOUT, "IPC timeout")
            return None
        return self._result(asked, answer)

    def Buy(
        self, symbol: str, volume: float, price: float | None = None, *, comment: str = "", ticket: int = 0
    ) -> OrderSendResult | None:
        return self._raw(self.ORDER_TYPE_BUY, symbol, volume, price, comment, ticket)

    def Sell(
        self, symbol: str, volume: float, price: float | None = None, *, comment: str = "", ticket: int = 0
    ) -> OrderSendResult | None:
        return self._raw(self.ORDER_TYPE_SELL, symbol, volume, price, comment, ticket)

    def Close(self, symbol: str, *, comment: str = "", ticket: int = 0) -> bool:
        """Close the positions of a symbol, or one of them."""
        held = self.positions_get(symbol=symbol) or ()
        chosen = [row for row in held if not ticket or row.ticket == ticket]
        results = [self._raw(1 - row.type, symbol, row.volume, None, comment, row.ticket) for row in chosen]
        return bool(results) and all(result is not None and result.retcode == 10009 for result in results)

    # ---- inside ------------------------------------------------------------------------------------------------------

    def _raw(
        self, kind: int, symbol: str, volume: float, price: float | None, comment: str, ticket: int
    ) -> OrderSendResult | None:
        tick = self.symbol_info_tick(symbol)
        if tick is None:
            return None
        quote = tick.ask if kind == self.ORDER_TYPE_BUY else tick.bid
        return self.order_send(
            {
                "action": self.TRADE_ACTION_DEAL, "symbol": symbol, "volume": volume, "type": kind,
                "price": quote if price is None else price, "deviation": 10, "comment": comment, "position": ticket,
            }
        )  # fmt: skip

    def _result(self, asked: TradeRequest, answer: Answer) -> OrderSendResult:
        self._requests += 1
        spec = self._broker.specs.get(asked.symbol)
        tick = self._rows.tick(spec) if spec is not None else Tick()
        return OrderSendResult(
            answer.retcode, answer.deal, answer.order, float(answer.volume), float(answer.price), tick.bid, tick.ask,
            answer.text, self._requests, 0, asked,
        )  # fmt: skip

    def _request(self, request: Mapping[str, Any]) -> TradeRequest | None:
        """The request with every value checked as the C code of the package checks it; unknown keys are ignored."""
        if not isinstance(request, Mapping):
            self._fail(self.RES_E_INVALID_PARAMS, "Invalid argument")
            return None
        known: dict[str, Any] = {}
        for name, kind in _KINDS.items():
            if name in request:
                value = request[name]
                if not _fits(name, kind, value):
                    self._fail(self.RES_E_INVALID_PARAMS, f'Invalid "{name}" argument')
                    return None
                known[name] = kind(value)
        return TradeRequest(**known)

    def _tells(self, past: _Past) -> bool:
        """Whether the history answers."""
        if not self._reads():
            return False
        return past.is_whole or self._fail(self.RES_E_INVALID_PARAMS, "Invalid arguments")


def _count(rows: tuple[object, ...] | None) -> int | None:
    return None if rows is None else len(rows)


def _chosen(rows: Iterable[_Row], symbol: str, ticket: int, group: str) -> tuple[_Row, ...]:
    """Where a symbol is given, the ticket is ignored."""
    if symbol:
        return tuple(row for row in rows if row.symbol == symbol)
    if ticket:
        return tuple(row for row in rows if row.ticket == ticket)
    return tuple(row for row in rows if not group or in_group(row.symbol, group))


def _fits(name: str, kind: type, value: object) -> bool:
    """Integers do for floats; bools and NumPy's numbers do for nothing."""
    if isinstance(value, str):
        return kind is str and (name != "comment" or (len(value) <= _LONGEST_COMMENT and value.isascii()))
    return type(value) is int if kind is int else kind is float and type(value) in (int, float)
