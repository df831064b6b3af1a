"""The tables of a ledger and how older files are brought up to date. Decimals are text, times are milliseconds UTC."""

from __future__ import annotations

import sqlite3

from gridhedge.domain.errors import DiskFailure, UsageError

__all__ = ["VERSION", "check_version", "migrate", "set_up"]

# events: the journal, append-only; hash = sha256 over the previous hash and the row (chain.py).
# executions, funding: the same facts, once each, ready to be asked. They follow the journal and may be behind it
# (rows.py). Labels (role, level, cycle) come from the client id and are null for orders that are not ours. seq is the
# event that the row came with.
# orders: for people. The first end that was told counts, else what was heard last; nothing is written for it.
# holdings: what each side held and what it cost, to know the profit of the next closing execution.
_VERSION_1 = """
CREATE TABLE events (
    seq INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    type TEXT NOT NULL,
    json TEXT NOT NULL,
    prev_hash BLOB NOT NULL,
    hash BLOB NOT NULL
) STRICT;
CREATE TABLE executions (
    symbol TEXT NOT NULL,
    execution_id TEXT NOT NULL,
    seq INTEGER NOT NULL UNIQUE REFERENCES events DEFERRABLE INITIALLY DEFERRED,
    at INTEGER NOT NULL,
    side TEXT NOT NULL,
    role TEXT,
    level INTEGER,
    cycle INTEGER,
    closing INTEGER NOT NULL,
    quantity TEXT NOT NULL,
    price TEXT NOT NULL,
    fee TEXT NOT NULL,
    maker INTEGER NOT NULL,
    kind TEXT NOT NULL,
    client_id TEXT NOT NULL,
    venue_id TEXT NOT NULL,
    realised TEXT,
    PRIMARY KEY (symbol, execution_id)
) STRICT;
CREATE INDEX executions_at ON executions (at);
CREATE TABLE orders (
    client_id TEXT PRIMARY KEY,
    symbol TEXT NOT NULL,
    side TEXT NOT NULL,
    role TEXT NOT NULL,
    level INTEGER NOT NULL,
    cycle INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    price TEXT NOT NULL,
    quantity TEXT NOT NULL,
    filled TEXT NOT NULL,
    state TEXT NOT NULL,
    reason TEXT,
    venue_id TEXT NOT NULL,
    created INTEGER NOT NULL,
    changed INTEGER NOT NULL
) STRICT;
CREATE INDEX orders_created ON orders (created);
CREATE TABLE funding (
    symbol TEXT NOT NULL,
    funding_id TEXT NOT NULL,
    seq INTEGER NOT NULL UNIQUE REFERENCES events DEFERRABLE INITIALLY DEFERRED,
    at INTEGER NOT NULL,
    side TEXT NOT NULL,
    amount TEXT NOT NULL,
    rate TEXT NOT NULL,
    PRIMARY KEY (symbol, funding_id)
) STRICT;
CREATE INDEX funding_at ON funding (at);
CREATE TABLE equity (
    at INTEGER PRIMARY KEY,
    margin_balance TEXT NOT NULL,
    wallet_balance TEXT NOT NULL
) STRICT;
CREATE TABLE holdings (
    symbol TEXT NOT NULL,
    side TEXT NOT NULL,
    quantity TEXT NOT NULL,
    cost TEXT NOT NULL,
    PRIMARY KEY (symbol, side)
) STRICT;
"""

_VERSION_2 = """
DROP TABLE orders;
CREATE VIEW orders AS
WITH told AS (
    SELECT seq, at, type, json, json_extract(json, '$.client_id') AS client_id,
        json_extract(json, '$.state') IN ('filled', 'cancelled', 'rejected', 'absent') AS ended
    FROM events WHERE type IN ('OrderIntended', 'OrderAdopted', 'OrderSettled', 'OrderUpdate', 'ChangeSettled')
),
meant AS (
    SELECT client_id, min(seq), at, json FROM told WHERE type IN ('OrderIntended', 'OrderAdopted') GROUP BY client_id
),
heard AS (
    SELECT client_id, min(CASE ended WHEN 1 THEN seq ELSE (1 << 60) - seq END), at, json FROM told
    WHERE type IN ('OrderAdopted', 'OrderSettled', 'OrderUpdate') GROUP BY client_id
),
priced AS (
    SELECT client_id, max(seq), json FROM told
    WHERE json_extract(json, '$.price') NOT NULL AND coalesce(json_extract(json, '$.accepted'), type <> 'ChangeSettled')
    GROUP BY client_id
),
filled AS (
    SELECT client_id, max(CAST(json_extract(json, '$.filled') AS REAL)), json_extract(json, '$.filled') AS quantity
    FROM told WHERE type = 'OrderUpdate' GROUP BY client_id
)
SELECT
    client_id,
    json_extract(meant.json, '$.symbol') AS symbol,
    json_extract(meant.json, '$.key[0]') AS side,
    json_extract(meant.json, '$.key[1]') AS role,
    json_extract(meant.json, '$.key[2]') AS level,
    json_extract(meant.json, '$.key[3]') AS cycle,
    json_extract(meant.json, '$.key[4]') AS revision,
    json_extract(priced.json, '$.price') AS price,
    json_extract(priced.json, '$.quantity') AS quantity,
    coalesce(filled.quantity, '0') AS filled,
    CASE WHEN heard.json IS NULL THEN 'intended' ELSE coalesce(json_extract(heard.json, '$.state'), 'working') END
        AS state,
    json_extract(heard.json, '$.reason') AS reason,
    coalesce(json_extract(heard.json, '$.venue_id'), '') AS venue_id,
    meant.at AS created,
    coalesce(heard.at, meant.at) AS changed
FROM meant JOIN priced USING (client_id) LEFT JOIN heard USING (client_id) LEFT JOIN filled USING (client_id);
"""

_VERSION_3 = ""
"""The tables are the same. But executions, funding and holdings may be behind the journal from here on, which a program
that knows only the older versions must not be misled by."""

_MIGRATIONS = (_VERSION_1, _VERSION_2, _VERSION_3)
"""Script n brings a ledger from version n to n + 1; a script that has been released never changes."""

VERSION = len(_MIGRATIONS)

_PRAGMAS: tuple[tuple[str, str | int, str | int], ...] = (
    # name, asked for, answer when in force (synchronous 2 = FULL: the log is synced at each commit)
    ("page_size", 4096, 4096),
    ("journal_mode", "WAL", "wal"),
    ("synchronous", "FULL", 2),
    ("foreign_keys", "ON", 1),
)


def set_up(connection: sqlite3.Connection) -> None:
    """Switch durability on and read each switch back. Raises DiskFailure where the file system can not do it."""
    for name, wanted, in_force in _PRAGMAS:
        connection.execute(f"PRAGMA {name} = {wanted}")
        (answer,) = connection.execute(f"PRAGMA {name}").fetchone()
        if answer != in_force:
            raise DiskFailure(
                f"SQLite set {name} to {answer!r} instead of {in_force!r}; "
                "keep the data folder on a local disk (network file systems can not do it)"
            )


def check_version(connection: sqlite3.Connection, name: str) -> int:
    """The version of the tables, 0 for an empty file. Raises UsageError for one that only a newer program knows."""
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if version > VERSION:
        raise UsageError(
            f"{name}: written by a newer gridhedge (ledger version {version}, this one knows {VERSION}); "
            "install the newer version again, or choose another --data-dir"
        )
    return version


def migrate(connection: sqlite3.Connection, name: str) -> None:
    """Bring the tables to the current version, each step as one transaction."""
    for version in range(check_version(connection, name), VERSION):
        # executescript commits what is open and then runs as it is: the transaction is part of the script
        connection.executescript(
            f"BEGIN IMMEDIATE; {_MIGRATIONS[version]} PRAGMA user_version = {version + 1}; COMMIT;"
        )
