"""A real account made ready for a command that trades: everything checked, its symbols locked."""

from __future__ import annotations

import time
from contextlib import suppress

from gridhedge.cli.build import RealVenue, locks_folder
from gridhedge.domain.errors import Refused
from gridhedge.engine.ports import Check
from gridhedge.profile.settings import Profile
from gridhedge.profile.venues import ExchangeSettings, RealVenueSettings
from gridhedge.store.lock import RunLock, symbol_lock

__all__ = ["KEY_RESTRICTIONS", "make_ready"]

KEY_RESTRICTIONS = "key restrictions"
"""The check that ``--i-accept-unrestricted-key`` turns into a remark."""


def make_ready(venue: RealVenue, profile: Profile, locks: list[RunLock]) -> list[Check]:
    """The lines of the readiness table. ``locks`` takes the symbols' locks; the caller lets go of them, come what may.

    A dry run trades nothing, so it locks nothing. Raises Refused when the account is not ready, another VenueError
    when that can not be known now, and AlreadyRunning when another bot trades a symbol of it, whatever account id that
    one gives it.
    """
    settings = profile.venue
    assert isinstance(settings, RealVenueSettings), "keys are for real venues"
    symbols = list(profile.traded)
    checks = venue.checks(symbols)
    failed = [f"{check.name}: {check.text}" for check in checks if check.passed is False]
    if failed:
        with suppress(Refused):
            venue.account()  # a venue that is away or busy says so itself: that passes, and is no refusal
        raise Refused(f"account {profile.account} is not ready: {'; '.join(failed)}")
    if not profile.dry_run:
        place = _place(settings)
        uid, now = venue.uid(), time.time_ns() // 1_000_000
        for symbol in symbols:  # one by one: those taken must be let go of when the next is refused
            locks.append(symbol_lock(locks_folder(), place, uid, symbol, now))  # noqa: PERF401  # see above
    return checks


def _place(settings: RealVenueSettings) -> str:
    """Names the venue in a lock: two accounts of one number on two of them are two accounts."""
    if isinstance(settings, ExchangeSettings):
        return settings.endpoint or (f"{settings.name}-demo" if settings.demo_trading else settings.name)
    return "mt5"  # whose account numbers are told with their server
