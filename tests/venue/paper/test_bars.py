"""Candles of a price that jumps from point to point."""

from __future__ import annotations

from decimal import Decimal as D

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridhedge.domain.candles import Candles, Timeframe
from gridhedge.venue.paper.bars import MOST_CANDLES, Bars
from gridhedge.venue.paper.feed import ScriptedFeed, TickFeed
from gridhedge.venue.paper.synthetic import SyntheticFeed

MINUTE = 60_000


def columns(candles: Candles) -> list[tuple[int, float, float, float]]:
    """Minute, high, low and close of each candle."""
    return [(at // MINUTE, *row) for at, *row in zip(*candles, strict=True)]


def test_a_candle_is_told_once_it_has_closed() -> None:
    """10 → 14 → 9 within a minute; at its last millisecond it still forms."""
    bars = Bars(Timeframe.M1, 0, 10.0)
    bars.see(20_000, 14.0)
    bars.see(30_000, 9.0)
    assert columns(bars.closed(MINUTE - 1, 10)) == []
    assert columns(bars.closed(MINUTE, 10)) == [(0, 14.0, 9.0, 9.0)]


def test_a_price_at_the_boundary_belongs_to_the_new_candle() -> None:
    """The old one has closed before it."""
    bars = Bars(Timeframe.M1, 0, 10.0)
    bars.see(MINUTE, 99.0)
    assert columns(bars.closed(2 * MINUTE, 10)) == [(0, 10.0, 10.0, 10.0), (1, 99.0, 10.0, 99.0)]


def test_a_quiet_minute_repeats_the_last_price() -> None:
    """There are no gaps, however long nothing happens."""
    bars = Bars(Timeframe.M1, 0, 10.0)
    bars.see(30_000, 11.0)
    assert columns(bars.closed(3 * MINUTE, 10)) == [(0, 11.0, 10.0, 11.0), (1, 11.0, 11.0, 11.0), (2, 11.0, 11.0, 11.0)]


def test_a_candle_that_was_not_seen_whole_is_none() -> None:
    """Followed from 00:00:30 on, the first whole minute is 00:01."""
    bars = Bars(Timeframe.M1, 30_000, 10.0)
    assert [row[0] for row in columns(bars.closed(3 * MINUTE, 10))] == [1, 2]


def test_only_the_last_candles_are_told_and_remembered() -> None:
    """After three thousand minutes memory is bounded."""
    bars = Bars(Timeframe.M1, 0, 10.0)
    found = [bars.closed(minute * MINUTE, 3) for minute in range(3000)][-1]
    assert [at // MINUTE for at in found.times] == [2996, 2997, 2998]
    assert len(bars.closed(3000 * MINUTE, MOST_CANDLES).times) == MOST_CANDLES
    assert len(bars._times) <= 2 * MOST_CANDLES


@given(st.lists(st.tuples(st.integers(1, 3 * MINUTE), st.integers(1, 50)), max_size=20))
def test_candles_of_a_path_agree_with_the_path(points: list[tuple[int, int]]) -> None:
    """The slow way: for each minute look at every price that held within it."""
    path, at = [(0, 25)], 0
    for wait, price in points:
        at += wait
        path.append((at, price))
    end = at + MINUTE
    feed = ScriptedFeed((moment, D(price)) for moment, price in path)
    assert columns(feed.candles(Timeframe.M1, 500)) == []  # asked for at the beginning
    feed.pass_to(end)
    expected = []
    for minute in range(end // MINUTE):
        opens, closes = minute * MINUTE, (minute + 1) * MINUTE
        before = [price for moment, price in path if moment < opens or moment == 0][-1]
        held = [before, *(price for moment, price in path if opens <= moment < closes)]
        expected.append((minute, max(held), min(held), held[-1]))
    assert columns(feed.candles(Timeframe.M1, 500)) == expected


def test_points_that_are_skipped_are_in_the_candle() -> None:
    """A seek jumps to the price that matters; the high on the way there is not forgotten."""
    feed = ScriptedFeed([(0, D(10)), (10, D(17)), (20, D(5)), (2 * MINUTE, D(6))])
    feed.candles(Timeframe.M1, 1)
    leg = feed.seek(5.0, 99.0, MINUTE)
    assert leg is not None
    feed.move(leg, leg.ends, leg.target)
    feed.pass_to(MINUTE)
    assert columns(feed.candles(Timeframe.M1, 1)) == [(0, 17.0, 5.0, 5.0)]


@pytest.mark.parametrize(
    "make",
    [
        lambda: SyntheticFeed(7, 0, D("0.2"), D("0.00001")),
        lambda: TickFeed([0, 30_000, 70_000, 170_000, 200_000], [1.0, 2.0, 1.5, 3.0, 2.5]),
    ],
)
def test_history_is_told_from_the_beginning_after_a_restart(make) -> None:
    """A feed that was restored has the candles of one that never stopped."""
    whole, stopped = make(), make()
    whole.candles(Timeframe.M1, 1)
    for feed in (whole, stopped):
        feed.pass_to(3 * MINUTE)
    restored = make()
    restored.restore(stopped.cursor())
    assert restored.candles(Timeframe.M1, 10) == whole.candles(Timeframe.M1, 10)
    assert len(whole.candles(Timeframe.M1, 10).times) == 3
