"""Puts a session together from a profile and the parts that are handed in. The same for live, paper and replay."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from gridhedge.domain.book import Book, fold
from gridhedge.domain.events import Event, StopRaised
from gridhedge.domain.values import HUNDRED, Millis
from gridhedge.engine.desk import Desk
from gridhedge.engine.loop import Loop
from gridhedge.engine.policy import Policy
from gridhedge.engine.ports import Audience, Clock, Inbox, Journal, StopFile, Venue
from gridhedge.engine.session import Session
from gridhedge.engine.stop import Stopper
from gridhedge.profile.settings import Profile
from gridhedge.strategy.make import make_strategy

_PRICE_AGE_MS = 15_000
_LONGEST_OUTAGE_MS = 24 * 3600 * 1000
"""Reads may have failed for so long, while the streams went on, before the process died."""


class Parts(NamedTuple):
    """What differs between worlds."""

    venue: Venue
    journal: Journal
    clock: Clock
    inbox: Inbox
    audience: Audience | None = None
    stop_file: StopFile | None = None


def policy_of(profile: Profile) -> Policy:
    """The account's rules in the engine's units."""
    risk, system = profile.risk, profile.system
    longest = min(entry.strategy.longest_sync_seconds for entry in profile.symbols)
    return Policy(
        risk.balance_buffer_percent / HUNDRED,
        risk.mm_rate_threshold,
        risk.emergency_action,
        risk.on_start,
        risk.on_disconnect,
        risk.on_stop,
        risk.max_notional_per_side,
        int(system.tick_interval * 1000),
        min(int(system.sync_interval * 1000), longest * 1000),
        max(_PRICE_AGE_MS, 3 * int(system.tick_interval * 1000)),
        profile.dry_run,
    )


def assemble(profile: Profile, parts: Parts, remembered: Iterable[Event] = (), *, sets_leverage: bool = True) -> Loop:
    """A loop, ready to ``start``. ``remembered`` is the journal of earlier runs; the venue corrects what it tells.
    Without ``sets_leverage``, as in a dry run, the account's modes stay as they are.

    Raises VenueError where the venue can not be read or refuses the symbols or the leverage.
    """
    symbols = list(profile.traded)
    events = list(remembered)
    book = fold(profile.account, symbols, (event for event in events if not isinstance(event, StopRaised)))
    parts.venue.connect(symbols, parts.inbox)
    sets_leverage = sets_leverage and not profile.dry_run
    now = parts.clock.now()
    desks = [_desk(profile, symbol, book, parts.venue, sets_leverage, now) for symbol in symbols]
    policy = policy_of(profile)
    session = Session(
        book,
        desks,
        parts.venue,
        parts.journal,
        parts.clock,
        parts.inbox,
        policy,
        parts.audience,
        Stopper(policy.emergency_action, parts.stop_file),
    )
    return Loop(session, _last_at(events))


def _desk(profile: Profile, symbol: str, book: Book, venue: Venue, sets_leverage: bool, now: Millis) -> Desk:
    """The desk of a symbol; entries that share it differ in the sides that they trade."""
    entries = [entry for entry in profile.symbols if entry.symbol == symbol]
    wanted = entries[0].leverage
    rules = venue.instrument(symbol)
    allowed = min(wanted, rules.max_leverage)
    leverage = venue.prepare(symbol, allowed) if sets_leverage else allowed
    strategy = make_strategy([entry.strategy for entry in entries])
    fees, market = venue.fees(symbol), venue.market(symbol)
    desk = Desk(
        book.symbols[symbol],
        strategy,
        rules,
        fees,
        leverage,
        market,
        asked_leverage=wanted,
        sets_leverage=sets_leverage,
        terms_since=now,
    )
    if leverage < wanted:
        desk.remarks.append(f"leverage {wanted}x is lowered to the {leverage}x that the venue allows")
    return desk


def _last_at(events: list[Event]) -> Millis:
    """Until when facts are surely known; 0: nothing is. The last event is no proof that the venue could be read."""
    last = max((event.at for event in events), default=0)
    return max(last - _LONGEST_OUTAGE_MS, 1) if last else 0
