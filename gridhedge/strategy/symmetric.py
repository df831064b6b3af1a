"""The two-sided hedge grid: equal quantities on both sides, level by level, at every moment.

Executed entries and resting entry orders count together. Both sides are insured to the depth of the deeper one; one
more level rests on both where the budget allows it, or on neither.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from gridhedge.domain.book import SymbolBook
from gridhedge.domain.change import Urgency, Wanted
from gridhedge.domain.events import CycleOpened, Decision, LookAheadSwitched, ReferenceFixed
from gridhedge.domain.invariants import Violation, settled
from gridhedge.domain.ladder_book import SideBook
from gridhedge.domain.order import Order
from gridhedge.domain.values import ONE, SIDES, ZERO, Millis, Money, Price, Quantity, Role, Side
from gridhedge.strategy.begun import PerCycle
from gridhedge.strategy.budget import RETURN_FACTOR, level_margin, missing_margin
from gridhedge.strategy.draft import Draft
from gridhedge.strategy.ladder import base_quantity, completed_table, fraction, reference_quantities, resting_levels
from gridhedge.strategy.reentry import next_cycle, now_levels
from gridhedge.strategy.settings import SymmetricSettings
from gridhedge.strategy.take_profit import is_good_enough, take_profit_price
from gridhedge.strategy.view import Found, Plan, View, Withheld

_TENTH = 10
_TRY_PAIR_AGAIN_MS = 60_000
_OPENING, _GRID, _TAKE_PROFIT = Role.OPENING, Role.GRID, Role.TAKE_PROFIT
_AT_ONCE, _INSURANCE = Urgency.OPENING, Urgency.INSURANCE


class Symmetric:
    """Plans both sides of one symbol. Holds settings only."""

    kind = "symmetric"
    reader = None
    sides: tuple[Side, ...] = SIDES
    owns_position = False
    day_zone = None

    def __init__(self, settings: SymmetricSettings, steps: PerCycle[Decimal] | None = None) -> None:
        self.settings = settings
        self._steps = steps or PerCycle(fraction(settings.grid_step_percent))
        self.promised_rate = fraction(settings.take_profit_percent)
        self._slippage = fraction(settings.entry_slippage_percent)
        self._timeout: Millis = int(settings.entry_timeout_seconds * 1000)

    def followed_by(self, settings: SymmetricSettings, book: SymbolBook) -> Symmetric:
        """With other settings: a side's step changes with its next cycle, the table with the next cold start."""
        return Symmetric(settings, self._steps.after(fraction(settings.grid_step_percent), book))

    # ---- decide --------------------------------------------------------------------------------------------------

    def decide(self, view: View) -> tuple[Decision, ...]:
        """New cycles where a side is flat, the table on a cold start, and the look-ahead's switch."""
        book = view.book
        long, short = book.long, book.short
        if self._is_cold(view):
            return self._decide_cold_start(view)
        if long.cycle and short.cycle:
            return self._decide_look_ahead(view)
        decisions = []
        for side, other in ((long, short), (short, long)):
            if side.cycle == 0:
                levels = min(now_levels(other), len(book.reference))
                decisions.append(CycleOpened(book.symbol, side.side, next_cycle(side, view.now), levels, view.now))
        return tuple(decisions)

    def _is_cold(self, view: View) -> bool:
        """Both sides hold nothing, and no cycle is under way: none was opened, or one whose opening never got through
        and whose table has become old."""
        long, short = view.book.long, view.book.short
        if long.entered or short.entered:
            return False
        if not long.cycle and not short.cycle:
            return True
        began = max(long.cycle, short.cycle) * 1000
        return view.now - began > self._timeout and not view.book.orders

    def _decide_cold_start(self, view: View) -> tuple[Decision, ...]:
        book = view.book
        if book.has_live_entries():
            return ()
        table = self._table(view)
        if not table or self._opening_margin(view, table[0]) > view.available - view.reserve:
            return ()
        decisions: list[Decision] = [ReferenceFixed(book.symbol, table, view.now)]
        if book.look_ahead_withdrawn:
            decisions.append(LookAheadSwitched(book.symbol, False, view.now))
        for side in (book.long, book.short):
            opened = CycleOpened(book.symbol, side.side, next_cycle(side, view.now), 1, view.now)
            decisions.append(opened)
        return tuple(decisions)

    def _table(self, view: View) -> tuple[Quantity, ...]:
        return reference_quantities(self.settings, view.instrument, view.leverage, view.market.last, view.max_notional)

    def remarks(self, view: View) -> tuple[str, ...]:
        """A first quantity raised to the venue's minimum, and a ladder that the venue's limits cut short."""
        settings, price = self.settings, view.market.last
        found = []
        first = base_quantity(settings, view.instrument, view.leverage, price)
        if first * price > settings.initial_position_size_usd * view.leverage:
            margin = first * price / view.leverage
            found.append(
                f"the first quantity is raised to the venue's minimum {first}: {margin:.2f} of margin per side"
            )
        levels = len(self._table(view))
        if levels < settings.max_grid_levels_per_side:
            most = settings.max_grid_levels_per_side
            limits = "the venue's limits at this leverage, or max_notional_per_side, allow no more"
            found.append(f"the ladder ends after {levels} of {most} levels: {limits}")
        return tuple(found)

    def notes(self, view: View) -> tuple[str, ...]:
        return ()

    def restore(self, found: Sequence[Found], view: View) -> tuple[Decision, ...]:
        """The table that the levels of both sides imply."""
        if not any(story.cycle for story in found):
            return ()
        known: dict[int, Quantity] = {}
        # The older cycle is nearer to the table's beginning: no residue has shrunk its orders yet.
        for story in sorted(found, key=lambda story: -story.cycle):
            known.update({level: entry.quantity for level, entry in story.entries.items()})
        table = completed_table(self.settings, view.instrument, known, self._table(view))
        return (ReferenceFixed(view.book.symbol, table, view.now),)

    def closing(self, book: SymbolBook, side: SideBook) -> Quantity:
        return side.held

    def settled(self, book: SymbolBook, withheld: Sequence[Withheld]) -> list[Violation]:
        return settled(book, withheld)

    def _opening_margin(self, view: View, quantity: Quantity) -> Money:
        return 2 * level_margin(quantity, view.market.ask, view.leverage, view.fees.taker)

    def _decide_look_ahead(self, view: View) -> tuple[Decision, ...]:
        book = view.book
        if not book.look_ahead_withdrawn:
            if view.available >= view.reserve:
                return ()
            depth = max(book.long.started, book.short.started)
            if depth not in book.long.entries and depth not in book.short.entries:
                return ()
            return (LookAheadSwitched(book.symbol, True, view.now),)
        need = self._look_ahead_need(view)
        if need is not None and need <= view.available - view.reserve * RETURN_FACTOR:
            return (LookAheadSwitched(book.symbol, False, view.now),)
        return ()

    def _look_ahead_need(self, view: View) -> Money | None:
        """Margin of the pair's legs that do not rest; None where the ladder has no further level."""
        book = view.book
        depth = max(book.long.started, book.short.started)
        if depth >= len(book.reference):
            return None
        need = ZERO
        for side in (book.long, book.short):
            *_, (_, price, _) = self._levels(Draft(view), side, depth + 1)
            need += missing_margin(side, depth, book.reference[depth], price, view.leverage, view.fees.taker)
        return need

    # ---- plan ----------------------------------------------------------------------------------------------------

    def plan(self, view: View) -> Plan:
        """Entries to the depth of the deeper side, the look-ahead pair, and one take-profit per side."""
        book = view.book
        long, short = book.long, book.short
        if not long.cycle or not short.cycle:
            return self._plan_waiting(view)
        draft = Draft(view)
        reference = book.reference
        depth = min(max(long.started, short.started), len(reference))
        look_ahead = (
            not self._averaging_stopped(draft, depth)  # first: its alarm is raised at any depth
            and depth < len(reference)
            and not book.look_ahead_withdrawn
            and not self._pair_is_refused(draft, depth)
        )
        pairs: list[Wanted] = []
        need, fits = ZERO, True
        for side in (long, short):
            levels = depth + 1 if look_ahead else depth
            for level, price, rest in self._levels(draft, side, levels):
                if level < depth:
                    self._want_entry(draft, side, level, price, rest)
                else:
                    need += missing_margin(side, level, rest, price, view.leverage, view.fees.taker)
                    fits = fits and (level in side.entries or draft.fits(side, level, price, rest))
                    pairs.append(self._entry(side, level, price, rest, Urgency.LOOK_AHEAD))
            self._want_take_profit(draft, side)
        if look_ahead and fits:
            self._want_look_ahead(draft, pairs, need)
        elif book.look_ahead_withdrawn:
            draft.alarm("withdrawn", "warning", "look-ahead orders are withdrawn: the balance has reached the reserve")
            draft.depend(view.available - view.reserve)
        least = view.instrument.min_notional
        if any(want.role.is_entry and want.quantity * want.price < least for want in draft.wanted):
            draft.join_small_levels(long)
            draft.join_small_levels(short)
        return draft.finish()

    def _levels(self, draft: Draft, side: SideBook, depth: int) -> Iterator[tuple[int, Price, Quantity]]:
        """Level, price and open quantity of a side's levels that have not executed in full."""
        return resting_levels(
            side,
            draft.view.book.reference,
            depth,
            self._now_price(draft, side),
            draft.view.instrument,
            self._steps.of(side),
            lambda level, own: self._passed_price(draft, side, level, own),
        )

    def _plan_waiting(self, view: View) -> Plan:
        """Flat, and not allowed to open: say why."""
        table = self._table(view)
        draft = Draft(view)
        if not table:
            draft.alarm("ladder", "critical", "the venue's limits at this leverage do not allow even one level")
        elif not view.book.has_live_entries():
            need, spendable = self._opening_margin(view, table[0]), view.available - view.reserve
            draft.depend(need - spendable)
            draft.alarm(
                "budget", "warning", f"not opening: both first levels need {need:.2f}, spendable {spendable:.2f}"
            )
        for side in (view.book.long, view.book.short):
            self._want_take_profit(draft, side)
        return draft.finish()

    def _averaging_stopped(self, draft: Draft, depth: int) -> bool:
        """A level of the hedge that the venue refused for lack of margin stops averaging until margin is freed."""
        book = draft.view.book
        sides = (book.long, book.short)
        refused = [f"{side.side.value} {level}" for side in sides for level in side.refused if level < depth]
        if refused:
            draft.alarm("refused", "critical", f"the venue refused {', '.join(refused)} for lack of margin")
        return bool(refused)

    def _pair_is_refused(self, draft: Draft, depth: int) -> bool:
        """The venue refused a leg of the look-ahead pair: neither leg rests before it is tried again."""
        book = draft.view.book
        told = max(book.long.refused.get(depth, 0), book.short.refused.get(depth, 0))
        if not told or draft.view.now >= told + _TRY_PAIR_AGAIN_MS:
            return False
        draft.wake_at(told + _TRY_PAIR_AGAIN_MS)
        draft.alarm("pair", "warning", f"no level {depth}: the venue refused one of its legs for lack of margin")
        return True

    def _want_entry(self, draft: Draft, side: SideBook, level: int, price: Price, rest: Quantity) -> None:
        if level in side.refused:
            need = level_margin(rest, price, draft.view.leverage, draft.view.fees.taker)
            draft.depend(need - draft.view.available)
            if need > draft.view.available:
                return
        draft.reserved += missing_margin(side, level, rest, price, draft.view.leverage, draft.view.fees.taker)
        urgency = _AT_ONCE if level < side.now_levels else _INSURANCE
        draft.wanted.append(self._entry(side, level, price, rest, urgency))

    def _entry(self, side: SideBook, level: int, price: Price, rest: Quantity, urgency: Urgency) -> Wanted:
        role = _OPENING if level < side.now_levels else _GRID
        return Wanted(side.side, role, level, price, rest, urgency, _WHY[urgency])

    def _want_look_ahead(self, draft: Draft, pairs: list[Wanted], need: Money) -> None:
        # What restores equality goes first: the pair may only have what that leaves.
        spendable = draft.view.available - draft.view.reserve - draft.reserved
        if need <= spendable or need == 0:
            draft.wanted += pairs
            draft.reserved += need
            draft.depend(spendable - need if need else spendable)
            return
        draft.depend(need - spendable)
        level = pairs[0].level
        draft.alarm("budget", "warning", f"no level {level}: the pair needs {need:.2f}, spendable {spendable:.2f}")

    # ---- prices --------------------------------------------------------------------------------------------------

    def _touch(self, view: View, side: Side) -> Price:
        """The price at which an entry of this side executes at once, slippage included."""
        if side.is_long:
            return view.instrument.floor_price(view.market.ask * (ONE + self._slippage))
        return view.instrument.ceil_price(view.market.bid * (ONE - self._slippage))

    def _now_price(self, draft: Draft, side: SideBook) -> Price:
        """One price for all now-levels that are still open: that of the working ones while it is good."""
        fresh = self._touch(draft.view, side.side)
        for level in range(side.now_levels):
            order = side.entries.get(level)
            if order is not None:
                return self._aged(draft, order, fresh)
        return fresh

    def _passed_price(self, draft: Draft, side: SideBook, level: int, own: Price) -> Price:
        """An order whose price the market has passed goes to the touch, never worse than its own price."""
        market = draft.view.market
        if side.side.is_long:
            if market.ask > own:
                return own
            fresh = min(own, self._touch(draft.view, Side.LONG))
        else:
            if market.bid < own:
                return own
            fresh = max(own, self._touch(draft.view, Side.SHORT))
        order = side.entries.get(level)
        return fresh if order is None else self._aged(draft, order, fresh)

    def _aged(self, draft: Draft, order: Order, fresh: Price) -> Price:
        """Keep the price of a working order that should execute now until it is old and the price has moved."""
        due = order.changed + self._timeout
        if draft.view.now < due:
            draft.wake_at(due)
            return order.price
        band = order.price * self._steps.newest / _TENTH
        if abs(fresh - order.price) > band:
            return fresh
        # The price at which ``fresh`` leaves the band, as the market shows it.
        factor = ONE + self._slippage if order.key.side.is_long else ONE - self._slippage
        draft.wake_between((order.price - band) / factor, (order.price + band) / factor)
        return order.price

    # ---- take-profit ---------------------------------------------------------------------------------------------

    def _want_take_profit(self, draft: Draft, side: SideBook) -> None:
        held = side.entered - side.closed
        if held <= ZERO or not side.cycle:
            return
        view = draft.view
        if held < view.instrument.min_quantity:
            draft.alarm("dust", "warning", f"{side.side.value} {held} is too small to close")
            return
        order = side.exits.get(_TAKE_PROFIT)
        if order is not None and order.remaining < held and self._is_filling(side):
            due = order.changed + view.tick_ms
            if view.now < due:
                draft.wake_at(due)
                draft.want_exit(side.side, order.price, order.remaining)
                return
        price = self._take_profit_price(draft, side, order, held)
        draft.want_exit(side.side, price, held)

    def _is_filling(self, side: SideBook) -> bool:
        return any(ZERO < order.filled < order.quantity for order in side.entries.values())

    def _take_profit_price(self, draft: Draft, side: SideBook, order: Order | None, held: Quantity) -> Price:
        view = draft.view
        fee = view.fees.taker if self.settings.take_profit_fee == "taker" else view.fees.maker
        price = take_profit_price(side, view.instrument, self.promised_rate, fee)
        crosses = price <= view.market.bid if side.side.is_long else price >= view.market.ask
        if crosses and fee != view.fees.taker:
            fee = view.fees.taker
            price = take_profit_price(side, view.instrument, self.promised_rate, fee)
        if order is not None and order.remaining == held and order.amending is None:
            return order.price if is_good_enough(side, order.price, price, self.promised_rate, fee) else price
        return price


_WHY = {
    Urgency.INSURANCE: "insures the level that the other side has",
    Urgency.OPENING: "opens the side",
    Urgency.LOOK_AHEAD: "averages one level deeper on both sides",
}
