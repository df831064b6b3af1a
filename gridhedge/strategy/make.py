"""From settings to the strategy that they mean."""

from __future__ import annotations

from collections.abc import Sequence

from gridhedge.domain.book import SymbolBook
from gridhedge.domain.instrument import Instrument
from gridhedge.strategy.grid import side_of, stop_objections
from gridhedge.strategy.settings import SignalSettings, StrategySettings, SymmetricSettings, TrimSettings
from gridhedge.strategy.signal import Signal
from gridhedge.strategy.symmetric import Symmetric
from gridhedge.strategy.trim import Trim
from gridhedge.strategy.view import Strategy


def make_strategy(settings: Sequence[StrategySettings]) -> Strategy:
    """The strategy of one symbol: usually of one entry, of two where each trades a direction of its own.

    One branch per strategy: adding one is adding a line here and its settings to the profile's table.
    """
    if isinstance(settings[0], SymmetricSettings):
        return Symmetric(settings[0])
    if isinstance(settings[0], SignalSettings):
        return Signal(settings[0])
    directions = [entry for entry in settings if isinstance(entry, TrimSettings)]
    if directions:
        return Trim(*directions)
    raise TypeError(f"no strategy for {type(settings[0]).__name__}")


def follow_strategy(before: Strategy, settings: Sequence[StrategySettings], book: SymbolBook) -> Strategy:
    """The strategy of one symbol after its settings have changed while it trades: exits follow the new ones at once,
    entries with the next grid."""
    first = settings[0]
    if isinstance(before, Symmetric) and isinstance(first, SymmetricSettings):
        return before.followed_by(first, book)
    if isinstance(before, Signal) and isinstance(first, SignalSettings):
        return before.followed_by(first, book)
    return make_strategy(settings)  # a trim grid's entries are all in the book


def objections(settings: Sequence[StrategySettings], rules: Instrument, book: SymbolBook) -> list[str]:
    """Why these settings would harm the grid that is under way, one sentence each."""
    return [
        text
        for entry in settings
        if isinstance(entry, TrimSettings)
        for text in stop_objections(entry, rules, book.of(side_of(entry)))
    ]
