"""Bybit's candles: strict reading of what the public endpoint answers."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from gridhedge.domain.errors import RateLimited, Refused
from gridhedge.practice.bybit.server import Handle
from gridhedge.venue.bybit.candles import BybitCandles, _bar
from gridhedge.venue.bybit.client import Access, Client
from gridhedge.venue.clock import ServerClock
from gridhedge.venue.fields import Malformed
from tests.practice.bybit.venues import serving

ROW = ["1670608800000", "17071", "17073", "17027", "17055.5", "268611", "15.74462667"]
"""From Bybit's documentation."""


@pytest.fixture
def practice() -> Iterator[Handle]:
    with serving() as handle:
        yield handle


@pytest.fixture
def source(practice: Handle) -> Iterator[BybitCandles]:
    clock = ServerClock()
    candles = BybitCandles(Client(Access(False, practice.url, "", "", 5000), clock, logging.getLogger("c")), clock)
    yield candles
    candles.close()


def test_a_row_is_read_digit_by_digit() -> None:
    """Time, open, high, low, close, volume; the turnover is left out."""
    assert [str(value) for value in _bar("BTCUSDT", ROW)] == ROW[:6]


@pytest.mark.parametrize(
    ("place", "value", "text"),
    [
        (0, "soon", "time is not a time but 'soon'"),
        (1, "0", "open is 0, which is not above zero"),
        (2, "17000", "has its open or close outside of low and high"),
        (3, 17027.0, "low is not a decimal but 17027.0"),
        (4, "NaN", "close is not a decimal but 'NaN'"),
        (5, "-1", "volume is -1, which is not possible"),
    ],
)
def test_a_row_that_can_not_be_is_refused(place: int, value: object, text: str) -> None:
    """A wrong candle would be a wrong backtest."""
    row: list[object] = [*ROW]
    row[place] = value
    with pytest.raises(Malformed, match=text):
        _bar("BTCUSDT", row)


def test_a_row_that_is_too_short_or_no_list_is_refused() -> None:
    """Seven columns, as documented."""
    with pytest.raises(Malformed, match="a candle of BTCUSDT has not 7 columns"):
        _bar("BTCUSDT", ROW[:6])
    with pytest.raises(Malformed, match="a candle of BTCUSDT has not 7 columns"):
        _bar("BTCUSDT", "1670608800000")


def test_a_symbol_that_is_not_listed_is_refused(source: BybitCandles) -> None:
    """With the venue's words and the remedy."""
    assert source.first("DOGEUSDT") == 1_585_526_400_000
    with pytest.raises(Refused, match=r"PEPEUSDT: .*; correct the symbol"):
        source.first("PEPEUSDT")


def test_a_short_silence_is_waited_for_and_a_long_one_is_told(practice: Handle, source: BybitCandles) -> None:
    """A tenth of a second, then it goes on; five minutes are the user's to wait for."""
    practice.faults.add("rate_limited", on="/v5/market/kline", seconds=0.1)
    assert source.newest("DOGEUSDT", 60_000) is not None
    practice.faults.add("rate_limited", on="/v5/market/kline", seconds=300)
    with pytest.raises(RateLimited):
        source.newest("DOGEUSDT", 60_000)
