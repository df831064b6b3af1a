"""The book: everything the bot remembers. It is a fold over events, and nothing but ``apply`` changes it.

``fold(journal) == book in memory`` is an invariant: restart, replay and recovery rest on it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from gridhedge.domain.basket_steps import BASKET_STEPS
from gridhedge.domain.events import (
    AmendIntended,
    CancelIntended,
    ChangeSettled,
    CycleOpened,
    Event,
    Execution,
    Funding,
    LookAheadSwitched,
    OrderAdopted,
    OrderIntended,
    OrderSettled,
    OrderUpdate,
    PositionMended,
    ReferenceFixed,
    SignalSeen,
    StopLifted,
    StopRaised,
    TradingHalted,
)
from gridhedge.domain.grid import GRID_STEPS
from gridhedge.domain.ladder_book import SideBook
from gridhedge.domain.order import (
    LEGAL_MOVES,
    Cut,
    Order,
    OrderKey,
    OrderState,
    Pending,
    Reject,
    account_tag,
    parse_client_id,
)
from gridhedge.domain.squeeze import note_accepted, note_refused
from gridhedge.domain.values import SIDES, ZERO, Millis, Price, Quantity, Role, Side

_WORKING, _FILLED, _CANCEL, _AMEND = OrderState.WORKING, OrderState.FILLED, Pending.CANCEL, Pending.AMEND
_UNSEEN = (OrderState.INTENDED, OrderState.UNKNOWN)


class SymbolBook:
    """What has been executed, what is working and what is unknown on one symbol."""

    def __init__(self, account: str, symbol: str) -> None:
        self.symbol = symbol
        self.tag = account_tag(account, symbol)
        self.look_ahead_withdrawn = False
        self.signal: SignalSeen | None = None
        self.halted: TradingHalted | None = None
        self.long = SideBook(Side.LONG)
        self.short = SideBook(Side.SHORT)
        self.orders: dict[str, Order] = {}
        """Live orders of both sides by client id."""
        self.rejections: dict[tuple[Side, Role, int], tuple[Millis, int]] = {}
        """Per meaning: when the venue last refused it, and how often in a row."""
        self.known: dict[str, Quantity] = {}
        """What has executed of every order ever intended or adopted: a stranger with our mark means a second bot."""
        self.executed: set[str] = set()  # ids of executions and funding that have counted
        self._handlers: dict[type[Any], Callable[[Any], None]] = {
            Execution: self._on_execution,
            Funding: self._on_funding,
            OrderUpdate: self._on_order_update,
            OrderIntended: self._on_order_intended,
            OrderSettled: self._on_order_settled,
            AmendIntended: self._on_amend_intended,
            CancelIntended: self._on_cancel_intended,
            ChangeSettled: self._on_change_settled,
            OrderAdopted: self._on_order_adopted,
            ReferenceFixed: self._on_reference_fixed,
            CycleOpened: self._on_cycle_opened,
            LookAheadSwitched: self._on_look_ahead_switched,
            PositionMended: self._on_position_mended,
            SignalSeen: self._on_signal_seen,
            TradingHalted: self._on_trading_halted,
            **dict.fromkeys(_SIDE_STEPS, self._on_side_step),
        }

    def of(self, side: Side) -> SideBook:
        return self.long if side.is_long else self.short

    @property
    def reference(self) -> tuple[Quantity, ...]:
        """The table that both sides share; a side with a grid of its own has its own."""
        return self.long.reference

    def has_live_entries(self) -> bool:
        return any(order.key.role.is_entry for order in self.orders.values())

    def is_new(self, event: Event) -> bool:
        """Whether applying the event would change anything: repeats of executions and funding do not."""
        if type(event) is Execution:
            return event.execution_id not in self.executed
        if type(event) is Funding:
            return event.funding_id not in self.executed
        if type(event) is OrderUpdate:
            return self._says_news(event)
        return True

    def apply(self, event: Event) -> None:
        self._handlers[type(event)](event)

    # ---- facts ---------------------------------------------------------------------------------------------------

    def _on_execution(self, event: Execution) -> None:
        assert event.execution_id not in self.executed, f"execution {event.execution_id} counted twice"
        assert event.quantity > ZERO, f"execution {event.execution_id} of nothing"
        self.executed.add(event.execution_id)
        order = self.orders.get(event.client_id)
        key = order.key if order is not None else parse_client_id(self.tag, event.client_id)
        if order is not None:
            order.filled += event.quantity
            if order.amending is not None and order.filled > order.quantity:
                self._take_amended(order)  # nothing else can have executed so much
            order.venue_id = order.venue_id or event.venue_id
            self._settle_by_sight(order)
        side = self.of(event.side)
        if key is not None:
            self.known[event.client_id] = self.known.get(event.client_id, ZERO) + event.quantity
            side.note_number(key)
        if key is None and event.closing:
            side.lose(event.quantity, event.price, event.fee)
        elif key is None:
            side.gain(event.quantity, event.price)
        elif key.role.is_entry:
            self._on_entry(side, key, event)
        else:
            ours = min(event.quantity, side.held)
            side.leave(ours, event.price, event.fee)
            side.lose_surplus(event.quantity - ours)
        if order is not None:
            self._finish_if_done(order, event.at, event.price)
        if event.closing and side.held <= ZERO and side.entered > ZERO:
            side.end(event.at, event.price)

    def _on_entry(self, side: SideBook, key: OrderKey, event: Execution) -> None:
        side.enter(side.levels_for(key, event.quantity), event.price, event.fee, event.at, event.venue_id)
        side.refused.pop(key.level, None)
        if side.now_levels and side.ended_at:
            side.measure_hedge(event.at)

    def _on_funding(self, event: Funding) -> None:
        assert event.funding_id not in self.executed, f"funding {event.funding_id} counted twice"
        self.executed.add(event.funding_id)
        side = self.of(event.side)
        # Funding is paid on the whole position: the user's own part of it is the user's.
        ours = event.amount
        if side.surplus > 0:
            ours = event.amount * side.held / (side.held + side.surplus)
        if side.held > 0:
            side.funding += ours
        else:
            side.realised -= ours

    def _says_news(self, event: OrderUpdate) -> bool:
        order = self.orders.get(event.client_id)
        if order is None or order.venue_state is not None:
            return False
        if event.triggered and not order.triggered_at:
            return True
        return event.state is not OrderState.WORKING or not (
            order.state is OrderState.WORKING
            and order.venue_price == event.price
            and order.quantity == event.quantity
            and order.venue_id == event.venue_id
        )

    def _on_order_update(self, event: OrderUpdate) -> None:
        order = self.orders.get(event.client_id)
        if order is None or order.venue_state is not None:
            return
        order.venue_id = event.venue_id or order.venue_id
        if event.state is _WORKING:
            self._settle_by_sight(order)
            order.triggered_at = order.triggered_at or (event.at if event.triggered else 0)
            if event.at >= order.changed and event.filled >= order.filled:  # else it is older than what is known
                self._take_terms(order, event)
            return
        order.venue_state = event.state
        if event.reason is not None and event.state is OrderState.REJECTED:
            self._note_refusal(order, event.reason, event.at)
        order.quantity = event.filled if event.state is not _FILLED else max(event.filled, order.filled)
        order.amending = None
        self._finish_if_done(order, event.at, event.price)

    def _settle_by_sight(self, order: Order) -> None:
        if order.state in _UNSEEN:
            self._move(order, _WORKING)

    def _take_terms(self, order: Order, event: OrderUpdate) -> None:
        """Price and quantity as the venue has them; an amend in flight is settled by the sight of its terms."""
        if order.shows_amended(event.price, event.quantity):
            self._take_amended(order)
        order.venue_price = event.price
        if order.amending is None:
            if order.reduce_only and event.quantity < order.quantity:
                order.cut = Cut(order.quantity, event.at)
            order.quantity = event.quantity

    # ---- steps ---------------------------------------------------------------------------------------------------

    def _on_order_intended(self, event: OrderIntended) -> None:
        assert event.client_id not in self.orders, f"{event.client_id} intended twice"
        self._admit(Order.of(event))

    def _admit(self, order: Order) -> None:
        self.orders[order.client_id] = order
        self.known.setdefault(order.client_id, ZERO)
        self.of(order.key.side).adopt(order)

    def _on_order_settled(self, event: OrderSettled) -> None:
        order = self.orders.get(event.client_id)
        if order is None:
            return
        order.venue_id = event.venue_id or order.venue_id
        if event.state.is_final:
            if event.state is OrderState.REJECTED:
                self._note_refusal(order, event.reason or Reject.OTHER, event.at)
            self._move(order, event.state)
            self._forget(order)
        elif event.state is not _WORKING or order.state is not _WORKING:
            if order.state is not event.state:
                self._move(order, event.state)
            if event.state is _WORKING:
                self._note_acceptance(order)

    def _on_order_adopted(self, event: OrderAdopted) -> None:
        if event.client_id in self.orders:
            return
        order = Order.of(event)
        order.venue_id = event.venue_id
        order.filled = self.known.get(event.client_id, ZERO)
        self._move(order, _WORKING)
        self._admit(order)

    def _on_amend_intended(self, event: AmendIntended) -> None:
        order = self.orders[event.client_id]
        order.pending = _AMEND
        order.amending, order.cut = (event.price, event.quantity), None
        order.changed = event.at

    def _on_cancel_intended(self, event: CancelIntended) -> None:
        order = self.orders[event.client_id]
        order.pending, order.changed = _CANCEL, event.at

    def _on_change_settled(self, event: ChangeSettled) -> None:
        order = self.orders.get(event.client_id)
        if order is None or event.accepted is None:
            return
        if event.reason is Reject.UNKNOWN_ORDER:
            # The venue does not have it any more: still pending, so that it is left alone until that is explained.
            order.amending = None
            return
        if not event.accepted:
            self._count_refusal(order, event.at)
            self._note_squeeze(order, event.reason, event.at)
            order.pending, order.amending = Pending.NOTHING, None
        elif order.amending is not None:
            self._take_amended(order)
            self._note_acceptance(order)
        self._finish_if_done(order, event.at, order.price)

    def _take_amended(self, order: Order) -> None:
        """The amend in flight has come into effect."""
        assert order.amending is not None, f"{order.client_id}: no amend is in flight"
        order.price, order.quantity = order.amending
        order.venue_price, order.amending, order.pending = order.price, None, Pending.NOTHING

    def _on_reference_fixed(self, event: ReferenceFixed) -> None:
        for side in SIDES:
            self.of(side).fix_table(event.quantities)

    def _on_side_step(self, event: Any) -> None:
        _SIDE_STEPS[type(event)](self.of(event.side), event)

    def _on_signal_seen(self, event: SignalSeen) -> None:
        self.signal = event

    def _on_trading_halted(self, event: TradingHalted) -> None:
        self.halted = event

    def _on_cycle_opened(self, event: CycleOpened) -> None:
        side = self.of(event.side)
        assert event.cycle > side.last_cycle, f"{event.side.value} cycle {event.cycle} is not newer than the last"
        side.cycle = event.cycle
        side.now_levels = event.now_levels
        side.open_slots()
        if event.now_levels:
            side.basket.note_opening(event.at)

    def _on_look_ahead_switched(self, event: LookAheadSwitched) -> None:
        self.look_ahead_withdrawn = event.withdrawn

    def _on_position_mended(self, event: PositionMended) -> None:
        side = self.of(event.side)
        has_entered, held = side.entered > 0, side.held
        side.mend(event.quantity, event.average)
        if 0 < event.quantity < held:
            side.base = event.price
        elif event.quantity == 0 and has_entered:
            side.end(event.at, event.price)

    # ---- the life of an order ------------------------------------------------------------------------------------

    def _move(self, order: Order, state: OrderState) -> None:
        assert state in LEGAL_MOVES.get(order.state, ()), f"{order.client_id}: {order.state.value} -> {state.value}"
        order.state = state

    def _finish_if_done(self, order: Order, at: Millis, price: Price) -> None:
        """End an order whose executions are complete. What the venue has said about its end decides the name. A
        completely executed take-profit or break-even order ends the cycle, whatever is left."""
        if order.state.is_final:
            return
        if order.filled < order.quantity or (order.venue_state is None and order.exposure > ZERO):
            return
        key, state = order.key, order.venue_state or _FILLED
        self._move(order, state)
        self._forget(order)
        if state is _FILLED and key.role in _ENDING and key.cycle == self.of(key.side).cycle:
            self.of(key.side).end(at, price)

    def _forget(self, order: Order) -> None:
        self.orders.pop(order.client_id, None)
        self.of(order.key.side).release(order)

    def _note_refusal(self, order: Order, reason: Reject, at: Millis) -> None:
        key = order.key
        self._count_refusal(order, at)
        self._note_squeeze(order, reason, at)
        side = self.of(key.side)
        if not side.is_current(key):
            return
        if reason is Reject.MARGIN and key.role.is_entry:
            side.refused[key.level] = at
        elif reason is Reject.WOULD_TRIGGER and key.role is Role.STOP_LOSS:
            side.stop_is_passed = True

    def _note_squeeze(self, order: Order, reason: Reject | None, at: Millis) -> None:
        """The venue refused a quantity: what is known of the largest one that it takes."""
        key, side = order.key, self.of(order.key.side)
        if reason is (Reject.MARGIN if key.role.is_entry else Reject.REDUCE_ONLY) and side.is_current(key):
            note_refused(side.squeezes, order, at)

    def _count_refusal(self, order: Order, at: Millis) -> None:
        slot = (order.key.side, order.key.role, order.key.level)
        self.rejections[slot] = (at, self.rejections.get(slot, (0, 0))[1] + 1)

    def _note_acceptance(self, order: Order) -> None:
        key, side = order.key, self.of(order.key.side)
        if self.rejections:
            self.rejections.pop((key.side, key.role, key.level), None)
        if side.refused and key.role.is_entry:
            side.refused.pop(key.level, None)
        if side.squeezes and side.is_current(key):
            note_accepted(side.squeezes, order)


_SIDE_STEPS = {**GRID_STEPS, **BASKET_STEPS}
"""What strategies write into a side."""
_ENDING = (Role.TAKE_PROFIT, Role.BREAK_EVEN)


class Book:
    """The books of all symbols of one account, and the stop level."""

    def __init__(self, account: str, symbols: Iterable[str]) -> None:
        self.account = account
        self.symbols = {symbol: SymbolBook(account, symbol) for symbol in symbols}
        self.stop: StopRaised | None = None

    def apply(self, event: Event) -> None:
        """Change the book by one event. Events of symbols that the profile no longer trades are passed over."""
        kind = type(event)
        if kind is StopRaised or kind is StopLifted:
            self.stop = event if isinstance(event, StopRaised) else None
        elif kind is TradingHalted:  # a limit of the day is the account's
            for book in self.symbols.values():
                book.apply(event)
        else:
            traded = self.symbols.get(event.symbol)  # type: ignore[union-attr]  # only stops lack it
            if traded is not None:
                traded.apply(event)


def fold(account: str, symbols: Iterable[str], events: Iterable[Event]) -> Book:
    """Rebuild the book from a journal."""
    book = Book(account, symbols)
    for event in events:
        book.apply(event)
    return book
