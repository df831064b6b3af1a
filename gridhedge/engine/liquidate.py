"""Closes everything of the bot's: for a person in a hurry, outside the tick loop."""

from __future__ import annotations

from gridhedge.domain.values import SIDES
from gridhedge.engine.execute import execute
from gridhedge.engine.session import Session
from gridhedge.engine.stop import close_all
from gridhedge.engine.synchronise import synchronise

_TRIES = 5
_PAUSE_MS = 1_000


def close_everything(session: Session) -> list[str]:
    """Cancel all orders and close all positions at market; returns what is still open after a few tries.

    Reads the venue before each try, so that a fill in between is closed, too. Raises VenueError and DiskFailure.
    """
    for _ in range(_TRIES):
        synchronise(session, 0)
        now = session.clock.now()
        busy = False
        for desk in session.desks:
            changes = close_all(desk.book, desk.instrument, desk.market.last, "closed by hand")
            if changes:
                busy = True
                execute(changes, session.venue, session.journal, session.record, now)
        session.venue.wait(now + _PAUSE_MS)
        session.observe()
        if not busy:
            break
    session.journal.sync()
    return [
        f"{desk.symbol} {side.value} {desk.book.of(side).held}"
        for desk in session.desks
        for side in SIDES
        if desk.book.of(side).held > 0
    ] + [order.client_id for desk in session.desks for order in desk.book.orders.values()]
