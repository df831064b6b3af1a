"""Unknown outcomes: ask, and never guess.

While an order's outcome is unknown nothing else is sent for it. A venue refuses a signed request that is older than
its receive window, so after that window, its processing time and a margin, a request that nobody has seen can not
appear any more. Only then do two negative rounds, each asking two endpoints and at least a second apart, prove that
the order is absent.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gridhedge.domain.account import OrderRecord
from gridhedge.domain.errors import VenueError
from gridhedge.domain.events import ChangeSettled, Event, OrderSettled, OrderUpdate
from gridhedge.domain.order import Order, OrderState, Pending
from gridhedge.domain.values import ZERO, Millis
from gridhedge.engine.ports import Capabilities, Venue
from gridhedge.engine.wording import told

if TYPE_CHECKING:
    from gridhedge.engine.session import Session

CLOCK_MARGIN_MS = 2_000
ROUND_MS = 1_000


class Question:
    """One order whose fate must be asked for."""

    __slots__ = ("client_id", "fence", "negatives", "next_at", "opened", "symbol")

    def __init__(self, symbol: str, client_id: str, opened: Millis, fence_ms: Millis) -> None:
        self.symbol = symbol
        self.client_id = client_id
        self.next_at = opened
        self.begin(opened, fence_ms)

    def begin(self, opened: Millis, fence_ms: Millis) -> None:
        """The order's last request left before ``opened``, or then."""
        self.opened, self.fence, self.negatives = opened, opened + fence_ms, 0


class Unknowns:
    """The open questions of a session."""

    def __init__(self, capabilities: Capabilities) -> None:
        margin = CLOCK_MARGIN_MS if capabilities.receive_window_ms else 0
        self.fence_ms: Millis = capabilities.receive_window_ms + capabilities.processing_ms + margin
        """How long after its sending a request may still come into effect, and lists may still lag."""
        self._questions: dict[str, Question] = {}

    def __len__(self) -> int:
        return len(self._questions)

    def __contains__(self, client_id: str) -> bool:
        return client_id in self._questions

    def open(self, order: Order, now: Millis) -> None:
        """Start asking for an order; its last request left before now."""
        if order.client_id not in self._questions:
            self._questions[order.client_id] = Question(order.symbol, order.client_id, now, self.fence_ms)

    def next_due(self) -> Millis | None:
        if not self._questions:
            return None
        return min(question.next_at for question in self._questions.values())

    def ask(self, venue: Venue, live: dict[str, Order], now: Millis) -> list[Event]:
        """One round for every question that is due; returns what has been learned.

        Raises VenueError where the venue can not be read and nothing has been learned before; what failed is asked
        again in the next round.
        """
        learned: list[Event] = []
        for question in [item for item in self._questions.values() if item.next_at <= now]:
            order = live.get(question.client_id)
            if order is None:
                del self._questions[question.client_id]
                continue
            if order.changed > question.opened:
                question.begin(order.changed, self.fence_ms)  # another request has left, and lists lag behind that one
            question.next_at = now + ROUND_MS
            try:
                found = venue.find_open(question.symbol, question.client_id) or venue.find_ended(
                    question.symbol, question.client_id
                )
            except VenueError:
                if not learned:
                    raise
                return learned
            events = self._on_found(question, order, found, now) if found else self._on_absent(question, order, now)
            if events:
                learned += events
                del self._questions[question.client_id]
        return learned

    def _on_found(self, question: Question, order: Order, found: OrderRecord, now: Millis) -> list[Event]:
        events: list[Event] = [seen_as(found, now)]
        if order.pending is not Pending.NOTHING and not found.state.is_final:
            took_effect = order.amending is not None and order.amending == (found.price, found.quantity)
            if not took_effect and now < question.fence:
                return []
            events.append(ChangeSettled(order.client_id, order.symbol, took_effect, now, text="found at the venue"))
        return events

    def _on_absent(self, question: Question, order: Order, now: Millis) -> list[Event]:
        if now < question.fence:
            return []
        question.negatives += 1
        if question.negatives < 2:
            return []
        if order.state is OrderState.WORKING:
            return [
                OrderUpdate(
                    order.symbol,
                    order.client_id,
                    order.venue_id,
                    OrderState.CANCELLED,
                    order.price,
                    order.quantity,
                    order.filled,
                    now,
                    text="gone from both lists of the venue",
                )
            ]
        proof = f"not listed at {question.negatives} rounds on two endpoints after the fence at {question.fence}"
        return [OrderSettled(order.client_id, order.symbol, OrderState.ABSENT, "", now, None, proof)]


def seen_as(record: OrderRecord, now: Millis) -> OrderUpdate:
    """A listed order as an event for the book."""
    return OrderUpdate(
        record.symbol,
        record.client_id,
        record.venue_id,
        record.state,
        record.price,
        record.quantity,
        record.filled,
        now,
        triggered=record.triggered,
    )


def ask_unknowns(session: Session, now: Millis) -> bool:
    """Ask what is due; True if something was learned. What could not be asked is asked again."""
    due = session.unknowns.next_due()
    if due is None or due > now:
        return False
    live = {client_id: order for desk in session.desks for client_id, order in desk.book.orders.items()}
    try:
        learned = session.unknowns.ask(session.venue, live, now)
    except VenueError as error:
        session.say("warning", f"asking for unknown orders failed: {error}")
        return False
    for event in learned:
        session.say("info", f"learned: {told(event)}")
        session.record(event)
        if type(event) is OrderUpdate and event.filled > ZERO:
            session.wants_sync = True
    for desk in session.desks:
        desk.dirty = desk.dirty or bool(learned)
    return bool(learned)
