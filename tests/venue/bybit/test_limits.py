"""The order budget: ten a second, as the answers tell it."""

from __future__ import annotations

from gridhedge.venue.bybit.limits import Limits
from tests.venue.bybit.rows import Time


def test_ten_may_leave_and_the_next_one_after_a_second() -> None:
    """A rolling second, and a little more."""
    time = Time()
    limits = Limits(time.now)
    limits.took("place", 6)
    time.at = 400
    limits.took("place", 4)
    assert (limits.free("place"), limits.wait_ms("place")) == (0, 650)
    time.at = 1_050
    assert (limits.free("place"), limits.wait_ms("place")) == (6, 0)


def test_endpoints_do_not_share_their_budget() -> None:
    """Cancels are not held up by entries."""
    limits = Limits(Time().now)
    limits.took("place", 10)
    assert limits.free("cancel") == 10


def test_headers_raise_and_lower_the_budget() -> None:
    """Twenty for a better customer; what another program used up is gone; nonsense changes nothing."""
    time = Time()
    limits = Limits(time.now)
    limits.told("place", 20, 20)
    assert limits.free("place") == 20
    limits.told("place", 20, 3)
    assert limits.free("place") == 3
    limits.told("place", 10**9, 0)
    assert limits.free("place") == 0
    time.at = 1_050
    assert limits.free("place") == 20
