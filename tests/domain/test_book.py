"""The book is a fold over events: each of them, in every order in which a venue may tell them."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridhedge.domain.book import Book
from gridhedge.domain.events import (
    Execution,
    ExecutionKind,
    Funding,
    LookAheadSwitched,
    OrderUpdate,
    StopLifted,
    StopRaised,
)
from gridhedge.domain.ladder_book import average_price, unrealised
from gridhedge.domain.order import LEGAL_MOVES, OrderState, Pending, Reject
from gridhedge.domain.values import SIDES, Role, Side
from tests.domain.journal import CYCLE, TABLE, XYZ, Journal, L, S, dump, filled, refold

D = Decimal
OPENING, GRID, TP, CLOSE = Role.OPENING, Role.GRID, Role.TAKE_PROFIT, Role.CLOSE
WORKING, UNKNOWN, FILLED, CANCELLED = (
    OrderState.WORKING,
    OrderState.UNKNOWN,
    OrderState.FILLED,
    OrderState.CANCELLED,
)


@pytest.fixture
def journal() -> Journal:
    """Table 100, 200, 400, 800; both cycles open."""
    return Journal().begin()


# ---- executions ------------------------------------------------------------------------------------------------------


def test_an_entry_fills_its_level(journal: Journal) -> None:
    """40 and 60 of level 0: the order is done and gone, the level holds 100."""
    name = journal.work(L, OPENING, 0, 100, "10")
    journal.fill(name, 40, "10", "0.4")
    assert journal.book.orders[name].remaining == D(60)
    journal.fill(name, 60, "9.9", "0.6")
    assert name not in journal.book.orders
    assert filled(journal.book, L) == [D(100)]
    assert (journal.book.long.cost, journal.book.long.fees) == (D(994), D(1))
    assert average_price(journal.book.long) == D("9.94")


def test_a_repeated_execution_is_no_news_and_counting_it_is_a_bug(journal: Journal) -> None:
    """By execution id, whatever else the message says."""
    name = journal.work(L, OPENING, 0, 100, "10")
    once = journal.execution(name, L, 40, "10")
    assert journal.book.is_new(once)
    journal.write(once)
    assert not journal.book.is_new(once._replace(quantity=D(60)))
    with pytest.raises(AssertionError, match="counted twice"):
        journal.book.apply(once)


def test_an_execution_before_the_answer_proves_that_the_order_works(journal: Journal) -> None:
    """Fill before ack: INTENDED becomes WORKING, and the late answer changes nothing."""
    name = journal.intend(L, OPENING, 0, 100, "10")
    journal.fill(name, 30, "10")
    assert journal.book.orders[name].state is WORKING
    journal.settle(name, WORKING)
    assert journal.book.orders[name].remaining == D(70)


def test_the_answer_to_an_order_that_has_filled_already_is_passed_over(journal: Journal) -> None:
    """Filled inside the round trip: the answer finds no order."""
    name = journal.intend(L, OPENING, 0, 100, "10")
    journal.fill(name, 100, "10")
    before = dump(journal.book)
    journal.settle(name, WORKING)
    assert dump(journal.book) == before


def test_filled_may_be_told_before_its_executions(journal: Journal) -> None:
    """The order waits for them, then ends; nothing counts twice."""
    name = journal.work(L, OPENING, 0, 100, "10")
    journal.update(name, FILLED, "10", 100, 100)
    assert filled(journal.book, L) == []
    assert journal.book.orders[name].remaining == D(100)
    journal.fill(name, 100, "10")
    assert filled(journal.book, L) == [D(100)]
    assert journal.book.orders == {}


def test_cancelled_with_executions_missing_waits_for_them(journal: Journal) -> None:
    """Cancelled after 30 of 100: ends when the 30 have come, and the level's rest may be sent anew."""
    name = journal.work(L, GRID, 1, 200, "9.9")
    journal.cancel(name).update(name, CANCELLED, "9.9", 200, 30)
    assert journal.book.orders[name].remaining == D(30)
    journal.fill(name, 30, "9.9")
    assert journal.book.orders == {}
    assert journal.book.long.filled(1) == D(30)
    assert journal.book.long.next_revision(GRID, 1) == 2


def test_an_unexecuted_cancel_ends_the_order_at_once(journal: Journal) -> None:
    """Nothing is on its way."""
    name = journal.work(L, GRID, 1, 200, "9.9")
    journal.cancel(name).changed(name, True)
    assert journal.book.orders[name].pending is Pending.CANCEL
    journal.update(name, CANCELLED, "9.9", 200, 0)
    assert journal.book.orders == {}
    assert journal.book.long.entries == {}


def test_the_order_in_which_a_venue_tells_does_not_matter() -> None:
    """Executions and the final update in all six orders: one book."""
    outcomes = []
    for first, second, third in ((0, 1, 2), (0, 2, 1), (1, 0, 2), (1, 2, 0), (2, 0, 1), (2, 1, 0)):
        journal = Journal().begin(L)
        name = journal.work(L, OPENING, 0, 100, "10")
        told = [
            journal.execution(name, L, 30, "10", "0.3"),
            journal.execution(name, L, 70, "9.9", "0.7"),
            journal.told(name, FILLED, "10", 100, 100),
        ]
        for place in (first, second, third):
            if journal.book.is_new(told[place]):
                journal.write(told[place])
        long = journal.book.long
        outcomes.append((filled(journal.book, L), long.cost, long.fees, dict(journal.book.orders)))
    assert outcomes == [([D(100)], D(993), D(1), {})] * 6


def test_a_late_entry_of_a_former_cycle_fills_the_new_one_from_the_bottom(journal: Journal) -> None:
    """Level 1 of the old cycle executes after the take-profit: its 200 are 100 of level 0 and 100 of level 1."""
    journal.open_level(L, 0, "10")
    old = journal.work(L, GRID, 1, 200, "9.9")
    exit_order = journal.work(L, TP, 0, 100, "10.2")
    journal.fill(exit_order, 100, "10.2")
    journal.begin(L, cycle=CYCLE + 5)
    journal.fill(old, 200, "9.9")
    assert filled(journal.book, L) == [D(100), D(100)]
    assert journal.book.long.cost == D(1980)


def test_a_residue_starts_the_next_cycle(journal: Journal) -> None:
    """The take-profit over 100 is done although 50 more were entered: they are level 0 of the next cycle, at 9.9."""
    journal.open_level(L, 0, "10", "1")
    exit_order = journal.work(L, TP, 0, 100, "10.2")
    journal.fill(journal.work(L, GRID, 1, 200, "9.9"), 50, "9.9", "0.5")
    journal.fill(exit_order, 100, "10.2", "0.2")
    long = journal.book.long
    assert (long.cycle, long.cycles, long.last_cycle) == (0, 1, CYCLE)
    assert filled(journal.book, L) == [D(50)]
    assert (long.cost, long.fees, long.held) == (D(495), D("0.5"), D(50))
    assert long.realised == D(1020) - D("0.2") - D(1000) - D(1)


def test_a_joined_order_fills_the_small_levels_below_it(journal: Journal) -> None:
    """Level 2 carries 100 + 200 + 400: its own 400 first, then 100 and 200 from the bottom."""
    name = journal.work(L, GRID, 2, 700, "9.8")
    journal.fill(name, 300, "9.8")
    assert filled(journal.book, L) == [D(0), D(0), D(300)]
    journal.fill(name, 250, "9.8")
    assert filled(journal.book, L) == [D(100), D(50), D(400)]
    journal.fill(name, 150, "9.8")
    assert filled(journal.book, L) == [D(100), D(200), D(400)]


def test_an_execution_whose_level_a_late_fill_has_taken_goes_beyond(journal: Journal) -> None:
    """The old cycle's level 1 executes late and fills the new level 1; the new level 1's 200 then go to level 2."""
    journal.open_level(L, 0, "10")
    old = journal.work(L, GRID, 1, 200, "9.9")
    journal.fill(journal.work(L, TP, 0, 100, "10.2"), 100, "10.2")
    journal.begin(L, cycle=CYCLE + 5, now_levels=2)
    journal.open_level(L, 0, "10")
    own = journal.work(L, OPENING, 1, 200, "10")
    journal.fill(old, 200, "9.9").fill(own, 200, "10")
    assert filled(journal.book, L) == [D(100), D(200), D(200)]


# ---- the end of a cycle ----------------------------------------------------------------------------------------------


def test_a_filled_take_profit_ends_the_cycle(journal: Journal) -> None:
    """100 from 10 to 10.2 less 1 and 0.2 of fees and 0.3 of funding: 18.5; the grid order left over is stale."""
    journal.open_level(L, 0, "10", "1")
    journal.fund(L, "0.3")
    left_over = journal.work(L, GRID, 1, 200, "9.9")
    journal.fill(journal.work(L, TP, 0, 100, "10.2"), 100, "10.2", "0.2")
    long = journal.book.long
    assert (long.realised, long.cycles, long.cycle) == (D("18.5"), 1, 0)
    assert (long.entries, long.exits, set(long.stale)) == ({}, {}, {left_over})
    assert journal.book.short.cycle == CYCLE


@pytest.mark.parametrize("told_first", [True, False])
def test_a_take_profit_that_the_venue_had_cut_ends_the_cycle_however_it_is_told(
    journal: Journal, told_first: bool
) -> None:
    """99 of 100 were left of it, and all of them executed, before or after the venue called it filled: the one that
    is still held belongs to the next cycle."""
    journal.open_level(L, 0, "10")
    name = journal.work(L, TP, 0, 100, "10.2")
    execution = journal.execution(name, L, 99, "10.2", closing=True)
    filled_99 = journal.told(name, OrderState.FILLED, "10.2", 99, 99)
    journal.write(*((filled_99, execution) if told_first else (execution, filled_99)))
    long = journal.book.long
    assert (long.cycles, long.cycle, long.held, long.exits) == (1, 0, D(1), {})
    assert long.realised == D("19.8")


def test_a_partly_filled_take_profit_does_not(journal: Journal) -> None:
    """60 of 100: the cycle goes on with 40 held."""
    journal.open_level(L, 0, "10")
    journal.fill(journal.work(L, TP, 0, 100, "10.2"), 60, "10.2", "0.1")
    long = journal.book.long
    assert (long.cycle, long.held, long.closed_money) == (CYCLE, D(40), D("611.9"))


def test_a_cancelled_take_profit_does_not_end_the_cycle(journal: Journal) -> None:
    """Cancelled after 60 of 100: 40 are still held."""
    journal.open_level(L, 0, "10")
    name = journal.work(L, TP, 0, 100, "10.2")
    journal.update(name, CANCELLED, "10.2", 100, 60).fill(name, 60, "10.2")
    assert (journal.book.long.cycle, journal.book.long.held, journal.book.long.exits) == (CYCLE, D(40), {})


def test_closing_at_market_to_flat_ends_the_cycle(journal: Journal) -> None:
    """The emergency's close is an exit like any other."""
    journal.open_level(S, 0, "10")
    journal.fill(journal.work(S, CLOSE, 0, 100, "9"), 100, "9")
    assert (journal.book.short.realised, journal.book.short.cycles, journal.book.short.held) == (D(100), 1, 0)


# ---- the wrong door --------------------------------------------------------------------------------------------------


def test_a_hand_that_closes_a_part_leaves_the_levels_filled_from_the_bottom(journal: Journal) -> None:
    """300 at 9.9333, 150 closed by hand at 10: 150 stay, as 100 and 50, and half the fees with them."""
    journal.open_level(L, 0, "10", "1")
    journal.open_level(L, 1, "9.9", "3")
    journal.write(journal.execution("", L, 150, "10", "0.5", closing=True))
    long = journal.book.long
    assert filled(journal.book, L) == [D(100), D(50)]
    assert (long.held, long.fees, long.closed) == (D(150), D(2), D(0))
    assert abs(long.cost - D(1490)) < D("1E-20")
    assert abs(long.realised - (D(10) - D("0.5") - D(2))) < D("1E-20")


@pytest.mark.parametrize("kind", [ExecutionKind.TRADE, ExecutionKind.ADL, ExecutionKind.SETTLEMENT])
def test_being_closed_to_flat_from_outside_counts_as_a_take_profit(journal: Journal, kind: ExecutionKind) -> None:
    """The cycle ends with its result: 100 from 10 to 9.5 is -50."""
    journal.open_level(L, 0, "10")
    journal.write(journal.execution("", L, 100, "9.5", closing=True, kind=kind))
    long = journal.book.long
    assert (long.cycle, long.cycles, long.realised, long.held) == (0, 1, D(-50), 0)


def test_what_the_user_buys_by_hand_is_the_users(journal: Journal) -> None:
    """77 bought by hand beside our 100: ours stay as they are, and 50 closed by hand are the user's first."""
    journal.open_level(L, 0, "10")
    journal.write(journal.execution("", L, 77, "10"))
    journal.write(journal.execution("", L, 50, "11", closing=True))
    long = journal.book.long
    assert (long.held, long.surplus, long.realised) == (D(100), D(27), D(0))
    journal.write(journal.execution("", L, 40, "11", closing=True))
    assert (long.held, long.surplus) == (D(87), D(0))


def test_closing_what_we_do_not_hold_is_none_of_our_business(journal: Journal) -> None:
    """A position from before the bot is closed by hand: nothing of ours changes but the list of executions."""
    before = dump(journal.book)
    journal.write(journal.execution("web-order", S, 50, "10", closing=True))
    after = dump(journal.book)
    assert (before.pop("executed"), after.pop("executed")) == ([], ["x1"])
    assert after == before


def test_an_outside_close_of_more_than_ours_closes_ours(journal: Journal) -> None:
    """An older 50 and our 100 closed at once: ours ends flat."""
    journal.open_level(L, 0, "10")
    journal.write(journal.execution("", L, 150, "10.5", closing=True))
    assert (journal.book.long.held, journal.book.long.cycles, journal.book.long.realised) == (0, 1, D(50))


def test_mending_fills_the_levels_from_the_bottom(journal: Journal) -> None:
    """The venue holds 150 at 9.8: 100 and 50."""
    journal.open_level(L, 0, "10")
    journal.open_level(L, 1, "9.9")
    journal.mend(L, 150, "9.8")
    assert filled(journal.book, L) == [D(100), D(50)]
    assert journal.book.long.cost == D(1470)
    assert journal.book.long.cycle == CYCLE


def test_mending_to_nothing_ends_the_cycle(journal: Journal) -> None:
    """The venue holds nothing: flat, and stale orders are only to be cancelled."""
    journal.open_level(S, 0, "10")
    exit_order = journal.work(S, TP, 0, 100, "9.8")
    journal.mend(S, 0, "0")
    short = journal.book.short
    assert (short.cycle, short.held, short.fills, set(short.stale)) == (0, 0, [], {exit_order})


def test_an_id_of_ours_that_nobody_knows_still_tells_its_meaning(journal: Journal) -> None:
    """An order that only the venue remembers: its execution fills its level, its exit leaves."""
    journal.write(journal.execution(journal.name(L, OPENING, 0, 9), L, 100, "10"))
    assert filled(journal.book, L) == [D(100)]
    journal.write(journal.execution(journal.name(L, TP, 0, 9), L, 30, "10.1", closing=True))
    assert journal.book.long.held == D(70)


# ---- funding ---------------------------------------------------------------------------------------------------------


def test_funding_belongs_to_the_cycle_that_holds_and_to_the_result_otherwise(journal: Journal) -> None:
    """0.3 paid while holding; 0.2 received when flat goes straight to the result."""
    journal.open_level(L, 0, "10")
    journal.fund(L, "0.3").fund(S, "-0.2")
    assert (journal.book.long.funding, journal.book.long.realised) == (D("0.3"), D(0))
    assert (journal.book.short.funding, journal.book.short.realised) == (D(0), D("0.2"))


def test_funding_counts_once(journal: Journal) -> None:
    """By its id."""
    journal.fund(L, "0.3")
    again = journal.events[-1]
    assert not journal.book.is_new(again)
    with pytest.raises(AssertionError, match="counted twice"):
        journal.book.apply(again)


# ---- requests and their outcomes -------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", [OrderState.REJECTED, OrderState.ABSENT])
def test_a_refused_or_absent_order_gives_its_slot_back(journal: Journal, state: OrderState) -> None:
    """The next one for the meaning takes a new revision: an id is never used again."""
    name = journal.intend(L, GRID, 1, 200, "9.9")
    journal.settle(name, state)
    assert (journal.book.orders, journal.book.long.entries) == ({}, {})
    assert journal.book.long.next_revision(GRID, 1) == 2
    assert name in journal.book.known


def test_an_unknown_order_holds_its_slot_until_it_is_seen(journal: Journal) -> None:
    """UNKNOWN counts as live; a sight makes it WORKING."""
    name = journal.intend(L, GRID, 1, 200, "9.9")
    journal.settle(name, UNKNOWN)
    assert journal.book.long.entries[1].state is UNKNOWN
    journal.update(name, WORKING, "9.9", 200, 0)
    assert journal.book.orders[name].state is WORKING


def test_refusals_are_counted_per_meaning_until_one_is_accepted(journal: Journal) -> None:
    """Twice for lack of margin: refused, counted 2; an acceptance forgets both."""
    for revision in (1, 2):
        journal.settle(journal.intend(L, GRID, 1, 200, "9.9", revision), OrderState.REJECTED, Reject.MARGIN)
    assert journal.book.rejections[(L, GRID, 1)][1] == 2
    assert set(journal.book.long.refused) == {1}
    journal.work(L, GRID, 1, 200, "9.9", 3)
    assert (journal.book.rejections, journal.book.long.refused) == ({}, {})


def test_only_margin_makes_a_level_refused(journal: Journal) -> None:
    """A busy venue is no reason to stop averaging."""
    journal.settle(journal.intend(L, GRID, 1, 200, "9.9"), OrderState.REJECTED, Reject.BUSY)
    assert journal.book.long.refused == {}
    assert journal.book.rejections[(L, GRID, 1)][1] == 1


def test_an_amend_changes_the_order_when_it_is_accepted(journal: Journal) -> None:
    """Until then the old terms stand and the larger quantity counts."""
    name = journal.work(L, GRID, 1, 200, "9.9")
    journal.amend(name, "9.8", 250)
    order = journal.book.orders[name]
    assert (order.price, order.quantity, order.exposure, order.pending) == (D("9.9"), D(200), D(250), Pending.AMEND)
    journal.changed(name, True)
    assert (order.price, order.venue_price, order.quantity, order.pending) == (
        D("9.8"),
        D("9.8"),
        D(250),
        Pending.NOTHING,
    )


def test_a_refused_amend_leaves_the_order_as_it_was(journal: Journal) -> None:
    """Price and quantity stay, and it may be changed again."""
    name = journal.work(L, GRID, 1, 200, "9.9")
    journal.amend(name, "9.8", 250).changed(name, False)
    order = journal.book.orders[name]
    assert (order.price, order.quantity, order.amending, order.pending) == (D("9.9"), D(200), None, Pending.NOTHING)


def test_an_unknown_amend_stays_open_until_its_terms_are_seen(journal: Journal) -> None:
    """accepted=None settles nothing; the sight of the new terms does."""
    name = journal.work(L, GRID, 1, 200, "9.9")
    journal.amend(name, "9.8", 250).changed(name, None)
    order = journal.book.orders[name]
    assert order.pending is Pending.AMEND
    journal.update(name, WORKING, "9.8", 250, 0)
    assert (order.price, order.quantity, order.pending) == (D("9.8"), D(250), Pending.NOTHING)


CUTS = [
    ("10.3", 80, True),  # the new price
    ("10.2", 90, True),  # more than before
    ("10.2", 60, False),  # the old order, cut
    ("10.1", 80, False),  # neither price
]


@pytest.mark.parametrize(("price", "quantity", "took_effect"), CUTS)
def test_an_amended_exit_is_known_though_the_venue_has_cut_it(
    journal: Journal, price: str, quantity: int, took_effect: bool
) -> None:
    """80 @ 10.2, to be 100 @ 10.3 or at its own price, and nobody heard: it is seen with less than was asked."""
    journal.open_level(L, 0, "10")
    name = journal.work(L, TP, 0, 80, "10.2")
    journal.amend(name, price if price != "10.1" else "10.3", 100).changed(name, None)
    journal.update(name, WORKING, price, quantity, 0)
    order = journal.book.orders[name]
    assert (order.amending is None) is took_effect
    if took_effect:
        assert (order.quantity, order.asked, order.pending) == (D(quantity), D(100), Pending.NOTHING)


def test_a_sight_from_before_the_amend_does_not_undo_it(journal: Journal) -> None:
    """A delayed message with the old terms arrives after the amend was accepted."""
    name = journal.work(L, GRID, 1, 200, "9.9")
    old = journal.told(name, WORKING, "9.9", 200, 0)
    journal.now += 10
    journal.amend(name, "9.8", 250).changed(name, True).write(old)
    assert journal.book.orders[name].quantity == D(250)


def test_a_sight_with_less_executed_than_is_known_is_old(journal: Journal) -> None:
    """60 of 100 have executed; a list that says 30 of 50 was read before."""
    journal.open_level(L, 0, "10")
    name = journal.work(L, TP, 0, 100, "10.2")
    journal.fill(name, 60, "10.2").update(name, WORKING, "10.1", 50, 30)
    order = journal.book.orders[name]
    assert (order.venue_price, order.quantity, order.filled) == (D("10.2"), D(100), D(60))


def test_a_price_that_the_venue_moved_is_remembered_beside_ours(journal: Journal) -> None:
    """We asked for 9.9, it rests at 9.95: our price stays what we compare with."""
    name = journal.work(L, GRID, 1, 200, "9.9")
    journal.update(name, WORKING, "9.95", 200, 0)
    order = journal.book.orders[name]
    assert (order.price, order.venue_price) == (D("9.9"), D("9.95"))


def test_a_refused_cancel_frees_the_order_for_another_change(journal: Journal) -> None:
    """The order is still there."""
    name = journal.work(L, GRID, 1, 200, "9.9")
    journal.cancel(name).changed(name, False)
    assert journal.book.orders[name].pending is Pending.NOTHING


def test_an_adopted_order_takes_its_slot_and_its_revision(journal: Journal) -> None:
    """Found at the venue with revision 7: the next is 8."""
    journal.adopt(journal.key(L, GRID, 1, 7), 200, "9.9")
    assert journal.book.long.entries[1].state is WORKING
    assert journal.book.long.next_revision(GRID, 1) == 8
    before = dump(journal.book)
    journal.adopt(journal.key(L, GRID, 1, 7), 200, "9.9")
    assert dump(journal.book) == before


def test_an_order_of_a_former_cycle_is_only_to_be_cancelled(journal: Journal) -> None:
    """Adopted with an older cycle: stale."""
    journal.adopt(journal.key(L, GRID, 1, cycle=CYCLE - 9), 200, "9.9")
    assert journal.book.long.entries == {}
    assert len(journal.book.long.stale) == 1


def test_intending_an_id_twice_is_a_bug(journal: Journal) -> None:
    """It would be a second order under the same id."""
    journal.intend(L, GRID, 1, 200, "9.9")
    with pytest.raises(AssertionError, match="intended twice"):
        journal.intend(L, GRID, 1, 200, "9.9")


def test_a_cycle_never_goes_back_in_time(journal: Journal) -> None:
    """Its number is part of every id: an old one would repeat ids."""
    journal.open_level(L, 0, "10")
    journal.mend(L, 0, "0")
    with pytest.raises(AssertionError, match="not newer"):
        journal.begin(L, cycle=CYCLE)


def test_a_cycle_that_only_its_executions_tell_of_has_taken_its_number(journal: Journal) -> None:
    """An older copy of the journal does not know it, and the clock may have been set back since."""
    name = journal.name(L, OPENING, 0, cycle=CYCLE + 60)
    journal.write(journal.execution(name, L, 100, "10"))
    assert journal.book.long.last_cycle == CYCLE + 60
    with pytest.raises(AssertionError, match="not newer"):
        journal.begin(L, cycle=CYCLE + 60)


def test_an_order_that_comes_back_remembers_what_has_executed_of_it(journal: Journal) -> None:
    """It was taken for gone with 30 of 100 executed: 70 are left when it is found again."""
    name = journal.work(L, OPENING, 0, 100, "10")
    order = journal.book.orders[name]
    journal.fill(name, 30, "10")
    journal.update(name, CANCELLED, "10", 100, 30)
    assert name not in journal.book.orders
    journal.adopt(order.key, 100, "10")
    assert (journal.book.orders[name].filled, journal.book.orders[name].remaining) == (D(30), D(70))


def test_updates_of_strangers_are_no_news(journal: Journal) -> None:
    """Unknown client ids, and a second final update."""
    assert not journal.book.is_new(journal.told("web-1", FILLED, "10", 5, 5))
    name = journal.work(L, OPENING, 0, 100, "10")
    journal.update(name, FILLED, "10", 100, 100)
    assert not journal.book.is_new(journal.told(name, FILLED, "10", 100, 100))


def test_the_look_ahead_switch_is_remembered(journal: Journal) -> None:
    """On and off."""
    journal.write(LookAheadSwitched(XYZ, True, 5))
    assert journal.book.look_ahead_withdrawn
    journal.write(LookAheadSwitched(XYZ, False, 6))
    assert not journal.book.look_ahead_withdrawn


def test_unrealised_profit_values_what_is_held(journal: Journal) -> None:
    """Short 100 from 10 at a mark of 9.5: 50; nothing held, nothing unrealised."""
    journal.open_level(S, 0, "10")
    assert unrealised(journal.book.short, D("9.5")) == D(50)
    assert unrealised(journal.book.long, D("9.5")) == 0
    assert average_price(journal.book.long) is None


def test_the_account_remembers_its_stop_and_passes_over_symbols_that_it_no_longer_trades() -> None:
    """Raised, lifted; an event of another symbol changes nothing."""
    book = Book("001", [XYZ])
    stop = StopRaised("freeze", XYZ, "why", 5)
    book.apply(stop)
    assert book.stop == stop
    book.apply(StopLifted(6))
    assert book.stop is None
    book.apply(LookAheadSwitched("GONEUSDT", True, 7))
    assert not book.symbols[XYZ].look_ahead_withdrawn


# ---- laws ------------------------------------------------------------------------------------------------------------

ILLEGAL = [
    (before, after)
    for before in OrderState
    for after in OrderState
    if after not in LEGAL_MOVES.get(before, ()) and after is not before
]


@pytest.mark.parametrize(("before", "after"), ILLEGAL)
def test_a_move_outside_the_graph_is_a_bug(journal: Journal, before: OrderState, after: OrderState) -> None:
    """Whatever asks for it."""
    name = journal.intend(L, GRID, 1, 200, "9.9")
    order = journal.book.orders[name]
    order.state = before
    with pytest.raises(AssertionError, match=f"{before.value} -> {after.value}"):
        journal.book._move(order, after)


def play(journal: Journal, dice: list[tuple[int, int, int]]) -> None:
    """A venue's life by dice: orders come, fill in parts, are amended, cancelled, refused, closed by hand."""
    for what, pick, part in dice:
        side = SIDES[pick % 2]
        ladder = journal.book.of(side)
        live = [order for order in journal.book.orders.values() if order.state is WORKING and order.venue_state is None]
        if ladder.cycle == 0:
            journal.now += 2000
            journal.begin(side, cycle=max(journal.now // 1000, ladder.last_cycle + 1), now_levels=1 + part % 2)
        elif what < 3:
            place(journal, side, pick // 2 % len(TABLE), part)
        elif what < 7 and live:
            order = live[pick % len(live)]
            quantity = max(1, int(order.remaining) * part // 5)
            journal.fill(order.client_id, min(quantity, int(order.remaining)), f"{9 + part / 10:.1f}", "0.01")
        elif what == 7 and live:
            finish(journal, live[pick % len(live)].client_id, part)
        elif what == 8 and ladder.held > 0:
            journal.write(journal.execution("", side, max(1, int(ladder.held) * part // 5), "9.5", closing=True))
        elif what == 9:
            journal.fund(side, f"0.0{part}")


def place(journal: Journal, side: Side, level: int, part: int) -> None:
    ladder = journal.book.of(side)
    if part == 0 and ladder.held > 0 and not ladder.exits:
        revision = ladder.next_revision(TP, 0)
        journal.settle(journal.intend(side, TP, 0, int(ladder.held), "10.5", revision), WORKING)
    elif level not in ladder.entries and ladder.filled(level) < TABLE[level]:
        quantity = int(TABLE[level] - ladder.filled(level))
        name = journal.intend(side, GRID, level, quantity, "9", ladder.next_revision(GRID, level))
        journal.settle(name, (WORKING, WORKING, UNKNOWN, OrderState.REJECTED, OrderState.ABSENT)[part % 5])


def finish(journal: Journal, name: str, part: int) -> None:
    order = journal.book.orders[name]
    if part < 3:
        journal.cancel(name)
        journal.update(name, CANCELLED, "9", int(order.quantity), int(order.filled))
    elif part == 3:
        journal.amend(name, "8.9", int(order.quantity)).changed(name, True)
    else:
        journal.amend(name, "8.9", int(order.quantity)).changed(name, None)


dice = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 63), st.integers(0, 5)), max_size=60)


@given(dice=dice)
def test_folding_the_journal_gives_the_book_in_memory(dice: list[tuple[int, int, int]]) -> None:
    """Restart, replay and recovery rest on it: every slot of every object agrees, for the whole and for each part."""
    journal = Journal().begin()
    play(journal, dice)
    assert dump(refold(journal.events)) == dump(journal.book)


@given(dice=dice)
def test_what_is_told_twice_counts_once(dice: list[tuple[int, int, int]]) -> None:
    """Every execution and funding payment is no news any more, and every update told again changes nothing."""
    journal = Journal().begin()
    play(journal, dice)
    book = Journal().book
    for event in journal.events:
        book.apply(event)
        if isinstance(event, OrderUpdate):
            before = dump(book)
            book.apply(event)
            assert dump(book) == before
        elif isinstance(event, Execution | Funding):
            assert not book.is_new(event)


@given(dice=dice)
def test_levels_and_orders_always_agree_with_their_sums(dice: list[tuple[int, int, int]]) -> None:
    """Entered is what the levels hold, cost what they cost; every live order has exactly one place."""
    journal = Journal().begin()
    play(journal, dice)
    for side in SIDES:
        ladder = journal.book.of(side)
        assert ladder.entered == sum((fill.quantity for fill in ladder.fills), D(0))
        assert abs(ladder.cost - sum((fill.cost for fill in ladder.fills), D(0))) < D("1E-15")
        assert 0 <= ladder.closed <= ladder.entered
        placed = [*ladder.entries.values(), *ladder.exits.values(), *ladder.stale.values()]
        assert sorted(order.client_id for order in placed) == sorted(
            name for name, order in journal.book.orders.items() if order.key.side is side
        )
        assert all(order.filled <= order.quantity for order in placed)


def test_an_order_with_a_larger_amend_under_way_is_not_done() -> None:
    """What the amend would add may still execute: the order stays, and the cycle with it."""
    journal = Journal().begin()
    journal.open_level(L, 0, "10")
    journal.open_level(L, 1, "9.9")
    name = journal.work(L, TP, 0, 100, "10.2")
    journal.amend(name, "10.1", 300).changed(name, None)
    journal.fill(name, 100, "10.2")
    assert name in journal.book.orders
    assert journal.book.long.cycle == CYCLE
