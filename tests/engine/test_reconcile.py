"""The fewest changes from what is live to what is wanted, and none that is not needed."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from gridhedge.domain.change import Amend, Cancel, Change, Place, Urgency, Wanted
from gridhedge.domain.events import OrderAdopted
from gridhedge.domain.order import OrderState
from gridhedge.domain.values import SIDES, Role, Side
from gridhedge.engine.reconcile import reconcile
from tests.domain.journal import XYZ, Journal, L, S

D = Decimal
GRID, TP = Role.GRID, Role.TAKE_PROFIT


def want(side: Side, role: Role, level: int, price: str, quantity: int, urgency: Urgency = Urgency.INSURANCE) -> Wanted:
    return Wanted(side, role, level, D(price), D(quantity), urgency, "why")


def apply(journal: Journal, changes: list[Change]) -> None:
    """A venue that does what it is told."""
    journal.now += 10
    for change in changes:
        if isinstance(change, Place):
            key = change.key
            journal.intend(key.side, key.role, key.level, int(change.quantity), str(change.price), key.revision)
            journal.settle(change.client_id, OrderState.WORKING)
        elif isinstance(change, Amend):
            journal.amend(change.client_id, str(change.price), int(change.quantity)).changed(change.client_id, True)
        else:
            journal.cancel(change.client_id).changed(change.client_id, True)
            order = journal.book.orders[change.client_id]
            journal.update(change.client_id, OrderState.CANCELLED, "9", int(order.quantity), int(order.filled))


def test_what_is_missing_is_placed_with_all_that_it_needs() -> None:
    """The id of its meaning in the next revision; exits are reduce-only."""
    journal = Journal().begin()
    changes = reconcile(journal.book, [want(L, GRID, 1, "9.9", 200), want(S, TP, 0, "9.8", 100, Urgency.EXIT)], True)
    exit_order, entry = changes
    assert isinstance(entry, Place)
    assert isinstance(exit_order, Place)
    assert (entry.client_id, entry.reduce_only, entry.price, entry.quantity) == (
        journal.name(L, GRID, 1),
        False,
        D("9.9"),
        D(200),
    )
    assert (exit_order.client_id, exit_order.reduce_only, exit_order.symbol) == (journal.name(S, TP, 0), True, XYZ)


def test_an_order_that_is_right_is_never_touched() -> None:
    """Same price and same open quantity: neither amended nor replaced, whatever the venue can do."""
    journal = Journal().begin()
    name = journal.work(L, GRID, 1, 200, "9.9")
    journal.fill(name, 50, "9.9")
    for can_amend in (True, False):
        assert reconcile(journal.book, [want(L, GRID, 1, "9.900", 150)], can_amend) == []


def test_a_price_that_the_venue_moved_counts_as_right() -> None:
    """We asked for 9.9 and it rests at 9.95: no amend loop."""
    journal = Journal().begin()
    journal.update(journal.work(L, GRID, 1, 200, "9.9"), OrderState.WORKING, "9.95", 200, 0)
    assert reconcile(journal.book, [want(L, GRID, 1, "9.9", 200)], True) == []


def test_an_amend_names_the_total_with_what_has_executed() -> None:
    """50 of 200 are done and 120 more are wanted: 170."""
    journal = Journal().begin()
    name = journal.work(L, GRID, 1, 200, "9.9")
    journal.fill(name, 50, "9.9")
    (change,) = reconcile(journal.book, [want(L, GRID, 1, "9.8", 120)], True)
    assert isinstance(change, Amend)
    assert (change.client_id, change.price, change.quantity) == (name, D("9.8"), D(170))


def test_without_amends_the_old_order_goes_first_and_the_new_one_comes_later() -> None:
    """Cancel now; the place follows in a later step, when the cancel has been seen."""
    journal = Journal().begin()
    name = journal.work(L, GRID, 1, 200, "9.9")
    wanted = [want(L, GRID, 1, "9.8", 200)]
    assert reconcile(journal.book, wanted, False) == [Cancel(XYZ, name, "v" + name[-6:], "to be replaced", True)]
    journal.cancel(name).changed(name, True)
    assert reconcile(journal.book, wanted, False) == []
    journal.update(name, OrderState.CANCELLED, "9.9", 200, 0)
    (place,) = reconcile(journal.book, wanted, False)
    assert isinstance(place, Place)
    assert place.client_id == journal.name(L, GRID, 1, revision=2)


def test_a_moved_trigger_is_replaced_even_where_amends_are_possible() -> None:
    """Venues do not amend triggers."""
    journal = Journal().begin()
    name = journal.work(L, TP, 0, 100, "9.9")
    wanted = want(L, TP, 0, "9.9", 100)._replace(trigger_price=D("9.5"))
    assert [type(change) for change in reconcile(journal.book, [wanted], True)] == [Cancel]
    assert name in journal.book.orders


def test_a_stop_is_replaced_whatever_about_it_has_changed() -> None:
    """Its quantity, too."""
    journal = Journal().begin()
    name, key = journal.name(L, TP, 0), journal.key(L, TP, 0)
    journal.write(OrderAdopted(name, XYZ, key, D("9.5"), D(100), True, "venue", journal.now, D("9.5")))
    right = want(L, TP, 0, "9.5", 100)._replace(trigger_price=D("9.5"))
    assert reconcile(journal.book, [right], True) == []
    more = right._replace(quantity=D(150))
    assert [type(change) for change in reconcile(journal.book, [more], True)] == [Cancel]


def test_what_is_unknown_or_under_way_is_left_alone() -> None:
    """Unknown, intended, a change in flight, a final word with executions missing: nothing is sent for it, wanted or
    not."""
    journal = Journal().begin()
    journal.settle(journal.intend(L, GRID, 1, 200, "9.9"), OrderState.UNKNOWN)
    journal.intend(L, GRID, 2, 400, "9.8")
    journal.amend(journal.work(S, GRID, 1, 200, "10.1"), "10.2", 200)
    journal.cancel(journal.work(S, GRID, 2, 400, "10.2"))
    journal.update(journal.work(L, GRID, 3, 800, "9.7"), OrderState.CANCELLED, "9.7", 800, 5)
    wanted = [want(side, GRID, level, "5", 77) for side in SIDES for level in (1, 2)] + [want(L, GRID, 3, "5", 77)]
    for can_amend in (True, False):
        assert reconcile(journal.book, wanted, can_amend) == []
        assert reconcile(journal.book, [], can_amend) == []


def test_stale_orders_are_cancelled() -> None:
    """Of a former cycle, or a second one for a slot."""
    journal = Journal().begin()
    journal.adopt(journal.key(L, GRID, 1, cycle=999), 200, "9.9")
    (cancel,) = reconcile(journal.book, [], True)
    assert cancel == Cancel(XYZ, journal.name(L, GRID, 1, cycle=999), "venue", "no longer wanted")


def test_changes_leave_in_the_order_of_their_urgency() -> None:
    """Cancels, exits, openings, insurance, look-ahead; the plan's order among equals."""
    journal = Journal().begin()
    journal.work(S, GRID, 3, 800, "11")
    wanted = [
        want(L, GRID, 2, "9.8", 400, Urgency.LOOK_AHEAD),
        want(L, GRID, 1, "9.9", 200, Urgency.INSURANCE),
        want(S, GRID, 1, "10.1", 200, Urgency.INSURANCE),
        want(L, Role.OPENING, 0, "10", 100, Urgency.OPENING),
        want(L, TP, 0, "10.2", 100, Urgency.EXIT),
    ]
    changes = reconcile(journal.book, wanted, True)
    assert [type(change).__name__ for change in changes] == ["Cancel", "Place", "Place", "Place", "Place", "Place"]
    places = [change for change in changes if isinstance(change, Place)]
    assert [place.urgency for place in places] == [
        Urgency.EXIT,
        Urgency.OPENING,
        Urgency.INSURANCE,
        Urgency.INSURANCE,
        Urgency.LOOK_AHEAD,
    ]
    assert [place.key.side for place in places[2:4]] == [L, S]


slots = st.tuples(st.sampled_from(SIDES), st.sampled_from([GRID, TP]), st.integers(0, 3))
terms = st.tuples(st.integers(900, 1100).map(lambda cents: f"{cents / 100:.2f}"), st.integers(1, 50))


@given(
    live=st.dictionaries(slots, terms, max_size=6),
    wishes=st.dictionaries(slots, terms, max_size=6),
    can_amend=st.booleans(),
)
def test_after_the_changes_nothing_is_left_to_change(
    live: dict[tuple[Side, Role, int], tuple[str, int]],
    wishes: dict[tuple[Side, Role, int], tuple[str, int]],
    can_amend: bool,
) -> None:
    """I-37: reconcile(wanted, apply(changes)) is empty (after the second round where orders must be replaced); the
    same inputs give the same changes; cancels come first; no meaning is both cancelled and placed in one round."""
    journal = Journal().begin()
    placed = set()
    for (side, role, level), (price, quantity) in live.items():
        slot = (side, role, level if role.is_entry else 0)
        if slot not in placed:
            placed.add(slot)
            journal.work(side, role, slot[2], quantity, price)
    wanted = {
        (side, role, level if role.is_entry else 0): want(side, role, level if role.is_entry else 0, *wish)
        for (side, role, level), wish in wishes.items()
    }
    for _ in range(2):
        changes = reconcile(journal.book, wanted.values(), can_amend)
        assert changes == reconcile(journal.book, wanted.values(), can_amend)
        kinds = [type(change) is Cancel for change in changes]
        assert kinds == sorted(kinds, reverse=True)
        check_no_needless_change(journal, changes)
        apply(journal, changes)
        if can_amend:
            break
    assert reconcile(journal.book, wanted.values(), can_amend) == []
    resting = {(order.key.side, order.key.role, order.key.level): order for order in journal.book.orders.values()}
    assert {slot: (order.price, order.remaining) for slot, order in resting.items()} == {
        slot: (wish.price, wish.quantity) for slot, wish in wanted.items()
    }


def check_no_needless_change(journal: Journal, changes: list[Change]) -> None:
    cancelled = {journal.book.orders[change.client_id].key[:4] for change in changes if isinstance(change, Cancel)}
    assert cancelled.isdisjoint({change.key[:4] for change in changes if isinstance(change, Place)})
    for change in changes:
        if isinstance(change, Amend):
            order = journal.book.orders[change.client_id]
            assert (order.price, order.quantity) != (change.price, change.quantity)
