"""From settings to the strategy that they mean."""

from __future__ import annotations

from collections.abc import Sequence

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
