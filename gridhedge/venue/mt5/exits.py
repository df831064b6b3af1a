"""Exits of a side: prices on its tickets, and closes at the market.

A take-profit (break-even included) is the ``tp`` of the tickets that it is for, a stop-loss their ``sl``: both live on
the broker's server, and each closes what is there, never more.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from gridhedge.domain.change import Place
from gridhedge.domain.events import OrderUpdate
from gridhedge.domain.order import OrderState, Reject, parse_client_id
from gridhedge.domain.values import ZERO, Millis, Price, Side
from gridhedge.engine.ports import Accepted, Outcome, Rejected
from gridhedge.venue.mt5.account import decimal
from gridhedge.venue.mt5.memory import Exit, Memory
from gridhedge.venue.mt5.reads import Reads
from gridhedge.venue.mt5.records import Records, level_of
from gridhedge.venue.mt5.sending import Failed, Sender
from gridhedge.venue.mt5.terminal.constants import Constants as C
from gridhedge.venue.mt5.terminal.structs import TradePosition

__all__ = ["Exits"]


class Exits:
    """Raises Failed, and what reads raise. ``deviation``: points that the price may move while a ticket is closed."""

    def __init__(self, reads: Reads, memory: Memory, sender: Sender, deviation: int, now: Callable[[], Millis]) -> None:
        self._reads, self._memory, self._sender = reads, memory, sender
        self._deviation, self._now = deviation, now

    def place(self, place: Place, records: Records) -> Outcome:
        """A close at the market, a stop-loss or a take-profit."""
        if place.market:
            return self._close(place, records)
        known = self._memory.find(place.client_id)
        if known is not None and not known.is_over:
            return Rejected(Reject.DUPLICATE_ID, f"{place.client_id} has been sent before")
        is_stop = place.trigger_price is not None
        other = self._memory.current(place.symbol, place.key.side, is_stop)
        if other is not None and records.exit_state(other, self._reads.positions(records.plain)) is not None:
            return Rejected(
                Reject.OTHER, f"the tickets carry {other.client_id}, and one price of a kind is all they have"
            )
        price = place.price if place.trigger_price is None else place.trigger_price
        return self.set(
            records,
            Exit(place.symbol, place.key.side, place.client_id, price, place.quantity, self._now(), is_stop=is_stop),
        )

    def set(self, records: Records, exit_: Exit) -> Outcome:
        """Give the price to every ticket that it is for, newest first where it is not for all; the others lose theirs.

        A take-profit that the market has reached already closes them now; a stop says that it would trigger at once.
        """
        held = self._reads.positions(records.plain)
        tickets = records.own(held, exit_.side)
        left = exit_.quantity - records.exited(exit_) if self._memory.find(exit_.client_id) else exit_.quantity
        chosen: list[TradePosition] = []
        for one in reversed(tickets):
            units = records.rules.units(one.volume)
            if units <= left:
                chosen.append(one)
                left -= units
        if left > 0 and records.is_unlisted(held, exit_.side, self._now()):
            return Rejected(Reject.BUSY, f"a ticket of the {exit_.side.value} side is not listed yet")
        if not chosen:
            return Rejected(Reject.REDUCE_ONLY, f"nothing of the {exit_.side.value} side is there to close")
        if left > 0 and len(tickets) > len(chosen):
            text = f"MT5 closes whole tickets, and none of the {exit_.side.value} side fits the rest of {left}"
            return Rejected(Reject.REDUCE_ONLY, text)
        is_reached = self._is_reached(exit_)
        if is_reached and exit_.is_stop:
            text = f"a stop at {exit_.price} would trigger at once"
            return Rejected(Reject.WOULD_TRIGGER, text)
        self._memory.put(exit_._replace(at=self._now()))
        if is_reached:
            self._close_tickets(records, chosen, exit_.client_id)
            return Accepted("")
        for one in chosen:
            self._give(records, one, exit_)
        for one in tickets:
            if one not in chosen:
                self._set_level(records, one, exit_.is_stop, ZERO)
        return Accepted("")

    def withdraw(self, exit_: Exit, records: Records) -> Outcome:
        """Take the price from every ticket."""
        own = records.own(self._reads.positions(records.plain), exit_.side)
        tickets = [one for one in own if level_of(one, exit_.is_stop)]
        if exit_.is_over or not tickets:
            return Rejected(Reject.UNKNOWN_ORDER, f"no ticket carries {exit_.client_id}")
        for one in tickets:
            self._set_level(records, one, exit_.is_stop, ZERO)
        filled = records.exited(exit_)
        self._memory.put(exit_._replace(is_over=True, at=self._now()))
        update = OrderUpdate(
            exit_.symbol, exit_.client_id, "", OrderState.CANCELLED, exit_.price, exit_.quantity, filled, self._now()
        )
        return Accepted("", update)

    # ---- prices on tickets -------------------------------------------------------------------------------------------

    def _is_reached(self, exit_: Exit) -> bool:
        """The closing price decides: bid for a long side, ask for a short one."""
        tick = self._reads.tick(exit_.symbol)
        is_long = exit_.side is Side.LONG
        ahead = (decimal(tick.bid if is_long else tick.ask) - exit_.price) * exit_.side.sign
        return ahead <= 0 if exit_.is_stop else ahead >= 0

    def _give(self, records: Records, ticket: TradePosition, exit_: Exit) -> None:
        """One ticket gets its price; one that the price has reached meanwhile is closed, one that stands nearer to it
        than the broker allows gets the nearest that is allowed."""
        try:
            self._set_level(records, ticket, exit_.is_stop, exit_.price)
        except Failed as failed:
            if failed.reason is not Reject.OUT_OF_BOUNDS:
                raise
            if self._is_reached(exit_):
                self._close_tickets(records, [ticket], exit_.client_id)
                return
            nearest = self._nearest(records, exit_)
            if nearest == exit_.price:
                raise
            self._set_level(records, ticket, exit_.is_stop, nearest)

    def _nearest(self, records: Records, exit_: Exit) -> Price:
        """The exit's price, or the nearest beyond stops level and spread: some brokers say 0 and mean the spread."""
        tick, rules = self._reads.tick(exit_.symbol), records.rules
        bid, ask = decimal(tick.bid), decimal(tick.ask)
        distance = rules.stops_level + ask - bid
        rises = (exit_.side is Side.LONG) is not exit_.is_stop
        closing = bid if exit_.side is Side.LONG else ask
        size = rules.instrument.tick_size
        steps = (closing + (distance if rises else -distance)) / size
        allowed = steps.to_integral_value(ROUND_CEILING if rises else ROUND_FLOOR) * size
        return max(allowed, exit_.price) if rises else min(allowed, exit_.price)

    def _set_level(self, records: Records, ticket: TradePosition, is_stop: bool, price: Price) -> None:
        if level_of(ticket, is_stop) == price:
            return
        sl, tp = (float(price), ticket.tp) if is_stop else (ticket.sl, float(price))
        try:
            self._sender.send(
                {
                    "action": C.TRADE_ACTION_SLTP, "symbol": records.rules.name, "position": ticket.ticket, "sl": sl,
                    "tp": tp,
                }
            )  # fmt: skip
        except Failed as failed:
            # A ticket that is gone has executed, and its deal will tell.
            if failed.reason is not Reject.UNKNOWN_ORDER:
                raise

    # ---- closing -----------------------------------------------------------------------------------------------------

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
            result = self._sender.deal(records.plain, request, buys)
            records.learn(result.order, client_id)
            left -= units
