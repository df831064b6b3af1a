"""The mirror's files."""

from __future__ import annotations

import sqlite3
import stat
from pathlib import Path

import pytest

from gridhedge.domain.errors import DiskFailure
from gridhedge.mirror.tables import open_tables, transaction

SCHEMA = "CREATE TABLE IF NOT EXISTS things (name TEXT) STRICT;"


def test_a_file_is_ours_alone_and_every_commit_is_on_disk(tmp_path: Path) -> None:
    """Mode 0600, a write-ahead log, and full synchronisation."""
    file = tmp_path / "x" / "book.sqlite3"
    tables = open_tables(file, SCHEMA)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert tables.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
    assert tables.execute("PRAGMA synchronous").fetchone()[0] == 2
    tables.close()


def test_a_transaction_is_all_or_nothing(tmp_path: Path) -> None:
    """An error on the way undoes it."""
    tables = open_tables(tmp_path / "book.sqlite3", SCHEMA)
    with pytest.raises(DiskFailure, match="no such table"):
        _fail(tables)
    with transaction(tables):
        tables.execute("INSERT INTO things VALUES ('b')")
    assert [row[0] for row in tables.execute("SELECT name FROM things")] == ["b"]
    tables.close()


def _fail(tables: sqlite3.Connection) -> None:
    with transaction(tables):
        tables.execute("INSERT INTO things VALUES ('a')")
        tables.execute("INSERT INTO elsewhere VALUES ('a')")


def test_a_damaged_file_is_said(tmp_path: Path) -> None:
    """Never begun anew by itself."""
    file = tmp_path / "book.sqlite3"
    file.write_bytes(b"nothing like a database, but long enough to be looked at" * 50)
    with pytest.raises(DiskFailure, match=r"book\.sqlite3 can not be used"):
        open_tables(file, SCHEMA)
