"""The fence: an unknown order is absent only after its request can no longer arrive, and after two negative rounds."""

from __future__ import annotations

from decimal import Decimal

import pytest

from gridhedge.domain.account import OrderRecord
from gridhedge.domain.errors import Unclear
from gridhedge.domain.events import ChangeSettled, Event, OrderSettled, OrderUpdate
from gridhedge.domain.order import Order, OrderState
from gridhedge.domain.values import Role
from gridhedge.engine.ports import Capabilities
from gridhedge.engine.unknown import CLOCK_MARGIN_MS, ROUND_MS, Unknowns, seen_as
from tests.domain.journal import XYZ, Journal, L, S

D = Decimal
GRID = Role.GRID
WINDOW = Capabilities(20, True, True, receive_window_ms=5_000, processing_ms=10_000, max_open_orders=500)
SENT = 1_000_000
FENCE = SENT + 5_000 + 10_000 + CLOCK_MARGIN_MS


class Lists:
    """The two lists of a venue, and who asked for what."""

    def __init__(self) -> None:
        self.open: dict[str, OrderRecord] = {}
        self.ended: dict[str, OrderRecord] = {}
        self.asked: list[tuple[str, str]] = []
        self.broken: set[str] = set()

    def find_open(self, symbol: str, client_id: str) -> OrderRecord | None:
        return self._find("open", self.open, client_id)

    def find_ended(self, symbol: str, client_id: str) -> OrderRecord | None:
        return self._find("ended", self.ended, client_id)

    def _find(self, name: str, records: dict[str, OrderRecord], client_id: str) -> OrderRecord | None:
        if client_id in self.broken:
            raise Unclear("timeout")
        self.asked.append((name, client_id))
        return records.get(client_id)


@pytest.fixture
def lists() -> Lists:
    return Lists()


@pytest.fixture
def journal() -> Journal:
    made = Journal().begin()
    made.now = SENT
    return made


def record(order: Order, state: OrderState, price: str = "9.9", quantity: int = 200, filled: int = 0) -> OrderRecord:
    return OrderRecord(
        XYZ, order.client_id, "v1", L, False, D(price), D(quantity), D(filled), state, SENT, SENT + 1, None
    )


def unknown_order(journal: Journal, level: int = 1) -> Order:
    name = journal.intend(L, GRID, level, 200, "9.9")
    journal.settle(name, OrderState.UNKNOWN)
    return journal.book.orders[name]


def ask(unknowns: Unknowns, lists: Lists, journal: Journal, now: int) -> list[Event]:
    return unknowns.ask(lists, journal.book.orders, now)


def test_an_order_is_never_absent_before_the_fence(journal: Journal, lists: Lists) -> None:
    """Asked every second from the start: not one negative answer counts before the fence at +17 s."""
    order = unknown_order(journal)
    unknowns = Unknowns(WINDOW)
    unknowns.open(order, SENT)
    for now in range(SENT, FENCE, ROUND_MS):
        assert ask(unknowns, lists, journal, now) == []
    assert len(unknowns) == 1
    assert ask(unknowns, lists, journal, FENCE) == []
    (absent,) = ask(unknowns, lists, journal, FENCE + ROUND_MS)
    assert isinstance(absent, OrderSettled)
    assert (absent.state, absent.client_id) == (OrderState.ABSENT, order.client_id)
    assert len(unknowns) == 0


def test_two_negative_rounds_lie_at_least_a_second_apart(journal: Journal, lists: Lists) -> None:
    """Stepping every 100 ms after the fence does not shorten the pause."""
    unknowns = Unknowns(WINDOW)
    unknowns.open(unknown_order(journal), SENT)
    answers = [now for now in range(FENCE, FENCE + 2000, 100) if ask(unknowns, lists, journal, now)]
    assert answers == [FENCE + 1000]


def test_each_round_asks_both_lists(journal: Journal, lists: Lists) -> None:
    """Working orders and history; a find in the first spares the second."""
    order = unknown_order(journal)
    unknowns = Unknowns(WINDOW)
    unknowns.open(order, SENT)
    ask(unknowns, lists, journal, SENT)
    assert lists.asked == [("open", order.client_id), ("ended", order.client_id)]


def test_a_question_is_opened_once(journal: Journal) -> None:
    """Opening it again does not move the fence or the next round."""
    order = unknown_order(journal)
    unknowns = Unknowns(WINDOW)
    unknowns.open(order, SENT)
    unknowns.open(order, SENT + 500)
    assert (len(unknowns), unknowns.next_due(), order.client_id in unknowns) == (1, SENT, True)
    assert Unknowns(WINDOW).next_due() is None


def test_a_newer_request_has_a_fence_of_its_own(journal: Journal, lists: Lists) -> None:
    """The order is seen, amended ten seconds later, and nobody hears of that: it is asked for until the amend can no
    longer arrive, though the question about its placing was nearly answered."""
    unknowns = Unknowns(WINDOW)
    name = journal.work(L, GRID, 1, 200, "9.9")
    order = journal.book.orders[name]
    unknowns.open(order, SENT + 1)
    journal.now = SENT + 10_000
    journal.amend(name, "9.8", 200)
    unknowns.open(order, SENT + 10_000)
    for now in (FENCE + 1, FENCE + 1001, FENCE + 2001, FENCE + 9999):
        assert unknowns.ask(lists, journal.book.orders, now) == []
    assert unknowns.ask(lists, journal.book.orders, FENCE + 10_999) == []
    (gone,) = unknowns.ask(lists, journal.book.orders, FENCE + 11_999)
    assert type(gone) is OrderUpdate


def test_an_order_found_open_works(journal: Journal, lists: Lists) -> None:
    """Seen before the fence is good enough."""
    order = unknown_order(journal)
    lists.open[order.client_id] = record(order, OrderState.WORKING)
    unknowns = Unknowns(WINDOW)
    unknowns.open(order, SENT)
    learned = ask(unknowns, lists, journal, SENT)
    assert learned == [seen_as(lists.open[order.client_id], SENT)]
    journal.write(*learned)
    assert order.state is OrderState.WORKING
    assert len(unknowns) == 0


def test_an_order_found_ended_waits_for_its_executions(journal: Journal, lists: Lists) -> None:
    """Filled at the venue: the update tells 200, the executions are still to come."""
    order = unknown_order(journal)
    lists.ended[order.client_id] = record(order, OrderState.FILLED, filled=200)
    unknowns = Unknowns(WINDOW)
    unknowns.open(order, SENT)
    journal.write(*ask(unknowns, lists, journal, SENT))
    assert order.venue_state is OrderState.FILLED
    assert order.client_id in journal.book.orders
    journal.fill(order.client_id, 200, "9.9")
    assert journal.book.orders == {}


def test_a_working_order_in_neither_list_is_gone(journal: Journal, lists: Lists) -> None:
    """It was accepted once, so it is cancelled, with what has executed of it."""
    name = journal.work(L, GRID, 1, 200, "9.9")
    journal.fill(name, 50, "9.9")
    unknowns = Unknowns(WINDOW)
    unknowns.open(journal.book.orders[name], SENT)
    assert ask(unknowns, lists, journal, FENCE) == []
    (update,) = ask(unknowns, lists, journal, FENCE + 1000)
    assert isinstance(update, OrderUpdate)
    assert (update.state, update.filled) == (OrderState.CANCELLED, D(50))
    journal.write(update)
    assert journal.book.orders == {}


def test_an_amend_whose_terms_are_seen_took_effect(journal: Journal, lists: Lists) -> None:
    """At once, whatever the fence."""
    name = journal.work(L, GRID, 1, 200, "9.9")
    journal.amend(name, "9.8", 250).changed(name, None)
    order = journal.book.orders[name]
    lists.open[name] = record(order, OrderState.WORKING, "9.8", 250)
    unknowns = Unknowns(WINDOW)
    unknowns.open(order, SENT)
    journal.write(*ask(unknowns, lists, journal, SENT))
    assert (order.price, order.quantity, order.amending) == (D("9.8"), D(250), None)


def test_old_terms_prove_that_an_amend_failed_only_after_the_fence(journal: Journal, lists: Lists) -> None:
    """Before it the request may still arrive."""
    name = journal.work(L, GRID, 1, 200, "9.9")
    journal.amend(name, "9.8", 250).changed(name, None)
    order = journal.book.orders[name]
    lists.open[name] = record(order, OrderState.WORKING)
    unknowns = Unknowns(WINDOW)
    unknowns.open(order, SENT)
    assert ask(unknowns, lists, journal, FENCE - 1) == []
    learned = ask(unknowns, lists, journal, FENCE + 1000)
    assert [type(event) for event in learned] == [OrderUpdate, ChangeSettled]
    journal.write(*learned)
    assert (order.price, order.quantity, order.amending) == (D("9.9"), D(200), None)


def test_a_cancel_is_settled_by_the_end_of_its_order_or_by_the_fence(journal: Journal, lists: Lists) -> None:
    """Still listed: not before the fence; ended: at once."""
    first, second = (journal.work(side, GRID, 1, 200, "9.9") for side in (L, S))
    for name in (first, second):
        journal.cancel(name).changed(name, None)
        lists.open[name] = record(journal.book.orders[name], OrderState.WORKING)
    unknowns = Unknowns(WINDOW)
    for name in (first, second):
        unknowns.open(journal.book.orders[name], SENT)
    assert ask(unknowns, lists, journal, SENT) == []
    lists.ended[first] = record(journal.book.orders[first], OrderState.CANCELLED)
    del lists.open[first]
    (update,) = ask(unknowns, lists, journal, SENT + 1000)
    assert isinstance(update, OrderUpdate)
    assert (update.client_id, update.state) == (first, OrderState.CANCELLED)
    learned = ask(unknowns, lists, journal, FENCE)
    assert isinstance(learned[-1], ChangeSettled)
    assert (learned[-1].client_id, learned[-1].accepted) == (second, False)


def test_an_order_that_has_ended_meanwhile_is_not_asked_for(journal: Journal, lists: Lists) -> None:
    """Its executions came by themselves."""
    order = unknown_order(journal)
    unknowns = Unknowns(WINDOW)
    unknowns.open(order, SENT)
    journal.fill(order.client_id, 200, "9.9")
    assert ask(unknowns, lists, journal, SENT) == []
    assert (len(unknowns), lists.asked) == (0, [])


def test_what_was_learned_before_a_read_failed_is_not_lost(journal: Journal, lists: Lists) -> None:
    """The first order was found, the second read fails: the first is told, the second is asked again a second later."""
    found, failing = unknown_order(journal, 1), unknown_order(journal, 2)
    lists.open[found.client_id] = record(found, OrderState.WORKING)
    lists.broken.add(failing.client_id)
    unknowns = Unknowns(WINDOW)
    unknowns.open(found, SENT)
    unknowns.open(failing, SENT)
    (update,) = ask(unknowns, lists, journal, SENT)
    assert isinstance(update, OrderUpdate)
    assert update.client_id == found.client_id
    assert unknowns.next_due() == SENT + ROUND_MS


def test_a_failing_venue_is_not_asked_without_pause(journal: Journal, lists: Lists) -> None:
    """The read fails: the next round is a second later, not at once."""
    order = unknown_order(journal)
    lists.broken.add(order.client_id)
    unknowns = Unknowns(WINDOW)
    unknowns.open(order, SENT)
    with pytest.raises(Unclear):
        ask(unknowns, lists, journal, SENT)
    assert unknowns.next_due() == SENT + ROUND_MS


def test_a_failed_read_is_no_negative_answer(journal: Journal, lists: Lists) -> None:
    """Two failures after the fence prove nothing."""
    order = unknown_order(journal)
    unknowns = Unknowns(WINDOW)
    unknowns.open(order, SENT)
    lists.broken.add(order.client_id)
    for now in (FENCE, FENCE + 1000):
        with pytest.raises(Unclear):
            ask(unknowns, lists, journal, now)
    lists.broken.clear()
    assert ask(unknowns, lists, journal, FENCE + 2000) == []
    assert len(ask(unknowns, lists, journal, FENCE + 3000)) == 1


def test_a_venue_in_the_same_process_needs_no_fence(journal: Journal, lists: Lists) -> None:
    """Without a receive window nothing can be under way: two rounds suffice."""
    unknowns = Unknowns(WINDOW._replace(receive_window_ms=0, processing_ms=0))
    unknowns.open(unknown_order(journal), SENT)
    assert ask(unknowns, lists, journal, SENT) == []
    assert len(ask(unknowns, lists, journal, SENT + 1000)) == 1
