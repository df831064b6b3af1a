"""Baskets that signals open: when they open, and what holds whatever happens."""

from __future__ import annotations

from decimal import Decimal as D
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridhedge.domain import invariants
from gridhedge.domain.basket import Cause
from gridhedge.domain.events import BasketClosed, CloseDecided, SignalSeen, TradingHalted
from gridhedge.domain.values import SIDES, Role, Side
from gridhedge.strategy.basket import distances
from gridhedge.strategy.settings import SignalSettings
from gridhedge.strategy.view import Awaited
from tests.strategy.baskets import HOUR, Baskets, L, S, told

DAY = 24 * HOUR


def test_nothing_opens_without_a_signal() -> None:
    """And the user is told what is missing."""
    bench = Baskets()
    assert bench.step().wanted == ()
    assert bench.alarms() == {"candles"}
    bench.say()
    assert bench.step().wanted == ()
    assert bench.alarms() == set()


@pytest.mark.parametrize(("side", "price"), [(L, "0.20010"), (S, "0.19990")])
def test_a_signal_opens_its_side_at_the_touch(side: Side, price: str) -> None:
    """100 at 0.2 and 0.05 % beyond it, so that it executes now; the other side stays flat."""
    bench = Baskets()
    bench.say(side)
    (want,) = bench.step().wanted
    assert (want.side, want.role, want.level, want.price, want.quantity) == (side, Role.OPENING, 0, D(price), D(100))


def test_both_sides_may_be_open_together_and_know_nothing_of_each_other() -> None:
    """A long basket with two orders does not change when the short one opens."""
    bench = Baskets()
    bench.open(L)
    bench.add(L)
    before = bench.resting(L)
    bench.open(S)
    assert bench.resting(L) == before
    assert bench.held() == {"long": D(200), "short": D(100)}


def test_a_signal_opens_only_a_flat_side() -> None:
    """The next candle says the same: nothing new."""
    bench = Baskets()
    bench.open(L)
    bench.say(L)
    bench.step()
    assert bench.cycles() == 1


def test_a_signal_that_stands_opens_again_after_a_close() -> None:
    """Within the same candle."""
    bench = Baskets(single_order_profit=D("0.1"))
    bench.open(L)
    bench.leave(L)
    assert bench.cycles() == 2
    assert bench.entry(L, 0).key.role is Role.OPENING


def test_a_crossing_opens_once() -> None:
    """After the close it takes a new crossing."""
    bench = Baskets(single_order_profit=D("0.1"), use_sma_sar=False)
    bench.say(crossed=(L,))
    bench.step()
    bench.fill(bench.entry(L, 0))
    bench.step()
    bench.leave(L)
    assert bench.cycles() == 1
    bench.say(crossed=(L,))
    bench.step()
    assert bench.cycles() == 2


def test_a_crossing_is_over_with_the_next_candle() -> None:
    """An order that has not executed by then is withdrawn."""
    bench = Baskets(use_sma_sar=False)
    bench.say(crossed=(L,))
    bench.step()
    assert bench.resting(L) == {0: D(100)}
    bench.say()
    bench.step()
    assert bench.resting(L) == {}
    assert bench.held() == {}


def test_without_indicators_both_sides_open_at_once() -> None:
    """No candle is asked for."""
    bench = Baskets(use_sma_sar=False, cci_period=0)
    assert bench.strategy.reader is None
    bench.step()
    assert (bench.resting(L), bench.resting(S)) == ({0: D(100)}, {0: D(100)})


def test_an_old_signal_opens_nothing() -> None:
    """Two candles later it is no signal any more: the venue has stopped telling candles."""
    bench = Baskets()
    bench.say(L)
    bench.now += 2 * HOUR
    assert bench.step().wanted == ()
    assert bench.alarms() == {"candles"}


def test_a_first_order_that_does_not_execute_is_priced_anew() -> None:
    """After five seconds, and only when the price has moved by more than a tenth of the distance (0.1 %)."""
    bench = Baskets()
    bench.say(L)
    bench.step()
    bench.now += 5_000
    bench.see("0.20020")
    bench.step()
    assert bench.entry(L, 0).price == D("0.20010")
    bench.see("0.20040")
    bench.step()
    assert bench.entry(L, 0).price == D("0.20050")


def test_a_signal_is_written_down_when_it_changes() -> None:
    """The same thing said by the next candle is no news; a crossing always is. (The venue lets no basket fill.)"""
    bench = Baskets(trades_per_day=99)
    for stands, crossed in [((L,), ()), ((L,), ()), ((S,), ()), ((S,), (S,)), ((S,), (S,))]:
        bench.say(*stands, crossed=crossed)
        bench.step()
    assert [(event.stands, event.crossed) for event in told(bench, SignalSeen)] == [
        ((L,), ()), ((S,), ()), ((S,), (S,)), ((S,), (S,)),
    ]  # fmt: skip


def test_where_orders_are_added_at_closes_those_beyond_the_next_one_are_awaited() -> None:
    """Opened at 0.2 with one percent of space: a close at 0.198 or lower, and signals for the side that is flat."""
    bench = Baskets(open_on_new_candle=True)
    bench.open(L)
    assert bench.strategy.reader is not None
    view, seen = bench.view(), bench.signal
    awaited = bench.strategy.reader.awaited(view.book, view.instrument, (), view.now)
    assert awaited == Awaited((S,), below=D("0.19800"))
    assert seen is not None
    assert not awaited.includes(seen._replace(stands=(L,), close=D("0.19801")))
    assert awaited.includes(seen._replace(stands=(L,), close=D("0.19800")))
    assert awaited.includes(seen._replace(stands=(S,), close=D("0.20000")))


def test_a_signal_that_nothing_can_use_is_not_written_down() -> None:
    """Nothing new is opened, or the side holds a basket already."""
    bench = Baskets(suspend=True)
    bench.say(L)
    bench.step()
    assert told(bench, SignalSeen) == []
    bench = Baskets()
    bench.open(L)
    bench.open(S)
    before = len(told(bench, SignalSeen))
    bench.say(L, crossed=(L,))
    bench.step()
    assert len(told(bench, SignalSeen)) == before


# ---- laws ------------------------------------------------------------------------------------------------------------

SETTINGS = st.fixed_dictionaries(
    {
        "space_percent": st.sampled_from([D("0.3"), D(1)]),
        "space_orders": st.integers(1, 3),
        "space1_percent": st.sampled_from([D(1), D(3)]),
        "space1_orders": st.integers(1, 3),
        "multiplier": st.sampled_from([D(0), D("1.5"), D(3)]),
        "max_lot": st.sampled_from([D(0), D(250)]),
        "max_martingale_multiple": st.sampled_from([D(2), D(10)]),
        "single_order_profit": st.sampled_from([D(0), D("0.2")]),
        "basket_profit": st.sampled_from([D(0), D("0.3")]),
        "pair_global_profit": st.sampled_from([D("0.1"), D(1)]),
        "global_profit": st.sampled_from([D(0), D(2)]),
        "max_loss": st.sampled_from([D(0), D(-3)]),
        "open_on_new_candle": st.booleans(),
        "trades_per_day": st.sampled_from([2, 99]),
    }
)
MOVES = st.lists(st.tuples(st.sampled_from("plsxbtfh"), st.integers(0, 7)), min_size=5, max_size=60)


def move(bench: Baskets, kind: str, part: int) -> None:
    """A price, a candle, an execution (whole or in part), funding, or an hour in which nothing happens."""
    orders = list(bench.book.orders.values())
    if kind == "p":
        bench.see((bench.market.last * (D(1) + D(part - 3) / 100)).quantize(D("0.00001")))
    elif kind in "lsb":
        bench.say(*{"l": (L,), "s": (S,), "b": (L, S)}[kind], crossed=(L,) if part == 7 else ())
    elif kind == "h":
        bench.now += 3_600_000 * (part + 1)
    elif kind == "f":
        bench.fund(SIDES[part % 2], "0.01") if bench.book.of(SIDES[part % 2]).held else None
    elif orders:
        order = orders[part % len(orders)]
        quantity = order.remaining if kind == "x" else max(order.remaining // 2, D(1))
        bench.fill(order, quantity)
    bench.step()


def played(settings: dict[str, Any], moves: list[tuple[str, int]]) -> Baskets:
    bench = Baskets(**{"space1_lots": D(150)} | settings)
    bench.step()
    for kind, part in moves:
        move(bench, kind, part)
        assert_whole(bench)
    return bench


def assert_whole(bench: Baskets) -> None:
    """After every move: the engine's invariants, one entry at most per basket, exits for no more than is held."""
    assert invariants.always(bench.book, bench.instrument) == []
    for side in (bench.book.long, bench.book.short):
        assert len(side.entries) <= 1
        assert sum(order.remaining for order in side.exits.values()) in (0, side.held)
        assert_grid(bench, side.side)


def assert_grid(bench: Baskets, which: Side) -> None:
    """Sizes within the settings, and a resting entry at least its space beyond the outermost executed one."""
    settings: SignalSettings = bench.strategy.settings
    side = bench.book.of(which)
    if side.reference:
        first = side.reference[0]
        assert max(side.reference) <= first * settings.max_martingale_multiple
        assert not settings.max_lot or max(side.reference) <= settings.max_lot
    for level, order in side.entries.items():
        executed = [fill.average for fill in side.fills[:level] if fill.quantity]
        if order.key.role is Role.GRID and executed:
            space = distances(settings)[level]
            if which is L:
                assert order.price <= min(executed) * (1 - space)
            else:
                assert order.price >= max(executed) * (1 + space)


@given(SETTINGS, MOVES)
def test_baskets_stay_whole_whatever_happens(settings: dict[str, Any], moves: list[tuple[str, int]]) -> None:
    """And every profit that is told is what the book has realised."""
    bench = played(settings, moves)
    told = [event for event in bench.decided if isinstance(event, BasketClosed)]
    for side in (bench.book.long, bench.book.short):
        assert sum((event.profit for event in told if event.side is side.side), D(0)) == side.realised


@given(SETTINGS, MOVES)
def test_a_close_is_never_taken_back_and_a_halt_opens_nothing(
    settings: dict[str, Any], moves: list[tuple[str, int]]
) -> None:
    """A side that closes wants nothing but its close; between a limit and the next day no basket begins."""
    bench = Baskets(**{"space1_lots": D(150)} | settings)
    bench.step()
    for kind, part in moves:
        closing = {side for side in SIDES if bench.book.of(side).basket.closing and bench.book.of(side).held > 0}
        halted = [event for event in bench.decided if isinstance(event, TradingHalted)]
        opened = bench.cycles()
        move(bench, kind, part)
        for want in bench.plan.wanted:
            side = bench.book.of(want.side)
            assert not want.role.is_entry or want.side not in closing or side.basket.closing is None
        if halted and bench.now < halted[-1].until:
            assert bench.cycles() == opened
            assert not any(want.role.is_entry for want in bench.plan.wanted)


@given(SETTINGS, MOVES)
def test_a_basket_that_closed_by_a_rule_has_its_profit(settings: dict[str, Any], moves: list[tuple[str, int]]) -> None:
    """Net of all fees and funding: a single order's, a basket's; a sum was reached when its close was decided."""
    bench = played(settings, moves)
    wished = {
        Cause.SINGLE: bench.strategy.settings.single_order_profit,
        Cause.BASKET: bench.strategy.settings.basket_profit,
    }
    for event in bench.decided:
        if isinstance(event, BasketClosed) and event.cause in wished:
            assert event.profit >= wished[event.cause] > 0
        if isinstance(event, CloseDecided) and event.cause is Cause.PAIR:
            assert event.profit >= bench.strategy.settings.pair_global_profit
