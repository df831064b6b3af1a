"""Changes as requests to the terminal, one after the other, and what became of each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal, TypeAlias

from gridhedge.domain.change import Amend, Cancel, Change, Place
from gridhedge.domain.errors import VenueError
from gridhedge.domain.events import OrderUpdate
from gridhedge.domain.order import OrderState, Reject, parse_client_id
from gridhedge.domain.values import ZERO, Millis, Price, Side
from gridhedge.engine.ports import Accepted, NotSent, Outcome, Rejected, Unknown
from gridhedge.venue.mt5.account import decimal
from gridhedge.venue.mt5.exits import Exits
from gridhedge.venue.mt5.memory import Memory
from gridhedge.venue.mt5.reads import Reads
from gridhedge.venue.mt5.records import Records
from gridhedge.venue.mt5.sending import Failed, Sender
from gridhedge.venue.mt5.terminal.constants import Constants as C
from gridhedge.venue.mt5.terminal.filling import Fillings
from gridhedge.venue.mt5.terminal.structs import TradeOrder

__all__ = ["Orders"]

_Way: TypeAlias = Literal["rests", "too near", "now"]


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
        self._now, self._lost = now, lost
        self._sender = Sender(reads, fillings, now)
        self._exits = Exits(reads, memory, self._sender, deviation, now)

    def send(self, changes: Sequence[Change]) -> list[Outcome]:
        """One outcome each, in order. After one that nobody knows, or that could not be sent, nothing more is sent, nor
        to a server that wants silence, or whose market is closed."""
        outcomes: list[Outcome] = []
        for change in changes:
            last = outcomes[-1] if outcomes else None
            if isinstance(last, NotSent | Unknown):
                outcomes.append(NotSent("not sent: the request before it failed"))
            elif isinstance(last, Rejected) and last.reason in (Reject.RATE_LIMITED, Reject.MARKET_CLOSED):
                outcomes.append(last)
            else:
                outcomes.append(self._carry_out(change))
                if isinstance(outcomes[-1], Unknown):
                    self._lost(change.client_id)
        return outcomes

    def _carry_out(self, change: Change) -> Outcome:
        self._sender.done = False
        try:
            self._reads.connect()
            records = self._records(change.symbol)
            if isinstance(change, Place):
                return self._place(change, records)
            exit_ = self._memory.find(change.client_id)
            if isinstance(change, Cancel):
                return self._cancel(change, records) if exit_ is None else self._exits.withdraw(exit_, records)
            if exit_ is None:
                return self._amend(change, records)
            return self._exits.set(records, exit_._replace(price=change.price, quantity=change.quantity))
        except Failed as failed:
            # A change of several requests that failed on the way: only a look at the tickets tells how far it came.
            return Unknown(failed.outcome.text) if self._sender.done else failed.outcome
        except VenueError as error:
            return Unknown(str(error)) if self._sender.done else NotSent(str(error))

    # ---- entries -----------------------------------------------------------------------------------------------------

    def _place(self, place: Place, records: Records) -> Outcome:
        if place.reduce_only:
            return self._exits.place(place, records)
        if place.trigger_price is not None:
            return Rejected(Reject.OTHER, "entries by stop orders are not sent to MT5")
        if self._is_known(place.client_id, records):
            return Rejected(Reject.DUPLICATE_ID, f"{place.client_id} has been sent before")
        rules = records.rules
        if place.quantity % rules.instrument.lot_step or not (
            rules.instrument.min_quantity <= place.quantity <= rules.instrument.max_quantity
        ):
            return Rejected(Reject.OUT_OF_BOUNDS, f"quantity {place.quantity} is off the steps or bounds of the symbol")
        way, touch = self._way(records, place.key.side, place.price)
        if way == "rests":
            return self._rest(place, records)
        return self._deal(place, records, touch) if way == "now" else _too_near(place.price, records)

    def _way(self, records: Records, side: Side, price: Price) -> tuple[_Way, Price]:
        """Whether an entry at a price waits or executes now, and the touch that decides: a limit waits on the better
        side of the market only, and no nearer than the broker's stops level."""
        tick = self._reads.tick(records.plain)
        touch = decimal(tick.ask if side is Side.LONG else tick.bid)
        distance = (touch - price) * side.sign
        if distance <= 0:
            return "now", touch
        return ("rests" if distance >= records.rules.stops_level else "too near"), touch

    def _rest(self, place: Place, records: Records) -> Outcome:
        kind = C.ORDER_TYPE_BUY_LIMIT if place.key.side is Side.LONG else C.ORDER_TYPE_SELL_LIMIT
        result = self._sender.send(
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
        """An entry that executes now. Its limit is looked at once more with the price that is sent, and is kept as the
        deviation, where the broker honours one."""
        room = int(abs(place.price - touch) / records.rules.point)
        kind = C.ORDER_TYPE_BUY if place.key.side is Side.LONG else C.ORDER_TYPE_SELL
        request = self._marks(place, records) | {
            "action": C.TRADE_ACTION_DEAL, "symbol": records.rules.name, "type": kind,
            "volume": records.rules.lots(place.quantity), "deviation": room,
        }  # fmt: skip
        result = self._sender.deal(place.symbol, request, kind == C.ORDER_TYPE_BUY, place.price)
        records.learn(result.order, place.client_id)
        return Accepted(str(result.order))

    def _is_known(self, client_id: str, records: Records) -> bool:
        orders = self._reads.orders(records.plain)
        return any(records.id_of(one.ticket, one.magic, one.comment) == client_id for one in orders)

    def _marks(self, place: Place, records: Records) -> dict[str, int | float | str]:
        return {"magic": records.identity.magic(place.key), "comment": place.client_id}

    def _cancel(self, cancel: Cancel, records: Records) -> Outcome:
        order = self._working(cancel.client_id, cancel.venue_id, records)
        self._sender.send({"action": C.TRADE_ACTION_REMOVE, "order": order.ticket})
        return Accepted(str(order.ticket))

    def _amend(self, amend: Amend, records: Records) -> Outcome:
        """Another price. What a terminal can not change is another order under the same marks: another volume, and a
        price that executes now."""
        order = self._working(amend.client_id, amend.venue_id, records)
        key = parse_client_id(records.identity.tag, amend.client_id)
        assert key is not None, "only orders of ours are amended"
        way, _ = self._way(records, key.side, amend.price)
        if way == "too near":
            return _too_near(amend.price, records)
        left = amend.quantity - records.rules.units(order.volume_initial) + records.rules.units(order.volume_current)
        if way == "rests" and records.rules.units(order.volume_current) == left:
            self._sender.send(
                {
                    "action": C.TRADE_ACTION_MODIFY, "order": order.ticket, "price": float(amend.price), "sl": order.sl,
                    "tp": order.tp, "type_time": order.type_time,
                }
            )  # fmt: skip
            return Accepted(str(order.ticket))
        self._sender.send({"action": C.TRADE_ACTION_REMOVE, "order": order.ticket})
        again = Place(amend.symbol, amend.client_id, key, amend.price, left, False, amend.urgency, amend.why)
        outcome = self._again(again, records)
        if not isinstance(outcome, Accepted):
            gone = self._update(amend, OrderState.CANCELLED, f"withdrawn to be changed, and then: {outcome.text}")
            return outcome if isinstance(outcome, Unknown) else Accepted(str(order.ticket), gone)
        working = OrderUpdate(
            amend.symbol, amend.client_id, outcome.venue_id, OrderState.WORKING, amend.price, amend.quantity, ZERO,
            self._now(),
        )  # fmt: skip
        return Accepted(outcome.venue_id, working)

    def _again(self, place: Place, records: Records) -> Outcome:
        """The second half of an amend: it has an outcome of its own."""
        try:
            return self._place(place, records)
        except Failed as failed:
            return failed.outcome

    def _update(self, amend: Amend, state: OrderState, text: str) -> OrderUpdate:
        return OrderUpdate(
            amend.symbol, amend.client_id, amend.venue_id, state, amend.price, amend.quantity, ZERO, self._now(),
            None, text,
        )  # fmt: skip

    def _working(self, client_id: str, venue_id: str, records: Records) -> TradeOrder:
        for one in self._reads.orders(records.plain):
            if str(one.ticket) == venue_id or records.id_of(one.ticket, one.magic, one.comment) == client_id:
                return one
        raise Failed(Rejected(Reject.UNKNOWN_ORDER, f"no pending order {client_id}"))


def _too_near(price: Price, records: Records) -> Rejected:
    text = f"{price} is nearer to the market than the broker allows ({records.rules.stops_level})"
    return Rejected(Reject.BUSY, text)
