"""The path inside candles, and the search that does not step through them."""

from __future__ import annotations

from decimal import Decimal as D
from math import inf, nextafter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from gridhedge.domain.candles import Timeframe
from gridhedge.domain.errors import UsageError
from gridhedge.venue.paper.candle_feed import CandleFeed, CandlePath
from gridhedge.venue.paper.feed import Leg

MINUTE = 60_000


def candles(*rows: tuple[float, float, float, float], path: CandlePath = "nearer") -> CandleFeed:
    """A feed of one-minute candles (open, high, low, close) from time 0."""
    columns = np.array(rows, dtype=np.float64).T
    times = np.arange(len(rows), dtype=np.int64) * MINUTE
    return CandleFeed(times, *columns, MINUTE, path)


def points(feed: CandleFeed) -> list[tuple[int, str]]:
    """Every end of a leg, in order."""
    met = []
    while (leg := feed.seek(inf, -inf, 10**12)) is not None:
        feed.move(leg, leg.ends, leg.target)
        met.append((leg.ends, str(leg.target)))
    return met


def test_a_candle_is_open_nearer_extreme_farther_extreme_close() -> None:
    """Open 10, low 9 (one away), high 12 (two away): the low comes first; the minute is divided by whole ms."""
    assert points(candles((10.0, 12.0, 9.0, 11.0))) == [(20_000, "9.0"), (40_000, "12.0"), (59_999, "11.0")]


@pytest.mark.parametrize(("path", "second"), [("nearer", "9.0"), ("farther", "12.0"), ("low", "9.0"), ("high", "12.0")])
def test_the_order_of_the_extremes_can_be_chosen(path: CandlePath, second: str) -> None:
    """The same candle under the four rules."""
    assert points(candles((10.0, 12.0, 9.0, 11.0), path=path))[0] == (20_000, second)


def test_extremes_equally_far_from_the_open_begin_with_the_low() -> None:
    """A fixed choice, so that a replay is the same every time."""
    assert points(candles((10.0, 11.0, 9.0, 10.0)))[0] == (20_000, "9.0")


def test_between_candles_the_price_jumps_to_the_next_open() -> None:
    """The prices between a close and the next open are never seen."""
    feed = candles((10.0, 10.0, 10.0, 10.0), (15.0, 15.0, 15.0, 15.0))
    assert feed.seek(-inf, 12.0, 10**9) == Leg(4, MINUTE, MINUTE, D("15.0"), D("15.0"), True)
    feed.pass_to(MINUTE - 1)
    assert feed.price == D("10.0")
    feed.pass_to(MINUTE)
    assert feed.price == D("15.0")


def test_an_event_leaves_the_rest_of_the_leg() -> None:
    """Stopped at 9.5 on its way from 10 to 9, the price goes on to 9 and then to 12."""
    feed = candles((10.0, 12.0, 9.0, 11.0))
    leg = feed.seek(9.5, inf, MINUTE)
    assert leg == Leg(1, 0, 20_000, D("10.0"), D("9.0"), False)
    feed.move(leg, 10_000, D("9.5"))
    assert feed.seek(9.2, inf, MINUTE) == leg
    feed.pass_to(15_000)
    assert feed.price == D("9.3")
    feed.pass_to(30_000)
    assert feed.price == D("10.5")


def test_bounds_are_met_exactly_or_not_at_all() -> None:
    """A bound one double below the low is not met; the low itself is."""
    feed = candles((10.0, 12.0, 9.1, 11.0))
    assert feed.seek(nextafter(9.1, -inf), inf, MINUTE) is None
    assert feed.seek(9.1, inf, MINUTE) is not None
    assert feed.seek(-inf, nextafter(12.0, inf), MINUTE) is None
    assert feed.seek(-inf, 12.0, MINUTE) is not None


def test_a_gap_in_the_data_holds_the_close() -> None:
    """Candle 1 is missing: until minute 2 the price is the close of candle 0."""
    flat = np.array([10.0, 20.0])
    feed = CandleFeed(np.array([0, 2 * MINUTE], dtype=np.int64), flat, flat, flat, flat, MINUTE)
    feed.pass_to(MINUTE + 5)
    assert feed.price == D("10.0")
    feed.pass_to(2 * MINUTE)
    assert (feed.price, feed.end) == (D("20.0"), 3 * MINUTE - 1)


def test_arrays_of_different_lengths_are_refused() -> None:
    """A candle needs all of its five numbers."""
    five, four = np.zeros(5), np.zeros(4)
    with pytest.raises(UsageError, match="five arrays of the same length"):
        CandleFeed(np.arange(5, dtype=np.int64), five, five, four, five, MINUTE)
    with pytest.raises(UsageError, match="at least one candle"):
        CandleFeed(np.arange(0, dtype=np.int64), four[:0], four[:0], four[:0], four[:0], MINUTE)


def walk(seed: int, count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Random candles on a tick of 0.1 around 1000."""
    dice = np.random.default_rng(seed)
    path = 10_000 + np.cumsum(dice.integers(-20, 21, count + 1))
    first, last = path[:-1] + dice.integers(-3, 4, count), path[1:]
    high = np.maximum(first, last) + dice.integers(0, 30, count)
    low = np.minimum(first, last) - dice.integers(0, 30, count)
    return first / 10, high / 10, low / 10, last / 10


@examples(max_examples=120)
@given(
    seed=st.integers(0, 10**6),
    count=st.sampled_from([1, 2, 255, 256, 257, 700, 1025, 40_000]),
    start=st.floats(0, 1),
    until=st.floats(0, 1.2),
    width=st.integers(1, 4000),
    lean=st.integers(-1000, 1000),
)
def test_the_search_finds_what_stepping_through_finds(
    seed: int, count: int, start: float, until: float, width: int, lean: int
) -> None:
    """From any candle to any moment and for any bounds, also asked twice, the found leg is the first that reaches."""
    first, high, low, last = walk(seed, count)
    feed = CandleFeed(np.arange(count, dtype=np.int64) * MINUTE, first, high, low, last, MINUTE)
    feed.pass_to(int(start * (count - 1)) * MINUTE + 30_000)
    here = feed._here.candle
    below, above = (10_000 + lean - width) / 10, (10_000 + lean + width) / 10
    stop = max(feed.at, int(until * count) * MINUTE)
    expected = None
    for candle in range(here + 1, min(stop // MINUTE, count - 1) + 1):
        if low[candle] <= below or high[candle] >= above:
            expected = candle
            break
    if any(size <= below or size >= above for size in feed._here.sizes[feed._leg :]):
        expected = here
    for _ in range(2):
        leg = feed.seek(below, above, stop)
        assert (None if leg is None else leg.number // 4) == expected
    # Narrower, then wider bounds after it: what is remembered about quiet candles never hides one.
    for shift in (-5.0, 5.0):
        narrow = CandleFeed(np.arange(count, dtype=np.int64) * MINUTE, first, high, low, last, MINUTE)
        narrow.pass_to(feed.at)
        assert feed.seek(below + shift, above - shift, stop) == narrow.seek(below + shift, above - shift, stop)


@pytest.mark.parametrize("moment", [0, 1, 20_000, 33_333, 59_999, 60_000, 95_000, 119_999])
def test_a_restored_feed_goes_on_where_it_was(moment: int) -> None:
    """Candle, leg, time and price make the whole cursor."""
    rows = ((10.0, 12.0, 9.0, 11.0), (11.5, 13.0, 8.0, 9.0))
    feed, other = candles(*rows), candles(*rows)
    feed.pass_to(moment)
    other.restore(feed.cursor())
    assert (other.at, other.price, other.number) == (feed.at, feed.price, feed.number)
    assert points(other) == points(feed)


def test_a_cursor_of_other_candles_is_refused() -> None:
    """Fewer candles, or candles of another time."""
    feed = candles((10.0, 12.0, 9.0, 11.0), (11.5, 13.0, 8.0, 9.0))
    feed.pass_to(MINUTE)
    with pytest.raises(UsageError, match="stands in other candles than these"):
        candles((10.0, 12.0, 9.0, 11.0)).restore(feed.cursor())
    flat = np.array([10.0, 10.0])
    other = CandleFeed(np.array([0, MINUTE + 1], dtype=np.int64), flat, flat, flat, flat, MINUTE)
    with pytest.raises(UsageError, match="or remove it"):
        other.restore(feed.cursor())


def test_a_moment_in_the_next_leg_knows_nothing_of_the_last() -> None:
    """Passing from 10 s (9.5, falling) to 21 s (9.15, rising from 9): 9.1, not held up at 9.5."""
    feed = candles((10.0, 12.0, 9.0, 11.0))
    feed.pass_to(10_000)
    assert feed.price == D("9.5")
    feed.pass_to(21_000)
    assert feed.price == D("9.1")


@examples(max_examples=300)
@given(
    count=st.integers(1, 20_000),
    spike=st.integers(0, 19_999),
    start=st.integers(0, 19_999),
    stop=st.integers(-3, 3),
    falls=st.booleans(),
)
def test_a_single_spike_is_found_wherever_it_is(count: int, spike: int, start: int, stop: int, falls: bool) -> None:
    """One candle of thousands reaches the bound: it is found if it lies in the span, in whichever block."""
    spike, start = spike % count, start % count
    flat, reach = np.full(count, 10.0), np.full(count, 10.0)
    reach[spike] = 9.0 if falls else 11.0
    low, high = (reach, flat) if falls else (flat, reach)
    feed = CandleFeed(np.arange(count, dtype=np.int64) * MINUTE, flat, high, low, flat, MINUTE)
    feed.pass_to(start * MINUTE + MINUTE - 1)
    until = max(feed.at, (spike + stop) * MINUTE)
    leg = feed.seek(9.5, 10.5, until)
    found = start < spike <= until // MINUTE
    assert (None if leg is None else leg.number // 4) == (spike if found else None)


# ---- longer candles --------------------------------------------------------------------------------------------------


def test_longer_candles_join_whole_groups_that_have_closed() -> None:
    """Minutes 0 to 11 with closes 10 to 21: two candles of five minutes, the third still forms."""
    feed = candles(*((10.0 + n, 11.0 + n, 9.0 + n, 10.0 + n) for n in range(12)))
    feed.pass_to(10 * MINUTE - 1)
    assert list(feed.candles(Timeframe.M5, 10).times) == [0]
    feed.pass_to(10 * MINUTE)
    joined = feed.candles(Timeframe.M5, 10)
    assert [list(column) for column in joined] == [[0, 5 * MINUTE], [15.0, 20.0], [9.0, 14.0], [14.0, 19.0]]
    assert list(feed.candles(Timeframe.M5, 1).times) == [5 * MINUTE]


def test_data_that_begins_within_a_longer_candle_does_not_tell_it() -> None:
    """From minute 3 on: the first candle of five minutes is that of minute 5. A gap shortens a candle, or leaves it
    out."""
    times = np.array([3, 4, 5, 6, 17, 20], dtype=np.int64) * MINUTE
    prices = np.arange(6, dtype=np.float64) + 1
    feed = CandleFeed(times, prices, prices, prices, prices, MINUTE)
    feed.pass_to(20 * MINUTE)
    joined = feed.candles(Timeframe.M5, 10)
    assert [at // MINUTE for at in joined.times] == [5, 15]
    assert (list(joined.high), list(joined.low), list(joined.close)) == ([4.0, 5.0], [3.0, 5.0], [4.0, 5.0])


def test_candles_shorter_than_the_recorded_ones_are_refused() -> None:
    """Nobody knows what happened inside them."""
    prices = np.ones(3)
    feed = CandleFeed(np.arange(3, dtype=np.int64) * 5 * MINUTE, prices, prices, prices, prices, 5 * MINUTE)
    with pytest.raises(UsageError, match="1m can not be made of recorded ones of 5 minutes"):
        feed.candles(Timeframe.M1, 1)
