"""The ledger: the journal of one account on disk, each fact exactly once, and nothing sent before it is safe here."""

from __future__ import annotations

import hashlib
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from gridhedge.domain.errors import DiskFailure
from gridhedge.domain.events import Event, Execution, Funding, PositionMended
from gridhedge.domain.values import Millis, Money
from gridhedge.store.chain import GENESIS, seal
from gridhedge.store.codec import encode, plain_decimal
from gridhedge.store.files import disk_failure, keep_aside, open_private, private_directory, sync_directory
from gridhedge.store.projection import FACTS, Projected, clean
from gridhedge.store.rows import ExecutionRow, FundingRow, LedgerDamaged, LedgerReader, open_reader, reading_error
from gridhedge.store.tables import migrate, set_up

__all__ = ["Ledger", "open_ledger"]

_COMPANIONS = ("-wal", "-shm")
_BATCH = 1_000
"""So many events wait at most: to be written where nobody syncs, and to be followed by the tables where nobody asks."""


def _insert(table: str, row: type[ExecutionRow] | type[FundingRow]) -> str:
    return f"INSERT INTO {table} ({', '.join(row._fields)}) VALUES ({', '.join('?' * len(row._fields))})"


_EXECUTION = _insert("executions", ExecutionRow)
_FUNDING = _insert("funding", FundingRow)
_HOLDING = (
    "INSERT INTO holdings VALUES (?,?,?,?) "
    "ON CONFLICT (symbol, side) DO UPDATE SET quantity = excluded.quantity, cost = excluded.cost"
)
_IS_KEPT = {
    table: f"SELECT 1 FROM {table} WHERE symbol = ? AND {name} = ?"
    for table, name in (("executions", "execution_id"), ("funding", "funding_id"))
}


def open_ledger(path: Path) -> tuple[Ledger, str | None]:
    """Open the ledger for writing, or begin one; the caller holds the account's run lock.

    The whole file and its chain are verified first, by a connection that can not write. A damaged ledger is kept
    aside as ``ledger.damaged-<n>.sqlite3`` and a new one is begun; the second value then says what was found and
    where it is. Raises DiskFailure, and UsageError for a ledger of a newer version.
    """
    private_directory(path.parent)
    damaged = _inspect(path)
    if damaged is not None:
        aside = keep_aside(path, _COMPANIONS)
        damaged = f"{damaged}; kept as {aside.name}, a new ledger was begun from the venue"
    try:
        if not path.exists():
            _begin(path)
        return Ledger(path, _connect(path)), damaged
    except sqlite3.Error as error:
        raise reading_error(path, error) from error
    except OSError as error:
        raise disk_failure(path, error) from error


def _inspect(path: Path) -> str | None:
    """What is wrong with the files, None if nothing."""
    if not path.exists():
        # A log without its database would be played into the new one.
        lost = any(path.with_name(path.name + suffix).exists() for suffix in _COMPANIONS)
        return f"{path}: missing, but parts of it are there" if lost else None
    try:
        with open_reader(path) as reader:
            reader.check_pages()
            reader.verify()
    except LedgerDamaged as error:
        return str(error)
    return None


def _begin(path: Path) -> None:
    """Make an empty ledger under another name first, so that a crash never leaves half a ledger."""
    temporary = path.with_name(f".{path.name}.new")
    for suffix in ("", *_COMPANIONS, "-journal"):
        temporary.with_name(temporary.name + suffix).unlink(missing_ok=True)
    os.close(open_private(temporary, os.O_RDWR | os.O_CREAT | os.O_EXCL))
    connection = _connect(temporary)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    os.replace(temporary, path)
    sync_directory(path.parent)


def _connect(path: Path) -> sqlite3.Connection:
    # Opened by the program's main thread and then owned by the session's: SQLite need not check which one calls.
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    try:
        set_up(connection)
        migrate(connection, str(path))
    except BaseException:
        connection.close()
        raise
    return connection


class Ledger(LedgerReader):
    """``engine.ports.Journal`` over SQLite; ``open_ledger`` makes one.

    ``append`` remembers, ``write`` brings what was appended into the journal, and ``sync`` commits it as well: one
    fsync for a batch of events. The tables of executions and funding follow when somebody asks, at every sample of the
    account, and at the end: no request waits for them. The first failed write is final: what was not synced is lost,
    and every later call raises DiskFailure without touching the disk.
    """

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        super().__init__(path, connection)
        row = connection.execute("SELECT seq, hash FROM events ORDER BY seq DESC LIMIT 1").fetchone()
        self._seq: int = row[0] if row else 0
        self._hash: bytes = row[1] if row else GENESIS
        self._failure: str | None = None
        self._appended: list[Event] = []
        self._ahead: set[tuple[str, str, str]] = set()
        """The facts in the journal that the tables lack: table, symbol, and id or side."""
        late = self._late()
        if any(late):
            self._write(lambda: self._keep(late))
            self.sync()

    @property
    def digest(self) -> str:
        """The hash of all events appended so far, in hex; equal to ``chain.digest`` of them."""
        with self._reading():
            return self._hash.hex()

    def append(self, event: Event) -> None:
        """Add an event. An execution or funding payment that the ledger has already is left out. Raises DiskFailure."""
        self._refuse_after_failure()
        self._appended.append(event)
        if len(self._appended) >= _BATCH:
            self._write(self._follow)

    def write(self) -> None:
        """Bring what was appended into the journal's open transaction. Raises like ``sync``."""
        self._refuse_after_failure()
        if self._appended:
            self._write(self._journal if len(self._ahead) < _BATCH else self._follow)

    def sync(self) -> None:
        """Commit: everything appended so far survives a power cut. Raises DiskFailure, and ValueError for a number that
        is not finite; both are final."""
        self.write()
        if self._db.in_transaction:
            self._write(self._commit)

    def equity(self, at: Millis, margin_balance: Money, wallet_balance: Money) -> None:
        """Keep a sample of the account; a second one of the same millisecond replaces the first. Raises DiskFailure."""
        figures = (at, plain_decimal(margin_balance), plain_decimal(wallet_balance))
        with self._reading():
            self._write(lambda: self._db.execute("INSERT OR REPLACE INTO equity VALUES (?,?,?)", figures))

    # ---- writing -------------------------------------------------------------------------------------------------

    @contextmanager
    def _reading(self) -> Iterator[None]:
        """Whoever asks sees everything appended so far."""
        self._refuse_after_failure()
        if self._appended or self._ahead:
            self._write(self._follow)
        with super()._reading():
            yield

    def _write(self, work: Callable[[], object]) -> None:
        self._refuse_after_failure()
        try:
            if not self._db.in_transaction:
                self._db.execute("BEGIN IMMEDIATE")
            work()
        except BaseException as error:
            # Whatever it was, the transaction may hold half a batch now: it must never be committed.
            self._failure = str(error) or type(error).__name__
            if isinstance(error, sqlite3.Error | OSError):
                raise disk_failure(self.path, error) from error
            raise

    def _refuse_after_failure(self) -> None:
        if self._failure is not None:
            raise DiskFailure(f"{self.path}: nothing is written any more after this: {self._failure}")

    def _commit(self) -> None:
        self._db.execute("COMMIT")

    def _journal(self) -> None:
        """Write what was appended into the journal."""
        rows = []
        seq, previous = self._seq, self._hash
        for event in self._appended:
            if isinstance(event, FACTS) and not self._is_new(event):
                continue
            seq += 1
            kind, text = type(event).__name__, encode(event)
            sealed = seal(previous, seq, event.at, kind, text)
            rows.append((seq, event.at, kind, text, previous, sealed))
            previous = sealed
        self._db.executemany("INSERT INTO events VALUES (?,?,?,?,?,?)", rows)
        self._seq, self._hash = seq, previous
        self._appended.clear()

    def _is_new(self, fact: Execution | Funding | PositionMended) -> bool:
        """Whether the ledger does not have it: for what may be told twice, the key decides."""
        if isinstance(fact, PositionMended):
            self._ahead.add(("holdings", fact.symbol, fact.side.value))
            return True
        table, name = ("executions", fact.execution_id) if isinstance(fact, Execution) else ("funding", fact.funding_id)
        key = (clean(fact.symbol), clean(name))
        if (table, *key) in self._ahead or self._db.execute(_IS_KEPT[table], key).fetchone():
            return False
        self._ahead.add((table, *key))
        return True

    def _follow(self) -> None:
        """Write what was appended, and what the tables lack."""
        self._journal()
        if self._ahead:
            self._keep(self._late())

    def _keep(self, late: Projected) -> None:
        self._db.executemany(_EXECUTION, late.executions)
        self._db.executemany(_FUNDING, late.funding)
        self._db.executemany(_HOLDING, [(*place, *map(plain_decimal, held)) for place, held in late.holdings.items()])
        self._ahead.clear()

    # ---- the end -------------------------------------------------------------------------------------------------

    def backup(self, target: Path) -> str:
        """Write a compact copy to a new file (never over an old one); its sha256 in hex. Raises DiskFailure."""
        with self._reading():
            self.sync()
        try:
            os.close(open_private(target, os.O_RDWR | os.O_CREAT | os.O_EXCL))
            self._db.execute("VACUUM INTO ?", (str(target),))
            with target.open("r+b") as copy:
                os.fsync(copy.fileno())
                fingerprint = hashlib.file_digest(copy, "sha256").hexdigest()
            sync_directory(target.parent)
        except (sqlite3.Error, OSError) as error:
            raise disk_failure(target, error) from error
        return fingerprint

    def close(self) -> None:
        """Commit what is open, fold the write-ahead log into the file and close. Raises DiskFailure."""
        try:
            if self._failure is None:
                with self._reading():
                    self.sync()
                self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        except sqlite3.Error as error:
            raise disk_failure(self.path, error) from error
        finally:
            self._db.close()
