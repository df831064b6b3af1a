"""Closes everything of the bot's: for a person in a hurry, outside the tick loop."""

from __future__ import annotations

from gridhedge.domain.order import Reject
from gridhedge.domain.values import SIDES, Millis
from gridhedge.engine.desk import Desk
from gridhedge.engine.execute import execute
from gridhedge.engine.ports import Rejected
from gridhedge.engine.session import Session
from gridhedge.engine.stop import close_all
from gridhedge.engine.synchronise import synchronise
from gridhedge.engine.tell import tell_closed
from gridhedge.engine.unknown import ROUND_MS, ask_unknowns

_TRIES = 5
_PAUSE_MS = 1_000
_ROUNDS = 5
"""Beyond the fence, in which what nobody has seen is proved absent."""


def close_everything(session: Session) -> list[str]:
    """Cancel all orders and close all positions at market; returns what is still open after a few tries.

    Reads the venue before each try, so that a fill in between is closed, too, and asks for orders with an unknown
    outcome until none can appear any more. A closed market is asked once. Raises VenueError and DiskFailure.
    """
    tries = 0
    patience = session.clock.now() + session.unknowns.fence_ms + _ROUNDS * ROUND_MS
    is_open = True
    while is_open and tries < _TRIES:
        synchronise(session, 0)
        now = session.clock.now()
        ask_unknowns(session, now)
        busy = [_close(session, desk, now) for desk in session.desks]
        tries += any(busy)
        is_open = any(busy) or (len(session.unknowns) > 0 and now < patience)
        session.venue.wait(now + _PAUSE_MS)
        session.observe()
    session.journal.sync()
    return [
        f"{desk.symbol} {side.value} {desk.book.of(side).held}" + " (the market is closed)" * desk.hours.is_closed
        for desk in session.desks
        for side in SIDES
        if desk.book.of(side).held > 0
    ] + [order.client_id for desk in session.desks for order in desk.book.orders.values()]


def _close(session: Session, desk: Desk, now: Millis) -> bool:
    """Send what closes one symbol; False where there is nothing to send, or nobody to take it."""
    changes = close_all(desk.book, desk.instrument, desk.market.last, "closed by hand")
    if not changes or now < desk.hours.closed_until:
        return False
    for outcome in execute(changes, session.venue, session.journal, session.record, now):
        if type(outcome) is Rejected and outcome.reason is Reject.MARKET_CLOSED:
            tell_closed(session, desk, outcome, now)
    return True
