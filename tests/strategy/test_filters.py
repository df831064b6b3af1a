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


def test_a_candle_that_says_nothing_new_is_passed_over_only_while_no_basket_waits_for_it() -> None:
    """Long holds and BUY stands on: old news. A gap, a crossing, another side, a flat side in question: no."""
    bench = Baskets()
    bench.open(L)
    assert bench.strategy.reader is not None
    is_old, first = bench.strategy.reader.is_old_news, bench.signal
    assert first is not None
    bench.say(L)
    again = bench.signal
    assert again is not None
    assert is_old(first, again, bench.book)
    assert not is_old(first, again._replace(candle=again.candle + HOUR), bench.book)
    assert not is_old(first, again._replace(crossed=(L,)), bench.book)
    assert not is_old(first._replace(crossed=(L,)), again, bench.book)
    assert not is_old(first, again._replace(stands=(S,)), bench.book)
    assert not is_old(first._replace(stands=(S,)), again._replace(stands=(S,)), bench.book)
    assert not Baskets(open_on_new_candle=True).strategy._filters.is_old_news(first, again, bench.book)


def test_a_first_order_that_waits_makes_every_candle_news() -> None:
    """It belongs to the newest one."""
    bench = Baskets()
    bench.say(L)
    bench.step()
    first = bench.signal
    bench.say(L)
    assert first is not None
    assert bench.signal is not None
    assert bench.resting(L) == {0: D(100)}
    assert not bench.strategy._filters.is_old_news(first, bench.signal, bench.book)
