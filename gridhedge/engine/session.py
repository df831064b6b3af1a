"""The tick: observe -> plan -> reconcile -> guard -> execute, for one account, in one thread.

Nothing acts from a callback. Restart, reconnect, a lost answer, a hand on the account: all of them are "the book
changed, plan again".
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from gridhedge.domain.book import Book, SymbolBook
from gridhedge.domain.change import Cancel, Change, Place
from gridhedge.domain.events import (
    AccountSeen,
    ConnectionChanged,
    Event,
    Execution,
    ExecutionKind,
    Funding,
    MarketSeen,
    OrderUpdate,
    TradingHalted,
)
from gridhedge.domain.order import Reject, parse_client_id
from gridhedge.domain.values import HUNDRED, ZERO, Millis, Money
from gridhedge.engine.confirm import must_wait
from gridhedge.engine.desk import Desk
from gridhedge.engine.execute import describe, execute
from gridhedge.engine.guard import Facts, Limits, guard
from gridhedge.engine.policy import Policy
from gridhedge.engine.ports import (
    Accepted,
    Audience,
    Clock,
    Inbox,
    Journal,
    Level,
    NotSent,
    Outcome,
    Rejected,
    Unknown,
    Venue,
)
from gridhedge.engine.reconcile import reconcile
from gridhedge.engine.stop import Stopper, withdraw
from gridhedge.engine.tell import tell_alarms, tell_closed, tell_dry, tell_open, tell_refusals
from gridhedge.engine.today import plan_days_together, with_elsewhere
from gridhedge.engine.unknown import Unknowns, ask_unknowns
from gridhedge.engine.wording import told
from gridhedge.strategy.budget import entry_margin
from gridhedge.strategy.view import View

_DECISIONS_AT_MOST = 4
_RESEND_MS = 1_000


class Session:
    """One account at work. ``step`` is the whole bot; everything around it only decides when to call it."""

    def __init__(
        self,
        book: Book,
        desks: Sequence[Desk],
        venue: Venue,
        journal: Journal,
        clock: Clock,
        inbox: Inbox,
        policy: Policy,
        audience: Audience | None = None,
        stopper: Stopper | None = None,
    ) -> None:
        self.book = book
        self.desks = tuple(desks)
        self.venue = venue
        self.journal = journal
        self.clock = clock
        self.inbox = inbox
        self.policy = policy
        self.audience = audience
        self.stopper = stopper or Stopper(policy.emergency_action, None)
        self.unknowns = Unknowns(venue.capabilities)
        self.account: AccountSeen = venue.account()
        self.mm_rate: Decimal = self.account.mm_rate
        self.quiet_until: Millis = 0
        self.disconnected: dict[str, ConnectionChanged] = {}
        """Streams that are down, and how that was told: nothing is sent meanwhile."""
        self.wants_sync = False
        """Something happened that only the venue can explain: synchronise before the next order."""
        self.doubts_terms = False
        """The venue refused what its filters, or the leverage, should have allowed: they may have changed."""
        self.profile_trouble = ""
        """Why an edited profile has not taken over; empty while all is well."""
        self._spent: list[tuple[Millis, Money]] = []
        """Margin of the entries that may have come to rest since the venue's last figure, and when."""
        self._by_symbol = {desk.symbol: desk for desk in self.desks}
        self._margin_changed = True

    # ---- the step ------------------------------------------------------------------------------------------------

    def step(self) -> bool:
        """Take in everything that has arrived and do what follows from it; True if the book changed or orders went."""
        changed = self.observe()
        now = self.clock.now()
        changed = ask_unknowns(self, now) or changed
        for desk in self.desks:
            trouble = desk.come_due(self.venue, now)
            if trouble:
                self.say("warning", f"{desk.symbol}: {trouble}")
        self._check_risk(now)
        if self.stopper.reason:
            self.stopper.see_through(self)
        elif not self.disconnected and not self.wants_sync:
            plan_days_together(self.desks)
            for desk in self.desks:
                if desk.dirty:
                    changed = True
                    self._act(desk, self.clock.now())  # the desk before may have waited for its answer
        self._set_bands()
        if changed and self.audience is not None:
            self.audience.stepped()
        return changed

    def next_due(self) -> Millis | None:
        """When to step even if nothing arrives."""
        due = self.unknowns.next_due()
        if self.stopper.reason:
            return min((at for at in (due, self.stopper.next_due()) if at is not None), default=None)
        may_act = not self.disconnected and not self.wants_sync
        for desk in self.desks:
            other = self.clock.now() if desk.dirty and may_act else desk.next_due()
            if other is not None and (due is None or other < due):
                due = other
        return due

    def record(self, event: Event) -> None:
        """Journal an event and apply it: the only way in which the book changes."""
        self.journal.append(event)
        self.book.apply(event)
        if self.audience is not None:
            self.audience.told(event)

    def follow(self, policy: Policy) -> None:
        """Trade by these rules from the next step on."""
        self.policy = policy
        self.stopper.action = policy.emergency_action
        self._margin_changed = True

    def margin_has_changed(self) -> None:
        """Look at the margin rate and at the bands again, at the next step."""
        self._margin_changed = True

    def say(self, level: Level, text: str) -> None:
        if self.audience is not None:
            self.audience.said(level, text)

    # ---- observe -------------------------------------------------------------------------------------------------

    def observe(self) -> bool:
        """Take everything out of the inbox into the book; True if the book changed."""
        changed = False
        for event in self.inbox.drain():
            if isinstance(event, MarketSeen):
                self._by_symbol[event.symbol].see(event)
                self._margin_changed = True
            elif isinstance(event, AccountSeen):
                self.see_account(event)
            elif isinstance(event, ConnectionChanged):
                self._see_connection(event)
            else:
                changed = self._see_fact(event) or changed
        return changed

    def see_account(self, account: AccountSeen) -> None:
        """Take the account's figures, told or read; a message that comes later than what has been read says nothing."""
        if account.at < self.account.at:
            return
        matters = account.wallet_balance != self.account.wallet_balance
        self.account = account
        if self._spent and self._spent[0][0] <= account.at:
            # A figure from the middle of a batch does not know what the rest of the batch has cost.
            self._spent = [(at, margin) for at, margin in self._spent if at > account.at]
            matters = matters or any(desk.plan.alarms for desk in self.desks)
        self._margin_changed = True
        for desk in self.desks:
            desk.note_push()
        if matters:
            # A deposit, a withdrawal, somebody else's trade. What prices do to the balance is told by the bands.
            for desk in self.desks:
                desk.dirty = True

    def _see_connection(self, change: ConnectionChanged) -> None:
        if change.up:
            self.disconnected.pop(change.stream, None)
            self.wants_sync = True
            self.say("info", f"{change.stream} is back: filling the gap before anything is sent")
            return
        is_still = change.stream in self.disconnected
        self.disconnected[change.stream] = change
        # Told again, it is no blip: a person should know.
        self.say("critical" if is_still else "warning", f"{change.stream} is down: {change.text}")
        may_send = not is_still and not self.policy.dry_run and not self.stopper.reason
        if self.policy.on_disconnect == "cancel_all" and may_send:
            withdraw(self, lambda order: True, "on_disconnect: cancel_all")

    def _see_fact(self, fact: Execution | Funding | OrderUpdate) -> bool:
        desk = self._by_symbol.get(fact.symbol)
        if desk is None or not desk.book.is_new(fact) or not self._is_explained(desk.book, fact):
            return False
        self.record(fact)
        desk.dirty = True
        self._margin_changed = True
        if type(fact) is Execution:
            desk.see_execution(fact)
            tell_open(self, desk, fact.at)
            if fact.closing and fact.client_id not in desk.book.known:
                what = "closed by the venue" if fact.kind is not ExecutionKind.TRADE else "closed by somebody else"
                self.say("critical", f"{desk.symbol}: {fact.quantity} {fact.side.value} {what} at {fact.price}")
            if fact.kind is ExecutionKind.LIQUIDATION:
                self.stopper.raise_stop(self, fact.symbol, f"the venue liquidated {fact.quantity} {fact.side.value}")
        elif type(fact) is OrderUpdate and fact.filled > ZERO:
            order = desk.book.orders.get(fact.client_id)
            self.wants_sync = self.wants_sync or (order is not None and order.venue_state is not None)
        return True

    def _is_explained(self, book: SymbolBook, fact: Execution | Funding | OrderUpdate) -> bool:
        """An execution with our mark that nobody here has intended: a second bot trades this account."""
        if type(fact) is not Execution or fact.client_id in book.known or not parse_client_id(book.tag, fact.client_id):
            return True
        self.stopper.raise_stop(
            self, book.symbol, f"order {fact.client_id} is not ours but has our mark: a second bot?", "freeze"
        )
        return False

    # ---- plan, reconcile, guard, execute -------------------------------------------------------------------------

    def margin_balance(self) -> Money:
        """The venue's last figure, moved by what prices have done to our positions since."""
        balance = self.account.margin_balance
        for desk in self.desks:
            balance += desk.drift()
        return balance

    def available(self) -> Money:
        """The smaller of the venue's figure, less what was sent since, and our own estimate."""
        return self._available(self.margin_balance())

    def _available(self, balance: Money) -> Money:
        venues = self.account.available + balance - self.account.margin_balance
        for _, margin in self._spent:
            venues -= margin
        for desk in self.desks:
            balance -= desk.gross_margin()
        return min(balance, venues)

    def reserve(self) -> Money:
        """The untouchable part of the margin balance."""
        return self.policy.buffer_fraction * self.margin_balance()

    def _act(self, desk: Desk, now: Millis) -> None:
        desk.dirty = False
        desk.retry_at = None
        self._margin_changed = True
        for _ in range(_DECISIONS_AT_MOST):
            view = self.view(desk, now)
            decisions = desk.strategy.decide(view)
            if not decisions:
                break
            for decision in decisions:
                self.record(decision)
                if type(decision) is TradingHalted:
                    for other in self.desks:
                        other.dirty = True  # it closes everything
        desk.plan = desk.strategy.plan(view)
        desk.spendable = view.available - view.reserve
        if desk.plan.alarms or desk.alarms:
            tell_alarms(self, desk)
        changes = reconcile(desk.book, desk.plan.wanted, self.venue.capabilities.can_amend)
        if not changes:
            desk.blocked = ""
        elif not must_wait(self, desk, changes, now):
            self._send(desk, changes, now)

    def view(self, desk: Desk, now: Millis) -> View:
        """What the symbol's strategy is shown now."""
        policy, balance = self.policy, self.margin_balance()
        reserve = policy.buffer_fraction * balance
        view = desk.view(self.account, balance, self._available(balance), reserve, policy, now)
        return with_elsewhere(view, desk, self.desks, now)

    def _send(self, desk: Desk, changes: Sequence[Change], now: Millis) -> None:
        facts = Facts(
            desk.book,
            desk.instrument,
            desk.fees,
            desk.leverage,
            desk.market.at,
            desk.spendable,
            now,
            self.quiet_until,
            desk.hours.closed_until,
            self.stopper.reason,
        )
        limits = Limits(
            self.venue.capabilities.max_open_orders,
            max(len(desk.book.long.reference), len(desk.book.short.reference)),
            self.policy.max_notional,
            self.policy.max_price_age_ms,
        )
        allowed, refused = guard(changes, facts, limits)
        tell_refusals(self, desk, refused)
        for refusal in refused:
            if refusal.retry_at:
                desk.retry(refusal.retry_at)
        if not allowed:
            return
        if self.policy.dry_run:
            tell_dry(self, desk, allowed)
            return
        outcomes = execute(allowed, self.venue, self.journal, self.record, now)
        if self.audience is not None:  # what the journal knows before it is sent, no request waits for
            for change in allowed:
                self.say("info", f"{desk.symbol}: {describe(change)}")
        self.settle(desk, allowed, outcomes, self.clock.now())

    def settle(self, desk: Desk, changes: Sequence[Change], outcomes: Sequence[Outcome], now: Millis) -> None:
        """Draw the consequences of what the venue answered: margin that is spent, silence, questions to be asked."""
        for change, outcome in zip(changes, outcomes, strict=True):
            if type(change) is Place and not change.reduce_only and _may_rest(outcome):
                margin = entry_margin(change.quantity, change.price, desk.leverage, desk.fees.taker)
                self._spent.append((now, margin))
            if not isinstance(outcome, Accepted):
                self._on_trouble(desk, change, outcome, now)
            elif type(change) is Cancel:  # which may be taken while it is closed
                desk.dirty = desk.dirty or change.replaced
            else:
                tell_open(self, desk, now)
                if type(change) is Place and not change.reduce_only:
                    # A level that had been refused rests now: averaging may go on.
                    desk.dirty = desk.dirty or "refused" in desk.alarms
                else:
                    order = desk.book.orders.get(change.client_id)
                    desk.dirty = desk.dirty or (order is not None and order.cut is not None)

    def _on_trouble(self, desk: Desk, change: Change, outcome: Rejected | NotSent | Unknown, now: Millis) -> None:
        desk.dirty = True
        if type(outcome) is Rejected and outcome.reason is Reject.MARKET_CLOSED:
            tell_closed(self, desk, outcome, now)
            return
        self.say("warning", f"{desk.symbol}: {describe(change)}: {told(outcome)}")
        order = desk.book.orders.get(change.client_id)
        if type(outcome) is Rejected and outcome.reason in (Reject.OUT_OF_BOUNDS, Reject.MARGIN):
            self.doubts_terms = True
        if type(outcome) is Rejected and outcome.reason is Reject.RATE_LIMITED:
            self.quiet_until = max(self.quiet_until, outcome.until, now + _RESEND_MS)
        elif type(outcome) is NotSent:
            self.quiet_until = max(self.quiet_until, now + _RESEND_MS)
        elif order is not None:
            # Unknown, a duplicate id, or a change of an order that the venue no longer has: ask.
            self.unknowns.open(order, now)

    # ---- risk ----------------------------------------------------------------------------------------------------

    def _check_risk(self, now: Millis) -> None:
        """The larger of the venue's margin rate and our own estimate, at every price and every wallet update."""
        if not self._margin_changed:
            return
        balance = self.margin_balance()
        maintenance = ZERO
        for desk in self.desks:
            desk.measure()
            maintenance += desk.exposure.maintenance
        own = maintenance / balance * HUNDRED if balance > ZERO else (HUNDRED if maintenance > ZERO else ZERO)
        self.mm_rate = max(own, self.account.mm_rate)
        threshold = self.policy.mm_rate_threshold
        if threshold and self.mm_rate >= threshold and not self.stopper.reason:
            worst = max(self.desks, key=lambda desk: desk.exposure.maintenance)
            self.stopper.raise_stop(
                self, worst.symbol, f"maintenance margin rate {self.mm_rate:.2f} % is at or over {threshold} %"
            )

    def _set_bands(self) -> None:
        if not self._margin_changed:
            return
        self._margin_changed = False
        threshold = (self.policy.mm_rate_threshold or HUNDRED) / HUNDRED
        maintenance = ZERO
        for desk in self.desks:
            maintenance += desk.exposure.maintenance
        slack = max(threshold * self.margin_balance() - maintenance, ZERO)
        for desk in self.desks:
            if desk.set_band(slack, threshold, len(self.desks)):
                self.venue.watch(desk.symbol, desk.below, desk.above)


def _may_rest(outcome: Outcome) -> bool:
    """Whether what was placed may tie up margin by now: it was accepted, or nobody knows."""
    if type(outcome) is Rejected:
        return outcome.reason is Reject.DUPLICATE_ID
    return type(outcome) is not NotSent
