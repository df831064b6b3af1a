"""The ladder that settings imply at a price: what ``gridhedge plan`` and ``init`` show before anything is sent."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from itertools import repeat
from typing import NamedTuple

from gridhedge.domain.basket import Cause
from gridhedge.domain.instrument import Fees, Instrument
from gridhedge.domain.ladder_book import SideBook
from gridhedge.domain.levels import FIRST_LEVEL
from gridhedge.domain.values import HUNDRED, SIDES, ZERO, Money, Price, Quantity, Side
from gridhedge.strategy.basket import basket_table, distances
from gridhedge.strategy.exits import Target, resting_target
from gridhedge.strategy.grid import break_even_at, grid_around, side_of, stop_price, take_profit_at
from gridhedge.strategy.ladder import fraction, next_price, reference_quantities
from gridhedge.strategy.settings import SignalSettings, SymmetricSettings, TrimSettings
from gridhedge.strategy.take_profit import exit_price, take_profit_price

_TAKE_PROFIT = "take-profit"


class LadderLine(NamedTuple):
    """One level of one side, as if every level up to it had executed at its price."""

    level: int
    price: Price
    quantity: Quantity
    notional: Money
    margin: Money
    cumulative_margin: Money
    average: Price
    take_profit: Price
    """Where the side closes with its profit if it is filled to here."""
    distance_percent: Decimal
    """From the starting price, negative below it."""
    exit: str
    """What ``take_profit`` is when the side is filled to here: a grid sheds all but level 1 where it breaks even."""


class Ladder(NamedTuple):
    reference_quantities: tuple[Quantity, ...]
    long: tuple[LadderLine, ...]
    short: tuple[LadderLine, ...]
    stop_loss: Price | None = None
    """Of a grid, once its last level has executed."""


class _Entry(NamedTuple):
    level: int
    price: Price
    quantity: Quantity
    fee_rate: Decimal


def preview(
    settings: SymmetricSettings,
    instrument: Instrument,
    fees: Fees,
    leverage: int,
    price: Price,
    max_notional: Money = ZERO,
) -> Ladder:
    """Both sides from ``price``: level 0 pays the taker fee there, all others rest and pay the maker fee."""
    reference = reference_quantities(settings, instrument, leverage, price, max_notional)
    step, rate = fraction(settings.grid_step_percent), fraction(settings.take_profit_percent)
    exit_fee = fees.taker if settings.take_profit_fee == "taker" else fees.maker

    def leaves(level: int, book: SideBook) -> tuple[Price, str]:
        return take_profit_price(book, instrument, rate, exit_fee), _TAKE_PROFIT

    long, short = (
        _filled(side, _from_touch(side, instrument, fees, price, reference, repeat(step)), price, leverage, leaves)
        for side in SIDES
    )
    return Ladder(reference, long, short)


def preview_trim(
    settings: TrimSettings,
    instrument: Instrument,
    fees: Fees,
    leverage: int,
    center: Price,
    capital: Money,
    max_notional: Money = ZERO,
) -> Ladder:
    """The entries of the one side around ``center``; their take-profit is the break-even order from the second on."""
    side = side_of(settings)
    grid = grid_around(settings, instrument, leverage, center, capital, max_notional)
    levels = enumerate(zip(grid.prices, grid.quantities, strict=True))
    entries = [_Entry(level, price, quantity, fees.maker) for level, (price, quantity) in levels if quantity]

    def leaves(level: int, book: SideBook) -> tuple[Price, str]:
        if level == FIRST_LEVEL:
            return take_profit_at(settings, instrument, book), _TAKE_PROFIT
        return break_even_at(settings, instrument, book, fees.maker), "break-even"

    lines = _filled(side, entries, center, leverage, leaves)
    stop = stop_price(settings, instrument, center)
    return Ladder(grid.quantities, lines if side is Side.LONG else (), lines if side is Side.SHORT else (), stop)


def preview_baskets(
    settings: SignalSettings,
    instrument: Instrument,
    fees: Fees,
    leverage: int,
    price: Price,
    max_notional: Money = ZERO,
) -> Ladder:
    """Each basket as if the other side were flat: the first order pays the taker fee, the others rest."""
    table = basket_table(settings, instrument, leverage, price, max_notional)
    exit_fee = fees.taker if settings.take_profit_fee == "taker" else fees.maker

    def leaves(level: int, book: SideBook) -> tuple[Price, str]:
        alone = SideBook(book.side.other)
        target = resting_target(settings, book, alone) or Target(settings.global_profit, Cause.DAY_PROFIT)
        return exit_price(book, instrument, target.profit, exit_fee), target.cause.value

    steps = list(distances(settings))
    long, short = (
        _filled(side, _from_touch(side, instrument, fees, price, table, steps), price, leverage, leaves)
        for side in SIDES
    )
    return Ladder(table, long, short)


def _from_touch(
    side: Side,
    instrument: Instrument,
    fees: Fees,
    start: Price,
    quantities: tuple[Quantity, ...],
    steps: Iterable[Decimal],
) -> Iterator[_Entry]:
    """Level 0 takes at ``start``; each other one rests its step (a fraction) beyond the one before."""
    price = start
    for level, (quantity, step) in enumerate(zip(quantities, steps, strict=False)):
        if level:
            price = next_price(instrument, side, price, step)
        yield _Entry(level, price, quantity, fees.maker if level else fees.taker)


def _filled(
    side: Side,
    entries: Iterable[_Entry],
    start: Price,
    leverage: int,
    leaves: Callable[[int, SideBook], tuple[Price, str]],
) -> tuple[LadderLine, ...]:
    """A line per entry. ``leaves``: where the side closes once it is filled to this level, and what that is called."""
    book, margins = SideBook(side), ZERO
    lines: list[LadderLine] = []
    for level, price, quantity, fee_rate in entries:
        notional = quantity * price
        margin = notional / leverage
        margins += margin
        book.enter(((level, quantity),), price, notional * fee_rate, 0, "")
        average, distance = book.cost / book.entered, (price - start) / start * HUNDRED
        closes_at, exit_ = leaves(level, book)
        lines.append(LadderLine(level, price, quantity, notional, margin, margins, average, closes_at, distance, exit_))
    return tuple(lines)
