"""Candles of UTC from bars of a server's clock."""

from __future__ import annotations

import pytest

from gridhedge.domain.candles import Timeframe
from gridhedge.venue.mt5.bars import closed, source_of

HOUR = 3_600_000


def test_days_and_four_hours_are_put_together_from_hours() -> None:
    """The server's own bars of these begin at its midnight."""
    assert source_of(Timeframe.M15, 10) == (15, 11)
    assert source_of(Timeframe.H1, 10) == (16385, 11)
    assert source_of(Timeframe.H4, 10) == (16385, 44)
    assert source_of(Timeframe.D1, 2) == (16385, 72)


def test_a_candle_has_the_highest_the_lowest_and_the_last_of_its_bars() -> None:
    """Six hours as candles of four: the second is still forming, and is not told."""
    bars = [(hour * HOUR, 1.0 + hour, 0.5 - hour / 10, 0.9 + hour) for hour in range(6)]
    told = closed(bars, Timeframe.H4, 6 * HOUR, 5)
    assert (told.times, told.high, told.low, told.close) == ([0], [4.0], [0.2], [3.9])
    assert len(closed(bars, Timeframe.H4, 8 * HOUR, 5).times) == 2


@pytest.mark.parametrize("limit", [1, 2, 3])
def test_no_more_than_asked_for_and_the_newest_last(limit: int) -> None:
    """A gap in which nothing was traded is left out."""
    bars = [(hour * HOUR, 1.0, 1.0, float(hour)) for hour in (0, 1, 50, 51, 52)]
    assert list(closed(bars, Timeframe.H1, 52 * HOUR, limit).times) == [1 * HOUR, 50 * HOUR, 51 * HOUR][-limit:]
