"""The life of a session: start, tick by tick, stop. Everything that is not a reaction happens here, once a tick."""

from __future__ import annotations

from collections.abc import Callable

from gridhedge.domain import invariants
from gridhedge.domain.errors import RateLimited, VenueError
from gridhedge.domain.order import Order, OrderState, Pending
from gridhedge.domain.values import Millis, Role
from gridhedge.engine.desk import Desk
from gridhedge.engine.session import Session
from gridhedge.engine.stop import withdraw
from gridhedge.engine.synchronise import synchronise
from gridhedge.engine.terms import Terms, freeze_if_unfit, withdraw_outgrown

_EQUITY_EVERY_MS = 60_000
_WALLET_EVERY_MS = 5_000
_RETRY_MS = 5_000
_STEPS_PER_TICK = 10_000
_STANDING_TICKS = 2
_BROKEN_AT_ONCE = ("I-03", "I-04", "I-05", "I-06", "I-17")
"""Only our own mistake breaks these. Others a late fill, a lost message or a hand on the account may break for a while.
"""


class Loop:
    """Drives one session. ``tick`` returns after ``tick_ms`` of the session's clock."""

    def __init__(self, session: Session, last_fact_at: Millis = 0) -> None:
        self.session = session
        self.ticks = 0
        self._known_until = last_fact_at
        self._next_sync: Millis = 0
        self._not_before: Millis = 0
        """No synchronisation before this: the last one failed."""
        self._next_equity: Millis = 0
        self._next_wallet: Millis = 0
        self._terms = Terms()
        self._standing: dict[str, dict[str, Millis]] = {}
        """Per symbol: violations that the next plan should mend, and since when they stand."""

    def start(self) -> None:
        """Read the venue, mend the book, and apply ``on_start``. Raises VenueError: no start without the truth."""
        session = self.session
        self._synchronise()
        for desk in session.desks:
            view = session.view(desk, session.clock.now())
            for remark in (*desk.remarks, *desk.strategy.remarks(view)):
                session.say("warning", f"{desk.symbol}: {remark}")
        if session.policy.on_start == "cancel_all" and not session.policy.dry_run:
            withdraw(session, lambda order: True, "on_start: cancel_all")
        self._terms.begin(session.clock.now())
        freeze_if_unfit(session)
        session.step()

    def run(self, ticks: int | None, should_stop: Callable[[], bool], after_tick: Callable[[], None]) -> None:
        """Tick until told to stop, ``ticks`` are done, or a stop has been raised."""
        while not should_stop() and (ticks is None or self.ticks < ticks) and not self.session.stopper.is_done:
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
            session.journal.write()  # before it waits, so that the next request finds less to be written
            session.venue.wait(self._wake(deadline))
            changed = session.step()
            if session.wants_sync:
                changed = self._synchronise_if_due(session.clock.now()) or changed
            if session.stopper.is_done or (session.clock.now() >= deadline and not changed):
                break
        self.ticks += 1
        self._keep_house(session.clock.now())

    def _wake(self, deadline: Millis) -> Millis:
        """When to step next. While nothing may be sent, what is overdue stays so: waiting for it would be no wait."""
        session = self.session
        due = session.next_due()
        if session.disconnected:
            due = None
        elif session.wants_sync:
            due = max(self._not_before, session.clock.now() + 1)
        return deadline if due is None or due > deadline else due

    def stop(self) -> None:
        """Graceful end: orders stay, or go as ``on_stop`` says. The venue stays open for the caller to close."""
        policy = self.session.policy
        if policy.dry_run or self.session.stopper.reason:
            return
        if policy.on_stop == "cancel_all":
            withdraw(self.session, lambda order: True, "on_stop: cancel_all")
        elif policy.on_stop == "cancel_entries":
            withdraw(self.session, lambda order: order.key.role.is_entry, "on_stop: cancel_entries")
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
        is_free = not session.disconnected and not session.stopper.reason
        if is_free and not session.venue.capabilities.is_instant:
            self._renew_terms(now)
            withdraw_outgrown(session)
        self._check_invariants(now)

    def _renew_terms(self, now: Millis) -> None:
        self._terms.advance(self.session, now)

    def _read_wallet(self) -> None:
        """Above half the threshold the account is read: some venues push nothing when only the mark price moves."""
        try:
            self.session.see_account(self.session.venue.account())
        except VenueError as error:
            self.session.say("warning", f"the account could not be read: {error}")

    def _synchronise(self) -> None:
        session = self.session
        if session.wants_sync and not session.venue.capabilities.is_instant:
            self._terms.catch_up(session, session.clock.now())  # the gap may have been long
        self._known_until = synchronise(session, self._known_until)
        is_awaiting = any(
            desk.doubts or any(order.venue_state for order in desk.book.orders.values()) for desk in session.desks
        )
        # A history may lag behind orders and positions: their executions are looked for again soon.
        self._next_sync = session.clock.now() + (_RETRY_MS if is_awaiting else session.policy.sync_ms)

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

    # ---- invariants ----------------------------------------------------------------------------------------------

    def _check_invariants(self, now: Millis) -> None:
        session = self.session
        if session.stopper.reason:
            return
        for desk in session.desks:
            found = invariants.always(desk.book, desk.instrument, desk.terms_since)
            if self._is_settled(desk):
                found += desk.strategy.settled(desk.book, desk.plan.withheld)
            if desk.strategy.promised_rate:
                for side in (desk.book.long, desk.book.short):
                    found += invariants.profit_is_kept(side, desk.strategy.promised_rate, desk.fees.maker)
            broken = [violation for violation in found if violation.invariant in _BROKEN_AT_ONCE]
            doubts = [(violation.text, violation) for violation in found if violation not in broken]
            broken += self._that_stand(desk, now, doubts + _exit_gaps(desk))
            if broken:
                text = "; ".join(f"{violation.invariant}: {violation.text}" for violation in broken)
                session.stopper.raise_stop(session, desk.symbol, text, "freeze")
                return

    def _that_stand(
        self, desk: Desk, now: Millis, doubts: list[tuple[str, invariants.Violation]]
    ) -> list[invariants.Violation]:
        """Of what the next plan or a look at the venue should mend, what has stood for two ticks with nothing in the
        way. After one tick the venue is asked: a message may have been lost."""
        session = self.session
        is_waiting = (
            session.policy.dry_run
            or bool(session.disconnected)
            or session.wants_sync
            or desk.retry_at is not None
            or len(session.unknowns) > 0
            or not all(_is_at_rest(order) for order in desk.book.orders.values())
        )
        if is_waiting or not doubts:
            self._standing.pop(desk.symbol, None)
            return []
        before = self._standing.get(desk.symbol, {})
        since = {key: before.get(key, now) for key, _ in doubts}
        self._standing[desk.symbol] = since
        longest, tick = _STANDING_TICKS * session.policy.tick_ms, session.policy.tick_ms
        session.wants_sync = any(tick <= now - start <= longest for start in since.values())
        return [violation for key, violation in doubts if now - since[key] > longest]

    def _is_settled(self, desk: Desk) -> bool:
        session = self.session
        book = desk.book
        sides = [book.of(side) for side in desk.strategy.sides]
        return (
            not desk.dirty
            and not session.policy.dry_run
            and not session.disconnected
            and not session.wants_sync
            and desk.retry_at is None
            and all(side.cycle > 0 and not side.refused for side in sides)
            and not any(wanted.market for wanted in desk.plan.wanted)  # it never rests
            and all(_is_at_rest(order) and order.filled == 0 for order in book.orders.values())
        )


def _exit_gaps(desk: Desk) -> list[tuple[str, invariants.Violation]]:
    """I-15, each with what must not change for the gap to be the same one: while a level fills in many parts the
    exits follow a tick behind, and while the venue refuses they are tried again and again."""
    found = []
    for side in (desk.book.of(side) for side in desk.strategy.sides):
        wanted = min(desk.strategy.closing(desk.book, side), desk.instrument.max_quantity)
        closing = invariants.closing_at_limit(side, wanted)
        if closing < wanted and side.held >= desk.instrument.min_quantity:
            tried = max((order.changed for order in side.exits.values()), default=0)
            revisions = [side.next_revision(role, 0) for role in (Role.TAKE_PROFIT, Role.BREAK_EVEN, Role.CLOSE)]
            key = f"{side.side.value} {closing} {tried} {revisions}"
            text = f"{side.side.value}: exits for {closing}, wanted for {wanted} of {side.held} held"
            found.append((key, invariants.Violation("I-15", text)))
    return found


def _is_at_rest(order: Order) -> bool:
    """Whether nothing about an order is unknown or on its way."""
    return order.state is OrderState.WORKING and order.pending is Pending.NOTHING and order.venue_state is None
