"""Requests of a simulated terminal: what a trade server checks, in its order, and what it answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import NamedTuple

from gridhedge.domain.order import Reject
from gridhedge.domain.values import ZERO, Price, Quantity, Side
from gridhedge.practice.mt5.broker import Broker
from gridhedge.practice.mt5.specs import FILL_FOK, FILL_IOC, Spec
from gridhedge.practice.mt5.tickets import Deal, Order, Ticket
from gridhedge.venue.mt5.terminal.constants import Constants as C
from gridhedge.venue.mt5.terminal.structs import TradeRequest
from gridhedge.venue.paper.orders import Refusal

__all__ = ["Answer", "Desk", "check"]

_OF_REASON = {
    Reject.MARGIN: C.TRADE_RETCODE_NO_MONEY,
    Reject.MARKET_CLOSED: C.TRADE_RETCODE_MARKET_CLOSED,
    Reject.OUT_OF_BOUNDS: C.TRADE_RETCODE_INVALID_VOLUME,
}
_TEXTS = {
    C.TRADE_RETCODE_REQUOTE: "Requote",
    C.TRADE_RETCODE_REJECT: "Request rejected",
    C.TRADE_RETCODE_PLACED: "Order placed",
    C.TRADE_RETCODE_DONE: "Request executed",
    C.TRADE_RETCODE_TIMEOUT: "Request timed out",
    C.TRADE_RETCODE_INVALID: "Invalid request",
    C.TRADE_RETCODE_INVALID_VOLUME: "Invalid volume",
    C.TRADE_RETCODE_INVALID_PRICE: "Invalid price",
    C.TRADE_RETCODE_INVALID_STOPS: "Invalid stops",
    C.TRADE_RETCODE_MARKET_CLOSED: "Market closed",
    C.TRADE_RETCODE_NO_MONEY: "No money",
    C.TRADE_RETCODE_PRICE_OFF: "Off quotes",
    C.TRADE_RETCODE_NO_CHANGES: "No changes",
    C.TRADE_RETCODE_CLIENT_DISABLES_AT: "AutoTrading disabled by client",
    C.TRADE_RETCODE_SERVER_DISABLES_AT: "AutoTrading disabled by server",
    C.TRADE_RETCODE_FROZEN: "Position frozen",
    C.TRADE_RETCODE_INVALID_FILL: "Unsupported filling mode",
    C.TRADE_RETCODE_CONNECTION: "No connection",
    C.TRADE_RETCODE_POSITION_CLOSED: "Position doesn't exist",
}
_STOP_LIMITS = (C.ORDER_TYPE_BUY_STOP_LIMIT, C.ORDER_TYPE_SELL_STOP_LIMIT)


class Answer(NamedTuple):
    """What the server says. ``order`` and ``deal`` are tickets."""

    retcode: int
    order: int = 0
    deal: int = 0
    volume: Decimal = ZERO
    price: Price = ZERO

    @property
    def text(self) -> str:
        return _TEXTS.get(self.retcode, f"retcode {self.retcode}")


class _No(Exception):
    """The server refuses with a code."""

    def __init__(self, retcode: int) -> None:
        super().__init__(retcode)
        self.retcode = retcode


class Desk:
    """Carries requests out for one broker account."""

    def __init__(self, broker: Broker, offset_s: int) -> None:
        self._broker = broker
        self._offset_s = offset_s
        self._ways: Mapping[int, Callable[[TradeRequest], Answer]] = {
            C.TRADE_ACTION_DEAL: self._deal,
            C.TRADE_ACTION_PENDING: self._pending,
            C.TRADE_ACTION_SLTP: self._stops,
            C.TRADE_ACTION_MODIFY: self._modify,
            C.TRADE_ACTION_REMOVE: self._remove,
            C.TRADE_ACTION_CLOSE_BY: self._close_by,
        }

    def send(self, request: TradeRequest) -> Answer:
        """Check and carry out; nothing has happened where the answer is a refusal."""
        if self._broker.faults.strike("magic") is not None:
            request = request._replace(magic=request.magic & 0x7FFFFFFF)
        refused = self._refusal()
        way = self._ways.get(request.action)
        if refused is not None or way is None:
            return Answer(refused or C.TRADE_RETCODE_INVALID)
        try:
            answer = way(request)
        except _No as no:
            return Answer(no.retcode)
        except Refusal as refusal:
            return Answer(_OF_REASON.get(refusal.reason, C.TRADE_RETCODE_REJECT))
        self._broker.settle()
        self._broker.save()
        return answer

    def _refusal(self) -> int | None:
        faults = self._broker.faults
        for kind, retcode in (
            ("disconnected", C.TRADE_RETCODE_CONNECTION),
            ("disabled", C.TRADE_RETCODE_CLIENT_DISABLES_AT),
            ("account_disabled", C.TRADE_RETCODE_SERVER_DISABLES_AT),
            ("investor", C.TRADE_RETCODE_TRADE_DISABLED),
            ("closed", C.TRADE_RETCODE_MARKET_CLOSED),
            ("requote", C.TRADE_RETCODE_REQUOTE),
        ):
            if faults.strike(kind) is not None:
                return retcode
        refusal = faults.strike("refusal")
        return None if refusal is None else refusal.code

    # ---- actions -----------------------------------------------------------------------------------------------------

    def _deal(self, request: TradeRequest) -> Answer:
        spec = self._spec(request.symbol)
        if request.type not in (C.ORDER_TYPE_BUY, C.ORDER_TYPE_SELL):
            raise _No(C.TRADE_RETCODE_INVALID)
        buys = request.type == C.ORDER_TYPE_BUY
        units = self._units(spec, request.volume)
        self._check_filling(spec, request.type_filling, pending=False)
        ticket = self._ticket(request.position) if request.position else None
        if ticket is not None and (ticket.symbol != spec.plain or (ticket.side is Side.LONG) is buys):
            raise _No(C.TRADE_RETCODE_INVALID)
        if ticket is not None and units > ticket.units:
            raise _No(C.TRADE_RETCODE_INVALID_CLOSE_VOLUME)
        self._check_quote(spec, request, buys)
        broker = self._broker
        order = broker.market_order(spec.plain, buys, units, C.ORDER_REASON_EXPERT, request.comment, request.magic)
        if ticket is not None:
            deal = broker.close(order, ticket, units)
        else:
            self._check_limit(spec, buys, units)
            order.sl, order.tp = self._levels(spec, buys, request)
            deal = broker.open(order)
        return self._done(spec, deal)

    def _pending(self, request: TradeRequest) -> Answer:
        spec = self._spec(request.symbol)
        if request.type not in range(C.ORDER_TYPE_BUY_LIMIT, C.ORDER_TYPE_SELL_STOP_LIMIT + 1):
            raise _No(C.TRADE_RETCODE_INVALID)
        units = self._units(spec, request.volume)
        self._check_filling(spec, request.type_filling, pending=True)
        self._check_open(spec)
        buys = request.type % 2 == 0
        price = self._price(request.price, spec)
        self._check_side(spec, request.type, price)
        self._check_limit(spec, buys, units)
        now = self._broker.exchange.now()
        number = self._broker.books.number()
        order = Order(
            number, spec.plain, request.type, units, price, now, request.magic, request.comment, units,
            filling=request.type_filling, time_type=request.type_time, expires=self._expiration(request),
        )  # fmt: skip
        order.sl, order.tp = self._levels(spec, buys, request, price)
        if request.type in _STOP_LIMITS:
            order.stop_limit = self._price(request.stoplimit, spec)
        self._broker.books.pending[number] = order
        return Answer(C.TRADE_RETCODE_DONE, number, 0, Decimal(repr(request.volume)), price)

    def _stops(self, request: TradeRequest) -> Answer:
        ticket = self._ticket(request.position)
        spec = self._broker.by_plain[ticket.symbol]
        self._check_open(spec)
        wanted = self._level(request.sl, spec), self._level(request.tp, spec)
        if wanted == (ticket.sl, ticket.tp):
            raise _No(C.TRADE_RETCODE_NO_CHANGES)
        self._check_frozen(spec, [ticket.sl, ticket.tp])
        ticket.sl, ticket.tp = self._levels(spec, ticket.side is Side.LONG, request)
        ticket.changed = self._broker.exchange.now()
        return Answer(C.TRADE_RETCODE_DONE)

    def _modify(self, request: TradeRequest) -> Answer:
        order = self._order(request.order)
        spec = self._broker.by_plain[order.symbol]
        self._check_open(spec)
        price = self._price(request.price, spec)
        levels = self._levels(spec, order.buys, request, price)
        if (price, *levels) == (order.price, order.sl, order.tp):
            raise _No(C.TRADE_RETCODE_NO_CHANGES)
        self._check_frozen(spec, [order.price])
        self._check_side(spec, order.type, price)
        order.price, (order.sl, order.tp) = price, levels
        return Answer(C.TRADE_RETCODE_DONE, order.number)

    def _remove(self, request: TradeRequest) -> Answer:
        order = self._order(request.order)
        spec = self._broker.by_plain[order.symbol]
        self._check_open(spec)
        self._check_frozen(spec, [order.price])
        self._broker.books.end(order, C.ORDER_STATE_CANCELED, self._broker.exchange.now())
        return Answer(C.TRADE_RETCODE_DONE, order.number)

    def _close_by(self, request: TradeRequest) -> Answer:
        ticket, other = self._ticket(request.position), self._ticket(request.position_by)
        if ticket.symbol != other.symbol or ticket.side is other.side:
            raise _No(C.TRADE_RETCODE_INVALID)
        units = min(ticket.units, other.units)
        order = self._broker.market_order(
            ticket.symbol, ticket.side is Side.SHORT, units, C.ORDER_REASON_EXPERT, request.comment, request.magic
        )
        order.type = C.ORDER_TYPE_CLOSE_BY
        return self._done(self._broker.by_plain[ticket.symbol], self._broker.close_by(order, ticket, other))

    def _done(self, spec: Spec, deal: Deal) -> Answer:
        return Answer(C.TRADE_RETCODE_DONE, deal.order, deal.number, deal.units / spec.contract_size, deal.price)

    # ---- checks ------------------------------------------------------------------------------------------------------

    def _spec(self, name: str) -> Spec:
        spec = self._broker.specs.get(name)
        if spec is None:
            raise _No(C.TRADE_RETCODE_INVALID)
        return spec

    def _ticket(self, number: int) -> Ticket:
        ticket = self._broker.books.tickets.get(number)
        if ticket is None:
            raise _No(C.TRADE_RETCODE_POSITION_CLOSED)
        return ticket

    def _order(self, number: int) -> Order:
        order = self._broker.books.pending.get(number)
        if order is None:
            raise _No(C.TRADE_RETCODE_INVALID_ORDER)
        return order

    def _units(self, spec: Spec, volume: float) -> Quantity:
        rules = self._broker.exchange.market(spec.plain).instrument
        units = Decimal(repr(volume)) * spec.contract_size
        if not rules.min_quantity <= units <= rules.max_quantity or units % rules.lot_step:
            raise _No(C.TRADE_RETCODE_INVALID_VOLUME)
        return units

    def _price(self, price: float, spec: Spec) -> Price:
        exact = Decimal(repr(price))
        tick = self._broker.exchange.market(spec.plain).instrument.tick_size
        if exact <= 0 or exact % tick:
            raise _No(C.TRADE_RETCODE_INVALID_PRICE)
        return exact

    def _level(self, price: float, spec: Spec) -> Price:
        return self._price(price, spec) if price else ZERO

    def _levels(self, spec: Spec, buys: bool, request: TradeRequest, price: Price | None = None) -> tuple[Price, Price]:
        """Stop-loss and take-profit, on their sides of the price and far enough from it."""
        market = self._broker.exchange.market(spec.plain)
        if price is None:
            price = market.bid if buys else market.ask
        sign = 1 if buys else -1
        sl, tp = self._level(request.sl, spec), self._level(request.tp, spec)
        least = spec.stops_level * spec.point
        for level, way in ((sl, -sign), (tp, sign)):
            if level and ((level - price) * way <= 0 or (level - price) * way < least):
                raise _No(C.TRADE_RETCODE_INVALID_STOPS)
        return sl, tp

    def _check_open(self, spec: Spec) -> None:
        broker = self._broker
        broker.exchange.market(spec.plain).check_open(broker.exchange.now())

    def _check_quote(self, spec: Spec, request: TradeRequest, buys: bool) -> None:
        """Where the broker deals at the price asked for, it must still be there, within the deviation."""
        if spec.execution != C.SYMBOL_TRADE_EXECUTION_INSTANT:
            return
        market = self._broker.exchange.market(spec.plain)
        price = market.ask if buys else market.bid
        if abs(self._price(request.price, spec) - price) > request.deviation * spec.point:
            raise _No(C.TRADE_RETCODE_REQUOTE)

    def _check_filling(self, spec: Spec, filling: int, *, pending: bool) -> None:
        if filling == C.ORDER_FILLING_FOK:
            allowed = bool(spec.filling_mode & FILL_FOK)
        elif filling == C.ORDER_FILLING_IOC:
            allowed = bool(spec.filling_mode & FILL_IOC)
        elif filling == C.ORDER_FILLING_RETURN:
            allowed = pending or spec.execution != C.SYMBOL_TRADE_EXECUTION_MARKET
        else:
            allowed = False
        if not allowed:
            raise _No(C.TRADE_RETCODE_INVALID_FILL)

    def _check_side(self, spec: Spec, kind: int, price: Price) -> None:
        """A limit waits on the better side of the market, a stop on the worse, neither nearer than the stops level."""
        market = self._broker.exchange.market(spec.plain)
        buys, limit = kind % 2 == 0, kind in (C.ORDER_TYPE_BUY_LIMIT, C.ORDER_TYPE_SELL_LIMIT)
        away = market.ask - price if buys else price - market.bid
        away = away if limit else -away
        if away <= 0 or away < spec.stops_level * spec.point:
            raise _No(C.TRADE_RETCODE_INVALID_PRICE)

    def _check_frozen(self, spec: Spec, prices: list[Price]) -> None:
        market = self._broker.exchange.market(spec.plain)
        zone = spec.freeze_level * spec.point
        if zone and any(price and min(abs(price - market.bid), abs(price - market.ask)) <= zone for price in prices):
            raise _No(C.TRADE_RETCODE_FROZEN)

    def _check_limit(self, spec: Spec, buys: bool, units: Quantity) -> None:
        if spec.volume_limit:
            held = self._broker.books.held(spec.plain, Side.LONG if buys else Side.SHORT)
            waiting = sum(
                order.left
                for order in self._broker.books.pending.values()
                if order.symbol == spec.plain and order.buys is buys
            )
            if held + waiting + units > spec.volume_limit * spec.contract_size:
                raise _No(C.TRADE_RETCODE_LIMIT_VOLUME)

    def _expiration(self, request: TradeRequest) -> int:
        if request.type_time != C.ORDER_TIME_SPECIFIED:
            return 0
        broker = self._broker
        ahead = (request.expiration - self._offset_s) * 1000 - broker.clock.shown(broker.exchange.now())
        if ahead <= 0:
            raise _No(C.TRADE_RETCODE_INVALID_EXPIRATION)
        return broker.exchange.now() + ahead * broker.clock.speed


def check(broker: Broker, request: TradeRequest) -> int:
    """What ``order_check`` finds before anything is sent: 0, or the code of the refusal."""
    spec = broker.specs.get(request.symbol)
    if spec is None or request.action not in (C.TRADE_ACTION_DEAL, C.TRADE_ACTION_PENDING):
        return C.TRADE_RETCODE_INVALID
    market = broker.exchange.market(spec.plain)
    units = Decimal(repr(request.volume)) * spec.contract_size
    if units < market.instrument.min_quantity or units % market.instrument.lot_step:
        return C.TRADE_RETCODE_INVALID_VOLUME
    margin = units * market.ask * market.holding(Side.LONG).rates.order
    return C.TRADE_RETCODE_NO_MONEY if margin > broker.exchange.account.available() else 0
