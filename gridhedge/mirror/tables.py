"""SQLite as every program of the mirror uses it: what is committed survives a power cut."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gridhedge.domain.errors import DiskFailure
from gridhedge.store.files import private_directory

__all__ = ["open_tables", "transaction"]


def open_tables(file: Path, schema: str) -> sqlite3.Connection:
    """Open or make a database of our own (mode 0600). Raises DiskFailure."""
    private_directory(file.parent)
    try:
        os.close(os.open(file, os.O_RDWR | os.O_CREAT, 0o600))
        connection = sqlite3.connect(file, isolation_level=None, timeout=10)
        connection.row_factory = sqlite3.Row
        mode = connection.execute("PRAGMA journal_mode=WAL").fetchone()[0]
        connection.execute("PRAGMA synchronous=FULL")
        assert mode == "wal", f"{file}: journal mode {mode}"
        found = connection.execute("PRAGMA quick_check").fetchone()[0]
        if found != "ok":
            raise DiskFailure(f"{file} is damaged ({found}); put a copy back, or move it away to begin anew")
        connection.executescript(schema)
    except (OSError, sqlite3.Error) as error:
        raise DiskFailure(f"{file} can not be used: {error}; is the disk full or the file another user's?") from error
    return connection


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """All or nothing; on disk when it ends. Raises DiskFailure."""
    try:
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            connection.execute("ROLLBACK")
            raise
        connection.execute("COMMIT")
    except sqlite3.Error as error:
        raise DiskFailure(f"the mirror's file can not be written: {error}; look at the disk") from error
