"""The uneven grid on the embedded exchange: the seed's log line by line, every exit, both directions, its laws."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridhedge.domain.events import AmendIntended, CancelIntended, CycleOpened, GridFixed, OrderIntended
from gridhedge.domain.ladder_book import SideBook
from gridhedge.domain.order import Reject
from gridhedge.domain.values import SIDES, Role, Side
from gridhedge.venue.paper.orders import Refusal
from tests.strategy.grids import BTC, RULES, D, GridWorld, L, S, trim_profile
from tests.strategy.logged import sequence

TP, BE, SL = Role.TAKE_PROFIT, Role.BREAK_EVEN, Role.STOP_LOSS
CENT = D("0.01")


# ---- the log of 2025-12-08 -------------------------------------------------------------------------------------------


def test_the_logged_sequence_line_by_line() -> None:
    """All twenty numbers of it, from level 1 to the new grid after the break-even: ``python -m tests.strategy.logged``
    prints them beside ours."""
    lines = list(sequence())
    assert len(lines) == 20
    assert [line for line in lines if not line.agrees] == []


# ---- the table of exits ----------------------------------------------------------------------------------------------


def world(*directions: str, price: str = "100000", capital: str = "10000", **strategy: object) -> GridWorld:
    """A grid around 100,000 with a capital of 10,000: 0.1, 0.4, 0.52 and 1.047 BTC at 20x."""
    return GridWorld(trim_profile(*directions, initial_capital=D(capital), **strategy), price).built()


def test_the_grid_is_built_at_the_close_of_the_first_candle() -> None:
    """Nothing rests before the minute is over; the price of that moment is the center."""
    made = GridWorld(trim_profile(initial_capital=D(10000)), "100000")
    made.start()
    made.tick(30)
    assert made.resting() == {}
    waits = ("long: the grid is built when this minute is over, around its last price",)
    assert made.desk.strategy.notes(made.session.view(made.desk, made.exchange.now())) == waits
    made.go("99000")
    made.tick(30)
    assert made.side().center == D(99000)
    assert made.resting()[1] == (D("0.101"), D(98505))
    assert made.desk.strategy.notes(made.session.view(made.desk, made.exchange.now())) == ()


def test_a_third_of_the_wallet_is_the_capital_unless_one_is_named() -> None:
    """33 % of 3000."""
    made = GridWorld(trim_profile(), "100000", wallet="3000").built()
    assert made.side().working_capital == D(990)


def test_level_one_alone_takes_its_profit_and_a_new_grid_stands_around_the_exit() -> None:
    """Entered at 99,500, closed at 99,997.5; the next grid is around that price, with the profit in its capital."""
    made = world()
    made.run_into(L, 1)
    assert made.exits() == {TP: (D("0.100"), D("99997.50"))}
    made.take_profit(L)
    side = made.side()
    assert (side.held, side.center, side.cycles) == (D(0), D("99997.50"), 1)
    assert made.resting()[1][1] == D("99497.51")
    # 0.1 * 497.5, maker fees of 0.02 % both ways
    assert side.working_capital == 10000 + D("49.75") - D("0.1") * (D(99500) + D("99997.5")) * D("0.0002")


def test_a_new_grid_moves_what_rests_and_sends_only_what_has_executed() -> None:
    """After the profit of level 1: levels 2 to 4 are amended, level 1 is placed, nothing is cancelled."""
    made = world()
    made.run_into(L, 1)
    names = {level: order.client_id for level, order in made.side().entries.items()}
    before = len(made.journal.events)
    made.take_profit(L)
    events = made.journal.events[before:]
    assert {event.client_id for event in events if isinstance(event, AmendIntended)} == {names[2], names[3], names[4]}
    assert [event.key.level for event in events if isinstance(event, OrderIntended)] == [1]
    assert not [event for event in events if isinstance(event, CancelIntended)]
    for level in (1, 2, 3, 4):
        made.run_into(L, level)
    assert [fill.quantity for fill in made.side().fills] == list(made.side().reference)


@pytest.mark.parametrize("level", [2, 3])
def test_deeper_levels_are_shed_at_break_even(level: int) -> None:
    """Everything but level 1, a tenth of a percent above the average; no stop-loss yet."""
    made = world()
    for each in range(1, level + 1):
        made.run_into(L, each)
    held = made.side().held
    average = made.exchange.market(BTC).holding(L).average
    (quantity, price) = made.exits()[BE]
    assert (quantity, set(made.exits())) == (held - D("0.100"), {BE})
    assert 0 <= price - average * D("1.001") < CENT


def test_the_last_level_brings_a_stop_loss_for_everything() -> None:
    """Triggered at 5 % below the center; it closes at market, and the next grid is around that price."""
    made = world()
    for level in range(1, 5):
        made.run_into(L, level)
    held = made.side().held
    assert made.exits()[SL] == (held, D(95000))
    assert made.exits()[BE][0] == held - D("0.100")
    made.go("94900")
    side = made.side()
    assert (made.held(L, BTC), side.held, side.cycles) == (D(0), D(0), 1)
    assert side.center == D(94900)
    assert sorted(made.resting()) == [1, 2, 3, 4]
    assert side.working_capital < 10000


def test_a_stop_that_would_trigger_at_once_is_a_close() -> None:
    """The price falls through level 4 and the stop-loss in one movement: closed at market in the same tick."""
    made = world()
    for level in range(1, 4):
        made.run_into(L, level)
    made.go("94000")
    assert (made.held(L, BTC), made.side().held) == (D(0), D(0))
    assert made.ear.heard("the mark price is beyond the stop-loss at 95000.00: closing at market", "critical") == 1


@pytest.mark.parametrize(("side", "beyond"), [(L, "94990"), (S, "105010")])
def test_a_stop_that_is_reached_and_not_executed_is_a_close_after_five_seconds(side: Side, beyond: str) -> None:
    """The venue leaves it stuck: a critical alarm, everything closed at market, and a new grid."""
    made = world("long" if side is L else "short")
    for level in range(1, 5):
        made.run_into(side, level)
    made.exchange.matching.sticks = lambda order: True
    held = made.held(side, BTC)
    made.go(beyond)
    made.tick(4)
    assert made.held(side, BTC) == held > 0
    assert made.ear.heard("does not execute it") == 0
    made.tick(2)
    assert made.held(side, BTC) == 0
    assert made.ear.heard("has been reached, and the venue does not execute it: closing at market") == 1
    assert made.session.stopper.reason == ""
    assert made.side(side).cycles == 1


def test_a_stop_that_executes_late_is_awaited() -> None:
    """Its price is touched, and it is done within the five seconds: no second order."""
    made = world()
    for level in range(1, 5):
        made.run_into(L, level)
    made.go("94990")
    made.tick(10)
    assert made.held(L, BTC) == 0
    assert made.ear.heard("does not execute it") == 0
    assert not [
        event for event in made.journal.events if isinstance(event, OrderIntended) and event.key.role is Role.CLOSE
    ]


def test_a_stop_that_the_venue_finds_passed_is_a_close() -> None:
    """Its mark price may be beyond the trigger while ours is not: the refusal is remembered until the cycle ends."""
    made = world()
    for level in range(1, 4):
        made.run_into(L, level)
    refused = made.exchange.place

    def place(*arguments: object, **options: object) -> object:
        if options.get("trigger_price") is not None:
            raise Refusal(Reject.WOULD_TRIGGER, "would trigger at once")
        return refused(*arguments, **options)

    made.exchange.place = place
    made.run_into(L, 4)
    made.tick(2)
    assert (made.held(L, BTC), made.side().cycles) == (D(0), 1)


def test_an_empty_grid_is_left_behind_when_the_price_runs_away() -> None:
    """Two percent above the center: the same four entries around the new price. Below it nothing happens."""
    made = world()
    made.go("101999")
    assert made.side().center == D(100_000)
    made.go("102001")
    assert made.side().center == D(102_001)
    assert made.resting()[1][1] == D("101490.99")


def test_short_is_the_mirror() -> None:
    """Entries above; profit and break-even below the average; stop-loss above; the range below the center."""
    made = world("short", leverage=5)
    assert made.resting(S)[1] == (D("0.024"), D(100_500))
    made.run_into(S, 1)
    assert made.exits(S) == {TP: (D("0.024"), D("99997.50"))}
    for level in (2, 3, 4):
        made.run_into(S, level)
    average = made.exchange.market(BTC).holding(S).average
    assert made.exits(S)[SL][1] == D(105_000)
    assert -CENT < made.exits(S)[BE][1] - average * D("0.999") <= 0
    assert made.book.long.cycle == 0


def test_two_directions_share_a_symbol_and_know_nothing_of_each_other() -> None:
    """Both grids rest; a long fill changes nothing on the short side; each has its own capital."""
    made = world("long", "short")
    before = made.resting(S)
    made.run_into(L, 1)
    made.run_into(L, 2)
    assert (set(made.exits(L)), made.exits(S), made.resting(S)) == ({BE}, {}, before)
    assert made.side(L).working_capital == made.side(S).working_capital == D(10000)


# ---- other people's hands --------------------------------------------------------------------------------------------


def test_what_the_user_adds_is_closed_with_the_rest() -> None:
    """Exits are for the venue's real position, at its real average."""
    made = world()
    made.run_into(L, 1)
    made.by_hand(L, "0.05", "99600")
    assert made.exits()[TP][0] == made.held(L, BTC) == D("0.150")


def test_what_the_user_closes_is_not_bought_again() -> None:
    """Level 2 closed by hand: level 1 takes its profit, level 2 does not rest again before the next grid."""
    made = world()
    made.run_into(L, 1)
    made.run_into(L, 2)
    made.exchange.by_hand_close(BTC, L, D("0.404"))
    made.tick(3)
    assert made.side().held == made.held(L, BTC) == made.exits()[TP][0]
    assert sorted(made.resting()) == [3, 4]


# ---- a tick that has become coarser ----------------------------------------------------------------------------------


@pytest.mark.parametrize("side", SIDES)
def test_levels_follow_a_coarser_tick(side: Side) -> None:
    """Never nearer to the center than they were fixed: long down, short up. They could not be placed otherwise."""
    made = world(side.value)
    before = made.resting(side)
    desk = made.loop.session.desks[0]
    desk.instrument, desk.dirty = replace(desk.instrument, tick_size=D(7)), True
    made.tick()
    after = made.resting(side)
    assert len(after) == len(before) == 4
    for level, (quantity, price) in after.items():
        assert price % 7 == 0
        assert 0 <= (before[level][1] - price) * side.sign < 7
        assert quantity == before[level][0]


# ---- too little margin -----------------------------------------------------------------------------------------------


def test_a_level_that_can_not_be_paid_is_shrunk_to_what_can() -> None:
    """A capital of 10,000 over a wallet of 9,000 with a reserve of 15 %: level 4 gets what is left, once."""
    made = GridWorld(trim_profile(initial_capital=D(10000)), "100000", wallet="9000").built()
    made.tick(6)
    side = made.side()
    assert D("0.3") <= side.reference[4] / side.wished[4] < 1
    assert made.resting()[4][0] == side.reference[4]
    assert made.ear.heard(f"long level 4 has {side.reference[4]} instead of {side.wished[4]}", "warning") == 1
    assert made.ear.heard("no long level 4 yet") == 0  # the venue's figures may lag behind a new grid: no news


def test_below_thirty_percent_a_level_is_left_out() -> None:
    """And the stop-loss belongs to the deepest level that there is."""
    made = GridWorld(trim_profile(initial_capital=D(10000)), "100000", wallet="6200").built()
    made.tick(6)
    assert sorted(made.resting()) == [1, 2, 3]
    assert made.ear.heard("long level 4 is left out", "warning") == 1
    for level in (1, 2, 3):
        made.run_into(L, level)
    assert set(made.exits()) == {BE, SL}


def test_levels_that_grow_leave_the_reserve_alone() -> None:
    """A grid three times as large as the one that rests, with 6,000 of 20,000 needed: each level grows only while the
    growth can be paid, and what can not is taken back and rests again, smaller."""
    made = GridWorld(trim_profile(initial_capital=D(3000)), "100000", wallet="6000").built()
    made.tick(6)
    before, side = made.resting(), made.side()
    larger = tuple(3 * size for size in side.wished)
    made.loop.session.record(GridFixed(BTC, L, D(100_000), larger, side.prices, made.exchange.now()))
    made.loop.session.desks[0].dirty = True
    made.tick(8)
    account, after = made.exchange.account_seen(), made.resting()
    assert account.available >= D("0.15") * account.margin_balance
    assert after[1][0] == 3 * before[1][0]
    assert sum(size for size, _ in after.values()) > sum(size for size, _ in before.values())
    assert made.ear.heard("until the next grid: there is too little margin", "warning") >= 1


def test_a_capital_that_is_gone_is_an_alarm() -> None:
    """2 USDC at 20x do not make one entry of the venue's least quantity: nothing rests, and the user is told."""
    made = GridWorld(trim_profile(initial_capital=D(2)), "100000").built()
    assert made.resting() == {}
    told = "long: a capital of 2.00 is too small for any level: nothing is opened"
    assert list(made.desk.alarms.values()) == [told]


def test_a_grid_without_levels_is_built_where_the_venue_takes_one() -> None:
    """9 USDC at 20x are 90 for level 4: 0.001 BTC at 90,000 or less, which is 4.5 % under a center of 94,240.83."""
    made = GridWorld(trim_profile(initial_capital=D(9)), "100000").built()
    assert made.resting() == {}
    assert "at 94240.83 or lower" in made.desk.alarms["levels long"]
    made.go("94240.84")
    assert made.resting() == {}
    made.go("94240.83")
    assert made.resting() == {4: (D("0.001"), D("89999.99"))}
    assert made.side().center == D("94240.83")
    assert made.desk.alarms == {}
    assert len({event.cycle for event in made.journal.events if isinstance(event, CycleOpened)}) == 1


def test_a_grid_without_levels_is_built_once_the_venue_asks_for_less() -> None:
    """The least quantity falls to a tenth: the next look at the venue's terms is enough, wherever the price is."""
    made = GridWorld(trim_profile(initial_capital=D(9)), "100000").built()
    made.desk.instrument = replace(RULES, min_quantity=D("0.0001"), lot_step=D("0.0001"))
    made.desk.dirty = True
    made.tick()
    assert [(want.level, want.quantity) for want in made.desk.plan.wanted] == [(4, D("0.0009"))]


def test_a_venue_that_takes_less_than_the_balance_is_asked_ten_times_at_most() -> None:
    """Its own limit is 0.6 BTC an order: level 4 ends within two thousandths of that, in ten requests."""
    made = GridWorld(trim_profile(initial_capital=D(10000)), "100000")
    placed, amended, asked = made.exchange.place, made.exchange.amend, []

    def strict(quantity: Decimal, closing: bool) -> None:
        if quantity > D("0.53") and not closing:
            asked.append(quantity)
            raise Refusal(Reject.MARGIN, "too little margin")
        if quantity > D("0.521") and not closing:
            asked.append(quantity)

    def place(symbol: str, name: str, side: Side, closing: bool, price: Decimal, quantity: Decimal, **options: Any):
        strict(quantity, closing)
        return placed(symbol, name, side, closing, price, quantity, **options)

    def amend(name: str, venue_id: str, price: Decimal, quantity: Decimal):
        strict(quantity, False)
        return amended(name, venue_id, price, quantity)

    made.exchange.place, made.exchange.amend = place, amend
    made.built()
    made.tick(400)
    assert len(asked) <= 10
    assert D("0.525") <= made.resting()[4][0] <= D("0.53")


# ---- restart ---------------------------------------------------------------------------------------------------------


def test_a_restart_remembers_center_capital_and_levels() -> None:
    """The journal alone tells the grid; nothing is sent."""
    made = world()
    made.run_into(L, 1)
    before, events = made.resting(), list(made.journal.events)
    made.begin(events)
    made.start()
    made.tick(2)
    assert (made.resting(), made.side().center, made.side().working_capital) == (before, D(100_000), D(10_000))
    assert not [event for event in made.journal.events if isinstance(event, OrderIntended)]


@pytest.mark.parametrize("levels", [0, 1, 2, 4])
def test_without_a_journal_the_venue_tells_the_grid(levels: int) -> None:
    """Center and table follow from the orders, the position from the executions: nothing that rests is touched."""
    made = world()
    for level in range(1, levels + 1):
        made.run_into(L, level)
    resting, exits = made.resting(), made.exits()
    made.forget()
    made.start()
    made.tick(2)
    assert (made.resting(), made.exits()) == (resting, exits)
    assert made.side().center is not None
    assert abs(made.side().center - 100_000) < 1


def test_without_a_journal_after_a_break_even_level_one_is_what_is_left() -> None:
    """The history holds two cycles; the last one's grid and the residue of the first are found."""
    made = world()
    made.run_into(L, 1)
    made.run_into(L, 2)
    made.go(made.exits()[BE][1] + CENT)
    resting, exits = made.resting(), made.exits()
    made.forget()
    made.start()
    made.tick(2)
    assert (made.resting(), made.exits()) == (resting, exits)
    assert made.side().filled(1) == made.held(L, BTC) == D("0.100")


def test_without_a_journal_levels_that_came_from_a_former_cycle_are_recognised() -> None:
    """Level 3 was sent before the profit, moved with the grid, and has executed since: it is level 3, and stays so."""
    made = world()
    made.run_into(L, 1)
    made.take_profit(L)
    for level in (1, 2, 3):
        made.run_into(L, level)
    resting, exits, fills = made.resting(), made.exits(), [fill.quantity for fill in made.side().fills]
    made.forget()
    made.start()
    made.tick(2)
    assert (made.resting(), made.exits()) == (resting, exits)
    assert [fill.quantity for fill in made.side().fills] == fills


def test_without_a_journal_a_level_that_had_not_been_moved_yet_is_moved() -> None:
    """The process died between the first and the second request of a new grid: level 1 tells the center, and levels 2
    to 4, which still rest around the former one, follow it."""
    made = world()
    made.run_into(L, 1)
    names = {level: order.client_id for level, order in made.side().entries.items()}
    before = {level: made.resting()[level][1] for level in (2, 3, 4)}
    made.take_profit(L)
    wanted = made.resting()
    for level, price in before.items():
        made.exchange.amend(names[level], "", price, wanted[level][0])
    made.forget()
    made.start()
    made.tick(2)
    assert sorted(made.resting()) == [1, 2, 3, 4]
    for level, (_, price) in made.resting().items():
        assert abs(price - wanted[level][1]) <= CENT, level


# ---- laws ------------------------------------------------------------------------------------------------------------


@settings(max_examples=40, deadline=None)
@given(
    moves=st.lists(st.integers(-90, 90), min_size=5, max_size=60),
    directions=st.sampled_from([("long",), ("short",), ("long", "short")]),
    basis=st.sampled_from(["percent", "net"]),
)
def test_laws_on_any_path(moves: list[int], directions: tuple[str, ...], basis: str) -> None:
    """After every tick: exits at limit close exactly what they should, never so much that less than level 1 is left
    once a deeper level has executed; the position is the venue's; net break-even leaves a profit; in the end the
    capital has grown by exactly what the wallet has."""
    made = GridWorld(trim_profile(*directions, initial_capital=D(10000), break_even_basis=basis), "100000").built()
    price = D(100_000)
    for move in moves:
        price = max(price * (10_000 + move) // 10_000, D(1000))
        made.go(price)
        for side in made.desk.strategy.sides:
            ladder = made.side(side)
            assert ladder.held == made.held(side, BTC)
            closing = sum((quantity for role, (quantity, _) in made.exits(side).items() if role is not SL), D(0))
            assert closing == made.desk.strategy.closing(made.book, ladder)
            if BE in made.exits(side):
                assert ladder.held - closing == ladder.filled(1)
                if basis == "net":
                    quantity, at = made.exits(side)[BE]
                    assert _net(ladder, quantity, at) > 0
        assert not made.session.stopper.reason
    sides = [made.side(side) for side in made.desk.strategy.sides]
    if all(side.held == 0 for side in sides):
        grown = sum((side.working_capital - 10000 for side in sides), D(0))
        assert abs(grown - (made.exchange.account.wallet - 100_000)) < D("1E-9")


def _net(ladder: SideBook, quantity: Decimal, price: Decimal) -> Decimal:
    """What closing that much at that price earns, with its share of fees and funding, and the maker's fee."""
    average = ladder.carried / ladder.held
    gained = ladder.side.sign * (price - average) * quantity - price * quantity * D("0.0002")
    return gained - ladder.fees * quantity / ladder.entered - ladder.funding * quantity / ladder.held
