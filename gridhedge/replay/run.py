"""Replay: recorded candles through the live engine, at the speed of fills."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import NamedTuple, TypeAlias

from gridhedge.domain.errors import UsageError
from gridhedge.domain.events import Event
from gridhedge.domain.instrument import Fees, Instrument
from gridhedge.domain.values import HUNDRED, Millis, Money, Price
from gridhedge.engine.assemble import Parts, assemble
from gridhedge.engine.inbox import DequeInbox
from gridhedge.engine.session import Session
from gridhedge.engine.synchronise import synchronise
from gridhedge.profile.settings import Profile
from gridhedge.profile.venues import Mt5Settings, PaperSettings
from gridhedge.replay.candles import Candles
from gridhedge.replay.ends import BALANCE
from gridhedge.replay.foreknown import ForeknownCandles
from gridhedge.replay.funding import FundingSeries
from gridhedge.replay.metrics import EndedBy
from gridhedge.store.memory import MemoryJournal
from gridhedge.venue.paper.candle_feed import CandleFeed
from gridhedge.venue.paper.exchange import Exchange
from gridhedge.venue.paper.funding import ConstantFunding, FundingPlan, RecordedFunding
from gridhedge.venue.paper.instruments import fees, instrument, with_terms
from gridhedge.venue.paper.market import Listing
from gridhedge.venue.paper.venue import PaperVenue

_PROGRESS_EVERY = 256
_FUNDING_RATE = Decimal("0.0001")

Rules: TypeAlias = tuple[Instrument, Fees]


class ReplayResult(NamedTuple):
    """What is left after a replay."""

    profile: Profile
    session: Session
    exchange: Exchange
    events: list[Event]
    """The whole journal, oldest first."""
    start_balance: Money
    ended_by: EndedBy
    ended_at: Millis
    last_prices: dict[str, Price]
    reason: str
    """Why it ended before the data, empty otherwise."""
    replay_seconds: float


def replay(
    profile: Profile,
    candles_by_symbol: Mapping[str, Candles],
    funding: Mapping[str, FundingSeries] | None = None,
    progress: Callable[[Millis], None] | None = None,
    rules: Mapping[str, Rules] | None = None,
    balance: Money | None = None,
) -> ReplayResult:
    """Run the profile's strategies over candles, one series per symbol, on an embedded exchange of its own.

    ``rules`` go before the shipped ones, symbol by symbol; ``balance`` is the wallet at the beginning (default: the
    paper venue's, else ``BALANCE``). ``progress`` is told the replay's time now and then. Raises UsageError when a
    symbol has no candles.
    A profile's ``dry_run`` does not count here: nothing real is sent anyway.
    """
    profile = profile.model_copy(update={"dry_run": False})
    paper = profile.venue if isinstance(profile.venue, PaperSettings) else None
    if balance is None:
        balance = paper.balance if paper else BALANCE
    known = {symbol: (rules or {}).get(symbol) or _shipped(profile, symbol) for symbol in profile.traded}
    exchange = Exchange(
        [_listing(profile, known[symbol], candles_by_symbol, funding or {}) for symbol in profile.traded],
        balance,
        fill=paper.fill if paper else "through",
        liquidity=paper.liquidity if paper else None,
    )
    venue = PaperVenue(exchange, latency_ms=paper.latency_ms if paper else 0)
    journal = MemoryJournal()
    began = time.perf_counter()
    collecting = gc.isenabled()
    gc.disable()  # nothing here is cyclic, and the journal's millions of tuples would be walked again and again
    try:
        loop = assemble(profile, Parts(venue, journal, venue, DequeInbox()))
        _foretell(loop.session, exchange)
        loop.start()
        _to_the_end(loop.session, exchange, venue, progress)
    finally:
        # What has been made is old now, and not walked through once more on the way there.
        gc.freeze()
        gc.unfreeze()
        if collecting:
            gc.enable()
    seconds = time.perf_counter() - began
    reason = loop.session.stopper.reason
    return ReplayResult(
        profile,
        loop.session,
        exchange,
        journal.events,
        balance,
        _ended_by(reason),
        exchange.now(),
        {symbol: exchange.mark(symbol) for symbol in exchange.markets},
        reason,
        seconds,
    )


def _foretell(session: Session, exchange: Exchange) -> None:
    for desk in session.desks:
        reader, feed = desk.strategy.reader, exchange.market(desk.symbol).feed
        if reader is not None:
            assert isinstance(feed, CandleFeed), "made by _listing"
            desk.candles = ForeknownCandles(desk, reader, feed.series(reader.timeframe), exchange)


def _to_the_end(
    session: Session, exchange: Exchange, venue: PaperVenue, progress: Callable[[Millis], None] | None
) -> None:
    end = exchange.timeline.end
    assert end is not None, "candles end"
    steps = 0
    while not exchange.ended and not session.stopper.is_done:
        due = session.next_due()
        venue.wait(end if due is None or due > end else due)
        session.step()
        if session.wants_sync:
            synchronise(session, exchange.now())
        steps += 1
        if progress is not None and steps % _PROGRESS_EVERY == 0:
            progress(exchange.now())


def _ended_by(reason: str) -> EndedBy:
    if not reason:
        return "data_end"
    return "liquidation" if "liquidated" in reason else "emergency_stop"


def _rule_set(profile: Profile) -> str:
    if isinstance(profile.venue, PaperSettings):
        return profile.venue.rules
    return "mt5" if isinstance(profile.venue, Mt5Settings) else "bybit"


def _shipped(profile: Profile, symbol: str) -> Rules:
    name = _rule_set(profile)
    return instrument(name, symbol), fees(name, symbol)


def _listing(
    profile: Profile, rules: Rules, candles_by_symbol: Mapping[str, Candles], funding: Mapping[str, FundingSeries]
) -> Listing:
    traded, rates = rules
    symbol = traded.symbol
    candles = candles_by_symbol.get(symbol)
    if candles is None:
        raise UsageError(f"no candles for {symbol}: give one --data FILE per symbol of the profile")
    feed = CandleFeed(candles.times, candles.open, candles.high, candles.low, candles.close, candles.interval_ms)
    plan: FundingPlan | None = None
    if symbol in funding:
        plan = RecordedFunding(funding[symbol].times, funding[symbol].rates)
    elif _rule_set(profile) != "mt5":  # a broker charges its swap
        paper = profile.venue if isinstance(profile.venue, PaperSettings) else None
        rate = paper.funding_rate_percent / HUNDRED if paper else _FUNDING_RATE
        plan = ConstantFunding(traded.funding_interval_minutes, rate)
    return with_terms(_rule_set(profile), Listing(traded, rates, feed, plan))
