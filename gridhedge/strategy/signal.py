"""Hedging baskets that signals open: BUY and SELL are independent of each other and may be open together.

A basket is one side's cycle: its first order executes when a signal stands, the next ones rest (or are added at candle
closes) ever farther away, and everything that it holds is closed at once, with a profit in money. What must outlive the
moment (the table of quantities, an order that executes now, a close that has been decided, a limit of the day) is
written into the book.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from decimal import Decimal

from gridhedge.domain.book import SymbolBook
from gridhedge.domain.candles import Candles
from gridhedge.domain.change import Urgency, Wanted
from gridhedge.domain.events import CycleOpened, Decision, LevelStarted, SignalSeen, TableFixed
from gridhedge.domain.instrument import Instrument
from gridhedge.domain.invariants import Violation, settled_basket
from gridhedge.domain.ladder_book import SideBook
from gridhedge.domain.values import SIDES, ZERO, Millis, Money, Price, Quantity, Role, Side
from gridhedge.strategy.basket import Rung, basket_table, distances, next_rung, wished_lots
from gridhedge.strategy.begun import PerCycle
from gridhedge.strategy.budget import level_margin
from gridhedge.strategy.draft import Draft
from gridhedge.strategy.exits import Sums, Target, is_closing, resting_target
from gridhedge.strategy.filters import Filters
from gridhedge.strategy.ladder import fraction
from gridhedge.strategy.marketable import Marketable
from gridhedge.strategy.reentry import next_cycle
from gridhedge.strategy.settings import SignalSettings
from gridhedge.strategy.signals import WINDOW, Signals, signal_of, signals_of
from gridhedge.strategy.take_profit import exit_price, net_profit_at
from gridhedge.strategy.view import Awaited, CandleReader, Found, Plan, View, Withheld

_TENTH = Decimal("0.1")
_TWENTIETH = Decimal("1.05")


class Signal:
    """Plans both baskets of one symbol. Holds settings only."""

    kind = "signal"
    promised_rate = ZERO
    sides: tuple[Side, ...] = SIDES
    owns_position = False

    def __init__(self, settings: SignalSettings, spaces: PerCycle[tuple[Decimal, ...]] | None = None) -> None:
        self.settings = settings
        self._spaces = spaces or PerCycle(distances(settings))
        self._filters = Filters(settings)
        self._sums = Sums(settings)
        self.day_zone = settings.timezone if settings.global_profit or settings.max_loss else None
        self.reader: CandleReader | None = None
        if self._filters.timeframe is not None:
            self.reader = CandleReader(self._filters.timeframe, WINDOW, self._read, self._read_all, self._awaited)
        self._marketable = Marketable(
            fraction(settings.entry_slippage_percent),
            int(settings.entry_timeout_seconds * 1000),
            fraction(settings.space_percent) * _TENTH,
        )

    def _read(self, symbol: str, candles: Candles, now: Millis) -> SignalSeen | None:
        return signal_of(self.settings, symbol, candles, now)

    def _read_all(self, candles: Candles) -> Signals:
        return signals_of(self.settings, candles)

    def _awaited(
        self, book: SymbolBook, instrument: Instrument, alarms: Collection[str], now: Millis
    ) -> Awaited | None:
        """Signals for sides that are flat, and closes at which orders are added."""
        sides = self._filters.awaited(book, alarms, now)
        if sides is None or not self.settings.open_on_new_candle:
            return None if sides is None else Awaited(sides)
        below, above = self._next_added(book.long, instrument), self._next_added(book.short, instrument)
        return Awaited(sides, below and below.price, above and above.price)

    def _next_added(self, side: SideBook, instrument: Instrument) -> Rung | None:
        """The order that the close of a candle beyond its price may start."""
        if side.held <= 0 or not side.cycle or is_closing(side) or side.entries:
            return None
        rung = next_rung(side, side.reference, self._spaces.of(side), instrument)
        return None if rung.level < side.now_levels or rung.quantity <= 0 else rung

    def followed_by(self, settings: SignalSettings, book: SymbolBook) -> Signal:
        """With other settings: the orders of a basket that is open keep their table and their spaces."""
        return Signal(settings, self._spaces.after(distances(settings), book))

    # ---- decide --------------------------------------------------------------------------------------------------

    def decide(self, view: View) -> tuple[Decision, ...]:
        """Ends that have not been told, a new signal, sums that have been reached, orders that start, and baskets that
        open."""
        sums = self._sums
        facts = (*sums.ends(view.book, view.now), *self._filters.news(view), *sums.halt(view), *self._adopt(view))
        if facts:
            return facts
        return (*sums.closes(view), *self._add(view)) or tuple(self._open(view))

    def _adopt(self, view: View) -> Iterator[Decision]:
        """What a late fill has left on a side without a basket is one: it is managed, and nothing is added to its first
        order."""
        book = view.book
        for side in (book.long, book.short):
            if side.held > 0 and not side.cycle:
                if not side.reference:
                    yield TableFixed(book.symbol, side.side, self._table(view), view.now)
                yield CycleOpened(book.symbol, side.side, next_cycle(side, view.now), 0, view.now)

    def _add(self, view: View) -> Iterator[Decision]:
        """At the close of a candle beyond the next order's price, that order executes."""
        book, seen = view.book, view.signal
        if not self.settings.open_on_new_candle or seen is None or not self._filters.is_fresh(view):
            return
        for side in (book.long, book.short):
            rung = self._next_added(side, view.instrument)
            if rung is None or (seen.close - rung.price) * side.side.sign > 0:
                continue
            if max(side.basket.opened_at, side.basket.added_at) >= seen.candle:
                continue
            if self._margin(view, rung.quantity, rung.price) <= view.available - view.reserve:
                yield LevelStarted(book.symbol, side.side, rung.level, view.now)

    def _open(self, view: View) -> Iterator[Decision]:
        """A new basket on each side that is flat, that has a signal, and that filters and budget allow."""
        book, spendable = view.book, view.available - view.reserve
        for side in (book.long, book.short):
            if not self._is_ready(view, side):
                continue
            table = self._table(view)
            spendable -= self._margin(view, table[0], view.market.ask) if table else ZERO
            if table and spendable >= 0:
                yield TableFixed(book.symbol, side.side, table, view.now)
                yield CycleOpened(book.symbol, side.side, next_cycle(side, view.now), 1, view.now)

    def _is_ready(self, view: View, side: SideBook) -> bool:
        if not _is_flat(side) or not self._filters.may_open(view, side):
            return False
        return not side.cycle or self._filters.is_out_of_date(view, side)

    def _table(self, view: View) -> tuple[Quantity, ...]:
        return basket_table(self.settings, view.instrument, view.leverage, view.market.last, view.max_notional)

    def _margin(self, view: View, quantity: Quantity, price: Price) -> Money:
        return level_margin(quantity, price, view.leverage, view.fees.taker)

    def remarks(self, view: View) -> tuple[str, ...]:
        """Quantities raised to the venue's minimum, and a basket that its limits cut short."""
        wished, table = wished_lots(self.settings, view.instrument), self._table(view)
        found = []
        raised = [level for level, quantity in enumerate(table) if quantity > wished[level]]
        if raised:
            found.append(f"{len(raised)} quantities are raised to the venue's minimum, the first to {table[raised[0]]}")
        if len(table) < len(wished):
            limits = "the venue's limits at this leverage, or max_notional_per_side, allow no more"
            found.append(f"a basket ends after {len(table)} of {len(wished)} orders: {limits}")
        if self.settings.suspend:
            found.append("suspend: nothing new is opened")
        return tuple(found)

    def notes(self, view: View) -> tuple[str, ...]:
        """The signal that stands, and how far the day is from its limits."""
        return (*self._filters.notes(view), *self._sums.notes(view))

    def restore(self, found: Sequence[Found], view: View) -> tuple[Decision, ...]:
        """The tables that the orders in a venue's history imply: what is known of them, and the settings' beyond."""
        decisions = []
        for story in found:
            if story.cycle:
                table = dict(enumerate(self._table(view)))
                table |= {level: entry.quantity for level, entry in story.entries.items()}
                quantities = tuple(table.get(level, view.instrument.min_quantity) for level in range(max(table) + 1))
                decisions.append(TableFixed(view.book.symbol, story.side, quantities, view.now))
        return tuple(decisions)

    # ---- plan ----------------------------------------------------------------------------------------------------

    def plan(self, view: View) -> Plan:
        """For each basket its next order and its exit; both are watched together."""
        draft = Draft(view)
        book = view.book
        self._filters.explain(draft)
        for side in (book.long, book.short):
            if is_closing(side):
                self._want_close(draft, side)
            else:
                self._want_entry(draft, side)
                self._want_exit(draft, side, book.of(side.side.other))
        self._sums.watch(draft)
        return draft.finish()

    def closing(self, book: SymbolBook, side: SideBook) -> Quantity:
        """Everything, where an exit rests or the close has been decided; nothing where a sum is watched."""
        rests = resting_target(self.settings, side, book.of(side.side.other)) is not None
        return side.held if is_closing(side) or (rests and side.cycle > 0) else ZERO

    def settled(self, book: SymbolBook, withheld: Sequence[Withheld]) -> list[Violation]:
        """The exit of each basket covers all of it, or nothing; at most its next order waits."""
        return [found for side in (book.long, book.short) for found in settled_basket(side, self.closing(book, side))]

    # ---- entries -------------------------------------------------------------------------------------------------

    def _want_entry(self, draft: Draft, side: SideBook) -> None:
        view = draft.view
        if not side.cycle:
            self._tell_budget(draft, side)
            return
        if side.entered <= 0:
            if not side.now_levels or not side.reference or not self._filters.may_stand(view, side.side):
                return
            rung = Rung(0, self._touch(draft, side, 0), side.reference[0])
            self._want_rung(draft, side, rung, Role.OPENING, "a signal opens the basket")
            return
        rung = next_rung(side, side.reference, self._spaces.of(side), view.instrument)
        if rung.quantity <= 0:
            return
        if rung.level < side.now_levels:
            touch = self._touch(draft, side, rung.level)
            nearer = min(touch, rung.price) if side.side is Side.LONG else max(touch, rung.price)
            price = touch if rung.level == 0 else nearer
            self._want_rung(draft, side, rung._replace(price=price), Role.OPENING, "adds at the close of a candle")
        elif not self.settings.open_on_new_candle or side.filled(rung.level) > 0:
            self._want_rung(draft, side, rung, Role.GRID, "adds one space beyond the last")

    def _touch(self, draft: Draft, side: SideBook, level: int) -> Price:
        fresh = self._marketable.price(draft.view, side.side is Side.LONG)
        return self._marketable.kept(draft, side.entries.get(level), fresh)

    def _want_rung(self, draft: Draft, side: SideBook, rung: Rung, role: Role, why: str) -> None:
        """Entries that rest stay; a new one must find its margin above the reserve, and room under the cap."""
        view, rules = draft.view, draft.view.instrument
        name = f"{side.side.value} {rung.level}"
        if rung.quantity < rules.least_quantity(rung.price):
            draft.withhold(side.side, rung.level, rung.quantity)
            draft.alarm(f"small {name}", "warning", f"no order {name}: {rung.quantity} is below the venue's minimum")
            return
        if rung.level not in side.entries:
            need = self._margin(view, rung.quantity, rung.price)
            spendable = view.available - view.reserve - draft.reserved
            draft.depend(need - spendable)
            if need > spendable:
                draft.alarm(
                    f"budget {name}", "warning", f"no order {name}: needs {need:.2f}, spendable {spendable:.2f}"
                )
                return
            if not draft.fits(side, rung.level, rung.price, rung.quantity):
                return
            draft.reserved += need
        draft.wanted.append(Wanted(side.side, role, rung.level, rung.price, rung.quantity, Urgency.ENTRY, why))

    def _tell_budget(self, draft: Draft, side: SideBook) -> None:
        """A basket that a signal would open, and that the budget or the venue's limits forbid."""
        view = draft.view
        if not self._is_ready(view, side):
            return
        table = self._table(view)
        if not table:
            draft.alarm("ladder", "critical", "the venue's limits at this leverage do not allow even one order")
            return
        need, spendable = self._margin(view, table[0], view.market.ask), view.available - view.reserve
        draft.depend(need - spendable)
        text = f"not opening {side.side.value}: the first order needs {need:.2f}, spendable {spendable:.2f}"
        draft.alarm(f"budget {side.side.value}", "warning", text)

    # ---- exits ---------------------------------------------------------------------------------------------------

    def _want_close(self, draft: Draft, side: SideBook) -> None:
        """Close everything now, by a limit order that rests on where the market is too thin. A take-profit that rests
        is moved: two exits would be one too many."""
        if not self._is_closable(draft, side):
            return
        assert side.basket.closing is not None
        fresh = self._marketable.price(draft.view, side.side is Side.SHORT)
        resting, order = side.exits.get(Role.TAKE_PROFIT), side.exits.get(Role.CLOSE)
        role, price = Role.CLOSE, self._marketable.kept(draft, order, fresh)
        if resting is not None:
            role = Role.TAKE_PROFIT
            is_near = (resting.price - fresh) * side.side.sign <= 0
            price = self._marketable.kept(draft, resting, fresh) if is_near else fresh
        why = f"{side.basket.closing.value} is reached"
        draft.wanted.append(Wanted(side.side, role, 0, price, side.held, Urgency.EXIT, why))

    def _is_closable(self, draft: Draft, side: SideBook) -> bool:
        if side.held <= 0:
            return False
        if side.held < draft.view.instrument.min_quantity:
            draft.alarm(f"dust {side.side.value}", "warning", f"{side.side.value} {side.held} is too small to close")
            return False
        return True

    def _want_exit(self, draft: Draft, side: SideBook, other: SideBook) -> None:
        target = resting_target(self.settings, side, other)
        if target is None or not side.cycle or not self._is_closable(draft, side):
            return
        view, held = draft.view, side.held
        order = side.exits.get(Role.TAKE_PROFIT)
        if order is not None and order.remaining < held and _is_filling(side):
            due = order.changed + view.tick_ms
            if view.now < due:
                draft.wake_at(due)
                draft.want_exit(side.side, order.price, order.remaining)
                return
        draft.want_exit(side.side, self._exit_price(view, side, target, held), held)

    def _exit_price(self, view: View, side: SideBook, target: Target, held: Quantity) -> Price:
        """Net of the maker's fee, or of the taker's where it would execute at once; an order that rests keeps its place
        while it brings the profit and no more than a twentieth above it."""
        fees, touch = view.fees, view.market.bid if side.side is Side.LONG else view.market.ask
        fee = fees.taker if self.settings.take_profit_fee == "taker" else fees.maker
        price = exit_price(side, view.instrument, target.profit, fee)
        if (touch - price) * side.side.sign >= 0 and fee != fees.taker:
            fee = fees.taker
            price = exit_price(side, view.instrument, target.profit, fee)
        order = side.exits.get(Role.TAKE_PROFIT)
        if order is not None and order.remaining == held and order.amending is None:
            brings = net_profit_at(side, order.price, fee)
            if target.profit <= brings <= target.profit * _TWENTIETH:
                return order.price
        return price


def _is_flat(side: SideBook) -> bool:
    """Nothing held, and no order of the present basket at the venue that could still execute."""
    return side.entered <= 0 and not side.entries and not side.exits


def _is_filling(side: SideBook) -> bool:
    return any(ZERO < order.filled < order.quantity for order in side.entries.values())
