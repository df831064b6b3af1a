"""Fetches recorded candles of a venue into a file: only what is missing, page by page, and tells the holes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple, Protocol

from gridhedge.domain.errors import UsageError
from gridhedge.domain.values import Millis
from gridhedge.replay.candle_file import Bar, CandleFile

__all__ = ["CandleSource", "Downloaded", "Wish", "download"]

_SAVE_EVERY = 200_000


class CandleSource(Protocol):
    """A venue's public history of candles. Every method may raise VenueError."""

    name: str
    page_size: int
    intervals: tuple[Millis, ...]

    def first(self, symbol: str) -> Millis:
        """Since when the symbol is listed."""

    def newest(self, symbol: str, interval: Millis) -> Millis | None:
        """When the newest candle opened, which is still forming; None where there is none."""

    def page(self, symbol: str, interval: Millis, first: Millis, last: Millis) -> list[Bar]:
        """The candles that open in [first, last], at most ``page_size`` intervals apart, oldest first."""

    def close(self) -> None: ...


class Wish(NamedTuple):
    """What to fetch: candles that open in [start, end); ``end`` None: up to the newest that is complete."""

    symbol: str
    interval: Millis
    start: Millis
    end: Millis | None


class Downloaded(NamedTuple):
    """What became of it. ``start`` and ``end`` are the stretch that the venue could be asked for."""

    start: Millis
    end: Millis
    fetched: int
    candles: int
    """In the whole file."""
    holes: list[tuple[Millis, Millis]]
    """Inside the stretch: opening times of the first and the last candle that the venue does not have."""


def download(
    source: CandleSource, wish: Wish, file: CandleFile, progress: Callable[[Millis], None] | None = None
) -> Downloaded:
    """Fetch what the file does not have yet; whatever happens, what has come is saved.

    A candle that is still forming is left out. Raises UsageError when the venue has nothing in the stretch, and
    VenueError.
    """
    start, end = _stretch(source, wish)
    before = len(file.times)
    try:
        for first, last in list(_pages(file.missing(start, end), wish.interval, source.page_size)):
            file.add(source.page(wish.symbol, wish.interval, first, last))
            if file.unsaved >= _SAVE_EVERY:
                file.save()
            if progress is not None:
                progress(last)
    finally:
        file.save()
    candles = len(file.times)
    return Downloaded(start, end, candles - before, candles, file.missing(start, end))


def _stretch(source: CandleSource, wish: Wish) -> tuple[Millis, Millis]:
    if wish.end is not None and wish.end <= wish.start:
        raise UsageError("--to is not after --from: there is nothing between them")
    listed, newest = source.first(wish.symbol), source.newest(wish.symbol, wish.interval)
    if newest is None:
        raise UsageError(f"{source.name} has no candles of {wish.symbol} at all")
    start, end = max(wish.start, listed), newest if wish.end is None else min(wish.end, newest)
    if start >= end:
        raise UsageError(f"{source.name} has no complete candles of {wish.symbol} in that time")
    return start, end


def _pages(stretches: list[tuple[Millis, Millis]], interval: Millis, page_size: int) -> Iterator[tuple[Millis, Millis]]:
    """Windows that an answer can hold whole."""
    for first, last in stretches:
        for begin in range(first, last + 1, page_size * interval):
            yield begin, min(begin + (page_size - 1) * interval, last)
