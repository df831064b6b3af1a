"""Positions, orders and deals of one symbol as the engine knows them: by client order id, in base units.

A side's take-profit, or stop-loss, is one order to the engine and a price on every ticket to the terminal. Here the two
are told in each other's words.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from gridhedge.domain.account import OrderRecord, Position
from gridhedge.domain.events import Execution, ExecutionKind, Funding
from gridhedge.domain.order import OrderState
from gridhedge.domain.values import SIDES, ZERO, Millis, Money, Price, Quantity, Side
from gridhedge.venue.mt5.account import STATES, Rules, deal_side, decimal, position_side
from gridhedge.venue.mt5.identity import Identity
from gridhedge.venue.mt5.memory import Exit, Memory
from gridhedge.venue.mt5.reads import Reads
from gridhedge.venue.mt5.terminal.constants import Constants as C
from gridhedge.venue.mt5.terminal.structs import TradeDeal, TradeOrder, TradePosition

__all__ = ["Records", "level_of"]

_OPENING_ORDERS = (
    C.ORDER_TYPE_BUY_LIMIT, C.ORDER_TYPE_SELL_LIMIT, C.ORDER_TYPE_BUY_STOP, C.ORDER_TYPE_SELL_STOP,
    C.ORDER_TYPE_BUY_STOP_LIMIT, C.ORDER_TYPE_SELL_STOP_LIMIT,
)  # fmt: skip
_STOPS = (C.ORDER_TYPE_BUY_STOP, C.ORDER_TYPE_SELL_STOP, C.ORDER_TYPE_BUY_STOP_LIMIT, C.ORDER_TYPE_SELL_STOP_LIMIT)
_LISTED_MS = 30_000
"""After so long an open position is in the list; clocks may be some seconds apart."""
_FORCED = {C.DEAL_REASON_SO: ExecutionKind.LIQUIDATION}


class Records:
    """One symbol of one account."""

    def __init__(self, plain: str, identity: Identity, memory: Memory, reads: Reads) -> None:
        self.plain, self.identity = plain, identity
        self._memory, self._reads = memory, reads
        self._ids: dict[int, str] = {}
        """Client order id by order ticket, as far as it has been seen; empty for those of others."""
        self.placed: set[int] = set()
        """Tickets of orders that were sent by this process, and whose end has not been told."""
        self._openers: dict[int, Side] = {}

    @property
    def rules(self) -> Rules:
        return self._reads.rules(self.plain)

    def learn(self, ticket: int, client_id: str) -> None:
        """An order of ours has this ticket: whatever the broker makes of its comment."""
        self._ids[ticket] = client_id
        self.placed.add(ticket)

    # ---- positions and pending orders --------------------------------------------------------------------------------

    def own(self, positions: Sequence[TradePosition], side: Side) -> list[TradePosition]:
        """The side's tickets that are ours, deepest level last."""
        ours = [
            one
            for one in positions
            if position_side(one) is side and self.id_of(one.identifier, one.magic, one.comment)
        ]
        return sorted(ours, key=lambda one: (one.time_msc, one.ticket))

    def positions(self, held: Sequence[TradePosition]) -> list[Position]:
        """Both sides, everybody's tickets together."""
        found = []
        for side in SIDES:
            tickets = [one for one in held if position_side(one) is side]
            quantity = self.total(tickets)
            if quantity:
                cost = sum((self.rules.units(one.volume) * decimal(one.price_open) for one in tickets), ZERO)
                found.append(Position(self.plain, side, quantity, cost / quantity))
        return found

    def total(self, tickets: Sequence[TradePosition]) -> Quantity:
        return sum((self.rules.units(one.volume) for one in tickets), ZERO)

    def pending(self, order: TradeOrder) -> OrderRecord | None:
        """A pending or ended order; None for closes and the like, which only their deals tell of."""
        if order.type not in _OPENING_ORDERS and not self._is_own_entry(order):
            return None
        buys = order.type in (
            C.ORDER_TYPE_BUY,
            C.ORDER_TYPE_BUY_LIMIT,
            C.ORDER_TYPE_BUY_STOP,
            C.ORDER_TYPE_BUY_STOP_LIMIT,
        )
        quantity = self.rules.units(order.volume_initial)
        state = STATES.get(order.state, OrderState.WORKING)
        filled = quantity if state is OrderState.FILLED else quantity - self.rules.units(order.volume_current)
        client_id = self.id_of(order.ticket, order.magic, order.comment)
        price = decimal(order.price_open) or self._price_of(order)
        changed = self._reads.utc(order.time_done_msc or order.time_setup_msc)
        return OrderRecord(
            self.plain, client_id, str(order.ticket), Side.LONG if buys else Side.SHORT, False, price, quantity, filled,
            state, self._reads.utc(order.time_setup_msc), changed, price if order.type in _STOPS else None,
        )  # fmt: skip

    def _is_own_entry(self, order: TradeOrder) -> bool:
        """A market order of ours that opened: its position carries its number."""
        key = self.identity.key(order.magic, order.comment)
        return key is not None and key.role.is_entry and order.type in (C.ORDER_TYPE_BUY, C.ORDER_TYPE_SELL)

    def _price_of(self, order: TradeOrder) -> Decimal:
        """A market order has no price of its own: that of its deal."""
        deals = self._reads.deals_of(order.position_id) if order.position_id else ()
        return next((decimal(deal.price) for deal in deals if deal.order == order.ticket), ZERO)

    def id_of(self, ticket: int, magic: int, comment: str) -> str:
        """The client order id of an order, remembered once it is known."""
        known = self._ids.get(ticket)
        if known is None:
            known = self._ids[ticket] = self.identity.client_id(magic, comment)
        return known

    # ---- exits -------------------------------------------------------------------------------------------------------

    def exits(self) -> list[Exit]:
        """The exit orders that are not over: at most a take-profit and a stop-loss of each side."""
        found = [self._memory.current(self.plain, side, is_stop) for side in SIDES for is_stop in (False, True)]
        return [one for one in found if one is not None]

    def exit_state(self, exit_: Exit, held: Sequence[TradePosition]) -> OrderRecord | None:
        """An exit order that is carried by tickets now: price and quantity as they say. None if none does."""
        levels = {one.ticket: level_of(one, exit_.is_stop) for one in self.own(held, exit_.side)}
        prices = {level for level in levels.values() if level}
        if not prices:
            return None
        price = exit_.price if exit_.price in prices or len(prices) > 1 else prices.pop()
        carried = self.total([one for one in held if levels.get(one.ticket) == price])
        filled = self.exited(exit_)
        return OrderRecord(
            self.plain, exit_.client_id, "", exit_.side, True, price, filled + carried, filled, OrderState.WORKING,
            exit_.at, exit_.at, price if exit_.is_stop else None,
        )  # fmt: skip

    def is_unlisted(self, held: Sequence[TradePosition], side: Side, now: Millis) -> bool:
        """Whether a ticket of ours has just been opened and is not listed: lists lag behind deals for a moment."""
        listed = {one.identifier for one in held}
        return any(
            deal_side(deal) == (side, False)
            and self.id_of(deal.order, deal.magic, deal.comment)
            and deal.position_id not in listed
            and not self.is_closed(deal.position_id)
            for deal in self._reads.deals(self.plain, now - _LISTED_MS)
        )

    def is_closed(self, position: int) -> bool:
        """Whether the deals of a position that is not listed tell of its end; lists and deals may lag."""
        deals = self._reads.deals_of(position)
        opened = sum((decimal(deal.volume) for deal in deals if deal.entry == C.DEAL_ENTRY_IN), ZERO)
        closed = sum((decimal(deal.volume) for deal in deals if deal_side(deal)[1]), ZERO)
        return closed >= opened > 0

    def end_exit(self, exit_: Exit, now: Millis) -> OrderRecord:
        """An exit order that no ticket carries any more is over, executed in full or not."""
        self._memory.put(exit_._replace(is_over=True, at=now))
        filled = self.exited(exit_)
        state = OrderState.FILLED if filled >= exit_.quantity else OrderState.CANCELLED
        return OrderRecord(
            self.plain, exit_.client_id, "", exit_.side, True, exit_.price, exit_.quantity, filled, state, exit_.at,
            now, exit_.price if exit_.is_stop else None,
        )  # fmt: skip

    def exited(self, exit_: Exit) -> Quantity:
        """What an exit order has executed so far."""
        first = min(one.at for one in self._memory.exits if one.client_id == exit_.client_id)
        return sum((made.quantity for made in self.executions(first) if made.client_id == exit_.client_id), ZERO)

    # ---- deals -------------------------------------------------------------------------------------------------------

    def executions(self, since: Millis) -> list[Execution]:
        """The symbol's executions since a time, oldest first."""
        return [made for deal in self._reads.deals(self.plain, since) if (made := self.execution(deal)).at >= since]

    def execution(self, deal: TradeDeal) -> Execution:
        """A deal as the engine counts it, once, by its ticket. ``fee``: commission and fee of this deal."""
        side, closing = deal_side(deal)
        at = self._reads.utc(deal.time_msc)
        client_id = self._closer(deal, side, at) if closing else self.id_of(deal.order, deal.magic, deal.comment)
        return Execution(
            f"D{deal.ticket}", self.plain, client_id, str(deal.order), side, closing, self.rules.units(deal.volume),
            decimal(deal.price), -(decimal(deal.commission) + decimal(deal.fee)), False, at,
            _FORCED.get(deal.reason, ExecutionKind.TRADE),
        )  # fmt: skip

    def _closer(self, deal: TradeDeal, side: Side, at: Millis) -> str:
        """Whose close a deal was: the side's exit order, an order of ours, or somebody else's hand (empty)."""
        is_ours = self._ids.get(deal.position_id) or self.identity.is_ours(deal.magic, deal.comment)
        if deal.reason in (C.DEAL_REASON_TP, C.DEAL_REASON_SL) and is_ours:
            placed = self._memory.at(self.plain, side, deal.reason == C.DEAL_REASON_SL, at)
            if placed is not None:
                return placed.client_id
        if deal.reason in (C.DEAL_REASON_SL, C.DEAL_REASON_SO):
            return ""
        if deal.reason == C.DEAL_REASON_TP:
            key = self.identity.key(deal.magic, "")
            return "" if key is None else self.identity.take_profit(side, key.cycle)
        key = self.identity.key(deal.magic, deal.comment)
        known = self._ids.get(deal.order)
        if known is not None:
            return known
        return "" if key is None or key.role.is_entry else self.identity.client_id(deal.magic, deal.comment)

    # ---- swap --------------------------------------------------------------------------------------------------------

    def swaps(self, held: Sequence[TradePosition], closed: Sequence[TradeDeal], now: Millis) -> list[Funding]:
        """Swap that was not told yet: of open tickets as it gathers, of closed ones what came at the end."""
        found = []
        for one in held:
            if one.swap:
                paid = self._paid_at_closes(one.identifier) - decimal(one.swap)
                found.append(self._memory.owe(one.identifier, self.plain, position_side(one), paid, now))
        open_ = {one.identifier for one in held}
        for deal in closed:
            side, closing = deal_side(deal)
            if closing and deal.position_id not in open_:
                total = self._paid_at_closes(deal.position_id)
                found.append(
                    self._memory.owe(deal.position_id, self.plain, side, total, self._reads.utc(deal.time_msc))
                )
        return [one for one in found if one is not None]

    def _paid_at_closes(self, position: int) -> Money:
        return -sum((decimal(deal.swap) for deal in self._reads.deals_of(position)), ZERO)


def level_of(ticket: TradePosition, is_stop: bool) -> Price:
    """The price of an exit on a ticket: its stop-loss or its take-profit; 0 where there is none."""
    return decimal(ticket.sl if is_stop else ticket.tp)
