"""Mistakes that somebody could make in the engine, each with the invariant that must accuse it.

A bug is planted by replacing one function for the length of a test. None of this is reachable from the program.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

import pytest

from gridhedge.domain.book import SymbolBook
from gridhedge.domain.change import Cancel, Change, Place, Urgency
from gridhedge.domain.events import (
    ChangeSettled,
    Event,
    Execution,
    Funding,
    OrderIntended,
    OrderSettled,
    OrderUpdate,
    PositionMended,
)
from gridhedge.domain.ladder_book import SideBook
from gridhedge.domain.order import OrderState, Reject
from gridhedge.domain.values import ZERO, Side
from gridhedge.engine import assemble, execute, guard, loop, reconcile, recover, session, synchronise, terms, unknown
from gridhedge.engine.ports import Rejected, Unknown
from gridhedge.simulate.disk import Journal
from gridhedge.strategy import symmetric

Plant = Callable[[pytest.MonkeyPatch], None]


class Bug(NamedTuple):
    """``accused``: the invariants of which any may name it; the first step decides which one does."""

    plant: Plant
    accused: tuple[str, ...]


BUGS: dict[str, Bug] = {}


def bug(*accused: str) -> Callable[[Plant], Plant]:
    """Register a plant under its function's name."""

    def register(plant: Plant) -> Plant:
        BUGS[plant.__name__.replace("_", " ")] = Bug(plant, accused)
        return plant

    return register


def wrap(patch: pytest.MonkeyPatch, owner: Any, name: str, change: Callable[..., Any]) -> None:
    """Replace a function by ``change(original, *arguments)``."""
    original = getattr(owner, name)
    patch.setattr(owner, name, lambda *arguments, **named: change(original, *arguments, **named))


# ---- requests and their outcomes -------------------------------------------------------------------------------------


@bug("I-01", "I-10")
def a_timeout_counts_as_a_failure(patch: pytest.MonkeyPatch) -> None:
    def settle(original: Any, place: Place, outcome: Any, now: int) -> Event:
        event: OrderSettled = original(place, outcome, now)
        return event._replace(state=OrderState.ABSENT) if isinstance(outcome, Unknown) else event

    wrap(patch, execute, "_place_settled", settle)


@bug("I-01", "I-10")
def a_duplicate_id_counts_as_a_refusal(patch: pytest.MonkeyPatch) -> None:
    def settle(original: Any, place: Place, outcome: Any, now: int) -> Event:
        event: OrderSettled = original(place, outcome, now)
        is_duplicate = isinstance(outcome, Rejected) and outcome.reason is Reject.DUPLICATE_ID
        return event._replace(state=OrderState.ABSENT) if is_duplicate else event

    wrap(patch, execute, "_place_settled", settle)


@bug("I-01", "I-36", "I-13")
def an_unanswered_cancel_counts_as_done(patch: pytest.MonkeyPatch) -> None:
    def settle(original: Any, change: Change, outcome: Any, now: int) -> Event:
        if isinstance(change, Cancel) and isinstance(outcome, Unknown):
            return OrderUpdate(change.symbol, change.client_id, "", OrderState.CANCELLED, ZERO, ZERO, ZERO, now)
        event: Event = original(change, outcome, now)
        return event

    wrap(patch, execute, "_change_settled", settle)


@bug("I-27")
def requests_leave_before_their_intent_is_on_disk(patch: pytest.MonkeyPatch) -> None:
    def unsynced(
        original: Any, changes: Sequence[Change], venue: Any, journal: Any, record: Any, now: int
    ) -> list[Any]:
        class Lazy:
            def sync(self) -> None:
                return

        outcomes: list[Any] = original(changes, venue, Lazy(), record, now)
        return outcomes

    wrap(patch, session, "execute", unsynced)


@bug("I-27")
def intents_are_not_journaled(patch: pytest.MonkeyPatch) -> None:
    wrap(
        patch, Journal, "append",
        lambda original, journal, event: None if isinstance(event, OrderIntended) else original(journal, event),
    )  # fmt: skip


@bug("I-25")
def outcomes_of_changes_are_not_journaled(patch: pytest.MonkeyPatch) -> None:
    wrap(
        patch, Journal, "append",
        lambda original, journal, event: None if isinstance(event, ChangeSettled) else original(journal, event),
    )  # fmt: skip


@bug("I-01", "I-10", "I-36")
def absence_is_believed_before_the_fence(patch: pytest.MonkeyPatch) -> None:
    def without_fence(original: Any, unknowns: Any, capabilities: Any) -> None:
        original(unknowns, capabilities)
        unknowns.fence_ms = 0

    wrap(patch, unknown.Unknowns, "__init__", without_fence)


@bug("I-01", "I-10", "I-32", "I-36", "I-27", "I-04")
def unknown_orders_are_forgotten_at_a_restart(patch: pytest.MonkeyPatch) -> None:
    def forgetful(original: Any, *arguments: Any) -> Any:
        book = original(*arguments)
        for symbol in book.symbols.values():
            for order in list(symbol.orders.values()):
                if order.state is not OrderState.WORKING:
                    symbol._forget(order)
        return book

    wrap(patch, assemble, "fold", forgetful)


@bug("I-32", "I-01", "I-10")
def an_unknown_order_does_not_block_its_place(patch: pytest.MonkeyPatch) -> None:
    def impatient(original: Any, book: SymbolBook, wanted: Any, can_amend: bool, *more: Any) -> Any:
        hidden = [
            (side, level, order)
            for side in (book.long, book.short)
            for level, order in side.entries.items()
            if order.state is OrderState.UNKNOWN
        ]
        for side, level, _ in hidden:
            del side.entries[level]
        changes = original(book, wanted, can_amend, *more)
        for side, level, order in hidden:
            side.entries[level] = order
        return changes

    wrap(patch, session, "reconcile", impatient)


# ---- what is sent ----------------------------------------------------------------------------------------------------


def _placing(patch: pytest.MonkeyPatch, change: Callable[[Place, SymbolBook], Place]) -> None:
    wrap(patch, reconcile, "_place", lambda original, book, side, want: change(original(book, side, want), book))
    wrap(patch, guard, "_check_place", lambda original, *arguments: None)


@bug("I-13")
def take_profits_close_more_than_is_held(patch: pytest.MonkeyPatch) -> None:
    _placing(patch, lambda place, book: place._replace(quantity=place.quantity * 2) if place.reduce_only else place)


@bug("I-10")
def entries_are_too_large(patch: pytest.MonkeyPatch) -> None:
    _placing(patch, lambda place, book: place if place.reduce_only else place._replace(quantity=place.quantity * 2))


@bug("I-05")
def prices_are_off_the_tick(patch: pytest.MonkeyPatch) -> None:
    _placing(patch, lambda place, book: place._replace(price=place.price + Decimal("0.000001")))


@bug("I-17")
def take_profits_are_not_reduce_only(patch: pytest.MonkeyPatch) -> None:
    _placing(patch, lambda place, book: place._replace(reduce_only=False))


@bug("I-07")
def orders_of_others_are_cancelled(patch: pytest.MonkeyPatch) -> None:
    def tidy(original: Any, changes: Sequence[Change], venue: Any, *arguments: Any) -> list[Any]:
        outcomes: list[Any] = original(changes, venue, *arguments)
        venue.send([Cancel(changes[0].symbol, "by hand", "P1", "tidied up")])
        return outcomes

    wrap(patch, session, "execute", tidy)


def _believing(patch: pytest.MonkeyPatch, **facts: Callable[[guard.Facts], object]) -> None:
    def blind(original: Any, changes: Any, seen: guard.Facts, limits: Any) -> Any:
        return original(changes, seen._replace(**{name: of(seen) for name, of in facts.items()}), limits)

    wrap(patch, session, "guard", blind)


@bug("I-33")
def silence_is_not_kept(patch: pytest.MonkeyPatch) -> None:
    _believing(patch, quiet_until=lambda facts: 0)


@bug("I-31")
def old_prices_are_traded_on(patch: pytest.MonkeyPatch) -> None:
    _believing(patch, price_at=lambda facts: facts.now)


@bug("I-29")
def a_stop_does_not_stop(patch: pytest.MonkeyPatch) -> None:
    def restless(original: Any, of: Any) -> Any:
        changed = original(of)
        if of.stopper.reason:
            for desk in of.desks:
                of._act(desk, of.clock.now())
        return changed

    _believing(patch, stopped=lambda facts: "")
    wrap(patch, session.Session, "step", restless)


@bug("I-20")
def the_cap_is_ignored(patch: pytest.MonkeyPatch) -> None:
    def uncapped(original: Any, changes: Any, facts: Any, limits: Any) -> Any:
        return original(changes, facts, limits._replace(max_notional=ZERO))

    wrap(patch, session, "guard", uncapped)
    wrap(patch, symmetric, "reference_quantities", lambda original, *arguments: original(*arguments[:4]))


@bug("I-18")
def the_reserve_is_spent(patch: pytest.MonkeyPatch) -> None:
    def blind(original: Any, of: Any, desk: Any, now: int) -> Any:
        return original(of, desk, now)._replace(reserve=ZERO)

    patch.setattr(session.Session, "reserve", lambda of: ZERO)
    wrap(patch, session.Session, "view", blind)


@bug("I-08", "I-09", "I-36")
def half_a_look_ahead_pair_is_sent(patch: pytest.MonkeyPatch) -> None:
    def lonely(original: Any, changes: Sequence[Change], *arguments: Any) -> Any:
        halved = [
            change
            for change in changes
            if not (isinstance(change, Place) and change.urgency is Urgency.LOOK_AHEAD and change.key.side is Side.LONG)
        ]
        return original(halved, *arguments)

    wrap(patch, session, "guard", lonely)


# ---- decisions -------------------------------------------------------------------------------------------------------


def _planning(patch: pytest.MonkeyPatch, keep: Callable[[Any], bool]) -> None:
    def plan(original: Any, strategy: Any, view: Any) -> Any:
        made = original(strategy, view)
        return made._replace(wanted=tuple(want for want in made.wanted if keep(want)))

    wrap(patch, symmetric.Symmetric, "plan", plan)


@bug("I-08", "I-09")
def the_short_side_is_not_insured(patch: pytest.MonkeyPatch) -> None:
    _planning(patch, lambda want: not (want.urgency is Urgency.INSURANCE and want.side is Side.SHORT))


@bug("I-14", "I-15")
def the_short_side_takes_no_profit(patch: pytest.MonkeyPatch) -> None:
    _planning(patch, lambda want: want.role.is_entry or want.side is Side.LONG)


@bug("I-16")
def take_profits_forget_the_fees(patch: pytest.MonkeyPatch) -> None:
    def cheap(original: Any, side: SideBook, instrument: Any, rate: Any, fee: Any) -> Any:
        return original(side, instrument, rate, ZERO)

    wrap(patch, symmetric, "take_profit_price", cheap)
    patch.setattr(symmetric, "is_good_enough", lambda *arguments: False)


@bug("I-12")
def resting_levels_share_a_price(patch: pytest.MonkeyPatch) -> None:
    def flat(original: Any, strategy: Any, view: Any) -> Any:
        made = original(strategy, view)
        first = {want.side: want.price for want in reversed(made.wanted) if want.role.is_entry}
        wanted = [want._replace(price=first[want.side]) if want.role.is_entry else want for want in made.wanted]
        return made._replace(wanted=tuple(wanted))

    wrap(patch, symmetric.Symmetric, "plan", flat)


@bug("I-03")
def cycles_are_numbered_by_the_minute(patch: pytest.MonkeyPatch) -> None:
    wrap(patch, symmetric, "next_cycle", lambda original, side, now: now // 60_000)


@bug("I-03", "I-33", "I-36", "I-01")
def revisions_do_not_count(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(SideBook, "next_revision", lambda side, role, level: 1)


# ---- the book --------------------------------------------------------------------------------------------------------


@bug("I-21")
def executions_count_as_often_as_they_are_told(patch: pytest.MonkeyPatch) -> None:
    wrap(
        patch, SymbolBook, "is_new",
        lambda original, book, event: isinstance(event, Execution) or original(book, event),
    )  # fmt: skip


@bug("I-21")
def funding_counts_as_often_as_it_is_told(patch: pytest.MonkeyPatch) -> None:
    wrap(
        patch, SymbolBook, "is_new",
        lambda original, book, event: isinstance(event, Funding) or original(book, event),
    )  # fmt: skip


@bug("I-23")
def a_residue_is_dropped(patch: pytest.MonkeyPatch) -> None:
    wrap(patch, SideBook, "take_residue", lambda original, side: (ZERO, *original(side)[1:]))


@bug("I-23")
def other_peoples_closes_are_overlooked(patch: pytest.MonkeyPatch) -> None:
    wrap(patch, SideBook, "lose", lambda original, side, quantity, price, fee: None)


@bug("I-10", "I-08", "I-09", "I-11")
def late_fills_go_to_the_level_of_their_name(patch: pytest.MonkeyPatch) -> None:
    wrap(patch, SideBook, "levels_for", lambda original, side, key, quantity: ((key.level, quantity),))


@bug("I-04")
def an_amend_counts_when_it_is_meant(patch: pytest.MonkeyPatch) -> None:
    def eager(original: Any, book: SymbolBook, event: Any) -> None:
        original(book, event)
        order = book.orders[event.client_id]
        order.quantity = event.quantity
        order.amending = None

    wrap(patch, SymbolBook, "_on_amend_intended", eager)


@bug("I-35")
def terms_are_read_at_the_start_only(patch: pytest.MonkeyPatch) -> None:
    wrap(patch, terms.Terms, "advance", lambda original, *rest: None)


# ---- recovery --------------------------------------------------------------------------------------------------------


@bug("I-22", "I-33")
def lost_executions_are_not_read_again(patch: pytest.MonkeyPatch) -> None:
    def deaf(original: Any, book: SymbolBook, truth: Any) -> Any:
        return original(book, truth._replace(facts=()))

    wrap(patch, synchronise, "differences", deaf)


@bug("I-22")
def lost_funding_is_not_read_again(patch: pytest.MonkeyPatch) -> None:
    def deaf(original: Any, book: SymbolBook, truth: Any) -> Any:
        facts = tuple(fact for fact in truth.facts if isinstance(fact, Execution))
        return original(book, truth._replace(facts=facts))

    wrap(patch, synchronise, "differences", deaf)


@bug("I-04", "I-36")
def an_old_list_brings_orders_back_to_life(patch: pytest.MonkeyPatch) -> None:
    def revive(original: Any, session_: Any, desk: Any, record: Any) -> None:
        key = recover.parse_client_id(desk.book.tag, record.client_id)
        assert key is not None
        session_.record(recover.adoption(record, key))

    wrap(patch, synchronise, "_revive", revive)


@bug("I-23", "I-36")
def an_old_position_is_believed_at_once(patch: pytest.MonkeyPatch) -> None:
    def rash(original: Any, session_: Any, desk: Any, mended: list[PositionMended], at: int) -> list[PositionMended]:
        return mended

    wrap(patch, synchronise, "_beyond_doubt", rash)


@bug("I-36", "I-22")
def a_lagging_history_is_not_read_again(patch: pytest.MonkeyPatch) -> None:
    def once(original: Any, of: Any) -> None:
        original(of)
        of._next_sync = of.session.clock.now() + 10**9

    wrap(patch, loop.Loop, "_synchronise", once)


@bug("I-36")
def a_reconnect_does_not_fill_the_gap(patch: pytest.MonkeyPatch) -> None:
    def careless(original: Any, of: Any, change: Any) -> None:
        if not change.up:
            original(of, change)

    wrap(patch, session.Session, "_see_connection", careless)
