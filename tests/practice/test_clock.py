"""Two times, mapped onto each other piece by piece."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridhedge.practice.clock import Clock, wall_ms


class Wall:
    now = 1_000_000

    def __call__(self) -> int:
        return self.now


def test_exchange_time_runs_as_much_faster_as_asked_for() -> None:
    """At speed 60 a second on the wall is a minute on the exchange."""
    wall = Wall()
    clock = Clock(60, wall)
    clock.begin(500)
    wall.now += 1000
    assert clock.due() == 60_500


def test_what_has_happened_keeps_its_wall_time_over_a_restart() -> None:
    """The exchange stood still while nobody ran it; times before that do not move."""
    wall = Wall()
    clock = Clock(60, wall)
    clock.begin(0)
    wall.now += 100
    assert clock.shown(6_000) == 1_000_100
    wall.now += 50_000
    clock.begin(6_001)
    assert clock.shown(6_000) == 1_000_100
    assert clock.shown(6_001 + 60_000) == 1_051_100


def test_a_jump_is_shown_at_the_moment_in_which_it_was_made() -> None:
    """Eight hours skipped in an instant happened in that instant."""
    wall = Wall()
    clock = Clock(1, wall)
    clock.begin(0)
    wall.now += 10
    clock.begin(28_800_000)
    assert clock.shown(14_400_000) == 1_000_010
    assert clock.shown(28_800_005) == 1_000_015


def test_a_wrong_clock_shifts_all_that_clients_see_and_nothing_else() -> None:
    """The offset is in what is told, not in what is due."""
    wall = Wall()
    clock = Clock(1, wall)
    clock.begin(0)
    clock.offset = -30_000
    assert (clock.now(), clock.shown(5), clock.due()) == (970_000, 970_005, 0)


@given(st.lists(st.tuples(st.integers(0, 10_000), st.integers(1, 1_000_000)), min_size=1), st.integers(1, 1000))
def test_shown_times_never_go_backwards(steps: list[tuple[int, int]], speed: int) -> None:
    """Whatever restarts and jumps there were: later on the exchange is not earlier on the wall."""
    wall = Wall()
    clock = Clock(speed, wall)
    at = 0
    for waited, jumped in steps:
        clock.begin(at)
        wall.now += waited
        at = clock.due() + jumped
    shown = [clock.shown(moment) for moment in range(0, at, max(1, at // 50))]
    assert shown == sorted(shown)


def test_a_clock_refuses_to_run_backwards() -> None:
    """Exchange time only grows."""
    clock = Clock(1, Wall())
    clock.begin(10)
    with pytest.raises(AssertionError, match="never goes back"):
        clock.begin(10)


def test_the_wall_is_in_milliseconds() -> None:
    """After 2020 and before 2100."""
    assert 1_577_836_800_000 < wall_ms() < 4_102_444_800_000


def test_clients_may_be_told_the_time_of_the_data() -> None:
    """Now and then are those of the exchange; a wrong clock shifts both."""
    wall = Wall()
    clock = Clock(60, wall, tells_exchange_time=True)
    assert clock.now() == 1_000_000  # before it has begun
    clock.begin(500)
    wall.now += 1000
    assert (clock.now(), clock.shown(30_500)) == (60_500, 30_500)
    clock.offset = 7
    assert (clock.now(), clock.shown(30_500)) == (60_507, 30_507)


def test_a_stamp_of_either_clock_is_as_old_as_it_really_is() -> None:
    """A stamp of the data's time from a second ago is 1000 ms old at speed 60, too; and one of the wall's, in
    milliseconds or in seconds."""
    wall = Wall()
    wall.now = 1_700_000_000_000
    clock = Clock(60, wall, tells_exchange_time=True)
    clock.begin(1_600_000_000_000)
    signed = clock.now()
    wall.now += 1000
    assert clock.beside(signed) - signed == 1000
    assert clock.beside(str(signed)) - signed == 1000
    assert clock.beside(1_700_000_000_000) - 1_700_000_000_000 == 1000
    assert clock.beside("1700000000") == 1_700_000_001_000
    assert clock.beside("no number") == clock.now()


def test_where_the_wall_is_told_a_stamp_is_compared_with_it() -> None:
    """However far away it is."""
    clock = Clock(60, Wall())
    clock.begin(500)
    assert clock.beside(500) == 1_000_000
