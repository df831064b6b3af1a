"""What plans are made with, read again while the bot runs: leverage, fees and filters may change, and no venue tells of
it. Plans go on with what is in force; where levels under way no longer fit, nothing is sent any more (I-35)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import TypeVar

from gridhedge.domain.errors import RateLimited, VenueError
from gridhedge.domain.instrument import Fees, Instrument
from gridhedge.domain.invariants import is_off_grid
from gridhedge.domain.order import Order, Pending
from gridhedge.domain.values import SIDES, Millis
from gridhedge.engine.desk import Desk
from gridhedge.engine.session import Session
from gridhedge.engine.stop import withdraw

TERMS_EVERY_MS: Millis = 600_000
"""How old leverage, fees and filters may be."""
DOUBTED_MS: Millis = 60_000
"""How old, where the venue has refused what they allow."""
_FIRST_PAUSE_MS: Millis = 5_000
"""What could not be read is asked for again after so long, then twice as long, up to ``TERMS_EVERY_MS``."""

_T = TypeVar("_T")


class Terms:
    """Reads the terms of every symbol anew: one request a tick, because each holds up the thread that trades. What has
    changed is said, and planned with from the next step on; what could not be read stays as it is, and that is said
    once."""

    def __init__(self) -> None:
        self._at: Millis = 0
        """When they were last read, or that was last tried; 0 before the start."""
        self._due: Millis = 0
        self._pause = _FIRST_PAUSE_MS
        self._reading: Iterator[None] | None = None
        self._missing: dict[tuple[str, str], VenueError] = {}
        """What can not be read, and of which symbol."""

    def begin(self, now: Millis) -> None:
        """They have just been read."""
        self._at, self._due = now, now + TERMS_EVERY_MS

    def advance(self, session: Session, now: Millis) -> None:
        """Send the next request, if they are old, or doubted, or one of them is missing."""
        if self._reading is None and self._is_due(session, now):
            session.doubts_terms = False
            self._at, self._reading = now, self.read(session)
        if self._reading is not None and next(self._reading, _DONE) is _DONE:
            self._reading = None
            self._set_due(now)

    def catch_up(self, session: Session, now: Millis) -> None:
        """The same with every request at once: after a gap nothing is planned with what is too old."""
        self.advance(session, now)
        while self._reading is not None:
            self.advance(session, now)

    def _is_due(self, session: Session, now: Millis) -> bool:
        if session.doubts_terms:
            self._due = min(self._due, self._at + DOUBTED_MS)
        return self._at > 0 and self._due <= now

    def read(self, session: Session) -> Iterator[None]:
        """Read everything; after each request but the last one of a symbol the caller may do other things first."""
        venue = session.venue
        for desk in session.desks:
            symbol = desk.symbol
            rules = self._asked(session, desk, "filters", partial(venue.instrument, symbol), desk.instrument)
            yield
            fees = self._asked(session, desk, "fees", partial(venue.fees, symbol), desk.fees)
            yield
            leverage = min(desk.asked_leverage, rules.max_leverage)
            if desk.sets_leverage:
                prepare = partial(venue.prepare, symbol, leverage)
                leverage = self._asked(session, desk, "leverage", prepare, desk.leverage)
            _take(session, desk, rules, fees, leverage)
            yield

    def _asked(self, session: Session, desk: Desk, what: str, ask: Callable[[], _T], known: _T) -> _T:
        """What the venue says now, or what is known if it says nothing."""
        name = (desk.symbol, what)
        try:
            told = ask()
        except VenueError as error:
            if name not in self._missing:
                session.say("warning", f"{desk.symbol}: {what} could not be read again, trying on: {error}")
            self._missing[name] = error
            return known
        if self._missing.pop(name, None) is not None:
            session.say("info", f"{desk.symbol}: {what} could be read again")
        return told

    def _set_due(self, now: Millis) -> None:
        if not self._missing:
            self._due, self._pause = self._at + TERMS_EVERY_MS, _FIRST_PAUSE_MS
            return
        silence = max((error.until for error in self._missing.values() if isinstance(error, RateLimited)), default=0)
        self._due = max(now + self._pause, silence)
        self._pause = min(2 * self._pause, TERMS_EVERY_MS)


_DONE = object()


def freeze_if_unfit(session: Session) -> None:
    """A table of levels that the venue's step has outgrown can neither be placed nor closed as a whole: a person must
    look."""
    for desk in session.desks:
        step = desk.instrument.lot_step
        sides = [desk.book.of(side) for side in SIDES]
        quantities = [quantity for side in sides for quantity in (*side.reference, side.held)]
        unfit = next((quantity for quantity in quantities if quantity % step), None)
        if unfit is not None:
            text = f"the venue's quantity step is {step} now, and {unfit} is off it: close the position by hand"
            session.stopper.raise_stop(session, desk.symbol, text, "freeze")


def withdraw_outgrown(session: Session) -> None:
    """Cancel what is older than the terms and off the grid of now: the next plan has it on the grid."""
    for desk in session.desks:
        if old := _outgrown(desk):
            withdraw(session, old.__contains__, "off the venue's new tick size or step")
            desk.dirty = True


def _outgrown(desk: Desk) -> list[Order]:
    return [
        order
        for order in desk.book.orders.values()
        if order.created <= desk.terms_since
        and order.pending is Pending.NOTHING
        and is_off_grid(order, desk.instrument)
    ]


def _take(session: Session, desk: Desk, rules: Instrument, fees: Fees, leverage: int) -> None:
    told = ", ".join(_changes(desk, rules, fees, leverage))
    if told:
        session.say("warning", f"{desk.symbol}: the venue's terms have changed: {told}")
        desk.instrument, desk.fees, desk.leverage = rules, fees, leverage
        desk.terms_since, desk.dirty = session.clock.now(), True
        session.margin_has_changed()
        freeze_if_unfit(session)


def _changes(desk: Desk, rules: Instrument, fees: Fees, leverage: int) -> Iterator[str]:
    """Each term that differs, with what it was and what it is."""
    if leverage != desk.leverage:
        yield f"leverage {desk.leverage} -> {leverage}"
    for name in Fees._fields:
        before, now = getattr(desk.fees, name), getattr(fees, name)
        if now != before:
            yield f"{name} fee {before} -> {now}"
    for name in Instrument.__slots__:
        before, now = getattr(desk.instrument, name), getattr(rules, name)
        if now != before:
            yield f"{name.replace('_', ' ')}" + (f" {before} -> {now}" if name != "tiers" else "")
