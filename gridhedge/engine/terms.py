"""What plans are made with, read again while the bot runs: leverage, fees and filters may change, and no venue tells of
it. Plans go on with what is in force; where levels under way no longer fit, nothing is sent any more (I-35)."""

from __future__ import annotations

from collections.abc import Iterator

from gridhedge.domain.errors import VenueError
from gridhedge.domain.instrument import Fees, Instrument
from gridhedge.domain.invariants import is_off_grid
from gridhedge.domain.order import Order, Pending
from gridhedge.domain.values import SIDES, Millis
from gridhedge.engine.desk import Desk
from gridhedge.engine.session import Session
from gridhedge.engine.stop import withdraw

TERMS_EVERY_MS: Millis = 600_000
"""How old leverage, fees and filters may be."""


def renew_terms(session: Session) -> bool:
    """Read the terms of every symbol. What has changed is said, and planned with from the next step on; False if the
    venue could not be read: then everything is as it was."""
    is_whole = True
    for desk in session.desks:
        try:
            rules, fees = session.venue.instrument(desk.symbol), session.venue.fees(desk.symbol)
            leverage = min(desk.asked_leverage, rules.max_leverage)
            if desk.sets_leverage:
                leverage = session.venue.prepare(desk.symbol, leverage)
        except VenueError as error:
            is_whole = False
            session.say("warning", f"{desk.symbol}: leverage, fees and filters could not be read: {error}")
        else:
            _take(session, desk, rules, fees, leverage)
    return is_whole


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
