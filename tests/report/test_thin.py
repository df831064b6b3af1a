"""Thinning: fewer points, the same extremes."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from gridhedge.report.thin import drawdown_percent, floats, thin_range, times

SERIES = st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=400)


@settings(max_examples=200, deadline=None)
@given(SERIES, st.integers(4, 60))
def test_extremes_and_ends_survive(values: list[float], most: int) -> None:
    """At most so many points, in the order of time, with the lowest, the highest, the first and the last."""
    line = floats(values)
    at, kept = thin_range(times(range(len(values))), line, line, most)
    assert len(at) == len(kept) <= most
    assert (np.diff(at) >= 0).all()
    assert kept.min() == line.min()
    assert kept.max() == line.max()
    assert (at[0], at[-1]) == (0, len(values) - 1)


def test_a_year_of_minutes_becomes_five_thousand_points() -> None:
    """525,600 candles with one spike down and one up, both kept at their minute."""
    low, high = np.full(525_600, 10.0), np.full(525_600, 11.0)
    low[300_123], high[300_125] = 1.0, 99.0
    at, kept = thin_range(times(range(525_600)), low, high)
    assert len(at) <= 5000
    assert at[kept == 1.0].tolist() == [300_123]
    assert at[kept == 99.0].tolist() == [300_125]


def test_short_lines_are_left_alone() -> None:
    """Five points stay five points."""
    line = floats([1, 2, 3, 2, 1])
    at, kept = thin_range(times([0, 1, 2, 3, 4]), line, line)
    assert (at.tolist(), kept.tolist()) == ([0, 1, 2, 3, 4], [1, 2, 3, 2, 1])


def test_the_drawdown_is_measured_from_the_highest_so_far() -> None:
    """100, 110, 99, 121: down 10 % once."""
    assert drawdown_percent(floats([100, 110, 99, 121])).tolist() == [0, 0, -10, 0]
    assert drawdown_percent(floats([])).tolist() == []
