"""Paths of prices made of points."""

from __future__ import annotations

from decimal import Decimal as D
from math import inf

import pytest

from gridhedge.domain.errors import UsageError
from gridhedge.venue.paper.feed import Leg, ScriptedFeed, TickFeed, price_at, time_of

DOWN = Leg(1, 1000, 2000, D("10.0"), D("8.0"), False)


def test_a_leg_runs_evenly_in_whole_milliseconds() -> None:
    """From 10 to 8 in a second: 9.5 is met after a quarter, and 9.3 belongs to 350 ms."""
    assert time_of(DOWN, D("9.5")) == 1250
    assert price_at(DOWN, 1350) == D("9.3")
    assert (time_of(DOWN, D("8.0")), price_at(DOWN, 2000)) == (2000, D("8.0"))


def test_a_price_between_two_digits_is_cut_towards_the_origin() -> None:
    """After 399 ms the even price is 9.202: on one digit it is 9.3 while falling, and 8.7 (of 8.798) while rising."""
    up = Leg(1, 1000, 2000, D("8.0"), D("10.0"), False)
    assert price_at(DOWN, 1399) == D("9.3")
    assert price_at(up, 1399) == D("8.7")


def test_seek_finds_the_first_point_at_a_bound_and_moves_nothing() -> None:
    """Bounds count when met exactly; the price stays where it is until it is moved."""
    feed = ScriptedFeed([(0, D(10)), (5, D(9)), (7, D("8.5")), (9, D(12))])
    assert feed.seek(-inf, inf, 100) is None
    leg = feed.seek(8.5, 11.0, 100)
    assert leg == Leg(1, 7, 7, D("8.5"), D("8.5"), True)
    assert feed.seek(8.5, 11.0, 6) is None
    assert (feed.at, feed.price) == (0, D(10))
    feed.move(leg, 7, D("8.5"))
    assert (feed.at, feed.price) == (7, D("8.5"))
    assert feed.seek(0.0, 12.0, 100) == Leg(2, 9, 9, D(12), D(12), True)


def test_passing_holds_the_last_price() -> None:
    """Between two points the price is the earlier one; after the last it stays for ever."""
    feed = ScriptedFeed([(0, D(10)), (5, D(9)), (9, D(12))])
    for until, price in ((4, 10), (5, 9), (8, 9), (9, 12), (1000, 12)):
        feed.pass_to(until)
        assert (feed.at, feed.price) == (until, price)
    feed.add(1000, D(7))
    assert feed.seek(7.0, inf, 1000) is not None


def test_the_past_can_not_be_scripted() -> None:
    """A point before the present or before the last point is a mistake of the test."""
    feed = ScriptedFeed([(0, D(10)), (5, D(9))])
    with pytest.raises(AssertionError, match="a scripted price at 4 would lie before 5"):
        feed.add(4, D(1))


def test_ticks_keep_the_digits_of_the_recording_and_end() -> None:
    """0.1 + 0.2 style doubles never appear: prices are the shortest decimals of the recorded doubles."""
    feed = TickFeed([10, 20, 20, 30], [0.1, 0.3, 0.25, 0.30000000000000004])
    assert (feed.at, feed.price, feed.end) == (10, D("0.1"), 30)
    feed.pass_to(20)
    assert feed.price == D("0.25")
    feed.pass_to(30)
    assert feed.price == D("0.30000000000000004")


def test_ticks_need_as_many_prices_as_times() -> None:
    """Otherwise the sentence says how many there were."""
    with pytest.raises(UsageError, match="as many prices as times, at least one: 1 and 2"):
        TickFeed([1, 2], [1.0])
    with pytest.raises(UsageError, match="at least one: 0 and 0"):
        TickFeed([], [])


@pytest.mark.parametrize("reached", [0, 1, 1023, 1024, 1500, 2999])
def test_a_restored_feed_goes_on_where_it_was(reached: int) -> None:
    """The cursor is enough, also after thousands of points have been forgotten."""
    times = list(range(0, 3000))
    prices = [1.0 + (index * 7919 % 1000) / 1000 for index in times]
    feed, other = TickFeed(times, prices), TickFeed(times, prices)
    feed.pass_to(reached)
    other.restore(feed.cursor())
    assert (other.at, other.price, other.number) == (feed.at, feed.price, feed.number)
    assert other.seek(1.001, 1.999, 2999) == feed.seek(1.001, 1.999, 2999)
    feed.pass_to(2999)
    other.pass_to(2999)
    assert other.cursor() == feed.cursor()
