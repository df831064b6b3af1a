"""The life of a session: start, tick by tick, stop. Everything that is not a reaction happens here, once a tick."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from gridhedge.domain import invariants
from gridhedge.domain.errors import RateLimited, VenueError
from gridhedge.domain.order import Order, OrderState, Pending
from gridhedge.domain.values import ZERO, Millis
from gridhedge.engine.desk import Desk
from gridhedge.engine.execute import execute
from gridhedge.engine.session import Session
from gridhedge.engine.stop import cancels
from gridhedge.engine.synchronise import synchronise

_EQUITY_EVERY_MS = 60_000
_WALLET_EVERY_MS = 5_000
_RETRY_MS = 5_000
_STEPS_PER_TICK = 10_000
_TP_GAP_TICKS = 2


class Loop:
    """Drives one session. ``tick`` returns after ``tick_ms`` of the session's clock."""

    def __init__(self, session: Session, last_fact_at: Millis = 0, take_profit_rate: Decimal = ZERO) -> None:
        self.session = session
        self.ticks = 0
        self._known_until = last_fact_at
        self._next_sync: Millis = 0
        self._retry_sync: Millis = 0
        """No synchronisation before this: the last one failed."""
        self._not_before: Millis = 0
        """No synchronisation before this: the last one failed."""
        self._next_equity: Millis = 0
        self._next_wallet: Millis = 0
        self._rate = take_profit_rate
        self._gap_since: dict[tuple[str, str], Millis] = {}

    def start(self) -> None:
        """Read the venue, mend the book, and apply ``on_start``. Raises VenueError: no start without the truth."""
        session = self.session
        self._synchronise()
        for desk in session.desks:
            view = session.view(desk, session.clock.now())
            for remark in (*desk.remarks, *desk.strategy.remarks(view)):
                session.say("warning", f"{desk.symbol}: {remark}")
        if session.policy.on_start == "cancel_all" and not session.policy.dry_run:
            self._cancel(lambda order: True, "on_start: cancel_all")
        session.step()

    def run(self, ticks: int | None, should_stop: Callable[[], bool], after_tick: Callable[[], None]) -> None:
        """Tick until told to stop, ``ticks`` are done, or a stop has been raised."""
        while not should_stop() and (ticks is None or self.ticks < ticks) and not self.session.stopper.reason:
            self.tick()
            after_tick()

    def tick(self) -> None:
        """Synchronise if it is time, step until the tick's time has passed, then keep house: equity, invariants."""
        session = self.session
        now = session.clock.now()
        deadline = now + session.policy.tick_ms
        if now >= self._next_sync:
            self._synchronise_if_due(now)
        for _ in range(_STEPS_PER_TICK):
            due = session.next_due()
            session.venue.wait(deadline if due is None or due > deadline else due)
            changed = session.step()
            if session.wants_sync:
                changed = self._synchronise_if_due(session.clock.now()) or changed
            if session.stopper.reason or (session.clock.now() >= deadline and not changed):
                break
        self.ticks += 1
        self._keep_house(session.clock.now())

    def _wake(self, deadline: Millis) -> Millis:
        """When to step next. While nothing may be sent, what is overdue stays so: waiting for it would not wait."""
        session = self.session
        due = session.next_due()
        if session.disconnected or session.wants_sync:
            due = max(self._retry_sync, session.clock.now() + 1) if session.wants_sync else None
        return deadline if due is None or due > deadline else due

    def stop(self) -> None:
        """Graceful end: orders stay, or go as ``on_stop`` says. The venue stays open for the caller to close."""
        policy = self.session.policy
        if policy.dry_run or self.session.stopper.reason:
            return
        if policy.on_stop == "cancel_all":
            self._cancel(lambda order: True, "on_stop: cancel_all")
        elif policy.on_stop == "cancel_entries":
            self._cancel(lambda order: order.key.role.is_entry, "on_stop: cancel_entries")
        self.session.journal.sync()

    # ---- housekeeping --------------------------------------------------------------------------------------------

    def _keep_house(self, now: Millis) -> None:
        session = self.session
        if now >= self._next_wallet and session.mm_rate * 2 > session.policy.mm_rate_threshold:
            self._next_wallet = now + _WALLET_EVERY_MS
            self._read_wallet()
        if now >= self._next_equity:
            self._next_equity = now + _EQUITY_EVERY_MS
            session.journal.equity(now, session.account.margin_balance, session.account.wallet_balance)
            session.journal.sync()
        self._check_invariants(now)

    def _read_wallet(self) -> None:
        """Above half the threshold the account is read: some venues push nothing when only the mark price moves."""
        try:
            self.session.see_account(self.session.venue.account())
        except VenueError as error:
            self.session.say("warning", f"the account could not be read: {error}")

    def _synchronise(self) -> None:
        session = self.session
        self._known_until = synchronise(session, self._known_until)
        self._next_sync = session.clock.now() + session.policy.sync_ms

    def _synchronise_if_due(self, now: Millis) -> bool:
        """Synchronise, unless a stream is down or a failure is too fresh; True if it was done."""
        session = self.session
        if session.disconnected or now < self._not_before:
            return False
        try:
            self._synchronise()
        except VenueError as error:
            self._not_before = error.until if isinstance(error, RateLimited) else now + _RETRY_MS
            session.say("error", f"synchronisation failed, trying again: {error}")
            return False
        return True

    def _cancel(self, which: Callable[[Order], bool], why: str) -> None:
        session = self.session
        for desk in session.desks:
            changes = cancels(desk.book, which, why)
            if changes:
                execute(changes, session.venue, session.journal, session.record, session.clock.now())

    # ---- invariants ----------------------------------------------------------------------------------------------

    def _check_invariants(self, now: Millis) -> None:
        session = self.session
        if session.stopper.reason:
            return
        for desk in session.desks:
            found = invariants.always(desk.book, desk.instrument)
            if self._is_settled(desk):
                found += invariants.settled(desk.book)
            found += self._take_profit_gap(desk, now)
            if self._rate:
                for side in (desk.book.long, desk.book.short):
                    found += invariants.profit_is_kept(side, self._rate, desk.fees.maker)
            if found:
                text = "; ".join(f"{violation.invariant}: {violation.text}" for violation in found)
                session.stopper.raise_stop(session, desk.symbol, text, "freeze")
                return

    def _is_settled(self, desk: Desk) -> bool:
        session = self.session
        book = desk.book
        return (
            not desk.dirty
            and not session.policy.dry_run
            and not session.disconnected
            and not session.wants_sync
            and not book.rejections
            and desk.retry_at is None
            and book.long.cycle > 0
            and book.short.cycle > 0
            and all(_is_at_rest(order) and order.filled == 0 for order in book.orders.values())
        )

    def _take_profit_gap(self, desk: Desk, now: Millis) -> list[invariants.Violation]:
        """I-15: a side is not left without its take-profit for longer than two ticks."""
        session = self.session
        if session.policy.dry_run or session.disconnected or session.wants_sync:
            self._gap_since.clear()
            return []
        found = []
        for side in (desk.book.long, desk.book.short):
            key = (desk.symbol, side.side.value)
            closing = sum((order.remaining for order in side.exits.values()), ZERO)
            is_asked_for = any(not _is_at_rest(order) for order in side.exits.values())
            is_waiting = is_asked_for or desk.retry_at is not None
            if closing >= side.held or is_waiting or side.held < desk.instrument.min_quantity:
                self._gap_since.pop(key, None)
                continue
            since = self._gap_since.setdefault(key, now)
            if now - since > _TP_GAP_TICKS * session.policy.tick_ms:
                text = f"{side.side.value}: take-profit for {closing} of {side.held} held since {now - since} ms"
                found.append(invariants.Violation("I-15", text))
        return found


def _is_at_rest(order: Order) -> bool:
    """Whether nothing about an order is unknown or on its way."""
    return order.state is OrderState.WORKING and order.pending is Pending.NOTHING
