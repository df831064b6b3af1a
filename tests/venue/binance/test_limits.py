"""The order budget is never overdrawn."""

from __future__ import annotations

from gridhedge.venue.binance.limits import Limits
from tests.venue.binance.rows import Time


def test_three_hundred_may_leave_in_ten_seconds() -> None:
    """The window rolls: what left first is free first."""
    time = Time()
    limits = Limits(time.now)
    limits.took(200)
    time.at = 4_000
    limits.took(100)
    assert (limits.free(), limits.wait_ms()) == (0, 6_050)
    time.at = 10_050
    assert (limits.free(), limits.wait_ms()) == (200, 0)


def test_twelve_hundred_may_leave_in_a_minute() -> None:
    """The longer window counts as well."""
    time = Time()
    limits = Limits(time.now)
    for _ in range(4):
        limits.took(300)
        time.at += 10_051
    assert limits.free() == 0
    assert limits.wait_ms() == 60_050 - time.at


def test_what_another_process_has_used_is_counted() -> None:
    """A header only ever adds to what is known."""
    time = Time()
    limits = Limits(time.now)
    limits.took(10)
    limits.told("10S", 290)
    assert limits.free() == 10
    limits.told("10S", 5)
    assert limits.free() == 10
    limits.told("1M", 99_999)
    assert limits.free() == 0
