"""What is known of a profile's symbols without keys: asked of the venue if it answers, else from the shipped table."""

from __future__ import annotations

from typing import NamedTuple

from gridhedge.cli.build import paper_exchange, paper_venue, public_venue
from gridhedge.domain.errors import GridhedgeError, UsageError, VenueError
from gridhedge.domain.instrument import Fees, Instrument
from gridhedge.domain.values import Price
from gridhedge.engine.ports import Venue
from gridhedge.profile.settings import Profile
from gridhedge.profile.venues import PaperSettings
from gridhedge.venue.paper.instruments import fees, instrument, ordinary_fees

__all__ = ["Facts", "facts_of"]


class Facts(NamedTuple):
    """One symbol."""

    instrument: Instrument
    fees: Fees
    last: Price | None
    """The last price; None where nobody could be asked."""
    source: str
    """A sentence about where all this comes from; empty where the profile itself says it."""


def facts_of(profile: Profile) -> dict[str, Facts]:
    """The facts of each symbol of the profile.

    Fees are those of an ordinary account: a venue tells an account's own only to its keys. Raises UsageError for a
    symbol that the venue does not list, or that is not in the shipped table while the venue does not answer.
    """
    if isinstance(profile.venue, PaperSettings):
        return _of_paper(profile)
    name = str(getattr(profile.venue, "name", ""))
    try:
        venue = public_venue(profile)
    except UsageError as error:
        return _shipped(profile, name, str(error))
    assert venue is not None, "real venues can be asked"
    try:
        return {entry.symbol: _told(venue, entry.symbol) for entry in profile.symbols}
    except VenueError as error:
        return _shipped(profile, name, str(error))
    finally:
        venue.close()


def _of_paper(profile: Profile) -> dict[str, Facts]:
    venue = paper_venue(profile, paper_exchange(profile))
    return {
        entry.symbol: Facts(
            venue.instrument(entry.symbol), venue.fees(entry.symbol), venue.market(entry.symbol).last, ""
        )
        for entry in profile.symbols
    }


def _told(venue: Venue, symbol: str) -> Facts:
    rules = venue.instrument(symbol)
    source = f"rules and tiers as {venue.name} tells them now; fees of an ordinary account"
    return Facts(rules, ordinary_fees(venue.name, rules.quote), venue.market(symbol).last, source)


def _shipped(profile: Profile, name: str, why: str) -> dict[str, Facts]:
    source = f"{name} did not tell ({why}): rules, tiers and fees are those recorded in 2025"
    found = {}
    for entry in profile.symbols:
        try:
            found[entry.symbol] = Facts(instrument(name, entry.symbol), fees(name, entry.symbol), None, source)
        except GridhedgeError as error:
            raise UsageError(f"{name} did not tell ({why}), and there is {error}") from error
    return found
