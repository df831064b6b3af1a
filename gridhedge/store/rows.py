"""What a ledger answers: typed rows, and a reader that can not write."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from decimal import Decimal
from operator import itemgetter
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

from gridhedge.domain.errors import DiskFailure, UsageError
from gridhedge.domain.events import Event, ExecutionKind
from gridhedge.domain.values import Millis, Money, Price, Quantity, Role, Side
from gridhedge.store.chain import GENESIS, seal
from gridhedge.store.codec import decode
from gridhedge.store.files import disk_failure
from gridhedge.store.projection import FACTS, Holding, Projected, project
from gridhedge.store.tables import check_version

__all__ = [
    "EquityRow",
    "ExecutionRow",
    "FundingRow",
    "LedgerDamaged",
    "LedgerReader",
    "open_reader",
    "reading_error",
]

_BEHIND = f"""
SELECT seq, json FROM events
WHERE seq > max((SELECT coalesce(max(seq), 0) FROM executions), (SELECT coalesce(max(seq), 0) FROM funding))
    AND type IN ({", ".join(f"'{kind.__name__}'" for kind in FACTS)})
ORDER BY seq
"""

# ERROR is a missing table or column. Text that is no UTF-8 comes without a code, and counts as the first of them.
_DAMAGE = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR)


class LedgerDamaged(DiskFailure):
    """The ledger's file or hash chain is broken: it is kept aside and a new one begun from the venue."""


class ExecutionRow(NamedTuple):
    """One execution. ``realised`` is the profit of a closing one before fees, against the side's average cost; None
    for an entry, or where the entries are not in this ledger. Role, level and cycle are None for foreign orders."""

    seq: int
    execution_id: str
    symbol: str
    at: Millis
    side: Side
    role: Role | None
    level: int | None
    cycle: int | None
    closing: bool
    quantity: Quantity
    price: Price
    fee: Money
    maker: bool
    kind: ExecutionKind
    client_id: str
    venue_id: str
    realised: Money | None


class FundingRow(NamedTuple):
    """One funding payment; ``amount`` is positive when paid."""

    seq: int
    funding_id: str
    symbol: str
    at: Millis
    side: Side
    amount: Money
    rate: Decimal


class EquityRow(NamedTuple):
    at: Millis
    margin_balance: Money
    wallet_balance: Money


class LedgerReader:
    """Questions to a ledger. Ranges are ``since <= time < until``, in ms; without ``until`` they have no end.

    The tables of executions and funding may be some events behind the journal. What they lack is read from there: the
    answers are those of the whole journal, whoever asks and whenever.
    """

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self.path = path
        self._db = connection

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._db.close()

    def executions(self, since: Millis = 0, until: Millis | None = None, *, after: int = 0) -> list[ExecutionRow]:
        """Executions by time; ``after`` leaves out the events up to that number of the journal."""
        return [_execution(row) for row in self._facts("executions", ExecutionRow, since, until, after)]

    def funding(self, since: Millis = 0, until: Millis | None = None) -> list[FundingRow]:
        return [_funding(row) for row in self._facts("funding", FundingRow, since, until)]

    def equity_samples(self, since: Millis = 0, until: Millis | None = None) -> list[EquityRow]:
        with self._reading():
            rows = self._range("equity", EquityRow, since, until)
        return [EquityRow(at, Decimal(margin), Decimal(wallet)) for at, margin, wallet in rows]

    def events(self) -> Iterator[Event]:
        """The journal from its first event, the chain verified on the way. Raises LedgerDamaged, DiskFailure."""
        for seq, text, _ in self._sealed():
            yield self._decoded(seq, text)

    def check_pages(self) -> None:
        """Let SQLite check the structure of the file. Raises LedgerDamaged, DiskFailure."""
        with self._reading():
            (answer,) = self._db.execute("PRAGMA quick_check(1)").fetchone()
        if answer != "ok":
            raise LedgerDamaged(f"{self.path}: the file is damaged ({answer})")

    def verify(self) -> tuple[int, bytes]:
        """Check the whole chain; the number of events and the last hash. Raises LedgerDamaged, DiskFailure."""
        last, tail = 0, GENESIS
        for last, _, tail in self._sealed():  # noqa: B007  # only the last one is of interest
            pass
        return last, tail

    def _sealed(self) -> Iterator[tuple[int, str, bytes]]:
        expected, previous = 1, GENESIS
        with self._reading():
            for seq, at, kind, text, before, after in self._db.execute(
                "SELECT seq, at, type, json, prev_hash, hash FROM events ORDER BY seq"
            ):
                if seq != expected:
                    raise LedgerDamaged(f"{self.path}: event {expected} is missing from the journal")
                if before != previous or after != seal(previous, seq, at, kind, text):
                    raise LedgerDamaged(f"{self.path}: event {seq} does not match its hash, the journal was changed")
                yield seq, text, after
                expected, previous = expected + 1, after

    def _decoded(self, seq: int, text: str) -> Event:
        try:
            return decode(text)
        except ValueError as error:
            raise LedgerDamaged(f"{self.path}: event {seq} can not be read ({error})") from error

    def _facts(self, table: str, row: Any, since: Millis, until: Millis | None, after: int = 0) -> list[Any]:
        """The table's rows by time, and in their places those that it does not have yet."""
        with self._snapshot():
            rows = self._range(table, row, since, until, after)
            late = getattr(self._late(), table)
        at = itemgetter(row._fields.index("at"))
        rows += [one for one in late if since <= at(one) and (until is None or at(one) < until) and one[0] > after]
        return sorted(rows, key=at)  # of equal times in the order of the journal

    def _range(self, table: str, row: Any, since: Millis, until: Millis | None, after: int = 0) -> list[Any]:
        columns = ", ".join(row._fields)
        parameters: list[int] = [since]
        query = f"SELECT {columns} FROM {table} WHERE at >= ?"
        if until is not None:
            query += " AND at < ?"
            parameters.append(until)
        if after:
            query += " AND seq > ?"
            parameters.append(after)
        return self._db.execute(f"{query} ORDER BY {row._fields[0]}", parameters).fetchall()

    def _late(self) -> Projected:
        """What the journal has and the tables have not.

        They follow it fact by fact, so that all before their newest row is in them. Positions mended after it may be in
        ``holdings`` already; to follow them again changes nothing.
        """
        behind = [(seq, self._decoded(seq, text)) for seq, text in self._db.execute(_BEHIND)]
        if not behind:
            return Projected([], [], {})
        held = {
            (symbol, side): Holding(Decimal(quantity), Decimal(cost))
            for symbol, side, quantity, cost in self._db.execute("SELECT symbol, side, quantity, cost FROM holdings")
        }
        return project(behind, held)

    @contextmanager
    def _snapshot(self) -> Iterator[None]:
        """Several questions to one state of the file."""
        with self._reading():
            self._db.execute("SAVEPOINT asked")
            try:
                yield
            finally:
                with suppress(sqlite3.Error):  # after some errors there is no savepoint any more
                    self._db.execute("RELEASE asked")

    @contextmanager
    def _reading(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise reading_error(self.path, error) from error


def reading_error(path: Path, error: sqlite3.Error) -> DiskFailure:
    """Whether the file is broken, or the disk (or another program) only keeps us from reading it now."""
    if isinstance(error, sqlite3.ProgrammingError):
        raise error  # a mistake of ours, not of the disk
    if getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF in _DAMAGE:
        return LedgerDamaged(f"{path}: the file is damaged ({error})")
    return disk_failure(path, error)


def open_reader(path: Path) -> LedgerReader:
    """Look into a ledger while a bot may be writing it. Raises UsageError when there is none, LedgerDamaged."""
    if not path.exists():
        raise UsageError(f"{path}: there is no ledger; check --data-dir and --account, or run the bot first")
    try:
        connection = sqlite3.connect(
            f"{path.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None, check_same_thread=False
        )
        try:
            if check_version(connection, str(path)) == 0:
                raise LedgerDamaged(f"{path}: the file is empty or no ledger")
        except BaseException:
            connection.close()
            raise
    except sqlite3.Error as error:
        raise reading_error(path, error) from error
    return LedgerReader(path, connection)


# ---- from columns to words -------------------------------------------------------------------------------------------


def _execution(row: tuple[Any, ...]) -> ExecutionRow:
    raw = ExecutionRow._make(row)
    return raw._replace(
        side=Side(raw.side),
        role=None if raw.role is None else Role(raw.role),
        closing=bool(raw.closing),
        quantity=Decimal(raw.quantity),
        price=Decimal(raw.price),
        fee=Decimal(raw.fee),
        maker=bool(raw.maker),
        kind=ExecutionKind(raw.kind),
        realised=None if raw.realised is None else Decimal(raw.realised),
    )


def _funding(row: tuple[Any, ...]) -> FundingRow:
    raw = FundingRow._make(row)
    return raw._replace(side=Side(raw.side), amount=Decimal(raw.amount), rate=Decimal(raw.rate))
