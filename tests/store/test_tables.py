"""Durability switches are on, and read back."""

from __future__ import annotations

import sqlite3

import pytest

from gridhedge.domain.errors import DiskFailure
from gridhedge.store.ledger import open_ledger
from gridhedge.store.tables import VERSION, migrate, set_up


def test_a_ledger_syncs_every_commit_and_checks_its_keys(tmp_path):
    """WAL, synchronous=FULL (2), foreign keys, the current version."""
    ledger, _ = open_ledger(tmp_path / "ledger.sqlite3")
    pragmas = ("journal_mode", "synchronous", "foreign_keys", "user_version", "page_size")
    answers = [ledger._db.execute(f"PRAGMA {name}").fetchone()[0] for name in pragmas]
    ledger.close()
    assert answers == ["wal", 2, 1, VERSION, 4096]


def test_a_place_that_can_not_be_durable_is_refused():
    """A database in memory has no write-ahead log: the switch is read back and the answer believed."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    with pytest.raises(DiskFailure, match="SQLite set journal_mode to 'memory' instead of 'wal'"):
        set_up(connection)
    connection.close()


def test_migrating_twice_changes_nothing(tmp_path):
    """The version tells that nothing is left to do."""
    connection = sqlite3.connect(tmp_path / "x.sqlite3", isolation_level=None)
    migrate(connection, "x")
    tables = connection.execute("SELECT sql FROM sqlite_master").fetchall()
    migrate(connection, "x")
    assert connection.execute("SELECT sql FROM sqlite_master").fetchall() == tables
    assert len(tables) > 6
    connection.close()


@pytest.mark.parametrize("table", ["executions", "funding"])
def test_a_fact_without_its_event_is_refused_by_the_file_itself(tmp_path, table):
    """The foreign key to the journal holds at commit."""
    ledger, _ = open_ledger(tmp_path / "ledger.sqlite3")
    width = len(ledger._db.execute(f"PRAGMA table_info({table})").fetchall())
    names = [row[1] for row in ledger._db.execute(f"PRAGMA table_info({table})")]
    values = [1 if name in ("seq", "at", "closing", "maker", "level", "cycle") else "1" for name in names]
    with pytest.raises(sqlite3.IntegrityError, match="FOREIGN KEY"):
        ledger._db.execute(f"INSERT INTO {table} VALUES ({','.join('?' * width)})", values)
    ledger.close()
