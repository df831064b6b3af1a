"""Reads the position before a closing order, for strategies to which the whole position belongs.

The book mirrors the venue through executions, so this matters where one has not been told: a lost message, a hand on
the account, a venue that nets in its own way. One look after an execution is enough; what differs is explained by a
whole synchronisation before the exit is sent.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from gridhedge.domain.change import Amend, Change, Place
from gridhedge.domain.errors import RateLimited, VenueError
from gridhedge.domain.ladder_book import SideBook
from gridhedge.domain.values import ZERO, Millis, Role
from gridhedge.engine.desk import Desk

if TYPE_CHECKING:
    from gridhedge.engine.session import Session

READS_AT_MOST = 10
_AGAIN_MS = 1_000


def must_wait(session: Session, desk: Desk, changes: Sequence[Change], now: Millis) -> bool:
    """Whether these changes close something, and the position has not been read since the last execution. Beside a stop
    whose price has come it is read each time: what it has closed may not have been told.

    A venue that can not be read is asked ten times, a second apart; then the book's quantity has to do.
    """
    is_read = desk.position_is_read and not any(_is_triggered(side) for side in (desk.book.long, desk.book.short))
    if is_read or not desk.strategy.owns_position or session.venue.capabilities.is_instant:
        return False
    if session.policy.dry_run or not any(_closes(desk, change) for change in changes):
        return False
    try:
        agrees = _agrees(session, desk)
    except VenueError as error:
        desk.reads_failed += 1
        if desk.reads_failed < READS_AT_MOST:
            desk.retry(error.until if isinstance(error, RateLimited) else now + _AGAIN_MS)
            session.say("warning", f"{desk.symbol}: the position could not be read before closing: {error}")
            return True
        session.say("error", f"{desk.symbol}: unread after {READS_AT_MOST} tries, closing by the book: {error}")
        agrees = True
    desk.reads_failed, desk.position_is_read = 0, agrees
    session.wants_sync = session.wants_sync or not agrees
    return not agrees


def _is_triggered(side: SideBook) -> bool:
    stop = side.exits.get(Role.STOP_LOSS)
    return stop is not None and stop.triggered_at > 0


def _closes(desk: Desk, change: Change) -> bool:
    if isinstance(change, Amend):
        order = desk.book.orders.get(change.client_id)
        return order is not None and order.reduce_only
    return isinstance(change, Place) and change.reduce_only


def _agrees(session: Session, desk: Desk) -> bool:
    positions = session.venue.snapshot((desk.symbol,)).positions
    held = {item.side: item.quantity for item in positions if item.symbol == desk.symbol}
    sides = [desk.book.of(side) for side in desk.strategy.sides]
    return all(held.get(side.side, ZERO) == side.held + side.surplus for side in sides)
