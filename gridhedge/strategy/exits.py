"""When baskets are closed: profits in quote currency, net of every fee and of funding.

A basket whose exit is a plain price has an order resting there. Sums of both baskets and of the day are watched: each
is a straight line over the price, so that the price at which it is reached is known in advance.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import NamedTuple

from gridhedge.domain.basket import Cause
from gridhedge.domain.book import SymbolBook
from gridhedge.domain.events import BasketClosed, CloseDecided, Decision, MarketSeen, TradingHalted
from gridhedge.domain.instrument import Fees
from gridhedge.domain.ladder_book import SideBook
from gridhedge.domain.values import ONE, SIDES, ZERO, Millis, Money, Price, Side
from gridhedge.strategy.basket import orders_open
from gridhedge.strategy.calendar import day_at
from gridhedge.strategy.draft import Draft
from gridhedge.strategy.settings import SignalSettings
from gridhedge.strategy.take_profit import net_profit_at
from gridhedge.strategy.view import View


class Target(NamedTuple):
    """A net profit at which a basket closes, and the setting that says so."""

    profit: Money
    cause: Cause


class Line(NamedTuple):
    """Net profit over the last price: ``now`` at the present one, and ``slope`` per unit of price."""

    now: Money
    slope: Decimal

    def plus(self, other: Line) -> Line:
        return Line(self.now + other.now, self.slope + other.slope)

    def reaches(self, level: Money, last: Price) -> Price | None:
        """The price at which the line comes to ``level``, the spread staying as it is; None where it never does."""
        if not self.slope:
            return None
        price = last + (level - self.now) / self.slope
        return price if price > 0 else None


def resting_target(settings: SignalSettings, side: SideBook, other: SideBook) -> Target | None:
    """The nearest profit that is a plain price of this basket alone; None where none is."""
    targets = []
    orders = orders_open(side) + orders_open(other)
    if settings.single_order_profit and orders == 1:
        targets.append(Target(settings.single_order_profit, Cause.SINGLE))
    if settings.basket_profit:
        targets.append(Target(settings.basket_profit, Cause.BASKET))
    if other.held <= 0 and is_pair_rule(settings, side, other):
        targets.append(Target(settings.pair_global_profit, Cause.PAIR))
    return min(targets, key=lambda target: target.profit, default=None)


def is_pair_rule(settings: SignalSettings, side: SideBook, other: SideBook) -> bool:
    """Whether the sum of both baskets counts: a single open order has a rule of its own, where that is on."""
    orders = orders_open(side) + orders_open(other)
    least = 2 if settings.single_order_profit else 1
    return settings.pair_global_profit > 0 and orders >= least


def open_result(side: SideBook, market: MarketSeen, fees: Fees) -> Line:
    """What a basket brings if it is closed at the touch by a taker."""
    if side.entered <= 0:
        return Line(ZERO, ZERO)
    fee = fees.taker
    if side.side is Side.LONG:
        return Line(net_profit_at(side, market.bid, fee), side.held * (ONE - fee))
    return Line(net_profit_at(side, market.ask, fee), -side.held * (ONE + fee))


def pair_result(book: SymbolBook, market: MarketSeen, fees: Fees) -> Line:
    """What both baskets of a symbol bring together."""
    return open_result(book.long, market, fees).plus(open_result(book.short, market, fees))


def day_result(book: SymbolBook, market: MarketSeen, fees: Fees, begins: Millis) -> Line:
    """What a day brings on a symbol if everything is closed now: all baskets that have ended since it began, and the
    open ones, whenever they were opened."""
    realised = sum((side.realised - side.basket.results.before(begins) for side in (book.long, book.short)), ZERO)
    return pair_result(book, market, fees).plus(Line(realised, ZERO))


def is_closing(side: SideBook) -> bool:
    """Whether the present basket's close has been decided."""
    return side.basket.closing is not None and side.cycle > 0 and side.basket.closing_cycle == side.cycle


class Sums:
    """What is watched: the sum of both baskets, and what the day has brought. Holds settings only."""

    def __init__(self, settings: SignalSettings) -> None:
        self._settings = settings

    def halt(self, view: View) -> Iterator[Decision]:
        """A limit of the day ends trading until the next one."""
        settings, halted = self._settings, view.book.halted
        if halted is not None and view.now < halted.until:
            return
        result = self.day(view).now
        if settings.global_profit and result >= settings.global_profit:
            cause, limit = Cause.DAY_PROFIT, settings.global_profit
        elif settings.max_loss and result <= settings.max_loss:
            cause, limit = Cause.DAY_LOSS, settings.max_loss
        else:
            return
        ends = day_at(settings.timezone, view.now).ends
        yield TradingHalted(view.book.symbol, cause, result, ends, view.now, limit)

    def closes(self, view: View) -> Iterator[Decision]:
        """The baskets whose close follows from a limit of the day, or from the sum of both."""
        book, halted = view.book, view.book.halted
        sides = [side for side in (book.long, book.short) if side.held > 0 and side.cycle and not is_closing(side)]
        if halted is not None and view.now < halted.until:
            for side in sides:
                yield CloseDecided(book.symbol, side.side, halted.cause, halted.profit, view.now)
            return
        if len(sides) < len(SIDES) or not is_pair_rule(self._settings, book.long, book.short):
            return
        total = self.pair(view).now
        if total >= self._settings.pair_global_profit:
            for side in sides:
                yield CloseDecided(book.symbol, side.side, Cause.PAIR, total, view.now)

    def ends(self, book: SymbolBook, now: int) -> Iterator[Decision]:
        """Baskets that have ended and of which that has not been told."""
        for side in (book.long, book.short):
            if side.cycles > side.basket.told:
                profit = side.realised - side.basket.told_total
                yield BasketClosed(book.symbol, side.side, self._cause(book, side, profit), profit, now)

    def _cause(self, book: SymbolBook, side: SideBook, profit: Money) -> Cause:
        """Why a basket has ended: what had been decided, or what its resting exit was placed for."""
        settings, memory = self._settings, side.basket
        if memory.last_closing is not None:
            return memory.last_closing
        wished = [Target(settings.basket_profit, Cause.BASKET)]
        if memory.last_orders == 1:
            wished.append(Target(settings.single_order_profit, Cause.SINGLE))
        if book.of(side.side.other).held <= 0:
            wished.append(Target(settings.pair_global_profit, Cause.PAIR))
        reached = [target for target in wished if 0 < target.profit <= profit]
        return min(reached, key=lambda target: target.profit).cause if reached else Cause.OTHER

    def pair(self, view: View) -> Line:
        """What both baskets bring together."""
        return pair_result(view.book, view.market, view.fees)

    def day(self, view: View) -> Line:
        """What the day brings on the account over this symbol's price, that of the others being what it is."""
        own = day_result(view.book, view.market, view.fees, day_at(self._settings.timezone, view.now).begins)
        return own.plus(Line(view.elsewhere, ZERO))

    def notes(self, view: View) -> Iterator[str]:
        """What the day has brought, and the sums that are waited for."""
        settings, book = self._settings, view.book
        limits = [f"{limit:+f}" for limit in (settings.global_profit, settings.max_loss) if limit]
        if limits:
            where = f" on {view.others + 1} symbols" if view.others else ""
            yield f"today{where} {self.day(view).now:+.2f} of {' / '.join(limits)}"
        if book.long.held > 0 and book.short.held > 0 and is_pair_rule(settings, book.long, book.short):
            yield f"both baskets {self.pair(view).now:+.2f} of {settings.pair_global_profit:+f}"

    def watch(self, draft: Draft) -> None:
        """Be asked again at the prices at which a sum is reached, and when the day is over."""
        view, settings, book = draft.view, self._settings, draft.view.book
        sums: list[tuple[Line, Money]] = []
        if book.long.held > 0 and book.short.held > 0 and is_pair_rule(settings, book.long, book.short):
            sums.append((self.pair(view), settings.pair_global_profit))
        limits = [limit for limit in (settings.global_profit, settings.max_loss) if limit]
        if limits:
            draft.wake_at(day_at(settings.timezone, view.now).ends)
            if book.halted is None or view.now >= book.halted.until:
                day = self.day(view)
                # Prices of several symbols move at once: each may bring its share of what is missing, and no more.
                sums += [(day, day.now + (limit - day.now) / (view.others + 1)) for limit in limits]
        last, rules = view.market.last, view.instrument
        for line, limit in sums:
            price = line.reaches(limit, last)
            if price is not None and price > last:
                draft.wake_beyond(Side.LONG, rules.ceil_price(price))
            elif price is not None and price < last:
                draft.wake_beyond(Side.SHORT, rules.floor_price(price))
