"""The emergency stop: told, written to a file that only a person removes, and nothing sent afterwards.

The one exception is what ``emergency_action`` names: ``freeze`` sends nothing, ``hold`` cancels the look-ahead and both
take-profits so that the hedge stays whole, ``cancel_entries`` and ``close_all`` do what they say.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from gridhedge.domain.book import SymbolBook
from gridhedge.domain.change import Cancel, Change, Place, Urgency
from gridhedge.domain.events import StopRaised
from gridhedge.domain.instrument import Instrument
from gridhedge.domain.ladder_book import SideBook
from gridhedge.domain.order import Order, OrderKey, OrderState, client_id
from gridhedge.domain.values import ZERO, Price, Role
from gridhedge.engine.execute import execute
from gridhedge.engine.ports import StopFile

if TYPE_CHECKING:
    from gridhedge.engine.session import Session


class Stopper:
    """Holds why nothing is sent. There is no way back from inside the program."""

    def __init__(self, action: str, file: StopFile | None) -> None:
        self.reason = ""
        self.level = ""
        self._action = action
        self._file = file

    def raise_stop(self, session: Session, symbol: str, reason: str, level: str = "emergency") -> None:
        """Stop the account until a person lifts it. ``emergency`` carries out ``emergency_action``; ``freeze`` (an
        invariant broken, a second bot) sends nothing at all."""
        if self.reason:
            return
        now = session.clock.now()
        self.reason, self.level = f"{level} stop: {reason}", level
        session.record(StopRaised(level, symbol, reason, now))
        session.journal.sync()
        if self._file is not None:
            self._file.write(now, symbol, reason, session.mm_rate)
        session.say("critical", f"{symbol}: {self.reason}")
        if level == "emergency" and not session.policy.dry_run:
            for desk in session.desks:
                changes = emergency_changes(desk.book, self._action, desk.instrument, desk.market.last)
                if changes:
                    execute(changes, session.venue, session.journal, session.record, now)


def emergency_changes(book: SymbolBook, action: str, rules: Instrument, price: Price) -> list[Change]:
    """What ``emergency_action`` sends for one symbol."""
    if action == "hold":
        depth = max(book.long.started, book.short.started)
        return cancels(
            book, lambda order: order.key.level >= depth if order.key.role.is_entry else True, "emergency: hold"
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


def cancels(book: SymbolBook, which: Callable[[Order], bool], why: str) -> list[Change]:
    """Cancel the working orders that ``which`` picks."""
    return [
        Cancel(book.symbol, order.client_id, order.venue_id, why)
        for order in book.orders.values()
        if order.state is OrderState.WORKING and which(order)
    ]


def _market_closes(book: SymbolBook, side: SideBook, rules: Instrument, price: Price, why: str) -> list[Change]:
    """As many orders as the venue's largest market order makes of it; the level tells them apart."""
    cycle = side.cycle or side.last_cycle + 1
    left, closes = side.held, list[Change]()
    while left > ZERO:
        key = OrderKey(side.side, Role.CLOSE, len(closes), cycle, side.next_revision(Role.CLOSE, len(closes)))
        while client_id(book.tag, key) in book.known:  # without a cycle of its own no revision is remembered
            key = key._replace(revision=key.revision + 1)
        share = min(left, rules.max_market_quantity)
        name = client_id(book.tag, key)
        closes.append(Place(book.symbol, name, key, price, share, True, Urgency.EXIT, why, None, market=True))
        left -= share
    return closes
