"""A venue's time: never ahead, never back."""

from __future__ import annotations

import pytest

from gridhedge.engine.ports import Check
from gridhedge.venue.clock import ServerClock, clock_check
from tests.venue.bybit.rows import AT, Time

MINUTE = 60_000


def test_before_the_first_answer_it_is_this_machine_s_time() -> None:
    """Which goes on."""
    local = Time()
    clock = ServerClock(local.now, lambda: AT)
    local.at += 70
    assert clock.now() == AT + 70


def test_the_first_answer_replaces_the_guess() -> None:
    """At once, whether this machine's clock was behind or ahead."""
    for wrong in (-3_000, 3_000):
        local = Time()
        clock = ServerClock(local.now, lambda wrong=wrong: AT + wrong)
        assert clock.now() == AT + wrong
        clock.answered(AT + 10)
        assert clock.now() == AT + 10
        local.at += 5_000
        assert clock.now() == AT + 5_010


def test_an_answer_that_was_slow_does_not_set_it_back() -> None:
    """A stamp is older than the moment at which it is seen: the fastest answer knows best."""
    local = Time()
    clock = ServerClock(local.now, lambda: AT)
    clock.answered(AT + 100)
    local.at += 1_000
    clock.answered(AT + 900)
    assert clock.now() == AT + 1_100
    clock.answered(AT + 1_120)
    assert clock.now() == AT + 1_120


def test_a_machine_that_runs_fast_is_noticed_within_ten_minutes() -> None:
    """What was the best long ago is forgotten; the clock waits instead of going back."""
    local = Time()
    clock = ServerClock(local.now, lambda: AT)
    clock.answered(AT)
    for minute in range(1, 13):
        local.at = minute * MINUTE
        clock.answered(AT + local.at - minute * 10)  # ten milliseconds a minute too fast
        shown = clock.now()
        assert shown >= AT + local.at - minute * 10
    assert shown < AT + local.at


def test_the_practice_exchange_may_live_on_another_day() -> None:
    """A remark there, while the same of a real venue, or a smaller error of a practice one, stops the bot."""
    week = 7 * 86_400_000
    assert checked(400).passed is True
    assert checked(week, is_practice=True).passed is None
    assert checked(week).passed is False
    assert checked(-3_600_000, is_practice=True)[1:] == (
        False,
        "this machine's clock is 3600.0 s behind Bitget's: set it by NTP (for example: timedatectl set-ntp true)",
    )


@pytest.mark.parametrize(
    ("skew", "early", "late", "passed"),
    [(0, 0, 9000, True), (0, 9000, 0, True), (-500, 0, 0, True), (-501, 0, 0, False), (5000, 4000, 4000, False)],
)
def test_a_slow_answer_is_no_clock_that_is_off(skew: int, early: int, late: int, passed: bool) -> None:
    """The venue read its clock at some moment until the answer came: off is what is off whichever it was."""
    assert checked(skew, early, late).passed is passed


def checked(skew: int, early: int = 0, late: int = 0, is_practice: bool = False) -> Check:
    """This machine is ``skew`` ahead; so long was the way there, and so long the way back."""
    wall = iter((AT + skew - early, AT + skew + late))
    return clock_check(lambda: AT, "Bitget", is_practice=is_practice, wall=lambda: next(wall))
