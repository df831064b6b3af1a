"""Funding rates for a replay: from a file, or one constant rate."""

from __future__ import annotations

from bisect import bisect_left
from decimal import Decimal, InvalidOperation
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from gridhedge.domain.errors import UsageError
from gridhedge.domain.values import Millis
from gridhedge.replay.tables import DAY_MS, EARLIEST, LATEST, MINUTE_MS, Table, open_table, pick_columns, span, utc

DEFAULT_RATE = Decimal("0.0001")
"""0.01 % per 8 hours: what the exchanges charge when the premium is small."""
_TIME_NAMES = ("timestamp_ms", "calc_time")
_RATE_NAMES = ("funding_rate", "last_funding_rate")
_LARGEST_RATE = Decimal("0.1")
"""Beyond every venue's cap: such a number is a percentage in the wrong place."""


class FundingSeries(NamedTuple):
    """Funding rates of one symbol, oldest first: at ``times[i]`` (ms UTC) longs pay ``rates[i]`` of their notional to
    shorts (a fraction; negative: shorts pay)."""

    times: tuple[Millis, ...]
    rates: tuple[Decimal, ...]
    source: str
    notes: tuple[str, ...] = ()

    def between(self, start: Millis, end: Millis) -> FundingSeries:
        """The rates from ``start`` to before ``end``, with a note where the series does not cover that whole time.

        Raises UsageError when it covers none of it.
        """
        first, last = bisect_left(self.times, start), bisect_left(self.times, end)
        covered = f"{self.source} covers {utc(self.times[0])} to {utc(self.times[-1])} UTC"
        if first >= last:
            raise UsageError(f"{covered}, nothing of {utc(start)} to {utc(end)}; give the funding of the same time")
        part = self._replace(times=self.times[first:last], rates=self.rates[first:last])
        if self.times[0] - start > DAY_MS or end - self.times[-1] > DAY_MS:
            note = f"{covered}, not all of {utc(start)} to {utc(end)}: no funding is charged outside"
            return part._replace(notes=(*self.notes, note))
        return part


def constant_funding(
    start: Millis, end: Millis, interval_minutes: int = 480, rate: Decimal = DEFAULT_RATE
) -> FundingSeries:
    """``rate`` at every multiple of the interval (as on the exchanges: 00:00, 08:00, 16:00 UTC) in [start, end)."""
    interval = interval_minutes * MINUTE_MS
    first = -(-start // interval) * interval
    times = tuple(range(first, end, interval))
    return FundingSeries(times, (rate,) * len(times), f"{rate * 100:f} % per {interval_minutes // 60} h")


def load_funding(path: Path) -> FundingSeries:
    """Read and check a CSV of ``timestamp_ms,funding_rate`` (or Binance's public ``calc_time,…,last_funding_rate``),
    plain, gzipped or zipped. Raises UsageError with file, line and field."""
    table = open_table(path)
    if table.is_parquet:
        raise UsageError(f"{path.name} is Parquet; give the funding rates as CSV timestamp_ms,funding_rate")
    picked = pick_columns(table, {"time": _TIME_NAMES, "rate": _RATE_NAMES})
    times: list[Millis] = []
    rates: list[Decimal] = []
    for row, (line, fields) in enumerate(table.rows()):
        if len(fields) != len(table.columns):
            raise UsageError(
                f"{path.name}, line {line}: {len(fields)} fields where the header has {len(table.columns)}; "
                f"correct or remove the row"
            )
        values = dict(zip(table.columns, fields, strict=True))
        times.append(_time(table, row, picked["time"], values[picked["time"]], times))
        rates.append(_rate(table, row, picked["rate"], values[picked["rate"]]))
    if not times:
        raise UsageError(f"{path.name} has a header and no rows; give a file with funding rates")
    return FundingSeries(tuple(times), tuple(rates), path.name, _gap_notes(path.name, times))


def _time(table: Table, row: int, field: str, text: str, before: list[Millis]) -> Millis:
    try:
        at = int(text)
    except ValueError:
        table.fault(row, field, f"{text!r} is not a whole number of milliseconds; correct or remove the row")
    if not EARLIEST <= at < LATEST:
        table.fault(row, field, f"{at} ms is not between the years 2000 and 2100; write milliseconds since 1970 (UTC)")
    if before and at <= before[-1]:
        table.fault(row, field, f"{utc(at)} comes after {utc(before[-1])}; sort the rows, each time once")
    return at


def _rate(table: Table, row: int, field: str, text: str) -> Decimal:
    try:
        rate = Decimal(text)
    except InvalidOperation:
        table.fault(row, field, f"{text!r} is not a number; correct or remove the row")
    if not (rate.is_finite() and abs(rate) < _LARGEST_RATE):
        table.fault(row, field, f"{text} is not a funding rate; write fractions (0.0001 means 0.01 %)")
    return rate


def _gap_notes(source: str, times: list[Millis]) -> tuple[str, ...]:
    gaps = [(later - earlier, earlier) for earlier, later in pairwise(times)]
    longest, start = max(gaps, default=(0, 0))
    if longest <= DAY_MS:
        return ()
    return (f"{source} has no funding for {span(longest)} from {utc(start)} UTC; none is charged there",)
