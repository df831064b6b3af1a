"""The ladder that settings imply at a price: what ``gridhedge plan`` and ``init`` show before anything is sent."""

from __future__ import annotations

from decimal import Decimal
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
    exit: str = "take-profit"
    """What ``take_profit`` is when the side is filled to here: a grid sheds all but level 1 where it breaks even."""


class Ladder(NamedTuple):
    reference_quantities: tuple[Quantity, ...]
    long: tuple[LadderLine, ...]
    short: tuple[LadderLine, ...]
    stop_loss: Price | None = None
    """Of a grid, once its last level has executed."""


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
    long, short = (
        tuple(_lines(side, reference, settings, instrument, fees, leverage, price)) for side in (Side.LONG, Side.SHORT)
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
    book = SideBook(side)
    lines: list[LadderLine] = []
    margins = ZERO
    for level, (quantity, price) in enumerate(zip(grid.quantities, grid.prices, strict=True)):
        if not quantity:
            continue
        notional = quantity * price
        book.enter(((level, quantity),), price, notional * fees.maker, 0, "")
        margins += notional / leverage
        is_first = level == FIRST_LEVEL
        leaves = (
            take_profit_at(settings, instrument, book)
            if is_first
            else break_even_at(settings, instrument, book, fees.maker)
        )
        lines.append(
            LadderLine(
                level,
                price,
                quantity,
                notional,
                notional / leverage,
                margins,
                book.cost / book.entered,
                leaves,
                (price - center) / center * HUNDRED,
                "take-profit" if is_first else "break-even",
            )
        )
    whole = tuple(lines)
    stop = stop_price(settings, instrument, center)
    return Ladder(grid.quantities, whole if side is Side.LONG else (), whole if side is Side.SHORT else (), stop)


def _lines(
    side: Side,
    reference: tuple[Quantity, ...],
    settings: SymmetricSettings,
    instrument: Instrument,
    fees: Fees,
    leverage: int,
    start: Price,
) -> list[LadderLine]:
    book = SideBook(side)
    step, rate = fraction(settings.grid_step_percent), fraction(settings.take_profit_percent)
    exit_fee = fees.taker if settings.take_profit_fee == "taker" else fees.maker
    lines: list[LadderLine] = []
    price, margins = start, ZERO
    for level, quantity in enumerate(reference):
        if level:
            price = next_price(instrument, side, price, step)
        notional = quantity * price
        book.enter(((level, quantity),), price, notional * (fees.maker if level else fees.taker), 0, "")
        margins += notional / leverage
        lines.append(
            LadderLine(
                level,
                price,
                quantity,
                notional,
                notional / leverage,
                margins,
                book.cost / book.entered,
                take_profit_price(book, instrument, rate, exit_fee),
                (price - start) / start * HUNDRED,
            )
        )
    return lines


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
    long, short = (tuple(_basket_lines(side, table, settings, instrument, fees, leverage, price)) for side in SIDES)
    return Ladder(table, long, short)


def _basket_lines(
    side: Side,
    table: tuple[Quantity, ...],
    settings: SignalSettings,
    instrument: Instrument,
    fees: Fees,
    leverage: int,
    start: Price,
) -> list[LadderLine]:
    book, other = SideBook(side), SideBook(side.other)
    exit_fee = fees.taker if settings.take_profit_fee == "taker" else fees.maker
    lines: list[LadderLine] = []
    price, margins = start, ZERO
    for level, (quantity, distance) in enumerate(zip(table, distances(settings), strict=False)):
        if level:
            price = next_price(instrument, side, price, distance)
        notional = quantity * price
        book.enter(((level, quantity),), price, notional * (fees.maker if level else fees.taker), 0, "")
        margins += notional / leverage
        target = resting_target(settings, book, other) or Target(settings.global_profit, Cause.DAY_PROFIT)
        lines.append(
            LadderLine(
                level,
                price,
                quantity,
                notional,
                notional / leverage,
                margins,
                book.cost / book.entered,
                exit_price(book, instrument, target.profit, exit_fee),
                (price - start) / start * HUNDRED,
                target.cause.value,
            )
        )
    return lines
