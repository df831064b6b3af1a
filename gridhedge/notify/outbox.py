"""Messages that wait for their delivery: one SQLite file per account, so that a kill loses none and repeats are known.

It is bounded. Messages that must arrive (``kept``) give way only to newer ones of their kind, and only after ten
thousand; a status that nobody could fetch is replaced by newer ones much earlier.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple, TypeVar

from gridhedge.domain.errors import DiskFailure
from gridhedge.domain.values import Millis

__all__ = ["Letter", "Outbox"]

_KEPT_AT_MOST = 10_000
_OTHERS_AT_MOST = 50
_SCHEMA = """
CREATE TABLE IF NOT EXISTS letters (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    event TEXT NOT NULL,
    body TEXT NOT NULL,
    kept INTEGER NOT NULL,
    at INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS progress (name TEXT PRIMARY KEY, value INTEGER NOT NULL);
"""
_TRIM = """
DELETE FROM letters WHERE kept = ?1
AND number <= (SELECT number FROM letters WHERE kept = ?1 ORDER BY number DESC LIMIT 1 OFFSET ?2)
"""
_Answer = TypeVar("_Answer")


class Letter(NamedTuple):
    """One message. Its ``id`` never changes, so that a receiver can ignore a repeat."""

    id: str
    event: str
    body: str
    kept: bool
    """Whether it must arrive; a status update may be replaced by a newer one."""
    at: Millis
    number: int = 0
    """Its place in the queue; given by the outbox."""


class Outbox:
    """The queue of one account. Every method may be called from any thread; none waits for the network.

    The file must exist and be private already. Raises DiskFailure.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._filled = threading.Event()
        opened: sqlite3.Connection | None = None
        try:
            self._db = opened = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
            opened.execute("PRAGMA journal_mode=WAL")
            opened.execute("PRAGMA synchronous=NORMAL")
            opened.executescript(_SCHEMA)
        except sqlite3.Error as error:
            if opened is not None:
                opened.close()
            raise DiskFailure(f"{path}: webhooks can not be kept there ({error})") from error

    @property
    def cursor(self) -> int | None:
        """The last journal entry whose news are in the outbox; None in a new one."""
        found = self._do(lambda db: db.execute("SELECT value FROM progress WHERE name = 'journal'").fetchone())
        return None if found is None else int(found[0])

    def add(self, letters: Sequence[Letter], cursor: int | None = None) -> None:
        """Append messages and move the cursor, all or nothing. One whose id waits already is not added again."""

        def write(db: sqlite3.Connection) -> None:
            db.execute("BEGIN IMMEDIATE")
            try:
                rows = [(letter.id, letter.event, letter.body, letter.kept, letter.at) for letter in letters]
                db.executemany("INSERT OR IGNORE INTO letters (id, event, body, kept, at) VALUES (?, ?, ?, ?, ?)", rows)
                for kept, most in ((1, _KEPT_AT_MOST), (0, _OTHERS_AT_MOST)):
                    db.execute(_TRIM, (kept, most))
                if cursor is not None:
                    db.execute("INSERT OR REPLACE INTO progress VALUES ('journal', ?)", (cursor,))
                db.execute("COMMIT")
            except sqlite3.Error:
                db.execute("ROLLBACK")
                raise

        self._do(write)
        self._filled.set()

    def first(self) -> Letter | None:
        """The oldest message."""
        row = self._do(
            lambda db: db.execute(
                "SELECT id, event, body, kept, at, number FROM letters ORDER BY number LIMIT 1"
            ).fetchone()
        )
        return None if row is None else Letter(row[0], row[1], row[2], bool(row[3]), row[4], row[5])

    def remove(self, letter: Letter) -> None:
        """Forget a message: it has arrived, or never will."""
        self._do(lambda db: db.execute("DELETE FROM letters WHERE number = ?", (letter.number,)))

    def __len__(self) -> int:
        return int(self._do(lambda db: db.execute("SELECT count(*) FROM letters").fetchone())[0])

    def wait(self) -> None:
        """Return when something has been added, or ``wake`` was called, since the last return."""
        self._filled.wait()
        self._filled.clear()

    def wake(self) -> None:
        self._filled.set()

    def close(self) -> None:
        with self._lock:
            self._db.close()

    def _do(self, action: Callable[[sqlite3.Connection], _Answer]) -> _Answer:
        with self._lock:
            try:
                return action(self._db)
            except sqlite3.Error as error:
                raise DiskFailure(f"{self._path}: webhooks can not be kept there ({error})") from error
