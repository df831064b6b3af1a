"""What a replay reads from disk, and what it was worth: the same for one replay (backtest) and for many (optimize)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from gridhedge.domain.errors import UsageError
from gridhedge.domain.values import Millis
from gridhedge.replay.candles import Candles, load_candles
from gridhedge.replay.equity import Market
from gridhedge.replay.funding import FundingSeries, load_funding
from gridhedge.replay.metrics import Metrics, Recording, measure
from gridhedge.replay.run import ReplayResult


class Source(NamedTuple):
    """Which files, one per symbol in the profile's order, and which time of them (ms UTC; None: all there is)."""

    files: tuple[Path, ...]
    funding_files: tuple[Path, ...] = ()
    start: Millis | None = None
    end: Millis | None = None
    allow_gaps: bool = False


class Recorded(NamedTuple):
    """Candles and funding rates by symbol; without a funding file a constant rate is charged."""

    candles: dict[str, Candles]
    funding: dict[str, FundingSeries]
    is_shortened: bool = False
    """Some file has candles of a time that another one does not have."""

    @property
    def start(self) -> Millis:
        return min(series.start for series in self.candles.values())

    @property
    def end(self) -> Millis:
        return max(series.end for series in self.candles.values())

    def between(self, start: Millis, end: Millis) -> Recorded:
        """A part of the time. Raises UsageError where it has no candles, or no funding while there is a file."""
        return Recorded(
            {symbol: series.between(start, end) for symbol, series in self.candles.items()},
            {symbol: series.between(start, end) for symbol, series in self.funding.items()},
        )


def load_recorded(symbols: Sequence[str], source: Source) -> Recorded:
    """Read and check the files. Raises UsageError with file, line and field, or where they do not fit together."""
    files, names = source.files, ", ".join(symbols)
    if len(files) != len(symbols):
        raise UsageError(f"{len(files)} --data files for {len(symbols)} symbols ({names}): give one per symbol")
    loaded = {
        symbol: load_candles(file, source.allow_gaps).between(source.start, source.end)
        for symbol, file in zip(symbols, files, strict=True)
    }
    start = max(candles.start for candles in loaded.values())
    end = min(candles.end for candles in loaded.values())
    if start >= end:
        raise UsageError("the --data files have no time in common: one account trades all of its symbols at once")
    shared = {symbol: candles.between(start, end) for symbol, candles in loaded.items()}
    is_shortened = any(len(shared[symbol]) < len(candles) for symbol, candles in loaded.items())
    return Recorded(shared, _funding(source.funding_files, shared), is_shortened)


def _funding(files: Sequence[Path], candles: Mapping[str, Candles]) -> dict[str, FundingSeries]:
    if not files:
        return {}
    if len(files) != len(candles):
        raise UsageError(f"{len(files)} --funding files for {len(candles)} symbols: give one per symbol, or none")
    return {
        symbol: load_funding(file).between(series.start, series.end)
        for (symbol, series), file in zip(candles.items(), files, strict=True)
    }


def measured(result: ReplayResult, candles: Mapping[str, Candles], load_seconds: float = 0.0) -> Metrics:
    """All figures of a replay over these candles."""
    desks = {desk.symbol: desk for desk in result.session.desks}
    markets = {
        symbol: Market(series, desks[symbol].instrument, desks[symbol].fees, desks[symbol].leverage)
        for symbol, series in candles.items()
    }
    return measure(
        Recording(
            result.profile.account,
            markets,
            result.events,
            result.session.book,
            result.start_balance,
            result.ended_at,
            result.last_prices,
            result.ended_by,
            load_seconds,
            result.replay_seconds,
        )
    )
