"""Durability switches are on, and read back."""

from __future__ import annotations

import sqlite3
from decimal import Decimal

import pytest

from gridhedge.domain.errors import DiskFailure
from gridhedge.domain.events import ChangeSettled, OrderAdopted, OrderIntended, OrderSettled, OrderUpdate
from gridhedge.domain.order import OrderKey, OrderState, client_id
from gridhedge.domain.values import Role, Side
from gridhedge.store import tables
from gridhedge.store.ledger import open_ledger
from gridhedge.store.rows import open_reader
from gridhedge.store.tables import VERSION, migrate, set_up

KEY = OrderKey(Side.SHORT, Role.GRID, 3, 1760633994, 1)
ID = client_id("abc123", KEY)
INTENDED = OrderIntended(ID, "X", KEY, Decimal(10), Decimal(8), False, 1)


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


# ---- the orders that people see --------------------------------------------------------------------------------------


def orders(tmp_path, events, columns):
    """What the view says after these events."""
    ledger, _ = open_ledger(tmp_path / "ledger.sqlite3")
    for event in events:
        ledger.append(event)
    ledger.sync()
    rows = ledger._db.execute(f"SELECT {columns} FROM orders ORDER BY created").fetchall()
    ledger.close()
    return rows


def update(state, at, filled=0):
    return OrderUpdate("X", ID, "v7", state, Decimal(11), Decimal(8), Decimal(filled), at)


def test_an_order_is_shown_with_its_meaning(tmp_path, history):
    """In the order of their intents: working, refused with its reason, and filled at the amended price."""
    columns = "side, role, level, cycle, revision, price, quantity, filled, state, reason, created, changed"
    cycle, begun = 1760633994, 1760633994000
    assert orders(tmp_path, history, columns) == [
        ("long", "O", 0, cycle, 1, "0.19943", "376", "0", "working", None, begun, begun + 100),
        ("long", "G", 1, cycle, 1, "0.19", "752", "0", "rejected", "margin", begun + 1000, begun + 1100),
        ("long", "T", 0, cycle, 2, "0.22", "564", "564", "filled", None, begun + 2600, begun + 4000),
    ]


def test_what_nobody_has_answered_is_intended(tmp_path):
    """It has no number of the venue's yet."""
    assert orders(tmp_path, [INTENDED], "state, venue_id, changed") == [("intended", "", 1)]


def test_late_news_does_not_revive_an_ended_order(tmp_path):
    """FILLED is final: a delayed WORKING changes neither state nor what is filled."""
    told = [INTENDED, update(OrderState.FILLED, 5, 8), update(OrderState.WORKING, 4, 2)]
    assert orders(tmp_path, told, "state, filled, changed, venue_id") == [("filled", "8", 5, "v7")]


def test_an_unknown_order_may_be_found(tmp_path):
    """The last news counts where none is an end."""
    told = [INTENDED, OrderSettled(ID, "X", OrderState.UNKNOWN, "", 2), update(OrderState.WORKING, 3)]
    assert orders(tmp_path, told[:2], "state, price") == [("unknown", "10")]
    assert orders(tmp_path / "more", told, "state, price") == [("working", "11")]


def test_only_an_accepted_amend_changes_the_numbers(tmp_path):
    """Refused and unknown ones leave price and quantity as they were."""
    told = [INTENDED, update(OrderState.WORKING, 2)]
    told += [ChangeSettled(ID, "X", accepted, 3, Decimal(9), Decimal(9)) for accepted in (False, None)]
    assert orders(tmp_path, told, "price, quantity") == [("11", "8")]
    told.append(ChangeSettled(ID, "X", True, 5, Decimal(12), Decimal(6)))
    assert orders(tmp_path / "more", told, "price, quantity") == [("12", "6")]


def test_an_adopted_order_works(tmp_path):
    """It was found at the venue, under the venue's number."""
    adopted = OrderAdopted(ID, "X", KEY, Decimal(10), Decimal(8), False, "v7", 1)
    assert orders(tmp_path, [adopted], "state, venue_id, filled") == [("working", "v7", "0")]


def test_orders_of_others_are_not_shown(tmp_path):
    """An update of an order that nobody here intended is kept in the journal only."""
    assert orders(tmp_path, [update(OrderState.WORKING, 2)], "*") == []


@pytest.mark.parametrize("version", [1, 2])
def test_a_ledger_of_an_older_version_goes_on(tmp_path, monkeypatch, history, version):
    """The first one's table of orders becomes the view, and says the same of the same journal; the second one's tables
    have all that its journal has. What comes later joins it."""
    columns = "client_id, price, quantity, filled, state"
    monkeypatch.setattr(tables, "_MIGRATIONS", tables._MIGRATIONS[:version])
    monkeypatch.setattr(tables, "VERSION", version)
    path = tmp_path / "ledger.sqlite3"
    ledger, _ = open_ledger(path)
    for event in history[:14]:
        ledger.append(event)
    ledger.close()
    monkeypatch.undo()
    with open_reader(path) as reader:
        before = reader.executions()
    assert len(before) == 3
    assert orders(tmp_path, history[14:], columns) == orders(tmp_path / "new", history, columns)
    with open_reader(path) as old, open_reader(tmp_path / "new" / "ledger.sqlite3") as new:
        assert old.executions()[:3] == before
        assert old.executions() == new.executions()
        assert old.funding() == new.funding()
        assert list(old.events()) == history
