"""An edited profile takes over while the bot trades: limits and exits at once, entries with the next grid."""

from __future__ import annotations

from gridhedge.engine.assemble import policy_of
from gridhedge.engine.session import Session
from gridhedge.profile.settings import Profile
from gridhedge.strategy.make import follow_strategy, what_waits
from gridhedge.strategy.settings import StrategySettings


def take_over(session: Session, profile: Profile) -> list[str]:
    """Go on with these settings; to be called between two steps. Account, venue, symbols, directions and leverage must
    be those of before. Nothing is sent here: the next step plans with them. Returns what has to wait for the next grid,
    one sentence each."""
    waits = []
    for desk in session.desks:
        settings = _settings_of(profile, desk.symbol)
        waits += [f"{desk.symbol}: {text}" for text in what_waits(settings, desk.instrument, desk.book)]
        desk.follow(follow_strategy(desk.strategy, settings, desk.instrument, desk.book))
    session.follow(policy_of(profile))
    return waits


def _settings_of(profile: Profile, symbol: str) -> list[StrategySettings]:
    return [entry.strategy for entry in profile.symbols if entry.symbol == symbol]
