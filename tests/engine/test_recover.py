"""The events that bring a book to the venue's truth, with a journal and without one."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import pytest

from gridhedge.domain.account import OrderRecord, Position
from gridhedge.domain.book import SymbolBook
from gridhedge.domain.events import (
    Decision,
    Event,
    Execution,
    Funding,
    OrderAdopted,
    OrderUpdate,
    PositionMended,
    ReferenceFixed,
)
from gridhedge.domain.order import OrderKey, OrderState, client_id
from gridhedge.domain.values import Role, Side
from gridhedge.engine.recover import Truth, differences, position_differences, rebuild
from gridhedge.strategy.view import Found
from tests.domain.journal import CYCLE, TABLE, TAG, XYZ, Journal, L, S, dump, filled

D = Decimal
NOW = 3_000_000
OPENING, GRID, TP = Role.OPENING, Role.GRID, Role.TAKE_PROFIT
WORKING, FILLED, CANCELLED = OrderState.WORKING, OrderState.FILLED, OrderState.CANCELLED


class History:
    """A venue's memory, written down order by order."""

    def __init__(self) -> None:
        self.at = CYCLE * 1000
        self.open: list[OrderRecord] = []
        self.ended: list[OrderRecord] = []
        self.facts: list[Execution | Funding] = []
        self.positions: list[Position] = []

    def order(
        self,
        side: Side,
        role: Role,
        level: int,
        quantity: int,
        price: str,
        *fills: int,
        cycle: int = CYCLE,
        revision: int = 1,
        state: OrderState | None = None,
        name: str | None = None,
    ) -> History:
        """An order and its executions; FILLED or WORKING by its sum unless told otherwise."""
        self.at += 10
        own = client_id(TAG, OrderKey(side, role, level, cycle, revision)) if name is None else name
        venue_id = f"v{len(self.open) + len(self.ended)}"
        state = state or (FILLED if sum(fills) == quantity else WORKING)
        closing = not role.is_entry
        (self.ended if state.is_final else self.open).append(
            OrderRecord(
                XYZ, own, venue_id, side, closing, D(price), D(quantity), D(sum(fills)), state, self.at, self.at + 5
            )
        )
        for fill in fills:
            self.execution(side, fill, price, closing, own, venue_id)
        return self

    def execution(
        self, side: Side, quantity: int, price: str, closing: bool, name: str = "", venue_id: str = ""
    ) -> History:
        self.at += 1
        made = Execution(
            f"x{len(self.facts)}", XYZ, name, venue_id, side, closing, D(quantity), D(price), D("0.1"), True, self.at
        )
        self.facts.append(made)
        return self

    def fund(self, side: Side, amount: str) -> History:
        self.at += 1
        self.facts.append(Funding(f"f{len(self.facts)}", XYZ, side, D(amount), D("0.0001"), self.at))
        return self

    def holds(self, side: Side, quantity: int, average: str = "10") -> History:
        self.positions.append(Position(XYZ, side, D(quantity), D(average)))
        return self

    def truth(self, at: int = NOW) -> Truth:
        return Truth(at, tuple(self.open), tuple(self.ended), tuple(self.facts), tuple(self.positions))


def complete(found: Sequence[Found]) -> tuple[Decision, ...]:
    """Doubling from level 0, as a strategy would."""
    known: dict[int, Decimal] = {}
    for story in sorted(found, key=lambda story: -story.cycle):
        known.update({level: entry.quantity for level, entry in story.entries.items()})
    return (ReferenceFixed(XYZ, tuple(known[0] * 2**level for level in range(4)), NOW),) if known else ()


def rebuilt(history: History) -> SymbolBook:
    """A book that was empty and now remembers; a second look at the same history finds nothing new."""
    book = SymbolBook("001", XYZ)
    apply(book, rebuild(book, history.truth(), complete))
    assert differences(book, history.truth()).events == []
    return book


def apply(book: SymbolBook, events: Sequence[Event]) -> None:
    for event in events:
        book.apply(event)


# ---- differences -----------------------------------------------------------------------------------------------------


def test_a_book_that_agrees_differs_in_nothing() -> None:
    """Order listed as it is, execution counted, position equal."""
    journal = Journal().begin()
    journal.open_level(L, 0, "10")
    name = journal.work(L, GRID, 1, 200, "9.9")
    history = History().order(L, GRID, 1, 200, "9.9").holds(L, 100)
    history.open[0] = history.open[0]._replace(venue_id="v" + name[-6:])
    truth = history.truth()
    assert not any(differences(journal.book, truth))
    assert position_differences(journal.book, truth) == ([], [])


def test_what_the_venue_knows_better_is_told_in_the_order_in_which_it_happened() -> None:
    """An execution that never came, then the order's end."""
    journal = Journal().begin()
    name = journal.work(L, GRID, 1, 200, "9.9")
    truth = History().order(L, GRID, 1, 200, "9.9", 120, 80).truth()
    found = differences(journal.book, truth)
    assert [type(event) for event in found.events] == [Execution, Execution, OrderUpdate]
    assert found.missing == []
    apply(journal.book, found.events)
    assert journal.book.long.filled(1) == D(200)
    assert name not in journal.book.orders
    assert differences(journal.book, truth).events == []


def test_an_order_that_no_list_shows_is_to_be_asked_for() -> None:
    """Neither open nor ended: missing, and no event is made up."""
    journal = Journal().begin()
    name = journal.work(L, GRID, 1, 200, "9.9")
    found = differences(journal.book, History().truth())
    assert (found.events, found.missing, found.foreign) == ([], [name], [])


def test_orders_without_our_mark_are_named_and_left_alone() -> None:
    """The user's own order, and one of another account's bot."""
    journal = Journal().begin()
    other = client_id("zzzzzz", OrderKey(L, GRID, 1, CYCLE, 1))
    history = History().order(L, GRID, 1, 5, "9", name="web").order(L, GRID, 1, 5, "9", name=other)
    found = differences(journal.book, history.truth())
    assert (found.events, found.missing) == ([], [])
    assert [record.client_id for record in found.foreign] == ["web", other]


def test_an_order_of_ours_that_the_journal_does_not_know_is_adopted() -> None:
    """Found open with our mark."""
    journal = Journal().begin()
    found = differences(journal.book, History().order(L, GRID, 1, 200, "9.9", revision=3).truth())
    (event,) = found.events
    assert isinstance(event, OrderAdopted)
    assert (event.key, event.quantity, event.price) == (OrderKey(L, GRID, 1, CYCLE, 3), D(200), D("9.9"))


def test_executions_of_an_adopted_order_count_for_it() -> None:
    """Found open with 50 of 200 executed, both unknown to the journal: 150 may still execute."""
    journal = Journal().begin()
    truth = History().order(L, GRID, 1, 200, "9.9", 50).truth()
    apply(journal.book, differences(journal.book, truth).events)
    assert journal.book.long.entries[1].remaining == D(150)
    assert journal.book.long.filled(1) == D(50)


def test_an_unknown_order_that_is_listed_works() -> None:
    """The update settles it."""
    journal = Journal().begin()
    name = journal.intend(L, GRID, 1, 200, "9.9")
    journal.settle(name, OrderState.UNKNOWN)
    apply(journal.book, differences(journal.book, History().order(L, GRID, 1, 200, "9.9").truth()).events)
    assert journal.book.orders[name].state is WORKING


# ---- positions -------------------------------------------------------------------------------------------------------


@pytest.fixture
def holding() -> Journal:
    """300 long."""
    journal = Journal().begin()
    journal.open_level(L, 0, "10")
    journal.open_level(L, 1, "9.9")
    return journal


def test_less_at_the_venue_is_mended(holding: Journal) -> None:
    """150 of 300 at 9.8; and nothing at all."""
    ((mended,), remarks) = position_differences(holding.book, History().holds(L, 150, "9.8").truth())
    assert (mended.side, mended.quantity, mended.average) == (L, D(150), D("9.8"))
    assert mended.text == "long: the venue holds 150, the book 300"
    assert remarks == []
    ((mended,), _) = position_differences(holding.book, History().truth())
    assert mended.quantity == 0


def test_what_the_user_had_added_is_mended_before_ours(holding: Journal) -> None:
    """20 of the user's 50 are gone at the venue: ours stay as they are. A close that was told before its opening leaves
    such a difference behind."""
    holding.write(holding.execution("", L, 50, "10"))
    ((mended,), remarks) = position_differences(holding.book, History().holds(L, 330).truth())
    assert (mended.text, remarks) == ("long: the venue holds 330, the book 300 and 50 that are not the bot's", [])
    before = dump(holding.book)["long"]
    holding.write(mended)
    assert (holding.book.long.held, holding.book.long.surplus) == (D(300), D(30))
    after = dump(holding.book)["long"]
    assert isinstance(before, dict)
    assert isinstance(after, dict)
    assert {name for name in before if before[name] != after[name]} == {"surplus", "surplus_cost"}


def test_more_at_the_venue_is_the_users_own(holding: Journal) -> None:
    """350: 50 are left alone."""
    mended, remarks = position_differences(holding.book, History().holds(L, 350).truth())
    assert mended == []
    assert remarks == ["long: 50 of 350 are not the bot's and are left alone"]


@pytest.mark.parametrize(("later", "judged"), [(-1, True), (0, False), (1, False)])
def test_a_position_is_not_judged_by_what_happened_after_it_was_read(
    holding: Journal, later: int, judged: bool
) -> None:
    """An execution in the millisecond of the snapshot or later may or may not be in the position."""
    history = History().holds(L, 150)
    history.execution(L, 1, "10", False)
    truth = history.truth(history.at - later)
    mended, _ = position_differences(holding.book, truth)
    assert bool(mended) is judged


# ---- from nothing ----------------------------------------------------------------------------------------------------


def test_a_running_ladder_is_read_from_its_ids() -> None:
    """Level 0 executed, level 1 in part, level 2 resting, take-profit resting; short likewise at level 0."""
    history = (
        History()
        .order(L, OPENING, 0, 100, "10", 60, 40)
        .order(S, OPENING, 0, 100, "10", 100)
        .order(L, GRID, 1, 200, "9.9", 50)
        .order(S, GRID, 1, 200, "10.1")
        .order(L, GRID, 2, 400, "9.8")
        .order(L, TP, 0, 150, "10.2")
        .holds(L, 150)
        .holds(S, 100)
    )
    book = rebuilt(history)
    assert book.reference == TABLE
    assert (book.long.cycle, book.long.now_levels, book.short.cycle) == (CYCLE, 1, CYCLE)
    assert (filled(book, L), filled(book, S)) == ([D(100), D(50)], [D(100)])
    assert {level: order.remaining for level, order in book.long.entries.items()} == {1: D(150), 2: D(400)}
    assert book.long.exits[TP].remaining == D(150)
    assert book.long.next_revision(GRID, 1) == 2
    assert position_differences(book, history.truth()) == ([], [])


def test_ended_cycles_end_again_and_leave_nothing_behind() -> None:
    """A whole cycle, and a second one at level 0: only the second is held; the first is in the result.

    100 from 10 to 10.5 is 50, less two fees of 0.1.
    """
    history = (
        History()
        .order(L, OPENING, 0, 100, "10", 100)
        .order(L, GRID, 1, 200, "9.9", state=CANCELLED)
        .order(L, TP, 0, 100, "10.5", 100)
        .order(L, OPENING, 0, 100, "10.6", 100, cycle=CYCLE + 7)
        .order(L, TP, 0, 100, "11", cycle=CYCLE + 7)
        .holds(L, 100, "10.6")
    )
    book = rebuilt(history)
    long = book.long
    assert (filled(book, L), long.cost, long.fees, long.closed) == ([D(100)], D(1060), D("0.1"), D(0))
    assert (long.cycle, long.last_cycle, long.cycles, long.realised) == (CYCLE + 7, CYCLE, 1, D("49.8"))
    assert set(book.orders) == {client_id(TAG, OrderKey(L, TP, 0, CYCLE + 7, 1))}


def test_a_side_that_has_just_taken_profit_is_flat_and_knows_its_last_cycle() -> None:
    """The next cycle must be newer, or ids would repeat."""
    book = rebuilt(History().order(L, OPENING, 0, 100, "10", 100).order(L, TP, 0, 100, "10.5", 100))
    assert (book.long.cycle, book.long.last_cycle, book.long.held) == (0, CYCLE, 0)
    assert book.orders == {}


def test_a_residue_of_the_last_cycle_is_carried_into_the_next() -> None:
    """The take-profit closed 100 of 150: 50 at 9.9 are the new cycle's level 0, whose order brought the other 50."""
    history = (
        History()
        .order(L, OPENING, 0, 100, "10", 100)
        .order(L, GRID, 1, 200, "9.9", 50, state=CANCELLED)
        .order(L, TP, 0, 100, "10.5", 100)
        .order(L, OPENING, 0, 50, "10.6", 50, cycle=CYCLE + 7)
        .order(S, OPENING, 0, 100, "10", 100)
        .holds(L, 100)
        .holds(S, 100)
    )
    book = rebuilt(history)
    assert book.reference == TABLE
    assert filled(book, L) == [D(100)]
    assert book.long.cost == D(495) + D(530)


def test_a_live_revision_keeps_its_slot_against_ended_ones() -> None:
    """Two cancelled revisions and a live third: the third rests on, the next one would be the fourth."""
    history = (
        History()
        .order(L, OPENING, 0, 100, "10", 100)
        .order(L, GRID, 1, 200, "9.9", state=CANCELLED)
        .order(L, GRID, 1, 200, "9.9", 80, revision=2, state=CANCELLED)
        .order(L, GRID, 1, 120, "9.9", revision=3)
        .holds(L, 180)
    )
    book = rebuilt(history)
    assert book.long.entries[1].key.revision == 3
    assert book.long.stale == {}
    assert book.long.next_revision(GRID, 1) == 4
    assert book.long.filled(1) == D(80)
    assert book.reference == TABLE


def test_leftovers_of_a_former_cycle_are_only_to_be_cancelled() -> None:
    """A resting entry of the ended cycle: stale."""
    history = (
        History()
        .order(L, OPENING, 0, 100, "10", 100)
        .order(L, GRID, 1, 200, "9.9")
        .order(L, TP, 0, 100, "10.5", 100)
        .order(L, OPENING, 0, 100, "10.6", 100, cycle=CYCLE + 7)
        .holds(L, 100)
    )
    book = rebuilt(history)
    assert set(book.long.stale) == {client_id(TAG, OrderKey(L, GRID, 1, CYCLE, 1))}
    assert book.long.entries == {}


def test_several_now_levels_are_remembered() -> None:
    """Openings 0, 1 and 2 of which 2 is open: three now-levels."""
    history = (
        History()
        .order(L, OPENING, 0, 100, "10", 100)
        .order(L, OPENING, 1, 200, "10", 200)
        .order(L, OPENING, 2, 400, "10", 30)
        .holds(L, 330)
    )
    book = rebuilt(history)
    assert (book.long.now_levels, filled(book, L)) == (3, [D(100), D(200), D(30)])


def test_funding_goes_to_the_cycle_in_which_it_was_paid() -> None:
    """0.5 in the ended cycle, 0.2 in the running one."""
    history = (
        History()
        .order(L, OPENING, 0, 100, "10", 100)
        .fund(L, "0.5")
        .order(L, TP, 0, 100, "10.5", 100)
        .order(L, OPENING, 0, 100, "10.6", 100, cycle=CYCLE + 7)
        .fund(L, "0.2")
        .holds(L, 100)
    )
    book = rebuilt(history)
    assert (book.long.funding, book.long.realised) == (D("0.2"), D("49.3"))


def test_a_part_closed_by_hand_is_missing_afterwards_as_well() -> None:
    """300 entered, 150 closed by hand: 150 fill the levels from the bottom."""
    history = (
        History()
        .order(L, OPENING, 0, 100, "10", 100)
        .order(L, GRID, 1, 200, "9.9", 200)
        .execution(L, 150, "10", True)
        .holds(L, 150)
    )
    assert filled(rebuilt(history), L) == [D(100), D(50)]


def test_a_history_that_begins_inside_a_cycle_counts_what_it_has() -> None:
    """The first entry lies before the window: its take-profit closes what is known, and the next cycle is whole."""
    history = (
        History()
        .order(L, GRID, 1, 200, "9.9", 200)
        .order(L, TP, 0, 300, "10.5", 300)
        .order(L, OPENING, 0, 100, "10.6", 100, cycle=CYCLE + 7)
        .holds(L, 100)
    )
    book = rebuilt(history)
    assert (filled(book, L), book.long.held, book.long.closed) == ([D(100)], D(100), D(0))


def test_an_ended_order_with_executions_before_the_window_is_not_waited_for() -> None:
    """The venue says 200 executed, the window shows 80: the 80 count, and no order hangs open."""
    history = History().order(L, OPENING, 0, 100, "10", 100).order(L, GRID, 1, 200, "9.9", 80, state=CANCELLED)
    history.ended[-1] = history.ended[-1]._replace(filled=D(200))
    book = rebuilt(history.holds(L, 180))
    assert book.orders == {}
    assert book.long.held == D(180)


def test_an_empty_history_leaves_an_empty_book() -> None:
    """Nothing happened, nothing is remembered."""
    book = rebuilt(History())
    assert (book.reference, book.long.cycle, book.short.cycle) == ((), 0, 0)


# ---- from nothing and without ids ------------------------------------------------------------------------------------


def test_without_ids_each_order_is_a_level() -> None:
    """Three orders since the side was flat: levels 0, 1 and 2, in as many parts as they came."""
    history = (
        History()
        .order(L, OPENING, 0, 100, "10", 60, 40, name="")
        .order(L, GRID, 1, 200, "9.9", 200, name="")
        .order(L, GRID, 2, 400, "9.8", 50, name="", state=CANCELLED)
        .holds(L, 350)
    )
    book = rebuilt(history)
    assert (filled(book, L), book.long.now_levels) == ([D(100), D(200), D(50)], 1)
    assert book.long.cost == D(1000) + D(1980) + D(490)
    assert isinstance(rebuild(SymbolBook("001", XYZ), history.truth(), complete)[0], ReferenceFixed)


def test_without_ids_older_cycles_do_not_count() -> None:
    """Entered, closed, entered again: only what came after the side was flat."""
    history = (
        History()
        .order(L, OPENING, 0, 100, "10", 100, name="")
        .order(L, TP, 0, 100, "10.5", 100, name="")
        .order(L, OPENING, 0, 100, "10.6", 100, name="")
        .holds(L, 100)
    )
    book = rebuilt(history)
    assert (filled(book, L), book.long.cost, book.long.held) == ([D(100)], D(1060), D(100))


def test_without_ids_a_partly_closed_side_is_still_the_same_cycle() -> None:
    """100 + 200 entered, 120 closed: 180 are held, and the money of the closed part is known."""
    history = (
        History()
        .order(L, OPENING, 0, 100, "10", 100, name="")
        .order(L, GRID, 1, 200, "9.9", 200, name="")
        .order(L, TP, 0, 300, "10.5", 120, name="", state=CANCELLED)
        .holds(L, 180)
    )
    book = rebuilt(history)
    assert (book.long.held, book.long.closed, book.long.closed_money) == (D(180), D(120), D("1259.9"))
    assert filled(book, L) == [D(100), D(200)]


def test_without_ids_a_position_that_its_executions_do_not_explain_is_the_users() -> None:
    """The venue holds 500, the history tells of 100: nothing is claimed."""
    book = rebuilt(History().order(L, OPENING, 0, 100, "10", 100, name="").holds(L, 500))
    assert (book.long.cycle, book.long.held, book.reference) == (0, 0, ())


def test_mending_events_name_their_symbol(holding: Journal) -> None:
    """They go through the account's book."""
    mended, _ = position_differences(holding.book, History().holds(L, 1).truth())
    assert [type(event) for event in mended] == [PositionMended]
    assert mended[0].symbol == XYZ
