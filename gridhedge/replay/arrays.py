"""Columns of a table as NumPy arrays, exactly: a price is the double nearest to its decimal text."""

from __future__ import annotations

import io
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as arrow
import pyarrow.csv as arrow_csv
import pyarrow.parquet as parquet

from gridhedge.domain.errors import UsageError
from gridhedge.replay.tables import Table

Array: TypeAlias = npt.NDArray[Any]


def read_arrays(table: Table, picked: dict[str, str]) -> dict[str, Array]:
    """The picked columns (meaning -> column name) of a table: ``time`` as int64, the others as float64.

    Raises UsageError for a field that can not be read, and for a table without rows.
    """
    return _parquet_arrays(table, picked) if table.is_parquet else _csv_arrays(table, picked)


def _csv_arrays(table: Table, picked: dict[str, str]) -> dict[str, Array]:
    kinds = {name: arrow.int64() if meaning == "time" else arrow.float64() for meaning, name in picked.items()}
    body = arrow.BufferReader(arrow.py_buffer(memoryview(table.content)[table.body :]))
    try:
        read = arrow_csv.read_csv(
            body,
            read_options=arrow_csv.ReadOptions(column_names=list(table.columns)),
            convert_options=arrow_csv.ConvertOptions(
                column_types=kinds, include_columns=list(kinds), null_values=[], strings_can_be_null=False
            ),
        )
    except arrow.ArrowException as error:
        if next(table.rows(), None) is None:
            raise UsageError(f"{table.path.name} has a header and no rows; give a file with candles") from None
        _find_bad_field(table, picked)
        raise UsageError(f"{table.path.name} can not be read ({str(error).splitlines()[0]})") from None
    return {meaning: read[name].to_numpy() for meaning, name in picked.items()}


def _find_bad_field(table: Table, picked: dict[str, str]) -> None:
    """Raise the sentence about the first field of a CSV file that can not be read; slow, for files that failed."""
    places = [(meaning, table.columns.index(name), name) for meaning, name in picked.items()]
    for row, (line, fields) in enumerate(table.rows()):
        if len(fields) != len(table.columns):
            raise UsageError(
                f"{table.path.name}, line {line}: {len(fields)} fields where the file has {len(table.columns)} columns "
                f"({','.join(table.columns)}); correct or remove the row"
            )
        for meaning, place, name in places:
            try:
                int(fields[place]) if meaning == "time" else float(fields[place])
            except ValueError:
                wanted = "a whole number of milliseconds" if meaning == "time" else "a number"
                table.fault(row, name, f"{fields[place]!r} is not {wanted}; correct or remove the row")


def _parquet_arrays(table: Table, picked: dict[str, str]) -> dict[str, Array]:
    try:
        read = parquet.read_table(io.BytesIO(table.content), columns=list(picked.values()))
    except (arrow.ArrowException, OSError) as error:
        reason = str(error).splitlines()[0].rstrip(".")
        raise UsageError(f"{table.path.name} is not a readable Parquet file ({reason}); fetch it again") from None
    if read.num_rows == 0:
        raise UsageError(f"{table.path.name} has no rows; give a file with candles")
    return {meaning: _parquet_array(table, meaning, name, read[name]) for meaning, name in picked.items()}


def _parquet_array(table: Table, meaning: str, name: str, column: Any) -> Array:
    if column.null_count:
        table.fault(column.is_null().to_pylist().index(True), name, "is empty; correct or remove the row")
    kind = column.type
    try:
        if meaning == "time":
            return _parquet_times(column)
        if arrow.types.is_floating(kind) and kind != arrow.float64():
            raise UsageError(f"{table.path.name}, column {name}: {kind} has lost digits; write it as float64")
        # Through text: Arrow's direct cast makes 0.30000000000000004 of the decimal 0.3.
        exact = column.cast(arrow.string()) if arrow.types.is_decimal(kind) else column
        return np.asarray(exact.cast(arrow.float64()).to_numpy())
    except arrow.ArrowException as error:
        reason = str(error).splitlines()[0]
        raise UsageError(f"{table.path.name}, column {name}: {kind} can not be read ({reason})") from None


def _parquet_times(column: Any) -> Array:
    if arrow.types.is_date(column.type):
        column = column.cast(arrow.timestamp("ms"))
    if arrow.types.is_timestamp(column.type):
        # Two steps: dropping digits below a millisecond is an error in the first one, as it should be.
        column = column.cast(arrow.timestamp("ms", tz=column.type.tz))
    return np.asarray(column.cast(arrow.int64()).to_numpy())
