"""Changes as requests to the terminal, one after the other, and what became of each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal

from gridhedge.domain.change import Amend, Cancel, Change, Place
from gridhedge.domain.errors import VenueError
from gridhedge.domain.events import OrderUpdate
from gridhedge.domain.order import OrderState, Reject, parse_client_id
from gridhedge.domain.values import ZERO, Millis, Price, Side
from gridhedge.engine.ports import Accepted, NotSent, Outcome, Rejected, Unknown
from gridhedge.venue.mt5.account import Rules, decimal
from gridhedge.venue.mt5.memory import Exit, Memory
from gridhedge.venue.mt5.reads import Reads
from gridhedge.venue.mt5.records import Records
from gridhedge.venue.mt5.terminal.api import Request
from gridhedge.venue.mt5.terminal.constants import Constants as C
from gridhedge.venue.mt5.terminal.filling import Fillings
from gridhedge.venue.mt5.terminal.retcodes import Meaning, is_lost, meaning_of, said
from gridhedge.venue.mt5.terminal.structs import OrderSendResult, TradeOrder, TradePosition

__all__ = ["Orders"]

_QUOTES_AT_MOST = 3
_CLOSED_PAUSE_MS = 60_000
_RATE_PAUSE_MS = 2_000
_REASONS = {
    Meaning.MARGIN: Reject.MARGIN,
    Meaning.BOUNDS: Reject.OUT_OF_BOUNDS,
    Meaning.QUOTE: Reject.BUSY,
    Meaning.BUSY: Reject.BUSY,
    Meaning.GONE: Reject.UNKNOWN_ORDER,
    Meaning.FORBIDDEN: Reject.PERMISSION,
    Meaning.LIMIT: Reject.OTHER,
    Meaning.FILLING: Reject.OTHER,
    Meaning.WRONG: Reject.OTHER,
    Meaning.UNCHANGED: Reject.OTHER,
}


class _Failed(Exception):
    """A request that was not carried out, or perhaps was."""

    def __init__(self, outcome: Rejected | NotSent | Unknown) -> None:
        super().__init__(outcome.text)
        self.outcome = outcome


class Orders:
    """``lost`` is told of every order whose fate nobody knows."""

    def __init__(
        self,
        reads: Reads,
        records: Callable[[str], Records],
        memory: Memory,
        fillings: Fillings,
        deviation: int,
        now: Callable[[], Millis],
        lost: Callable[[str], None],
    ) -> None:
        self._reads, self._records, self._memory = reads, records, memory
        self._fillings, self._deviation = fillings, deviation
        self._now, self._lost = now, lost
        self._error = (C.RES_S_OK, "")
        self._done = False
        """Whether a request of the change under way has been carried out already."""

    def send(self, changes: Sequence[Change]) -> list[Outcome]:
        """One outcome each, in order. After one that nobody knows, or that could not be sent, nothing more is sent."""
        outcomes: list[Outcome] = []
        for change in changes:
            last = outcomes[-1] if outcomes else None
            if isinstance(last, NotSent | Unknown):
                outcomes.append(NotSent("not sent: the request before it failed"))
            elif isinstance(last, Rejected) and last.reason is Reject.RATE_LIMITED:
                outcomes.append(last)
            else:
                outcomes.append(self._carry_out(change))
                if isinstance(outcomes[-1], Unknown):
                    self._lost(change.client_id)
        return outcomes

    def _carry_out(self, change: Change) -> Outcome:
        self._done = False
        try:
            self._reads.connect()
            records = self._records(change.symbol)
            if isinstance(change, Place):
                return self._place(change, records)
            exit_ = self._memory.find(change.client_id)
            if isinstance(change, Cancel):
                return self._cancel(change, records) if exit_ is None else self._withdraw(exit_, records)
            if exit_ is None:
                return self._amend(change, records)
            return self._set_exit(records, exit_._replace(price=change.price, quantity=change.quantity))
        except _Failed as failed:
            # A change of several requests that failed on the way: only a look at the tickets tells how far it came.
            return Unknown(failed.outcome.text) if self._done else failed.outcome
        except VenueError as error:
            return Unknown(str(error)) if self._done else NotSent(str(error))

    # ---- entries -----------------------------------------------------------------------------------------------------

    def _place(self, place: Place, records: Records) -> Outcome:
        if place.reduce_only:
            return self._close(place, records) if place.market else self._place_exit(place, records)
        if place.trigger_price is not None:
            return Rejected(Reject.OTHER, "entries by stop orders are not sent to MT5")
        if self._is_known(place.client_id, records):
            return Rejected(Reject.DUPLICATE_ID, f"{place.client_id} has been sent before")
        rules = records.rules
        if place.quantity % rules.instrument.lot_step or not (
            rules.instrument.min_quantity <= place.quantity <= rules.instrument.max_quantity
        ):
            return Rejected(Reject.OUT_OF_BOUNDS, f"quantity {place.quantity} is off the steps or bounds of the symbol")
        tick = self._reads.tick(place.symbol)
        is_long = place.key.side is Side.LONG
        touch = decimal(tick.ask if is_long else tick.bid)
        distance = touch - place.price if is_long else place.price - touch
        if distance > 0 and distance >= rules.stops_level:
            return self._rest(place, records)
        if distance > 0:
            text = f"{place.price} is nearer to the market than the broker allows ({rules.stops_level})"
            return Rejected(Reject.BUSY, text)
        return self._deal(place, records, touch)

    def _rest(self, place: Place, records: Records) -> Outcome:
        kind = C.ORDER_TYPE_BUY_LIMIT if place.key.side is Side.LONG else C.ORDER_TYPE_SELL_LIMIT
        result = self._send(
            self._marks(place, records)
            | {
                "action": C.TRADE_ACTION_PENDING, "symbol": records.rules.name, "type": kind,
                "volume": records.rules.lots(place.quantity), "price": float(place.price),
                "type_time": C.ORDER_TIME_GTC, "type_filling": C.ORDER_FILLING_RETURN,
            }
        )  # fmt: skip
        records.learn(result.order, place.client_id)
        return Accepted(str(result.order))

    def _deal(self, place: Place, records: Records, touch: Price) -> Outcome:
        """An entry that executes now. Its limit is kept as the deviation, where the broker honours one."""
        room = int(abs(place.price - touch) / records.rules.point)
        kind = C.ORDER_TYPE_BUY if place.key.side is Side.LONG else C.ORDER_TYPE_SELL
        request = self._marks(place, records) | {
            "action": C.TRADE_ACTION_DEAL, "symbol": records.rules.name, "type": kind,
            "volume": records.rules.lots(place.quantity), "deviation": max(room, self._deviation),
        }  # fmt: skip
        result = self._send_deal(place.symbol, request, kind == C.ORDER_TYPE_BUY)
        records.learn(result.order, place.client_id)
        return Accepted(str(result.order))

    def _is_known(self, client_id: str, records: Records) -> bool:
        orders = self._reads.orders(records.plain)
        return any(records.id_of(one.ticket, one.magic, one.comment) == client_id for one in orders)

    def _marks(self, place: Place, records: Records) -> dict[str, int | float | str]:
        return {"magic": records.identity.magic(place.key), "comment": place.client_id}

    def _cancel(self, cancel: Cancel, records: Records) -> Outcome:
        order = self._working(cancel.client_id, cancel.venue_id, records)
        self._send({"action": C.TRADE_ACTION_REMOVE, "order": order.ticket})
        return Accepted(str(order.ticket))

    def _amend(self, amend: Amend, records: Records) -> Outcome:
        """Another price; another volume is another order under the same marks, for a terminal can not change it."""
        order = self._working(amend.client_id, amend.venue_id, records)
        if records.rules.units(order.volume_current) == amend.quantity:
            self._send(
                {
                    "action": C.TRADE_ACTION_MODIFY, "order": order.ticket, "price": float(amend.price), "sl": order.sl,
                    "tp": order.tp, "type_time": order.type_time,
                }
            )  # fmt: skip
            return Accepted(str(order.ticket))
        key = parse_client_id(records.identity.tag, amend.client_id)
        assert key is not None, "only orders of ours are amended"
        self._send({"action": C.TRADE_ACTION_REMOVE, "order": order.ticket})
        again = Place(amend.symbol, amend.client_id, key, amend.price, amend.quantity, False, amend.urgency, amend.why)
        outcome = self._place(again, records)
        if not isinstance(outcome, Accepted):
            gone = self._update(amend, OrderState.CANCELLED, "withdrawn to be changed, and then refused")
            return outcome if isinstance(outcome, Unknown) else Accepted(str(order.ticket), gone)
        working = OrderUpdate(
            amend.symbol, amend.client_id, outcome.venue_id, OrderState.WORKING, amend.price, amend.quantity, ZERO,
            self._now(),
        )  # fmt: skip
        return Accepted(outcome.venue_id, working)

    def _update(self, amend: Amend, state: OrderState, text: str) -> OrderUpdate:
        return OrderUpdate(
            amend.symbol, amend.client_id, amend.venue_id, state, amend.price, amend.quantity, ZERO, self._now(),
            None, text,
        )  # fmt: skip

    def _working(self, client_id: str, venue_id: str, records: Records) -> TradeOrder:
        for one in self._reads.orders(records.plain):
            if str(one.ticket) == venue_id or records.id_of(one.ticket, one.magic, one.comment) == client_id:
                return one
        raise _Failed(Rejected(Reject.UNKNOWN_ORDER, f"no pending order {client_id}"))

    # ---- exits -------------------------------------------------------------------------------------------------------

    def _place_exit(self, place: Place, records: Records) -> Outcome:
        known = self._memory.find(place.client_id)
        if known is not None and not known.is_over:
            return Rejected(Reject.DUPLICATE_ID, f"{place.client_id} has been sent before")
        exit_ = Exit(place.symbol, place.key.side, place.client_id, place.price, place.quantity, self._now())
        return self._set_exit(records, exit_)

    def _set_exit(self, records: Records, exit_: Exit) -> Outcome:
        """Give the price to every ticket that it is for, newest first where it is not for all; the others lose theirs.

        A price that the market has reached already closes them now.
        """
        tickets = records.own(self._reads.positions(records.plain), exit_.side)
        left = exit_.quantity - records.exited(exit_) if self._memory.find(exit_.client_id) else exit_.quantity
        chosen: list[TradePosition] = []
        for one in reversed(tickets):
            units = records.rules.units(one.volume)
            if units <= left:
                chosen.append(one)
                left -= units
        if not chosen:
            return Rejected(Reject.REDUCE_ONLY, f"nothing of the {exit_.side.value} side is there to close")
        if left > 0:
            text = f"MT5 closes whole tickets, and none of the {exit_.side.value} side fits the rest of {left}"
            if sum(1 for _ in tickets) > len(chosen):
                return Rejected(Reject.REDUCE_ONLY, text)
        self._memory.put(exit_._replace(at=self._now()))
        if self._is_reached(records.rules, exit_):
            self._close_tickets(records, chosen, exit_.client_id)
            return Accepted("")
        rest = [one for one in tickets if one.tp and one not in chosen]
        for one, price in [*((each, exit_.price) for each in chosen), *((each, ZERO) for each in rest)]:
            self._set_price(records.rules, one, price)
        return Accepted("")

    def _is_reached(self, rules: Rules, exit_: Exit) -> bool:
        tick = self._reads.tick(exit_.symbol)
        if exit_.side is Side.LONG:
            return decimal(tick.bid) >= exit_.price
        return decimal(tick.ask) <= exit_.price

    def _set_price(self, rules: Rules, ticket: TradePosition, price: Price) -> None:
        if decimal(ticket.tp) == price:
            return
        try:
            self._send(
                {
                    "action": C.TRADE_ACTION_SLTP, "symbol": rules.name, "position": ticket.ticket, "sl": ticket.sl,
                    "tp": float(price),
                }
            )  # fmt: skip
        except _Failed as failed:
            # A ticket that is gone has executed, and its deal will tell.
            if not (isinstance(failed.outcome, Rejected) and failed.outcome.reason is Reject.UNKNOWN_ORDER):
                raise

    def _withdraw(self, exit_: Exit, records: Records) -> Outcome:
        tickets = [one for one in records.own(self._reads.positions(records.plain), exit_.side) if one.tp]
        if exit_.is_over or not tickets:
            return Rejected(Reject.UNKNOWN_ORDER, f"no ticket carries {exit_.client_id}")
        for one in tickets:
            self._set_price(records.rules, one, ZERO)
        filled = records.exited(exit_)
        self._memory.put(exit_._replace(is_over=True, at=self._now()))
        update = OrderUpdate(
            exit_.symbol, exit_.client_id, "", OrderState.CANCELLED, exit_.price, exit_.quantity, filled, self._now()
        )
        return Accepted("", update)

    def _close(self, place: Place, records: Records) -> Outcome:
        """Close at the market: whole tickets, and a part of the last one."""
        tickets = records.own(self._reads.positions(records.plain), place.key.side)
        if not tickets:
            return Rejected(Reject.REDUCE_ONLY, f"nothing of the {place.key.side.value} side is there to close")
        self._close_tickets(records, tickets, place.client_id, place.quantity)
        return Accepted("")

    def _close_tickets(
        self, records: Records, tickets: Sequence[TradePosition], client_id: str, quantity: Decimal | None = None
    ) -> None:
        key = parse_client_id(records.identity.tag, client_id)
        assert key is not None, "only orders of ours are sent"
        left = records.total(tickets) if quantity is None else quantity
        for one in tickets:
            units = min(left, records.rules.units(one.volume))
            if units <= 0:
                return
            buys = one.type == C.POSITION_TYPE_SELL
            request: dict[str, int | float | str] = {
                "action": C.TRADE_ACTION_DEAL, "symbol": records.rules.name, "position": one.ticket,
                "type": C.ORDER_TYPE_BUY if buys else C.ORDER_TYPE_SELL, "volume": records.rules.lots(units),
                "deviation": self._deviation, "magic": records.identity.magic(key), "comment": client_id,
            }  # fmt: skip
            result = self._send_deal(records.plain, request, buys)
            records.learn(result.order, client_id)
            left -= units

    # ---- sending -----------------------------------------------------------------------------------------------------

    def _send_deal(self, plain: str, request: dict[str, int | float | str], buys: bool) -> OrderSendResult:
        """With a fresh price where it has moved, and another filling where one is not allowed: both say that nothing
        has been done."""
        info = self._reads.info(plain)
        for filling in self._fillings.candidates(info):
            for attempt in range(_QUOTES_AT_MOST):
                tick = self._reads.tick(plain)
                quoted = request | {"price": tick.ask if buys else tick.bid, "type_filling": filling}
                result, meaning = self._ask(quoted)
                if meaning is not Meaning.QUOTE or attempt == _QUOTES_AT_MOST - 1:
                    break
            if meaning is not Meaning.FILLING:
                break
        if result is None or meaning is not Meaning.DONE:
            raise _Failed(self._outcome(result, meaning))
        self._fillings.remember(info.name, filling)
        return result

    def _send(self, request: Request) -> OrderSendResult:
        result, meaning = self._ask(request)
        if result is None or meaning not in (Meaning.DONE, Meaning.UNCHANGED):
            raise _Failed(self._outcome(result, meaning))
        return result

    def _ask(self, request: Request) -> tuple[OrderSendResult | None, Meaning]:
        result = self._reads.api.order_send(request)
        if result is None:
            self._error = self._reads.api.last_error()
            if self._error[0] != C.RES_E_INVALID_PARAMS:
                self._reads.lose()
            return None, Meaning.UNKNOWN
        meaning = meaning_of(result.retcode)
        self._done = self._done or meaning is Meaning.DONE
        return result, meaning

    def _outcome(self, result: OrderSendResult | None, meaning: Meaning) -> Rejected | NotSent | Unknown:
        if result is None:
            code, text = self._error
            if is_lost(code):
                return Unknown(said(None, self._error))
            if code == C.RES_E_INTERNAL_FAIL_CONNECT:
                return NotSent(said(None, self._error))
            reason = Reject.PERMISSION if code == C.RES_E_AUTO_TRADING_DISABLED else Reject.OTHER
            return Rejected(reason, f"the terminal refuses the request ({code}: {text})")
        text = said(result, (0, ""))
        if meaning is Meaning.UNKNOWN:
            return Unknown(text)
        if meaning in (Meaning.CLOSED, Meaning.RATE):
            pause = _CLOSED_PAUSE_MS if meaning is Meaning.CLOSED else _RATE_PAUSE_MS
            return Rejected(Reject.RATE_LIMITED, text, self._now() + pause)
        return Rejected(_REASONS[meaning], text)
