"""From settings to the strategy that they mean."""

from __future__ import annotations

from collections.abc import Sequence

from gridhedge.domain.book import SymbolBook
from gridhedge.domain.instrument import Instrument
from gridhedge.strategy.grid import side_of
from gridhedge.strategy.settings import SignalSettings, StrategySettings, SymmetricSettings, TrimSettings
from gridhedge.strategy.signal import Signal
from gridhedge.strategy.stops import would_sell_the_last_level
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


def follow_strategy(
    before: Strategy, settings: Sequence[StrategySettings], rules: Instrument, book: SymbolBook
) -> Strategy:
    """The strategy of one symbol after its settings have changed while it trades: exits follow the new ones at once,
    entries with the next grid. Raises TypeError for settings of another kind."""
    first = settings[0]
    if isinstance(before, Symmetric) and isinstance(first, SymmetricSettings):
        return before.followed_by(first, book)
    if isinstance(before, Signal) and isinstance(first, SignalSettings):
        return before.followed_by(first, book)
    if isinstance(before, Trim):
        return before.followed_by([entry for entry in settings if isinstance(entry, TrimSettings)], rules, book)
    raise TypeError(f"{before.kind} can not become {type(first).__name__}")


def what_waits(settings: Sequence[StrategySettings], rules: Instrument, book: SymbolBook) -> list[str]:
    """Exits that can not change before the next grid, one sentence each."""
    return [
        f"the {entry.direction} stop-loss stays where it is until the next grid: at {entry.stop_loss_percent} % it "
        "would not be beyond the last level of the present one"
        for entry in settings
        if isinstance(entry, TrimSettings) and would_sell_the_last_level(entry, rules, book.of(side_of(entry)))
    ]
