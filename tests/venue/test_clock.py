"""A venue's time: never ahead, never back."""

from __future__ import annotations

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
    assert clock_check(400, "Bitget", is_practice=False).passed is True
    assert clock_check(week, "Bitget", is_practice=True).passed is None
    assert clock_check(week, "Bitget", is_practice=False).passed is False
    assert clock_check(-3_600_000, "Bitget", is_practice=True)[1:] == (
        False,
        "this machine's clock is 3600.0 s behind Bitget's: set it by NTP (for example: timedatectl set-ntp true)",
    )
