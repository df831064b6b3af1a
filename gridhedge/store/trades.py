"""``trades_history.csv``: every execution of an account, once, for spreadsheets. Derived from the ledger."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Sequence
from pathlib import Path

from gridhedge.store.codec import plain_decimal
from gridhedge.store.files import atomic_write, disk_failure, open_private, write_all
from gridhedge.store.rows import ExecutionRow, LedgerReader
from gridhedge.store.times import iso

__all__ = ["COLUMNS", "TradesFile"]

COLUMNS = (
    "time",
    "symbol",
    "side",
    "role",
    "level",
    "quantity",
    "price",
    "fee",
    "maker",
    "closing",
    "realised",
    "execution_id",
    "client_id",
)
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


class TradesFile:
    """The CSV beside a ledger: written anew when opened, which mends whatever a crash left, then appended to."""

    def __init__(self, path: Path, ledger: LedgerReader) -> None:
        self._path = path
        self._ledger = ledger
        executions = sorted(ledger.executions())
        self._last = executions[-1].seq if executions else 0
        atomic_write(path, (",".join(COLUMNS) + "\n" + _lines(executions)).encode(), durable=False)

    def refresh(self) -> int:
        """Append the executions that the ledger has got since; their number. Raises DiskFailure."""
        new = sorted(self._ledger.executions(after=self._last))
        if new:
            self._append(_lines(new).encode())
            self._last = new[-1].seq
        return len(new)

    def _append(self, data: bytes) -> None:
        try:
            fd = open_private(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
            try:
                write_all(fd, data)
            finally:
                os.close(fd)
        except OSError as error:
            raise disk_failure(self._path, error) from error


def _lines(rows: Sequence[ExecutionRow]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerows(map(_cells, rows))
    return buffer.getvalue()


def _cells(row: ExecutionRow) -> tuple[str | int, ...]:
    return (
        iso(row.at),
        _text(row.symbol),
        row.side.value,
        "" if row.role is None else row.role.name.lower(),
        "" if row.level is None else row.level,
        plain_decimal(row.quantity),
        plain_decimal(row.price),
        plain_decimal(row.fee),
        "yes" if row.maker else "no",
        "yes" if row.closing else "no",
        "" if row.realised is None else plain_decimal(row.realised),
        _text(row.execution_id),
        _text(row.client_id),
    )


def _text(value: str) -> str:
    """Text from outside: a spreadsheet must not take it for a formula."""
    return f"'{value}" if value.startswith(_FORMULA) else value
