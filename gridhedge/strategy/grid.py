"""The uneven grid of ``trim``: entries around a center, and the prices of its exits."""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

from gridhedge.domain.instrument import Instrument
from gridhedge.domain.ladder_book import SideBook, average_price
from gridhedge.domain.levels import FIRST_LEVEL
from gridhedge.domain.values import ONE, SIDES, ZERO, Money, Price, Quantity, Side
from gridhedge.strategy.ladder import fraction
from gridhedge.strategy.settings import TrimSettings

_LONG, _SHORT = SIDES


class Grid(NamedTuple):
    """Quantity and price of each level; place 0 is empty. A level that the venue's limits do not allow is 0."""

    quantities: tuple[Quantity, ...]
    prices: tuple[Price, ...]


def side_of(settings: TrimSettings) -> Side:
    """The side that an entry of the profile trades."""
    return _LONG if settings.direction == "long" else _SHORT


def entry_price(rules: Instrument, side: Side, exact: Price) -> Price:
    """A tick that is not worse than ``exact``: long down, short up."""
    return rules.floor_price(exact) if side.is_long else rules.ceil_price(exact)


def exit_price(rules: Instrument, side: Side, exact: Price) -> Price:
    """A tick that keeps what ``exact`` promises: long up, short down."""
    if side.is_long:
        return rules.ceil_price(exact)
    return max(rules.floor_price(exact), rules.tick_size)


def grid_around(
    settings: TrimSettings,
    rules: Instrument,
    leverage: int,
    center: Price,
    capital: Money,
    max_notional: Money = ZERO,
    level_one: Quantity = ZERO,
) -> Grid:
    """Entries at ``center x (1 -+ distance)`` of ``capital x ratio x leverage / price``, floored to tick and step.

    ``level_one`` is what is held already and takes the place of level 1. The levels together stay below the venue's
    largest order (one exit must close them), the risk tier that the leverage allows, and ``max_notional`` (0: no cap).
    """
    side, cap = side_of(settings), rules.max_notional_at(leverage)
    cap = min(cap, max_notional) if max_notional > ZERO else cap
    quantities: list[Quantity] = [ZERO] * FIRST_LEVEL
    prices: list[Price] = [ZERO] * FIRST_LEVEL
    total = ZERO
    working = max(capital, ZERO)
    levels = range(FIRST_LEVEL, FIRST_LEVEL + settings.max_entry_level)
    for level, ratio, percent in zip(levels, settings.entry_ratios, settings.level_distances_percent, strict=False):
        price = _price_at(rules, side, center, percent)
        quantity = rules.floor_quantity(working * ratio * leverage / price)
        if level == FIRST_LEVEL and level_one > ZERO:
            quantity = level_one
        elif not rules.accepts(quantity, price) or total + quantity > min(rules.max_quantity, cap / price):
            quantity = ZERO
        total += quantity
        quantities.append(quantity)
        prices.append(price)
    return Grid(tuple(quantities), tuple(prices))


def nearest_possible(
    settings: TrimSettings, rules: Instrument, leverage: int, center: Price, capital: Money
) -> tuple[Price | None, Price | None]:
    """Where no level around ``center`` is one that the venue takes: the nearest centers below and above it around which
    one is, None where there is none. What a level may cost is fixed: at a lower price it buys one step more, or the
    least quantity, and at a higher one its quantity reaches the least notional, or falls to the largest quantity."""
    below: Price | None = None
    above: Price | None = None
    for level in range(FIRST_LEVEL, FIRST_LEVEL + settings.max_entry_level):
        money = capital * settings.entry_ratios[level - FIRST_LEVEL] * leverage
        if money < rules.min_notional or money <= 0:
            continue
        quantity = rules.floor_quantity(money / level_price(settings, rules, center, level))
        more = max(quantity + rules.lot_step, rules.min_quantity)
        if more <= rules.max_quantity and (price := rules.floor_price(money / more)) > 0:
            reached = rules.floor_price(center_of(settings, price, level))
            below = reached if below is None else max(below, reached)
        if quantity >= rules.min_quantity:
            most = rules.max_quantity
            price = rules.ceil_price(money / most if quantity > most else rules.min_notional / quantity)
            reached = rules.ceil_price(center_of(settings, price, level))
            above = reached if above is None else min(above, reached)
    return below, above


def level_price(settings: TrimSettings, rules: Instrument, center: Price, level: int) -> Price:
    """Where an entry rests in the grid around ``center``."""
    return _price_at(rules, side_of(settings), center, settings.level_distances_percent[level - FIRST_LEVEL])


def _price_at(rules: Instrument, side: Side, center: Price, distance_percent: Decimal) -> Price:
    distance = fraction(distance_percent)
    price = entry_price(rules, side, center * (ONE - distance if side.is_long else ONE + distance))
    return price if price > rules.tick_size else rules.tick_size


def center_of(settings: TrimSettings, price: Price, level: int = FIRST_LEVEL) -> Price:
    """The center of the grid in which ``price`` is that of ``level``: not rounded, so that the levels are exact."""
    distance = fraction(settings.level_distances_percent[level - FIRST_LEVEL])
    return price / (ONE - side_of(settings).sign * distance)


def range_edge(settings: TrimSettings, center: Price) -> Price:
    """Where a grid that holds nothing is left behind: half its range beyond the center, in the earning direction."""
    return center * (ONE + side_of(settings).sign * fraction(settings.grid_range_percent) / 2)


def stop_price(settings: TrimSettings, rules: Instrument, center: Price) -> Price:
    """The stop-loss, on the tick that is nearer to the center."""
    side = side_of(settings)
    return exit_price(rules, side, center * (ONE - side.sign * fraction(settings.stop_loss_percent)))


def take_profit_at(settings: TrimSettings, rules: Instrument, ladder: SideBook) -> Price:
    """Average price and ``take_profit_percent``."""
    side, average = ladder.side, _average(ladder)
    return exit_price(rules, side, average * (ONE + side.sign * fraction(settings.take_profit_percent)))


def break_even_at(settings: TrimSettings, rules: Instrument, ladder: SideBook, fee_rate: Money) -> Price:
    """Average price and ``break_even_percent``; with the basis ``net`` so much is left after all fees and funding.

    Per unit, with a the average, e the entry fees and u the funding paid so far, b the percentage, f the closing fee::

        long:  (a (1 + b) + e + u) / (1 - f)        short:  (a (1 - b) - e - u) / (1 + f)
    """
    side, average = ladder.side, _average(ladder)
    exact = average * (ONE + side.sign * fraction(settings.break_even_percent))
    if settings.break_even_basis == "net":
        paid = ladder.fees / ladder.entered + ladder.funding / ladder.held
        exact = (exact + side.sign * paid) / (ONE - side.sign * fee_rate)
    return exit_price(rules, side, exact)


def _average(ladder: SideBook) -> Price:
    average = average_price(ladder)
    assert average is not None, "an exit price needs a position"
    return average
