"""An edited profile takes over while the bot trades: limits and exits at once, entries with the next grid."""

from __future__ import annotations

from gridhedge.engine.assemble import policy_of
from gridhedge.engine.session import Session
from gridhedge.profile.settings import Profile
from gridhedge.strategy.make import follow_strategy, objections
from gridhedge.strategy.settings import StrategySettings


def why_not(session: Session, profile: Profile) -> list[str]:
    """Why the profile must not take over now, one sentence each: it would harm a grid that is under way."""
    return [
        f"{desk.symbol}: {text}"
        for desk in session.desks
        for text in objections(_settings_of(profile, desk.symbol), desk.instrument, desk.book)
    ]


def take_over(session: Session, profile: Profile) -> None:
    """Go on with these settings; to be called between two steps. Account, venue, symbols, directions and leverage must
    be those of before. Nothing is sent here: the next step plans with them."""
    for desk in session.desks:
        desk.follow(follow_strategy(desk.strategy, _settings_of(profile, desk.symbol), desk.book))
    session.follow(policy_of(profile))


def _settings_of(profile: Profile, symbol: str) -> list[StrategySettings]:
    return [entry.strategy for entry in profile.symbols if entry.symbol == symbol]
