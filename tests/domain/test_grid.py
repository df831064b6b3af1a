"""A side with a grid counts as venues do: average, residue, surplus, capital."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from gridhedge.domain.book import SymbolBook
from gridhedge.domain.events import (
    AmendIntended,
    CapitalFixed,
    ChangeSettled,
    CycleOpened,
    Execution,
    GridFixed,
    LevelShrunk,
    OrderAdopted,
    OrderIntended,
    OrderSettled,
    OrderUpdate,
    PositionMended,
    ReferenceFixed,
    SurplusTaken,
)
from gridhedge.domain.ladder_book import average_price
from gridhedge.domain.order import OrderKey, OrderState, Reject, client_id
from gridhedge.domain.values import Role, Side

D = Decimal
XYZ = "XYZUSDT"
TABLE = (D(0), D(10), D(40), D(50))
PRICES = (D(0), D(99), D(98), D(95))


class Story:
    """A book and what happens to it, on the long side unless told otherwise."""

    def __init__(self, side: Side = Side.LONG) -> None:
        self.book = SymbolBook("001", XYZ)
        self.side = self.book.of(side)
        self.at = 1_000_000
        self.count = 0
        self.book.apply(CapitalFixed(XYZ, side, D(1000), self.at))
        self.book.apply(GridFixed(XYZ, side, D(100), TABLE, PRICES, self.at))
        self.open()

    def open(self) -> None:
        self.at += 1000
        self.book.apply(CycleOpened(XYZ, self.side.side, self.at // 1000, 0, self.at))

    def trade(
        self, closing: bool, quantity: str | Decimal, price: str | Decimal, name: str = "", fee: str = "0"
    ) -> None:
        self.count += 1
        self.at += 1
        self.book.apply(
            Execution(
                f"x{self.count}", XYZ, name, "v", self.side.side, closing, D(quantity), D(price), D(fee), True, self.at
            )
        )

    def order(self, role: Role, level: int, quantity: str, price: str) -> str:
        """A working order of the current cycle."""
        key = OrderKey(self.side.side, role, level, self.side.cycle, self.side.next_revision(role, level))
        name = client_id(self.book.tag, key)
        self.book.apply(OrderIntended(name, XYZ, key, D(price), D(quantity), not role.is_entry, self.at))
        self.book.apply(OrderSettled(name, XYZ, OrderState.WORKING, "v", self.at))
        return name

    def moved(self) -> str:
        """Level 2 of a cycle in which level 1 has taken its profit; the next one is open."""
        name = self.order(Role.GRID, 2, "40", "98")
        self.enter(1, "10", "99")
        self.trade(True, "10", "101", self.order(Role.TAKE_PROFIT, 0, "10", "101"))
        self.open()
        return name

    def enter(self, level: int, quantity: str, price: str, fee: str = "0") -> None:
        self.trade(False, quantity, price, self.order(Role.GRID, level, quantity, price), fee)


def test_a_break_even_order_leaves_its_residue_at_the_average() -> None:
    """10 @ 99 and 40 @ 98 average 98.2; 40 are shed at 98.3: 10 @ 98.2 are left, the cycle has ended with 4 less 0.8 of
    the entry fees and 0.4 of its own."""
    story = Story()
    story.enter(1, "10", "99", fee="0.2")
    story.enter(2, "40", "98", fee="0.8")
    story.trade(True, "40", "98.3", story.order(Role.BREAK_EVEN, 0, "40", "98.3"), fee="0.4")
    side = story.side
    assert (side.held, average_price(side), side.cycle, side.exit_price) == (D(10), D("98.2"), 0, D("98.3"))
    assert side.realised == D("40") * D("0.1") - D("0.8") - D("0.4")
    assert side.fees == D("0.2")
    assert side.working_capital == 1000 + side.realised


def test_a_partial_close_keeps_the_average_for_what_follows() -> None:
    """10 @ 100, 5 closed at 120, 5 more @ 90: the venue's average is 95, not that of everything entered."""
    story = Story()
    story.enter(1, "10", "100")
    story.trade(True, "5", "120", story.order(Role.TAKE_PROFIT, 0, "10", "120"))
    story.enter(2, "5", "90")
    assert (story.side.held, average_price(story.side)) == (D(10), D(95))


def test_a_new_grid_takes_what_is_held_for_its_first_level() -> None:
    """Residue of a cycle that reached level 2: level 1 of the next grid, whatever its size."""
    story = Story()
    story.enter(1, "10", "99")
    story.enter(2, "40", "98")
    story.trade(True, "38", "98.3", story.order(Role.BREAK_EVEN, 0, "38", "98.3"))
    story.book.apply(GridFixed(XYZ, Side.LONG, D(99), (D(0), D(12), D(40)), (D(0), D(98), D(97)), story.at))
    assert [fill.quantity for fill in story.side.fills] == [D(0), D(12)]


def test_untouched_levels_stay_in_their_slots_when_a_cycle_ends() -> None:
    """Level 1 takes its profit: level 2 keeps its slot and counts as level 2 when it executes in the next cycle; level
    3, of which a part has executed, is only to be cancelled."""
    story = Story()
    second, third = (story.order(Role.GRID, level, size, "98") for level, size in ((2, "40"), (3, "50")))
    story.trade(False, "1", "95", third)
    story.enter(1, "10", "99")
    story.trade(True, "11", "101", story.order(Role.TAKE_PROFIT, 0, "11", "101"))
    assert (story.side.cycle, list(story.side.entries), list(story.side.stale)) == (0, [2], [third])
    story.book.apply(GridFixed(XYZ, Side.LONG, D(101), TABLE, (D(0), D(100), D(99), D(96)), story.at))
    story.open()
    story.trade(False, "30", "98", second)
    assert (story.side.filled(1), story.side.filled(2)) == (D(0), D(30))
    assert story.side.entries[2].client_id == second
    assert story.side.next_revision(Role.GRID, 2) == 1


def test_a_level_that_was_sent_anew_takes_the_slot_of_one_that_has_gone() -> None:
    """The journal missed a cancel: the venue lists a newer level 2, and says then that the former one has ended."""
    story = Story()
    second = story.moved()
    key = OrderKey(Side.LONG, Role.GRID, 2, story.side.cycle, 1)
    newer = client_id(story.book.tag, key)
    story.book.apply(OrderAdopted(newer, XYZ, key, D(99), D(40), False, "v2", story.at))
    assert list(story.side.stale) == [newer]
    story.book.apply(OrderUpdate(XYZ, second, "v", OrderState.CANCELLED, D(98), D(40), D(0), story.at))
    assert (story.side.entries[2].client_id, list(story.side.stale)) == (newer, [])
    assert story.side.next_revision(Role.GRID, 2) == 2


def test_a_refused_move_of_a_level_concerns_the_cycle_that_it_serves() -> None:
    """The venue lacks the margin for the larger level 2 of the new grid: the size is remembered as refused."""
    story = Story()
    second = story.moved()
    story.book.apply(AmendIntended(second, XYZ, D(99), D(60), story.at))
    story.book.apply(ChangeSettled(second, XYZ, False, story.at, reason=Reject.MARGIN))
    assert story.side.squeezes[Role.GRID, 2].refused == D(60)


def test_an_exit_that_executes_after_its_cycle_is_realised_with_the_next_grid() -> None:
    """20 held without a cycle, 8 of them closed late: the next grid begins with 12, and the profit is counted."""
    story = Story()
    story.enter(1, "10", "100")
    story.enter(2, "40", "100")
    late = story.order(Role.TAKE_PROFIT, 0, "8", "110")
    story.trade(True, "30", "101", story.order(Role.BREAK_EVEN, 0, "30", "101"))
    story.trade(True, "8", "110", late)
    story.book.apply(GridFixed(XYZ, Side.LONG, D(101), (D(0), D(12), D(40)), (D(0), D(100), D(99)), story.at))
    assert (story.side.held, story.side.entered, story.side.filled(1)) == (D(12), D(12), D(12))
    assert story.side.realised == 30 + 80


def test_a_surplus_joins_the_deepest_level() -> None:
    """10 held in level 1, 5 more bought by hand at 101: level 1 has 15 of 15, at the average of all."""
    story = Story()
    story.enter(1, "10", "98")
    story.trade(False, "5", "101")
    assert story.side.surplus == D(5)
    story.book.apply(SurplusTaken(XYZ, Side.LONG, D(5), story.at))
    side = story.side
    assert (side.held, side.surplus, side.filled(1), side.reference[1]) == (D(15), D(0), D(15), D(15))
    assert average_price(side) == D(99)


def test_a_hand_that_closes_takes_no_level_away() -> None:
    """50 held over two levels, 30 closed by hand: 20 at the same average, and level 2 does not rest again."""
    story = Story()
    story.enter(1, "10", "99")
    story.enter(2, "40", "98")
    story.trade(True, "30", "97")
    side = story.side
    assert (side.held, average_price(side), side.filled(2)) == (D(20), D("98.2"), D(40))


def test_the_venue_holds_more_or_less_than_the_book() -> None:
    """More is a surplus at the price that explains the venue's average; less counts as closed at the average."""
    story = Story()
    story.enter(1, "10", "100")
    story.book.apply(PositionMended(XYZ, Side.LONG, D(15), D(101), story.at))
    assert (story.side.held, story.side.surplus, story.side.surplus_cost) == (D(10), D(5), D(515))
    story.book.apply(PositionMended(XYZ, Side.LONG, D(4), D(100), story.at))
    assert (story.side.held, story.side.surplus, average_price(story.side)) == (D(4), D(0), D(100))


def test_a_shrunk_level_stays_so_until_the_next_grid() -> None:
    """The wish is remembered beside it."""
    story = Story()
    story.book.apply(LevelShrunk(XYZ, Side.LONG, 3, D(20), story.at))
    assert (story.side.reference, story.side.wished) == ((D(0), D(10), D(40), D(20)), TABLE)
    story.book.apply(GridFixed(XYZ, Side.LONG, D(100), TABLE, PRICES, story.at))
    assert story.side.reference == TABLE


def test_a_table_for_both_sides_ends_a_grid() -> None:
    """Another strategy takes over: prices follow from executions again."""
    story = Story()
    story.book.apply(ReferenceFixed(XYZ, (D(1), D(2)), story.at))
    assert (story.side.has_grid, story.side.prices, story.side.reference) == (False, (), (D(1), D(2)))


quantities = st.integers(1, 400).map(D)
prices = st.integers(5_000, 20_000).map(lambda ticks: D(ticks) / 100)


@given(
    side=st.sampled_from(list(Side)),
    moves=st.lists(st.tuples(st.booleans(), quantities, prices), min_size=1, max_size=30),
)
def test_capital_and_open_profit_account_for_all_money(side: Side, moves: list[tuple[bool, Decimal, Decimal]]) -> None:
    """Whatever is entered and closed, in whatever order: what the capital has grown by, and what the position would
    bring at a price, is the money that flowed, to 1E-12 per close."""
    story = Story(side)
    flow, closes = D(0), 0
    for closing, wish, price in moves:
        ladder = story.side
        if not ladder.cycle:
            story.book.apply(GridFixed(XYZ, side, price, TABLE, PRICES, story.at))
            story.open()
        quantity = min(wish, ladder.held) if closing else wish
        if quantity <= 0:
            continue
        closes += closing
        fee = quantity * price / 1000
        name = story.order(Role.BREAK_EVEN if closing else Role.GRID, 0 if closing else 1, f"{quantity}", f"{price}")
        story.trade(closing, quantity, price, name, f"{fee}")
        flow += side.sign * (quantity * price if closing else -quantity * price) - fee
    ladder = story.side
    if ladder.held > 0:
        story.book.apply(GridFixed(XYZ, side, D(100), TABLE, PRICES, story.at))  # realises what is closed
    worth = side.sign * ladder.held * 100 + flow
    assert ladder.held == sum((fill.quantity for fill in ladder.fills), D(0))
    told = ladder.realised - ladder.fees + side.sign * (ladder.held * 100 - ladder.carried)
    assert abs(told - worth) <= closes * D("2E-12")
