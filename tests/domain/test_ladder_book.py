"""One side's cycle: sums stay exact whatever enters, leaves, fills from the bottom or is left over."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from gridhedge.domain.ladder_book import SideBook
from gridhedge.domain.levels import spread
from gridhedge.domain.order import Order, OrderKey, client_id
from gridhedge.domain.values import Role, Side
from tests.domain.journal import TABLE, TAG, L, S

D = Decimal
quantities = st.integers(1, 5000).map(D)
prices = st.decimals("0.01", 1000, allow_nan=False, places=2)


def sums(side: SideBook) -> tuple[Decimal, Decimal, Decimal]:
    """Quantity, cost and fees as the levels tell them."""
    return (
        sum((fill.quantity for fill in side.fills), D(0)),
        sum((fill.cost for fill in side.fills), D(0)),
        sum((fill.fee for fill in side.fills), D(0)),
    )


def order(side: Side, role: Role, level: int, cycle: int, revision: int = 1) -> Order:
    key = OrderKey(side, role, level, cycle, revision)
    return Order(client_id(TAG, key), "XYZUSDT", key, D(10), D(100), not role.is_entry, 0)


def test_a_level_remembers_what_it_cost() -> None:
    """60 @ 10 and 40 @ 11: average 10.4, fee 0.3 in all, the last order's id and time."""
    side = SideBook(L)
    side.enter(((0, D(60)),), D(10), D("0.1"), 5, "v1")
    side.enter(((0, D(40)),), D(11), D("0.2"), 9, "v2")
    fill = side.fills[0]
    assert (fill.quantity, fill.average, fill.fee) == (D(100), D("10.4"), D("0.3"))
    assert (fill.created, fill.executed, fill.order_id) == (5, 9, "v2")
    assert (side.entered, side.cost, side.fees, side.held) == (D(100), D(1040), D("0.3"), D(100))


def test_a_deep_level_leaves_empty_ones_below() -> None:
    """Level 2 first: levels 0 and 1 exist and hold nothing."""
    side = SideBook(S)
    side.enter(((2, D(400)),), D(10), D(0), 1, "")
    assert [fill.quantity for fill in side.fills] == [D(0), D(0), D(400)]
    assert side.started == 3
    assert side.filled(7) == 0


def test_now_levels_count_as_started() -> None:
    """Three now-levels, one executed: three started."""
    side = SideBook(L)
    side.now_levels = 3
    side.enter(((0, D(100)),), D(10), D(0), 1, "")
    assert side.started == 3


@given(parts=st.lists(st.tuples(quantities, prices, st.integers(0, 999)), min_size=1, max_size=20))
def test_levels_always_add_up_to_the_side(parts: list[tuple[Decimal, Decimal, int]]) -> None:
    """Quantity and cost exactly; fees to the last of 28 digits, since a shared fee is divided."""
    side = SideBook(L)
    for quantity, price, fee in parts:
        side.enter(spread(TABLE, side.fills, quantity), price, D(fee) / 100, 1, "")
    quantity, cost, fees = sums(side)
    assert (quantity, cost) == (side.entered, side.cost)
    assert side.entered == sum(part[0] for part in parts)
    assert side.cost == sum(part[0] * part[1] for part in parts)
    assert side.fees == sum(D(part[2]) / 100 for part in parts)
    assert abs(fees - side.fees) < D("1E-20")


@given(parts=st.lists(quantities, max_size=12))
def test_spreading_fills_from_the_bottom_and_loses_nothing(parts: list[Decimal]) -> None:
    """No level but the last holds more than its size, and none starts before the one below it is full."""
    side = SideBook(L)
    for quantity in parts:
        shares = spread(TABLE, side.fills, quantity)
        assert sum(share for _, share in shares) == quantity
        side.enter(shares, D(10), D(0), 1, "")
    held = [side.filled(level) for level in range(len(TABLE))]
    for level in range(len(TABLE) - 1):
        assert held[level] <= TABLE[level]
        assert held[level + 1] == 0 or held[level] == TABLE[level]


def test_spreading_without_a_table_goes_to_level_0() -> None:
    """A residue before any table is known."""
    assert spread((), [], D(7)) == ((0, D(7)),)
    assert spread(TABLE, [], D(0)) == ()


def test_a_long_closes_for_proceeds_and_a_short_for_cost() -> None:
    """50 @ 12 with fee 1: long 599 received, short 601 paid."""
    for side_of, money in ((L, 599), (S, 601)):
        side = SideBook(side_of)
        side.enter(((0, D(100)),), D(10), D(0), 1, "")
        side.leave(D(50), D(12), D(1))
        assert (side.closed, side.held, side.closed_money) == (D(50), D(50), D(money))


def test_the_net_result_pays_all_fees_and_funding() -> None:
    """100 from 10 to 12: long 200, less 2 entry fee, 1 closing fee, 3 funding = 194; short -200 - 6 = -206."""
    for side_of, net in ((L, 194), (S, -206)):
        side = SideBook(side_of)
        side.enter(((0, D(100)),), D(10), D(2), 1, "")
        side.funding = D(3)
        side.leave(D(100), D(12), D(1))
        assert side.net_result() == D(net)


def test_only_a_cycle_that_earned_something_is_won() -> None:
    """100 @ 10 closed at 11 is won, closed at 10 with fees is not."""
    side = SideBook(L)
    for price, won in ((D(11), 1), (D(10), 1)):
        side.enter(((0, D(100)),), D(10), D("0.1"), 1, "v")
        side.leave(D(100), price, D("0.1"))
        side.end(2, None)
        assert side.won == won
    assert (side.cycles, side.realised) == (2, D("99.6"))


def test_refilling_keeps_the_share_of_fees_and_funding_of_what_is_left() -> None:
    """300 held with 6 of fees and 3 of funding, 75 left: a quarter of both, all on level 0 at the given average."""
    side = SideBook(L)
    side.enter(((0, D(100)), (1, D(200))), D(10), D(6), 4, "v")
    side.funding, side.reference = D(3), TABLE
    side.refill(D(75), D(11))
    assert [fill.quantity for fill in side.fills] == [D(75)]
    assert (side.entered, side.cost, side.fees, side.funding) == (D(75), D(825), D("1.5"), D("0.75"))
    assert (side.closed, side.closed_money, side.held) == (D(0), D(0), D(75))
    assert side.fills[0].executed == 4


def test_refilling_with_nothing_empties_the_side() -> None:
    """No level, no money; the cycle itself is ended by the book."""
    side = SideBook(L)
    side.enter(((0, D(100)),), D(10), D(6), 4, "v")
    side.refill(D(0), D(0))
    assert (side.fills, side.entered, side.cost, side.fees, side.funding) == ([], 0, 0, 0, 0)


def test_a_residue_is_what_executed_last() -> None:
    """100 @ 10 and 200 @ 9 entered, 250 closed: 50 are left, from level 1 at 9, with a quarter of its fee of 4."""
    side = SideBook(L)
    side.cycle = 1000
    side.enter(((0, D(100)),), D(10), D(1), 1, "")
    side.enter(((1, D(200)),), D(9), D(4), 2, "")
    side.leave(D(250), D(12), D(0))
    side.reference = TABLE
    side.end(7, D(12))
    assert side.realised == D(3000) - D(1000 + 1350) - D(4)
    assert (side.cycles, side.cycle, side.last_cycle, side.ended_at) == (1, 0, 1000, 7)
    assert (side.entered, side.cost, side.carried, side.fees) == (50, 450, 450, 1)
    assert (side.closed, side.closed_money, side.exit_price) == (0, 0, D(12))


@given(
    entries=st.lists(st.tuples(quantities, prices), min_size=1, max_size=8),
    closed=st.integers(1, 40_000).map(D),
    price=prices,
)
def test_money_is_neither_made_nor_lost_at_the_end_of_a_cycle(
    entries: list[tuple[Decimal, Decimal]], closed: Decimal, price: Decimal
) -> None:
    """Result of the ended cycle plus cost and fees of its residue account for everything entered and closed."""
    side = SideBook(S)
    side.cycle = 5
    for quantity, at in entries:
        side.enter(spread(TABLE, side.fills, quantity), at, quantity / 100, 1, "")
    entered, cost, fees = side.entered, side.cost, side.fees
    closed = min(closed, entered)
    side.leave(closed, price, D(0))
    side.end(2, price)
    assert side.entered == entered - closed
    assert abs(side.realised - (cost - side.cost - closed * price - (fees - side.fees))) < D("1E-15")


def test_the_end_makes_all_orders_stale() -> None:
    """Entries and exits of the ended cycle are only to be cancelled."""
    side = SideBook(L)
    side.cycle = 1000
    entry, exit_order = order(L, Role.GRID, 1, 1000), order(L, Role.TAKE_PROFIT, 0, 1000)
    side.adopt(entry)
    side.adopt(exit_order)
    side.refused[3] = 1
    side.end(5, None)
    assert (side.entries, side.exits, side.revisions, side.refused) == ({}, {}, {}, {})
    assert set(side.stale) == {entry.client_id, exit_order.client_id}


def test_an_order_gets_its_slot_and_a_second_one_is_stale() -> None:
    """Two revisions of one meaning: the first has the slot."""
    side = SideBook(L)
    side.cycle = 1000
    first, second, foreign = (order(L, Role.GRID, 1, cycle, rev) for cycle, rev in ((1000, 1), (1000, 2), (900, 1)))
    for each in (first, second, foreign):
        side.adopt(each)
    assert side.entries == {1: first}
    assert set(side.stale) == {second.client_id, foreign.client_id}
    assert side.next_revision(Role.GRID, 1) == 3
    assert side.next_revision(Role.GRID, 2) == 1


def test_releasing_a_stale_order_leaves_the_slot_alone() -> None:
    """The stale twin ends; the order in the slot stays."""
    side = SideBook(L)
    side.cycle = 1000
    first, second = order(L, Role.TAKE_PROFIT, 0, 1000), order(L, Role.TAKE_PROFIT, 0, 1000, 2)
    side.adopt(first)
    side.adopt(second)
    side.release(second)
    assert (side.exits, side.stale) == ({Role.TAKE_PROFIT: first}, {})
    side.release(first)
    assert side.exits == {}


def test_the_unhedged_time_ends_with_the_last_now_level() -> None:
    """Ended at 10, two now-levels: full at 25, so 15; a shorter one later does not lower the worst."""
    side = SideBook(L)
    side.ended_at, side.now_levels, side.reference = 10, 2, TABLE
    side.enter(((0, D(100)), (1, D(199))), D(10), D(0), 20, "")
    side.measure_hedge(20)
    assert (side.unhedged_last, side.ended_at) == (0, 10)
    side.enter(((1, D(1)),), D(10), D(0), 25, "")
    side.measure_hedge(25)
    assert (side.unhedged_last, side.unhedged_max, side.ended_at) == (15, 15, 0)
    side.ended_at = 30
    side.measure_hedge(35)
    assert (side.unhedged_last, side.unhedged_max) == (5, 15)


def test_what_lives_on_from_another_cycle_has_no_slot_in_a_new_one() -> None:
    """A take-profit that has ended, and whose last executions are not known yet, gives its slot to the new one's."""
    side = SideBook(L)
    side.cycle = 7
    old = order(L, Role.TAKE_PROFIT, 0, 7)
    side.adopt(old)
    side.cycle = 8
    side.open_slots()
    new = order(L, Role.TAKE_PROFIT, 0, 8)
    side.adopt(new)
    assert side.exits == {Role.TAKE_PROFIT: new}
    assert side.stale == {old.client_id: old}
