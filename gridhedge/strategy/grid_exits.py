"""What closes an uneven grid: the limit exit of level 1 or of the rest, the stop-loss, and the close at market."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from gridhedge.domain.ladder_book import SideBook
from gridhedge.domain.levels import FIRST_LEVEL
from gridhedge.domain.order import Order
from gridhedge.domain.squeeze import FORGOTTEN_MS
from gridhedge.domain.values import ZERO, Millis, Price, Quantity, Role, Side
from gridhedge.strategy.draft import Draft
from gridhedge.strategy.grid import break_even_at, take_profit_at
from gridhedge.strategy.settings import TrimSettings
from gridhedge.strategy.stops import Stops
from gridhedge.strategy.view import View

_LEAST_EXIT = Decimal("0.5")
_STOP_EXECUTES_MS = 5_000
"""A stop whose price has come executes within milliseconds. One that has not by then protects nothing any more."""
_TAKE_PROFIT, _BREAK_EVEN = Role.TAKE_PROFIT, Role.BREAK_EVEN


class GridExits:
    """Asks for the exits of one side at a time. Holds settings only."""

    def __init__(self, settings: Mapping[Side, TrimSettings], stops: Stops) -> None:
        self._settings = settings
        self.stops = stops

    def limit(self, ladder: SideBook) -> tuple[Role, Quantity]:
        """Level 1 alone is closed with its profit; deeper ones are shed as soon as that costs nothing."""
        kept = ladder.filled(FIRST_LEVEL)
        if len(ladder.fills) - 1 > FIRST_LEVEL and ladder.held > kept:
            return _BREAK_EVEN, ladder.held - kept
        return _TAKE_PROFIT, ladder.held

    def want(self, draft: Draft, ladder: SideBook) -> None:
        """The exits of what a side holds: a close at market, or its limit exit and, at the end, a stop-loss."""
        view, side, held = draft.view, ladder.side, ladder.held
        if held <= ZERO:
            return
        if held < view.instrument.min_quantity:
            draft.alarm(f"dust {side.value}", "warning", f"{side.value} {held} is too small to close")
            return
        if is_deepest(ladder):
            trigger = self.stops.price(view.instrument, ladder)
            if self._must_close_now(view, ladder, trigger):
                self._want_close(draft, ladder, trigger)
                return
            self._want_stop(draft, ladder, trigger)
        role, quantity = self.limit(ladder)
        order = ladder.exits.get(role)
        if order is not None and order.remaining < quantity and self._may_wait(draft, ladder, order):
            draft.want_exit(side, order.price, order.remaining, role)
            return
        quantity = self._acceptable(draft, ladder, role, quantity)
        most = view.instrument.max_quantity
        if quantity > most:
            draft.withhold(side, 0, quantity - most)  # no entry has level 0: the rest of the exit, closed by the next
            quantity = most
        if quantity > ZERO:
            draft.want_exit(side, self._exit_price(view, ladder, role), quantity, role)

    def _must_close_now(self, view: View, ladder: SideBook, trigger: Price) -> bool:
        """A stop that does not wait at the venue, and that would not wait there any more; or one that has been reached,
        and that the venue does not execute."""
        if ladder.stop_is_passed or Role.CLOSE in ladder.exits:
            return True
        stop = ladder.exits.get(Role.STOP_LOSS)
        if stop is None:
            return (view.market.mark - trigger) * ladder.side.sign <= ZERO
        return 0 < stop.triggered_at <= view.now - _STOP_EXECUTES_MS

    def _want_close(self, draft: Draft, ladder: SideBook, trigger: Price) -> None:
        view, side, stop = draft.view, ladder.side, ladder.exits.get(Role.STOP_LOSS)
        touch = view.market.bid if side.is_long else view.market.ask
        quantity = min(ladder.held, view.instrument.max_market_quantity)
        why = f"the mark price is beyond the stop-loss at {trigger}"
        if stop is not None:
            why = f"the stop-loss at {stop.price} has been reached, and the venue does not execute it"
            draft.want_stop(side, stop.price, stop.remaining)  # a cancel would only keep the close waiting
        draft.alarm(f"stop {side.value}", "critical", f"{side.value}: {why}: closing at market")
        draft.want_close(side, touch, quantity, why)

    def _want_stop(self, draft: Draft, ladder: SideBook, trigger: Price) -> None:
        order = ladder.exits.get(Role.STOP_LOSS)
        self._watch_stop(draft, ladder.side, trigger, order.triggered_at if order is not None else 0)
        if order is not None and order.remaining < ladder.held and self._may_wait(draft, ladder, order):
            draft.want_stop(ladder.side, order.price, order.remaining)
        else:
            draft.want_stop(ladder.side, trigger, ladder.held)

    def _watch_stop(self, draft: Draft, side: Side, trigger: Price, triggered_at: Millis) -> None:
        """Be asked again when it should have executed. The mark price may come to it a little after the last price."""
        view = draft.view
        if triggered_at:
            draft.wake_at(triggered_at + _STOP_EXECUTES_MS)
        elif (view.market.last - trigger) * side.sign <= 0:
            draft.wake_at(view.now + view.tick_ms)
        else:
            draft.wake_beyond(side.other, trigger)

    def _may_wait(self, draft: Draft, ladder: SideBook, order: Order) -> bool:
        """While a level fills in many parts, exits follow once a tick."""
        due = order.changed + draft.view.tick_ms
        if draft.view.now >= due or not any(ZERO < entry.filled < entry.quantity for entry in ladder.entries.values()):
            return False
        draft.wake_at(due)
        return True

    def _acceptable(self, draft: Draft, ladder: SideBook, role: Role, quantity: Quantity) -> Quantity:
        """What the venue takes of an exit that it has refused as more than the position."""
        squeeze = ladder.squeezes.get((role, 0))
        if squeeze is None or squeeze.refused > quantity or draft.view.now - squeeze.at > FORGOTTEN_MS:
            return quantity
        draft.wake_at(squeeze.at + FORGOTTEN_MS + 1)
        taken = squeeze.next_try(quantity, _LEAST_EXIT, draft.view.instrument.lot_step)
        text = f"{ladder.side.value}: the venue refuses to close {quantity} as reduce-only, trying {taken}"
        draft.alarm(f"reduce {ladder.side.value}", "critical", text)
        return taken

    def _exit_price(self, view: View, ladder: SideBook, role: Role) -> Price:
        settings = self._settings[ladder.side]
        if role is _TAKE_PROFIT:
            return take_profit_at(settings, view.instrument, ladder)
        price = break_even_at(settings, view.instrument, ladder, view.fees.maker)
        touch = view.market.bid if ladder.side.is_long else view.market.ask
        if (touch - price) * ladder.side.sign >= ZERO:
            return break_even_at(settings, view.instrument, ladder, view.fees.taker)
        return price


def is_deepest(ladder: SideBook) -> bool:
    """Whether the deepest level that the grid still has, has executed: no other entry will mend the average."""
    started = len(ladder.fills)
    if started <= FIRST_LEVEL + 1 or ladder.held <= ZERO:
        return False
    deepest = max((level for level, size in enumerate(ladder.reference) if size > ZERO), default=0)
    return FIRST_LEVEL < deepest < started
