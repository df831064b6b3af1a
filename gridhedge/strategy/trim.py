"""The uneven grid that sheds its load: one direction (or two that know nothing of each other), few and deep entries.

Level 1 alone takes a profit. As soon as a deeper level has executed, everything but level 1 is shed where it breaks
even, and a new grid is built in which what is left is level 1. Once the deepest level has executed a stop-loss is bound
to the whole position. Everything that must be remembered (capital, center, table) is written into the book.
"""

from __future__ import annotations

from collections.abc import Sequence

from gridhedge.domain.book import SymbolBook
from gridhedge.domain.change import Urgency, Wanted
from gridhedge.domain.events import CapitalFixed, CycleOpened, Decision, GridFixed, StopReached, SurplusTaken
from gridhedge.domain.instrument import Instrument
from gridhedge.domain.invariants import Violation, settled_grid
from gridhedge.domain.ladder_book import SideBook, average_price
from gridhedge.domain.levels import FIRST_LEVEL
from gridhedge.domain.values import SIDES, ZERO, Money, Price, Quantity, Role, Side
from gridhedge.strategy.calendar import next_minute
from gridhedge.strategy.draft import Draft
from gridhedge.strategy.grid import (
    Grid,
    center_of,
    entry_price,
    grid_around,
    level_price,
    nearest_possible,
    range_edge,
    side_of,
)
from gridhedge.strategy.grid_exits import GridExits, is_deepest
from gridhedge.strategy.reentry import next_cycle
from gridhedge.strategy.settings import TrimSettings
from gridhedge.strategy.shortage import FIGURES_LAG_MS, margin_of, shrunk_levels, tell_shortage
from gridhedge.strategy.stops import Stops
from gridhedge.strategy.view import Found, Plan, View, Withheld

_GRID, _ENTRY = Role.GRID, Urgency.ENTRY
_ROUNDED = 2
"""A center that is told by a level's price makes the others' by so many ticks different, at most."""


class Trim:
    """Plans one or both sides of one symbol. Holds settings only."""

    kind = "trim"
    reader = day_zone = None
    promised_rate = ZERO
    owns_position = True

    def __init__(self, *settings: TrimSettings, stops: Stops | None = None) -> None:
        self.settings = {side_of(entry): entry for entry in settings}
        self._exits = GridExits(self.settings, stops or Stops(self.settings))
        self.sides: tuple[Side, ...] = tuple(side for side in SIDES if side in self.settings)

    def followed_by(self, settings: Sequence[TrimSettings], rules: Instrument, book: SymbolBook) -> Trim:
        """With other settings; the entries of the grids under way are in the book."""
        stops = self._exits.stops.after({side_of(entry): entry for entry in settings}, rules, book)
        return Trim(*settings, stops=stops)

    # ---- decide --------------------------------------------------------------------------------------------------

    def decide(self, view: View) -> tuple[Decision, ...]:
        """Capital once, a surplus taken over, a grid where there is none, and levels shrunk to what can be paid."""
        decisions: list[Decision] = []
        for side in self.sides:
            decisions += self._decide_side(view, view.book.of(side))
        if not decisions:
            decisions += shrunk_levels(view, self.sides)
        return tuple(decisions)

    def _decide_side(self, view: View, ladder: SideBook) -> Sequence[Decision]:
        symbol, side, now = view.book.symbol, ladder.side, view.now
        if not ladder.capital_at:
            amount = self._first_capital(view, side)
            return [CapitalFixed(symbol, side, amount, now)] if amount > 0 else []
        if ladder.surplus > ZERO:
            return [SurplusTaken(symbol, side, ladder.surplus, now)]
        stop = ladder.exits.get(Role.STOP_LOSS)
        if stop is not None and not stop.triggered_at and (view.market.mark - stop.price) * side.sign <= 0:
            return [StopReached(symbol, side, now)]
        center = self._new_center(view, ladder)
        if center is None:
            return []
        grid = self._grid(view, ladder, center)
        decisions: list[Decision] = [GridFixed(symbol, side, center, grid.quantities, grid.prices, now)]
        if not ladder.cycle:
            decisions.append(CycleOpened(symbol, side, next_cycle(ladder, now), 0, now))
        return decisions

    def _first_capital(self, view: View, side: Side) -> Money:
        settings = self.settings[side]
        return settings.initial_capital or settings.capital_fraction * view.wallet_balance

    def _grid(self, view: View, ladder: SideBook, center: Price) -> Grid:
        return grid_around(
            self.settings[ladder.side],
            view.instrument,
            view.leverage,
            center,
            ladder.working_capital,
            view.max_notional,
            max(ladder.held, ZERO),
        )

    def _new_center(self, view: View, ladder: SideBook) -> Price | None:
        """Where a new grid is to be built; None while the present one stays, or before the first minute is over."""
        settings, last = self.settings[ladder.side], view.market.last
        if ladder.cycle and ladder.center is not None:
            return last if not ladder.entered and self._is_left_behind(view, ladder) else None
        average = average_price(ladder)
        if ladder.held > ZERO and average is not None:
            return center_of(settings, average)
        exited = ladder.exit_price
        if exited is not None:
            nearest = level_price(settings, view.instrument, exited, FIRST_LEVEL)
            return exited if self._is_between(ladder.side, nearest, last, exited) else last
        return last if view.now >= next_minute(ladder.capital_at) else None

    def _is_between(self, side: Side, entry: Price, price: Price, center: Price) -> bool:
        """Whether a grid around ``center`` is neither left behind nor would execute at once."""
        edge = range_edge(self.settings[side], center)
        return (price - entry) * side.sign > ZERO and (edge - price) * side.sign > ZERO

    def _is_left_behind(self, view: View, ladder: SideBook) -> bool:
        """A grid that holds nothing: the price has left its range, or has passed entries that did not rest. One without
        levels stays until one around the price would have some."""
        assert ladder.center is not None
        last, sign = view.market.last, ladder.side.sign
        if not any(ladder.wished):
            return any(self._grid(view, ladder, last).quantities)
        if (last - range_edge(self.settings[ladder.side], ladder.center)) * sign >= ZERO:
            return True
        open_levels = (level for level, size in enumerate(ladder.reference) if size > ZERO)
        first = next(open_levels, None)
        return first is not None and first not in ladder.entries and (last - ladder.prices[first]) * sign <= ZERO

    # ---- what else the engine asks -------------------------------------------------------------------------------

    def remarks(self, view: View) -> tuple[str, ...]:
        """Levels that the venue's limits leave out at the present price."""
        found = []
        for side in self.sides:
            ladder = view.book.of(side)
            capital = ladder.working_capital if ladder.capital_at else self._first_capital(view, side)
            settings = self.settings[side]
            price = view.market.last
            grid = grid_around(settings, view.instrument, view.leverage, price, capital, view.max_notional)
            out = [str(level) for level, size in enumerate(grid.quantities) if not size and level >= FIRST_LEVEL]
            if out:
                limits = "the venue's minimum, its limits at this leverage, or max_notional_per_side"
                found.append(f"{side.value}: no level {', '.join(out)} with a capital of {capital:.2f}: {limits}")
        return tuple(found)

    def notes(self, view: View) -> tuple[str, ...]:
        sides = (view.book.of(side) for side in self.sides)
        waits = [side.side.value for side in sides if side.capital_at and not side.cycle and side.exit_price is None]
        return tuple(f"{side}: the grid is built when this minute is over, around its last price" for side in waits)

    def restore(self, found: Sequence[Found], view: View) -> tuple[Decision, ...]:
        """Center and table as the last cycle's orders tell them; the capital begins anew."""
        decisions: list[Decision] = []
        for story in found:
            settings = self.settings.get(story.side)
            if settings is None or not story.cycle:
                continue
            own, moved = story.entries, story.moved
            entries = moved | {level: entry.with_earlier(moved.get(level)) for level, entry in own.items()}
            levels = [level for level in sorted(entries) if FIRST_LEVEL <= level <= settings.max_entry_level]
            sure = [level for level in levels if level in own or entries[level].filled]
            if sure or (levels and story.held <= 0):
                first = (sure or levels)[0]
                center = center_of(settings, entries[first].price, first)
            elif story.held > 0:
                center = center_of(settings, story.average)
            else:
                continue
            capital = self._first_capital(view, story.side)
            deeper = sum((entries[level].filled for level in levels if level > FIRST_LEVEL), ZERO)
            one = max(story.held - deeper, ZERO) if FIRST_LEVEL not in levels else ZERO
            grid = grid_around(settings, view.instrument, view.leverage, center, capital, view.max_notional, one)
            quantities, prices = list(grid.quantities), list(grid.prices)
            for level in levels:
                # What rests elsewhere was about to be moved.
                off = abs(entries[level].price - prices[level])
                if entries[level].filled or off <= _ROUNDED * view.instrument.tick_size:
                    quantities[level], prices[level] = entries[level].quantity, entries[level].price
            symbol, now = view.book.symbol, view.now
            decisions.append(CapitalFixed(symbol, story.side, capital, now))
            decisions.append(GridFixed(symbol, story.side, center, tuple(quantities), tuple(prices), now))
        return tuple(decisions)

    def closing(self, book: SymbolBook, side: SideBook) -> Quantity:
        """Everything, but level 1 stays once a deeper one has executed; what was asked for in vain is not missed."""
        if side.held <= 0 or side.stop_is_passed or Role.CLOSE in side.exits:
            return ZERO
        role, quantity = self._exits.limit(side)
        squeeze, order = side.squeezes.get((role, 0)), side.exits.get(role)
        if squeeze is None:
            return quantity
        rests = order.remaining if order is not None else ZERO  # an amend may be seen before its answer is
        return min(max(squeeze.accepted, rests), quantity)

    def settled(self, book: SymbolBook, withheld: Sequence[Withheld]) -> list[Violation]:
        found = []
        for side in self.sides:
            ladder = book.of(side)
            if not ladder.stop_is_passed and Role.CLOSE not in ladder.exits:
                beyond = sum((part.quantity for part in withheld if part[:2] == (side, 0)), ZERO)
                found += settled_grid(ladder, self.closing(book, ladder) - beyond, is_deepest(ladder))
        return found

    # ---- plan ----------------------------------------------------------------------------------------------------

    def plan(self, view: View) -> Plan:
        """Exits for what is held, and every level of the grid that has not executed."""
        draft = Draft(view)
        spendable = view.available - view.reserve
        for side in SIDES:
            ladder = view.book.of(side)
            if side not in self.settings:
                if ladder.held > 0:
                    draft.alarm("foreign", "critical", f"{side.value} {ladder.held} is held, but not traded any more")
                continue
            if not ladder.cycle or ladder.center is None:
                self._wait(draft, ladder)
                continue
            self._exits.want(draft, ladder)
            spendable = self._want_entries(draft, ladder, spendable)
            if not any(ladder.wished):
                self._await_levels(draft, ladder)
            elif not ladder.entered:
                draft.wake_beyond(side, range_edge(self.settings[side], ladder.center))
        return draft.finish()

    def _await_levels(self, draft: Draft, ladder: SideBook) -> None:
        """A grid without levels: asked again at the prices around which the venue would take one. Whatever else may
        make it possible (leverage, filters, settings) brings a new plan by itself."""
        view, side, capital = draft.view, ladder.side, ladder.working_capital
        price = view.market.last
        below, above = nearest_possible(self.settings[side], view.instrument, view.leverage, price, capital)
        if below is not None:
            draft.wake_beyond(Side.SHORT, below)
        if above is not None:
            draft.wake_beyond(Side.LONG, above)
        ways = [f"at {below} or lower"] if below is not None else []
        ways += [f"at {above} or higher"] if above is not None else []
        small = f"a capital of {capital:.2f} is too small for any level"
        then = f" ({' and '.join(ways)} it may suffice)" if ways else ""
        draft.alarm(f"levels {side.value}", "warning", f"{side.value}: {small}: nothing is opened{then}")

    def _wait(self, draft: Draft, ladder: SideBook) -> None:
        if not ladder.capital_at:
            draft.alarm("capital", "warning", f"{ladder.side.value}: the wallet is empty, there is no capital to begin")
        else:
            draft.wake_at(next_minute(ladder.capital_at))

    # ---- entries -------------------------------------------------------------------------------------------------

    def _want_entries(self, draft: Draft, ladder: SideBook, spendable: Money) -> Money:
        view, side, table = draft.view, ladder.side, ladder.reference
        why = "enlarges the position at a better price" if ladder.entered else "opens the side at a better price"
        for level in range(FIRST_LEVEL, len(table)):
            if table is not ladder.wished:
                tell_shortage(draft, ladder, level)
            rest = table[level] - ladder.filled(level)
            if rest <= ZERO:
                continue
            price = entry_price(view.instrument, side, ladder.prices[level])  # the tick may have become coarser
            resting = ladder.entries.get(level)
            if resting is None or resting.remaining != rest or resting.price != price:
                if resting is None and not (
                    view.instrument.accepts(rest, price) and draft.fits(ladder, level, price, rest)
                ):
                    draft.withhold(side, level, rest)
                    continue
                need = margin_of(view, rest, price)
                if resting is not None:
                    need = max(need - margin_of(view, resting.exposure, resting.price), ZERO)
                draft.depend(need - spendable)
                if need > max(spendable, ZERO):  # what needs nothing more is moved
                    self._withhold(draft, ladder, level, rest, f"it needs {need:.2f}, spendable {spendable:.2f}")
                    continue
                spendable -= need
                draft.reserved += need
            draft.wanted.append(Wanted(side, _GRID, level, price, rest, _ENTRY, why))
        return spendable

    def _withhold(self, draft: Draft, ladder: SideBook, level: int, rest: Quantity, why: str) -> None:
        """A level that can not be paid now; one that would grow is taken back, and rests again in a size that can."""
        side, settled_at = ladder.side, ladder.grid_at + FIGURES_LAG_MS
        draft.withhold(side, level, rest)
        is_settled = draft.view.now >= settled_at
        text = f"no {side.value} level {level} yet: {why}"
        draft.alarm(f"budget {side.value} {level}", "warning" if is_settled else "pending", text)
        if not is_settled:
            draft.wake_at(settled_at)
