"""Downloading: only what is missing, pages that an answer can hold, holes told, and what has come is kept."""

from __future__ import annotations

from decimal import Decimal as D
from pathlib import Path

import pytest

from gridhedge.domain.errors import NotSent, UsageError
from gridhedge.replay.candle_file import Bar, CandleFile, Identity
from gridhedge.replay.download import Wish, download

MINUTE = 60_000
T = 1_748_736_000_000
ALL = Wish("DOGEUSDT", MINUTE, T, None)


class Source:
    """A venue with 25 candles of which 10 to 12 do not exist; the last one is still forming."""

    name = "bybit"
    page_size = 10
    intervals = (MINUTE,)

    def __init__(self) -> None:
        self.have = [index for index in range(25) if index not in (10, 11, 12)]
        self.asked: list[tuple[int, int]] = []
        self.broken_after = 1000

    def first(self, symbol: str) -> int:
        return T

    def newest(self, symbol: str, interval: int) -> int | None:
        return T + self.have[-1] * MINUTE if self.have else None

    def page(self, symbol: str, interval: int, first: int, last: int) -> list[Bar]:
        if len(self.asked) >= self.broken_after:
            raise NotSent("the cable is out")
        self.asked.append(((first - T) // MINUTE, (last - T) // MINUTE))
        price = D("0.2")
        bars = [(T + index * MINUTE, price, price, price, price, D(index)) for index in self.have]
        return [bar for bar in bars if first <= bar[0] <= last]

    def close(self) -> None: ...


def file_in(folder: Path) -> CandleFile:
    return CandleFile(folder / "doge.parquet", Identity("bybit", "DOGEUSDT", MINUTE))


def test_everything_comes_once_but_the_candle_that_still_forms(tmp_path: Path) -> None:
    """24 complete candles less the hole of three: 21, in pages of at most ten."""
    source = Source()
    done = download(source, ALL, file_in(tmp_path))
    assert source.asked == [(0, 9), (10, 19), (20, 23)]
    assert (done.fetched, done.candles) == (21, 21)
    assert done.holes == [(T + 10 * MINUTE, T + 12 * MINUTE)]


def test_a_broken_download_keeps_what_came_and_goes_on_with_the_rest(tmp_path: Path) -> None:
    """After the second page the line breaks; the next run asks for what is missing only."""
    source = Source()
    source.broken_after = 2
    with pytest.raises(NotSent):
        download(source, ALL, file_in(tmp_path))
    source.broken_after = 1000
    done = download(source, ALL, file_in(tmp_path))
    assert source.asked[2:] == [(10, 12), (20, 23)]
    assert (done.fetched, done.candles) == (4, 21)


def test_the_stretch_is_what_the_venue_can_have(tmp_path: Path) -> None:
    """Not before the listing, not after the newest candle."""
    done = download(Source(), ALL._replace(start=T - 100 * MINUTE, end=T + 100 * MINUTE), file_in(tmp_path))
    assert (done.start, done.end) == (T, T + 24 * MINUTE)


@pytest.mark.parametrize(
    ("start", "end", "text"),
    [
        (5, 5, "--to is not after --from"),
        (24, None, "bybit has no complete candles of DOGEUSDT in that time"),
    ],
)
def test_an_empty_stretch_is_refused(tmp_path: Path, start: int, end: int | None, text: str) -> None:
    """Before any candle is asked for."""
    source = Source()
    wish = ALL._replace(start=T + start * MINUTE, end=None if end is None else T + end * MINUTE)
    with pytest.raises(UsageError, match=text):
        download(source, wish, file_in(tmp_path))
    assert source.asked == []


def test_a_symbol_without_candles_is_refused(tmp_path: Path) -> None:
    """Listed, and never traded."""
    source = Source()
    source.have = []
    with pytest.raises(UsageError, match="bybit has no candles of DOGEUSDT at all"):
        download(source, ALL, file_in(tmp_path))
