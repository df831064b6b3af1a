"""A Parquet file of one symbol's candles that grows: it knows what it holds, and is replaced as a whole."""

from __future__ import annotations

import io
import os
from collections.abc import Iterable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as arrow
import pyarrow.parquet as parquet

from gridhedge.domain.errors import UsageError
from gridhedge.domain.values import Millis
from gridhedge.replay.tables import span

__all__ = ["Bar", "CandleFile", "Identity"]

Bar: TypeAlias = tuple[Millis, Decimal, Decimal, Decimal, Decimal, Decimal]
"""Opening time, open, high, low, close, volume."""

_NAMES = ("timestamp_ms", "open", "high", "low", "close", "volume")
_KEY = b"gridhedge"


class Identity(NamedTuple):
    """Whose candles they are."""

    venue: str
    symbol: str
    interval: Millis

    def __str__(self) -> str:
        return f"{self.venue} {self.symbol} {span(self.interval)}"


class CandleFile:
    """Raises UsageError for a file that holds something else, or that can not be read or written."""

    def __init__(self, path: Path, identity: Identity) -> None:
        self.path = path
        self._identity = identity
        self._columns: list[Any] = [np.empty(0, np.int64), *(np.empty(0, np.float64) for _ in _NAMES[1:])]
        self._added: list[Bar] = []
        if path.exists():
            self._read()

    @property
    def times(self) -> npt.NDArray[np.int64]:
        """Opening times of all candles that it holds, oldest first."""
        self._merge()
        times: npt.NDArray[np.int64] = self._columns[0]
        return times

    @property
    def unsaved(self) -> int:
        return len(self._added)

    def add(self, bars: Iterable[Bar]) -> None:
        """Take in candles, in any order; one that is there already stays as it is."""
        self._added += bars

    def missing(self, start: Millis, end: Millis) -> list[tuple[Millis, Millis]]:
        """The stretches of [start, end) without candles: opening times of the first and the last that is missing."""
        step = self._identity.interval
        first = -(-start // step) * step
        known = self.times
        inside = known[(known >= first) & (known < end)]
        last = (end - 1) // step * step
        edges = np.concatenate(([first - step], inside, [last + step]))
        before = np.flatnonzero(np.diff(edges) > step)
        return [(int(edges[index]) + step, int(edges[index + 1]) - step) for index in before]

    def save(self) -> None:
        """Replace the file by what is known now."""
        self._merge()
        if not len(self._columns[0]):
            return
        table = arrow.table(dict(zip(_NAMES, self._columns, strict=True)))
        table = table.replace_schema_metadata({_KEY: "|".join(map(str, self._identity)).encode()})
        temporary = self.path.with_name(f".{self.path.name}.part")
        try:
            parquet.write_table(table, temporary, compression="zstd")
            os.replace(temporary, self.path)
        except OSError as error:
            raise UsageError(f"{self.path}: can not be written ({error.strerror}); choose another file") from error

    def _merge(self) -> None:
        if not self._added:
            return
        times = np.array([bar[0] for bar in self._added], np.int64)
        # The double nearest to the venue's decimal text, as everywhere where candles are read.
        prices: Sequence[npt.NDArray[np.float64]] = [
            np.array([float(bar[place]) for bar in self._added], np.float64) for place in range(1, len(_NAMES))
        ]
        whole = [np.concatenate(pair) for pair in zip(self._columns, (times, *prices), strict=True)]
        _, order = np.unique(whole[0], return_index=True)  # sorted; of equal times the first: what was there before
        self._columns = [column[order] for column in whole]
        self._added = []

    def _read(self) -> None:
        try:
            table = parquet.read_table(io.BytesIO(self.path.read_bytes()))
        except (OSError, arrow.ArrowException) as error:
            raise UsageError(f"{self.path}: is not a readable Parquet file; choose another file") from error
        found = (table.schema.metadata or {}).get(_KEY, b"").decode()
        if found != "|".join(map(str, self._identity)) or tuple(table.column_names) != _NAMES:
            venue, _, rest = found.partition("|")
            symbol, _, interval = rest.partition("|")
            holds = Identity(venue, symbol, int(interval)) if interval.isdigit() else "something else"
            raise UsageError(f"{self.path}: holds {holds}, not {self._identity}; choose another file")
        self._columns = [table[name].to_numpy() for name in _NAMES]
