"""Judges safety at every step, from what the bot believes and from what the exchange knows.

``domain.invariants`` looks at the book. What a book can not see (two orders at the exchange, a request without a
durable intent, an execution counted twice) is judged here.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from gridhedge.domain import invariants
from gridhedge.domain.change import Amend, Cancel, Change, Place, Urgency
from gridhedge.domain.events import (
    AmendIntended,
    Event,
    Execution,
    Funding,
    OrderAdopted,
    OrderIntended,
)
from gridhedge.domain.invariants import Violation
from gridhedge.domain.order import OrderKey, parse_client_id
from gridhedge.domain.values import ZERO, Millis, Price, Quantity
from gridhedge.engine.desk import Desk
from gridhedge.engine.session import Session
from gridhedge.engine.terms import TERMS_EVERY_MS
from gridhedge.simulate.network import MAX_SKEW_MS, Network
from gridhedge.simulate.sums import Sums, Terms
from gridhedge.venue.paper.orders import PaperOrder

__all__ = ["Broken", "Judge"]

_MENDABLE = ("I-01", "I-10", "I-11", "I-13")
"""Late fills, old backups and other people's hands break these in the book; the judge looks at what is sent, and at
the orders that the exchange holds, instead."""
_BUDGETED = (Urgency.LOOK_AHEAD, Urgency.ENTRY)
_REQUESTS_PER_SECOND = 500
_STEPS_PER_INSTANT = 500
_LAST_DIGIT = Decimal("1E-9")
"""Two sums of the same margins may differ in the last digits of their divisions."""
_STALENESS_MARGIN_MS = 2 * MAX_SKEW_MS + 1000
_TERMS_MARGIN_MS = 300_000
"""A venue that can not be read is asked again later."""


class Broken(BaseException):
    """An invariant does not hold. Not an Exception: nothing on its way up may take it for an error of the world."""

    def __init__(self, violation: Violation) -> None:
        super().__init__(f"{violation.invariant}: {violation.text}")
        self.violation = violation


class _Intent:
    """Terms that may arrive at the exchange under one client id."""

    __slots__ = ("terms",)

    def __init__(self) -> None:
        self.terms: set[tuple[Price, Quantity]] = set()


class Judge:
    """Raises ``Broken`` at the first violation."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._exchange = network.paper.exchange
        self.session: Session | None = None
        self._durable: dict[str, _Intent] = {}
        """Client ids whose intent has ever been synced, in this or an earlier journal, or that were adopted."""
        self._meanings: dict[str, OrderKey] = {}
        self._counted: set[str] = set()
        """Executions and funding payments of the journal of now."""
        self.facts: list[Execution | Funding] = []
        self._sums = Sums()
        self._terms = Terms(self._exchange)
        self._knows_all = False
        """Whether what the bot knew, when it sent, was what the exchange knew."""
        self._differing: dict[str, tuple[Millis, object]] = {}
        """Per symbol with whose terms of now no plans are made: since when the exchange has them, and the terms."""
        self._second: Millis = 0
        self._requests = 0
        self._instant: Millis = 0
        self._steps = 0

    # ---- the journal -------------------------------------------------------------------------------------------------

    def begin(self, events: Sequence[Event]) -> None:
        """A process has read these events from its journal."""
        self._differing.clear()
        self._sums = Sums(events)
        self.facts = [event for event in events if isinstance(event, Execution | Funding)]
        self._counted = {_fact_id(fact) for fact in self.facts}
        if len(self._counted) != len(self.facts):
            raise Broken(Violation("I-21", "the journal holds a fact twice"))

    def told(self, event: Event) -> None:
        """The bot has journaled an event."""
        self._sums.told(event)
        self._terms.told(event)
        if isinstance(event, Execution | Funding):
            name = _fact_id(event)
            if name in self._counted:
                raise Broken(Violation("I-21", f"{name} has been counted before"))
            self._counted.add(name)
            self.facts.append(event)
        elif isinstance(event, OrderIntended):
            before = self._meanings.setdefault(event.client_id, event.key)
            if before != event.key:
                raise Broken(Violation("I-03", f"{event.client_id} meant {before} and now means {event.key}"))
        elif isinstance(event, OrderAdopted):
            self._durable.setdefault(event.client_id, _Intent()).terms.add((event.price, event.quantity))

    def synced(self, events: Sequence[Event]) -> None:
        """These events have become durable."""
        for event in events:
            if isinstance(event, OrderIntended | AmendIntended):
                self._durable.setdefault(event.client_id, _Intent()).terms.add((event.price, event.quantity))

    # ---- requests ----------------------------------------------------------------------------------------------------

    def sending(self, changes: Sequence[Change]) -> None:
        """Changes leave now: look at each of them and at the moment."""
        self._count(len(changes))
        session = self.session
        if session is None:
            return
        self._check_moment(session, changes)
        self._knows_all = self._is_up_to_date(session)
        for change in changes:
            desk = next(desk for desk in session.desks if desk.symbol == change.symbol)
            if parse_client_id(desk.book.tag, change.client_id) is None:
                raise Broken(Violation("I-07", f"{change.client_id} is not ours"))
            if isinstance(change, Place):
                self._check_place(desk, change)
                self._check_age_of_terms(desk)
            if isinstance(change, Place | Amend):
                self._check_terms(desk, change)
        self.step()

    def reading(self) -> None:
        """The bot asks the venue something."""
        self._count(1)

    def _count(self, requests: int) -> None:
        """I-33: nobody may hammer the venue. Far above what any plan needs within one second of the exchange."""
        second = self._exchange.now() // 1000
        self._requests = self._requests + requests if second == self._second else requests
        self._second = second
        if self._requests > _REQUESTS_PER_SECOND:
            raise Broken(Violation("I-33", f"{self._requests} requests within one second"))

    def _check_moment(self, session: Session, changes: Sequence[Change]) -> None:
        stop = session.stopper
        if stop.reason and not (stop.level == "emergency" and all(_is_emergency(change) for change in changes)):
            raise Broken(Violation("I-29", f"{len(changes)} changes leave after: {stop.reason}"))
        now = self._exchange.now()
        if now + 2 * MAX_SKEW_MS < self._network.quiet_until and not stop.reason:
            wait = self._network.quiet_until - now
            raise Broken(Violation("I-33", f"sent {wait} ms before the venue's silence ends"))
        longest = session.policy.max_price_age_ms + _STALENESS_MARGIN_MS
        for desk in session.desks:
            is_touched = any(change.symbol == desk.symbol and not isinstance(change, Cancel) for change in changes)
            if is_touched and now - desk.market.at > longest and not stop.reason:
                raise Broken(Violation("I-31", f"sent on a price that is {now - desk.market.at} ms old"))

    def _check_place(self, desk: Desk, place: Place) -> None:
        book, key = desk.book, place.key
        side = book.of(key.side)
        for order in book.orders.values():
            is_same = order.key[:4] == key[:4] and order.client_id != place.client_id
            if is_same:
                text = f"{place.client_id} is sent while {order.client_id} is {order.state.value}"
                raise Broken(Violation("I-32", text))
        if key.role.is_entry:
            table = side.reference
            room = sum((table[level] - side.filled(level) for level in range(min(key.level + 1, len(table)))), ZERO)
            if key.level >= len(table) or place.quantity > room:
                raise Broken(Violation("I-10", f"{place.client_id} for {place.quantity}, room for {room}"))
            self._check_cap(desk, place)
        else:
            others = sum((order.exposure for order in side.exits.values() if order.trigger_price is None), ZERO)
            if others > side.held and not place.market and place.trigger_price is None:
                raise Broken(Violation("I-13", f"exits for {others} of {side.held} held"))
            if not place.reduce_only:
                raise Broken(Violation("I-17", f"{place.client_id} closes without being reduce-only"))

    def _check_cap(self, desk: Desk, place: Place) -> None:
        assert self.session is not None
        cap = self.session.policy.max_notional
        if cap and place.urgency in _BUDGETED:
            side = desk.book.of(place.key.side)
            nearer = (order.exposure for level, order in side.entries.items() if level < place.key.level)
            notional = (side.held + sum(nearer, place.quantity)) * place.price
            if notional > cap:
                raise Broken(Violation("I-20", f"{place.client_id} takes the side to {notional} of {cap}"))

    def _note_terms(self, desk: Desk) -> None:
        market = self._exchange.market(desk.symbol)
        terms = (market.leverage, market.fees, market.instrument)
        if (desk.leverage, desk.fees, desk.instrument) == terms:
            self._differing.pop(desk.symbol, None)
        elif self._differing.get(desk.symbol, (0, None))[1] != terms:
            self._differing[desk.symbol] = self._exchange.now(), terms

    def _check_age_of_terms(self, desk: Desk) -> None:
        """I-35: leverage, fees and filters are those of the exchange, or were a while ago."""
        self._note_terms(desk)
        now = self._exchange.now()
        age = now - self._differing.get(desk.symbol, (now, None))[0]
        if age > TERMS_EVERY_MS + _TERMS_MARGIN_MS:
            raise Broken(Violation("I-35", f"{desk.symbol}: planned with terms that changed {age} ms ago"))

    def _check_terms(self, desk: Desk, change: Place | Amend) -> None:
        rules = desk.instrument
        is_priced = not (isinstance(change, Place) and change.market)
        if change.price <= 0 or (is_priced and change.price % rules.tick_size) or change.quantity % rules.lot_step:
            raise Broken(Violation("I-05", f"{change.client_id}: {change.quantity} @ {change.price} is off the grid"))

    # ---- the reserve ----------------------------------------------------------------------------------------------

    def _is_up_to_date(self, session: Session) -> bool:
        account = self._exchange.account
        return (
            self._network.skew == 0  # else a figure from the middle of a batch looks as if it came after it
            and account.available() - session.available() > -_LAST_DIGIT
            and account.wallet == session.account.wallet_balance
            and all(
                desk.market.last == self._exchange.mark(desk.symbol)
                and desk.leverage == self._exchange.market(desk.symbol).leverage
                and desk.fees == self._exchange.market(desk.symbol).fees
                for desk in session.desks
            )
        )

    def sent(self, change: Change) -> None:
        """I-18: what may only use what the reserve leaves, does: if all that rests executes, it is untouched."""
        session = self.session
        is_look_ahead = isinstance(change, Place) and change.urgency in _BUDGETED
        if session is None or not is_look_ahead or not self._knows_all or not self._is_known_still(session):
            return
        seen = self._exchange.account_seen()
        reserve = session.policy.buffer_fraction * seen.margin_balance
        is_open = self._exchange.account.find(change.client_id) is not None
        if is_open and seen.available < reserve:
            text = f"{change.client_id} leaves {seen.available:.4f} of the reserve {reserve:.4f}"
            raise Broken(Violation("I-18", text))

    def _is_known_still(self, session: Session) -> bool:
        """Whether nothing has happened while the request was on its way."""
        return self._exchange.account.wallet == session.account.wallet_balance and all(
            desk.market.last == self._exchange.mark(desk.symbol) for desk in session.desks
        )

    # ---- the exchange ------------------------------------------------------------------------------------------------

    def changed(self, order: PaperOrder) -> None:
        """The exchange has changed an order."""
        self._terms.changed(order)

    def placed(self, order: PaperOrder) -> None:
        """The exchange has accepted an order."""
        meaning, _, _ = order.client_id.rpartition("-")
        if not meaning or order.client_id in self._network.strangers:
            return
        intent = self._durable.get(order.client_id)
        if intent is None:
            raise Broken(Violation("I-27", f"{order.client_id} reached the exchange without a durable intent"))
        if not order.closing and (order.price, order.quantity) not in intent.terms:
            raise Broken(Violation("I-02", f"{order.client_id}: {order.quantity} @ {order.price} was never intended"))
        for other in self._exchange.account.open.values():
            is_ours = other is not order and other.client_id not in self._network.strangers
            if is_ours and other.client_id.rpartition("-")[0] == meaning:
                raise Broken(Violation("I-01", f"{order.client_id} and {other.client_id} are both live"))

    # ---- the book ----------------------------------------------------------------------------------------------------

    def step(self) -> None:
        """After every step and before every request: what must always hold."""
        session = self.session
        if session is None:
            return
        self._check_progress()
        for desk in session.desks:
            self._note_terms(desk)
            for violation in invariants.always(desk.book, desk.instrument, desk.terms_since):
                if violation.invariant not in _MENDABLE:
                    raise Broken(violation)
            for violation in (*self._sums.differing(desk.book), *self._terms.untrue(desk.book)):
                raise Broken(violation)

    def _check_progress(self) -> None:
        """I-36: whoever wakes without end while no time passes does nothing else any more."""
        now = self._exchange.now()
        self._steps = self._steps + 1 if now == self._instant else 1
        self._instant = now
        if self._steps > _STEPS_PER_INSTANT:
            raise Broken(Violation("I-36", f"{self._steps} steps within one millisecond"))


def _fact_id(fact: Execution | Funding) -> str:
    return fact.execution_id if isinstance(fact, Execution) else fact.funding_id


def _is_emergency(change: Change) -> bool:
    return not isinstance(change, Amend) and change.why.startswith("emergency")
