"""Too little margin for a level of a grid: what can be paid of it, down to a share below which it is left out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from gridhedge.domain.events import LevelShrunk
from gridhedge.domain.ladder_book import SideBook
from gridhedge.domain.squeeze import Squeeze
from gridhedge.domain.values import ZERO, Millis, Money, Price, Quantity, Role, Side
from gridhedge.strategy.budget import level_margin
from gridhedge.strategy.draft import Draft
from gridhedge.strategy.view import View

FIGURES_LAG_MS: Millis = 5_000
"""So long after a new grid the venue's figures may still count what the old one tied up."""
_LEAST_ENTRY = Decimal("0.3")
_THOUSAND = 1000


def shrunk_levels(view: View, sides: Sequence[Side]) -> Iterator[LevelShrunk]:
    """Levels that can not be paid: what the venue has refused first, then what our own figures do not allow."""
    left = view.available - view.reserve
    for side in sides:
        ladder = view.book.of(side)
        is_young = view.now < ladder.grid_at + FIGURES_LAG_MS
        if is_young and not ladder.squeezes:
            continue
        for level, wish in enumerate(ladder.wished):
            rests = level in ladder.entries
            if rests and not ladder.squeezes:
                continue
            filled, price = ladder.filled(level), ladder.prices[level]
            wanted = wish - filled
            if wanted <= ZERO:
                continue
            squeeze = ladder.squeezes.get((Role.GRID, level))
            if squeeze is not None and filled > ZERO:
                continue
            if squeeze is not None:
                target = _next_try(view, squeeze, wanted, price, left)
            elif rests or is_young:
                continue
            else:
                target = ladder.reference[level] - filled
                need = margin_of(view, target, price)
                if need > left:
                    target = _affordable(view, wanted, price, left)
                    need = margin_of(view, target, price)
                left -= need
            if filled + target != ladder.reference[level]:
                yield LevelShrunk(view.book.symbol, side, level, filled + target, view.now)


def tell_shortage(draft: Draft, ladder: SideBook, level: int) -> None:
    """Say that a level is smaller than it should be."""
    size, wish, side = ladder.reference[level], ladder.wished[level], ladder.side.value
    if size >= wish:
        return
    what = f"has {size} instead of {wish}" if size else "is left out"
    text = f"{side} level {level} {what} until the next grid: there is too little margin"
    draft.alarm(f"margin {side} {level}", "warning", text)


def margin_of(view: View, quantity: Quantity, price: Price) -> Money:
    """What an entry must find in the budget."""
    return level_margin(quantity, price, view.leverage, view.fees.taker)


def _next_try(view: View, squeeze: Squeeze, wanted: Quantity, price: Price, left: Money) -> Quantity:
    """The quantity to ask for after a refusal, the first time by our own figures; 0: the level is left out."""
    first = _affordable(view, wanted, price, left)
    quantity = squeeze.next_try(wanted, _LEAST_ENTRY, view.instrument.lot_step, first)
    return quantity if quantity >= view.instrument.least_quantity(price) else ZERO


def _affordable(view: View, wanted: Quantity, price: Price, left: Money) -> Quantity:
    """The largest part of an entry, on a 0.1 % grid, that ``left`` pays for; 0 below 30 %."""
    need = margin_of(view, wanted, price)
    share = int(left * _THOUSAND / need) if need > left else _THOUSAND
    if share < _LEAST_ENTRY * _THOUSAND:
        return ZERO
    quantity = view.instrument.floor_quantity(wanted * share / _THOUSAND)
    return quantity if quantity >= view.instrument.least_quantity(price) else ZERO
