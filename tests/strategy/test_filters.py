"""What stands between a signal and an order."""

from __future__ import annotations

from decimal import Decimal as D

from tests.strategy.baskets import HOUR, START, Baskets, L, S

DAY = 24 * HOUR


def test_suspend_manages_what_is_open_and_opens_nothing() -> None:
    """The next order rests, the exit rests, and after it the side stays flat."""
    bench = Baskets(single_order_profit=D("0.1"))
    bench.open(L)
    bench.strategy = Baskets(single_order_profit=D("0.1"), suspend=True).strategy
    bench.step()
    assert bench.resting(L) == {1: D(100)}
    bench.leave(L)
    assert bench.step().wanted == ()


def test_nothing_opens_outside_the_hours_and_the_bot_wakes_when_they_begin() -> None:
    """09:00 to 17:00 in Berlin is 08:00 to 16:00 UTC in winter; what is open is managed all day."""
    bench = Baskets(start_time="09:00", finish_time="17:00", timezone="Europe/Berlin")
    bench.say(L)
    plan = bench.step()
    assert (bench.cycles(), plan.wake_at) == (0, START + 8 * HOUR)
    bench.now = START + 7 * HOUR
    bench.say(L)
    bench.step()
    assert bench.cycles() == 1
    bench.fill(bench.entry(L, 0))
    bench.now = START + 20 * HOUR
    bench.step()
    assert bench.resting(L) == {1: D(100)}


def test_so_many_baskets_a_day_and_no_more() -> None:
    """Two; the third waits for midnight."""
    bench = Baskets(trades_per_day=2, single_order_profit=D("0.1"))
    for _ in range(2):
        bench.open(L)
        bench.leave(L)
    plan = bench.step()
    assert (bench.cycles(), bench.alarms(), plan.wake_at) == (2, {"trades"}, START + DAY)
    bench.now = START + DAY - HOUR
    bench.say(L)
    bench.step()
    assert bench.cycles() == 3


def test_the_reserve_is_not_touched_and_the_user_is_told() -> None:
    """100 at 0.2 and 75x: 0.267 of margin and 0.022 of fees; 0.2 is spendable."""
    bench = Baskets(balance="0.24")
    bench.say(L)
    plan = bench.step()
    assert plan.wanted == ()
    assert [alarm.text for alarm in plan.alarms] == ["not opening long: the first order needs 0.29, spendable 0.20"]


def awaited(bench: Baskets, *alarms: str) -> object:
    return bench.strategy._filters.awaited(bench.book, alarms, bench.now)


def test_a_signal_is_awaited_by_sides_that_are_flat() -> None:
    """Both at first; a side that holds something has no use for another signal."""
    bench = Baskets(basket_profit=1)
    assert awaited(bench) == (L, S)
    bench.open(L)
    assert awaited(bench) == (S,)
    bench.open(S)
    assert awaited(bench) == ()
    bench.leave(L)
    assert awaited(bench) == (L,)


def test_every_candle_matters_to_a_first_order_that_waits() -> None:
    """It belongs to the newest one."""
    bench = Baskets()
    bench.say(L)
    bench.step()
    assert bench.resting(L) == {0: D(100)}
    assert awaited(bench) is None


def test_every_candle_matters_to_an_alarm_that_may_end_with_it() -> None:
    """That candles are missing; or, while a side is flat, that its order finds no margin."""
    bench = Baskets()
    assert awaited(bench, "budget long") is None
    bench.open(L)
    bench.open(S)
    assert awaited(bench, "budget long 1") == ()
    assert awaited(bench, "candles") is None


def test_no_candle_matters_while_nothing_may_be_opened() -> None:
    """Outside the hours, after a limit of the day (the bot wakes up by itself when they end), and with ``suspend``."""
    bench = Baskets(start_time="09:00", finish_time="17:00")
    assert awaited(bench) == ()
    bench.now += 9 * HOUR
    assert awaited(bench) == (L, S)
    assert awaited(bench, "halted") == awaited(bench, "trades") == ()
    assert awaited(Baskets(suspend=True)) == ()


def test_a_plan_within_the_hours_wakes_up_when_they_begin_again() -> None:
    """They end without anybody asking."""
    bench = Baskets(start_time="00:00", finish_time="04:00")
    bench.say(L)
    assert bench.step().wake_at == START + DAY
