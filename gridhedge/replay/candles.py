"""Recorded candles: read from the files that exchanges and their users keep, checked row by row, as NumPy arrays."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from gridhedge.domain.errors import UsageError
from gridhedge.domain.values import Millis
from gridhedge.replay.arrays import read_arrays
from gridhedge.replay.tables import (
    DAY_MS,
    EARLIEST,
    HOUR_MS,
    LATEST,
    Table,
    open_table,
    pick_columns,
    span,
    utc,
)

Times: TypeAlias = npt.NDArray[np.int64]
Prices: TypeAlias = npt.NDArray[np.float64]

PRICE_FIELDS = ("open", "high", "low", "close")
_TIME_NAMES = ("timestamp_ms", "open_time", "timestamp", "time", "date")
_KLINE_COLUMNS = (
    "open_time", "open", "high", "low", "close", "volume",
    "close_time", "quote_volume", "count", "taker_buy_volume", "taker_buy_quote_volume", "ignore",
)  # fmt: skip
_MICROSECONDS_FROM = 100_000_000_000_000
"""From here on a number is a time in µs (in ms it would be the year 5138); Binance's spot files use µs since 2025."""


@dataclass(frozen=True, slots=True, eq=False)
class Candles:
    """Candles of one symbol, oldest first. ``times`` are opening times in ms UTC; prices are the doubles nearest to
    the decimal texts of the file, so that they compare exactly with ``float(Decimal(text))``."""

    times: Times
    open: Prices
    high: Prices
    low: Prices
    close: Prices
    volume: Prices | None
    interval_ms: Millis
    source: str
    notes: tuple[str, ...] = ()
    """What a user should know about the file: sentences about gaps, closed weekends, ignored columns."""

    def __len__(self) -> int:
        return len(self.times)

    @property
    def start(self) -> Millis:
        """Opening time of the first candle."""
        return int(self.times[0])

    @property
    def end(self) -> Millis:
        """Closing time of the last candle."""
        return int(self.times[-1]) + self.interval_ms

    def between(self, start: Millis | None, end: Millis | None) -> Candles:
        """The candles that open at or after ``start`` and before ``end`` (None: no bound on that side).

        Raises UsageError when there are none.
        """
        first = 0 if start is None else int(np.searchsorted(self.times, start))
        last = len(self) if end is None else int(np.searchsorted(self.times, end))
        if first >= last:
            wished = f"from {utc(start)}" if start is not None else ""
            wished += f" to {utc(end)}" if end is not None else ""
            raise UsageError(
                f"{self.source} has no candles {wished.strip()}; it covers {utc(self.start)} to {utc(self.end)} UTC"
            )
        part = slice(first, last)
        return replace(
            self,
            times=self.times[part],
            open=self.open[part],
            high=self.high[part],
            low=self.low[part],
            close=self.close[part],
            volume=None if self.volume is None else self.volume[part],
        )


def load_candles(path: Path, allow_gaps: bool = False) -> Candles:
    """Read and check a file of candles.

    Understood are CSV files with a header (``timestamp_ms,open,high,low,close[,volume]``; with ``ask_…`` columns the
    plain ones are taken as bid), Binance's public kline files with and without header in ms or µs, and Parquet with the
    same column names; each plain, gzipped or zipped. A file of ticks (``bid`` or ``price`` instead of the four prices)
    becomes candles of one second. Gaps longer than a day are refused unless ``allow_gaps``; shorter
    ones and closed weekends go into the notes. Raises UsageError with file, line and field for everything else.
    """
    table = open_table(path)
    if not table.is_parquet and not table.columns:
        table = table._replace(columns=_columns_without_header(table))
    if "open" not in table.columns and {"bid", "price"} & set(table.columns):
        from gridhedge.replay.ticks import candles_of_ticks

        candles = candles_of_ticks(path)
        gaps = _gap_notes(table, candles.times, candles.interval_ms, allow_gaps, DAY_MS)
        return replace(candles, notes=(*candles.notes, *gaps))
    picked = pick_columns(table, {"time": _TIME_NAMES} | {field: (field,) for field in PRICE_FIELDS})
    if "volume" in table.columns:
        picked["volume"] = "volume"
    columns = read_arrays(table, picked)
    times = _milliseconds(columns["time"])
    prices = {field: columns[field] for field in PRICE_FIELDS}
    volume = columns.get("volume")
    _check_prices(table, prices, volume)
    interval = _check_times(table, times)
    notes = _gap_notes(table, times, interval, allow_gaps)
    if any(name.startswith("ask_") for name in table.columns):
        notes = (f"{path.name} has bid and ask prices: bid is used", *notes)
    return Candles(times, **prices, volume=volume, interval_ms=interval, source=path.name, notes=notes)


def _columns_without_header(table: Table) -> tuple[str, ...]:
    line, fields = next(table.rows())
    if len(fields) != len(_KLINE_COLUMNS):
        raise UsageError(
            f"{table.path.name}, line {line}: {len(fields)} columns and no header; "
            f"the first line must name the columns timestamp_ms,open,high,low,close[,volume]"
        )
    return _KLINE_COLUMNS


# ---- checks ----------------------------------------------------------------------------------------------------------


def _first(flags: npt.NDArray[np.bool_]) -> int:
    return int(flags.argmax())


def _check_prices(table: Table, prices: dict[str, Prices], volume: Prices | None) -> None:
    for field, column in prices.items():
        if not (column.min() > 0 and column.max() < np.inf):  # a NaN makes the minimum a NaN, and this true
            row = _first(~((column > 0) & (column < np.inf)))
            table.fault(row, field, f"{column[row]:.15g} is not a price above 0; correct or remove the row")
    for bound, beyond in (("high", np.greater), ("low", np.less)):
        for field in ("open", "close"):
            wrong = beyond(prices[field], prices[bound])
            if wrong.any():
                row = _first(wrong)
                side = "below" if bound == "high" else "above"
                text = f"{prices[bound][row]:.15g} is {side} the {field} {prices[field][row]:.15g}"
                table.fault(row, bound, f"{text}; correct or remove the row")
    if volume is not None and not (volume.min() >= 0 and volume.max() < np.inf):
        row = _first(~((volume >= 0) & (volume < np.inf)))
        table.fault(row, "volume", f"{volume[row]:.15g} is not a volume of at least 0; correct or remove the row")


def _milliseconds(times: npt.NDArray[Any]) -> Times:
    if times[0] >= _MICROSECONDS_FROM:
        times = times // 1000
    return np.ascontiguousarray(times, dtype=np.int64)


def _check_times(table: Table, times: Times) -> Millis:
    """The candles' interval; raises UsageError for times out of range, out of order, repeated, or off the interval."""
    field = pick_columns(table, {"time": _TIME_NAMES})["time"]
    if times.min() < EARLIEST or times.max() >= LATEST:
        row = _first((times < EARLIEST) | (times >= LATEST))
        text = f"{times[row]} ms is not between the years 2000 and 2100"
        table.fault(row, field, f"{text}; write times in milliseconds since 1970 (UTC)")
    if len(times) < 2:
        raise UsageError(f"{table.path.name} has a single candle; give at least two")
    steps = np.diff(times)
    if steps.min() <= 0:
        row = _first(steps <= 0) + 1
        before, at = utc(int(times[row - 1])), utc(int(times[row]))
        if before == at:
            table.fault(row, field, f"{at} stands there twice; remove one of the two rows")
        table.fault(row, field, f"{at} comes after {before}; sort the rows by time")
    interval = int(np.partition(steps, len(steps) // 2)[len(steps) // 2])
    if (steps % interval).any():
        row = _first(steps % interval != 0) + 1
        text = f"{utc(int(times[row]))} is {span(int(steps[row - 1]))} after the row before it"
        table.fault(row, field, f"{text}, not a multiple of the interval {span(interval)}; correct or remove the row")
    return interval


def _gap_notes(table: Table, times: Times, interval: Millis, allow_gaps: bool, least: Millis = 0) -> tuple[str, ...]:
    """Sentences about what is missing, longer than ``least``; raises UsageError for a gap of more than a day that is no
    closed weekend."""
    source = table.path.name
    steps = np.diff(times)
    before = np.flatnonzero(steps > max(interval, least))
    if not len(before):
        return ()
    starts, ends = times[before] + interval, times[before + 1]
    weekend = _is_weekend(starts, ends)
    notes = []
    if weekend.any():
        notes.append(f"{source} has {_count(int(weekend.sum()), 'closed weekend')}")
    starts, ends = starts[~weekend], ends[~weekend]
    if not len(starts):
        return tuple(notes)
    lengths = ends - starts
    longest = int(lengths.argmax())
    longest_text = f"{span(int(lengths[longest]))} from {utc(int(starts[longest]))}"
    if lengths[longest] > max(DAY_MS, interval) and not allow_gaps:
        row = int(np.searchsorted(times, ends[longest]))
        field = pick_columns(table, {"time": _TIME_NAMES})["time"]
        text = f"nothing for {longest_text} to {utc(int(ends[longest]))} UTC"
        table.fault(row, field, f"{text}; fetch the missing candles, or accept the gap with --allow-gaps")
    missing = int(lengths.sum()) // interval
    first = utc(int(starts[0]))
    gaps = f"{_count(len(starts), 'gap')} ({_count(missing, 'candle')})"
    notes.append(f"{source} has {gaps}, the first from {first}, longest {longest_text}")
    return tuple(notes)


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _is_weekend(starts: Times, ends: Times) -> npt.NDArray[np.bool_]:
    """Which gaps lie between Friday 20:00 and Sunday 23:00 UTC and are longer than a day: forex is closed then."""
    friday = starts - (starts - 1 * DAY_MS) % (7 * DAY_MS)  # 1970-01-02 was a Friday
    opens, closes = friday + 20 * HOUR_MS, friday + 2 * DAY_MS + 23 * HOUR_MS
    return (starts >= opens) & (ends <= closes) & (ends - starts > DAY_MS)
