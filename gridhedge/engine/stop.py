"""The emergency stop: told, written to a file that only a person removes, and nothing sent afterwards.

The one exception is what ``emergency_action`` names: ``freeze`` sends nothing, ``hold`` cancels the look-ahead and both
take-profits so that the hedge stays whole (a stop-loss stays), ``cancel_entries`` and ``close_all`` do what they say.
It is seen through: answers get lost and market orders execute in part, most of all when it matters.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from gridhedge.domain.book import SymbolBook
from gridhedge.domain.change import Cancel, Change, Place, Urgency
from gridhedge.domain.events import StopRaised
from gridhedge.domain.instrument import Instrument
from gridhedge.domain.ladder_book import SideBook
from gridhedge.domain.order import Order, OrderKey, OrderState, Pending, client_id
from gridhedge.domain.values import ZERO, Millis, Price, Role
from gridhedge.engine.execute import execute
from gridhedge.engine.ports import StopFile

if TYPE_CHECKING:
    from gridhedge.engine.session import Session


_ROUND_MS = 1_000
_ROUNDS_AT_MOST = 60


class Stopper:
    """Holds why nothing is sent. There is no way back from inside the program."""

    def __init__(self, action: str, file: StopFile | None) -> None:
        self.reason = ""
        self.level = ""
        self.is_done = False
        """A stop was raised, and nothing of what ``emergency_action`` names is left to do: the process may end."""
        self.action = action
        """``emergency_action``."""
        self._file = file
        self._rounds = 0
        self._next_round: Millis = 0

    def raise_stop(self, session: Session, symbol: str, reason: str, level: str = "emergency") -> None:
        """Stop the account until a person lifts it. ``emergency`` carries out ``emergency_action``; ``freeze`` (an
        invariant broken, a second bot) sends nothing at all."""
        if self.reason:
            return
        now = session.clock.now()
        self.reason, self.level = f"{level} stop: {reason}", level
        if self._file is not None:  # first: the journal may be what fails
            self._file.write(now, symbol, reason, session.mm_rate)
        session.record(StopRaised(level, symbol, reason, now))
        session.journal.sync()
        session.say("critical", f"{symbol}: {self.reason}")
        self.is_done = level != "emergency" or self.action == "freeze" or session.policy.dry_run
        self.see_through(session)

    def next_due(self) -> Millis | None:
        """When to look again whether everything is done."""
        return self._next_round if self.reason and not self.is_done else None

    def see_through(self, session: Session) -> None:
        """Send what is left of the emergency action; once a second, until nothing is, for a minute at most in which the
        markets are open."""
        now = session.clock.now()
        if self.is_done or now < self._next_round:
            return
        left = [order.client_id for desk in session.desks for order in desk.book.orders.values() if _is_open(order)]
        waits = False
        for desk in session.desks:
            changes = emergency_changes(desk.book, self.action, desk.instrument, desk.market.last)
            left += [change.client_id for change in changes]
            if changes and now >= desk.hours.closed_until:
                outcomes = execute(changes, session.venue, session.journal, session.record, now)
                session.settle(desk, changes, outcomes, session.clock.now())
            waits = waits or (bool(changes) and desk.hours.is_closed)
        self._rounds += not waits
        self._next_round = max(session.clock.now() + _ROUND_MS, session.quiet_until)
        self.is_done = not left or self._rounds >= _ROUNDS_AT_MOST
        if left and self.is_done:
            session.say("critical", f"{self.action} could not be seen through, look at the venue: {', '.join(left)}")


def emergency_changes(book: SymbolBook, action: str, rules: Instrument, price: Price) -> list[Change]:
    """What ``emergency_action`` sends for one symbol."""
    if action == "hold":
        depth = max(book.long.started, book.short.started)
        return cancels(
            book,
            lambda order: order.key.level >= depth if order.key.role.is_entry else order.trigger_price is None,
            "emergency: hold",
        )
    if action == "cancel_entries":
        return cancels(book, lambda order: order.key.role.is_entry, "emergency: cancel entries")
    if action == "close_all":
        return close_all(book, rules, price, "emergency: close all")
    return []


def close_all(book: SymbolBook, rules: Instrument, price: Price, why: str) -> list[Change]:
    """Cancel everything of ours, and close both sides at market."""
    changes = cancels(book, lambda order: True, why)
    for side in (book.long, book.short):
        changes += _market_closes(book, side, rules, price, why)
    return changes


def _is_open(order: Order) -> bool:
    """Whether the outcome of something sent is still awaited."""
    return order.state is not OrderState.WORKING or order.pending is not Pending.NOTHING or order.key.role is Role.CLOSE


def cancels(book: SymbolBook, which: Callable[[Order], bool], why: str) -> list[Change]:
    """Cancel the working orders that ``which`` picks and that are not being cancelled."""
    return [
        Cancel(book.symbol, order.client_id, order.venue_id, why)
        for order in book.orders.values()
        if order.state is OrderState.WORKING and order.pending is not Pending.CANCEL and which(order)
    ]


def withdraw(session: Session, which: Callable[[Order], bool], why: str) -> None:
    """Cancel now what ``which`` picks on every symbol: what start, stop and a lost stream do if the profile says so.
    Where the venue wants silence, or the market is closed, the orders stay, and the user is told."""
    for desk in session.desks:
        changes = cancels(desk.book, which, why)
        if not changes:
            continue
        now = session.clock.now()
        if now < max(session.quiet_until, desk.hours.closed_until):
            reason = "the venue wants silence" if now < session.quiet_until else "the market is closed"
            session.say("error", f"{desk.symbol}: orders stay, {reason}: {why}")
            continue
        session.settle(desk, changes, execute(changes, session.venue, session.journal, session.record, now), now)


def _market_closes(book: SymbolBook, side: SideBook, rules: Instrument, price: Price, why: str) -> list[Change]:
    """As many orders as the venue's largest market order makes of what no other one is closing already; the level
    tells them apart."""
    cycle = side.cycle or side.last_cycle + 1
    closing = [order for order in book.orders.values() if order.key.side is side.side and order.key.role is Role.CLOSE]
    left = side.held - sum((order.exposure for order in closing), ZERO)
    first = max((order.key.level + 1 for order in closing), default=0)
    closes = list[Change]()
    while left > ZERO:
        level = first + len(closes)
        key = OrderKey(side.side, Role.CLOSE, level, cycle, side.next_revision(Role.CLOSE, level))
        while client_id(book.tag, key) in book.known:  # without a cycle of its own no revision is remembered
            key = key._replace(revision=key.revision + 1)
        share = min(left, rules.max_market_quantity)
        name = client_id(book.tag, key)
        closes.append(Place(book.symbol, name, key, price, share, True, Urgency.EXIT, why, None, market=True))
        left -= share
    return closes
