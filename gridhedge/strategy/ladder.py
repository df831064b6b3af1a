"""The martingale ladder: quantities from one table for both sides, prices one grid step apart."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal

from gridhedge.domain.instrument import Instrument
from gridhedge.domain.ladder_book import SideBook
from gridhedge.domain.values import HUNDRED, ONE, ZERO, Money, Price, Quantity, Side
from gridhedge.strategy.settings import SymmetricSettings

_HEADROOM = Decimal("0.99")


def base_quantity(settings: SymmetricSettings, instrument: Instrument, leverage: int, price: Price) -> Quantity:
    """Quantity of level 0: ``floor_step(first margin x leverage / price)``, raised to what the venue accepts also where
    the short side may open: below the price by the slippage, and a little more for the way there."""
    wished = instrument.floor_quantity(settings.initial_position_size_usd * leverage / price)
    lowest = price * (ONE - fraction(settings.entry_slippage_percent)) * _HEADROOM
    return max(wished, instrument.least_quantity(lowest))


def reference_quantities(
    settings: SymmetricSettings, instrument: Instrument, leverage: int, price: Price, max_notional: Money = ZERO
) -> tuple[Quantity, ...]:
    """The table of quantities, level by level.

    ``q[k] = floor_step(q[k-1] x multiplier)``. It ends at the configured number of levels, or where the cumulative
    quantity, which one take-profit must close, would exceed the venue's largest order, or, at the price of the short
    side's level, the risk tier that the leverage allows or ``max_notional`` (0: no cap).
    """
    cap = instrument.max_notional_at(leverage)
    if max_notional > 0:
        cap = min(cap, max_notional)
    quantities: list[Quantity] = []
    quantity, total = base_quantity(settings, instrument, leverage, price), ZERO
    step = ONE + fraction(settings.grid_step_percent)
    for _ in range(settings.max_grid_levels_per_side):
        total += quantity
        if total > instrument.max_quantity or total * price > cap:
            break
        price *= step
        quantities.append(quantity)
        quantity = instrument.floor_quantity(quantity * settings.averaging_multiplier)
    return tuple(quantities)


def completed_table(
    settings: SymmetricSettings, instrument: Instrument, known: dict[int, Quantity], fallback: tuple[Quantity, ...]
) -> tuple[Quantity, ...]:
    """The table that executed levels imply: known quantities stay, the others follow from their neighbours."""
    if not known:
        return fallback
    multiplier = settings.averaging_multiplier
    quantities = dict(known)
    for level in range(min(known) - 1, -1, -1):
        quantities[level] = instrument.ceil_quantity(quantities[level + 1] / multiplier)
    for level in range(max(len(fallback), max(known) + 1)):
        if level not in quantities:
            quantities[level] = instrument.floor_quantity(quantities[level - 1] * multiplier)
    return tuple(quantities[level] for level in sorted(quantities))


def next_price(instrument: Instrument, side: Side, price: Price, step: Decimal) -> Price:
    """The price of the level beyond one at ``price``; ``step`` is a fraction."""
    if side.is_long:
        return max(instrument.floor_price(price * (ONE - step)), instrument.tick_size)
    return instrument.ceil_price(price * (ONE + step))


def resting_levels(
    side: SideBook,
    reference: tuple[Quantity, ...],
    depth: int,
    now_price: Price,
    instrument: Instrument,
    step: Decimal,
    actual: Callable[[int, Price], Price],
) -> Iterator[tuple[int, Price, Quantity]]:
    """Level, price and open quantity of the levels 0 .. depth-1 that have not executed in full.

    Now-levels stand at ``now_price``. Each other level stands one step beyond the level before it: from that level's
    average where it has executed, from its limit price while it rests; but never nearer than a level before it rests
    (where one was missed and a later one has executed). ``actual`` turns a level's own price into the
    one at which it is really sent, where the market has passed it.
    """
    base = now_price
    executed = -1
    resting: Price | None = None
    fills = side.fills
    started = len(fills)
    for level in range(depth):
        rest = reference[level]
        if level < started:
            rest -= fills[level].quantity
            if rest <= ZERO:
                executed = level
                continue
        if executed >= 0:
            base, executed = fills[executed].average if side.base is None else side.base, -1
            if resting is not None:
                base = min(base, resting) if side.side.is_long else max(base, resting)
        if level < side.now_levels:
            base = now_price
        else:
            base = actual(level, next_price(instrument, side.side, base, step)) if level else now_price
            resting = base
        yield level, base, rest


def fraction(percent: Decimal) -> Decimal:
    """1.0 percent is 0.01."""
    return percent / HUNDRED
