"""The grid of one basket: how large each order is, and where the next one stands."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import NamedTuple

from gridhedge.domain.instrument import Instrument
from gridhedge.domain.ladder_book import SideBook
from gridhedge.domain.values import ONE, ZERO, Money, Price, Quantity, Side
from gridhedge.strategy.ladder import fraction, next_price
from gridhedge.strategy.settings import Band, SignalSettings

_HEADROOM = Decimal("0.99")
"""The price may fall a little between the opening and the order that follows from it."""


class Rung(NamedTuple):
    """An order of a basket that has not executed in full: the next one, or the rest of the last."""

    level: int
    price: Price
    quantity: Quantity


def distances(settings: SignalSettings) -> tuple[Decimal, ...]:
    """For each order its distance from the one before, as a fraction; the first one has none."""
    return (ZERO, *(fraction(band.percent) for band in _band_by_order(settings)[1:]))


def basket_table(
    settings: SignalSettings, instrument: Instrument, leverage: int, price: Price, max_notional: Money = ZERO
) -> tuple[Quantity, ...]:
    """The quantities of a basket that begins at ``price``, order by order.

    The last lot times the multiplier, or the band's lots; within ``min_lot``, ``max_lot`` and the largest multiple of
    the first lot; raised to what the venue accepts where the order would stand. It ends where the whole basket, which
    one order must close, would exceed the venue's largest one, the risk tier of the leverage, or ``max_notional``
    (0: no cap).
    """
    cap = instrument.max_notional_at(leverage)
    if max_notional > 0:
        cap = min(cap, max_notional)
    most = min(instrument.max_quantity, instrument.max_market_quantity)
    lowest = highest = price
    quantities: list[Quantity] = []
    total = ZERO
    for lots, distance in zip(_lots(settings, instrument), distances(settings), strict=True):
        lowest, highest = lowest * (ONE - distance), highest * (ONE + distance)
        least = instrument.least_quantity(max(lowest, instrument.tick_size) * _HEADROOM)
        quantity = max(lots, least)
        total += quantity
        if total > most or total * highest > cap:
            break
        quantities.append(quantity)
    return tuple(quantities)


def wished_lots(settings: SignalSettings, instrument: Instrument) -> tuple[Quantity, ...]:
    """The quantities that the settings ask for, whatever the venue thinks of them."""
    return tuple(_lots(settings, instrument))


def _lots(settings: SignalSettings, instrument: Instrument) -> Iterator[Quantity]:
    first = last = _bounded(settings, instrument, settings.space_lots, None)
    for number, band in enumerate(_band_by_order(settings)):
        if number:
            wished = last * settings.multiplier if settings.multiplier else band.lots
            last = _bounded(settings, instrument, wished, first)
        yield last


def _bounded(settings: SignalSettings, instrument: Instrument, lots: Quantity, first: Quantity | None) -> Quantity:
    if settings.max_lot:
        lots = min(lots, settings.max_lot)
    if first is not None:
        lots = min(lots, first * settings.max_martingale_multiple)
    return max(instrument.floor_quantity(max(lots, settings.min_lot)), instrument.min_quantity)


def _band_by_order(settings: SignalSettings) -> tuple[Band, ...]:
    return tuple(band for band in settings.bands for _ in range(band.orders))


def next_rung(side: SideBook, table: tuple[Quantity, ...], spaces: tuple[Decimal, ...], rules: Instrument) -> Rung:
    """What follows on a basket that holds something: the rest of its last order while the venue would still take it,
    else the next order. Beyond the end of the table its quantity is 0."""
    last = len(side.fills) - 1
    if 0 < last < len(table) or (last == 0 and side.now_levels):
        price = _price(side, last, spaces, rules)
        rest = table[last] - side.fills[last].quantity if last < len(table) else ZERO
        if rest >= rules.least_quantity(price):
            return Rung(last, price, rest)
    level = last + 1
    price = _price(side, level, spaces, rules)
    return Rung(level, price, table[level] if level < len(table) else ZERO)


def _price(side: SideBook, level: int, spaces: tuple[Decimal, ...], rules: Instrument) -> Price:
    """One space beyond the outermost executed order before ``level``; where there is none, where it has executed."""
    executed = [fill.average for fill in side.fills[:level] if fill.quantity > 0]
    if not executed:
        return side.fills[level].average
    outermost = min(executed) if side.side is Side.LONG else max(executed)
    return next_price(rules, side.side, outermost, spaces[min(level, len(spaces) - 1)])


def orders_open(side: SideBook) -> int:
    """How many orders of the basket have executed, at least in part."""
    return sum(fill.quantity > 0 for fill in side.fills) if side.held > 0 else 0
