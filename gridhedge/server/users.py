"""Who is registered: one SQLite file, durable before a registration is answered; keys in it are sealed."""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from gridhedge.domain.errors import DiskFailure
from gridhedge.domain.values import Millis
from gridhedge.store.files import disk_failure, open_private, private_directory

__all__ = ["User", "Users", "account_of"]

_SCHEMA = """
CREATE TABLE IF NOT EXISTS users (
    id TEXT PRIMARY KEY,
    registered INTEGER NOT NULL,
    wishes TEXT NOT NULL,
    sealed BLOB NOT NULL,
    trading INTEGER NOT NULL,
    base_lot TEXT
)
"""
_Answer = TypeVar("_Answer")


class User(NamedTuple):
    """A registration."""

    id: str
    registered: Millis
    wishes: Mapping[str, Any]
    """The registration without its secrets, as it came (numbers as text)."""
    sealed: bytes
    """Keys and the webhook's secret; only the vault opens them."""
    trading: bool
    """Whether the user has asked to trade: then a restart of the server resumes the session."""
    base_lot: str | None = None
    """What ``tradeAmount`` came to at the price of the first start."""

    @property
    def account(self) -> str:
        return account_of(self.id)


def account_of(user_id: str) -> str:
    """The account's name: folder, mark of its orders, logger. A user who registers again gets the same one."""
    return f"u{hashlib.sha256(user_id.encode()).hexdigest()[:15]}"


class Users:
    """The register. Its methods may be called from any thread. Raises DiskFailure."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        private_directory(path.parent)
        try:
            os.close(open_private(path, os.O_RDWR | os.O_CREAT))  # SQLite alone would let everybody read it
        except OSError as error:
            raise disk_failure(path, error) from error
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._do(lambda db: db.executescript(f"PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; {_SCHEMA}"))

    def all(self) -> list[User]:
        """In order of registration."""
        rows = self._do(lambda db: db.execute("SELECT * FROM users ORDER BY registered, id").fetchall())
        return [User(row[0], row[1], json.loads(row[2]), row[3], bool(row[4]), row[5]) for row in rows]

    def add(self, user: User) -> None:
        """Keep a registration, before it is answered."""
        values = (user.id, user.registered, json.dumps(user.wishes), user.sealed, user.trading, user.base_lot)
        self._do(lambda db: db.execute("INSERT INTO users VALUES (?, ?, ?, ?, ?, ?)", values))

    def change(self, user: User) -> None:
        """Keep what may change: whether the user trades, and the lot."""
        values = (user.trading, user.base_lot, user.id)
        self._do(lambda db: db.execute("UPDATE users SET trading = ?, base_lot = ? WHERE id = ?", values))

    def remove(self, user_id: str) -> None:
        """Forget a user. What the row has held is overwritten, also in the file."""

        def forget(db: sqlite3.Connection) -> None:
            db.execute("PRAGMA secure_delete=ON")
            db.execute("DELETE FROM users WHERE id = ?", (user_id,))
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)")

        self._do(forget)

    def close(self) -> None:
        with self._lock:
            self._db.close()

    def _do(self, action: Callable[[sqlite3.Connection], _Answer]) -> _Answer:
        with self._lock:
            try:
                return action(self._db)
            except sqlite3.Error as error:
                raise DiskFailure(f"{self._path}: the register of users can not be used ({error})") from error
