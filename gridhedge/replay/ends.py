"""Where it ends: a straight fall and a straight rise through the real engine, from a cold start to liquidation.

Tells at which price averaging stops for want of budget or levels, where the margin rate reaches the threshold, and
where the venue would liquidate. The hedge works on the way as it does live: the winning side takes profit, re-opens.
"""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

from gridhedge.domain.events import SignalSeen
from gridhedge.domain.instrument import Fees, Instrument
from gridhedge.domain.values import Millis, Money, Price, Side
from gridhedge.engine.assemble import Parts, assemble
from gridhedge.engine.inbox import DequeInbox
from gridhedge.engine.session import Session
from gridhedge.profile.settings import Profile, SymbolSettings
from gridhedge.store.memory import MemoryJournal
from gridhedge.strategy.settings import SignalSettings
from gridhedge.venue.paper.exchange import Exchange
from gridhedge.venue.paper.feed import ScriptedFeed
from gridhedge.venue.paper.funding import ConstantFunding
from gridhedge.venue.paper.market import Listing
from gridhedge.venue.paper.venue import PaperVenue

BALANCE = Decimal(1000)
"""Wallet at the beginning where nobody says another."""
_STEP = Decimal("0.0005")
_STEP_MS = 1_000
_FIRST_MINUTE_MS = 60_000
"""A grid is built at the close of the first candle; the walk begins after it."""
_LOWEST = Decimal("0.1")
_HIGHEST = Decimal(4)


class End(NamedTuple):
    """One event on the way; the level is that of the deeper side at that moment."""

    price: Price
    level: int


class Way(NamedTuple):
    """What a straight move meets; None where it is not met before a tenth, or four times, of the price."""

    averaging: End | None
    """The last level has executed: nothing rests beyond it."""
    reserve: End | None
    """The first level that the reserve forbids."""
    mm_threshold: End | None
    liquidation: End | None
    max_loss: End | None = None
    """A limit of the day closes everything; only where a strategy has one."""


def where_it_ends(
    profile: Profile, instrument: Instrument, fees: Fees, price: Price, balance: Money, falling: bool
) -> Way:
    """Walk the first symbol of the profile straight down or up from ``price``, starting with ``balance``."""
    stopped = _walk(profile, instrument, fees, price, balance, falling, profile.risk.mm_rate_threshold)
    if profile.risk.mm_rate_threshold == 0:
        return stopped._replace(mm_threshold=None)
    ruined = _walk(profile, instrument, fees, price, balance, falling, Decimal(0))
    return stopped._replace(liquidation=ruined.liquidation)


def _walk(
    profile: Profile,
    instrument: Instrument,
    fees: Fees,
    price: Price,
    balance: Money,
    falling: bool,
    threshold: Decimal,
) -> Way:
    risk = profile.risk.model_copy(update={"mm_rate_threshold": threshold, "emergency_action": "freeze"})
    entries = tuple(_always_trading(entry) for entry in profile.symbols[:1])
    profile = profile.model_copy(update={"risk": risk, "symbols": entries, "dry_run": False})
    path = _path(instrument, price, falling)
    exchange = Exchange(
        [Listing(instrument, fees, ScriptedFeed(path), ConstantFunding(rate=Decimal(0)))], balance, keep_history=False
    )
    venue = PaperVenue(exchange)
    session = assemble(profile, Parts(venue, MemoryJournal(), venue, DequeInbox())).session
    end = path[-1][0]
    _give_signal(session, falling, end)
    way = Way(None, None, None, None)
    level = 0
    while exchange.now() < end and not session.stopper.reason:
        session.step()
        level = _level(session) if not session.stopper.reason else level
        way = _note(way, session, level)
        due = session.next_due()
        venue.wait(end if due is None or due > end else due)
    session.step()
    return _note(way, session, level)


def _always_trading(entry: SymbolSettings) -> SymbolSettings:
    """The walk has no candles and no hours: baskets open at its beginning, and orders are added as the price comes."""
    if not isinstance(entry.strategy, SignalSettings):
        return entry
    anyway = {"suspend": False, "start_time": None, "finish_time": None, "open_on_new_candle": False}
    return entry.model_copy(update={"strategy": entry.strategy.model_copy(update=anyway)})


def _give_signal(session: Session, falling: bool, until: Millis) -> None:
    """Where signals open, the wrong one stands: BUY before a fall, SELL before a rise."""
    desk = session.desks[0]
    if desk.candles is not None:
        wrong = Side.LONG if falling else Side.SHORT
        desk.candles.hold(SignalSeen(desk.symbol, until, desk.market.last, (wrong,), (), session.clock.now()))


def _level(session: Session) -> int:
    book = session.desks[0].book
    return max(book.long.started, book.short.started, 1) - 1


def _path(instrument: Instrument, price: Price, falling: bool) -> list[tuple[Millis, Price]]:
    factor = 1 - _STEP if falling else 1 + _STEP
    stop = price * (_LOWEST if falling else _HIGHEST)
    points, at, exact = [(_FIRST_MINUTE_MS, price)], 2 * _FIRST_MINUTE_MS, price
    while (exact > stop) is falling:
        exact *= factor
        at += _STEP_MS
        points.append((at, max(instrument.floor_price(exact), instrument.tick_size)))
    return points


def _note(way: Way, session: Session, level: int) -> Way:
    desk = session.desks[0]
    here = End(desk.market.last, level)
    codes = {alarm.code for alarm in desk.plan.alarms}
    if way.reserve is not None and level > way.reserve.level:
        way = way._replace(reserve=None)  # it was short for a moment only, in the middle of a re-opening
    if way.reserve is None and any(code.startswith(("budget", "withdrawn", "margin")) for code in codes):
        way = way._replace(reserve=here)
    levels = max(len(desk.book.long.reference), len(desk.book.short.reference))
    if way.averaging is None and levels and level >= levels - 1:
        way = way._replace(averaging=here)
    if way.max_loss is None and desk.book.halted is not None:
        way = way._replace(max_loss=here)
    reason = session.stopper.reason
    if reason and way.liquidation is None and "liquidated" in reason:
        return way._replace(liquidation=here)
    if reason and way.mm_threshold is None:
        return way._replace(mm_threshold=here)
    return way
