"""Timeframes and columns of candles."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridhedge.domain.candles import Candles, Timeframe

MINUTE = 60_000


def test_a_timeframe_is_named_as_the_profile_writes_it() -> None:
    """Seven of them, from a minute to a day."""
    assert {frame.value: frame.ms // MINUTE for frame in Timeframe} == {
        "1m": 1, "5m": 5, "15m": 15, "30m": 30, "1H": 60, "4H": 240, "1D": 1440,
    }  # fmt: skip


@given(st.sampled_from(Timeframe), st.integers(0, 4 * 10**12))
def test_a_candle_opens_at_a_multiple_of_its_timeframe(frame: Timeframe, at: int) -> None:
    """The one that forms at a moment opened at it or before, and less than its length ago."""
    opened = frame.opened(at)
    assert opened % frame.ms == 0
    assert opened <= at < opened + frame.ms


@pytest.mark.parametrize(("start", "stop", "times"), [(1, None, [2, 3]), (None, -1, [1, 2]), (0, 2, [1, 2])])
def test_a_part_cuts_all_columns_alike(start: int | None, stop: int | None, times: list[int]) -> None:
    """As slices do."""
    whole = Candles([1, 2, 3], [1.5, 2.5, 3.5], [0.5, 1.5, 2.5], [1.0, 2.0, 3.0])
    part = whole.part(start, stop)
    assert part.times == times
    assert part.close == [float(time) for time in times]
    assert [high - low for high, low in zip(part.high, part.low, strict=True)] == [1.0, 1.0]
