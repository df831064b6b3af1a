"""Where the stop-loss of an uneven grid stands, also after its settings have changed."""

from __future__ import annotations

from collections.abc import Mapping

from gridhedge.domain.book import SymbolBook
from gridhedge.domain.instrument import Instrument
from gridhedge.domain.ladder_book import SideBook
from gridhedge.domain.values import Price, Side
from gridhedge.strategy.grid import stop_price
from gridhedge.strategy.settings import TrimSettings


class Stops:
    """The newest settings decide at once; but a stop-loss that would not be beyond the last level of the grid under way
    would sell what that level buys, so that grid keeps its own. Immutable."""

    def __init__(
        self, settings: Mapping[Side, TrimSettings], kept: Mapping[Side, tuple[Price, TrimSettings]] | None = None
    ) -> None:
        self._settings = settings
        self._kept = kept or {}
        """By side: the grid's center, and what its stop-loss follows."""

    def price(self, rules: Instrument, ladder: SideBook) -> Price:
        """The stop-loss of the present grid."""
        assert ladder.center is not None, "a stop-loss belongs to a grid"
        return stop_price(self._of(ladder), rules, ladder.center)

    def after(self, settings: Mapping[Side, TrimSettings], rules: Instrument, book: SymbolBook) -> Stops:
        """The same with other settings."""
        kept = {}
        for side, entry in settings.items():
            ladder = book.of(side)
            if ladder.center is not None and would_sell_the_last_level(entry, rules, ladder):
                kept[side] = (ladder.center, self._of(ladder))
        return Stops(settings, kept)

    def _of(self, ladder: SideBook) -> TrimSettings:
        center, settings = self._kept.get(ladder.side, (None, None))
        if settings is not None and center == ladder.center:
            return settings
        return self._settings[ladder.side]


def would_sell_the_last_level(settings: TrimSettings, rules: Instrument, ladder: SideBook) -> bool:
    """Whether a stop-loss by these settings would not be beyond the last level of the grid under way."""
    prices = [price for price, size in zip(ladder.prices, ladder.wished or (), strict=False) if size > 0]
    if not ladder.cycle or ladder.center is None or not prices:
        return False
    last = min(prices) if ladder.side.is_long else max(prices)
    return (last - stop_price(settings, rules, ladder.center)) * ladder.side.sign <= 0
