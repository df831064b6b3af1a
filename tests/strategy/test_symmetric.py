"""The two-sided grid against the worked numbers of its specification, and its laws under any order of events."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gridhedge.domain.change import Urgency
from gridhedge.domain.values import SIDES, Role, Side

D = Decimal


def test_the_first_quantity_is_margin_times_leverage_by_price_floored(bench) -> None:
    """1 USD x 75 / 0.19933 = 376.26 -> 376, then doubled level by level, on both sides."""
    bench.step()
    assert bench.book.reference[:4] == (D(376), D(752), D(1504), D(3008))
    assert bench.resting(Side.LONG)[0] == bench.resting(Side.SHORT)[0] == D(376)


def test_levels_stand_one_step_apart_from_what_was_executed(bench) -> None:
    """Long from 0.19933 at 1 %: 0.19733, 0.19535, 0.19339."""
    bench.open_both()
    assert bench.entry(Side.LONG, 1).price == D("0.19733")
    bench.deepen(Side.LONG, 1)
    assert bench.entry(Side.LONG, 2).price == D("0.19535")
    bench.deepen(Side.LONG, 1)
    assert bench.entry(Side.LONG, 3).price == D("0.19339")


def test_take_profits_are_net_of_all_fees(bench) -> None:
    """376 @ 0.19933 -> 0.20148; with 752 @ 0.19733 -> 0.20008; with 1504 @ 0.19535 -> 0.19854."""
    bench.open_both()
    assert bench.take_profit(Side.LONG).price == D("0.20148")
    bench.deepen(Side.LONG, 1)
    assert bench.take_profit(Side.LONG).price == D("0.20008")
    assert bench.take_profit(Side.LONG).remaining == D(1128)
    bench.deepen(Side.LONG, 1)
    assert bench.take_profit(Side.LONG).price == D("0.19854")


# started long, started short, long rests, short rests (STRATEGIES 1.2; max 10 levels)
ONE_SIDED = [
    (1, 1, [1], [1]),
    (2, 1, [2], [1, 2]),
    (3, 1, [3], [1, 2, 3]),
    (10, 1, [], [1, 2, 3, 4, 5, 6, 7, 8, 9]),
]


@pytest.mark.parametrize(("long", "short", "long_rests", "short_rests"), ONE_SIDED)
def test_the_other_side_is_insured_to_the_same_depth(bench, long, short, long_rests, short_rests) -> None:
    """The worked table, with the short side at level 0."""
    bench.open_both()
    bench.deepen(Side.LONG, long - 1)
    assert list(bench.resting(Side.LONG)) == long_rests
    assert list(bench.resting(Side.SHORT)) == short_rests


def test_both_sides_deep_rest_one_more_level_each(bench) -> None:
    """3 | 3 -> 3 | 3."""
    bench.open_both()
    bench.deepen(Side.LONG, 2)
    bench.deepen(Side.SHORT, 2)
    assert list(bench.resting(Side.LONG)) == [3]
    assert list(bench.resting(Side.SHORT)) == [3]


def test_ten_against_four_insures_the_rest_without_look_ahead(bench) -> None:
    """10 | 4 -> none | 4 ... 9."""
    bench.open_both()
    bench.deepen(Side.LONG, 9)
    bench.deepen(Side.SHORT, 3)
    assert list(bench.resting(Side.LONG)) == []
    assert list(bench.resting(Side.SHORT)) == [4, 5, 6, 7, 8, 9]


def test_at_full_depth_on_both_sides_only_take_profits_rest(bench) -> None:
    """10 | 10 -> none | none."""
    bench.open_both()
    bench.deepen(Side.LONG, 9)
    bench.deepen(Side.SHORT, 9)
    assert bench.resting(Side.LONG) == bench.resting(Side.SHORT) == {}
    assert bench.take_profit(Side.LONG).remaining == bench.take_profit(Side.SHORT).remaining == D(376 * 1023)


def test_a_side_that_took_profit_reopens_two_levels_behind_the_other(bench) -> None:
    """8 | 0: now 0-5 in six orders of their own (63 units), resting 6, 7 and the look-ahead 8."""
    bench.open_both()
    bench.deepen(Side.LONG, 7)
    bench.see("0.185")
    bench.fill(bench.take_profit(Side.SHORT))
    bench.step()
    wanted = bench.wanted(Side.SHORT)
    now = [level for level, want in wanted.items() if want.role is Role.OPENING]
    assert now == [0, 1, 2, 3, 4, 5]
    assert sum(wanted[level].quantity for level in now) == 63 * D(376)
    assert [level for level, want in wanted.items() if want.role is Role.GRID] == [6, 7, 8]
    assert {wanted[level].price for level in now} == {bench.instrument.ceil_price(D("0.185") * D("0.9995"))}
    assert list(bench.resting(Side.LONG)) == [8]


def test_two_against_a_reopened_side(bench) -> None:
    """2 | 0 (just took profit) -> long 2 | short now 0, resting 1, 2."""
    bench.open_both()
    bench.deepen(Side.LONG, 1)
    bench.fill(bench.take_profit(Side.SHORT))
    bench.step()
    assert list(bench.resting(Side.LONG)) == [2]
    assert {level: want.role for level, want in bench.wanted(Side.SHORT).items()} == {
        0: Role.OPENING,
        1: Role.GRID,
        2: Role.GRID,
    }


def test_the_deeper_side_taking_profit_shrinks_the_depth(bench) -> None:
    """3 -> 0 | 2: long now 0, resting 1, 2; short rests 2, and its level 3 is cancelled."""
    bench.open_both()
    bench.deepen(Side.LONG, 2)
    bench.deepen(Side.SHORT, 1)
    assert list(bench.resting(Side.SHORT)) == [2, 3]
    bench.fill(bench.take_profit(Side.LONG))
    bench.step()
    assert {level: want.role for level, want in bench.wanted(Side.LONG).items()} == {
        0: Role.OPENING,
        1: Role.GRID,
        2: Role.GRID,
    }
    assert list(bench.resting(Side.SHORT)) == [2]


def test_the_table_outlives_a_side_until_both_are_flat(bench) -> None:
    """A side that re-enters at another price takes the existing quantities."""
    bench.open_both()
    bench.deepen(Side.LONG, 1)
    bench.see("0.15")
    bench.fill(bench.take_profit(Side.SHORT))
    bench.step()
    assert bench.resting(Side.SHORT)[0] == D(376)


def test_now_levels_are_remembered_through_a_take_profit_of_the_other_side(bench) -> None:
    """In the middle of a re-entry the other side takes profit: the open now-levels stay as they are."""
    bench.open_both()
    bench.deepen(Side.LONG, 4)
    bench.fill(bench.take_profit(Side.SHORT))
    bench.step()
    assert bench.book.short.now_levels == 3
    bench.fill(bench.entry(Side.SHORT, 0))
    bench.fill(bench.take_profit(Side.LONG))
    bench.step()
    assert bench.book.short.now_levels == 3
    assert bench.book.long.now_levels == 1
    assert [level for level, want in bench.wanted(Side.SHORT).items() if want.role is Role.OPENING] == [1, 2]


def test_a_now_level_is_repriced_only_when_it_is_old_and_the_price_has_moved(bench) -> None:
    """Five seconds and a tenth of a step: not before both have passed."""
    bench.step()
    first = bench.entry(Side.LONG, 0).price
    bench.see("0.20033")
    bench.step()
    assert bench.entry(Side.LONG, 0).price == first
    assert bench.plan.wake_at == bench.entry(Side.LONG, 0).changed + 5000
    bench.now += 5000
    bench.see("0.19940")
    bench.step()
    assert bench.entry(Side.LONG, 0).price == first
    bench.see("0.20033")
    bench.step()
    assert bench.entry(Side.LONG, 0).price == bench.instrument.floor_price(D("0.20033") * D("1.0005"))


def test_a_level_that_the_market_has_passed_goes_to_the_touch_not_beyond_its_own_price(bench) -> None:
    """Short level 1 belongs at 0.20133; with the market at 0.205 it sells at the touch, and never below 0.20133."""
    bench.open_both()
    bench.see("0.19000")
    bench.deepen(Side.LONG, 1)
    bench.book.short.entries.clear()
    bench.see("0.20500")
    plan = bench.strategy.plan(bench.view())
    level_1 = next(want for want in plan.wanted if want.side is Side.SHORT and want.level == 1 and want.role.is_entry)
    assert level_1.price == bench.instrument.ceil_price(D("0.205") * D("0.9995"))
    bench.see("0.20135")
    plan = bench.strategy.plan(bench.view())
    level_1 = next(want for want in plan.wanted if want.side is Side.SHORT and want.level == 1 and want.role.is_entry)
    assert level_1.price == D("0.20133")


def test_no_look_ahead_without_the_margin_of_both_legs(make_bench) -> None:
    """Margin balance 1000, 15 % buffer, 500 available: 350 may be spent; a pair that needs more does not rest."""
    bench = make_bench(balance="1000")
    bench.open_both()
    bench.deepen(Side.LONG, 2)
    bench.available = D(500)
    q, price = D(3008), D("0.19339")
    pair = 2 * (q * price / 75 + 2 * q * price * D("0.00055")) * D("1.01")
    assert pair < 350
    bench.available = D(150) + pair / 2
    bench.book.long.entries.pop(3)
    bench.book.short.entries.pop(3)
    plan = bench.strategy.plan(bench.view())
    assert [want for want in plan.wanted if want.urgency is Urgency.LOOK_AHEAD] == []
    assert [alarm.code for alarm in plan.alarms] == ["budget"]


def test_no_look_ahead_beyond_the_cap_of_a_side(bench) -> None:
    """376 held, 752 more: at 0.19733 the long would reach 222.59, at 0.20133 the short 227.10. A cap of 227 keeps both
    legs away, and says so; what rests already stays."""
    bench.open_both()
    capped = bench.view()._replace(max_notional=D(227))
    assert bench.strategy.plan(capped).alarms == ()
    bench.book.short.entries.pop(1)
    plan = bench.strategy.plan(capped)
    assert [want for want in plan.wanted if want.urgency is Urgency.LOOK_AHEAD] == []
    assert [alarm.text for alarm in plan.alarms] == [
        "no short 1: the side would reach 227.10, max_notional_per_side is 227"
    ]
    assert bench.strategy.plan(capped._replace(max_notional=D(228))).alarms == ()


def test_the_look_ahead_pair_is_withdrawn_at_the_reserve_and_returns_above_it(make_bench) -> None:
    """Below the reserve the pair, and only it, goes; it returns when the check passes with 1.1 x the reserve."""
    bench = make_bench(balance="1000")
    bench.open_both()
    bench.deepen(Side.LONG, 1)
    bench.available = D("149.99")
    bench.step()
    assert bench.book.look_ahead_withdrawn
    assert list(bench.resting(Side.LONG)) == []
    assert list(bench.resting(Side.SHORT)) == [1]
    bench.available = D("165")
    bench.step()
    assert bench.book.look_ahead_withdrawn
    bench.available = D("200")
    bench.step()
    assert not bench.book.look_ahead_withdrawn
    assert list(bench.resting(Side.LONG)) == [2]


def test_a_cold_start_keeps_out_of_the_reserve(make_bench) -> None:
    """With 2 USD available beyond nothing, both first levels of 1 USD margin each do not open."""
    bench = make_bench(balance="100")
    bench.available = D("16")
    plan = bench.step()
    assert plan.wanted == ()
    assert [alarm.code for alarm in plan.alarms] == ["budget"]


def test_a_resting_take_profit_survives_a_little_funding(bench) -> None:
    """Received funding earns more and moves the ideal price by less than a twentieth of 1 %: keep the place in the
    queue. Paid funding would earn less than promised: re-price."""
    bench.open_both()
    price = bench.take_profit(Side.LONG).price
    bench.fund(Side.LONG, "-0.01")
    bench.step()
    assert bench.take_profit(Side.LONG).price == price
    bench.fund(Side.LONG, "0.08")
    bench.step()
    assert bench.take_profit(Side.LONG).price > price


def test_a_partly_executed_take_profit_keeps_its_order(bench) -> None:
    """100 of 376 closed: the same order goes on with the rest."""
    bench.open_both()
    order = bench.take_profit(Side.LONG)
    bench.fill(order, D(100))
    bench.step()
    assert bench.take_profit(Side.LONG) is order
    assert bench.changes == []
    assert order.remaining == D(276)


def test_what_is_left_when_the_promise_is_kept_closes_at_any_price(bench) -> None:
    """370 of 376 have closed at 0.25 and earned more than was promised: no price is too low for the rest, but a price
    it must be."""
    bench.open_both()
    bench.fill(bench.take_profit(Side.LONG), D(370), price=D("0.25"))
    bench.step()
    order = bench.take_profit(Side.LONG)
    assert (order.price, order.remaining) == (bench.instrument.tick_size, D(6))


def test_while_a_level_fills_in_parts_the_take_profit_moves_once_a_tick(bench) -> None:
    """Two parts within a second: the second one waits for the tick interval."""
    bench.open_both()
    entry = bench.entry(Side.LONG, 1)
    bench.take_profit(Side.LONG).changed = bench.now
    bench.fill(entry, D(10))
    bench.now -= 900
    bench.step()
    assert bench.take_profit(Side.LONG).remaining == D(376)
    assert bench.plan.wake_at is not None
    bench.now = bench.plan.wake_at
    bench.step()
    assert bench.take_profit(Side.LONG).remaining == D(386)


def test_a_refused_insurance_stops_averaging_until_margin_is_free(bench) -> None:
    """The refused level is wanted again when the available balance covers it, and no look-ahead rests before."""
    bench.open_both()
    bench.deepen(Side.LONG, 1)
    bench.book.short.entries.pop(1)
    bench.book.short.refused[1] = bench.now
    bench.available = D("0.5")
    plan = bench.strategy.plan(bench.view())
    assert 1 not in {want.level for want in plan.wanted if want.side is Side.SHORT and want.role.is_entry}
    assert "refused" in {alarm.code for alarm in plan.alarms}
    bench.available = D(1000)
    plan = bench.strategy.plan(bench.view())
    assert 1 in {want.level for want in plan.wanted if want.side is Side.SHORT and want.role.is_entry}


def test_a_level_under_the_minimum_notional_joins_the_next(make_bench) -> None:
    """At 0.02 the 51 units of level 0 are worth 1 USD of a minimum of 5: their level 1 or 2 order carries them."""
    bench = make_bench(initial_position_size_usd=D("0.1"), price="0.15")
    bench.open_both()
    assert bench.book.reference[0] == D(50)
    bench.deepen(Side.LONG, 4)
    bench.see("0.0300")
    bench.fill(bench.take_profit(Side.SHORT))
    bench.step()
    quantities = bench.resting(Side.SHORT)
    assert 0 not in quantities
    assert 1 not in quantities
    assert quantities[2] == D(50 + 100 + 200)
    bench.fill(bench.entry(Side.SHORT, 2))
    assert [bench.book.short.filled(level) for level in range(3)] == [D(50), D(100), D(200)]


def test_the_plan_is_a_pure_function(bench) -> None:
    """Asked twice with the same view it answers the same."""
    bench.open_both()
    bench.deepen(Side.SHORT, 2)
    view = bench.view()
    assert bench.strategy.plan(view) == bench.strategy.plan(view)


# ---- laws ------------------------------------------------------------------------------------------------------------

moves = st.lists(st.tuples(st.integers(0, 1000), st.integers(1, 4)), min_size=1, max_size=40)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(moves=moves, price=st.integers(2000, 90000), multiplier=st.sampled_from(["1.5", "2.0", "2.7"]))
def test_both_sides_are_equal_level_by_level_under_any_order_of_events(make_bench, moves, price, multiplier) -> None:
    """Executed plus resting quantities agree on every level, after any fills, partial fills and take-profits; no level
    is over-filled; take-profits cover exactly what is held; nothing is left to change."""
    bench = make_bench(price=f"0.{price:05d}", averaging_multiplier=D(multiplier), max_grid_levels_per_side=8)
    bench.step()
    for pick, part in moves:
        live = list(bench.book.orders.values())
        order = live[pick % len(live)]
        quantity = order.remaining if part == 1 else max(D(1), order.remaining // part)
        bench.see(order.price)
        bench.fill(order, quantity)
        bench.now += 2000
        bench.step()
        check_laws(bench)


def check_laws(bench) -> None:
    book = bench.book
    for level, size in enumerate(book.reference):
        covered = []
        for side in SIDES:
            ladder = book.of(side)
            pending = ladder.entries[level].remaining if level in ladder.entries else D(0)
            assert ladder.filled(level) + pending <= size
            covered.append(ladder.filled(level) + pending)
        assert covered[0] == covered[1], f"level {level}: {covered}"
    for side in SIDES:
        ladder = book.of(side)
        closing = sum((order.remaining for order in ladder.exits.values()), D(0))
        assert closing == ladder.held
    before = bench.changes
    bench.step()
    assert bench.changes == [], f"after {before} there was still {bench.changes}"


def test_levels_beyond_one_at_the_touch_stand_beyond_it(bench) -> None:
    """The market has passed short levels 1 and 2: level 1 goes to the touch, and level 2 rests one step beyond that."""
    bench.open_both()
    bench.deepen(Side.LONG, 2)
    for order in list(bench.book.short.entries.values()):
        del bench.book.orders[order.client_id]
    bench.book.short.entries.clear()
    bench.see("0.2100")
    plan = bench.strategy.plan(bench.view())
    price = {want.level: want.price for want in plan.wanted if want.side is Side.SHORT and want.role.is_entry}
    assert price[1] == bench.instrument.ceil_price(D("0.21") * D("0.9995"))
    assert price[2] == bench.instrument.ceil_price(price[1] * D("1.01"))


def test_a_rest_too_small_to_be_sent_is_withheld_and_told(bench) -> None:
    """Two units of level 0 are missing, worth 0.40 of a minimum of 5, and nothing else of the side is missing."""
    bench.open_both()
    bench.book.short.entries.clear()
    bench.book.short.fills[0].quantity -= D(2)
    bench.available = D(0)
    bench.balance = D(0)
    plan = bench.strategy.plan(bench.view())
    assert not [want for want in plan.wanted if want.side is Side.SHORT and want.role.is_entry and want.level == 0]


def test_a_refused_look_ahead_waits_on_both_sides_and_is_tried_again(bench) -> None:
    """Neither leg rests for a minute; then the pair is wanted again."""
    bench.open_both()
    bench.book.short.refused[1] = bench.now
    plan = bench.strategy.plan(bench.view())
    assert [want for want in plan.wanted if want.urgency is Urgency.LOOK_AHEAD] == []
    assert "pair" in {alarm.code for alarm in plan.alarms}
    assert plan.wake_at == bench.now + 60_000
    bench.now += 60_000
    plan = bench.strategy.plan(bench.view())
    assert [want.level for want in plan.wanted if want.urgency is Urgency.LOOK_AHEAD] == [1, 1]
