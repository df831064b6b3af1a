"""Looks on at the exchange and at the bot, and remembers which rare states were visited."""

from __future__ import annotations

from gridhedge.domain.change import Amend, Cancel, Change, Place
from gridhedge.domain.events import (
    Event,
    Execution,
    ExecutionKind,
    Funding,
    LookAheadSwitched,
    OrderAdopted,
    OrderSettled,
    PositionMended,
    StopRaised,
)
from gridhedge.domain.order import OrderState, Reject, parse_client_id
from gridhedge.domain.values import Role, Side
from gridhedge.engine.desk import Desk
from gridhedge.engine.ports import Accepted, Level, Outcome, Rejected, Unknown
from gridhedge.engine.session import Session
from gridhedge.engine.wording import told
from gridhedge.simulate.judge import Judge
from gridhedge.simulate.markers import MARKERS
from gridhedge.simulate.network import Stream
from gridhedge.venue.paper.matching import Cause
from gridhedge.venue.paper.orders import PaperOrder
from gridhedge.venue.paper.venue import PaperVenue

__all__ = ["Marks", "Onlooker", "Witness"]


class Marks:
    """How often each marker was hit."""

    def __init__(self) -> None:
        self.hits: dict[str, int] = {}

    def hit(self, marker: str, times: int = 1) -> None:
        assert marker in MARKERS, f"no marker is called {marker!r}"
        if times:
            self.hits[marker] = self.hits.get(marker, 0) + times


class Witness:
    """The exchange's only listener: tells the paper venue, the judge, and a chatty venue's stream."""

    def __init__(self, paper: PaperVenue, judge: Judge, marks: Marks, is_chatty: bool) -> None:
        self._paper = paper
        self._judge = judge
        self._marks = marks
        self._is_chatty = is_chatty
        self.stream: Stream | None = None
        """Of the living process; None while nobody listens."""
        self.is_sending = False

    def order_changed(self, order: PaperOrder, cause: Cause) -> None:
        if cause == "placed":
            self._judge.placed(order)
        self._judge.changed(order)
        self._paper.order_changed(order, cause)
        if self._is_chatty and cause != "withdrawn" and self.stream is not None and order.client_id:
            self.stream.put(order.update(self._paper.now()))

    def executed(self, execution: Execution) -> None:
        marks = self._marks
        if self.stream is None:
            marks.hit("filled while dead")
        elif self.is_sending:
            marks.hit("fill before acknowledgement")
        if execution.kind is ExecutionKind.ADL:
            marks.hit("deleveraged")
        elif execution.kind is ExecutionKind.LIQUIDATION:
            marks.hit("liquidated")
        self._paper.executed(execution)

    def funded(self, funding: Funding) -> None:
        self._marks.hit("funding")
        self._paper.funded(funding)

    def price_met(self, symbol: str) -> None:
        self._paper.price_met(symbol)

    def wallet_changed(self) -> None:
        self._paper.wallet_changed()


class Onlooker:
    """The session's audience: hands events to the judge, notes markers, and writes the trace where one is wanted."""

    def __init__(self, judge: Judge, marks: Marks, trace: list[str] | None) -> None:
        self._judge = judge
        self._marks = marks
        self._trace = trace
        self.session: Session | None = None
        self.stream: Stream | None = None
        self._cycles: dict[tuple[str, Side], int] = {}

    def write(self, text: str) -> None:
        if self._trace is not None:
            self._trace.append(text)

    # ---- audience ----------------------------------------------------------------------------------------------------

    def told(self, event: Event) -> None:
        if self._trace is not None:
            self.write(f"      {told(event)}")
        self._judge.told(event)
        self._note(event)

    def said(self, level: Level, text: str) -> None:
        if self._trace is not None:
            self.write(f"  {level}: {text}")
        if level == "info":
            if text.startswith("rebuilt"):
                self._marks.hit("rebuilt")
            elif text.startswith("learned: OrderUpdate"):
                self._marks.hit("found working" if "state working" in text else "found ended")
            elif " is back: " in text:
                self._marks.hit("reconnected")
        elif level == "warning" and "is not the bot's and is left alone" in text:
            self._marks.hit("foreign order")
        elif level == "error":
            self._marks.hit("synchronisation failed")

    def stepped(self) -> None:
        self._judge.step()
        self._note_state()

    # ---- requests ----------------------------------------------------------------------------------------------------

    def sent(self, change: Change, outcome: Outcome) -> None:
        """Note what became of a request."""
        if self._trace is not None:
            self.write(f"    -> {type(change).__name__} {change.client_id}: {told(outcome)}")
        marks = self._marks
        if isinstance(outcome, Rejected):
            _note_rejection(marks, change, outcome)
        elif isinstance(change, Cancel):
            marks.hit("cancel accepted", isinstance(outcome, Accepted))
            marks.hit("cancel unknown", isinstance(outcome, Unknown))
        elif isinstance(change, Amend):
            marks.hit("amend accepted", isinstance(outcome, Accepted))
            marks.hit("amend unknown", isinstance(outcome, Unknown))

    # ---- markers -----------------------------------------------------------------------------------------------------

    def _note(self, event: Event) -> None:
        marks = self._marks
        if isinstance(event, Execution):
            self._note_execution(event)
        elif isinstance(event, OrderSettled):
            marks.hit("absent", event.state is OrderState.ABSENT and event.text.startswith("not listed"))
        elif isinstance(event, OrderAdopted):
            marks.hit("adopted")
        elif isinstance(event, PositionMended):
            marks.hit("mended" if event.quantity else "mended to nothing")
        elif isinstance(event, LookAheadSwitched):
            marks.hit("look-ahead withdrawn" if event.withdrawn else "look-ahead returned")
        elif isinstance(event, StopRaised):
            marks.hit("emergency stop", event.level == "emergency")
            marks.hit("second bot", "second bot" in event.reason)

    def _note_execution(self, event: Execution) -> None:
        marks, session = self._marks, self.session
        if self.stream is not None and event.execution_id not in self.stream.told:
            marks.hit("recovered execution")
        if session is None or not event.client_id:
            marks.hit("surplus", not event.closing)
            return
        book = session.book.symbols[event.symbol]
        key = parse_client_id(book.tag, event.client_id)
        if key is None:
            return
        order = book.orders.get(event.client_id)
        is_part = order is not None and order.filled < order.quantity
        marks.hit("partial entry", is_part and key.role.is_entry)
        marks.hit("partial take-profit", is_part and key.role is Role.TAKE_PROFIT)
        side = book.of(key.side)
        marks.hit("late fill", key.role.is_entry and key.cycle < side.cycle and not side.is_current(key))

    def _note_state(self) -> None:
        session = self.session
        if session is None:
            return
        for desk in session.desks:
            self._note_sides(desk)

    def _note_sides(self, desk: Desk) -> None:
        marks, book = self._marks, desk.book
        ended = 0
        for side in (book.long, book.short):
            started = len(side.fills)
            marks.hit("deep ladder", started >= 4)
            marks.hit("full ladder", bool(side.reference) and started == len(side.reference))
            marks.hit("deep re-entry", side.now_levels >= 2)
            marks.hit("stale order", len(side.stale))
            key = (book.symbol, side.side)
            cycles = self._cycles.get(key)
            if cycles is not None and side.cycles > cycles:
                ended += 1
                marks.hit("long take-profit" if side.side is Side.LONG else "short take-profit")
                marks.hit("residue", side.held > 0 and side.now_levels == 0 and not side.has_grid)
            self._cycles[key] = side.cycles
        marks.hit("both took profit", ended == 2)


def _note_rejection(marks: Marks, change: Change, outcome: Rejected) -> None:
    marks.hit("margin refused", outcome.reason is Reject.MARGIN)
    marks.hit("duplicate id", outcome.reason is Reject.DUPLICATE_ID)
    marks.hit("rate limited", outcome.reason is Reject.RATE_LIMITED)
    marks.hit("order gone", outcome.reason is Reject.UNKNOWN_ORDER and not isinstance(change, Place))
    marks.hit("amend refused", isinstance(change, Amend))
