"""Recorded ticks: single prices with their times, for the embedded exchange."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np

from gridhedge.replay.arrays import read_arrays
from gridhedge.replay.candles import Candles, Prices, Times
from gridhedge.replay.tables import EARLIEST, LATEST, open_table, pick_columns, utc

_TIME_NAMES = ("timestamp_ms", "time", "transact_time", "timestamp")
_PRICE_NAMES = ("price", "bid")
_SECOND_MS = 1000


class Ticks(NamedTuple):
    """Times in ms UTC, rising or equal, and prices as the doubles nearest to their decimal texts."""

    times: Times
    prices: Prices


def load_ticks(path: Path) -> Ticks:
    """Read and check a file of ticks: a table with a time (ms) and a ``price`` (or ``bid``), plain, gzipped, zipped or
    Parquet. Raises UsageError with file, line and field."""
    table = open_table(path)
    picked = pick_columns(table, {"time": _TIME_NAMES, "price": _PRICE_NAMES})
    columns = read_arrays(table, picked)
    times, prices = np.ascontiguousarray(columns["time"], dtype=np.int64), columns["price"]
    outside = (times < EARLIEST) | (times >= LATEST)
    if outside.any():
        row = int(outside.argmax())
        text = f"{times[row]} ms is not between the years 2000 and 2100"
        table.fault(row, picked["time"], f"{text}; write times in milliseconds since 1970 (UTC)")
    backwards = np.diff(times) < 0
    if backwards.any():
        row = int(backwards.argmax()) + 1
        text = f"{utc(int(times[row]))} comes after {utc(int(times[row - 1]))}"
        table.fault(row, picked["time"], f"{text}; sort the rows by time")
    wrong = ~((prices > 0) & (prices < np.inf))
    if wrong.any():
        row = int(wrong.argmax())
        table.fault(row, picked["price"], f"{prices[row]:.15g} is not a price above 0; correct or remove the row")
    return Ticks(times, prices)


def candles_of_ticks(path: Path) -> Candles:
    """The ticks of a file as candles of one second; a second without a tick has none. Raises UsageError."""
    times, prices = load_ticks(path)
    seconds = times // _SECOND_MS
    first = np.flatnonzero(np.diff(seconds, prepend=seconds[0] - 1))
    last = np.append(first[1:], len(times)) - 1
    return Candles(
        seconds[first] * _SECOND_MS,
        prices[first],
        np.maximum.reduceat(prices, first),
        np.minimum.reduceat(prices, first),
        prices[last],
        volume=None,
        interval_ms=_SECOND_MS,
        source=path.name,
        notes=(f"{path.name} has ticks: candles of one second are made of them",),
    )
