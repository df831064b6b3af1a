"""Where prices come from."""

from __future__ import annotations

from decimal import Decimal as D

import numpy as np
import pytest

from gridhedge.domain.errors import UsageError
from gridhedge.practice.prices import RecordedCandles, synthetic

MINUTE = 60_000


def recorded(begin: int | None = None) -> RecordedCandles:
    """Ten candles of a minute, from 0 on, whose open is 1.0, 1.1 … 1.9."""
    times = np.arange(10, dtype=np.int64) * MINUTE
    opens = np.round(1.0 + np.arange(10) / 10, 1)
    columns = opens, opens + 0.5, np.full(10, 0.5), opens
    return RecordedCandles("DOGEUSDT", "toy.csv", times, columns, np.full(10, 7.0), MINUTE, begin)


def test_recorded_candles_are_split_into_past_and_feed() -> None:
    """From a start in the middle of minute 3 trading begins with minute 4, and minutes 0 to 3 are known."""
    prices = recorded(3 * MINUTE + 1).prices
    assert prices.begin == 4 * MINUTE
    feed = prices.feed(4 * MINUTE)
    assert (feed.at, feed.price, feed.end) == (4 * MINUTE, D("1.4"), 10 * MINUTE - 1)
    assert prices.past is not None
    assert prices.past.rows(0, 2 * MINUTE) == [
        (0, D("1.0"), D("1.5"), D("0.5"), D("1.0"), D("7.0")),
        (MINUTE, D("1.1"), D("1.6"), D("0.5"), D("1.1"), D("7.0")),
    ]


def test_a_start_after_the_data_is_refused() -> None:
    """The sentence names the file."""
    with pytest.raises(UsageError, match=r"toy\.csv: no candle opens that late"):
        recorded(11 * MINUTE)


def test_each_feed_of_the_same_prices_is_the_same() -> None:
    """Two accounts see one market."""
    prices = synthetic("DOGEUSDT", D("0.2"), 7)
    first, second = prices.feed(0), prices.feed(0)
    first.pass_to(600_000)
    second.pass_to(600_000)
    assert first.price == second.price != D("0.2")


def test_a_listing_follows_the_rules_of_the_venue() -> None:
    """Steps, fees and price band."""
    listing = synthetic("DOGEUSDT", D("0.2"), 7).listing("bybit", 0, D("0.1"))
    assert (listing.instrument.tick_size, listing.fees.taker, listing.price_band) == (
        D("0.00001"),
        D("0.00055"),
        D("0.1"),
    )
