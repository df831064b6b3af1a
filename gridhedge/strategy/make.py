"""From settings to the strategy that they mean."""

from __future__ import annotations

from gridhedge.strategy.settings import StrategySettings, SymmetricSettings
from gridhedge.strategy.symmetric import Symmetric
from gridhedge.strategy.view import Strategy


def make_strategy(settings: StrategySettings) -> Strategy:
    """One branch per strategy: adding one is adding a line here and its settings to the profile's table."""
    if isinstance(settings, SymmetricSettings):
        return Symmetric(settings)
    raise TypeError(f"no strategy for {type(settings).__name__}")
